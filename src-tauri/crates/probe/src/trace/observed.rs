//! What a probe has seen, by its notes and how it ended.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    time::Duration,
};

use estatus_core::{
    observation::{Cause, Failure, Observation, Phase},
    outside::cut,
};

use super::Trace;
use crate::turns::CutOff;

impl Trace {
    /// The observation of a probe that had `timeout` and ended so.
    pub(crate) fn observed(self, ended: Result<Result<(), Cause>, CutOff>, timeout: Duration) -> Observation {
        match ended {
            Ok(Ok(())) => self.up(),
            Ok(Err(cause)) if cause.is_ours() => self.says_nothing(cause),
            Ok(Err(cause)) => self.down(cause),
            Err(CutOff::TimedOut) => self.timed_out(timeout),
            Err(CutOff::NoTurn(waited)) => self.says_nothing(Cause::NoTurn { waited }),
        }
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
