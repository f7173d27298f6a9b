//! Commands, each of them by the identity of its owner.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, DurableCommand},
    engine::Input,
    ids::EffectId,
};
use tokio::sync::watch;

use super::Tasks;
use crate::{
    barrier::on_disk,
    bounded::{GRACE, bounded},
    workers::Workers,
};

impl<W: Workers> Tasks<W> {
    /// Runs a command, once it is on disk that it is to be run.
    pub(crate) fn run_command(&mut self, id: EffectId, command: DurableCommand) {
        let (ends, ended) = watch::channel(false);
        self.commands.retain(|_, ends| !ends.is_closed());
        self.commands.insert(command.owner.clone(), ends);
        let (workers, results, barrier) = (Arc::clone(&self.workers), self.results.clone(), self.barrier.clone());
        tokio::spawn(async move {
            on_disk(barrier).await;
            let run = workers.run_command(&command, ended);
            let outcome = bounded(command.timeout + GRACE, run).await.unwrap_or_else(command_lost);
            let _ = results.send(Input::CommandRan { id, outcome }).await;
        });
    }

    /// Has the command of `owner` end, also if it is only about to begin.
    pub(crate) fn end_command(&self, owner: &str) {
        let is_heard = self.commands.get(owner).is_some_and(|ends| ends.send(true).is_ok());
        if !is_heard {
            self.workers.end_command(owner);
        }
    }
}

fn command_lost() -> CommandOutcome {
    let error = "it failed in itself, which is a fault of Estatus".to_owned();
    CommandOutcome {
        end: CommandEnd::CannotStart(error),
        stdout: String::new(),
        stderr: String::new(),
        took: Duration::ZERO,
        program: None,
    }
}
