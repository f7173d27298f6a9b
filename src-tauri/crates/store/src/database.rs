//! The database as its one writer sees it.

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_core::{Timestamp, record::Record};
use rusqlite::{Connection, Result, TransactionBehavior};

use crate::{
    files::{remove, set_aside},
    mirror::Mirror,
    platform,
    schema::{self, OPEN_PATIENCE},
    write::{Batch, Known, Written},
};

/// How long one try to write waits for another program; the writer tries again.
pub(crate) const WRITE_PATIENCE: Duration = Duration::from_millis(250);

/// The database, opened for writing.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    /// What is known of the monitors written to since it was opened.
    known: HashMap<Arc<str>, Known>,
    /// The small state, to be written anew should the file be damaged.
    mirror: Mirror,
    /// How many observations are in the log.
    pub(crate) logged: u64,
    /// Whether a commit waits for the disk.
    durable: Option<bool>,
    /// Whether something was committed that did not wait for the disk.
    unsynced: bool,
}

impl Database {
    /// Opens the database at `path`, which has the tables or is empty.
    pub(crate) fn open(path: &Path, mirror: Mirror) -> Result<Self> {
        let connection = connect(path)?;
        let logged = connection.query_row("SELECT count(*) FROM log", [], |row| row.get::<_, i64>(0))?.unsigned_abs();
        let path = path.to_owned();
        Ok(Self { connection, path, known: HashMap::new(), mirror, logged, durable: None, unsynced: true })
    }

    /// Writes `records` in one transaction. With `durable` it returns when they will outlast a power cut, and with
    /// them everything written before.
    pub(crate) fn write<'a>(
        &mut self,
        records: impl Iterator<Item = &'a Record> + Clone,
        durable: bool,
    ) -> Result<Written> {
        self.set_durable(durable)?;
        if durable && self.unsynced && records.clone().next().is_none() {
            // A transaction that writes nothing does not wait for the disk; this brings what was written there.
            self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        }
        let written = self.transaction(records.clone());
        match &written {
            Ok(written) => {
                self.logged += written.observations;
                self.unsynced = !durable;
                records.for_each(|record| self.mirror.note(record));
            }
            // What was learnt in the transaction went with it.
            Err(_) => self.known.clear(),
        }
        written
    }

    fn transaction<'a>(&mut self, records: impl Iterator<Item = &'a Record>) -> Result<Written> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut batch = Batch::new(&transaction, &mut self.known);
        for record in records {
            batch.add(record)?;
        }
        let written = batch.finish();
        transaction.commit()?;
        Ok(written)
    }

    fn set_durable(&mut self, durable: bool) -> Result<()> {
        if self.durable != Some(durable) {
            self.connection.pragma_update(None, "synchronous", if durable { "FULL" } else { "NORMAL" })?;
            self.durable = Some(durable);
        }
        Ok(())
    }

    /// Looks for damage, page by page.
    pub(crate) fn check(&self) -> Result<()> {
        let answer: String = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if answer == "ok" { Ok(()) } else { Err(damage(answer)) }
    }

    /// Puts the database aside, and begins a new one with the small state of the old one; returns the old one's name.
    pub(crate) fn begin_anew(&mut self, now: Timestamp) -> std::result::Result<PathBuf, BeginAnewError> {
        // The file must be closed before Windows lets it be renamed.
        self.connection = Connection::open_in_memory()?;
        self.known.clear();
        self.durable = None;
        let aside = set_aside(&self.path, now)?;
        let begun = self.begin();
        if begun.is_err() {
            self.connection = Connection::open_in_memory()?;
            // What was begun is not damaged: it goes, so that the next try finds the way free.
            remove(&self.path);
        }
        begun.map(|()| aside)
    }

    fn begin(&mut self) -> std::result::Result<(), BeginAnewError> {
        platform::create_file(&self.path)?;
        create(&self.path, Some(self.mirror.installation()))?;
        self.connection = connect(&self.path)?;
        self.logged = 0;
        self.mirror.keep_numbers(&self.connection)?;
        let records = self.mirror.records();
        self.write(records.iter(), true)?;
        Ok(())
    }
}

/// Why no new database could be begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BeginAnewError {
    #[error(transparent)]
    File(#[from] io::Error),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

/// Makes the tables in the empty file at `path`.
pub(crate) fn create(path: &Path, installation: Option<&str>) -> Result<()> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(OPEN_PATIENCE)?;
    // Only a database without tables takes this.
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    schema::create(&mut connection, installation)
}

/// Opens the database for writing, as it is.
pub(crate) fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(WRITE_PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // 1 MiB of pages in memory, and a write-ahead log that is cut back to 4 MiB.
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.pragma_update(None, "journal_size_limit", 4 << 20)?;
    Ok(connection)
}

/// An error that says that the database is damaged.
pub(crate) fn damage(what: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(what))
}
