//! The programs that are compared.

use std::{path::PathBuf, time::Duration};

use super::windows::ForWindows;

/// A program to be kept running.
pub(crate) struct Program {
    pub(super) name: String,
    pub(super) command: Vec<String>,
}

impl Program {
    /// No word of `command` has a blank in it.
    pub(crate) fn new<const N: usize>(name: &str, command: [&str; N]) -> Self {
        Self { name: name.to_owned(), command: command.map(str::to_owned).to_vec() }
    }

    /// Its command in one line.
    pub(crate) fn line(&self) -> String {
        self.command.join(" ")
    }
}

/// A program that keeps others running.
pub(crate) enum Peer {
    /// Estatus, as built: where it is.
    Estatus(PathBuf),
    /// supervisord.
    Supervisord,
    /// runit: runsvdir, with a runsv for each program.
    Runit,
    /// Monit: looks at its programs once a second.
    Monit,
    /// Estatus for Windows, as built.
    EstatusForWindows(ForWindows),
    /// NSSM: a service of Windows for each program.
    Nssm(ForWindows),
}

impl Peer {
    /// One word for it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Estatus(_) | Self::EstatusForWindows(_) => "estatus",
            Self::Supervisord => "supervisord",
            Self::Runit => "runit",
            Self::Monit => "monit",
            Self::Nssm(_) => "nssm",
        }
    }

    /// What it runs, if it is for Windows.
    pub(crate) fn for_windows(&self) -> Option<&ForWindows> {
        match self {
            Self::EstatusForWindows(windows) | Self::Nssm(windows) => Some(windows),
            Self::Estatus(_) | Self::Supervisord | Self::Runit | Self::Monit => None,
        }
    }

    /// How many times a program is seen to be started again.
    pub(crate) fn rounds(&self) -> usize {
        match self {
            Self::Estatus(_) => 150,
            Self::Supervisord | Self::Runit | Self::EstatusForWindows(_) | Self::Nssm(_) => 30,
            Self::Monit => 10,
        }
    }

    /// How long a program lives before it ends: so long that it is started again at once.
    pub(crate) fn lives(&self) -> Duration {
        match self {
            // They wait for a second after what has not lived for one.
            Self::Estatus(_) | Self::EstatusForWindows(_) | Self::Runit => Duration::from_millis(1_200),
            Self::Supervisord => Duration::from_millis(100),
            Self::Monit => Duration::from_millis(3_000),
            // It waits after what has not lived for 1.5 s.
            Self::Nssm(_) => Duration::from_millis(2_000),
        }
    }

    /// Whether it is measured how fast it keeps what a program writes.
    pub(crate) fn captures(&self) -> bool {
        matches!(self, Self::Estatus(_) | Self::Supervisord | Self::Runit)
    }

    /// Whether it is measured how fast it heals a page.
    pub(crate) fn checks(&self) -> bool {
        matches!(self, Self::Estatus(_) | Self::Monit)
    }
}
