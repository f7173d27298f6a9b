//! What a probe notes on its way, so that it can be cut off at any point and still tell how far it came.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    time::Duration,
};

use estatus_core::{
    Timestamp,
    observation::{Cause, Failure, Observation, Phase, Phases, Warning, cut},
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

    /// The observation of a probe that found everything as it should be.
    pub(crate) fn up(mut self) -> Observation {
        self.leave();
        let observation = Observation::up(self.at, self.phases, "");
        self.complete(observation)
    }

    /// The observation of a probe that failed in the phase it is in.
    pub(crate) fn down(mut self, cause: Cause) -> Observation {
        let phase = self.current.map_or(Phase::Run, |(phase, _)| phase);
        self.leave();
        let mut failure = Failure::new(phase, cause);
        if let Some(evidence) = self.evidence.take() {
            failure = failure.with_evidence(evidence);
        }
        if let Some(address) = self.redirected_to.take() {
            failure = failure.redirected_to(address);
        }
        let observation = Observation::down(self.at, self.phases, "", failure);
        self.complete(observation)
    }

    /// The observation of a probe that was cut off after `timeout`.
    pub(crate) fn timed_out(mut self, timeout: Duration) -> Observation {
        match self.known.take() {
            Some(cause) => {
                self.enter(Phase::Assertion);
                self.down(cause)
            }
            None => self.down(Cause::TimedOut { after: timeout }),
        }
    }

    /// The observation of a probe that could not look: it says nothing of the target.
    pub(crate) fn says_nothing(self, cause: Cause) -> Observation {
        self.down(cause.clone()).inconclusive(cause)
    }

    fn leave(&mut self) {
        if let Some((phase, since)) = self.current.take() {
            self.phases.add(phase, since.elapsed());
        }
    }

    fn complete(self, observation: Observation) -> Observation {
        Observation {
            seen: cut(self.seen, Observation::SEEN_LIMIT),
            remote: self.remote,
            here: self.remote.is_some_and(is_own),
            warning: self.warning,
            holds_for: self.holds_for,
            measured: self.measured,
            ..observation
        }
    }
}

/// Whether `address` is one of this machine's, loopback aside: what is sent there comes from there.
fn is_own(address: IpAddr) -> bool {
    if address.is_loopback() || address.is_unspecified() {
        return false;
    }
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // Connecting a datagram socket sends nothing: it only chooses the way.
    let way = || {
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect((address, 9))?;
        socket.local_addr()
    };
    way().is_ok_and(|own| own.ip() == address)
}
