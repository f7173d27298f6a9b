//! The engine lock: one engine on a data folder, ever.
//!
//! An operating-system file lock, so that it is gone with its process however that ended. A note beside it tells a
//! second engine who the first one is.

use std::{
    fmt,
    fs::{self, File, OpenOptions, TryLockError},
    io::Read,
    path::Path,
    time::Duration,
};

use estatus_access::create_private_folder;
use estatus_core::{text, words::Reason};
use jiff::{Timestamp, tz::TimeZone};
use tokio::time::{Instant, sleep};

use crate::StartError;

const FILE: &str = "engine.lock";
/// Says who holds the lock: a locked file cannot be read on Windows.
const NOTE: &str = "engine.holder";
/// Who holds the lock is said in fewer bytes.
const NOTE_LIMIT: u64 = 256;
/// An engine that is killed while it starts a process leaves the lock to that one until it has become another program: a lock
/// that is held is tried for so long, …
const LET_GO_WITHIN: Duration = Duration::from_millis(500);
/// … and so often.
const TRIED_EVERY: Duration = Duration::from_millis(20);

/// The lock; it is held until dropped.
pub(crate) struct Lock {
    _file: File,
}

/// Who holds the lock of a data folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process that says that it does.
    Process {
        /// Its id.
        pid: u32,
        /// Since when it holds it, to the second.
        since: Timestamp,
    },
    /// Some other.
    Unknown,
}

impl Holder {
    /// Who it is, and since when by this machine's clock.
    pub fn reason(&self) -> Reason {
        match *self {
            Self::Process { pid, since } => text!("holder" "process", pid, at = since.to_zoned(TimeZone::system())),
            Self::Unknown => text!("holder" "unknown"),
        }
    }

    /// What the note of a process says, now that it has taken the lock.
    fn note() -> String {
        format!("process {}, since {:.0}", std::process::id(), Timestamp::now())
    }

    /// Whom a note speaks of.
    fn of(note: &str) -> Self {
        let said = note.strip_prefix("process ").and_then(|said| said.split_once(", since "));
        let process =
            said.and_then(|(pid, since)| Some(Self::Process { pid: pid.parse().ok()?, since: since.parse().ok()? }));
        process.unwrap_or(Self::Unknown)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.reason(), f)
    }
}

/// Takes the lock of `data`, which is made if it is not there, and refused if others than this user can change what is in
/// it: the last good configuration is kept there, which runs as this user.
pub(crate) async fn take(data: &Path) -> Result<Lock, StartError> {
    let until = Instant::now() + LET_GO_WITHIN;
    loop {
        match try_take(data) {
            Err(StartError::Held { .. }) if Instant::now() < until => sleep(TRIED_EVERY).await,
            taken => return taken,
        }
    }
}

fn try_take(data: &Path) -> Result<Lock, StartError> {
    let failed =
        |error| StartError::System { what: format!("the data folder {} cannot be used", data.display()), error };
    create_private_folder(data).map_err(failed)?;
    let path = data.join(FILE);
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StartError::Held { data: data.to_owned(), holder: holder(data) });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    fs::write(data.join(NOTE), Holder::note()).map_err(failed)?;
    Ok(Lock { _file: file })
}

/// Who holds the lock of `data`, if somebody does and may be known.
pub fn holder_of(data: &Path) -> Option<Holder> {
    let file = File::open(data.join(FILE)).ok()?;
    matches!(file.try_lock(), Err(TryLockError::WouldBlock)).then(|| holder(data))
}

fn holder(data: &Path) -> Holder {
    let mut note = String::new();
    let read = File::open(data.join(NOTE)).and_then(|file| file.take(NOTE_LIMIT).read_to_string(&mut note));
    if read.is_ok() { Holder::of(&note) } else { Holder::Unknown }
}

#[cfg(test)]
mod tests {
    use estatus_core::{config::Language, time::elapsed, words::moment};

    use super::*;

    #[tokio::test]
    async fn a_lock_that_is_let_go_at_once_is_waited_for_and_no_other() {
        let data = tempfile::tempdir().unwrap();
        let lock = take(data.path()).await.unwrap();
        let (taken, ()) = tokio::join!(take(data.path()), async { drop(lock) });
        let _lock = taken.unwrap();
        assert!(matches!(take(data.path()).await, Err(StartError::Held { .. })));
    }

    #[tokio::test]
    async fn who_holds_the_lock_can_be_told_by_its_process() {
        let data = tempfile::tempdir().unwrap();
        let _lock = take(data.path()).await.unwrap();
        let holder = holder_of(data.path()).unwrap();
        let Holder::Process { pid, since } = holder else { panic!("{holder}") };
        assert_eq!(pid, std::process::id());
        assert!(elapsed(since, Timestamp::now()) < Duration::from_secs(60), "{since}");
        for language in [Language::English, Language::Spanish] {
            let [said, at] =
                [holder.reason().in_words(language), moment(language, &since.to_zoned(TimeZone::system()))];
            assert!(said.contains(&pid.to_string()) && said.ends_with(&at), "{said}");
        }
    }

    #[test]
    fn a_note_that_names_no_process_is_not_shown() {
        for note in
            ["", "somebody", "process 4711", "process x, since 2026-11-21T13:55:02Z", "process 4711, since noon"]
        {
            assert_eq!(Holder::of(note), Holder::Unknown, "{note}");
        }
        assert_eq!(Holder::Unknown.to_string(), "a process that does not say which");
    }
}
