//! Puts a new file in the old one's place, so that there is always one or the other.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use estatus_access::replace;

/// How many names are tried for the new file: one that was left behind by a process that was killed may be in the way.
const NAMES: u32 = 1000;

/// Saves `text` as `file`, with the permissions that the file has.
pub(crate) fn save(file: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let file = file.canonicalize()?;
    let permissions = fs::metadata(&file)?.permissions();
    put(&file, text, Some(permissions))
}

/// Puts a file that holds `text` at `file`, whatever was there, so that whoever reads finds all of the old file or all of the
/// new one. A link is replaced, not followed. Where no permissions are said, it is private.
///
/// # Errors
/// What the system says; the old file is still there then.
pub fn put(file: &Path, text: &str, permissions: Option<Permissions>) -> io::Result<()> {
    let (aside, mut new) = make(file, permissions.as_ref())?;
    let written = new.write_all(text.as_bytes()).and_then(|()| {
        if let Some(permissions) = permissions {
            // The process may have left some of them out when it made the file.
            new.set_permissions(permissions)?;
        }
        new.sync_all()?;
        replace(&aside, file)
    });
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}

/// Makes a file of its own beside `file`, at no moment with more than `permissions`.
pub(super) fn make(file: &Path, permissions: Option<&Permissions>) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    for _ in 0..NAMES {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let aside = file.with_file_name(format!(".{name}.{}-{number}.new", process::id()));
        match options(permissions).open(&aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|new| (aside, new)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(unix)]
fn options(permissions: Option<&Permissions>) -> OpenOptions {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(permissions.map_or(0o600, |it| it.mode() & 0o777));
    options
}

#[cfg(windows)]
fn options(_permissions: Option<&Permissions>) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options
}
