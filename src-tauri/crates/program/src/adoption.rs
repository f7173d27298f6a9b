//! What can be said of a process before it is adopted.

use std::io;

use estatus_core::program::ProcessId;

use crate::{platform, shim_command::ShimCommand};

/// Whether a process can be asked to end once it is adopted; one that cannot is only killed. Nothing of one that has ended. Shims
/// are started by `shim`.
///
/// # Errors
/// If this user may not end it.
pub fn can_be_asked(process: ProcessId, shim: &ShimCommand) -> io::Result<Option<bool>> {
    platform::can_be_asked(process, shim)
}
