//! A command to run to its end, and how it ended.

use std::{fmt, path::PathBuf, time::Duration};

use crate::secret::SecretRef;

/// A command to run to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// How a command is started.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// One execution of a command: what it is given and how far it may go.
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
    /// What becomes of what it has left in the background once it has ended by itself.
    pub background: Background,
    /// Whose command it is, if that one may have only one at a time, also over a restart of Estatus. Where one runs
    /// already, no second one is started: the same goes on, and how it ends is the outcome; another is ended first.
    pub owner: Option<String>,
    /// How many bytes of standard output and standard error are kept, each; the rest is read and thrown away.
    pub output_limit: usize,
}

/// What becomes of what a command has left in the background once it has ended by itself. At its timeout, or when nobody
/// waits for it any more, all that it has started is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// It is ended: nothing of a question outlives its answer.
    Ends,
    /// It lives on, as a daemon does that the command is there to start.
    LivesOn,
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
    /// By itself, and nobody saw how: Estatus was restarted while it ran.
    Unseen,
    /// It could not be started.
    CannotStart(String),
}
