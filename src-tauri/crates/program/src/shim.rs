//! The shim: a small process that supervises one program, and lives on when the engine does not.
//!
//! It is the parent of its program, so it learns how that ends; it reads what it writes, and knows all that came of it.
//! It lives as long as its program runs or the engine wants it. If it is killed, a new one takes over by what the
//! [ledger](crate::ledger) says: then the program goes on, and only its exit code is lost.

mod frames;
#[cfg(test)]
mod fuzz;
mod launch;
mod live;
mod output;
mod protocol;
mod running;
mod saying;
mod starting;
mod stop;
mod takeover;

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

pub(crate) use frames::Frames;
pub(crate) use protocol::{Launch, PROTOCOL, ShimMessage, ShimRequest, StopBy, Stopping};

use estatus_access::create_private_subfolder;
use tokio::time::Instant;

use crate::{
    names::file_name,
    platform::{self, Entry},
};

/// There is a shim of this program already.
const TAKEN: u8 = 75;

/// The folder of a program below the data folder: a readable part of its name, and what makes it the only one.
pub fn folder(data: &Path, program: &str) -> PathBuf {
    programs(data).join(file_name(program))
}

/// Where the folders of programs are.
pub(crate) fn programs(data: &Path) -> PathBuf {
    data.join("programs")
}

/// What the executable named in [`crate::ShimCommand`] does with the arguments that follow. It must be called before
/// this process has any other thread.
pub fn shim_main(args: impl Iterator<Item = OsString>) -> ExitCode {
    match platform::enter(args, trouble) {
        Ok(Some(entry)) => live(entry),
        Ok(None) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn live(entry: Entry) -> ExitCode {
    let folder = entry.folder.clone();
    let lock = match lock(&folder) {
        Ok(Some(lock)) => lock,
        Ok(None) => return ExitCode::from(TAKEN),
        Err(error) => {
            entry.refuse(&error);
            return ExitCode::FAILURE;
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let lived = runtime.and_then(|runtime| runtime.block_on(live::live(entry)));
    drop(lock);
    if lived.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What makes this the only shim of its program; nothing if there is one already.
fn lock(folder: &Path) -> io::Result<Option<File>> {
    create_private_subfolder(folder)?;
    let file = File::options().write(true).create(true).truncate(false).open(folder.join("shim.lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// When `within` will be over. What says so much that no clock goes so far means that it is never over.
pub(crate) fn after(within: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    let now = Instant::now();
    now.checked_add(within).unwrap_or(now + NEVER)
}

/// The frame that says that there is no shim.
fn trouble(error: &io::Error) -> Vec<u8> {
    frames::encode(&ShimMessage::Trouble { error: error.to_string() }).unwrap_or_default()
}

/// `ESTATUS_STATE_DIR` of the program whose folder this is.
fn state_folder(folder: &Path) -> io::Result<PathBuf> {
    let state = folder.join("state");
    fs::create_dir_all(&state)?;
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_a_folder_of_its_own() {
        let of = |name: &str| folder(Path::new("/data"), name);
        assert_eq!(of("web"), Path::new("/data/programs/web-5ea0e11948721ef1"));
        assert_ne!(of("a b"), of("a-b"));
        assert_ne!(of("Web"), of("web"));
        let check = |name: &str| {
            let path = of(name);
            assert_eq!(path.parent(), Some(Path::new("/data/programs")), "{name}");
            assert!(path.file_name().is_some_and(|last| last.len() < 64), "{name}");
        };
        check("");
        check("..");
        check("../../etc");
        check("año 2026 / ✓");
        check(&"x".repeat(1000));
    }

    #[test]
    fn only_one_holds_the_lock() {
        let data = tempfile::tempdir().unwrap();
        let folder = folder(data.path(), "web");
        let first = lock(&folder).unwrap();
        assert!(first.is_some());
        assert!(lock(&folder).unwrap().is_none());
        drop(first);
        assert!(lock(&folder).unwrap().is_some());
    }
}
