//! Small files that are nobody else's business.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// No file of ours is longer.
const LONGEST: u64 = 64 * 1024;

/// What stands in `file`; nothing if it is not there.
///
/// # Errors
/// It cannot be read, or is too long.
pub(crate) fn read(file: &Path) -> io::Result<Option<String>> {
    let mut text = String::new();
    match File::open(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        open => open?.take(LONGEST).read_to_string(&mut text)?,
    };
    if text.len() as u64 == LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long"));
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_not_there_is_nothing_and_what_is_too_long_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        assert_eq!(read(&file).unwrap(), None);
        fs::write(&file, "text").unwrap();
        assert_eq!(read(&file).unwrap().as_deref(), Some("text"));
        fs::write(&file, "x".repeat(LONGEST as usize)).unwrap();
        assert!(read(&file).is_err());
    }
}
