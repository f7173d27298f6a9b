//! What a probe notes on its way, so that it can be cut off at any point and still tell how far it came.

mod observed;

use std::{net::IpAddr, time::Duration};

use estatus_core::{
    Timestamp,
    observation::{Cause, Phase, Phases, Warning},
    usage::Measure,
};
use tokio::time::Instant;

use crate::turns::Turns;

/// The notes of one probe.
pub(crate) struct Trace {
    at: Timestamp,
    phases: Phases,
    current: Option<(Phase, Instant)>,
    /// See [`Observation::seen`].
    pub(crate) seen: String,
    /// See [`Failure::evidence`]; kept only if the probe fails.
    pub(crate) evidence: Option<String>,
    /// See [`Failure::redirected_to`].
    pub(crate) redirected_to: Option<String>,
    /// What is known to be wrong already, while evidence is still gathered.
    pub(crate) known: Option<Cause>,
    /// See [`Observation::remote`].
    pub(crate) remote: Option<IpAddr>,
    /// See [`Observation::warning`].
    pub(crate) warning: Option<Warning>,
    /// See [`Observation::holds_for`].
    pub(crate) holds_for: Option<Duration>,
    /// See [`Observation::measured`].
    pub(crate) measured: Vec<(Measure, f64)>,
    /// The time that is not the target's.
    pub(crate) turns: Turns,
}

impl Trace {
    /// The notes of a probe that begins at `at`.
    pub(crate) fn begin(at: Timestamp) -> Self {
        Self {
            at,
            phases: Phases::default(),
            current: None,
            seen: String::new(),
            evidence: None,
            redirected_to: None,
            known: None,
            remote: None,
            warning: None,
            holds_for: None,
            measured: Vec::new(),
            turns: Turns::default(),
        }
    }

    /// The phase before is over, `phase` begins.
    pub(crate) fn enter(&mut self, phase: Phase) {
        self.leave();
        self.current = Some((phase, Instant::now()));
    }

    /// The same, unless the probe is in `phase` already.
    pub(crate) fn enter_once(&mut self, phase: Phase) {
        if self.current.is_none_or(|(current, _)| current != phase) {
            self.enter(phase);
        }
    }

    /// Waits for something of ours, which is not counted to the phase that the probe is in, nor against its timeout.
    pub(crate) async fn wait<T>(&mut self, turn: impl Future<Output = T>) -> T {
        let phase = self.current.map(|(phase, _)| phase);
        self.leave();
        let result = self.turns.wait(turn).await;
        self.current = phase.map(|phase| (phase, Instant::now()));
        result
    }

    /// How long the probe has taken so far.
    pub(crate) fn total(&self) -> Duration {
        let open = self.current.map_or(Duration::ZERO, |(_, since)| since.elapsed());
        self.phases.total() + open
    }

    fn leave(&mut self) {
        if let Some((phase, since)) = self.current.take() {
            self.phases.add(phase, since.elapsed());
        }
    }
}
