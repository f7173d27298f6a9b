//! What the rooms of the engine tell each other, as values: none of them calls another.
//!
//! A signal is heard as the table says, from left to right, and whatever one who hears it causes is heard before the next
//! one hears it. So what comes first stands here, and not in the depth of calls.
//!
//! | signal | who sends it | who hears it |
//! |---|---|---|
//! | [`Opened`](Signal::Opened) | health | healing, alerts |
//! | [`CameUp`](Signal::CameUp) | health | healing, incidents, alerts |
//! | [`Pursue`](Signal::Pursue) | the configuration, the user | incidents, healing, alerts |
//! | [`Rest`](Signal::Rest) | the configuration, the user | healing |
//! | [`Try`](Signal::Try) | healing | incidents, the target of the remedy |
//! | [`Acted`](Signal::Acted) | the target | healing |
//! | [`Stands`](Signal::Stands) | programs | healing, flows |
//! | [`Wrote`](Signal::Wrote) | the target | incidents |
//! | [`Tried`](Signal::Tried) | healing | incidents |
//! | [`Prove`](Signal::Prove) | healing | the monitor |
//! | [`GaveUp`](Signal::GaveUp) | healing | incidents, alerts |
//! | [`Cooling`](Signal::Cooling), [`Steady`](Signal::Steady) | programs | alerts |
//! | [`RunFailed`](Signal::RunFailed), [`Suppressed`](Signal::Suppressed) | flows | alerts |
//! | [`FlowWanted`](Signal::FlowWanted), [`FlowRan`](Signal::FlowRan) | flows | flows |

use std::{collections::VecDeque, sync::Arc, time::Duration};

use crate::{
    flow::run::{RunCause, RunRecord, StepId},
    ids::Key,
    monitor::Moment,
    program::{Program, ProgramAction, ProgramTrouble},
    remedy::{RemedyAction, RemedyError},
};

/// Something that one room tells others. `monitor` is always the one whose incident it is.
#[derive(Clone, Debug)]
pub(crate) enum Signal {
    /// An incident has begun; `flapping` says how many times within how long, if that makes the monitor flap.
    Opened { monitor: Arc<str>, flapping: Flapping },
    /// A monitor is up again: its incident is over.
    CameUp { monitor: Arc<str>, closed: Moment },
    /// Something has changed by a restart, the user or the configuration: an open incident that may be healed is to be
    /// healed, and one that is to be told is to be told to whoever does not know of it.
    Pursue { monitor: Arc<str> },
    /// Nobody is to heal a monitor for now.
    Rest { monitor: Arc<str>, why: RemedyError },
    /// A remedy is to be done.
    Try { monitor: Arc<str>, action: RemedyAction },
    /// What has become of that so far; where it is under way, it may take `within`.
    Acted { monitor: Arc<str>, answer: Answer, within: Duration },
    /// What remedies may wait for stands differently.
    Stands { target: Key, stands: Stands },
    /// The last lines that somebody wrote before he ended belong to the try under way.
    Wrote { monitor: Arc<str>, output: Vec<String> },
    /// The try under way has come to an end.
    Tried { monitor: Arc<str>, end: TryEnd },
    /// The remedy was done: the monitor must now succeed.
    Prove { monitor: Arc<str> },
    /// Nothing that was tried has helped: somebody has to look.
    GaveUp { monitor: Arc<str> },
    /// A program is cooling: somebody should look.
    Cooling { program: Arc<Program>, trouble: ProgramTrouble },
    /// A program that was cooling runs well again.
    Steady { program: Arc<Program> },
    /// A run that was to heal nothing has failed.
    RunFailed { run: Box<RunRecord> },
    /// A run of a flow was not begun, since its budget is used up.
    Suppressed { flow: Arc<str> },
    /// A step wants a flow to be run; or one that failed does, and waits for nothing.
    FlowWanted { flow: Arc<str>, cause: RunCause, handles_failure: bool },
    /// The run that a step wanted has ended.
    FlowRan { step: StepId, answer: Answer },
}

/// Whether a monitor flaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flapping {
    /// No.
    Not,
    /// It does since now: it went down so many times within that.
    Begins { times: u32, within: Duration },
    /// It did before, and that was told.
    Goes,
}

/// What has become of a remedy's wish.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// There is nothing to wait for.
    Done,
    /// It is under way.
    UnderWay,
    /// It cannot be.
    NotDone(RemedyError),
}

/// How the target of a remedy stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stands {
    /// It runs, and is ready.
    Runs,
    /// It rests, as somebody wants it to.
    Rests,
    /// It does not run, and nothing can be expected of it soon.
    Cannot(RemedyError),
    /// It does not run, since somebody else holds its port; it is tried again and again.
    Held(RemedyError),
}

impl Stands {
    /// What that says to whoever waits for `action` on it; nothing if that is not decided by it.
    pub(crate) fn answer_to(&self, action: ProgramAction) -> Option<Answer> {
        match (self, action) {
            (Self::Runs, ProgramAction::Stop) => None,
            (Self::Runs, _) | (Self::Rests, ProgramAction::Stop) => Some(Answer::Done),
            (Self::Rests, _) => Some(Answer::NotDone(RemedyError::StoppedByUser)),
            (Self::Cannot(error), _) => Some(Answer::NotDone(error.clone())),
            (Self::Held(_), _) => None,
        }
    }

    /// The same to the step of a flow: whether and when that is tried again, the user says.
    pub(crate) fn answer_to_step(&self, action: ProgramAction) -> Option<Answer> {
        match self {
            Self::Held(error) if action != ProgramAction::Stop => Some(Answer::NotDone(error.clone())),
            _ => self.answer_to(action),
        }
    }
}

/// How a try came to an end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TryEnd {
    /// The monitor succeeded.
    Healed,
    /// It was done, and the monitor failed all the same.
    StillDown,
    /// It was not done.
    NotDone(RemedyError),
}

/// Signals that nobody has heard yet.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    waiting: VecDeque<Signal>,
    /// The most that ever waited.
    most: usize,
}

impl Signals {
    pub(crate) fn send(&mut self, signal: Signal) {
        self.waiting.push_back(signal);
        self.most = self.most.max(self.waiting.len());
    }

    /// Those that wait, the oldest first. What is sent from now on waits by itself.
    pub(crate) fn take(&mut self) -> VecDeque<Signal> {
        std::mem::take(&mut self.waiting)
    }

    /// The most that ever waited.
    pub(crate) fn most(&self) -> usize {
        self.most
    }
}
