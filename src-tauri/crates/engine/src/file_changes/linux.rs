//! Linux, by inotify (inotify(7)): it tells of whom a folder gains or loses, and of who has written a file, but not of every
//! look at it and every line that is added to one. A folder of the configuration may have busy files in it.

use std::{
    collections::{BTreeMap, HashSet},
    ffi::{OsStr, OsString},
    io,
    mem::MaybeUninit,
    os::{fd::OwnedFd, unix::ffi::OsStrExt},
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::inotify::{self, CreateFlags, Event, ReadFlags, Reader, WatchFlags},
    io::Errno,
};

/// An entry comes, goes, or is another now.
const ENTRY: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVE)
    .union(WatchFlags::MASK_ADD)
    .union(WatchFlags::ONLYDIR);
/// The same of a file, also when somebody has written it, or may read it now.
const FILE: WatchFlags = ENTRY.union(WatchFlags::CLOSE_WRITE).union(WatchFlags::ATTRIB);
/// What does not say which entry it is about: there was too much to tell, or the folder is gone.
const ANY: ReadFlags = ReadFlags::QUEUE_OVERFLOW.union(ReadFlags::IGNORED);
/// Room for some events, of which each is as long as a name may be.
const EVENTS: usize = 4096;

/// The entries on the way to a file, watched.
pub(super) struct Watcher {
    inotify: OwnedFd,
    /// The folders, as inotify numbers them, with the names in them.
    entries: HashSet<(i32, OsString)>,
}

impl Watcher {
    /// Watches `entries`, of which the last is the file. A folder that may not be watched is passed over, unless it is that of the
    /// file.
    ///
    /// # Errors
    /// There are too many watches, or the file's folder may not be watched.
    pub(super) fn of(entries: &[PathBuf]) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let file = entries.last();
        let mut folders = BTreeMap::<&Path, Vec<&PathBuf>>::new();
        for entry in entries {
            folders.entry(entry.parent().unwrap_or(entry)).or_default().push(entry);
        }
        let mut watched = HashSet::new();
        for (folder, entries) in folders {
            let is_of_file = entries.iter().any(|&entry| Some(entry) == file);
            let number = match inotify::add_watch(&inotify, folder, if is_of_file { FILE } else { ENTRY }) {
                Ok(number) => number,
                Err(error) if is_of_file => return Err(error.into()),
                // Whoever may not look into a folder may pass through it all the same.
                Err(_) => continue,
            };
            let names = entries.into_iter().filter_map(|entry| entry.file_name());
            watched.extend(names.map(|name| (number, name.to_owned())));
        }
        Ok(Self { inotify, entries: watched })
    }

    /// Waits for at most `within` until something happens to an entry. Whether something does.
    pub(super) fn is_touched_within(&self, within: Duration) -> bool {
        let end = Instant::now() + within;
        loop {
            match self.is_touched() {
                Ok(false) => {}
                Ok(true) => return true,
                Err(_) => break,
            }
            let left = end.saturating_duration_since(Instant::now());
            let Ok(timeout) = Timespec::try_from(left) else { break };
            match poll(&mut [PollFd::new(&self.inotify, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => return false,
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => break,
            }
        }
        // It tells nothing any more.
        thread::sleep(end.saturating_duration_since(Instant::now()));
        false
    }

    /// Whether something has happened to an entry since this was asked last.
    fn is_touched(&self) -> Result<bool, Errno> {
        let mut buffer = [MaybeUninit::uninit(); EVENTS];
        let mut events = Reader::new(&self.inotify, &mut buffer);
        let mut is_touched = false;
        loop {
            match events.next() {
                Ok(event) => is_touched |= self.concerns(&event),
                Err(Errno::AGAIN) => return Ok(is_touched),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn concerns(&self, event: &Event<'_>) -> bool {
        let name = event.file_name().map_or(OsStr::new(""), |name| OsStr::from_bytes(name.to_bytes()));
        event.events().intersects(ANY) || self.entries.contains(&(event.wd(), name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, io::Write};

    use super::*;

    #[test]
    fn nothing_is_told_of_busy_files_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, log) = (folder.path().join("estatus.toml"), folder.path().join("log"));
        fs::write(&file, "1").unwrap();
        let mut busy = fs::File::create(&log).unwrap();
        let watcher = Watcher::of(std::slice::from_ref(&file)).unwrap();
        for _ in 0..100 {
            busy.write_all(b"a line\n").unwrap();
            fs::read(&log).unwrap();
            fs::read(&file).unwrap();
        }
        let mut buffer = [MaybeUninit::uninit(); EVENTS];
        let told = Reader::new(&watcher.inotify, &mut buffer).next().map(drop);
        assert_eq!(told, Err(Errno::AGAIN), "it sleeps on");
        fs::write(&file, "2").unwrap();
        assert_eq!(watcher.is_touched(), Ok(true));
    }
}
