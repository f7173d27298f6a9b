//! What one client has asked to be told, and the others have not.

use std::{
    future::pending,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_api::{Event, LogLine};
use estatus_program::LogReader;
use jiff::Timestamp;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};

use crate::answers::log_line;

/// What programs use is measured so often.
const USAGE_EVERY: Duration = Duration::from_secs(2);
/// Lines are told at most so often.
const LINES_EVERY: Duration = Duration::from_millis(100);
/// More lines at once than a person reads: the oldest of them are left out.
const LINES_LIMIT: usize = 1_000;
/// A program that has written nothing yet is looked at again after this.
const NO_LOG_YET: Duration = Duration::from_secs(1);

/// What there is to do for a client.
pub(super) enum Due {
    /// It is told this.
    Log(Arc<Event>),
    /// What programs use is measured.
    Usage,
}

/// What a client follows.
pub(super) struct Following {
    data: PathBuf,
    log: Option<Log>,
    usage: Option<Interval>,
}

struct Log {
    program: Arc<str>,
    folder: PathBuf,
    reader: Option<LogReader>,
    /// Nothing is told before.
    next: Instant,
}

impl Following {
    /// Nothing yet.
    pub(super) fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), log: None, usage: None }
    }

    pub(super) fn set(&mut self, log_of: Option<&str>, usage: bool) {
        self.log = log_of.map(|program| Log::new(program, estatus_program::folder(&self.data, program)));
        self.usage = usage.then(|| {
            let mut every = interval(USAGE_EVERY);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            every
        });
    }

    /// Whether the client is to be told.
    pub(super) fn wants(&self, event: &Event) -> bool {
        self.usage.is_some() || !matches!(event, Event::Usage(_))
    }

    /// Waits for what comes next. Nothing is lost when this is dropped before it is done.
    pub(super) async fn next(&mut self) -> Due {
        let (log, usage) = (&mut self.log, &mut self.usage);
        tokio::select! {
            event = log_of(log) => Due::Log(event),
            () = tick_of(usage) => Due::Usage,
        }
    }
}

async fn log_of(log: &mut Option<Log>) -> Arc<Event> {
    match log {
        Some(log) => Arc::new(Event::Log { program: Arc::clone(&log.program), lines: log.lines().await }),
        None => pending().await,
    }
}

async fn tick_of(usage: &mut Option<Interval>) {
    match usage {
        Some(every) => drop(every.tick().await),
        None => pending().await,
    }
}

impl Log {
    fn new(program: &str, folder: PathBuf) -> Self {
        let reader = LogReader::open(&folder).ok();
        Self { program: program.into(), folder, reader, next: Instant::now() }
    }

    async fn lines(&mut self) -> Vec<LogLine> {
        sleep_until(self.next).await;
        loop {
            let Some(reader) = &mut self.reader else {
                sleep(NO_LOG_YET).await;
                self.reader = LogReader::open(&self.folder).ok();
                continue;
            };
            match reader.next().await {
                Ok(lines) => {
                    self.next = Instant::now() + LINES_EVERY;
                    return self.newest(lines);
                }
                Err(error) => {
                    tracing::debug!(program = %self.program, %error, "its log cannot be followed");
                    self.reader = None;
                }
            }
        }
    }

    /// Whoever writes faster than anybody reads is not read line by line.
    fn newest(&mut self, lines: Vec<estatus_program::Line>) -> Vec<LogLine> {
        if lines.len() <= LINES_LIMIT {
            return lines.into_iter().map(log_line).collect();
        }
        let newest = self.reader.as_mut().and_then(|reader| reader.last(LINES_LIMIT).ok()).unwrap_or_default();
        let text = "lines are left out here: it writes faster than anybody reads".to_owned();
        let gap =
            LogLine { at: newest.first().map_or_else(Timestamp::now, |line| line.at), stream: None, text, part: false };
        std::iter::once(gap).chain(newest.into_iter().map(log_line)).collect()
    }
}
