//! The handle that writes and reads.

use std::{
    collections::BTreeMap,
    io,
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use estatus_core::{
    Timestamp,
    config::Retention,
    fleet::{decision::DecisionRecord, instance::Instance, replay::Sample},
    flow::run::{Run, RunRecord},
    ids::{Key, RunId},
    record::{JournalEntry, Record},
};
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    Figures, History, IncidentFilter, IncidentHistory, Observed, UsageHistory,
    database::Database,
    keys::millis,
    maintenance::Maintenance,
    queue::{Queue, Submission},
    read,
    readers::{ReadError, Readers},
    restore,
    trouble::{Notices, Trouble, is_damage},
    usage,
    writer::{Shared, Writer},
};

/// The store; every clone is the same one. When the last is dropped, what was handed over is still written.
///
/// What reads must be awaited in a tokio runtime.
#[derive(Clone, Debug)]
pub struct Store {
    shared: Arc<Shared>,
    _closes: Arc<Closes>,
}

/// Starts the writer for `database`.
pub(crate) fn start(
    database: Database,
    care: Maintenance,
    retention: Retention,
    now: Timestamp,
) -> io::Result<(Store, Notices)> {
    let (notices, listener) = mpsc::channel(Notices::LIMIT);
    let shared = Arc::new(Shared {
        queue: Queue::default(),
        readers: Arc::new(Readers::new(database.path.clone())),
        retention: Mutex::new(retention),
        trouble: Mutex::new(None),
        suspect: AtomicBool::new(false),
        ahead: now.duration_since(Timestamp::now()),
        ended: watch::Sender::new(false),
        #[cfg(test)]
        limit_pages: Mutex::new(None),
    });
    Writer::start(Arc::clone(&shared), database, care, notices)?;
    let closes = Arc::new(Closes(Arc::clone(&shared)));
    Ok((Store { shared, _closes: closes }, Notices(listener)))
}

impl Store {
    /// Hands `records` over to be written, whether or not the future is awaited. Never blocks.
    ///
    /// They are committed together within 500 ms; at once, and to outlast a power cut, if one of them
    /// [must be durable](Record::must_be_durable). The future resolves when they are on disk. While the database cannot
    /// be written it resolves within two seconds with what is wrong, and the records go on waiting to be written;
    /// while too many wait, the oldest are dropped of what is only history, decisions last.
    ///
    /// # Errors
    /// They are not on disk (yet).
    pub fn record(&self, records: Vec<Record>) -> impl Future<Output = Result<(), Trouble>> + Send + use<> {
        let durable = records.iter().any(Record::must_be_durable);
        self.submit(records, durable)
    }

    /// Writes at once all that was handed over; resolves when it outlasts a power cut, or after two seconds of trouble.
    pub async fn flush(&self) {
        // Whoever has handed something over is told what became of it.
        let _ = self.submit(Vec::new(), true).await;
    }

    /// Writes all that was handed over and closes the database; what is handed over later is refused. A database that
    /// cannot be written is given up after a few tries.
    pub async fn close(self) {
        let mut ended = self.shared.ended.subscribe();
        self.shared.queue.close();
        // The sender is in `self.shared`, so it is there.
        let _ = ended.wait_for(|ended| *ended).await;
    }

    /// From now on, things are kept for so long.
    pub fn set_retention(&self, retention: Retention) {
        *self.shared.retention.lock().unwrap_or_else(PoisonError::into_inner) = retention;
    }

    /// What is wrong with the database now; `None` while it is written.
    pub fn trouble(&self) -> Option<Trouble> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The figures of each of `monitors` from `from` to `to`, which must not lie in the future; a name that nothing is
    /// known of is left out. Where only figures by hour or by day are kept any more, `from` and `to` are brought down
    /// to the beginning of one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn figures(
        &self,
        monitors: Vec<Arc<str>>,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Arc<str>, Figures>, Trouble> {
        let figures = self.figures_over(monitors, vec![from..to]).await?;
        Ok(figures.into_iter().filter_map(|(name, over)| Some((name, over.into_iter().next()?))).collect())
    }

    /// The same over each of `spans`, in their order and from one state of the database.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn figures_over(
        &self,
        monitors: Vec<Arc<str>>,
        spans: Vec<Range<Timestamp>>,
    ) -> Result<BTreeMap<Arc<str>, Vec<Figures>>, Trouble> {
        let spans: Vec<_> = spans.into_iter().map(|span| millis(span.start)..millis(span.end)).collect();
        self.read(move |connection| read::figures(connection, &monitors, &spans)).await
    }

    /// What is remembered of `monitor` from `from` to `to`, as for [`Store::figures`], in all and in about `points`
    /// pieces (1 to 2,000). Pieces are whole hours or days of UTC, and fewer, where the stretch is so long that they
    /// would be longer than one, or so old that nothing finer is kept.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn history(
        &self,
        monitor: &str,
        from: Timestamp,
        to: Timestamp,
        points: usize,
    ) -> Result<History, Trouble> {
        let monitor = monitor.to_owned();
        self.read(move |connection| read::history(connection, &monitor, millis(from), millis(to), points)).await
    }

    /// The newest observation of every monitor that has one.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn last_observations(&self) -> Result<BTreeMap<Arc<str>, Observed>, Trouble> {
        self.read(read::last_observations).await
    }

    /// The incidents that fit `filter`, the newest first, with what was told of them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn incidents(&self, filter: IncidentFilter) -> Result<Vec<IncidentHistory>, Trouble> {
        self.read(move |connection| restore::incidents(connection, &filter)).await
    }

    /// The newest `limit` runs of `flow`, or of all flows, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn runs(&self, flow: Option<&str>, limit: usize) -> Result<Vec<Run>, Trouble> {
        let flow = flow.map(str::to_owned);
        self.read(move |connection| restore::runs(connection, flow.as_deref(), limit)).await
    }

    /// The newest `limit` runs of each of `flows`, the newest first; a flow that never ran is left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn last_runs(&self, flows: Vec<Arc<str>>, limit: usize) -> Result<BTreeMap<Arc<str>, Vec<Run>>, Trouble> {
        self.read(move |connection| restore::last_runs(connection, &flows, limit)).await
    }

    /// A run with its steps; nothing if there is none of this number any more.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn run(&self, id: RunId) -> Result<Option<RunRecord>, Trouble> {
        self.read(move |connection| restore::run(connection, id)).await
    }

    /// The newest `limit` instances of `fleet`, those that are gone too, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn instances(&self, fleet: &str, limit: usize) -> Result<Vec<Instance>, Trouble> {
        let fleet = fleet.to_owned();
        self.read(move |connection| restore::instances(connection, &fleet, limit)).await
    }

    /// What was decided of `fleet`: the newest `limit` decisions that were kept, the newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn decisions(&self, fleet: &str, limit: usize) -> Result<Vec<DecisionRecord>, Trouble> {
        let fleet = fleet.to_owned();
        self.read(move |connection| restore::decisions(connection, &fleet, limit)).await
    }

    /// How `fleet` stood in the minutes from `from` to `to`, the oldest first. Each is given by the beginning of its minute; a
    /// minute of which nothing is known is left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn samples(&self, fleet: &str, from: Timestamp, to: Timestamp) -> Result<Vec<Sample>, Trouble> {
        let fleet = fleet.to_owned();
        self.read(move |connection| restore::samples(connection, &fleet, millis(from), millis(to))).await
    }

    /// What `by`, a program or a monitor of this machine, used from `from` to `to`, in about `points` pieces (1 to 2,000), of
    /// which none is shorter than `least`. Pieces are whole minutes, hours or days of UTC, as in [`Store::history`]; those of
    /// which nothing is known are left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn usage(
        &self,
        by: Key,
        from: Timestamp,
        to: Timestamp,
        points: usize,
        least: Duration,
    ) -> Result<UsageHistory, Trouble> {
        self.read(move |connection| usage::usage(connection, &by, millis(from), millis(to), points, least)).await
    }

    /// The newest `limit` entries of the journal from `since` on, in the order in which they happened.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn journal(&self, since: Timestamp, limit: usize) -> Result<Vec<(Timestamp, JournalEntry)>, Trouble> {
        self.read(move |connection| restore::journal(connection, since, limit)).await
    }

    /// How `program` came to stand, in the order in which that happened: the newest `limit` times from `since` on, up to
    /// `before` if that is said, and the last time before `since`, if it is among them.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn program_changes(
        &self,
        program: &str,
        since: Timestamp,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<(Timestamp, JournalEntry)>, Trouble> {
        let program = program.to_owned();
        self.read(move |connection| restore::program_changes(connection, &program, since, before, limit)).await
    }

    fn submit(&self, records: Vec<Record>, durable: bool) -> impl Future<Output = Result<(), Trouble>> + Send + use<> {
        let (waiter, answer) = oneshot::channel();
        self.shared.queue.push(Submission { records, durable, since: Instant::now(), waiter: Some(waiter) });
        async move { answer.await.unwrap_or_else(|_| Err(Trouble::closed())) }
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Trouble> {
        let readers = &self.shared.readers;
        readers.run(read).await.map_err(|error| {
            if matches!(&error, ReadError::Database(error) if is_damage(error)) {
                self.shared.suspect.store(true, Ordering::Relaxed);
                self.shared.queue.nudge();
            }
            error.trouble(readers)
        })
    }

    /// Makes the database full at so many pages.
    #[cfg(test)]
    pub(crate) fn limit_pages(&self, limit: i64) {
        *self.shared.limit_pages.lock().unwrap() = Some(limit);
    }
}

/// Closes the store when the last handle goes.
#[derive(Debug)]
struct Closes(Arc<Shared>);

impl Drop for Closes {
    fn drop(&mut self) {
        self.0.queue.close();
    }
}
