//! The program that the service runs: a copy of its own, which administrators alone can change and every account may run. What
//! a user has installed for themselves is neither: the service's account may not enter there, and whoever may replace the file
//! would run anything as the service.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use estatus_config::places::SERVICE_KEY;
use windows_registry::LOCAL_MACHINE;

use super::{NAME, account::Account, folders::once_freed};
use crate::{CommandError, running::this_program};

const FILE: &str = "estatus.exe";
/// What a copy is called while it is written.
const NEW: &str = "new";
/// What a copy is called whose place another has taken: Windows lets what runs be renamed, not deleted.
const ASIDE: &str = "old";
/// Where it is: `%ProgramFiles%\Estatus\estatus.exe`.
pub(super) fn path() -> PathBuf {
    folder().join(FILE)
}

fn folder() -> PathBuf {
    env::var_os("ProgramFiles").map_or_else(|| r"C:\Program Files".into(), PathBuf::from).join(NAME)
}

/// Has the service run the version of this very program from its next start on.
///
/// # Errors
/// It cannot be put there, or others than administrators can change what is there. What was there still is then.
pub(super) fn put() -> Result<(), CommandError> {
    let own = this_program()?;
    let place = path();
    let failed = |error| CommandError::Failed(format!("{} cannot be written: {error}", place.display()));
    fs::create_dir_all(folder()).map_err(failed)?;
    estatus_access::refuse_shared_with_others_than(&Account::Virtual.to_string(), &folder()).map_err(failed)?;
    if is_same(&own, &place).map_err(failed)? {
        return Ok(());
    }
    let new = place.with_extension(NEW);
    fs::copy(&own, &new).and_then(|_| replace(&new, &place)).map_err(failed)
}

/// Puts `new` in the place of what may run.
fn replace(new: &Path, place: &Path) -> io::Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    let aside = place.with_extension(format!("{since}.{ASIDE}"));
    let was_there = place.exists();
    if was_there {
        fs::rename(place, &aside)?;
    }
    let put = fs::rename(new, place);
    if put.is_err() && was_there {
        fs::rename(&aside, place)?;
    }
    put
}

/// The copy that runs although another has taken its place, if one does.
pub(super) fn outdated() -> Option<PathBuf> {
    cleared(&folder()).pop()
}

/// Deletes copies whose place another has taken, as far as they do not run.
pub(super) fn clear() {
    cleared(&folder());
}

/// Deletes what is in `folder` beside the program that is to run, and gives back what cannot be deleted: it runs.
fn cleared(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let others = entries.filter(|path| path.extension().is_some_and(|kind| kind == ASIDE || kind == NEW));
    others.filter(|path| fs::remove_file(path).is_err()).collect()
}

/// Whether both are one file, or one as the other.
fn is_same(own: &Path, place: &Path) -> io::Result<bool> {
    if !place.exists() {
        return Ok(false);
    }
    Ok(is_place(own) || fs::metadata(own)?.len() == fs::metadata(place)?.len() && fs::read(own)? == fs::read(place)?)
}

fn is_place(program: &Path) -> bool {
    let resolved = |path: &Path| path.canonicalize().ok();
    resolved(program).is_some_and(|program| resolved(&path()) == Some(program))
}

/// Takes it away, and its folder if nothing else is in it.
///
/// # Errors
/// It still runs, for instance as this command.
pub(super) fn remove() -> Result<(), CommandError> {
    clear();
    let place = path();
    let runs_itself = is_place(&this_program()?);
    // What runs as this command will not have ended.
    let removed = if runs_itself { fs::remove_file(&place) } else { once_freed(|| fs::remove_file(&place)) };
    removed.map_err(|error| {
        let stays = folder();
        CommandError::Failed(format!(
            "the service is removed, but not its program: {error}; delete {} yourself",
            stays.display()
        ))
    })?;
    // Somebody may have put something else there.
    let _ = fs::remove_dir(folder());
    Ok(())
}

/// Remembers with the installed service where it comes from, so that whoever uninstalls that knows whose service it is.
pub(super) fn remember_origin() -> Result<(), CommandError> {
    let own = this_program()?;
    let Some(from) = own.parent().filter(|_| !is_place(&own)) else { return Ok(()) };
    LOCAL_MACHINE
        .create(format!(r"{SERVICE_KEY}\Parameters"))
        .and_then(|key| key.set_string("InstalledFrom", from.to_string_lossy()))
        .map_err(|error| CommandError::Failed(format!("where the service comes from cannot be noted: {error}")))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn what_cannot_be_replaced_is_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let (new, place) = (folder.path().join("new"), folder.path().join(FILE));
        let put = |text: &str| {
            fs::write(&new, text).unwrap();
            replace(&new, &place).unwrap();
            assert_eq!(fs::read_to_string(&place).unwrap(), text);
        };
        put("first");
        put("second");
        assert!(replace(&new, &place).is_err(), "there is no new one");
        assert_eq!(fs::read_to_string(&place).unwrap(), "second");
        let aside = |path: &Path| path.extension().is_some_and(|extension| extension == ASIDE);
        let entries = || fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        assert_eq!(entries().filter(|path| aside(path)).count(), 1);
        assert_eq!(cleared(folder.path()), Vec::<PathBuf>::new());
        assert_eq!(entries().collect::<Vec<_>>(), [place.clone()]);
    }

    #[test]
    fn what_runs_although_another_has_its_place_is_known_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (new, place) = (folder.path().join("new"), folder.path().join(FILE));
        let shell = env::var_os("ComSpec").unwrap();
        fs::copy(&shell, &place).unwrap();
        let mut runs = Command::new(&place).args(["/c", "pause"]).stdin(Stdio::piped()).spawn().unwrap();
        fs::write(&new, "another").unwrap();
        replace(&new, &place).unwrap();
        let outdated = cleared(folder.path());
        assert!(
            matches!(outdated.as_slice(), [one] if fs::read(one).unwrap() == fs::read(&shell).unwrap()),
            "{outdated:?}"
        );
        runs.kill().unwrap();
        runs.wait().unwrap();
        once_freed(|| if cleared(folder.path()).is_empty() { Ok(()) } else { Err(io::ErrorKind::ResourceBusy.into()) })
            .unwrap();
        assert_eq!(fs::read_to_string(&place).unwrap(), "another");
    }
}
