//! What kind of drive a path is on.
#![allow(unsafe_code, reason = "the kind of a drive is only to be had from the system's own function")]

use std::path::{Component, Path, Prefix};

use windows_sys::Win32::{Storage::FileSystem::GetDriveTypeW, System::WindowsProgramming::DRIVE_REMOTE};

/// The letter of the mapped drive that `path` is on, if it is on one: each session has its own, and a service none.
pub(super) fn mapped(path: &Path) -> Option<char> {
    let letter = letter(path)?;
    let root: Vec<u16> = format!("{letter}:\\").encode_utf16().chain([0]).collect();
    // SAFETY: the text ends in a zero.
    let kind = unsafe { GetDriveTypeW(root.as_ptr()) };
    (kind == DRIVE_REMOTE).then_some(letter)
}

/// Whether `path` is another machine's.
pub(super) fn is_of_network(path: &Path) -> bool {
    matches!(prefix(path), Some(Prefix::UNC(..) | Prefix::VerbatimUNC(..)))
}

fn letter(path: &Path) -> Option<char> {
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
        assert_eq!(mapped(Path::new(r"C:\web")), None);
    }
}
