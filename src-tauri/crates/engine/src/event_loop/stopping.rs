//! How the loop ends.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    engine::{Input, ProgramView},
    program::ProgramState,
    record::JournalEntry,
    words::Reason,
};
use jiff::Timestamp;
use tokio::time;

use super::{BATCH, EventLoop, clock, journal};
use crate::{EngineEnd, pages::status::Look, workers::Workers};

/// How the engine ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Why.
    pub(crate) end: EngineEnd,
    /// Whether it stops, before that, the programs that must not outlive it.
    pub(crate) stops_programs: bool,
}

/// When the engine is asked to stop, messages that are being delivered get so long.
const STOPS_WITHIN: Duration = Duration::from_secs(5);
/// A drive gets so long to take the status page that says that monitoring is stopped.
const PAGE_WITHIN: Duration = Duration::from_secs(5);
/// Programs that are being stopped because the engine stops get so much longer than the longest of their stops may take,
/// to be killed and for the proof that nothing is left of them.
const PROOF_WITHIN: Duration = Duration::from_secs(15);
/// Commands that are given up, of checks, remedies and channels, get so long to end with all that they have started.
const COMMANDS_END_WITHIN: Duration = Duration::from_secs(5);

impl<W: Workers> EventLoop<W> {
    /// Lets deliveries come to an end, writes down how they did, and closes the store. An engine that is stopped stops before
    /// that the programs that must not outlive it, and the commands of remedies; one that is started again leaves them to the
    /// next, as if it had been killed, but for stops that have begun, and unless it is asked to stop them all the same.
    pub(super) async fn end(mut self, ending: Ending) {
        self.tasks.stop_probes();
        // One that is started again goes on with the status page.
        let last_page = if ending.end == EngineEnd::Stopped { self.last_page() } else { None };
        let trials = self.trials.clone();
        let trials_end = tokio::spawn(async move { trials.end_all(PROOF_WITHIN).await });
        let commands_end = ending.stops_programs.then(|| {
            let _ = self.core.handle(Input::Quitting, clock::now());
            let workers = Arc::clone(&self.tasks.workers);
            tokio::spawn(async move { workers.cancel_commands(COMMANDS_END_WITHIN).await })
        });
        self.drain();
        let stopped = self.tell_of_quitting();
        let deliveries_end = time::Instant::now() + STOPS_WITHIN;
        let mut programs_end = self.stops_until();
        loop {
            let give_up = match (self.core.is_stopping_processes(), self.tasks.delivers()) {
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
        let cancelled = match commands_end {
            Some(cancelled) => matches!(cancelled.await, Ok(true)),
            None => true,
        };
        if !matches!(trials_end.await, Ok(true)) {
            tracing::warn!("programs that were tried have not ended yet");
        }
        if !estatus_program::all_ended(COMMANDS_END_WITHIN).await || !cancelled {
            tracing::warn!("commands that were given up have not ended yet");
        }
        if let Some(last_page) = last_page
            && let Err(why) = last_page.await
        {
            tracing::warn!("{why}");
        }
        drop(self.store.record(vec![journal(JournalEntry::Stopped)]));
        self.store.close().await;
    }

    /// Has the status page say that monitoring is stopped, if there is one.
    fn last_page(&self) -> Option<impl Future<Output = Result<(), Reason>> + use<W>> {
        let look = Look::new(self.core.config(), self.core.monitors())?;
        Some(self.status_page.write_last(look.stopped(), Timestamp::now(), PAGE_WITHIN))
    }

    /// When programs whose stop begins now have had their time.
    fn stops_until(&self) -> time::Instant {
        let longest = self.core.programs().map(|view| view.program.stop.within).max();
        time::Instant::now() + longest.unwrap_or_default() + PROOF_WITHIN
    }

    /// Tells the host which programs are being stopped, and which run on. The former.
    fn tell_of_quitting(&mut self) -> Vec<Arc<str>> {
        let alive = self.core.programs().filter(|view| view.process.is_some() || view.state == ProgramState::Stopping);
        let (stopped, left): (Vec<_>, Vec<_>) = alive.partition(|view| view.state == ProgramState::Stopping);
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
