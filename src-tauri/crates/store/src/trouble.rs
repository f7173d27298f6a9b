//! What can go wrong with the store, and how it is told.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use rusqlite::ErrorCode;
use tokio::sync::mpsc;

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data folder is not usable.
    #[error("the data folder {} cannot be used: {source}; make it writable for this user or choose another with --data", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The database was written by a later version of Estatus; it is left untouched.
    #[error("the history in {} was written by a later version of Estatus (format {found}, this one knows up to {known}); use that version, or choose another folder with --data", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The newest format this version knows.
        known: i64,
    },
    /// The database cannot be opened or read.
    #[error("{trouble}")]
    Unusable {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        trouble: Trouble,
    },
}

/// What is wrong with the store while it runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Trouble {
    /// What kind of trouble it is.
    pub kind: TroubleKind,
    /// What happened, to what, and what is or can be done about it, in one or two sentences.
    pub what: String,
}

/// The kinds of trouble that the store can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// Another program keeps the database locked.
    Locked,
    /// The disk is full.
    Full,
    /// The database was damaged.
    Damaged,
    /// Something could not be kept.
    Lost,
    /// The file system failed, or refused what it should not.
    Failed,
    /// The store was closed.
    Closed,
}

/// Something to be said aloud about the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The store does not work; it is tried again and again until it does.
    Began(Trouble),
    /// It works again.
    Ended(Trouble),
    /// Something happened, and the store goes on.
    Happened(Trouble),
}

/// The notices, in the order in which they arise.
#[derive(Debug)]
pub struct Notices(pub(crate) mpsc::Receiver<Notice>);

impl Notices {
    /// So many notices wait to be read; more are dropped.
    pub(crate) const LIMIT: usize = 64;

    /// The next one; `None` when the store is closed.
    pub async fn next(&mut self) -> Option<Notice> {
        self.0.recv().await
    }
}

impl Trouble {
    pub(crate) fn new(kind: TroubleKind, what: impl fmt::Display) -> Self {
        Self { kind, what: what.to_string() }
    }

    /// What `error` of the database at `path` means.
    pub(crate) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.display();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::new(
                TroubleKind::Locked,
                format!("the history in {path} is locked by another program; close the program that has it open"),
            ),
            Some(ErrorCode::DiskFull) => Self::new(
                TroubleKind::Full,
                format!("the disk with the history in {path} is full; free some space on it"),
            ),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::new(TroubleKind::Damaged, format!("the history in {path} is damaged ({error})"))
            }
            _ => Self::new(
                TroubleKind::Failed,
                format!(
                    "the history in {path} cannot be read or written ({error}); look at the disk and at the rights of the file"
                ),
            ),
        }
    }

    pub(crate) fn closed() -> Self {
        Self::new(TroubleKind::Closed, "the history was closed, nothing more is written")
    }

    pub(crate) fn set_aside(path: &Path, aside: &Path, why: &rusqlite::Error) -> Self {
        Self::new(
            TroubleKind::Damaged,
            format!(
                "the history in {} was damaged ({why}); it was kept as {} and a new one was begun",
                path.display(),
                aside.display()
            ),
        )
    }
}

/// Whether `error` says that the file is no longer a sound database.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Whether `error` is about the one record that was written, so that trying again is of no use.
pub(crate) fn is_about_the_record(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            matches!(failure.code, ErrorCode::TooBig | ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
        }
        rusqlite::Error::ToSqlConversionFailure(_) => true,
        _ => false,
    }
}
