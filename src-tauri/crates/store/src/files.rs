//! The files of a database: what belongs to it, and what stands beside it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use estatus_core::Timestamp;

/// Renames the database and what belongs to it, so that it can still be looked into; returns its new name.
pub(crate) fn set_aside(path: &Path, now: Timestamp) -> io::Result<PathBuf> {
    let stamp = now.strftime("%Y%m%dT%H%M%SZ");
    let candidates = (0..1000).map(|nth| match nth {
        0 => beside(path, &format!(".damaged-{stamp}")),
        nth => beside(path, &format!(".damaged-{stamp}-{nth}")),
    });
    let aside = candidates.into_iter().find(|aside| !aside.exists()).ok_or(io::ErrorKind::AlreadyExists)?;
    for belonging in ["", "-wal", "-shm"] {
        match fs::rename(beside(path, belonging), beside(&aside, belonging)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(aside)
}

/// Removes the database and what belongs to it, as far as it can be.
pub(crate) fn remove(path: &Path) {
    for belonging in ["", "-wal", "-shm"] {
        if let Err(error) = fs::remove_file(beside(path, belonging)) {
            tracing::debug!(%error, "a file of the history could not be removed");
        }
    }
}

/// The path with `suffix` after the file's name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
