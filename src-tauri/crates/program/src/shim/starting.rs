//! How a shim starts a program, or takes one over that somebody else started.

use std::io;

use estatus_core::program::{EndedBy, ProgramEvent, StartFailure};
use jiff::Timestamp;

use super::{after, launch, live::Shim, output::Output, protocol::Launch, running::Running};
use crate::{
    ledger::{Ledger, RunRecord, StartPhase},
    names::random_name,
    platform::{First, NotifySocket, ProgramTree, boot_id},
};

impl Shim {
    pub(super) async fn start(&mut self, launch: Box<Launch>) {
        if let Some(running) = &mut self.running {
            if running.start == launch.start {
                let (start, process) = (running.start, running.first.id);
                return self.tell(ProgramEvent::Started { start, process }).await;
            }
            running.stop(launch.stop.clone(), EndedBy::Stop);
            self.waiting = Some(launch);
            return;
        }
        let start = launch.start;
        if let Some(StartPhase::Ended(ended)) = self.ledger.as_ref().map(|ledger| &ledger.phase)
            && ended.start == start
        {
            // What has been is never begun again.
            let ended = ended.clone();
            return self.tell(ProgramEvent::Exited(ended)).await;
        }
        let begun = if launch.adopt.is_some() { self.adopt(&launch) } else { self.begin(&launch) };
        match begun {
            Ok(running) => {
                let process = running.first.id;
                self.running = Some(running);
                self.tell(ProgramEvent::Started { start, process }).await;
            }
            Err(failure) => self.tell(ProgramEvent::CannotStart { start, failure }).await,
        }
    }

    /// Starts a process, with the ledger written before and after.
    fn begin(&mut self, launch: &Launch) -> Result<Running, StartFailure> {
        if let Some(obstacle) = launch::obstacle(launch) {
            return Err(obstacle);
        }
        let before = self.ledger.clone();
        let begun = self.spawn(launch);
        if begun.is_err() {
            // Where it stays, the next shim looks for a process that is not there.
            let _ = Ledger::restore(before.as_ref(), &self.folder);
            self.ledger = before;
        }
        begun
    }

    fn spawn(&mut self, launch: &Launch) -> Result<Running, StartFailure> {
        let refused = |error: io::Error| launch::refused(&error);
        let ledger = self.open_ledger(launch).map_err(refused)?;
        let (token, terms) = (ledger.token.clone(), ledger.terms.clone());
        let mut output = Output::open(&self.folder, launch.start, &terms, &launch.secrets).map_err(refused)?;
        let notify = NotifySocket::open(&self.folder, &token).map_err(refused)?;
        let process = launch::process_start(launch, &self.folder, &notify).map_err(refused)?;
        let (tree, first) = ProgramTree::spawn(&process, &token, &self.folder, &mut output.pipes, &self.children)
            .map_err(|error| launch::failure(&launch.command, &error))?;
        self.runs(&first, false);
        let mut running = Running::new(launch.start, tree, first, Some(output), Some(notify));
        running.limit_at = terms.once.map(|once| after(once.limit));
        Ok(running)
    }

    /// Takes over a process that somebody else started.
    fn adopt(&mut self, launch: &Launch) -> Result<Running, StartFailure> {
        let refused = |error: io::Error| launch::refused(&error);
        let Some(process) = launch.adopt else { return Err(refused(io::ErrorKind::InvalidInput.into())) };
        let held = First::held(process, &self.children).map_err(refused)?;
        let Some(first) = held else { return Err(StartFailure::AdoptedGone { pid: process.pid }) };
        let tree = ProgramTree::adopted(process, &self.folder, &self.children).map_err(refused)?;
        self.open_ledger(launch).map_err(refused)?;
        self.runs(&first, true);
        tree.remember();
        Ok(Running::new(launch.start, tree, first, None, None))
    }

    /// Writes that there will be a process.
    fn open_ledger(&mut self, launch: &Launch) -> io::Result<&Ledger> {
        let ledger = Ledger {
            program: launch.program.clone(),
            boot: boot_id(),
            start: launch.start,
            token: random_name()?,
            terms: launch::terms(launch),
            phase: StartPhase::Spawning,
        };
        ledger.write(&self.folder)?;
        Ok(self.ledger.insert(ledger))
    }

    /// Writes that there is one.
    fn runs(&mut self, first: &First, adopted: bool) {
        let record = RunRecord {
            root: first.id,
            first: first.id,
            executable: first.executable(),
            since: Timestamp::now(),
            ready: false,
            adopted,
            watchdog: None,
        };
        self.note(StartPhase::Running(record));
    }
}
