//! What only this user may see, on Windows: a file inherits the rights of its folder.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
};

/// Makes the file; one that exists stays as it is.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}
