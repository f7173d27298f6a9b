//! The engine's side: one task per program, which talks with the program's shim.

mod client;
mod mailbox;
mod task;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use estatus_core::{
    program::{Program, ProgramCommand, ProgramEvent},
    secret::Secret,
};
use tokio::sync::mpsc;

use crate::{
    names::file_name,
    platform::Shims,
    shim::{Launch, ShimRequest, Stopping, programs},
    shim_command::ShimCommand,
};
use client::ShimConnector;
use mailbox::{Slot, mailbox};
use task::Task;

/// Something happened to a program.
#[derive(Clone, Debug)]
pub struct SupervisorEvent {
    /// The program's name.
    pub program: Arc<str>,
    /// What happened.
    pub event: ProgramEvent,
}

/// Supervises programs through their shims, which live on with their programs when this is dropped.
pub struct Supervisor {
    /// Where the folders of those are that it supervises.
    root: PathBuf,
    shims: Arc<Shims>,
    events: mpsc::Sender<SupervisorEvent>,
    tasks: BTreeMap<Arc<str>, Slot>,
}

impl Supervisor {
    /// Supervises the programs whose folders are below `data`, and tells `events` what happens to them.
    pub fn new(data: &Path, shim: ShimCommand, events: mpsc::Sender<SupervisorEvent>) -> Self {
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        Self { root: programs(&data), shims: Arc::new(Shims::new(shim)), events, tasks: BTreeMap::new() }
    }

    /// One for others than programs, whose folders are in `root`; their shims come from where those of this one do.
    pub fn beside(&self, root: &Path, events: mpsc::Sender<SupervisorEvent>) -> Self {
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        Self { root, shims: Arc::clone(&self.shims), events, tasks: BTreeMap::new() }
    }

    /// Carries out `command` on the process of `program`: what comes of it is told as the command says. What runs of an
    /// earlier start is stopped first, and a look starts nothing where nothing runs.
    ///
    /// A program that is started finds the variables of Estatus but for `hidden`, its own and `secret_env`; so does its stop
    /// command.
    pub fn carry_out(
        &mut self,
        program: &Arc<Program>,
        command: ProgramCommand,
        secret_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
    ) {
        match command {
            ProgramCommand::Look => self.ask(&program.name, ShimRequest::Look),
            ProgramCommand::Start { start, environment, adopt } => {
                let launch = Launch::new(program, start, environment, adopt, secret_env, hidden);
                self.ask(&program.name, ShimRequest::Start(Box::new(launch)));
            }
            ProgramCommand::Stop { start } => {
                let how = Stopping::new(&program.stop, secret_env, hidden);
                self.ask(&program.name, ShimRequest::Stop { start, how });
            }
            ProgramCommand::Measure { start, ports } => {
                // Where nobody supervises it, nothing of it runs.
                if let Some(task) = self.tasks.get(&program.name) {
                    task.put(ShimRequest::Measure { start, ports });
                }
            }
            ProgramCommand::Release => self.release(&program.name),
        }
    }

    /// Lets go of it: its shim goes away if nothing runs.
    pub(crate) fn release(&mut self, program: &str) {
        self.tasks.remove(program);
    }

    pub(crate) fn ask(&mut self, program: &Arc<str>, asked: ShimRequest) {
        let task = self.tasks.entry(Arc::clone(program)).or_insert_with(|| {
            let (slot, mailbox) = mailbox();
            let connector = ShimConnector::new(self.root.join(file_name(program)), Arc::clone(&self.shims));
            tokio::spawn(Task::new(Arc::clone(program), connector, self.events.clone()).live(mailbox));
            slot
        });
        task.put(asked);
    }
}
