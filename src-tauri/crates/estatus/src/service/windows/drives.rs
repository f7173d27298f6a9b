//! What kind of drive a path is on.
#![allow(unsafe_code, reason = "the kind of a drive is only to be had from the system's own function")]

use std::path::{Component, Path, Prefix};

use windows_registry::CURRENT_USER;
use windows_sys::Win32::{
    Storage::FileSystem::GetDriveTypeW,
    System::WindowsProgramming::{DRIVE_NO_ROOT_DIR, DRIVE_REMOTE},
};

/// A drive that a service does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    /// It is mapped: each session has its own.
    Mapped {
        letter: char,
        /// What it stands for, if that is known.
        to: Option<String>,
    },
    /// It is not there; what one session has mapped, another one of the same user need not have, as an administrator's.
    NotThere { letter: char },
}

/// The drive that `path` is on, if a service does not have that.
pub(super) fn lacking(path: &Path) -> Option<Lacking> {
    let letter = letter(path)?;
    let root: Vec<u16> = format!("{letter}:\\").encode_utf16().chain([0]).collect();
    // SAFETY: the text ends in a zero.
    let kind = unsafe { GetDriveTypeW(root.as_ptr()) };
    match (kind, mapped_to(letter)) {
        (DRIVE_REMOTE, to) => Some(Lacking::Mapped { letter, to }),
        (DRIVE_NO_ROOT_DIR, Some(to)) => Some(Lacking::Mapped { letter, to: Some(to) }),
        (DRIVE_NO_ROOT_DIR, None) => Some(Lacking::NotThere { letter }),
        _ => None,
    }
}

/// What this user has the drive `letter` mapped to, at each logon.
fn mapped_to(letter: char) -> Option<String> {
    CURRENT_USER.open(format!(r"Network\{letter}")).ok()?.get_string("RemotePath").ok()
}

/// Whether `path` is another machine's.
pub(super) fn is_of_network(path: &Path) -> bool {
    matches!(prefix(path), Some(Prefix::UNC(..) | Prefix::VerbatimUNC(..)))
}

/// The letter of the drive that `path` is on.
pub(super) fn letter(path: &Path) -> Option<char> {
    match prefix(path)? {
        Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => Some(char::from(letter.to_ascii_uppercase())),
        _ => None,
    }
}

fn prefix(path: &Path) -> Option<Prefix<'_>> {
    match path.components().next()? {
        Component::Prefix(prefix) => Some(prefix.kind()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drive_of_a_path_is_known() {
        assert_eq!(letter(Path::new(r"d:\web")), Some('D'));
        assert_eq!(letter(Path::new(r"\\server\web")), None);
        assert!(is_of_network(Path::new(r"\\server\web\x")));
        assert!(!is_of_network(Path::new(r"C:\web")));
        assert_eq!(lacking(Path::new(r"C:\web")), None);
    }

    #[test]
    fn a_drive_that_another_session_has_mapped_is_known() {
        let is_free = |letter: &char| !Path::new(&format!("{letter}:\\")).exists() && mapped_to(*letter).is_none();
        let Some(letter) = ('G'..='Y').find(is_free) else { return };
        let path = format!(r"{letter}:\web\x").to_lowercase();
        assert_eq!(lacking(Path::new(&path)), Some(Lacking::NotThere { letter }));
        let key = format!(r"Network\{letter}");
        CURRENT_USER.create(&key).unwrap().set_string("RemotePath", r"\\server\share").unwrap();
        let found = lacking(Path::new(&path));
        CURRENT_USER.remove_tree(&key).unwrap();
        assert_eq!(found, Some(Lacking::Mapped { letter, to: Some(r"\\server\share".to_owned()) }));
    }
}
