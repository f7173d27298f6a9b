//! What is written into a log, for whoever follows it.

use std::{
    future::poll_fn,
    io,
    path::{Path, PathBuf},
    task::{Context, Poll, ready},
    thread::sleep,
    time::Duration,
};

use estatus_api::LogLine;
use estatus_program::{Line, LogFilter, LogReader};
use jiff::Timestamp;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::spawn_blocking,
};

/// Lines are told at most so often.
const LINES_EVERY: Duration = Duration::from_millis(100);
/// More lines at once than a person reads: the oldest of them are left out.
const LINES_LIMIT: usize = 1_000;
/// A program that has written nothing yet is looked at again after this.
const NO_LOG_YET: Duration = Duration::from_secs(1);

/// The lines of a log that is read on a thread of its own: a disk that does not answer holds nobody up.
pub(crate) struct Lines(mpsc::Receiver<Vec<LogLine>>);

impl Lines {
    /// The lines that come from now on into the log in `folder`, each as `shown`.
    pub(crate) async fn follow(folder: PathBuf, shown: impl Fn(Line) -> LogLine + Send + 'static) -> Self {
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

    /// What comes next.
    pub(crate) async fn next(&mut self) -> Vec<LogLine> {
        poll_fn(|context| self.poll(context)).await
    }

    /// What comes next, if it is there.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<Vec<LogLine>> {
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
    let newest = reader.older(None, &LogFilter::default(), LINES_LIMIT, || true).unwrap_or_default().lines;
    let text = "lines are left out here: it writes faster than anybody reads".to_owned();
    let at = newest.first().map_or_else(Timestamp::now, |line| line.at);
    let gap = LogLine { at, stream: None, text, part: false, place: None };
    std::iter::once(gap).chain(newest.into_iter().map(shown)).collect()
}
