//! What a system says of its processes, in the same words on each.

use std::{path::PathBuf, time::Duration};

use estatus_core::{naming::Called, program::ProcessId};

/// A process, as the system shows it.
#[derive(Clone, Debug)]
pub(crate) struct Running {
    pub(crate) process: ProcessId,
    pub(crate) parent: u32,
    /// On Linux at most 15 bytes, and a script's own name rather than its interpreter's.
    pub(crate) name: String,
    /// `None` where this user may not know it.
    pub(crate) path: Option<PathBuf>,
    /// What it was called by.
    pub(crate) called: PathBuf,
    pub(crate) command_line: String,
    /// The same word by word, where the system keeps it so.
    pub(crate) words: Vec<String>,
    /// Whether this user may look at it.
    pub(crate) may_be_seen: bool,
}

impl Running {
    pub(crate) fn called(&self) -> Called<'_> {
        Called { name: &self.name, path: self.path.as_deref(), started_as: &self.called }
    }
}

/// Somebody who listens on a TCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Listener {
    pub(crate) port: u16,
    /// `None` if this user may not see who it is.
    pub(crate) pid: Option<u32>,
}

/// What processes use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The sum of their resident memory, in bytes; what they share is counted for each.
    pub(crate) memory: u64,
    /// The CPU time they have used; on Linux with that of children of theirs that have ended.
    pub(crate) cpu_time: Duration,
}
