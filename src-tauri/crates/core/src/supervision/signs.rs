//! What monitors see of a program.

use std::time::Duration;

use jiff::Timestamp;

use super::{ChangeCause, ProgramMachine, State, stopping::AfterStop};
use crate::{check::ProcessMatch, time::Instant};

/// Starting so many times in a row is put down to the start; after that failures of its monitors count.
const EXCUSED_STARTS: u32 = 2;

/// When somebody was found to listen on a port, programs are looked at once after this, for all such ports together.
const LOOKS_AFTER: Duration = Duration::from_secs(1);

/// What a monitor looks at, by which a program shows that it runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sign {
    /// Somebody listens on this port of this machine.
    Port(u16),
    /// There is such a process.
    Process(ProcessMatch),
}

impl ProgramMachine {
    /// Whether `sign` is of it, as far as is known: a port as its readiness says or as was seen when it last ran, a
    /// process as its command says.
    pub(crate) fn shows(&self, sign: &Sign) -> bool {
        let is_its_own = match sign {
            Sign::Port(port) => self.memory.ports.contains(port) || self.program.ports().contains(port),
            Sign::Process(by) => self.program.is_called(by),
        };
        is_its_own && !self.shown_by_others.contains(sign)
    }

    /// Whether a failure of one of its monitors, in a probe that looked at `sign` and began at `began`, is put down to its
    /// start.
    pub(crate) fn excuses(&self, began: Instant, sign: Option<&Sign>) -> bool {
        match &self.state {
            State::Looking { .. } => true,
            State::Starting { .. } => self.memory.attempt <= EXCUSED_STARTS,
            State::Stopping { then, .. } => match then {
                AfterStop::StartAnew => true,
                AfterStop::StartAgain => {
                    matches!(self.why, Some(ChangeCause::TooBig { .. } | ChangeCause::TooBusy { .. }))
                }
                AfterStop::Rest => false,
            },
            State::Running(run) => {
                let ready = run.since
                    + if self.program.ready.is_none() && !run.proved.iter().any(|proved| proved.as_ref() == sign) {
                        self.program.ready_within
                    } else {
                        Duration::ZERO
                    };
                began < ready && self.memory.attempt <= EXCUSED_STARTS
            }
            State::Stopped
            | State::Finished { .. }
            | State::Waiting { .. }
            | State::Backoff { .. }
            | State::Cooling { .. } => false,
        }
    }

    /// Whether nothing more can be learnt from a monitor's success, which looks at `sign`.
    pub(crate) fn is_proved(&self, sign: Option<&Sign>) -> bool {
        if let State::Running(run) = &self.state {
            run.proved.iter().any(|proved| proved.as_ref() == sign)
        } else {
            true
        }
    }

    /// One of its monitors has succeeded, which looks at `sign`.
    pub(crate) fn prove(&mut self, sign: Option<&Sign>) {
        if !self.is_proved(sign)
            && let State::Running(run) = &mut self.state
        {
            run.proved.push(sign.cloned());
        }
    }

    /// Whether a probe that began at `at` and found `sign` tells it anything.
    pub(crate) fn learns_of(&self, sign: &Sign, at: Timestamp) -> bool {
        match (&self.state, sign) {
            (State::Running(run), Sign::Port(port)) if !run.looked_for.contains(port) => true,
            (State::Running(_), sign) => self.shows(sign) && !self.is_proved(Some(sign)),
            (State::Stopped | State::Finished { .. }, sign) => at > self.since && self.shows(sign),
            _ => false,
        }
    }

    /// A probe that began at `at` found `sign`: while it runs, whether it is who listens on a port is looked at once,
    /// soon; while it rests, it is somebody else's.
    pub(crate) fn is_seen(&mut self, sign: &Sign, at: Timestamp, now: Instant) {
        let its_own = self.shows(sign);
        if its_own {
            self.prove(Some(sign));
        }
        match (&mut self.state, sign) {
            (State::Running(run), Sign::Port(port)) => {
                let is_new = run.looked_for.insert(*port);
                run.next_look = run.next_look.or_else(|| is_new.then_some(now + LOOKS_AFTER));
            }
            (State::Stopped | State::Finished { .. }, _) if its_own && at > self.since => {
                self.shown_by_others.push(sign.clone());
                if let Sign::Port(port) = sign {
                    self.memory.ports.remove(port);
                }
            }
            _ => {}
        }
    }
}
