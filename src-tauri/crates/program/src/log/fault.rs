//! Faults for tests: a kill at any step, and a disk that is full.

use std::{
    cell::Cell,
    fs::File,
    io::{self, Write},
    panic::resume_unwind,
};

thread_local! {
    /// After so many steps the capture is killed.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
    /// So many bytes find room on the disk.
    static ROOM: Cell<Option<usize>> = const { Cell::new(None) };
}

struct Killed;

/// Does `act`, unless it is killed after so many steps; gives back as well how many of them are left.
#[cfg(unix)]
pub(super) fn killed_after<T>(steps: u32, act: impl FnOnce() -> T) -> (Option<T>, u32) {
    LEFT.set(Some(steps));
    let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
    let left = LEFT.take().unwrap_or(0);
    match done {
        Ok(done) => (Some(done), left),
        Err(killed) if killed.is::<Killed>() => (None, 0),
        Err(other) => resume_unwind(other),
    }
}

/// From now on so many bytes find room on the disk; `None` is as many as come.
pub(super) fn disk_has(room: Option<usize>) {
    ROOM.set(room);
}

pub(super) fn step() {
    match LEFT.get() {
        Some(0) => resume_unwind(Box::new(Killed)),
        left => LEFT.set(left.map(|left| left - 1)),
    }
}

/// Before a write: it may be killed half way, or find the disk full.
pub(super) fn write(file: &mut File, bytes: &[u8], written: &mut usize) -> io::Result<()> {
    if LEFT.get() == Some(0) {
        file.write_all(&bytes[..bytes.len() / 2])?;
    }
    step();
    let Some(room) = ROOM.get() else { return Ok(()) };
    ROOM.set(Some(room.saturating_sub(bytes.len())));
    if room < bytes.len() {
        file.write_all(&bytes[..room])?;
        *written = room;
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}
