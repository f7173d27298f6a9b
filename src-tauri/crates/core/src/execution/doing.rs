//! What a step that is under way is at, and when something is due of that.

use std::time::Duration;

use crate::{
    ids::EffectId,
    observation::Failure,
    program::ProgramAction,
    time::{Instant, Now},
};

/// A point on a clock that stands still while the machine sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Awake(Duration);

impl Awake {
    pub(super) fn of(now: Now) -> Self {
        Self(now.monotonic.since_boot().saturating_sub(now.slept))
    }

    pub(super) fn in_(now: Now, wait: Duration) -> Self {
        Self(Self::of(now).0.saturating_add(wait))
    }

    /// When it comes, if the machine does not sleep until then.
    pub(super) fn instant(self, now: Now) -> Instant {
        now.monotonic + self.0.saturating_sub(Self::of(now).0)
    }
}

/// What a step is at.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) doing: Doing,
    pub(super) effect: Option<EffectId>,
    pub(super) since: Instant,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Doing {
    Nothing,
    /// Its command runs; if nothing was heard of it until then, it is taken for lost.
    Command {
        until: Awake,
    },
    /// Its command is being ended.
    Ending {
        until: Awake,
    },
    /// A monitor's check is being probed.
    Probe {
        why: Probing,
        until: Awake,
    },
    /// The check is probed again at `again`.
    Pause {
        again: Instant,
        until: Awake,
        failure: Option<Failure>,
    },
    /// How its program stands is to be seen.
    Seeing {
        until: Awake,
    },
    /// That it acts on its program is being written down.
    WritingDown {
        action: ProgramAction,
        until: Awake,
    },
    /// Its program does what is wanted.
    Program {
        action: ProgramAction,
        until: Awake,
    },
    /// Time passes.
    Wait {
        until: Instant,
    },
    /// Its request is under way.
    Request {
        until: Awake,
    },
    /// Its message is being put on its way.
    Telling,
    /// Somebody is to approve.
    Approval {
        until: Instant,
    },
    /// Its flow runs: that run always comes to an end, and tells.
    Flow,
    /// What it did is being taken back.
    Undo {
        until: Awake,
    },
    /// It is tried again.
    Retry {
        at: Instant,
    },
}

/// Why a check is probed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Probing {
    /// That is what the step does.
    Once,
    /// The step waits until it passes; why it did not the last time.
    Until { until: Awake, failure: Option<Failure> },
    /// It says what became of the step.
    AfterCrash,
}

impl Live {
    pub(super) fn due(&self, now: Now) -> Option<Instant> {
        match &self.doing {
            Doing::Nothing | Doing::Telling | Doing::Flow => None,
            Doing::Probe { why: Probing::Until { until: passes, .. }, .. } => Some(passes.instant(now)),
            Doing::Pause { again, until, .. } => Some(until.instant(now).min(*again)),
            Doing::Command { until }
            | Doing::Ending { until }
            | Doing::Probe { until, .. }
            | Doing::Seeing { until }
            | Doing::WritingDown { until, .. }
            | Doing::Program { until, .. }
            | Doing::Request { until }
            | Doing::Undo { until } => Some(until.instant(now)),
            Doing::Wait { until } | Doing::Approval { until } => Some(*until),
            Doing::Retry { at } => Some(*at),
        }
    }
}
