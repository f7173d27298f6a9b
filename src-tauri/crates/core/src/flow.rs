//! Flows: what a user says of them, and what is remembered of them. What becomes of one is in [`run`], and how it is run in
//! `execution.rs`.

pub mod request;
pub mod run;
pub mod text;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    command::{CommandLine, ProgramFile},
    exit::Exit,
    ids::RunId,
    maintenance::Cron,
    program::ProgramAction,
    undone::RemedyError,
};
use request::HttpRequest;
use text::Text;

/// A named list of steps, run to heal what a monitor found broken, on a schedule, or when somebody asks.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Its name, unique among flows.
    pub name: Arc<str>,
    /// Whether anything but a user begins a run of it.
    pub enabled: bool,
    /// When a run of it begins by itself.
    pub schedule: Option<Schedule>,
    /// What becomes of the times of the schedule that passed while nobody was there to see.
    pub catch_up: CatchUp,
    /// What becomes of a run that is due while another goes on.
    pub overlap: Overlap,
    /// More automatic runs than this are not begun.
    pub budget: Option<Budget>,
    /// What a run does. Each run keeps the one it began with.
    pub definition: Arc<Definition>,
}

impl Flow {
    /// A flow of these steps, with every default.
    pub fn new(name: &str, steps: Vec<Step>) -> Self {
        Self {
            name: name.into(),
            enabled: true,
            schedule: None,
            catch_up: CatchUp::default(),
            overlap: Overlap::default(),
            budget: None,
            definition: Arc::new(Definition { deadline: None, channels: None, steps }),
        }
    }
}

/// What is remembered of a flow over restarts, beside its runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowMemory {
    /// Up to when its schedule has been seen to.
    pub seen_to: Option<Timestamp>,
    /// When the automatic runs began that its budget counts.
    pub begun: Vec<Timestamp>,
    /// Runs were suppressed since the last one that began, and that was told.
    pub suppressed: bool,
    /// The last run that was to heal a monitor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healed: Option<Box<Healed>>,
    /// The last run that succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub good: Option<Box<GoodRun>>,
    /// How long each step took, by its name, in microseconds, the last [`FlowMemory::TIMES`] times that it succeeded at the
    /// first attempt.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub took: BTreeMap<Arc<str>, VecDeque<u64>>,
    /// Since when it has been out of the configuration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed: Option<Timestamp>,
}

impl FlowMemory {
    /// So many times are remembered of each step.
    pub const TIMES: usize = 20;
}

/// A run that succeeded, as far as the next one that fails is held against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoodRun {
    /// Which.
    pub run: RunId,
    /// When it ended.
    pub ended: Timestamp,
    /// What it did.
    pub definition: Arc<Definition>,
    /// What the commands of its steps ran, by the steps' names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub programs: BTreeMap<Arc<str>, ProgramFile>,
}

/// How a run ended that was to heal monitors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Healed {
    /// Those.
    pub monitors: Vec<Arc<str>>,
    /// When it ended.
    pub ended: Timestamp,
    /// Why it did not do its work; nothing if it did.
    pub error: Option<RemedyError>,
}

/// What a run of a flow does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// A run that has not ended by then is ended. Time that the machine sleeps does not count.
    pub deadline: Option<Duration>,
    /// Who is told of a failed run: names of channels. `None` leaves it to [`crate::config::AlertPolicy::channels`].
    pub channels: Option<Vec<String>>,
    /// Its steps, in the order of the file; at least one. Names are unique, and no chain of [`Step::needs`] comes back to
    /// where it began.
    pub steps: Vec<Step>,
}

impl Definition {
    /// It takes no longer than this, if all goes as it should.
    const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
    /// What a program may take to do what is wanted.
    const OF_PROGRAM: Duration = Duration::from_secs(30 * 60);

    /// How long a run may take at most.
    pub(crate) fn longest(&self) -> Duration {
        let steps = self.steps.iter().map(Step::longest).fold(Duration::ZERO, Duration::saturating_add);
        self.deadline.unwrap_or(steps).min(Self::LONGEST)
    }
}

/// A time at which a run begins by itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Again and again, so long apart.
    Interval(Duration),
    /// Whenever a cron expression says so.
    Cron(Cron),
}

/// What becomes of the times of a schedule that passed while the machine was off or asleep, or Estatus did not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CatchUp {
    /// Nothing.
    None,
    /// One run makes up for all of them.
    #[default]
    Latest,
    /// Each has its run, one after the other; [`CatchUp::ALL_MAX`] at most.
    All,
}

impl CatchUp {
    /// So many missed times are made up for, the newest ones.
    pub const ALL_MAX: usize = 100;
}

/// What becomes of a run that is due while another of its flow goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// It is left out.
    #[default]
    Skip,
    /// It begins when the other has ended; [`Overlap::QUEUE_MAX`] may wait.
    Queue,
    /// The other is cancelled, and it begins when that has ended.
    Replace,
}

impl Overlap {
    /// So many runs may wait for their turn; further ones are left out.
    pub const QUEUE_MAX: usize = 100;
}

/// So many runs that nobody asked for may begin within a while. One that waits for its turn is counted when it begins; as long
/// as it waits, no others are taken than may begin beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// So many; at least 1.
    pub runs: u32,
    /// Within this.
    pub within: Duration,
}

/// One task of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its name, unique within its flow.
    pub name: Arc<str>,
    /// What it does.
    pub action: StepAction,
    /// The steps that must have ended before it begins, by their places.
    pub needs: Vec<usize>,
    /// Whether it begins then. Where nothing is said: if all that it needs succeeded.
    pub when: Option<When>,
    /// It begins then whatever became of the others, even if the run is to end.
    pub always: bool,
    /// Whether it is tried again when it fails.
    pub retry: Option<Retry>,
    /// What its failure means for the run.
    pub on_failure: OnFailure,
    /// What it comes to if nobody knows how it ended.
    pub after_crash: AfterCrash,
    /// The command that takes back what it did, run when it has succeeded and its run fails all the same: that of the step
    /// that ended last first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<CommandLine>,
}

impl Step {
    /// A step that needs those at `needs`, with every default.
    pub fn new(name: &str, action: StepAction, needs: Vec<usize>) -> Self {
        Self {
            name: name.into(),
            action,
            needs,
            when: None,
            always: false,
            retry: None,
            on_failure: OnFailure::default(),
            after_crash: AfterCrash::default(),
            undo: None,
        }
    }
    /// What stands for the step called `name` in the names of environment variables: its letters and digits in capitals, and
    /// `_` for anything else.
    pub fn variable(name: &str) -> String {
        name.chars().flat_map(char::to_uppercase).map(|it| if it.is_alphanumeric() { it } else { '_' }).collect()
    }

    /// How many times it is begun at most.
    pub(crate) fn attempts(&self) -> u32 {
        self.retry.as_ref().map_or(1, |retry| retry.times.saturating_add(1))
    }

    fn longest(&self) -> Duration {
        let once = match &self.action {
            StepAction::Run { timeout, .. } => *timeout,
            StepAction::Check { .. } => StepAction::WITHIN,
            StepAction::WaitUntil { within, .. } => *within,
            StepAction::Program { .. } => Definition::OF_PROGRAM,
            StepAction::Wait { lasts } => *lasts,
            StepAction::Http { request } => request.timeout,
            StepAction::Tell { .. } => Duration::ZERO,
            StepAction::Approve { within, .. } => *within,
            StepAction::Flow { .. } => Definition::LONGEST,
        };
        let again = |retry: &Retry| once.saturating_add(retry.max_wait).saturating_mul(retry.times);
        once.saturating_add(self.retry.as_ref().map(again).unwrap_or_default())
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StepAction {
    /// Runs a command; done when it has ended with exit code 0.
    Run {
        /// The command. What it has left in the background when it ends by itself lives on.
        command: CommandLine,
        /// When this has passed, its whole process tree is ended.
        timeout: Duration,
    },
    /// Probes a monitor's check once; done if it passes.
    Check {
        /// The monitor.
        monitor: Arc<str>,
    },
    /// Probes a monitor's check until it passes.
    WaitUntil {
        /// The monitor.
        monitor: Arc<str>,
        /// It must pass within this. Time that the machine sleeps does not count.
        within: Duration,
    },
    /// Has a program started, restarted or stopped; done when it is ready, or proven stopped.
    Program {
        /// What is wanted of it.
        action: ProgramAction,
        /// The program.
        program: Arc<str>,
    },
    /// Lets time pass.
    Wait {
        /// So much.
        lasts: Duration,
    },
    /// Sends a request; done if the answer is as it should be.
    Http {
        /// The request.
        request: Box<HttpRequest>,
    },
    /// Sends a message; done when it is on its way.
    Tell {
        /// Names of the channels. `None` leaves it to [`crate::config::AlertPolicy::channels`].
        channels: Option<Vec<String>>,
        /// What is told.
        text: Text,
    },
    /// Asks a person; done when somebody approves.
    Approve {
        /// What is asked.
        question: Text,
        /// Names of the channels that ask. `None` leaves it to [`crate::config::AlertPolicy::channels`].
        channels: Option<Vec<String>>,
        /// Somebody must have answered within this.
        within: Duration,
        /// What it comes to if nobody has.
        otherwise: Otherwise,
    },
    /// Runs another flow; done when that run has succeeded. No chain of these comes back to where it began.
    Flow {
        /// Which.
        flow: Arc<str>,
    },
}

/// What a step that asks a person comes to if nobody answers in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It has failed.
    #[default]
    Fail,
    /// It has succeeded.
    Continue,
}

impl StepAction {
    /// `timeout` of a command where nothing is said.
    pub const TIMEOUT: Duration = Duration::from_secs(10 * 60);
    /// `within` of a wait for a monitor where nothing is said.
    pub const WITHIN: Duration = Duration::from_secs(60);
    /// `within` of a question where nothing is said.
    pub const ANSWER_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);

    /// The flow that it runs, if that is what it does.
    pub fn flow(&self) -> Option<&Arc<str>> {
        if let Self::Flow { flow } = self { Some(flow) } else { None }
    }
}

/// When a step begins: if each of these is so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct When {
    /// These steps, by their places, failed.
    pub failed: Vec<usize>,
    /// These succeeded.
    pub succeeded: Vec<usize>,
    /// These were skipped.
    pub skipped: Vec<usize>,
}

/// A step that fails is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    /// So many times at most, beside the first.
    pub times: u32,
    /// So long after the first failure; twice as long after each further one, a fifth more or less.
    pub wait: Duration,
    /// But no longer than this.
    pub max_wait: Duration,
    /// Only after such failures; after any if there are none.
    pub on: Vec<RetryOn>,
}

impl Retry {
    /// `times` where nothing is said.
    pub const TIMES: u32 = 3;
    /// `wait` where nothing is said.
    pub const WAIT: Duration = Duration::from_secs(1);
    /// `max_wait` where nothing is said.
    pub const MAX_WAIT: Duration = Duration::from_secs(60);
}

/// A failure after which a step is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryOn {
    /// Its command ended so.
    Exit(Exit),
    /// It had its time.
    Timeout,
}

/// What a step's failure means for its run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The run has failed, unless a step is there for that ([`When::failed`]).
    #[default]
    Fail,
    /// The run goes on as if it had succeeded.
    Continue,
    /// The same as [`OnFailure::Fail`], and this flow is run. What is run so, or by that, runs no further one.
    Flow(Arc<str>),
}

/// What a step comes to whose end nobody saw, since Estatus and what supervised it were killed, or the machine was
/// switched off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterCrash {
    /// It has failed.
    #[default]
    Fail,
    /// It is done again.
    Rerun,
    /// It has succeeded if this monitor's check passes.
    Check(Arc<str>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_a_step_are_named_after_it() {
        for (name, expected) in
            [("look", "LOOK"), ("is it up?", "IS_IT_UP_"), ("señal-2", "SEÑAL_2"), ("检查", "检查"), ("", "")]
        {
            assert_eq!(Step::variable(name), expected);
        }
    }
}
