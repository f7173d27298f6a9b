//! Small files that are nobody else's business.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::Path,
};

use estatus_access::replace;

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

/// Puts a file that only its owner may read at `file`, so that there is always the old one or the new one. The folder is
/// written by one process alone.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut aside = file.as_os_str().to_owned();
    aside.push(".new");
    let written = options().open(&aside).and_then(|mut new| {
        new.write_all(text.as_bytes())?;
        new.sync_all()?;
        replace(Path::new(&aside), file)
    });
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
}

#[cfg(windows)]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    options
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_its_owners_alone_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        assert_eq!(read(&file).unwrap(), None);
        for text in ["first", "2nd"] {
            write(&file, text).unwrap();
            assert_eq!(read(&file).unwrap().as_deref(), Some(text));
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::write(&file, "x".repeat(LONGEST as usize)).unwrap();
        assert!(read(&file).is_err());
        assert!(write(&folder.path().join("none/key"), "").is_err());
    }
}
