//! What can be said of a process before it is adopted.

use std::io;

use estatus_core::program::ProcessId;

use super::{
    close::have_windows,
    console::{self, Consoles},
    descent::{ancestors, descendants},
    outsider::Outsider,
    process::{Process, identity},
};
use crate::shim_command::ShimCommand;

/// Whether this process, or one that came of it, has a window or is on a console on which nobody else would be asked. Nothing of
/// one that has ended.
///
/// # Errors
/// If this user may not end it.
pub(crate) fn can_be_asked(process: ProcessId, shim: &ShimCommand) -> io::Result<Option<bool>> {
    let Some(_held) = Process::hold(process)? else { return Ok(None) };
    let pids: Vec<u32> = descendants(&[process])?.iter().map(Outsider::pid).collect();
    if have_windows(&pids) {
        return Ok(Some(true));
    }
    let of: Vec<ProcessId> = pids.iter().filter_map(|&pid| identity(pid).ok().flatten()).collect();
    // Whoever asks this has ended when the process is to.
    let shared_with: Vec<u32> = ancestors(&pids)?.into_iter().chain([std::process::id()]).collect();
    console::can_be_pressed_on(&Consoles { of: &of, shared_with: Some(&shared_with) }, shim).map(Some)
}
