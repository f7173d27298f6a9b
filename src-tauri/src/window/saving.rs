//! What the page saves: files in the user's folder for downloads. It names them, and neither says where they are nor writes over
//! any.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use estatus_api::{ApiError, ErrorCode};
use serde::Serialize;
use tauri::{AppHandle, Manager, State};

/// So many files are written at a time.
const LIMIT: usize = 8;
/// So many names are tried for a file.
const NAMES: u32 = 1_000;
/// A name has no more characters than this, without what tells it from others.
const NAME_LIMIT: usize = 100;

/// The files that are being written, by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Saving(Mutex<Files>);

#[derive(Debug, Default)]
struct Files {
    last: u64,
    open: BTreeMap<u64, File>,
}

impl Saving {
    fn files(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file that has been begun.
#[derive(Debug, Serialize)]
pub(crate) struct Begun {
    id: u64,
    place: PathBuf,
}

/// Begins a file of this name, or of one like it, in the folder for downloads.
#[tauri::command]
pub(crate) async fn save_begin(app: AppHandle, saving: State<'_, Saving>, name: String) -> Result<Begun, ApiError> {
    let folder = app.path().download_dir().or_else(|_| app.path().home_dir()).map_err(failed)?;
    let mut files = saving.files();
    if files.open.len() >= LIMIT {
        return Err(failed("too many files are being saved"));
    }
    let (file, place) = create(&folder, &name).map_err(failed)?;
    files.last += 1;
    let id = files.last;
    files.open.insert(id, file);
    Ok(Begun { id, place })
}

/// Writes more of a file that has been begun.
#[tauri::command]
pub(crate) async fn save_more(saving: State<'_, Saving>, id: u64, text: String) -> Result<(), ApiError> {
    let mut files = saving.files();
    let file = files.open.get_mut(&id).ok_or_else(|| failed("this file is not being saved"))?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// Nothing more is written to a file.
#[tauri::command]
pub(crate) async fn save_end(saving: State<'_, Saving>, id: u64) -> Result<(), ApiError> {
    saving.files().open.remove(&id);
    Ok(())
}

/// Makes a file that there was not, as the browsers do.
fn create(folder: &Path, name: &str) -> io::Result<(File, PathBuf)> {
    fs::create_dir_all(folder)?;
    let name = harmless(name);
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name.as_str(), "log"));
    for number in 1..=NAMES {
        let other = if number == 1 { String::new() } else { format!(" ({number})") };
        let place = folder.join(format!("{stem}{other}.{extension}"));
        match OpenOptions::new().write(true).create_new(true).open(&place) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, place)),
        }
    }
    Err(ErrorKind::AlreadyExists.into())
}

/// `name` as that of a file in whatever folder, on every platform.
fn harmless(name: &str) -> String {
    let is_harmless = |character: char| character.is_alphanumeric() || matches!(character, '.' | '-' | '_' | ' ');
    let name: String = name.chars().map(|character| if is_harmless(character) { character } else { '-' }).collect();
    let name = name.trim_matches(['.', ' ']);
    // What is told apart stands at the end.
    let excess = name.chars().count().saturating_sub(NAME_LIMIT);
    let name: String = name.chars().skip(excess).collect();
    let name = name.trim_start_matches(['.', ' ']);
    if name.is_empty() { "log".to_owned() } else { name.to_owned() }
}

fn failed(error: impl std::fmt::Display) -> ApiError {
    ApiError { code: ErrorCode::Failed, message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_saved_beside_those_that_there_are() {
        let folder = tempfile::tempdir().unwrap();
        let downloads = folder.path().join("Downloads");
        let save = || create(&downloads, "web-2026-11-30.log").unwrap().1;
        assert_eq!(save(), downloads.join("web-2026-11-30.log"));
        fs::write(downloads.join("web-2026-11-30.log"), "mine").unwrap();
        assert_eq!(save(), downloads.join("web-2026-11-30 (2).log"));
        assert_eq!(save(), downloads.join("web-2026-11-30 (3).log"));
        assert_eq!(fs::read_to_string(downloads.join("web-2026-11-30.log")).unwrap(), "mine");
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let check = |name: &str, wanted: &str| assert_eq!(harmless(name), wanted, "{name}");
        check("web-2026-11-30.log", "web-2026-11-30.log");
        check("../../.bashrc", "-..-.bashrc");
        check("C:\\Windows\\x.log", "C--Windows-x.log");
        check("a/b:c?.log", "a-b-c-.log");
        check("el ñandú 2.log", "el ñandú 2.log");
        check("..", "log");
        check(&format!("{}.log", "x".repeat(300)), &format!("{}.log", "x".repeat(96)));
    }
}
