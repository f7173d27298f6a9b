//! Runs: what became of a flow, as it is remembered and told.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Definition;
pub use crate::undone::StepError;
use crate::{
    command::ProgramFile,
    exit::Exit,
    ids::{RunId, StartId},
    time::elapsed,
};

/// One execution of a flow, without its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The flow's name.
    pub flow: Arc<str>,
    /// What it does: what the flow said when it began, or was put in the queue. Nothing where it was left out.
    pub definition: Arc<Definition>,
    /// Why it began.
    pub cause: RunCause,
    /// The monitors that it is to heal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heals: Vec<Arc<str>>,
    /// How it stands.
    pub state: RunState,
    /// When it began, was put in the queue, or would have begun.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why it is to end before all was done, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// The step whose failure made it fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<FailedStep>,
    /// It was begun since another one failed, or by such a run: no failure of it begins a further one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub handles_failure: bool,
    /// The last run that succeeded before it, and what is different; if it failed, and one ever succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<Box<Compared>>,
}

impl Run {
    /// A run that waits for its turn.
    pub fn new(id: RunId, flow: Arc<str>, definition: Arc<Definition>, cause: RunCause, began: Timestamp) -> Self {
        Self {
            id,
            flow,
            definition,
            cause,
            heals: Vec::new(),
            state: RunState::Queued,
            began,
            ended: None,
            ending: None,
            failed: None,
            handles_failure: false,
            compared: None,
        }
    }
}

/// Why a run is to end before all was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A step failed.
    Failed,
    /// It has had its time.
    TimedOut,
    /// Somebody wants it to end, or another takes its place.
    Cancelled,
}

/// What is different from the last run that succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// That run.
    pub run: RunId,
    /// When it ended.
    pub ended: Timestamp,
    /// What is different; nothing may be.
    pub changes: Vec<Difference>,
}

/// One thing that is different from the last run that succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Difference {
    /// A step is new.
    Added {
        /// Its name.
        step: Arc<str>,
    },
    /// A step is gone.
    Removed {
        /// Its name.
        step: Arc<str>,
    },
    /// A step is defined differently, or stands elsewhere.
    Step {
        /// Its name.
        step: Arc<str>,
    },
    /// The file that a step's command runs is another one.
    Program {
        /// The step's name.
        step: Arc<str>,
        /// The file now.
        program: ProgramFile,
    },
}

/// The step whose failure made a run fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedStep {
    /// Its place.
    pub place: usize,
    /// How many times it was begun.
    pub attempts: u32,
    /// Why it failed the last time.
    pub error: Option<StepError>,
}

/// A run with its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run.
    pub run: Run,
    /// Its steps, in the order of its definition.
    pub steps: Vec<StepRun>,
}

/// Why a run began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum RunCause {
    /// Somebody asked for it.
    Asked,
    /// Somebody asked for an earlier run to be repeated.
    Again {
        /// Which.
        run: RunId,
        /// From this step on; as a whole if none is named.
        from: Option<Arc<str>>,
    },
    /// Its schedule says so.
    Scheduled {
        /// For when.
        at: Timestamp,
    },
    /// A monitor is down whose remedy it is.
    Remedy {
        /// The first of them.
        monitor: Arc<str>,
    },
    /// A step of another run does it.
    Step(StepId),
    /// A step of another run failed.
    Failure(StepId),
}

impl RunCause {
    /// Whether nobody asked for it himself.
    pub const fn is_automatic(&self) -> bool {
        !matches!(self, Self::Asked | Self::Again { .. })
    }
}

/// A step of a run, in one of its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StepId {
    /// The flow.
    pub flow: Arc<str>,
    /// The run.
    pub run: RunId,
    /// The step's name.
    pub step: Arc<str>,
    /// The step's place.
    pub place: usize,
    /// Which time it was begun, from 1.
    pub attempt: u32,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It waits for another run of its flow to end.
    Queued,
    /// It goes on.
    Running,
    /// It goes on, and does nothing but wait for somebody to approve.
    WaitingForApproval,
    /// It has done all that it had to.
    Succeeded,
    /// A step failed.
    Failed,
    /// It had not ended at its deadline.
    TimedOut,
    /// Somebody wanted it to end, or another took its place.
    Cancelled,
    /// Nobody knows how a step ended.
    Crashed,
    /// It did not begin: another run of its flow went on.
    Skipped,
    /// It did not begin: the budget of its flow was used up.
    Suppressed,
}

impl RunState {
    /// Whether nothing becomes of it any more.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::WaitingForApproval)
    }

    /// Whether somebody is to know that it did not go well.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Crashed)
    }

    /// The word for it, as it is written down.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::WaitingForApproval => "waiting_for_approval",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Crashed => "crashed",
            Self::Skipped => "skipped",
            Self::Suppressed => "suppressed",
        }
    }
}

/// Who has answered what a step asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct AnsweredBy {
    /// The user, as the operating system calls them: known by their connection, whatever a client says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub user: Option<String>,
    /// Where, as the client says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub from: Option<AnsweredFrom>,
}

/// Where somebody may answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AnsweredFrom {
    /// The window.
    Window,
    /// The tray, or a notification.
    Tray,
    /// The command line.
    CommandLine,
}

impl AnsweredFrom {
    /// Its word, as it is written down.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Tray => "tray",
            Self::CommandLine => "command_line",
        }
    }
}

/// What became of a step in a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StepRun {
    /// How it stands.
    pub state: StepState,
    /// How many times it was begun.
    pub attempts: u32,
    /// When it was begun first.
    pub began: Option<Timestamp>,
    /// When it was begun last: the identity of that attempt.
    pub attempt_began: Option<Timestamp>,
    /// When it ended, or was skipped.
    pub ended: Option<Timestamp>,
    /// How its command ended the last time.
    pub exit: Option<Exit>,
    /// Why it failed the last time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// The last lines that its command wrote, as [`crate::program::Ended::tail_of`] has them, or a program that ended: text of the
    /// outside world.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// The newest start of its program when it was begun: whether the program has been started since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<StartId>,
    /// The value that its request saved: text of the outside world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saved: Option<String>,
    /// What its command ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramFile>,
    /// What it asks, with every result in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// Who has answered that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<Box<AnsweredBy>>,
    /// The run of another flow that it has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// How long it takes as a rule: the median of the last times that it succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<Duration>,
    /// It was not done in this run: this came of it in the one that is repeated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    /// How it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<Box<UndoRun>>,
}

impl StepRun {
    /// What takes as long as ever differs from that by less than this.
    const NOTICEABLE: Duration = Duration::from_secs(1);

    /// How long its last attempt took; nothing if that was made in another run, or goes on.
    pub fn took(&self) -> Option<Duration> {
        Some(elapsed(self.attempt_began.filter(|_| !self.kept)?, self.ended?))
    }

    /// How long its last attempt took, and how long it takes as a rule, if that differs by more than half. How long people take
    /// to answer is no rule.
    pub fn unusual(&self) -> Option<(Duration, Duration)> {
        let (took, usual) = (self.took()?, self.usual.filter(|_| self.question.is_none())?);
        let difference = took.abs_diff(usual);
        (difference >= Self::NOTICEABLE && difference > usual / 2).then_some((took, usual))
    }
}

/// How what a step did is taken back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UndoRun {
    /// How that stands.
    pub state: StepState,
    /// When it was begun.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How its command ended.
    pub exit: Option<Exit>,
    /// Why it failed.
    pub error: Option<StepError>,
    /// The last lines that its command wrote: text of the outside world.
    pub output: Vec<String>,
}

/// How a step of a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Its turn has not come.
    #[default]
    Scheduled,
    /// It is under way.
    Running,
    /// It waits for somebody to approve.
    WaitingForApproval,
    /// It failed, and is tried again soon.
    Retrying,
    /// It has done its work.
    Succeeded,
    /// It has not.
    Failed,
    /// It had its time.
    TimedOut,
    /// It was ended, since the run was to end.
    Cancelled,
    /// It was not begun.
    Skipped,
    /// Nobody knows how it ended.
    Indeterminate,
}

impl StepState {
    /// Whether nothing becomes of it any more.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Running | Self::WaitingForApproval | Self::Retrying)
    }

    /// The word for it, as it is written down.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::WaitingForApproval => "waiting_for_approval",
            Self::Retrying => "retrying",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::Indeterminate => "indeterminate",
        }
    }

    /// Whether it was begun and did not do its work.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::Indeterminate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_the_rule_by_more_than_half_is_unusual() {
        let run = |took: u64, usual: u64| {
            let time = |millis: u64| Timestamp::from_millisecond(i64::try_from(millis).unwrap()).unwrap();
            let usual = Some(Duration::from_millis(usual));
            StepRun { attempt_began: Some(time(0)), ended: Some(time(took)), usual, ..StepRun::default() }
        };
        let check = |took: u64, usual: u64, expected: bool| {
            assert_eq!(run(took, usual).unusual().is_some(), expected, "{took} {usual}");
        };
        check(10_000, 10_000, false);
        check(15_000, 10_000, false);
        check(15_001, 10_000, true);
        check(4_999, 10_000, true);
        check(5_000, 10_000, false);
        check(999, 1, false);
        check(0, 1_000, true);
        assert_eq!(StepRun::default().unusual(), None);
        assert_eq!(StepRun { kept: true, ..run(60_000, 10_000) }.unusual(), None);
        assert_eq!(StepRun { question: Some("Shall it?".to_owned()), ..run(60_000, 10_000) }.unusual(), None);
    }
}
