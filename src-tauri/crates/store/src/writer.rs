//! The one writer: a thread that takes what is handed over, writes it, and looks after what was written.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use estatus_core::{Timestamp, config::Retention};
use tokio::sync::{mpsc, watch};

use crate::{
    database::Database,
    maintenance::Maintenance,
    queue::{Queue, Submission, Work},
    readers::Readers,
    trouble::{Notice, Trouble, TroubleKind, is_damage, what},
};

/// While the database cannot be written, it is tried again after so long.
const RETRY: Duration = Duration::from_secs(1);
/// Whoever waits for a record to be on disk is told of the trouble after so long.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// A lock of another program is trouble when it has lasted so long.
const LOCKED_IS_TROUBLE_AFTER: Duration = Duration::from_secs(5);
/// A store that is being closed tries so often to write what is left.
const LAST_TRIES: u32 = 8;

/// What the writer shares with the handles of the store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) readers: Arc<Readers>,
    pub(crate) retention: Mutex<Retention>,
    pub(crate) trouble: Mutex<Option<Trouble>>,
    /// Whether a reader came upon damage.
    pub(crate) suspect: AtomicBool,
    /// Whether the writer has ended.
    pub(crate) ended: watch::Sender<bool>,
    /// How far the time given at the start was ahead of this machine's wall clock.
    pub(crate) ahead: jiff::SignedDuration,
    #[cfg(test)]
    pub(crate) limit_pages: Mutex<Option<i64>>,
}

impl Shared {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now().saturating_add(self.ahead).unwrap_or(Timestamp::MAX)
    }
}

/// The writer's own.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    database: Database,
    care: Maintenance,
    notices: mpsc::Sender<Notice>,
    /// When writing first failed, since it last succeeded.
    failing_since: Option<Instant>,
    not_before: Option<Instant>,
    /// Why the database must be put aside, while that does not succeed.
    damaged: Option<rusqlite::Error>,
    /// How many records were dropped in this trouble.
    lost: u64,
    last_tries: u32,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub(crate) fn start(
        shared: Arc<Shared>,
        database: Database,
        care: Maintenance,
        notices: mpsc::Sender<Notice>,
    ) -> std::io::Result<()> {
        let writer = Self {
            shared,
            database,
            care,
            notices,
            failing_since: None,
            not_before: None,
            damaged: None,
            lost: 0,
            last_tries: LAST_TRIES,
        };
        thread::Builder::new().name("estatus-store".to_owned()).spawn(|| writer.run()).map(drop)
    }

    fn run(mut self) {
        let _ends = Ends(Arc::clone(&self.shared));
        loop {
            match self.shared.queue.next(self.not_before, self.care.due()) {
                Work::Write(submissions) => self.write(submissions),
                Work::Tick => self.look_after(),
                Work::Close => break,
            }
        }
        // The last connection to be closed brings the write-ahead log into the file and removes it.
        let _closed = self.shared.readers.close();
        drop(self.database);
    }

    fn write(&mut self, mut submissions: Vec<Submission>) {
        #[cfg(test)]
        self.limit_pages();
        if let Some(why) = self.damaged.take() {
            self.begin_anew(why);
            if self.damaged.is_some() {
                self.shared.queue.put_back(submissions);
                return self.count_lost();
            }
        }
        let durable = submissions.iter().any(|submission| submission.durable);
        let records = submissions.iter().flat_map(|submission| &submission.records);
        match self.database.write(records, durable) {
            Ok(written) => {
                submissions.iter_mut().for_each(|submission| submission.answer(Ok(())));
                self.works_again();
                if written.refused > 0 {
                    let lost = what("store.refused", vec![("count", written.refused.to_string())]);
                    self.tell(Notice::Happened(Trouble::new(TroubleKind::Lost, lost)));
                }
                self.care.logged(self.database.logged);
            }
            Err(error) => {
                self.shared.queue.put_back(submissions);
                self.failed(error);
            }
        }
    }

    fn look_after(&mut self) {
        if self.damaged.is_some() {
            return self.care.try_later();
        }
        if self.shared.suspect.swap(false, Ordering::Relaxed) {
            self.care.check_next();
        }
        let retention = *self.shared.retention.lock().unwrap_or_else(PoisonError::into_inner);
        match self.care.take(&mut self.database, self.shared.now(), &retention) {
            Ok(()) => {}
            Err(error) if is_damage(&error) => self.begin_anew(error),
            // What could not be done is done later; whether the database works is for the writing to find out.
            Err(error) => {
                tracing::warn!(%error, "the history could not be looked after");
                self.care.try_later();
            }
        }
    }

    fn failed(&mut self, error: rusqlite::Error) {
        if is_damage(&error) {
            return self.begin_anew(error);
        }
        let trouble = Trouble::of(&self.database.path, &error);
        let since = *self.failing_since.get_or_insert_with(Instant::now);
        let locked = trouble.kind == TroubleKind::Locked;
        self.not_before = (!locked).then(|| Instant::now() + RETRY);
        self.shared.queue.tell_overdue(ANSWER_WITHIN.saturating_sub(RETRY), &trouble);
        if !locked || since.elapsed() >= LOCKED_IS_TROUBLE_AFTER {
            self.begin_trouble(trouble);
        }
        self.count_lost();
        self.give_up_when_closing();
    }

    fn begin_anew(&mut self, why: rusqlite::Error) {
        let path = self.database.path.clone();
        let begun = {
            let _no_readers = self.shared.readers.close();
            self.database.begin_anew(self.shared.now())
        };
        match begun {
            Ok(aside) => {
                self.not_before = None;
                self.care = Maintenance::new(false);
                self.tell(Notice::Happened(Trouble::set_aside(&path, &aside, &why)));
            }
            Err(error) => {
                self.failing_since.get_or_insert_with(Instant::now);
                self.not_before = Some(Instant::now() + RETRY);
                let parts =
                    [("path", path.display().to_string()), ("why", why.to_string()), ("error", error.to_string())];
                self.damaged = Some(why);
                let trouble = Trouble::new(TroubleKind::Damaged, what("store.not_begun", parts.into()));
                self.shared.queue.tell_overdue(ANSWER_WITHIN.saturating_sub(RETRY), &trouble);
                self.begin_trouble(trouble);
                self.give_up_when_closing();
            }
        }
    }

    fn begin_trouble(&self, trouble: Trouble) {
        let mut current = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let known = current.as_ref().is_some_and(|current| current.kind == trouble.kind);
        *current = Some(trouble.clone());
        drop(current);
        if !known {
            self.tell(Notice::Began(trouble));
        }
    }

    fn works_again(&mut self) {
        self.not_before = None;
        self.count_lost();
        let lost = std::mem::take(&mut self.lost);
        if self.failing_since.take().is_none() {
            return;
        }
        let Some(mut trouble) = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        let path = ("path", self.path().to_string());
        trouble.what = match lost {
            0 => what("store.again", vec![path]),
            lost => what("store.again_without", vec![path, ("count", lost.to_string())]),
        };
        self.tell(Notice::Ended(trouble));
    }

    fn count_lost(&mut self) {
        let lost = self.shared.queue.take_lost();
        if lost > 0 && self.lost == 0 {
            let dropping = what("store.dropping", vec![("path", self.path().to_string())]);
            self.tell(Notice::Happened(Trouble::new(TroubleKind::Lost, dropping)));
        }
        self.lost += lost;
    }

    /// A store that is being closed does not wait for ever: when the tries are used up, what is left is lost.
    fn give_up_when_closing(&mut self) {
        if self.shared.queue.is_closing() {
            self.last_tries = self.last_tries.saturating_sub(1);
            if self.last_tries == 0 {
                let trouble = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
                self.shared.queue.end(&trouble.unwrap_or_else(Trouble::closed));
            }
        }
    }

    fn path(&self) -> std::path::Display<'_> {
        self.database.path.display()
    }

    /// Says something aloud; whoever does not listen misses it, but [`crate::Store::trouble`] goes on telling.
    fn tell(&self, notice: Notice) {
        match &notice {
            Notice::Began(trouble) | Notice::Happened(trouble) => tracing::error!("{trouble}"),
            Notice::Ended(trouble) => tracing::info!("{trouble}"),
        }
        if self.notices.try_send(notice).is_err() {
            tracing::debug!("nobody listens to the store's notices");
        }
    }

    #[cfg(test)]
    fn limit_pages(&self) {
        let limit = self.shared.limit_pages.lock().unwrap().take();
        if let Some(limit) = limit {
            self.database.connection.pragma_update_and_check(None, "max_page_count", limit, |_| Ok(())).unwrap();
        }
    }
}

/// Tells whoever waits when the writer goes, however it goes.
struct Ends(Arc<Shared>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.queue.end(&Trouble::closed());
        self.0.ended.send_replace(true);
    }
}
