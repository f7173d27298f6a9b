//! Secrets in files of the data folder, for systems without a keyring: a folder that is its user's alone, a private file
//! for each name, and nothing in it but the secret.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use estatus_access::{create_private_folder, write_atomically};
use estatus_core::secret::{Secret, StoredIn};

use super::{names, text_of, unreadable};
use crate::reason::{Reason, reason};

const FOLDER: &str = "secrets";

pub(super) fn store(name: &str, secret: &Secret, data: &Path) -> Result<StoredIn, Reason> {
    let path = path(name, data);
    let written = create_private_folder(&folder(data)).and_then(|()| write_atomically(&path, secret.reveal(), None));
    match written {
        Ok(()) => Ok(StoredIn::File { path }),
        Err(error) => Err(reason!("secret_unwritable", path = path.display().to_string(), error = error.to_string())),
    }
}

/// The secret under `name`; nothing if there is none.
pub(super) fn get(name: &str, data: &Path) -> Result<Option<Secret>, Reason> {
    let Some(StoredIn::File { path }) = stored(name, data) else { return Ok(None) };
    text_of(&path).map(|text| Some(Secret::new(text))).map_err(|error| unreadable(&path, error))
}

/// Removes the secret under `name`. Whether there was one.
pub(super) fn remove(name: &str, data: &Path) -> Result<bool, Reason> {
    let path = path(name, data);
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(reason!("secret_unwritable", path = path.display().to_string(), error = error.to_string())),
    }
}

/// Where the secret under `name` is, if there is one.
pub(super) fn stored(name: &str, data: &Path) -> Option<StoredIn> {
    let path = path(name, data);
    path.is_file().then_some(StoredIn::File { path })
}

pub(super) fn names(data: &Path) -> Vec<String> {
    let files = fs::read_dir(folder(data)).into_iter().flatten().flatten();
    let mut names: Vec<String> = files.filter_map(|file| names::of_file(file.file_name().to_str()?)).collect();
    names.sort();
    names
}

fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

fn path(name: &str, data: &Path) -> PathBuf {
    folder(data).join(names::file(name))
}
