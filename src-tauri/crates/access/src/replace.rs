//! A file in another's place, so that there is always one or the other, although somebody may look at that one.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

/// How many names are tried for the new file: one that was left behind by a process that was killed may be in the way.
const NAMES: u32 = 1000;

/// Puts a file that holds `text` at `file`, whatever was there, so that whoever reads finds all of the old file or all of the
/// new one, even after a loss of power. A link is replaced, not followed. Where no permissions are said, it is private.
///
/// # Errors
/// What the system says; the old file is still there then.
pub fn write_atomically(file: &Path, text: &str, permissions: Option<Permissions>) -> io::Result<()> {
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
fn make(file: &Path, permissions: Option<&Permissions>) -> io::Result<(PathBuf, File)> {
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

/// Moves `new` into the place of `file`, so that there is always one or the other. On Windows whoever has `file` open for
/// a moment, as those do who look for viruses, is in the way of that: it is tried again for up to a second.
///
/// # Errors
/// As of [`fs::rename`].
pub fn replace(new: &Path, file: &Path) -> io::Result<()> {
    again_while_open(|| fs::rename(new, file))
}

#[cfg(unix)]
fn again_while_open(rename: impl Fn() -> io::Result<()>) -> io::Result<()> {
    rename()
}

#[cfg(windows)]
fn again_while_open(rename: impl Fn() -> io::Result<()>) -> io::Result<()> {
    use std::{thread::sleep, time::Duration};
    const TRIES: u32 = 50;
    const PAUSE: Duration = Duration::from_millis(20);
    for _ in 1..TRIES {
        match rename() {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => sleep(PAUSE),
            renamed => return renamed,
        }
    }
    rename()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_has_no_more_permissions_at_any_moment_than_in_the_end_and_nothing_is_left_beside_it() {
        let mode_of = |file: &File| file.metadata().unwrap().permissions().mode() & 0o777;
        for mode in [None, Some(0o600), Some(0o644), Some(0o666), Some(0o444)] {
            let folder = tempfile::tempdir().unwrap();
            let (permissions, mode) = (mode.map(Permissions::from_mode), mode.unwrap_or(0o600));
            let (aside, new) = make(&folder.path().join("file"), permissions.as_ref()).unwrap();
            assert_eq!(mode_of(&new) & !mode, 0, "{:o} is more than {mode:o}", mode_of(&new));
            fs::remove_file(aside).unwrap();
            for text in ["first", "2nd"] {
                let file = folder.path().join("file");
                write_atomically(&file, text, permissions.clone()).unwrap();
                assert_eq!(fs::read_to_string(&file).unwrap(), text);
                assert_eq!(mode_of(&File::open(&file).unwrap()), mode);
            }
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn what_cannot_be_replaced_stays_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("file/full")).unwrap();
        assert!(write_atomically(&folder.path().join("file"), "text", None).is_err());
        assert!(write_atomically(&folder.path().join("none/file"), "text", None).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[cfg(all(test, windows))]
mod tests {
    use std::{os::windows::fs::OpenOptionsExt, sync::mpsc, thread};

    use super::*;

    #[test]
    fn a_file_that_is_open_for_a_moment_is_replaced_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, new) = (folder.path().join("file"), folder.path().join("new"));
        fs::write(&file, "old").unwrap();
        fs::write(&new, "new").unwrap();
        let open = fs::OpenOptions::new().read(true).share_mode(0).open(&file).unwrap();
        let (tell, told) = mpsc::channel::<()>();
        let holder = thread::spawn(move || {
            let _ = told.recv();
            drop(open);
        });
        let tries = std::cell::Cell::new(0);
        let replaced = again_while_open(|| {
            let renamed = fs::rename(&new, &file);
            tries.set(tries.get() + 1);
            let _ = tell.send(());
            renamed
        });
        holder.join().unwrap();
        replaced.unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), tries.get() > 1), ("new", true));
    }
}
