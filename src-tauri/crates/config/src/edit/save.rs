//! Puts a new file in the old one's place, so that there is always one or the other.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Saves `text` as `file`, with the permissions that the file has.
pub(super) fn save(file: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let file = file.canonicalize()?;
    let permissions = fs::metadata(&file)?.permissions();
    let aside = file.with_extension("toml.new");
    let _ = fs::remove_file(&aside);
    let written = write(&aside, text).and_then(|()| {
        fs::set_permissions(&aside, permissions)?;
        fs::rename(&aside, &file)
    });
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}

fn write(aside: &Path, text: &str) -> io::Result<()> {
    let mut new: File = OpenOptions::new().write(true).create_new(true).open(aside)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()
}
