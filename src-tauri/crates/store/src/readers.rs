//! Read-only connections: opened when they are needed, at most two, used outside the async threads.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, Result};
use tokio::{sync::Semaphore, task};

use crate::trouble::{Trouble, TroubleKind, what};

const CONNECTIONS: usize = 2;
/// How long a reader waits for another program to let go of the database.
const PATIENCE: Duration = Duration::from_secs(2);

/// The connections that are open.
#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    permits: Semaphore,
    open: [Mutex<Option<Connection>>; CONNECTIONS],
}

impl Readers {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, permits: Semaphore::new(CONNECTIONS), open: Default::default() }
    }

    /// Runs `read` on a connection, in a transaction, so that it sees one state.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T, ReadError> {
        let _permit = self.permits.acquire().await.map_err(|_| ReadError::Stopped)?;
        let readers = Arc::clone(self);
        task::spawn_blocking(move || readers.run_here(read)).await.map_err(|_| ReadError::Stopped)?
    }

    fn run_here<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T, ReadError> {
        let mut slot = self.free_slot();
        let connection = match slot.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let result = connection.unchecked_transaction().and_then(|transaction| read(&transaction));
        let connection = slot.insert(connection);
        // The pages it has read are not kept: a picture is drawn now and then, the memory would be held for ever.
        connection.release_memory()?;
        Ok(result?)
    }

    /// Closes all connections, after those in use have done, and keeps new ones from being opened while it is held.
    pub(crate) fn close(&self) -> [MutexGuard<'_, Option<Connection>>; CONNECTIONS] {
        self.open.each_ref().map(|slot| {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            *slot = None;
            slot
        })
    }

    fn free_slot(&self) -> MutexGuard<'_, Option<Connection>> {
        let [first, second] = &self.open;
        first.try_lock().unwrap_or_else(|_| second.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn connect(&self) -> Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(32);
        connection.pragma_update(None, "cache_size", -1024)?;
        Ok(connection)
    }
}

/// Why nothing could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    #[error("the reading was stopped")]
    Stopped,
}

impl ReadError {
    pub(crate) fn trouble(&self, readers: &Readers) -> Trouble {
        match self {
            Self::Database(error) => Trouble::of(&readers.path, error),
            Self::Stopped => Trouble::new(TroubleKind::Closed, what("store.stopping", Vec::new())),
        }
    }
}
