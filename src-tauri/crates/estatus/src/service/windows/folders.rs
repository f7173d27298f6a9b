//! The folders of the service, and who may enter them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::{account::Account, given_back::kept, wanted::Wanted};
use crate::CommandError;

/// What has just ended holds its file for so long at most.
const FREED_WITHIN: Duration = Duration::from_secs(10);
/// After this it is looked again whether it does.
const LOOKS_AGAIN: Duration = Duration::from_millis(100);

/// Has `delete` try until nothing that has just ended holds what it deletes. What is not there is deleted.
pub(super) fn once_freed(delete: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let until = Instant::now() + FREED_WITHIN;
    loop {
        match delete() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(_) if Instant::now() < until => thread::sleep(LOOKS_AGAIN),
            deleted => return deleted,
        }
    }
}

/// Sees that there is a configuration file, and a data folder. The folders that were made for them, which the account of the
/// service may not enter yet.
pub(super) fn prepare_places(wanted: &Wanted) -> std::result::Result<Vec<PathBuf>, CommandError> {
    let failed = |error| CommandError::Failed(format!("{} cannot be created: {error}", wanted.config.display()));
    let folders = wanted.config.parent().into_iter().chain([wanted.data.as_path()]);
    let mut made = Vec::new();
    for folder in folders.filter(|folder| !folder.exists()).map(Path::to_owned) {
        let inherits = made.iter().any(|above: &PathBuf| folder.starts_with(above));
        // Closed from its first moment: any user may write to the folder that a service's lies in.
        let done = if inherits { fs::create_dir_all(&folder) } else { estatus_access::create_private_folder(&folder) };
        done.map_err(|error| CommandError::Failed(format!("{} cannot be created: {error}", folder.display())))?;
        made.extend((!inherits).then_some(folder));
    }
    if let Some(shared) = wanted.shared() {
        return Err(CommandError::Failed(format!("nothing was installed: {}", shared.why())));
    }
    if wanted.config.exists() {
        return Ok(made);
    }
    match wanted.moved().map(|moved| &moved.config) {
        Some(own) => {
            fs::copy(own, &wanted.config).map_err(failed)?;
            let kept = kept(own);
            // So that no tray hosts an engine of its own beside the service's.
            fs::rename(own, &kept).map_err(failed)?;
            say!("Your configuration was moved to {}; the old file is {}", wanted.config.display(), kept.display());
        }
        None => {
            fs::write(&wanted.config, estatus_config::example()).map_err(failed)?;
            say!("There was no configuration yet: an example was created in {}", wanted.config.display());
        }
    }
    Ok(made)
}

/// Opens a folder of the service to its account, administrators and the system alone; it belongs to administrators.
pub(super) fn close(folder: &Path, account: &Account) -> std::result::Result<(), CommandError> {
    const SYSTEM: &str = "*S-1-5-18:(OI)(CI)F";
    const ADMINISTRATORS: &str = "*S-1-5-32-544:(OI)(CI)F";
    let mut rights = vec!["/inheritance:r".to_owned(), "/grant:r".into(), SYSTEM.into(), ADMINISTRATORS.into()];
    match account {
        // It may have been the virtual account's before.
        Account::System => rights.extend(["/remove".into(), Account::Virtual.to_string()]),
        account => rights.push(format!("{account}:(OI)(CI)F")),
    }
    icacls(folder, &rights)?;
    icacls(folder, &["/setowner".into(), "*S-1-5-32-544".into(), "/t".into(), "/q".into()])
}

fn icacls(folder: &Path, words: &[String]) -> std::result::Result<(), CommandError> {
    match Command::new("icacls").arg(folder).args(words).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(refused_rights(folder, String::from_utf8_lossy(&output.stdout).trim())),
        Err(error) => Err(refused_rights(folder, &error.to_string())),
    }
}

fn refused_rights(folder: &Path, error: &str) -> CommandError {
    CommandError::Failed(format!("icacls cannot give {} to the service: {error}", folder.display()))
}
