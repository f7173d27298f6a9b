//! One edit of a file at a time, in whatever process: a later one edits what an earlier one made.

use std::{
    fs::File,
    io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

#[cfg_attr(unix, path = "lock/unix.rs")]
#[cfg_attr(windows, path = "lock/windows.rs")]
mod platform;

/// Another edit takes milliseconds; whoever holds the file for so long does not edit it.
const PATIENCE: Duration = Duration::from_secs(10);
/// It is tried again after this.
const AGAIN: Duration = Duration::from_millis(10);

/// The right to edit a file; it is held until dropped, or until its process is gone.
pub(super) struct Lock {
    _file: File,
}

/// Waits until nobody else edits `file`, for ten seconds at most.
pub(super) fn take(file: &Path) -> io::Result<Lock> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(held) = platform::try_take(file)? {
            return Ok(Lock { _file: held });
        }
        if Instant::now() > end {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "another process is editing it; try it again"));
        }
        thread::sleep(AGAIN);
    }
}
