//! What keeps one program and the engine in touch, whatever becomes of the shim.

use std::{
    future::{pending, poll_fn},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use estatus_core::{
    exit::Exit,
    ids::StartId,
    program::{Ended, Found, ProgramEvent, StartFailure},
};
use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tracing::{error, warn};

use super::{
    SupervisorEvent,
    client::{ShimClient, ShimConnector, is_silent},
    mailbox::Mailbox,
};
use crate::{
    ledger::Ledger,
    shim::{Launch, ShimMessage, ShimRequest, Stopping, after},
};

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// So many shims may be lost over one question.
const TRIES: u32 = 5;
/// A shim that is lost sooner than this may be lost by what it finds, and so may the next.
const SOON: Duration = Duration::from_millis(50);
/// A shim that has not answered so long after its answer was due hangs.
const PATIENCE: Duration = Duration::from_secs(15);
/// A stop is proven within this, beyond the time that it is given.
const PROVEN_WITHIN: Duration = Duration::from_secs(10);

/// Talks with the shim of one program, and starts a new one when it is lost.
pub(super) struct Task {
    program: Arc<str>,
    connector: ShimConnector,
    events: mpsc::Sender<SupervisorEvent>,
    link: Option<ShimClient>,
    linked_at: Instant,
    /// How many shims in a row were lost soon and before they told anything.
    lost_soon: u32,
    pending_commands: PendingCommands,
    /// When the shim must have answered what it was asked last.
    due: Option<Instant>,
    /// How long it may take beyond what it has to do.
    pub(super) patience: Duration,
    retry: Option<Retry>,
}

/// What the engine waits for.
#[derive(Default)]
struct PendingCommands {
    start: Option<Box<Launch>>,
    stop: Option<(StartId, Stopping)>,
    /// How many times it has been asked for.
    tries: u32,
}

/// No shim could be had for a program that may be running.
struct Retry {
    at: Instant,
    pause: Duration,
}

impl Task {
    pub(super) fn new(program: Arc<str>, connector: ShimConnector, events: mpsc::Sender<SupervisorEvent>) -> Self {
        let (link, linked_at, lost_soon) = (None, Instant::now(), 0);
        let (pending_commands, due, patience, retry) = (PendingCommands::default(), None, PATIENCE, None);
        Self { program, connector, events, link, linked_at, lost_soon, pending_commands, due, patience, retry }
    }

    /// Lives until the engine asks no more. Where it breaks down, it looks anew how the program stands, and goes on with
    /// what the engine waits for.
    pub(super) async fn live(mut self, mut mailbox: Mailbox) {
        while caught(self.serve(&mut mailbox)).await.is_none() {
            error!(program = %self.program, "its supervision failed in itself and begins anew; please report this");
            (self.link, self.due) = (None, None);
            self.retry = Some(Retry { at: Instant::now() + FIRST_RETRY, pause: FIRST_RETRY });
        }
    }

    async fn serve(&mut self, mailbox: &mut Mailbox) {
        loop {
            tokio::select! {
                asked = mailbox.next() => match asked {
                    Some(asked) => self.ask(asked).await,
                    None => return,
                },
                told = told(&mut self.link) => match told {
                    Some(told) => self.told(told).await,
                    None => self.lost().await,
                },
                () = due(self.due) => {
                    warn!(program = %self.program, "its supervising process does not answer");
                    self.lost().await;
                }
                () = due(self.retry.as_ref().map(|retry| retry.at)) => self.lost().await,
            }
        }
    }

    async fn ask(&mut self, asked: ShimRequest) {
        match &asked {
            ShimRequest::Start(launch) => {
                self.pending_commands = PendingCommands { start: Some(launch.clone()), stop: None, tries: 0 }
            }
            ShimRequest::Stop { start, how } => {
                self.pending_commands.stop = Some((*start, how.clone()));
                self.pending_commands.tries = 0;
            }
            ShimRequest::Measure { .. } if self.link.is_none() => return,
            ShimRequest::Measure { .. } | ShimRequest::Look | ShimRequest::StepAside => {}
        }
        if !self.pass_on(&asked).await {
            self.lost().await;
        }
    }

    /// Asks the shim, if there is one; whether it could be asked.
    async fn pass_on(&mut self, asked: &ShimRequest) -> bool {
        let Some(link) = &mut self.link else { return false };
        let takes = match asked {
            ShimRequest::Look => Some(Duration::ZERO),
            // What runs of an earlier start is stopped first.
            ShimRequest::Start(launch) => Some(launch.stop.within.saturating_add(PROVEN_WITHIN)),
            ShimRequest::Stop { how, .. } => Some(how.within.saturating_add(PROVEN_WITHIN)),
            ShimRequest::Measure { .. } | ShimRequest::StepAside => None,
        };
        if let Some(takes) = takes {
            let due = after(takes.saturating_add(self.patience));
            self.due = Some(self.due.map_or(due, |before| before.max(due)));
        }
        link.ask(asked).await.is_ok()
    }

    async fn told(&mut self, told: ShimMessage) {
        let event = match told {
            ShimMessage::Hello { found, .. } => ProgramEvent::Found(found),
            ShimMessage::Event(event) => {
                self.lost_soon = 0;
                event
            }
            ShimMessage::Trouble { .. } => return,
        };
        match &event {
            ProgramEvent::Started { .. } | ProgramEvent::CannotStart { .. } => self.pending_commands.start = None,
            ProgramEvent::Exited(_) => self.pending_commands.stop = None,
            _ => {}
        }
        if self.pending_commands.start.is_none() && self.pending_commands.stop.is_none() {
            self.due = None;
        }
        self.tell(event).await;
    }

    /// There is no shim, or no more: looks how the program stands, with a new shim if that has to be.
    async fn lost(&mut self) {
        self.due = None;
        if self.link.take().is_some() {
            self.lost_soon = if self.linked_at.elapsed() < SOON { self.lost_soon.saturating_add(1) } else { 0 };
        }
        let found = if self.lost_soon > TRIES || self.pending_commands.tries > TRIES {
            self.lost_soon = 0;
            Err(io::Error::other("it ends as soon as it has begun"))
        } else {
            self.found().await
        };
        match found {
            Ok(found) => {
                self.retry = None;
                self.settle(found).await;
            }
            Err(error) => self.no_shim(&error).await,
        }
    }

    async fn found(&mut self) -> io::Result<Found> {
        if self.pending_commands.start.is_none() {
            let silent = match self.connector.connect().await {
                Ok((link, found)) => {
                    self.linked(link);
                    return Ok(found);
                }
                Err(error) => Some(error).filter(is_silent),
            };
            if let Some(found) = Ledger::settled(Ledger::read(&self.connector.folder).as_ref()) {
                return Ok(found);
            }
            if let Some(silent) = silent {
                return Err(silent);
            }
        }
        let (link, found) = self.connector.raise().await?;
        self.linked(link);
        Ok(found)
    }

    fn linked(&mut self, link: ShimClient) {
        self.link = Some(link);
        self.linked_at = Instant::now();
    }

    /// Tells the engine how the program was found, or goes on with what it waits for.
    async fn settle(&mut self, found: Found) {
        if let Some((start, how)) = self.pending_commands.stop.clone() {
            return self.settle_stop(start, how, found).await;
        }
        let Some(launch) = self.pending_commands.start.clone() else {
            return self.tell(ProgramEvent::Found(found)).await;
        };
        match &found {
            Found::Running { start, process, .. } if *start == launch.start => {
                self.pending_commands.start = None;
                let started = ProgramEvent::Started { start: *start, process: *process };
                self.tell(ProgramEvent::Found(found)).await;
                self.tell(started).await;
            }
            Found::Ended(ended) if ended.start == launch.start => {
                self.pending_commands.start = None;
                self.tell(ProgramEvent::Found(found)).await;
            }
            _ => self.ask_again(ShimRequest::Start(launch)).await,
        }
    }

    async fn settle_stop(&mut self, start: StartId, how: Stopping, found: Found) {
        let ended = match found {
            Found::Running { .. } => return self.ask_again(ShimRequest::Stop { start, how }).await,
            Found::Ended(ended) if ended.start == start => ended,
            Found::Ended(_) | Found::Nothing => never_seen(start),
        };
        self.pending_commands = PendingCommands::default();
        self.tell(ProgramEvent::Exited(ended)).await;
    }

    /// A shim that is lost again at once shows itself by the end of its connection.
    async fn ask_again(&mut self, asked: ShimRequest) {
        self.pending_commands.tries += 1;
        self.pass_on(&asked).await;
    }

    /// As long as the program may be running, a shim is tried for again and again, and nobody is told that it ended.
    async fn no_shim(&mut self, error: &io::Error) {
        warn!(program = %self.program, %error, "its supervising process cannot be started");
        let may_run = Ledger::settled(Ledger::read(&self.connector.folder).as_ref()).is_none();
        let PendingCommands { start, stop, .. } = std::mem::take(&mut self.pending_commands);
        match (start, stop) {
            (_, Some(stop)) if may_run => self.pending_commands.stop = Some(stop),
            (_, Some((start, _))) => self.tell(ProgramEvent::Exited(never_seen(start))).await,
            (Some(launch), None) => {
                let error = format!("its supervising process cannot be started: {error}");
                let failure = StartFailure::Refused { error };
                self.tell(ProgramEvent::CannotStart { start: launch.start, failure }).await;
            }
            (None, None) => {}
        }
        if may_run {
            let pause = self.retry.as_ref().map_or(FIRST_RETRY, |retry| LONGEST_RETRY.min(retry.pause * 2));
            self.retry = Some(Retry { at: Instant::now() + pause, pause });
        }
    }

    /// An engine that listens no more has ended.
    async fn tell(&self, event: ProgramEvent) {
        let _ = self.events.send(SupervisorEvent { program: Arc::clone(&self.program), event }).await;
    }
}

fn never_seen(start: StartId) -> Ended {
    Ended::new(start, Exit::Unseen, Timestamp::now())
}

async fn told(link: &mut Option<ShimClient>) -> Option<ShimMessage> {
    match link {
        Some(link) => link.told().await,
        None => pending().await,
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

/// What comes of `future`; nothing if it panics.
async fn caught<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(polled) => polled.map(Some),
        Err(_) => Poll::Ready(None),
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_caught_and_the_rest_passes() {
        assert_eq!(caught(async { 7 }).await, Some(7));
        let broken = async {
            tokio::task::yield_now().await;
            let nothing: Option<u32> = std::hint::black_box(None);
            nothing.unwrap()
        };
        assert_eq!(caught(broken).await, None);
    }
}
