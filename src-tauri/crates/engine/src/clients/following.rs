//! What one client has asked to be told, and the others have not.

use std::{
    future::{pending, poll_fn},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    task::{Context, Poll, ready},
    thread::sleep,
    time::Duration,
};

use estatus_api::{Event, LogLine, StepOf};
use estatus_program::{Line, LogReader};
use jiff::Timestamp;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::{Interval, MissedTickBehavior, interval},
};

use crate::{
    step_log::{Span, StepLog},
    view::log_line,
};

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
    log: Option<ProgramLog>,
    step: Option<FollowedStep>,
    usage: Option<Interval>,
}

struct ProgramLog {
    program: Arc<str>,
    lines: Lines,
}

struct FollowedStep {
    of: StepOf,
    /// When it was under way, as far as that has been heard.
    span: Span,
    lines: Lines,
}

impl Following {
    /// Nothing yet.
    pub(super) fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), log: None, step: None, usage: None }
    }

    /// Follows this from now on, and only this. When it is done, no line that comes is missed.
    pub(super) async fn set(&mut self, log_of: Option<&str>, step: Option<(StepOf, StepLog)>, usage: bool) {
        self.usage = usage.then(|| {
            let mut every = interval(USAGE_EVERY);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            every
        });
        self.log = match log_of {
            Some(program) => {
                let lines = Lines::follow(estatus_program::folder(&self.data, program), log_line).await;
                Some(ProgramLog { program: program.into(), lines })
            }
            None => None,
        };
        self.step = match step {
            Some((of, log)) => {
                let (folder, span) = (log.folder.clone(), log.span);
                Some(FollowedStep { of, span, lines: Lines::follow(folder, move |line| log.shown(line)).await })
            }
            None => None,
        };
    }

    /// Whether the client is to be told.
    pub(super) fn wants(&self, event: &Event) -> bool {
        self.usage.is_some() || !matches!(event, Event::Usage(_))
    }

    /// Something has changed: perhaps the step that is followed has begun, or ended.
    pub(super) fn hear(&mut self, event: &Event) {
        let Event::Step { run, place, step } = event else { return };
        let heard = StepOf { run: *run, place: *place };
        if let Some(followed) = self.step.as_mut().filter(|followed| followed.of == heard) {
            followed.span = Span::of_status(step);
        }
    }

    /// Waits for what comes next. Nothing is lost when this is dropped before it is done.
    pub(super) async fn next(&mut self) -> Due {
        let (log, step, usage) = (&mut self.log, &mut self.step, &mut self.usage);
        tokio::select! {
            event = log_of(log) => Due::Log(event),
            event = log_of_step(step) => Due::Log(event),
            () = tick_of(usage) => Due::Usage,
        }
    }
}

async fn log_of(log: &mut Option<ProgramLog>) -> Arc<Event> {
    match log {
        Some(ProgramLog { program, lines }) => {
            let lines = lines.next().await;
            Arc::new(Event::Log { program: Arc::clone(program), lines })
        }
        None => pending().await,
    }
}

async fn log_of_step(step: &mut Option<FollowedStep>) -> Arc<Event> {
    let Some(FollowedStep { of, span, lines }) = step else { return pending().await };
    loop {
        let mut lines = lines.next().await;
        // The log is that of all runs.
        lines.retain(|line| span.has(line.at));
        if !lines.is_empty() {
            return Arc::new(Event::StepLog { of: *of, lines });
        }
    }
}

async fn tick_of(usage: &mut Option<Interval>) {
    match usage {
        Some(every) => drop(every.tick().await),
        None => pending().await,
    }
}

/// The lines of a log that is read on a thread of its own: a disk that does not answer holds nobody up.
pub(crate) struct Lines(mpsc::Receiver<Vec<LogLine>>);

impl Lines {
    /// The lines that come from now on into the log in `folder`, each as `shown`.
    async fn follow(folder: PathBuf, shown: impl Fn(Line) -> LogLine + Send + 'static) -> Self {
        Self::open(folder, shown, LogReader::open).await
    }

    /// The same, from the first line on that stands there.
    pub(crate) async fn follow_from_beginning(
        folder: PathBuf,
        shown: impl Fn(Line) -> LogLine + Send + 'static,
    ) -> Self {
        Self::open(folder, shown, LogReader::open_at_beginning).await
    }

    async fn open(
        folder: PathBuf,
        shown: impl Fn(Line) -> LogLine + Send + 'static,
        open: fn(&Path) -> io::Result<LogReader>,
    ) -> Self {
        let (sender, lines) = mpsc::channel(1);
        let (opened, is_open) = oneshot::channel();
        let runtime = Handle::current();
        spawn_blocking(move || {
            let mut reader = open(&folder);
            // All that is in a log which is not there yet comes from now on.
            let mut is_new = reader.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
            // A client that has gone meanwhile wants nothing.
            let _ = opened.send(());
            while !sender.is_closed() {
                match &mut reader {
                    Ok(open) => {
                        is_new = false;
                        if let Err(error) = tell(open, &shown, &sender, &runtime) {
                            tracing::debug!(folder = %folder.display(), %error, "a log cannot be followed");
                            reader = Err(error);
                        }
                    }
                    Err(_) => {
                        sleep(NO_LOG_YET);
                        reader = if is_new { LogReader::open_at_beginning(&folder) } else { LogReader::open(&folder) };
                    }
                }
            }
        });
        // A thread that broke down tells nothing either.
        let _ = is_open.await;
        Self(lines)
    }

    async fn next(&mut self) -> Vec<LogLine> {
        poll_fn(|context| self.poll(context)).await
    }

    /// What comes next, if it is there.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Vec<LogLine>> {
        match ready!(self.0.poll_recv(context)) {
            Some(lines) => Poll::Ready(lines),
            None => Poll::Pending,
        }
    }
}

/// Tells what is written, until nobody wants to know.
fn tell(
    reader: &mut LogReader,
    shown: &impl Fn(Line) -> LogLine,
    told: &mpsc::Sender<Vec<LogLine>>,
    runtime: &Handle,
) -> io::Result<()> {
    let next = async |reader: &mut LogReader| {
        tokio::select! {
            lines = reader.next() => lines.map(Some),
            () = told.closed() => Ok(None),
        }
    };
    while let Some(lines) = runtime.block_on(next(reader))? {
        if told.blocking_send(newest(reader, lines, shown)).is_err() {
            break;
        }
        sleep(LINES_EVERY);
    }
    Ok(())
}

/// Whoever writes faster than anybody reads is not read line by line.
fn newest(reader: &mut LogReader, lines: Vec<Line>, shown: &impl Fn(Line) -> LogLine) -> Vec<LogLine> {
    if lines.len() <= LINES_LIMIT {
        return lines.into_iter().map(shown).collect();
    }
    let newest = reader.last(LINES_LIMIT).unwrap_or_default();
    let text = "lines are left out here: it writes faster than anybody reads".to_owned();
    let at = newest.first().map_or_else(Timestamp::now, |line| line.at);
    let gap = LogLine { at, stream: None, text, part: false, place: None };
    std::iter::once(gap).chain(newest.into_iter().map(shown)).collect()
}
