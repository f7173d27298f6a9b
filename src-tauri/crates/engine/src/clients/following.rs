//! What one client has asked to be told, and the others have not.

use std::{
    future::pending,
    path::{Path, PathBuf},
    sync::Arc,
    thread::sleep,
    time::Duration,
};

use estatus_api::{Event, LogLine};
use estatus_program::{Line, LogReader};
use jiff::Timestamp;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::{Interval, MissedTickBehavior, interval},
};

use crate::view::log_line;

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

/// A log that is read on a thread of its own: a disk that does not answer holds nobody up.
struct Log {
    program: Arc<str>,
    lines: mpsc::Receiver<Vec<LogLine>>,
}

impl Following {
    /// Nothing yet.
    pub(super) fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), log: None, usage: None }
    }

    /// Follows this from now on, and only this. When it is done, no line that comes is missed.
    pub(super) async fn set(&mut self, log_of: Option<&str>, usage: bool) {
        self.usage = usage.then(|| {
            let mut every = interval(USAGE_EVERY);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            every
        });
        self.log = match log_of {
            Some(program) => Some(Log::open(program, estatus_program::folder(&self.data, program)).await),
            None => None,
        };
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
        Some(Log { program, lines }) => match lines.recv().await {
            Some(lines) => Arc::new(Event::Log { program: Arc::clone(program), lines }),
            None => pending().await,
        },
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
    async fn open(program: &str, folder: PathBuf) -> Self {
        let (sender, lines) = mpsc::channel(1);
        let (opened, is_open) = oneshot::channel();
        let runtime = Handle::current();
        spawn_blocking(move || {
            let mut reader = LogReader::open(&folder).ok();
            // A client that has gone meanwhile wants nothing.
            let _ = opened.send(());
            while !sender.is_closed() {
                match &mut reader {
                    Some(open) => {
                        if let Err(error) = tell(open, &sender, &runtime) {
                            tracing::debug!(folder = %folder.display(), %error, "a log cannot be followed");
                            reader = None;
                        }
                    }
                    None => {
                        sleep(NO_LOG_YET);
                        reader = LogReader::open(&folder).ok();
                    }
                }
            }
        });
        // A thread that broke down tells nothing either.
        let _ = is_open.await;
        Self { program: program.into(), lines }
    }
}

/// Tells what is written, until nobody wants to know.
fn tell(reader: &mut LogReader, told: &mpsc::Sender<Vec<LogLine>>, runtime: &Handle) -> std::io::Result<()> {
    let next = async |reader: &mut LogReader| {
        tokio::select! {
            lines = reader.next() => lines.map(Some),
            () = told.closed() => Ok(None),
        }
    };
    while let Some(lines) = runtime.block_on(next(reader))? {
        if told.blocking_send(newest(reader, lines)).is_err() {
            break;
        }
        sleep(LINES_EVERY);
    }
    Ok(())
}

/// Whoever writes faster than anybody reads is not read line by line.
fn newest(reader: &mut LogReader, lines: Vec<Line>) -> Vec<LogLine> {
    if lines.len() <= LINES_LIMIT {
        return lines.into_iter().map(log_line).collect();
    }
    let newest = reader.last(LINES_LIMIT).unwrap_or_default();
    let text = "lines are left out here: it writes faster than anybody reads".to_owned();
    let gap =
        LogLine { at: newest.first().map_or_else(Timestamp::now, |line| line.at), stream: None, text, part: false };
    std::iter::once(gap).chain(newest.into_iter().map(log_line)).collect()
}
