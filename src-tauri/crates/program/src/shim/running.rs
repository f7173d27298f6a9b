//! A program that runs.

use std::{pin::Pin, rc::Rc, time::Duration};

use estatus_core::{
    exit::Exit,
    ids::StartId,
    program::{Ended, EndedBy, LeftBehind, Leftover},
};
use jiff::Timestamp;
use tokio::time::Instant;

use super::{output::Output, protocol::Stopping, stop};
use crate::{
    find,
    ledger::LaunchTerms,
    platform::{First, NotifySocket, ProgramTree},
};

/// A stop that is under way; gives back what is left.
pub(crate) type UnderWay = Pin<Box<dyn Future<Output = Vec<Leftover>>>>;

/// A program that runs, or whose first process has ended and whose others are being ended.
pub(crate) struct Running {
    pub(crate) start: StartId,
    pub(crate) tree: Rc<ProgramTree>,
    pub(crate) first: First,
    /// Nothing where somebody else started it.
    pub(crate) output: Option<Output>,
    /// Nothing where somebody else started it.
    pub(crate) notify: Option<NotifySocket>,
    /// How and when its first process has ended.
    pub(crate) exit: Option<(Exit, Timestamp)>,
    pub(crate) stopping: Option<UnderWay>,
    /// When a command has had its time.
    pub(crate) limit_at: Option<Instant>,
    by: EndedBy,
    /// When it has been silent for longer than it promised.
    pub(crate) silent_at: Option<Instant>,
    measured: Option<(Instant, Duration)>,
    /// What its first process had left when it ended by itself.
    background: Vec<LeftBehind>,
}

impl Running {
    pub(crate) fn new(
        start: StartId,
        tree: ProgramTree,
        first: First,
        output: Option<Output>,
        notify: Option<NotifySocket>,
    ) -> Self {
        Self {
            start,
            tree: Rc::new(tree),
            first,
            output,
            notify,
            exit: None,
            stopping: None,
            limit_at: None,
            by: EndedBy::Itself,
            silent_at: None,
            measured: None,
            background: Vec::new(),
        }
    }

    /// Begins to stop it, unless that has begun.
    pub(crate) fn stop(&mut self, how: Stopping, by: EndedBy) {
        if self.stopping.is_none() {
            self.by = by;
            self.stopping = Some(Box::pin(stop::stop(Rc::clone(&self.tree), self.first.id, how)));
        }
    }

    /// Notes that its first process has ended. Gives back whether all of it has; otherwise the rest is being ended.
    pub(crate) fn first_ended(&mut self, terms: &LaunchTerms) -> bool {
        self.exit = Some((self.first.exit(), Timestamp::now()));
        if self.stopping.is_some() {
            return false;
        }
        if self.tree.is_surely_gone() {
            return true;
        }
        let left = self.tree.named().into_iter().take(Ended::BACKGROUND_LIMIT);
        self.background = left.map(|(pid, name)| LeftBehind { pid, name }).collect();
        if terms.once.is_some() {
            return true;
        }
        self.stopping = Some(Box::pin(stop::rest(Rc::clone(&self.tree), terms.signal, terms.patience)));
        false
    }

    /// How it ended, once its processes have, but for those that may live on.
    pub(crate) async fn end(&mut self, left: Vec<Leftover>) -> Ended {
        let (exit, at) = self.exit.unwrap_or_else(|| (self.first.exit(), Timestamp::now()));
        let tail = match &mut self.output {
            Some(output) => output.finish().await,
            None => Vec::new(),
        };
        let background = std::mem::take(&mut self.background);
        Ended { left, tail, background, by: self.by, ..Ended::new(self.start, exit, at) }
    }

    /// What a command has left in the background is nobody's any more, and may write what it likes. Whether there is
    /// something.
    pub(crate) fn let_go(self) -> bool {
        let lives_on = self.stopping.is_none() && !self.tree.is_surely_gone();
        if lives_on {
            self.tree.let_go();
            self.output.into_iter().for_each(|output| output.pipes.read_on());
        }
        lives_on
    }

    /// The memory it uses in bytes, its CPU in percent of one core since it was last measured and, `with_ports`, the TCP
    /// ports that its processes listen on.
    pub(crate) fn measure(&mut self, with_ports: bool) -> (u64, Option<f64>, Option<Vec<u16>>) {
        let now = Instant::now();
        let pids = if with_ports { self.tree.remember() } else { self.tree.near() };
        let usage = find::measure(&pids);
        let before = self.measured.replace((now, usage.cpu_time));
        let cpu = before.and_then(|(then, used)| {
            let seconds = now.duration_since(then).as_secs_f64();
            (seconds > 0.0).then(|| usage.cpu_time.saturating_sub(used).as_secs_f64() * 100.0 / seconds)
        });
        (usage.memory, cpu, with_ports.then(|| find::ports_of(&pids)))
    }
}
