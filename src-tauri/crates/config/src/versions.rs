//! The last versions of the configuration file, kept beside the data: what was saved or put in force can be looked at and
//! put back, whoever wrote it.
//!
//! A version is the file as it stood, byte for byte, under a number and the time at which it was kept. They are those of the
//! data folder: where another file is used with it, they go on. Like the file they hold no password but perhaps a header or
//! a variable that is nobody's business, so only their owner can read them. One process writes them at a time, the engine of
//! the data folder.

mod comparing;

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use estatus_access::{create_private_subfolder, write_atomically};
use estatus_api::{Version, VersionText};
use jiff::{Timestamp, tz::TimeZone};

use crate::{Defaults, EditError, FILE_MAX, reason::reason};

/// So many versions are kept; of more, the oldest go.
pub const VERSIONS_MAX: usize = 20;

const FOLDER: &str = "versions";
const ENDING: &str = ".toml";
/// How the time stands in the name of a version: no character in it is refused by any system.
const TIME: &str = "%Y%m%dT%H%M%S";

/// Where the versions are kept in the data folder `data`.
pub fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// Keeps `text` as the newest version in the data folder `data`, unless the newest says the same; its number.
///
/// # Errors
/// If it cannot be written.
pub fn keep(text: &str, data: &Path) -> io::Result<u64> {
    let _turn = turn();
    keep_next(text, data)
}

/// Keeps `text`, which has been put in force, unless it is kept already: as the newest, or before others where `file` says
/// something else by now, and is read again.
///
/// # Errors
/// If it cannot be written.
pub fn keep_in_force(text: &str, file: &Path, data: &Path) -> io::Result<()> {
    let _turn = turn();
    let says_the_same = |kept: &Kept| kept.text().is_ok_and(|kept| kept == text);
    let is_overtaken = crate::read(file).is_ok_and(|now| now != text.as_bytes());
    if is_overtaken && all(data)?.iter().any(says_the_same) {
        return Ok(());
    }
    keep_next(text, data).map(drop)
}

/// Keeps what was saved, and before it what stood there, so that they are neighbours; the number of what was saved.
pub(crate) fn keep_edit(before: &str, after: &str, data: &Path) -> io::Result<u64> {
    let _turn = turn();
    keep_next(before, data)?;
    keep_next(after, data)
}

/// The versions that are kept in the data folder `data`, the newest first, as seen from `file`.
///
/// # Errors
/// If they cannot be read.
pub fn versions(file: &Path, data: &Path) -> Result<Vec<Version>, EditError> {
    let failed = |error| EditError::file(&folder(data), error);
    let now = crate::read(file).ok();
    let mut before: Option<Option<comparing::Said>> = None;
    let mut versions = Vec::with_capacity(VERSIONS_MAX);
    for kept in all(data).map_err(failed)? {
        // One that goes meanwhile was the oldest.
        let Ok(text) = kept.text() else { continue };
        let says = comparing::Said::of(&text);
        let changes = before.flatten().zip(says.as_ref()).map(|(before, says)| before.changes(says));
        let is_present = now.as_deref() == Some(text.as_bytes());
        versions.push(Version { id: kept.id, at: kept.at, is_present, changes });
        before = Some(says);
    }
    versions.reverse();
    Ok(versions)
}

/// What stands in the version `id`, and what putting it back would change in `file`.
///
/// # Errors
/// If there is no such version, or it cannot be read.
pub fn version(id: u64, file: &Path, data: &Path, defaults: &Defaults) -> Result<VersionText, EditError> {
    let text = text(id, data, defaults)?;
    let now = crate::read(file).unwrap_or_default();
    let (difference, is_cut) = comparing::difference(&String::from_utf8_lossy(&now), &text);
    Ok(VersionText { text, difference, is_cut })
}

/// The text of the version `id`.
pub(crate) fn text(id: u64, data: &Path, defaults: &Defaults) -> Result<String, EditError> {
    let failed = |error| EditError::file(&folder(data), error);
    let kept = all(data).map_err(failed)?.into_iter().find(|kept| kept.id == id).ok_or_else(|| none(id, defaults))?;
    kept.text().map_err(failed)
}

/// The text of the version `id`, and that of the one before it.
pub(crate) fn text_and_before(id: u64, data: &Path, defaults: &Defaults) -> Result<(String, String), EditError> {
    let failed = |error| EditError::file(&folder(data), error);
    let all = all(data).map_err(failed)?;
    let pair = all.windows(2).find_map(|pair| match pair {
        [before, kept] if kept.id == id => Some((kept, before)),
        _ => None,
    });
    let (kept, before) = pair.ok_or_else(|| none(id, defaults))?;
    Ok((kept.text().map_err(failed)?, before.text().map_err(failed)?))
}

fn none(id: u64, defaults: &Defaults) -> EditError {
    EditError::Unknown(reason!("version_gone", id, most = VERSIONS_MAX).in_words(defaults.language))
}

/// A version that is kept.
struct Kept {
    id: u64,
    at: Timestamp,
    path: PathBuf,
}

impl Kept {
    /// What a file of this name is; nothing if it is no version.
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (id, at) = name.strip_suffix(ENDING)?.split_once('-')?;
        let at = jiff::civil::DateTime::strptime(TIME, at).ok()?.to_zoned(TimeZone::UTC).ok()?;
        Some(Self { id: id.parse().ok()?, at: at.timestamp(), path })
    }

    fn text(&self) -> io::Result<String> {
        let mut text = String::new();
        File::open(&self.path)?.take(FILE_MAX as u64 + 1).read_to_string(&mut text)?;
        Ok(text)
    }
}

/// The right to write versions.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    // Whoever panicked left nothing half done: a version is there or not.
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All versions, the oldest first.
fn all(data: &Path) -> io::Result<Vec<Kept>> {
    let entries = match fs::read_dir(folder(data)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: Vec<PathBuf> = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    let mut all: Vec<Kept> = paths.into_iter().filter_map(Kept::of).collect();
    all.sort_by_key(|kept| kept.id);
    Ok(all)
}

fn keep_next(text: &str, data: &Path) -> io::Result<u64> {
    let mut all = all(data)?;
    if let Some(newest) = all.last()
        && newest.text().is_ok_and(|kept| kept == text)
    {
        return Ok(newest.id);
    }
    let id = all.last().map_or(1, |newest| newest.id.saturating_add(1));
    let at = Timestamp::now();
    let folder = folder(data);
    create_private_subfolder(&folder)?;
    let path = folder.join(format!("{id:06}-{}{ENDING}", at.strftime(TIME)));
    write_atomically(&path, text, None)?;
    all.push(Kept { id, at, path });
    tidy(&folder, &all);
    Ok(id)
}

/// Leaves the newest versions, and nothing that was half written when its process was killed. What cannot be removed now is
/// removed with the next.
fn tidy(folder: &Path, all: &[Kept]) {
    for old in all.iter().take(all.len().saturating_sub(VERSIONS_MAX)) {
        let _ = fs::remove_file(&old.path);
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".new") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests;
