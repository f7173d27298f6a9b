//! What the program writes, on its way into its log.

use std::{io, path::Path, time::Duration};

use estatus_core::{ids::StartId, program::Ended};
use tokio::time::Instant;

use crate::{
    encoding::Decoder,
    ledger::LaunchTerms,
    log::{Capture, Stream},
    platform::{Pipes, code_pages},
};

/// So much of an unfinished line as has come stands in the log after so long.
const UNFINISHED: Duration = Duration::from_secs(1);

/// Memory is given back when nothing has been written for so long.
const QUIET: Duration = Duration::from_secs(1);

/// The pipes of a program and its log.
pub(crate) struct Output {
    pub(crate) pipes: Pipes,
    capture: Capture,
    waits: bool,
    /// By stream, its unfinished line and when that goes into the log.
    unfinished: [Option<(u64, Instant)>; 2],
    quiet_at: Option<Instant>,
}

impl Output {
    /// Takes up what the program whose folder this is writes, from where an earlier shim stopped. Where its
    /// `secrets` stand, asterisks go into the log.
    pub(crate) fn open(folder: &Path, start: StartId, terms: &LaunchTerms, secrets: &[String]) -> io::Result<Self> {
        let decoder = Decoder::new(terms.encoding, code_pages());
        let mut capture = Capture::open(folder, terms.log_keep, decoder)?;
        capture.begin(start);
        capture.hide(secrets.iter().flat_map(|text| decoder.forms(text)).collect())?;
        if let Some(text) = &terms.ready_log {
            capture.wait_for(&decoder.forms(text));
        }
        let waits = terms.ready_log.is_some();
        Ok(Self { pipes: Pipes::open(folder)?, capture, waits, unfinished: [None; 2], quiet_at: None })
    }

    /// Waits until there is something to take.
    pub(crate) async fn ready(&mut self) -> io::Result<Stream> {
        self.pipes.ready().await
    }

    /// Takes some of what there is.
    pub(crate) fn take(&mut self, stream: Stream) -> io::Result<()> {
        let taken = self.pipes.take(stream, &mut self.capture);
        let now = Instant::now();
        let unfinished = &mut self.unfinished[stream.index()];
        *unfinished = self.capture.unfinished(stream).map(|line| match *unfinished {
            Some((before, due)) if before == line => (line, due),
            _ => (line, now + UNFINISHED),
        });
        self.quiet_at = self.capture.is_big().then(|| now + QUIET);
        taken
    }

    /// When [`Output::tidy`] is due.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.unfinished.iter().flatten().map(|&(_, due)| due).chain(self.quiet_at).min()
    }

    /// Puts unfinished lines into the log and gives memory back, as far as that is due.
    pub(crate) fn tidy(&mut self, now: Instant) {
        for stream in Stream::ALL {
            if self.unfinished[stream.index()].take_if(|(_, due)| *due <= now).is_some() {
                self.capture.flush(stream);
            }
        }
        if self.quiet_at.take_if(|at| *at <= now).is_some() {
            self.capture.release();
        }
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
        if self.capture.is_big() {
            self.capture.release();
        }
        self.capture.tail(Ended::TAIL_LINES)
    }
}
