//! What only this user may see, on Windows: a folder inherits the rights of the user's profile that it lies in, and a
//! file those of its folder.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

/// Makes the folder and those above it; one that exists stays as it is.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

/// Makes the file; one that exists stays as it is.
pub(crate) fn create_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).write(true).open(path)
}
