//! What can go wrong with the store, and how it is told.

use std::{
    io,
    path::{Path, PathBuf},
};

use estatus_core::words::Reason;
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
    pub what: Reason,
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
    pub(crate) const fn new(kind: TroubleKind, what: Reason) -> Self {
        Self { kind, what }
    }

    /// What `error` of the database at `path` means.
    pub(crate) fn of(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.display().to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Self::new(TroubleKind::Locked, what("store.locked", vec![("path", path)]))
            }
            Some(ErrorCode::DiskFull) => Self::new(TroubleKind::Full, what("store.full", vec![("path", path)])),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                let parts = vec![("path", path), ("error", error.to_string())];
                Self::new(TroubleKind::Damaged, what("store.damaged", parts))
            }
            _ => {
                let parts = vec![("path", path), ("error", error.to_string())];
                Self::new(TroubleKind::Failed, what("store.failed", parts))
            }
        }
    }

    pub(crate) fn closed() -> Self {
        Self::new(TroubleKind::Closed, what("store.closed", Vec::new()))
    }

    pub(crate) fn set_aside(path: &Path, aside: &Path, why: &rusqlite::Error) -> Self {
        let paths = [path, aside].map(|path| path.display().to_string());
        let [path, aside] = paths;
        let parts = vec![("path", path), ("aside", aside), ("error", why.to_string())];
        Self::new(TroubleKind::Damaged, what("store.set_aside", parts))
    }
}

/// What happened, by the text under `key`.
pub(crate) fn what(key: &'static str, parts: Vec<(&'static str, String)>) -> Reason {
    Reason::new(key, parts.into_iter().map(|(name, part)| (name, part.into())).collect())
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
