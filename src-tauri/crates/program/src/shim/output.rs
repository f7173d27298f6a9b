//! What the program writes, on its way into its log.

use std::{io, path::Path, time::Duration};

use estatus_core::program::{Ended, StartId};
use tokio::time::Instant;

use crate::{
    ledger::Terms,
    log::{Capture, Stream},
    platform::Pipes,
};

/// An unfinished line that is not gone on with for so long goes into the log.
const QUIET: Duration = Duration::from_secs(1);

/// The pipes of a program and its log.
pub(crate) struct Output {
    pub(crate) pipes: Pipes,
    capture: Capture,
    waits: bool,
    quiet_at: Option<Instant>,
}

impl Output {
    /// Takes up what the program whose folder this is writes, from where an earlier shim stopped.
    pub(crate) fn open(folder: &Path, start: StartId, terms: &Terms) -> io::Result<Self> {
        let mut capture = Capture::open(folder, terms.log_keep)?;
        capture.begin(start);
        if let Some(text) = &terms.ready_log {
            capture.wait_for(text);
        }
        Ok(Self { pipes: Pipes::open(folder)?, capture, waits: terms.ready_log.is_some(), quiet_at: None })
    }

    /// Waits until there is something to take.
    pub(crate) async fn ready(&mut self) -> io::Result<Stream> {
        self.pipes.ready().await
    }

    /// Takes some of what there is.
    pub(crate) fn take(&mut self, stream: Stream) -> io::Result<()> {
        let taken = self.pipes.take(stream, &mut self.capture);
        self.quiet_at = self.capture.held().then(|| Instant::now() + QUIET);
        taken
    }

    /// When [`Output::flush`] is due.
    pub(crate) fn quiet_at(&self) -> Option<Instant> {
        self.quiet_at
    }

    /// Puts an unfinished line into the log.
    pub(crate) fn flush(&mut self) {
        self.quiet_at = None;
        self.capture.flush();
    }

    /// Whether the line that was waited for has been written; told once.
    pub(crate) fn became_ready(&mut self) -> bool {
        let ready = self.waits && self.capture.seen();
        self.waits &= !ready;
        ready
    }

    /// Takes what is still there when the program has ended, and gives back its last lines.
    pub(crate) async fn finish(&mut self) -> Vec<String> {
        self.pipes.drain(&mut self.capture).await;
        self.capture.end(Stream::Out);
        self.capture.end(Stream::Err);
        self.flush();
        self.capture.tail(Ended::TAIL_LINES)
    }
}
