//! Saves what was edited.

use std::{fs, io, path::Path};

use estatus_access::write_atomically;

/// Saves `text` as `file`, with the permissions that the file has.
pub(crate) fn save(file: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let file = file.canonicalize()?;
    let permissions = fs::metadata(&file)?.permissions();
    write_atomically(&file, text, Some(permissions))
}
