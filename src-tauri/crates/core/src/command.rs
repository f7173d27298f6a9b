//! A command to run to its end, and how it ended.

use std::{fmt, path::PathBuf, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ids::StartId, secret::SecretRef};

/// A command to run to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// A program's name or path, with its arguments; or one line for the system's shell.
    pub run: Run,
    /// Where it runs; where Estatus runs if none is named.
    pub directory: Option<PathBuf>,
    /// Variables it finds beside those of Estatus.
    pub env: Vec<(String, String)>,
    /// Variables whose values are secrets.
    pub secret_env: Vec<(String, SecretRef)>,
}

impl CommandLine {
    /// One that runs where Estatus does, with no variables of its own.
    pub const fn new(run: Run) -> Self {
        Self { run, directory: None, env: Vec::new(), secret_env: Vec::new() }
    }

    /// Every place where a secret is kept that it finds.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        self.secret_env.iter().map(|(_, place)| place)
    }
}

/// How a command is started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Run {
    /// By the system's shell (`/bin/sh -c` or `cmd /c`), as typed.
    Shell(String),
    /// Straight, without a shell.
    Program {
        /// The program's name or path.
        program: String,
        /// Its arguments.
        args: Vec<String>,
    },
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.run {
            Run::Shell(line) => f.write_str(line),
            Run::Program { program, args } => {
                f.write_str(program)?;
                args.iter().try_for_each(|arg| write!(f, " {arg}"))
            }
        }
    }
}

/// One execution of a command that ends with Estatus at the latest: what it is given and how far it may go. When it has
/// ended, so has everything that it started, in the background too: nothing of a question outlives its answer.
#[derive(Clone, Debug)]
pub struct CommandRun {
    /// What is run.
    pub command: CommandLine,
    /// Further variables, of this execution alone.
    pub env: Vec<(String, String)>,
    /// What it reads from its standard input.
    pub stdin: Option<String>,
    /// When this has passed, the whole process tree is ended.
    pub timeout: Duration,
    /// How many bytes of standard output and standard error are kept, each; the rest is read and thrown away.
    pub output_limit: usize,
}

/// One execution of a command that is known over a restart of Estatus: it goes on without Estatus, and the next engine learns
/// its end.
///
/// An owner has one at a time. Where the very same execution runs already or has ended, it is not begun again: how it ends,
/// or has ended, is the outcome. Where an earlier one of its owner runs, the same command is not begun beside it: how that
/// one ends is the outcome; another command is ended first.
///
/// What it has left in the background when it ends by itself lives on, as a daemon does that it is there to start. At its
/// timeout, or when it is cancelled, all that it has started is ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurableCommand {
    /// Whose command it is.
    pub owner: String,
    /// Which of its executions.
    pub start: StartId,
    /// What is run.
    pub command: CommandLine,
    /// Further variables, of this execution alone.
    pub env: Vec<(String, String)>,
    /// When this has passed, the whole process tree is ended.
    pub timeout: Duration,
}

impl DurableCommand {
    /// Whose command that of the step called `step` of a flow is: one at a time, whatever the run.
    pub fn owner_of_step(flow: &str, step: &str) -> String {
        format!("step {step} of flow {flow}")
    }
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOutcome {
    /// How it ended.
    pub end: CommandEnd,
    /// What it wrote to standard output, as UTF-8, up to the limit.
    pub stdout: String,
    /// What it wrote to standard error, as UTF-8, up to the limit.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
    /// What it ran, if that is known.
    pub program: Option<ProgramFile>,
}

/// The file that a command runs, as far as it tells whether that is another one than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramFile {
    /// Where it is: the program, or the script that the command line names first.
    pub path: PathBuf,
    /// When it was written last.
    pub modified: Timestamp,
    /// How many bytes it has.
    pub size: u64,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandEnd {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal that was not ours.
    Signaled(i32),
    /// By us, at its timeout. Processes that could not be ended are named.
    TimedOut {
        /// What is left of its process tree; empty when all of it is gone.
        left: Vec<u32>,
    },
    /// By itself, and nobody saw how: Estatus and the process that supervised it were killed while it ran.
    Unseen,
    /// Before its time, by us: nobody wanted it any more; or with the machine.
    Cancelled,
    /// It could not be started.
    CannotStart(String),
}
