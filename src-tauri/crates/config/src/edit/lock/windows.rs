//! Edits on Windows exclude each other by a file beside the file, which is gone with its handle: one that is locked could be
//! neither read nor replaced. `unix.rs` is the twin.

use std::{
    fs::{File, OpenOptions},
    io,
    os::windows::fs::OpenOptionsExt,
    path::Path,
};

use windows_sys::Win32::{
    Foundation::{ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION},
    Storage::FileSystem::FILE_FLAG_DELETE_ON_CLOSE,
};

/// The lock, or nothing if somebody else holds it.
pub(in super::super) fn try_take(file: &Path) -> io::Result<Option<File>> {
    let file = file.canonicalize()?;
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).share_mode(0).custom_flags(FILE_FLAG_DELETE_ON_CLOSE);
    match options.open(file.with_file_name(name)) {
        Ok(held) => Ok(Some(held)),
        // The second is what is said of a file that is just being deleted.
        Err(error) if is(&error, ERROR_SHARING_VIOLATION) || is(&error, ERROR_ACCESS_DENIED) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is(error: &io::Error, code: u32) -> bool {
    error.raw_os_error() == Some(code.cast_signed())
}
