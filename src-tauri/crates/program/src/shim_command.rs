//! How a shim is started.

use std::{ffi::OsString, path::PathBuf};

/// How a shim is started: an executable that calls [`crate::shim_main`] with what follows `args`.
#[derive(Clone, Debug)]
pub struct ShimCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its first arguments.
    pub args: Vec<OsString>,
}
