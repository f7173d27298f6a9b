//! What keeps one program and the engine in touch, whatever becomes of the shim.

use std::{future::pending, io, sync::Arc, time::Duration};

use estatus_core::{
    exit::Exit,
    program::{Ended, Found, ProgramEvent, StartFailure, StartId},
};
use jiff::Timestamp;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tracing::warn;

use super::{
    Happened,
    link::{Link, Reach},
};
use crate::{
    ledger::Ledger,
    shim::{Asked, Launch, Stopping, Told},
};

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(60);
/// So many shims may be lost over one question.
const TRIES: u32 = 5;
/// A shim that is lost sooner than this may be lost by what it finds, and so may the next.
const SOON: Duration = Duration::from_millis(50);

/// Talks with the shim of one program, and starts a new one when it is lost.
pub(super) struct Task {
    program: Arc<str>,
    reach: Reach,
    events: mpsc::Sender<Happened>,
    link: Option<Link>,
    linked_at: Instant,
    /// How many shims in a row were lost soon and before they told anything.
    lost_soon: u32,
    owed: Owed,
    retry: Option<Retry>,
}

/// What the engine waits for.
#[derive(Default)]
struct Owed {
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
    pub(super) fn new(program: Arc<str>, reach: Reach, events: mpsc::Sender<Happened>) -> Self {
        let (link, linked_at, lost_soon) = (None, Instant::now(), 0);
        Self { program, reach, events, link, linked_at, lost_soon, owed: Owed::default(), retry: None }
    }

    /// Lives until the engine asks no more.
    pub(super) async fn live(mut self, mut queue: mpsc::Receiver<Asked>) {
        loop {
            tokio::select! {
                asked = queue.recv() => match asked {
                    Some(asked) => self.ask(asked).await,
                    None => return,
                },
                told = told(&mut self.link) => match told {
                    Some(told) => self.told(told).await,
                    None => self.lost().await,
                },
                () = due(self.retry.as_ref()) => self.lost().await,
            }
        }
    }

    async fn ask(&mut self, asked: Asked) {
        match &asked {
            Asked::Start(launch) => self.owed = Owed { start: Some(launch.clone()), stop: None, tries: 0 },
            Asked::Stop { start, how } => {
                self.owed.stop = Some((*start, how.clone()));
                self.owed.tries = 0;
            }
            Asked::Measure { .. } if self.link.is_none() => return,
            Asked::Measure { .. } | Asked::Look | Asked::StepAside => {}
        }
        let asked = match &mut self.link {
            Some(link) => link.ask(&asked).await.is_ok(),
            None => false,
        };
        if !asked {
            self.lost().await;
        }
    }

    async fn told(&mut self, told: Told) {
        let event = match told {
            Told::Hello { found, .. } => ProgramEvent::Found(found),
            Told::Event(event) => {
                self.lost_soon = 0;
                event
            }
            Told::Trouble { .. } => return,
        };
        match &event {
            ProgramEvent::Started { .. } | ProgramEvent::CannotStart { .. } => self.owed.start = None,
            ProgramEvent::Exited(_) => self.owed.stop = None,
            _ => {}
        }
        self.tell(event).await;
    }

    /// There is no shim, or no more: looks how the program stands, with a new shim if that has to be.
    async fn lost(&mut self) {
        if self.link.take().is_some() {
            self.lost_soon = if self.linked_at.elapsed() < SOON { self.lost_soon.saturating_add(1) } else { 0 };
        }
        let found = if self.lost_soon > TRIES || self.owed.tries > TRIES {
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
        if self.owed.start.is_none() {
            if let Ok((link, found)) = self.reach.connect().await {
                self.linked(link);
                return Ok(found);
            }
            if let Some(found) = Ledger::settled(Ledger::read(&self.reach.folder).as_ref()) {
                return Ok(found);
            }
        }
        let (link, found) = self.reach.raise().await?;
        self.linked(link);
        Ok(found)
    }

    fn linked(&mut self, link: Link) {
        self.link = Some(link);
        self.linked_at = Instant::now();
    }

    /// Tells the engine how the program was found, or goes on with what it waits for.
    async fn settle(&mut self, found: Found) {
        if let Some((start, how)) = self.owed.stop.clone() {
            return self.settle_stop(start, how, found).await;
        }
        let Some(launch) = self.owed.start.clone() else { return self.tell(ProgramEvent::Found(found)).await };
        match &found {
            Found::Running { start, process, .. } if *start == launch.start => {
                self.owed.start = None;
                let started = ProgramEvent::Started { start: *start, process: *process };
                self.tell(ProgramEvent::Found(found)).await;
                self.tell(started).await;
            }
            Found::Ended(ended) if ended.start == launch.start => {
                self.owed.start = None;
                self.tell(ProgramEvent::Found(found)).await;
            }
            _ => self.ask_again(Asked::Start(launch)).await,
        }
    }

    async fn settle_stop(&mut self, start: StartId, how: Stopping, found: Found) {
        let ended = match found {
            Found::Running { .. } => return self.ask_again(Asked::Stop { start, how }).await,
            Found::Ended(ended) if ended.start == start => ended,
            Found::Ended(_) | Found::Nothing => never_seen(start),
        };
        self.owed = Owed::default();
        self.tell(ProgramEvent::Exited(ended)).await;
    }

    /// A shim that is lost again at once shows itself by the end of its connection.
    async fn ask_again(&mut self, asked: Asked) {
        self.owed.tries += 1;
        if let Some(link) = &mut self.link {
            let _ = link.ask(&asked).await;
        }
    }

    /// As long as the program may be running, a shim is tried for again and again, and nobody is told that it ended.
    async fn no_shim(&mut self, error: &io::Error) {
        warn!(program = %self.program, %error, "its supervising process cannot be started");
        let may_run = Ledger::settled(Ledger::read(&self.reach.folder).as_ref()).is_none();
        let Owed { start, stop, .. } = std::mem::take(&mut self.owed);
        match (start, stop) {
            (_, Some(stop)) if may_run => self.owed.stop = Some(stop),
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
        let _ = self.events.send(Happened { program: Arc::clone(&self.program), event }).await;
    }
}

fn never_seen(start: StartId) -> Ended {
    Ended { start, exit: Exit::Unseen, at: Timestamp::now(), left: Vec::new(), tail: Vec::new() }
}

async fn told(link: &mut Option<Link>) -> Option<Told> {
    match link {
        Some(link) => link.told().await,
        None => pending().await,
    }
}

async fn due(retry: Option<&Retry>) {
    match retry {
        Some(retry) => sleep_until(retry.at).await,
        None => pending().await,
    }
}
