//! How a process ended.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a process ended. [`crate::words::Words::exit`] says what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "exit", content = "of")]
pub enum Exit {
    /// By itself, with this exit code; on Windows also what the system says of a crash (an NTSTATUS).
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody saw it: it was not our child, or who watched it was killed.
    Unseen,
}

impl Exit {
    /// Whether it says that all went well.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl fmt::Display for Exit {
    /// As `ESTATUS_LAST_EXIT` has it: the exit code, `SIGKILL`, or `unseen`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Signal(number) => match signal_name(*number) {
                Some(name) => f.write_str(name),
                None => write!(f, "signal {number}"),
            },
            Self::Unseen => f.write_str("unseen"),
        }
    }
}

/// A signal that a program can be asked to stop with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// SIGTERM; on Windows Ctrl-C, and its windows are closed.
    #[default]
    Term,
    /// SIGINT; on Windows Ctrl-C alone.
    Int,
    /// SIGQUIT; on Windows Ctrl-Break.
    Quit,
    /// SIGHUP; on Windows its windows are closed.
    Hup,
    /// SIGUSR1; on Windows as [`Signal::Term`].
    Usr1,
    /// SIGUSR2; on Windows as [`Signal::Term`].
    Usr2,
    /// SIGKILL, without a chance to tidy up.
    Kill,
}

impl Signal {
    /// Every signal that can be asked for.
    pub const ALL: [Self; 7] = [Self::Term, Self::Int, Self::Quit, Self::Hup, Self::Usr1, Self::Usr2, Self::Kill];

    /// Its name in POSIX.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Term => "SIGTERM",
            Self::Int => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Hup => "SIGHUP",
            Self::Usr1 => "SIGUSR1",
            Self::Usr2 => "SIGUSR2",
            Self::Kill => "SIGKILL",
        }
    }
}

/// The numbers and names of signals on Linux (signal(7)), as far as they end processes.
const SIGNALS: [(i32, &str); 22] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (10, "SIGUSR1"),
    (11, "SIGSEGV"),
    (12, "SIGUSR2"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
    (16, "SIGSTKFLT"),
    (24, "SIGXCPU"),
    (25, "SIGXFSZ"),
    (26, "SIGVTALRM"),
    (27, "SIGPROF"),
    (29, "SIGIO"),
    (31, "SIGSYS"),
];

/// The name of a signal.
pub fn signal_name(number: i32) -> Option<&'static str> {
    SIGNALS.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The number of a signal by its name, like `SIGTERM`.
pub fn signal_number(name: &str) -> Option<i32> {
    SIGNALS.iter().find(|(_, known)| *known == name).map(|(number, _)| *number)
}
