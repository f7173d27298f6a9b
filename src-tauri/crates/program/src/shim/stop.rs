//! The proven stop.

use std::{rc::Rc, time::Duration};

use estatus_core::{
    command::{CommandEnd, CommandLine, CommandRun},
    exit::Signal,
    program::{Leftover, ProcessId},
};
use tokio::time::{Instant, timeout_at};

use super::{
    after,
    protocol::{Line, StopBy, Stopping},
};
use crate::{
    find::{self, Port},
    platform::ProgramTree,
};

/// For how long processes are killed that are there again each time.
const KILLING: Duration = Duration::from_secs(5);
/// The most patience with what is left when the first process has ended.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Asks the program to end, kills what has not when its time is up, and looks: gives back what is left.
pub(crate) async fn stop(tree: Rc<ProgramTree>, first: ProcessId, stopping: Stopping) -> Vec<Leftover> {
    let ports = find::ports_of(&tree.pids());
    let deadline = after(stopping.within);
    match &stopping.by {
        StopBy::Signal(signal) => tree.ask(*signal),
        StopBy::Command(line) => ask_by(line, &tree, first, deadline).await,
    }
    let _ = timeout_at(deadline, tree.gone()).await;
    let mut left = killed(&tree).await;
    left.extend(ports.into_iter().filter_map(held));
    left
}

/// Ends what the first process has left behind.
pub(crate) async fn rest(tree: Rc<ProgramTree>, signal: Signal, patience: Duration) -> Vec<Leftover> {
    tree.ask(signal);
    let _ = timeout_at(after(patience), tree.gone()).await;
    killed(&tree).await
}

async fn killed(tree: &ProgramTree) -> Vec<Leftover> {
    let left = tree.end(KILLING).await;
    left.into_iter().map(|(pid, name)| Leftover::Process { pid, name }).collect()
}

fn held(port: u16) -> Option<Leftover> {
    match find::holder_of(port) {
        Port::Free => None,
        Port::HeldUnseen => Some(Leftover::Port { port, holder: None }),
        Port::HeldBy(holder) => Some(Leftover::Port { port, holder: Some(holder.to_string()) }),
    }
}

/// Runs the stop command to its end. Where that does not work, the program is asked by a signal.
async fn ask_by(line: &Line, tree: &ProgramTree, first: ProcessId, deadline: Instant) {
    tree.spare_others(true);
    let outcome = crate::run(command(line, first, deadline), Vec::new(), &line.hidden).await;
    tree.spare_others(false);
    if !matches!(outcome.end, CommandEnd::Exited(0) | CommandEnd::TimedOut { .. }) {
        tree.ask(Signal::Term);
    }
}

fn command(line: &Line, first: ProcessId, deadline: Instant) -> CommandRun {
    CommandRun {
        command: CommandLine {
            run: line.run(),
            directory: line.directory.clone(),
            env: line.env.clone(),
            secret_env: Vec::new(),
        },
        env: vec![("ESTATUS_PID".to_owned(), first.pid.to_string())],
        stdin: None,
        timeout: deadline.saturating_duration_since(Instant::now()),
        output_limit: 0,
    }
}
