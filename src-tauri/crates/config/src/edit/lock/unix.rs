//! Edits on Unix exclude each other by a lock on the file itself; `windows.rs` is the twin.

use std::{
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::MetadataExt,
    path::Path,
};

/// The lock, or nothing if somebody else holds it.
pub(in super::super) fn try_take(file: &Path) -> io::Result<Option<File>> {
    let held = File::options().read(true).write(true).open(file).or_else(|_| File::open(file))?;
    match held.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        // Not every network drive has locks.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(Some(held)),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    // Whoever held it may have put another file in this one's place.
    let (ours, there) = (held.metadata()?, fs::metadata(file)?);
    Ok((ours.dev() == there.dev() && ours.ino() == there.ino()).then_some(held))
}
