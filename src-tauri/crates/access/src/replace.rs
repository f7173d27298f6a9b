//! A file in another's place, although somebody may look at that one.

use std::{fs, io, path::Path};

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
