//! What is to be done with a program's process, and what comes back of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ProcessId;
use crate::{command::CommandOutcome, exit::Exit, ids::StartId, outside::cut};

/// What is to be done with a program's process: the program's machine says it, and it goes as it is to whoever carries it
/// out.
#[derive(Clone, Debug, PartialEq)]
pub enum ProgramCommand {
    /// Look whether it runs already; [`ProgramEvent::Found`] comes back.
    Look,
    /// Start it; [`ProgramEvent::Started`] or [`ProgramEvent::CannotStart`] comes back, and in the end
    /// [`ProgramEvent::Exited`].
    Start {
        /// The number of this start.
        start: StartId,
        /// What it finds in its environment.
        environment: StartEnvironment,
        /// The process that is to be taken for it instead of a new one.
        adopt: Option<ProcessId>,
    },
    /// Stop it as its stop policy says; [`ProgramEvent::Exited`] comes back.
    Stop {
        /// The start that is to end.
        start: StartId,
    },
    /// Measure it; [`ProgramEvent::Measured`] comes back.
    Measure {
        /// The start that is to be measured.
        start: StartId,
        /// Whether it is also to be seen which ports it listens on.
        ports: bool,
    },
    /// Whoever supervises it may go: it does not run, and is not to be started.
    Release,
}

/// What a program finds in its environment, to go on where it stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartEnvironment {
    /// `ESTATUS_RESTARTS`: how many times it has been started again since somebody started it.
    pub restarts: u64,
    /// `ESTATUS_LAST_EXIT`: how it ended the last time.
    pub last_exit: Option<Exit>,
}

/// Why a program could not be started. [`crate::words::Words::start_failure`] puts it in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StartFailure {
    /// There is no such executable.
    ProgramMissing {
        /// What was looked for.
        program: String,
    },
    /// It may not be executed, or is nothing that can be.
    NotExecutable {
        /// What was tried.
        program: String,
        /// What the operating system said.
        error: String,
    },
    /// The directory in which it should run does not exist.
    DirectoryMissing {
        /// The directory.
        directory: String,
    },
    /// A port that it is going to listen on is taken by somebody else.
    PortHeld {
        /// The port.
        port: u16,
        /// Who holds it, like `node (pid 4711)`, if that can be seen.
        holder: Option<String>,
    },
    /// A secret that it needs cannot be fetched.
    Secret {
        /// Why not.
        error: String,
    },
    /// The process that was to be adopted is gone.
    AdoptedGone {
        /// Its pid.
        pid: u32,
    },
    /// Something else.
    Refused {
        /// What the operating system said.
        error: String,
    },
}

impl StartFailure {
    /// Whether trying again soon is of no use.
    pub const fn is_lasting(&self) -> bool {
        match self {
            Self::ProgramMissing { .. }
            | Self::NotExecutable { .. }
            | Self::DirectoryMissing { .. }
            | Self::Secret { .. } => true,
            Self::PortHeld { .. } | Self::AdoptedGone { .. } | Self::Refused { .. } => false,
        }
    }
}

/// What happened to a program; told with the start it concerns, so that news of an older one can be told apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum ProgramEvent {
    /// It was looked for. That is told as well when whoever supervised it has been lost and it was looked for again.
    Found(Found),
    /// It was started, or adopted.
    Started {
        /// Which start.
        start: StartId,
        /// Its first process.
        process: ProcessId,
    },
    /// It could not be started.
    CannotStart {
        /// Which start.
        start: StartId,
        /// Why not.
        failure: StartFailure,
    },
    /// It said that it is ready, by `READY=1` or by the line that was waited for.
    Ready {
        /// Which start.
        start: StartId,
    },
    /// It said how it is (`STATUS=`).
    Said {
        /// Which start.
        start: StartId,
        /// What it said: text of the outside world.
        status: String,
    },
    /// It promised to say every now and then that it lives (`WATCHDOG=1`), and did not.
    Silent {
        /// Which start.
        start: StartId,
    },
    /// Its first process has ended, and its other processes were ended.
    Exited(Ended),
    /// It was measured.
    Measured {
        /// Which start.
        start: StartId,
        /// The memory of all its processes, in bytes.
        memory: u64,
        /// The CPU of all its processes since the last measurement, in percent of one core; nothing at the first.
        cpu: Option<f64>,
        /// The TCP ports that its processes listen on, if that was asked.
        #[serde(default)]
        ports: Option<Vec<u16>>,
    },
}

/// How a program was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "found")]
pub enum Found {
    /// Nothing of it runs, and it has not run since this machine was booted.
    Nothing,
    /// It runs.
    Running {
        /// Which start.
        start: StartId,
        /// Its first process.
        process: ProcessId,
        /// When it was started.
        since: Timestamp,
        /// Whether it has said that it is ready.
        ready: bool,
    },
    /// It has run since this machine was booted, and has ended.
    Ended(Ended),
}

/// How a start of a program ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    /// Which start.
    pub start: StartId,
    /// How.
    pub exit: Exit,
    /// When.
    pub at: Timestamp,
    /// What of it could not be ended.
    #[serde(default)]
    pub left: Vec<Leftover>,
    /// The last lines it wrote, the oldest first; at most [`Ended::TAIL_LINES`], each of at most
    /// [`Ended::TAIL_LINE_LIMIT`] bytes. Text of the outside world.
    #[serde(default)]
    pub tail: Vec<String>,
    /// The processes that it had left in the background when its first process ended by itself; they were ended. At most
    /// [`Ended::BACKGROUND_LIMIT`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub background: Vec<LeftBehind>,
    /// By whom.
    #[serde(default, skip_serializing_if = "EndedBy::is_itself")]
    pub by: EndedBy,
}

impl Ended {
    /// The most processes of [`Ended::background`].
    pub const BACKGROUND_LIMIT: usize = 5;
    /// The most lines of [`Ended::tail`].
    pub const TAIL_LINES: usize = 40;
    /// The most bytes of each.
    pub const TAIL_LINE_LIMIT: usize = 400;

    /// An end of which no more is known.
    pub const fn new(start: StartId, exit: Exit, at: Timestamp) -> Self {
        Self { start, exit, at, left: Vec::new(), tail: Vec::new(), background: Vec::new(), by: EndedBy::Itself }
    }

    /// What it had left in the background although it said that all went well: it went there itself, as daemons do.
    pub fn daemon(&self) -> Option<&LeftBehind> {
        self.background.first().filter(|_| self.exit.is_success())
    }

    /// The last lines that a command wrote, as they are kept.
    pub fn tail_of(outcome: &CommandOutcome) -> Vec<String> {
        let lines: Vec<&str> = outcome.stdout.lines().chain(outcome.stderr.lines()).collect();
        let surplus = lines.len().saturating_sub(Self::TAIL_LINES);
        lines.into_iter().skip(surplus).map(|line| cut(line.to_owned(), Self::TAIL_LINE_LIMIT)).collect()
    }
}

/// By whom a start was brought to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndedBy {
    /// By itself, or by somebody who is no business of ours.
    #[default]
    Itself,
    /// By us: it was to be stopped.
    Stop,
    /// By us: a command had had its time.
    Limit,
}

impl EndedBy {
    fn is_itself(&self) -> bool {
        *self == Self::Itself
    }
}

/// A process that a program had left in the background.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBehind {
    /// Its pid.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

/// Something that a stop could not do away with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "left")]
pub enum Leftover {
    /// A process of its tree is alive.
    Process {
        /// Its pid.
        pid: u32,
        /// Its name.
        name: String,
    },
    /// A port that it held is still taken.
    Port {
        /// The port.
        port: u16,
        /// Who holds it, like `node (pid 4711)`, if that can be seen.
        holder: Option<String>,
    },
}
