//! How the loop ends.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    engine::{Input, ProgramView},
    program::{OnQuit, ProgramState},
    record::JournalEntry,
};
use tokio::time;

use super::{BATCH, EventLoop, clock, journal};
use crate::workers::Workers;

/// When the engine is asked to stop, messages that are being delivered get so long.
const STOPS_WITHIN: Duration = Duration::from_secs(5);
/// Programs that are being stopped because the engine stops get so much longer than the longest of their stops may take,
/// to be killed and for the proof that nothing is left of them.
const PROOF_WITHIN: Duration = Duration::from_secs(15);
/// Commands that are given up, of checks, remedies and channels, get so long to end with all that they have started.
const COMMANDS_END_WITHIN: Duration = Duration::from_secs(5);

impl<W: Workers> EventLoop<W> {
    /// Stops the programs that must not outlive the engine, lets deliveries come to an end, writes down how they did,
    /// and closes the store.
    pub(super) async fn stop(mut self) {
        self.tasks.stop_probes();
        let workers = Arc::clone(&self.tasks.workers);
        let commands_end = tokio::spawn(async move { workers.cancel_commands(COMMANDS_END_WITHIN).await });
        let _ = self.core.handle(Input::Quitting, clock::now());
        self.drain();
        let stopped = self.tell_of_quitting();
        let deliveries_end = time::Instant::now() + STOPS_WITHIN;
        let mut programs_end = self.stops_until();
        loop {
            let give_up = match (self.core.is_stopping_programs(), self.tasks.delivers()) {
                (true, _) => programs_end,
                (false, true) => deliveries_end,
                (false, false) => break,
            };
            tokio::select! {
                biased;
                () = self.pulse.beat() => self.audience.turned(),
                _ = self.happened.recv_many(&mut self.news, BATCH) => self.take_news(),
                Some(fetched) = self.fetched.recv() => self.take_secrets(fetched),
                _ = self.results.recv_many(&mut self.batch, BATCH) => self.take_results(),
                () = time::sleep_until(give_up) => break,
            }
            if self.drain() {
                programs_end = self.stops_until();
            }
        }
        self.tell_of_leftovers(&stopped);
        self.tasks.stop_deliveries();
        let ended = [estatus_program::all_ended(COMMANDS_END_WITHIN).await, matches!(commands_end.await, Ok(true))];
        if ended.contains(&false) {
            tracing::warn!("commands that were given up have not ended yet");
        }
        drop(self.store.record(vec![journal(JournalEntry::Stopped)]));
        self.store.close().await;
    }

    /// When programs whose stop begins now have had their time.
    fn stops_until(&self) -> time::Instant {
        let longest = self.core.programs().map(|view| view.program.stop.within).max();
        time::Instant::now() + longest.unwrap_or_default() + PROOF_WITHIN
    }

    /// The programs that are to be stopped.
    fn tell_of_quitting(&mut self) -> Vec<Arc<str>> {
        let alive = self.core.programs().filter(|view| view.process.is_some() || view.state == ProgramState::Stopping);
        let (left, stopped): (Vec<_>, Vec<_>) = alive
            .partition(|view| view.program.on_quit == OnQuit::LeaveRunning && view.state != ProgramState::Stopping);
        let names = |views: Vec<ProgramView>| -> Vec<_> {
            views.into_iter().map(|view| Arc::clone(&view.program.name)).collect()
        };
        let (stopped, left) = (names(stopped), names(left));
        self.audience.quitting(&stopped, &left);
        stopped
    }

    /// Says what of `stopped` is there all the same.
    fn tell_of_leftovers(&self, stopped: &[Arc<str>]) {
        for view in stopped.iter().filter_map(|name| self.core.program(name)) {
            let program = &view.program.name;
            if view.state == ProgramState::Stopping {
                tracing::warn!(%program, "it is not known whether it could be stopped");
            }
            for left in view.last_end.iter().flat_map(|ended| &ended.left) {
                tracing::warn!(%program, "{}", self.view.words.leftover(left));
            }
        }
    }
}
