//! The engine's side: one task per program, which talks with the program's shim.

mod link;
mod mailbox;
mod task;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
};

use estatus_core::{
    ids::StartId,
    program::{Handed, ProcessId, Program, ProgramEvent},
    secret::Secret,
};
use tokio::sync::mpsc;

use crate::{
    platform::Shims,
    shim::{Asked, Launch, Stopping, folder},
};
use link::Reach;
use mailbox::{Slot, mailbox};
use task::Task;

/// How a shim is started: an executable that calls [`crate::shim_main`] with what follows `args`.
#[derive(Clone, Debug)]
pub struct ShimCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its first arguments.
    pub args: Vec<OsString>,
}

/// Something happened to a program.
#[derive(Clone, Debug)]
pub struct Happened {
    /// The program's name.
    pub program: Arc<str>,
    /// What happened.
    pub event: ProgramEvent,
}

/// Supervises programs through their shims, which live on with their programs when this is dropped.
pub struct Supervisor {
    data: PathBuf,
    shims: Arc<Shims>,
    events: mpsc::Sender<Happened>,
    tasks: BTreeMap<Arc<str>, Slot>,
}

impl Supervisor {
    /// Supervises the programs whose folders are below `data`, and tells `events` what happens to them.
    pub fn new(data: &Path, shim: ShimCommand, events: mpsc::Sender<Happened>) -> Self {
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        Self { data, shims: Arc::new(Shims::new(shim)), events, tasks: BTreeMap::new() }
    }

    /// Looks how `program` stands; answered by [`ProgramEvent::Found`]. That starts nothing where nothing runs.
    pub fn look(&mut self, program: &Arc<Program>) {
        self.ask(&program.name, Asked::Look);
    }

    /// Starts `program`, or takes over the foreign process `adopt`; answered by [`ProgramEvent::Started`] or
    /// [`ProgramEvent::CannotStart`]. What runs of an earlier start is stopped first. It finds the variables of Estatus
    /// but for `hidden`, its own and `secret_env`.
    pub fn start(
        &mut self,
        program: &Arc<Program>,
        start: StartId,
        handed: Handed,
        adopt: Option<ProcessId>,
        secret_env: Vec<(String, Secret)>,
        hidden: &BTreeSet<String>,
    ) {
        let launch = Launch::new(program, start, handed, adopt, &secret_env, hidden);
        self.ask(&program.name, Asked::Start(Box::new(launch)));
    }

    /// Stops `program` as its policy says; `secret_env` and `hidden` are for its stop command. Answered by
    /// [`ProgramEvent::Exited`].
    pub fn stop(
        &mut self,
        program: &Arc<Program>,
        start: StartId,
        secret_env: Vec<(String, Secret)>,
        hidden: &BTreeSet<String>,
    ) {
        let how = Stopping::new(&program.stop, &secret_env, hidden);
        self.ask(&program.name, Asked::Stop { start, how });
    }

    /// Measures `program`, and looks at its ports if they are asked for; answered by [`ProgramEvent::Measured`] if this
    /// start of it runs.
    pub fn measure(&mut self, program: &str, start: StartId, ports: bool) {
        if let Some(task) = self.tasks.get(program) {
            task.put(Asked::Measure { start, ports });
        }
    }

    /// Lets go of `program`: its shim goes away if nothing runs.
    pub fn release(&mut self, program: &str) {
        self.tasks.remove(program);
    }

    fn ask(&mut self, program: &Arc<str>, asked: Asked) {
        let task = self.tasks.entry(Arc::clone(program)).or_insert_with(|| {
            let (slot, mailbox) = mailbox();
            let reach = Reach::new(folder(&self.data, program), Arc::clone(&self.shims));
            tokio::spawn(Task::new(Arc::clone(program), reach, self.events.clone()).live(mailbox));
            slot
        });
        task.put(asked);
    }
}
