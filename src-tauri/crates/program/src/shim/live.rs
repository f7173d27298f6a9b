//! The life of a shim: one task, one closed set of events.

use std::{
    future::pending,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use estatus_core::{
    exit::Exit,
    ids::StartId,
    program::{Ended, EndedBy, Found, Leftover, ProgramEvent},
};
use jiff::Timestamp;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{
    frames::Frames,
    output::Output,
    protocol::{Launch, PROTOCOL, ShimMessage, ShimRequest, StopBy, Stopping},
    running::{Running, UnderWay},
    takeover::take_over,
};
use crate::{
    ledger::{Ledger, RunRecord, StartPhase},
    log::Stream,
    platform::{Children, Entry, First, Listener, NotifySocket, ShimEnd, whole},
};

/// An engine that takes nothing for so long is lost.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// Lives as long as the program runs or an engine is there. Who asked for this shim hears of it when it cannot live.
pub(super) async fn live(entry: Entry) -> io::Result<()> {
    let mut shim = match Shim::new(&entry.folder).await {
        Ok(shim) => shim,
        Err(error) => {
            entry.refuse(&error);
            return Err(error);
        }
    };
    let engine = entry.engine(&mut shim.listener).await?;
    shim.attach(engine).await;
    while shim.is_wanted() {
        let happened = shim.next().await;
        shim.handle(happened).await;
    }
    Ok(())
}

/// What happens to a shim, in the order of its importance.
enum ShimEvent {
    /// The engine asks for something; nothing: it is gone.
    Request(Option<ShimRequest>),
    /// Another engine is there.
    Engine(ShimEnd),
    /// The program said something of itself.
    Noticed,
    /// The first process has ended.
    FirstEnded,
    /// A stop is done, and this is left.
    Stopped(Vec<Leftover>),
    /// A child has ended.
    ChildEnded,
    /// The program has written something.
    Written(io::Result<Stream>),
    /// It is time for something.
    Due,
}

/// One task, with all that a shim knows.
pub(super) struct Shim {
    pub(super) folder: PathBuf,
    listener: Listener,
    engine: Option<Frames<ShimEnd>>,
    pub(super) children: Children,
    pub(super) ledger: Option<Ledger>,
    pub(super) running: Option<Running>,
    /// A newer start, which waits for the end of the one before.
    pub(super) waiting: Option<Box<Launch>>,
    steps_aside: bool,
}

impl Shim {
    async fn new(folder: &Path) -> io::Result<Self> {
        let folder = whole(folder)?;
        let listener = Listener::bind(&folder)?;
        let children = Children::new()?;
        let mut ledger = Ledger::read(&folder);
        let running = match &mut ledger {
            Some(ledger) => take_over(&folder, ledger, &children).await?,
            None => None,
        };
        let (engine, waiting, steps_aside) = (None, None, false);
        Ok(Self { folder, listener, engine, children, ledger, running, waiting, steps_aside })
    }

    fn is_wanted(&self) -> bool {
        !self.steps_aside && (self.engine.is_some() || self.running.is_some())
    }

    async fn next(&mut self) -> ShimEvent {
        let due = self.due();
        let (mut first, mut stopping, mut notify, mut output) = (None, None, None, None);
        if let Some(running) = &mut self.running {
            first = running.exit.is_none().then_some(&mut running.first);
            (stopping, notify, output) = (running.stopping.as_mut(), running.notify.as_mut(), running.output.as_mut());
        }
        tokio::select! {
            biased;
            asked = hear(&mut self.engine) => ShimEvent::Request(asked),
            engine = accept(&mut self.listener) => ShimEvent::Engine(engine),
            () = noticed(&mut notify) => ShimEvent::Noticed,
            () = ended(&mut first) => ShimEvent::FirstEnded,
            left = stopped(&mut stopping) => ShimEvent::Stopped(left),
            () = self.children.changed() => ShimEvent::ChildEnded,
            stream = written(&mut output) => ShimEvent::Written(stream),
            () = wait_until(due) => ShimEvent::Due,
        }
    }

    fn due(&self) -> Option<Instant> {
        let running = self.running.as_ref()?;
        let [silent_at, limit_at] = [running.silent_at, running.limit_at.filter(|_| running.stopping.is_none())];
        silent_at.into_iter().chain(limit_at).chain(running.output.as_ref().and_then(Output::due)).min()
    }

    async fn handle(&mut self, happened: ShimEvent) {
        match happened {
            ShimEvent::Request(Some(asked)) => self.asked(asked).await,
            ShimEvent::Request(None) => self.engine_gone(),
            ShimEvent::Engine(engine) => self.attach(engine).await,
            ShimEvent::Noticed => self.hear_program().await,
            ShimEvent::FirstEnded => self.first_ended().await,
            ShimEvent::Stopped(left) => self.ended(left).await,
            ShimEvent::ChildEnded => self.children.reap(),
            ShimEvent::Written(stream) => self.take(stream).await,
            ShimEvent::Due => self.due_now().await,
        }
    }

    /// Takes a newer engine in the place of an older one, and tells it how things are.
    async fn attach(&mut self, engine: ShimEnd) {
        self.engine = Some(Frames::new(engine));
        self.say_hello().await;
    }

    async fn asked(&mut self, asked: ShimRequest) {
        match asked {
            ShimRequest::Look => self.say_hello().await,
            ShimRequest::Start(launch) => self.start(launch).await,
            ShimRequest::Stop { start, how } => self.stop(start, how).await,
            ShimRequest::Measure { start, ports } => self.measure(start, ports).await,
            ShimRequest::StepAside => self.steps_aside = true,
        }
    }

    async fn say_hello(&mut self) {
        let found = self.found();
        self.send(&ShimMessage::Hello { protocol: PROTOCOL, found }).await;
    }

    fn found(&self) -> Found {
        match self.ledger.as_ref().map(|ledger| &ledger.phase) {
            Some(StartPhase::Running(record)) => Found::Running {
                start: self.running.as_ref().map_or(StartId::default(), |running| running.start),
                process: record.first,
                since: record.since,
                ready: record.ready,
            },
            Some(StartPhase::Ended(ended)) => Found::Ended(ended.clone()),
            Some(StartPhase::Spawning) | None => Found::Nothing,
        }
    }

    pub(super) async fn tell(&mut self, event: ProgramEvent) {
        self.send(&ShimMessage::Event(event)).await;
    }

    /// An engine that cannot be told is let go of: it comes back, and is told how things are then.
    async fn send(&mut self, told: &ShimMessage) {
        let Some(engine) = &mut self.engine else { return };
        if !matches!(timeout(TOLD_WITHIN, engine.send(told)).await, Ok(Ok(()))) {
            self.engine_gone();
        }
    }

    /// What is bound to the engine ends with it.
    fn engine_gone(&mut self) {
        self.engine = None;
        let Some((running, ledger)) = self.running.as_mut().zip(self.ledger.as_ref()) else { return };
        if ledger.terms.bound {
            let how = Stopping { by: StopBy::Signal(ledger.terms.signal), within: ledger.terms.patience };
            running.stop(how, EndedBy::Stop);
        }
    }

    /// Writes how far the program has come. If that fails, a shim that takes over finds it by what was written before.
    pub(super) fn note(&mut self, phase: StartPhase) {
        if let Some(ledger) = &mut self.ledger {
            ledger.phase = phase;
            let _ = ledger.write(&self.folder);
        }
    }

    pub(super) fn change_record(&mut self, change: impl FnOnce(&mut RunRecord)) {
        if let Some(StartPhase::Running(record)) = self.ledger.as_ref().map(|ledger| &ledger.phase) {
            let mut changed = record.clone();
            change(&mut changed);
            if *record != changed {
                self.note(StartPhase::Running(changed));
            }
        }
    }

    pub(super) fn record(&self) -> Option<&RunRecord> {
        match &self.ledger.as_ref()?.phase {
            StartPhase::Running(record) => Some(record),
            StartPhase::Spawning | StartPhase::Ended(_) => None,
        }
    }

    async fn stop(&mut self, start: StartId, how: Stopping) {
        if let Some(running) = &mut self.running {
            running.stop(how, EndedBy::Stop);
            if let Some(waiting) = self.waiting.take() {
                self.tell(ProgramEvent::Exited(never_seen(waiting.start))).await;
            }
            return;
        }
        let ended = match self.ledger.as_ref().map(|ledger| &ledger.phase) {
            Some(StartPhase::Ended(ended)) if ended.start == start => ended.clone(),
            _ => never_seen(start),
        };
        self.tell(ProgramEvent::Exited(ended)).await;
    }

    async fn measure(&mut self, start: StartId, ports: bool) {
        let Some(running) = self.running.as_mut().filter(|running| running.start == start) else { return };
        let (memory, cpu, ports) = running.measure(ports);
        self.tell(ProgramEvent::Measured { start, memory, cpu, ports }).await;
    }

    async fn first_ended(&mut self) {
        // The last it said may be that another is its first process now.
        self.hear_program().await;
        let ended = self.running.as_ref().map(|running| running.first.id);
        if ended.is_none_or(|first| self.record().is_some_and(|record| record.first != first)) {
            return;
        }
        let (Some(running), Some(ledger)) = (&mut self.running, &self.ledger) else { return };
        if running.first_ended(&ledger.terms) {
            self.ended(Vec::new()).await;
        }
    }

    async fn ended(&mut self, left: Vec<Leftover>) {
        let Some(mut running) = self.running.take() else { return };
        let ended = running.end(left).await;
        self.note(StartPhase::Ended(ended.clone()));
        self.tell(ProgramEvent::Exited(ended)).await;
        // What lives on is none of the next start's, which gets a shim of its own.
        self.steps_aside |= running.let_go();
        if let Some(waiting) = self.waiting.take() {
            self.start(waiting).await;
        }
    }

    async fn take(&mut self, stream: io::Result<Stream>) {
        let Some(running) = &mut self.running else { return };
        let Some(output) = &mut running.output else { return };
        if stream.and_then(|stream| output.take(stream)).is_err() {
            running.output = None;
            return;
        }
        if output.became_ready() {
            self.became_ready().await;
        }
    }

    async fn due_now(&mut self) {
        let now = Instant::now();
        let Some(running) = &mut self.running else { return };
        if let Some(output) = &mut running.output {
            output.tidy(now);
        }
        if running.limit_at.is_some_and(|at| at <= now) {
            running.stop(Stopping::at_once(), EndedBy::Limit);
        }
        if running.silent_at.is_some_and(|at| at <= now) {
            self.keep_promise();
            self.fell_silent().await;
        }
    }
}

/// The end of a start of which nobody knows more.
fn never_seen(start: StartId) -> Ended {
    Ended::new(start, Exit::Unseen, Timestamp::now())
}

async fn hear(engine: &mut Option<Frames<ShimEnd>>) -> Option<ShimRequest> {
    match engine {
        Some(engine) => engine.next().await.ok().flatten(),
        None => pending().await,
    }
}

async fn accept(listener: &mut Listener) -> ShimEnd {
    const PAUSE: Duration = Duration::from_millis(100);
    loop {
        match listener.accept().await {
            Ok(engine) => return engine,
            // Too many files are open, most likely.
            Err(_) => sleep(PAUSE).await,
        }
    }
}

async fn noticed(notify: &mut Option<&mut NotifySocket>) {
    let heard = match notify {
        Some(notify) => notify.ready().await.is_ok(),
        None => false,
    };
    if !heard {
        pending().await
    }
}

async fn ended(first: &mut Option<&mut First>) {
    match first {
        Some(first) => first.ended().await,
        None => pending().await,
    }
}

async fn stopped(stopping: &mut Option<&mut UnderWay>) -> Vec<Leftover> {
    match stopping {
        Some(stopping) => stopping.as_mut().await,
        None => pending().await,
    }
}

async fn written(output: &mut Option<&mut Output>) -> io::Result<Stream> {
    match output {
        Some(output) => output.ready().await,
        None => pending().await,
    }
}

async fn wait_until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}
