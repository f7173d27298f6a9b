//! Keeps the status page as things are, in a task beside the loop, which it asks for how they are at its own pace.
//!
//! The page is written when it would tell something else, when a maintenance window begins or ends, and now and then so that
//! whoever reads it sees that Estatus runs; and a last time when the engine stops, which it says. A file that cannot be written is
//! told of once, and tried again. So is a drive that hangs: it keeps a thread waiting, and nobody else.

mod file;

use std::{
    collections::BTreeMap,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_core::{time::elapsed, words::Reason};
use estatus_store::{IncidentFilter, Store};
use jiff::Timestamp;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::JoinHandle,
    time::{Instant, sleep, timeout, timeout_at},
};

use crate::pages::status::{EVERY, INCIDENTS_LIMIT, Look, Observed, Past, RECENT};

/// Of each monitor, each day.
type OfDays = BTreeMap<Arc<str>, Vec<Observed>>;

/// From one look to the next there is at least so long.
const LEAST: Duration = Duration::from_secs(1);
/// What could not be written is tried again after this.
const AGAIN: Duration = Duration::from_secs(15);
/// A drive that has not taken a page after this is said to hang.
const PATIENCE: Duration = Duration::from_secs(30);
/// A page of many monitors takes a while: from one to the next there is at least so many times as long.
const REST: u32 = 9;
/// How the days were is read again after this.
const DAYS_FOR: Duration = Duration::from_secs(60);
/// Of the days before these nothing changes any more: an observation that has just begun may hold into the next day.
const NEW_DAYS: usize = 2;
/// So many monitors are looked up at once: others may read in between, and what they take besides is not kept.
const AT_ONCE: usize = 100;
/// Those that go on stand before others, however old they are: so many are read to find them.
const INCIDENTS_READ: usize = 20 * INCIDENTS_LIMIT;

/// What the writer tells the loop, or asks of it.
pub(crate) enum FromWriter {
    /// How things are, if there is a page.
    Look(oneshot::Sender<Option<Look>>),
    /// The page cannot be written, or can again.
    Trouble(Option<PageTrouble>),
}

/// Why the page is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageTrouble {
    /// Its file.
    pub(crate) file: PathBuf,
    /// Why.
    pub(crate) why: Reason,
}

/// The page that is written when the engine stops.
struct LastPage {
    look: Look,
    now: Timestamp,
    written: oneshot::Sender<Result<(), Reason>>,
}

/// The loop's end of the writer.
pub(crate) struct StatusPageWriter {
    changed: Arc<Notify>,
    said: mpsc::Receiver<FromWriter>,
    last: mpsc::Sender<LastPage>,
}

impl StatusPageWriter {
    /// Begins to keep the page; `config` and `data` are the configuration file and the data folder.
    pub(crate) fn start(store: Store, config: PathBuf, data: PathBuf) -> Self {
        let changed = Arc::new(Notify::new());
        let (sender, said) = mpsc::channel(1);
        let (last, last_page) = mpsc::channel(1);
        let places = Places { config, data };
        let put: Put = Arc::new(move |look, past, now| write(look, past, now, &places));
        tokio::spawn(Writer::new(store, put, sender).run(Arc::clone(&changed), last_page));
        Self { changed, said, last }
    }

    /// Something may have changed that the page tells.
    pub(crate) fn look_again(&self) {
        self.changed.notify_one();
    }

    /// Has the page written as `look` tells at `now`, and not again. Nobody waits longer than `within` for what becomes of it.
    ///
    /// # Errors
    /// It is not written, or its drive has not answered in time.
    pub(crate) fn write_last(
        &self,
        look: Look,
        now: Timestamp,
        within: Duration,
    ) -> impl Future<Output = Result<(), Reason>> + use<> {
        let (file, until) = (look.page.file.clone(), Instant::now() + within);
        let (written, outcome) = oneshot::channel();
        // The writer is there as long as the loop.
        let _ = self.last.try_send(LastPage { look, now, written });
        async move {
            let outcome = timeout_at(until, outcome).await;
            outcome.ok().and_then(Result::ok).unwrap_or_else(|| Err(hangs(&file, within)))
        }
    }

    /// What the writer says next.
    pub(crate) async fn next(&mut self) -> Option<FromWriter> {
        self.said.recv().await
    }
}

/// Where the page must not be.
struct Places {
    config: PathBuf,
    data: PathBuf,
}

/// Puts a page where it belongs. It takes as long as the drive does.
type Put = Arc<dyn Fn(&Look, &Past, Timestamp) -> Result<(), Reason> + Send + Sync>;

struct Writer {
    store: Store,
    put: Put,
    /// A drive that has not taken a page after this hangs.
    patience: Duration,
    sender: mpsc::Sender<FromWriter>,
    trouble: Option<PageTrouble>,
    /// What was read of the past.
    known: Option<Known>,
    writing: Option<Writing>,
}

/// A page that is being written, and what became of it, with what was read of the past for it.
struct Writing {
    file: PathBuf,
    done: JoinHandle<(Option<Known>, Result<(), Reason>)>,
}

/// What was read of the past.
struct Known {
    past: Past,
    /// When it was read how the days were.
    at: Instant,
    /// Whose they are.
    names: Vec<Arc<str>>,
    /// When the days begin; none where not all could be read.
    days: Vec<Timestamp>,
}

/// A page that was written, or could not be.
struct Last {
    look: Look,
    /// When it is to be written again.
    due: Instant,
    /// It is not written sooner.
    rest: Duration,
}

impl Writer {
    fn new(store: Store, put: Put, sender: mpsc::Sender<FromWriter>) -> Self {
        Self { store, put, patience: PATIENCE, sender, trouble: None, known: None, writing: None }
    }

    /// Runs as long as the loop does, and writes the last page if there is to be one.
    async fn run(mut self, changed: Arc<Notify>, mut last: mpsc::Receiver<LastPage>) {
        let LastPage { look, now, written } = tokio::select! {
            biased;
            Some(last) = last.recv() => last,
            () = self.keep_up(&changed) => return,
        };
        self.store.flush().await;
        // Nobody waits for it any more where that took too long.
        let _ = written.send(self.write(&look, now).await);
    }

    /// Keeps the page as things are, as long as the loop says how that is.
    async fn keep_up(&mut self, changed: &Notify) {
        let mut last: Option<Last> = None;
        loop {
            let Some(look) = self.look().await else { return };
            last = match (look, last) {
                (Some(look), Some(last)) if Instant::now() < last.due && look.tells_the_same_as(&last.look) => {
                    Some(Last { rest: LEAST, ..last })
                }
                (Some(look), _) => Some(self.keep(look).await),
                (None, _) => {
                    self.tell(None).await;
                    (self.known, self.writing) = (None, None);
                    None
                }
            };
            sleep(last.as_ref().map_or(LEAST, |last| last.rest)).await;
            match &last {
                // That it is due is as good as a change.
                Some(last) => drop(timeout_at(last.due, changed.notified()).await),
                None => changed.notified().await,
            }
        }
    }

    /// How things are, if there is a page; nothing at all once the loop has ended.
    async fn look(&self) -> Option<Option<Look>> {
        let (answer, looked) = oneshot::channel();
        self.sender.send(FromWriter::Look(answer)).await.ok()?;
        looked.await.ok()
    }

    async fn keep(&mut self, look: Look) -> Last {
        let now = Timestamp::now();
        let changes_in = look.changes_at(now).map_or(EVERY, |at| elapsed(now, at));
        // An incident that has just begun is still on its way to the disk.
        self.store.flush().await;
        let began = Instant::now();
        let written = self.write(&look, now).await;
        // To wait for a drive that hangs is no work.
        let worked = if self.writing.is_some() { Duration::ZERO } else { began.elapsed() };
        let rest = LEAST.max(worked.saturating_mul(REST));
        let again = if written.is_ok() { EVERY.min(changes_in) } else { AGAIN };
        self.tell(written.err().map(|why| PageTrouble { file: look.page.file.clone(), why })).await;
        Last { look, due: Instant::now() + again, rest }
    }

    async fn write(&mut self, look: &Look, now: Timestamp) -> Result<(), Reason> {
        // Another file may be on a drive that does not hang.
        self.writing.take_if(|writing| writing.file != look.page.file);
        if self.writing.is_some() {
            // What its drive has not taken yet is not given to it once more.
            let earlier = self.outcome().await;
            if self.writing.is_some() {
                return earlier;
            }
        }
        self.remember(look, now).await;
        let (file, known) = (look.page.file.clone(), self.known.take());
        let (look, put) = (look.clone(), Arc::clone(&self.put));
        let done = tokio::task::spawn_blocking(move || {
            let result = match &known {
                Some(known) => put(&look, &known.past, now),
                None => put(&look, &Past::default(), now),
            };
            (known, result)
        });
        self.writing = Some(Writing { file, done });
        self.outcome().await
    }

    /// What became of the page that is being written: it still is where its drive hangs.
    async fn outcome(&mut self) -> Result<(), Reason> {
        let Some(writing) = &mut self.writing else { return Ok(()) };
        match timeout(self.patience, &mut writing.done).await {
            Ok(Ok((known, result))) => {
                (self.known, self.writing) = (known, None);
                result
            }
            Ok(Err(panic)) => std::panic::resume_unwind(panic.into_panic()),
            Err(_) => Err(hangs(&writing.file, self.patience)),
        }
    }

    /// Reads what the page tells of the past. What cannot be read is not told: the store tells of its own troubles.
    async fn remember(&mut self, look: &Look, now: Timestamp) {
        let (names, spans) = (look.names(), look.days(now));
        let begins: Vec<Timestamp> = spans.iter().map(|day| day.start).collect();
        let known = self.known.take().filter(|known| known.names == names && known.days == begins);
        let (at, days, is_whole) = match known {
            Some(known) if known.at.elapsed() < DAYS_FOR => (known.at, known.past.days, true),
            Some(known) => self.read_days(known.past.days, spans.len().saturating_sub(NEW_DAYS), &names, &spans).await,
            None => self.read_days(BTreeMap::new(), 0, &names, &spans).await,
        };
        let since = Some(estatus_core::time::earlier(now, RECENT));
        let of = Some(names.clone());
        let filter = IncidentFilter { monitors: of, since, limit: INCIDENTS_READ, ..IncidentFilter::default() };
        let incidents = self.store.incidents(filter).await.ok();
        let incidents = incidents.map(|found| found.into_iter().map(|found| found.incident).collect());
        let begins = if is_whole { begins } else { Vec::new() };
        self.known = Some(Known { past: Past { days, incidents }, at, names, days: begins });
    }

    /// `days` with those from the one numbered `first` on as they are now, when they were read, and whether all could be.
    async fn read_days(
        &self,
        mut days: OfDays,
        first: usize,
        names: &[Arc<str>],
        spans: &[Range<Timestamp>],
    ) -> (Instant, OfDays, bool) {
        let mut is_whole = true;
        let wanted = spans.get(first..).unwrap_or_default();
        for names in names.chunks(AT_ONCE) {
            match self.store.figures_over(names.to_vec(), wanted.to_vec()).await {
                Ok(found) => {
                    for (name, figures) in found {
                        let of_days = days.entry(name).or_default();
                        of_days.resize(first, Observed::default());
                        of_days.extend(figures.iter().map(Observed::from));
                    }
                }
                Err(_) => is_whole = false,
            }
        }
        (Instant::now(), days, is_whole)
    }

    /// Tells the loop of a trouble, or that there is none any more, if it does not know.
    async fn tell(&mut self, trouble: Option<PageTrouble>) {
        if self.trouble != trouble {
            self.trouble.clone_from(&trouble);
            // The loop is gone only when the engine stops.
            let _ = self.sender.send(FromWriter::Trouble(trouble)).await;
        }
    }
}

fn write(look: &Look, past: &Past, now: Timestamp, places: &Places) -> Result<(), Reason> {
    let file = &look.page.file;
    let html = look.html(past, now).map_err(|error| file::unwritable(file, &error))?;
    file::put(file, &html, &places.config, &places.data)
}

fn hangs(file: &Path, within: Duration) -> Reason {
    Reason::new("page.hangs", vec![("file", file.display().into()), ("within", within.into())])
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;

    use estatus_core::{
        check::{Check, PingCheck},
        config::{Config, Monitor, Retention, StatusPage},
        engine::MonitorView,
        incident::Health,
        observation::{Observation, Phases},
        record::Record,
    };
    use estatus_store::Figures;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A page with the monitor `web`, which is up.
    fn look() -> Look {
        let page = StatusPage { file: "status.html".into(), tags: Vec::new(), title: None, details: false };
        let config = Config { status_page: Some(Arc::new(page)), ..Config::default() };
        let check = Check::Ping(PingCheck { host: "example.com".to_owned(), ip: None });
        let web = MonitorView {
            monitor: Arc::new(Monitor::new("web", check)),
            health: Health::Up,
            since: None,
            last: None,
            flapping: false,
            unsteady: false,
            incident: None,
            paused_until: None,
            snoozed_until: None,
        };
        Look::new(&Arc::new(config), [web].into_iter()).unwrap()
    }

    fn hour(text: &str) -> Record {
        let from = at(text);
        let observation = Arc::new(Observation::up(from, Phases::default(), ""));
        let holds_until = estatus_core::time::later(from, HOUR);
        Record::Observation { monitor: "web".into(), after: None, holds_until, observation }
    }

    const HOUR: Duration = Duration::from_secs(3600);

    fn writer(folder: &Path) -> Writer {
        let opened = estatus_store::open(folder, Retention::default(), at("2026-10-25T12:00:00Z")).unwrap();
        let (sender, _said) = mpsc::channel(1);
        Writer::new(opened.store, Arc::new(|_, _, _| Ok(())), sender)
    }

    /// For how many hours `web` was up, today and the days before, as the page of `now` tells.
    async fn hours(writer: &mut Writer, now: &str) -> Vec<Observed> {
        writer.remember(&look(), at(now)).await;
        let days = &writer.known.as_ref().unwrap().past.days;
        let of_days = days.get("web").cloned().unwrap_or_default();
        of_days.into_iter().rev().take(3).collect()
    }

    fn up(hours: u32) -> Observed {
        Observed::from(&Figures { up: HOUR * hours, ..Figures::default() })
    }

    #[tokio::test]
    async fn a_new_day_has_its_own_bar_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        writer.store.record(vec![hour("2026-10-25T12:00:00Z")]).await.unwrap();
        assert_eq!(hours(&mut writer, "2026-10-25T23:59:50Z").await, [up(1), up(0), up(0)]);
        assert_eq!(hours(&mut writer, "2026-10-26T00:00:10Z").await, [up(0), up(1), up(0)]);
    }

    #[tokio::test]
    async fn the_days_that_go_on_are_read_again_and_those_before_stay() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        assert_eq!(hours(&mut writer, "2026-10-25T12:00:00Z").await, [], "nothing is known of it yet");
        let seen = ["2026-10-23T12:00:00Z", "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"].map(hour);
        writer.store.record(seen.into()).await.unwrap();
        assert_eq!(hours(&mut writer, "2026-10-25T14:00:00Z").await, [], "it was read just now");
        let stale = |writer: &mut Writer| {
            let known = writer.known.as_mut().unwrap();
            known.at = known.at.checked_sub(DAYS_FOR).unwrap();
        };
        stale(&mut writer);
        assert_eq!(hours(&mut writer, "2026-10-25T14:00:00Z").await, [up(1), up(1), up(0)], "the last two days");
        writer.known = None;
        assert_eq!(hours(&mut writer, "2026-10-25T14:00:00Z").await, [up(1), up(1), up(1)], "all of them");
        writer.store.record(vec![hour("2026-10-25T15:00:00Z")]).await.unwrap();
        stale(&mut writer);
        assert_eq!(hours(&mut writer, "2026-10-25T17:00:00Z").await, [up(2), up(1), up(1)]);
        let days = &writer.known.as_ref().unwrap().past.days;
        assert!(days.values().all(|of_days| of_days.len() == 90), "each day once");
    }

    /// A drive on which `status.html` hangs until it is told to take it.
    struct Drive {
        given: mpsc::UnboundedReceiver<PathBuf>,
        takes: std_mpsc::Sender<()>,
    }

    impl Drive {
        fn new() -> (Self, Put) {
            let (gives, given) = mpsc::unbounded_channel();
            let (takes, taken) = std_mpsc::channel();
            let taken = std::sync::Mutex::new(taken);
            let put = move |look: &Look, _: &Past, _: Timestamp| {
                let file = look.page.file.clone();
                gives.send(file.clone()).unwrap();
                if file == Path::new("status.html") {
                    // The end of the test has it go on, too.
                    let _ = taken.lock().unwrap().recv();
                }
                Ok(())
            };
            (Self { given, takes }, Arc::new(put))
        }

        /// What it was given since this was asked last.
        fn given(&mut self) -> Vec<PathBuf> {
            std::iter::from_fn(|| self.given.try_recv().ok()).collect()
        }
    }

    /// A writer that writes to `put`, and what it tells; its patience is short.
    fn writer_to(folder: &Path, put: Put) -> (Writer, mpsc::Receiver<FromWriter>) {
        let (sender, said) = mpsc::channel(9);
        (Writer { put, sender, patience: SHORT, ..writer(folder) }, said)
    }

    const SHORT: Duration = Duration::from_millis(20);

    fn told(said: &mut mpsc::Receiver<FromWriter>) -> Option<Option<String>> {
        let FromWriter::Trouble(trouble) = said.try_recv().ok()? else { panic!("nobody answers it") };
        Some(trouble.map(|trouble| trouble.why.to_string()))
    }

    #[tokio::test]
    async fn a_drive_that_hangs_is_told_of_once_and_given_nothing_more_until_it_has_taken_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let (mut drive, put) = Drive::new();
        let (mut writer, mut said) = writer_to(folder.path(), put);
        assert_eq!(writer.keep(look()).await.rest, LEAST, "it is looked at again soon");
        let why = "the status page status.html is not being written: its drive has not answered for 20 ms";
        assert_eq!(
            (told(&mut said), drive.given.recv().await),
            (Some(Some(why.to_owned())), Some("status.html".into()))
        );
        writer.keep(look()).await;
        assert_eq!((told(&mut said), drive.given()), (None, Vec::new()));
        writer.patience = PATIENCE;
        drive.takes.send(()).unwrap();
        drive.takes.send(()).unwrap();
        writer.keep(look()).await;
        assert_eq!((told(&mut said), drive.given().len()), (Some(None), 1), "what has changed meanwhile is written");
    }

    #[tokio::test]
    async fn a_page_that_is_moved_away_from_a_drive_that_hangs_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (mut drive, put) = Drive::new();
        let (mut writer, mut said) = writer_to(folder.path(), put);
        writer.keep(look()).await;
        assert!(matches!(told(&mut said), Some(Some(_))));
        assert_eq!(drive.given.recv().await, Some("status.html".into()));
        writer.patience = PATIENCE;
        let mut moved = look();
        moved.page = Arc::new(StatusPage { file: "other/status.html".into(), ..StatusPage::clone(&moved.page) });
        writer.keep(moved).await;
        assert_eq!(told(&mut said), Some(None));
        assert_eq!(drive.given(), [Path::new("other/status.html")]);
    }

    #[tokio::test]
    async fn an_engine_that_stops_does_not_wait_long_for_a_drive_that_hangs() {
        let folder = tempfile::tempdir().unwrap();
        let (mut drive, put) = Drive::new();
        let (writer, said) = writer_to(folder.path(), put);
        let (last, last_page) = mpsc::channel(1);
        let changed = Arc::<Notify>::default();
        tokio::spawn(Writer { patience: PATIENCE, ..writer }.run(Arc::clone(&changed), last_page));
        let page = StatusPageWriter { changed, said, last };
        let written = page.write_last(look().stopped(), at("2026-10-25T12:00:00Z"), SHORT);
        assert_eq!(drive.given.recv().await, Some("status.html".into()));
        assert!(written.await.unwrap_err().to_string().contains("its drive has not answered for 20 ms"));
    }
}
