//! Remedies: what is done when a monitor goes down, and how it went.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{command::CommandLine, exit::Exit, observation::Failure, program::StartFailure};

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
        match self {
            Self::Restart(program) | Self::Start(program) | Self::Stop(program) => Some(program),
            Self::Run { .. } => None,
        }
    }

    /// It as it is remembered and told.
    pub fn kind(&self) -> RemedyKind {
        match self {
            Self::Restart(program) => RemedyKind::Restart { program: program.to_string() },
            Self::Start(program) => RemedyKind::Start { program: program.to_string() },
            Self::Stop(program) => RemedyKind::Stop { program: program.to_string() },
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
    /// Ran a command.
    Run {
        /// Which.
        command: String,
    },
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

/// Why a remedy could not be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RemedyError {
    /// The program could not be started.
    CannotStart {
        /// Why not.
        failure: StartFailure,
    },
    /// The program was not ready in time.
    NotReady {
        /// The time it had.
        within: Duration,
    },
    /// The program ended before it was ready.
    Ended {
        /// How.
        exit: Exit,
    },
    /// The program has been started too many times and is cooling.
    Cooling,
    /// The user stopped the program, and that holds.
    StoppedByUser,
    /// The program has ended as its restart policy wants.
    Finished,
    /// The command could not be run.
    Command {
        /// Why not, in English, or as the operating system said it.
        error: String,
    },
    /// The command ended, but not well.
    CommandEnded {
        /// How.
        exit: Exit,
    },
    /// The command had not ended when it had had its time.
    CommandTimedOut {
        /// Its time.
        within: Duration,
    },
    /// Estatus was restarted meanwhile.
    Interrupted,
    /// The configuration no longer names it.
    Gone,
    /// Its monitor was paused meanwhile, or is not enabled any more.
    Paused,
    /// The configuration has another remedy now.
    Changed,
}
