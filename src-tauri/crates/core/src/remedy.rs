//! Remedies: what is done when a monitor goes down, and how it went.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::undone::RemedyError;
use crate::{command::CommandLine, ids::RunId, observation::Failure, program::ProgramAction};

/// What a monitor's `on_down` does.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// What is done.
    pub action: RemedyAction,
    /// So many tries, then the incident escalates; at least 1.
    pub tries: u32,
    /// The monitor must succeed within this after the remedy was done and the program is ready.
    pub passes_within: Duration,
}

impl Remedy {
    /// `tries` where nothing is said.
    pub const TRIES: u32 = 3;
    /// `within` where nothing is said.
    pub const PASSES_WITHIN: Duration = Duration::from_secs(30);

    /// A remedy with every default.
    pub fn new(action: RemedyAction) -> Self {
        Self { action, tries: Self::TRIES, passes_within: Self::PASSES_WITHIN }
    }
}

/// What a remedy does.
#[derive(Clone, Debug, PartialEq)]
pub enum RemedyAction {
    /// Restarts this program.
    Restart(Arc<str>),
    /// Starts this program.
    Start(Arc<str>),
    /// Stops this program, for good.
    Stop(Arc<str>),
    /// Begins a run of this flow.
    Flow(Arc<str>),
    /// Runs a command.
    Run {
        /// The command; it finds the monitor in `ESTATUS_MONITOR`. What it has left in the background when it ends by
        /// itself lives on.
        command: CommandLine,
        /// When this has passed, its whole process tree is ended.
        timeout: Duration,
    },
}

impl RemedyAction {
    /// The program it concerns.
    pub fn program(&self) -> Option<&Arc<str>> {
        self.on_program().map(|(_, program)| program)
    }

    /// What it wants of a program, and of which.
    pub fn on_program(&self) -> Option<(ProgramAction, &Arc<str>)> {
        match self {
            Self::Restart(program) => Some((ProgramAction::Restart, program)),
            Self::Start(program) => Some((ProgramAction::Start, program)),
            Self::Stop(program) => Some((ProgramAction::Stop, program)),
            Self::Flow(_) | Self::Run { .. } => None,
        }
    }

    /// It as it is remembered and told.
    pub fn kind(&self) -> RemedyKind {
        match self {
            Self::Restart(program) => RemedyKind::Restart { program: program.to_string() },
            Self::Start(program) => RemedyKind::Start { program: program.to_string() },
            Self::Stop(program) => RemedyKind::Stop { program: program.to_string() },
            Self::Flow(flow) => RemedyKind::Flow { flow: flow.to_string() },
            Self::Run { command, .. } => RemedyKind::Run { command: command.to_string() },
        }
    }
}

/// What a remedy did, as it is remembered and told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "deed")]
pub enum RemedyKind {
    /// Restarted a program.
    Restart {
        /// Which.
        program: String,
    },
    /// Started a program.
    Start {
        /// Which.
        program: String,
    },
    /// Stopped a program.
    Stop {
        /// Which.
        program: String,
    },
    /// Ran a flow.
    Flow {
        /// Which.
        flow: String,
    },
    /// Ran a command.
    Run {
        /// Which.
        command: String,
    },
}

impl RemedyKind {
    /// Whether a try that Estatus was restarted in is gone on with: what it has begun has an identity by which it is found
    /// again.
    pub(crate) const fn is_resumed(&self) -> bool {
        matches!(self, Self::Flow { .. } | Self::Run { .. })
    }
}

/// One try to heal an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// What was done.
    pub deed: RemedyKind,
    /// When it began.
    pub began: Timestamp,
    /// When its outcome was known.
    pub ended: Option<Timestamp>,
    /// How it went; nothing while it is under way.
    pub outcome: Option<Outcome>,
    /// The last lines that the program wrote before it ended, or that the command wrote: text of the outside world.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
    /// The run of the flow that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// How a try to heal an incident went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "of")]
pub enum Outcome {
    /// The monitor succeeded afterwards.
    Healed,
    /// It was done, and the monitor failed all the same.
    StillDown(Failure),
    /// It could not be done.
    NotDone(RemedyError),
}
