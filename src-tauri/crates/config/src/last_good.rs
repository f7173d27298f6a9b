//! The last configuration file that could be used, kept beside the data: a mistake in the file must not mean that nothing
//! is watched after a reboot.
//!
//! It is a sound `estatus.toml` itself, so that whoever has lost the file can copy it back. Its first line says of which
//! file it is the copy: from there relative paths start, and no other file is stood in for. It holds what the file holds,
//! thus no password but perhaps a header or a variable that is nobody's business, so only its owner can read it.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use estatus_access::write_atomically;

use crate::FILE_MAX;

const NAME: &str = "last-good.toml";
const BEGINS: &str = "# file = ";
const SAYS: &str =
    "# The last good version of this file: Estatus starts with it when the file is wrong, emptied or gone.\n";
/// More than the lines above take.
const HEAD_LIMIT: u64 = 64 * 1024;

/// Where the last good version is kept in the data folder `data`.
pub fn path(data: &Path) -> PathBuf {
    data.join(NAME)
}

/// The text of the last good version of `file`, if one is kept in the data folder `data`.
///
/// # Errors
/// If what is kept there cannot be read.
pub fn read(file: &Path, data: &Path) -> io::Result<Option<String>> {
    let kept = match whole(data) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        kept => kept?,
    };
    let text = kept.strip_prefix(&first_line(file)?).and_then(|rest| rest.strip_prefix(SAYS));
    Ok(text.map(str::to_owned))
}

/// Whether a last good version of `file` is kept in the data folder `data`.
pub fn exists(file: &Path, data: &Path) -> bool {
    read(file, data).is_ok_and(|kept| kept.is_some())
}

/// Keeps `text`, what stands in `file`, in the data folder `data`.
///
/// # Errors
/// If it cannot be written.
pub fn keep(text: &str, file: &Path, data: &Path) -> io::Result<()> {
    // A byte order mark is none where it does not come first.
    let kept = format!("{}{SAYS}{}", first_line(file)?, text.trim_start_matches('\u{feff}'));
    if whole(data).is_ok_and(|before| before == kept) {
        return Ok(());
    }
    write_atomically(&path(data), &kept, None)
}

fn first_line(file: &Path) -> io::Result<String> {
    let file = std::path::absolute(file)?;
    Ok(format!("{BEGINS}{}\n", serde_json::to_string(&file.to_string_lossy())?))
}

fn whole(data: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path(data))?.take(FILE_MAX as u64 + HEAD_LIMIT).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_has_its_last_good_version_and_no_other_files() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("a \"b\"\n.toml"), folder.path().join("other.toml"));
        assert_eq!(read(&file, folder.path()).unwrap(), None);
        assert!(!exists(&file, folder.path()));
        for text in ["", "language = \"es\"\r\n", "# file = 1\n\n"] {
            keep(text, &file, folder.path()).unwrap();
            assert_eq!(read(&file, folder.path()).unwrap().as_deref(), Some(text));
            assert!(exists(&file, folder.path()));
            assert_eq!(read(&other, folder.path()).unwrap(), None);
        }
        keep("\u{feff}zone = \"UTC\"", &other, folder.path()).unwrap();
        assert_eq!(read(&other, folder.path()).unwrap().as_deref(), Some("zone = \"UTC\""));
        assert_eq!(read(&file, folder.path()).unwrap(), None);
        fs::write(path(folder.path()), b"\xff").unwrap();
        read(&file, folder.path()).unwrap_err();
    }

    #[test]
    fn what_is_kept_is_a_sound_file_itself() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("estatus.toml");
        keep(&crate::example(), &file, folder.path()).unwrap();
        let defaults =
            crate::Defaults { language: estatus_core::config::Language::English, zone: jiff::tz::TimeZone::UTC };
        let config = crate::load(&path(folder.path()), &defaults).unwrap();
        assert_eq!(config, crate::parse(&crate::example(), &file, &defaults).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        keep("", &folder.path().join("estatus.toml"), folder.path()).unwrap();
        assert_eq!(fs::metadata(path(folder.path())).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
