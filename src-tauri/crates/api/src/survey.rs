//! What runs on this machine, and may be taken for a program.

use std::{path::PathBuf, sync::Arc};

use estatus_core::program::ProcessId;
use serde::{Deserialize, Serialize};

/// A process that could be watched or kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Surveyed {
    /// It; its number and when it started.
    pub process: ProcessId,
    /// Its name as the system shows it.
    pub name: String,
    /// Its command line: text of the outside world.
    pub command_line: String,
    /// The same as a list of words, if that is known.
    pub words: Vec<String>,
    /// Where it runs, if that may be known.
    pub directory: Option<PathBuf>,
    /// The TCP ports it listens on, if any.
    pub ports: Vec<u16>,
    /// The program of the configuration that it belongs to.
    pub program: Option<Arc<str>>,
    /// What keeps it running already, beside Estatus: PM2, systemd with the name of its unit, … Kept by two, it would be
    /// started twice.
    pub keeper: Option<String>,
}

/// A process as it would be if a program became it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Adoptable {
    /// Whether it can be asked to end; one that cannot is only killed. Nothing of one that has ended meanwhile.
    pub can_be_asked: Option<bool>,
}
