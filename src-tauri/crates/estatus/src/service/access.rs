//! What a service wants to do with files, and who else may do it.

use std::{
    io,
    path::{Path, PathBuf},
};

use estatus_core::words::Reason;

/// What somebody wants to do with a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Read it, or list a folder and enter it.
    Read,
    /// Read and change it, or what is in a folder.
    Write,
    /// Run it.
    Execute,
}

/// Why a service is not to run what others may have written.
#[derive(Debug)]
pub(super) enum Shared {
    /// Others can change it: who, and what to do about it.
    ByOthers(io::Error),
    /// Who can change this cannot be seen.
    Unseen(PathBuf, io::Error),
}

impl Shared {
    /// What is `refused` of `path`, if it is and if there is something.
    pub(super) fn of(path: &Path, refused: io::Result<()>) -> Option<Self> {
        match refused.err()? {
            error if error.kind() == io::ErrorKind::NotFound => None,
            error if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none() => {
                Some(Self::ByOthers(error))
            }
            error => Some(Self::Unseen(path.to_owned(), error)),
        }
    }

    /// Why.
    pub(super) fn why(&self) -> Reason {
        match self {
            Self::ByOthers(who) => told!("shared", who = who.to_string()),
            Self::Unseen(path, error) => told!("unseen", path = path.display(), error = error.to_string()),
        }
    }
}
