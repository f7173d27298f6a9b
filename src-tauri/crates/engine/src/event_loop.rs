//! The loop.
//!
//! ```text
//!     stop, pulse ─┐
//!  clients ─ClientRequest──┤
//!  programs, ──────┤
//!  probes, network,├─▶ one event ─▶ core ─▶ effects ─▶ store, programs, probes, courier, clients
//!  courier ─Input──┤       ▲                              │
//!  file, store, ───┤       └──────────── results ◀────────┘
//!   status page ───┤
//!         deadline ┘
//! ```
//!
//! What is ready first in this order comes first. The loop itself never waits for anything else.

mod pulse;
mod stopping;
#[cfg(test)]
mod tests;

use std::{future::Future, pin::pin, sync::Arc};

use estatus_api::{Event, Host, Usage};
use estatus_config::last_good;
use estatus_core::{
    Engine,
    config::Config,
    engine::Input,
    program::ProgramEvent,
    record::{JournalEntry, Record, Restored},
    stable_name::fnv1a,
    words::Reason,
};
use estatus_program::{SupervisorEvent, Trials};
use estatus_store::{IncidentFilter, Notice, Notices, Opened, Store};
use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc};

use self::pulse::Pulse;
pub(crate) use self::stopping::Ending;
use crate::{
    Audience, EngineEnd, Options,
    clients::{self, ClientRequest, ToRepeat},
    clock::{self, Timer},
    door::Door,
    pages::status::Look,
    ports::{Customs, EnginePorts},
    programs::{ProgramCommands, SecretsResolved},
    status_page::{FromWriter, PageTrouble, StatusPageWriter},
    tasks::Tasks,
    trying::ToTry,
    view::{self, View},
    watch,
    workers::{Parts, RESULTS_LIMIT, Workers},
};

/// So many results are taken at once before their effects are carried out.
const BATCH: usize = 64;
/// A client that is so many events behind is dropped.
const EVENTS_LIMIT: usize = 4096;
/// So many requests wait to be taken.
const REQUESTS_LIMIT: usize = 64;
/// One thing that the loop reacts to.
enum LoopEvent {
    Stop,
    Pulse,
    Client(ClientRequest),
    Repeat(ToRepeat),
    Try(ToTry),
    Programs,
    Secrets(SecretsResolved),
    Results,
    Loaded(watch::Loaded),
    Store(Notice),
    StatusPage(FromWriter),
    Deadline,
}

/// The loop and all it holds.
pub(crate) struct EventLoop<W> {
    pub(crate) core: Engine,
    pub(crate) store: Store,
    pub(crate) view: View,
    pub(crate) tasks: Tasks<W>,
    pub(crate) host: Arc<Host>,
    pub(crate) audience: Box<dyn Audience>,
    /// Fetches secrets, for whoever is beside the loop.
    pub(crate) ports: EnginePorts,
    /// What the configuration in force says of the ports.
    customs: tokio::sync::watch::Sender<Customs>,
    /// The configuration in force, for whoever reads the file.
    in_force: tokio::sync::watch::Sender<Arc<Config>>,
    /// Has the file put in force as it is.
    pub(crate) apply: mpsc::Sender<watch::Applied>,
    loaded: mpsc::Receiver<watch::Loaded>,
    options: Options,
    /// What is still to be kept as the last good version of the file.
    good: Option<String>,
    notices: Notices,
    pub(crate) status_page: StatusPageWriter,
    happened: mpsc::Receiver<SupervisorEvent>,
    fetched: mpsc::Receiver<SecretsResolved>,
    results: mpsc::Receiver<Input>,
    /// Where those go that were looked up since somebody wants them to be repeated.
    pub(crate) found_to_repeat: mpsc::Sender<ToRepeat>,
    to_repeat: mpsc::Receiver<ToRepeat>,
    /// The programs that are tried.
    pub(crate) trials: Trials,
    /// Where those go whose configuration is known that somebody wants to be tried.
    pub(crate) previewed: mpsc::Sender<ToTry>,
    to_try: mpsc::Receiver<ToTry>,
    news: Vec<SupervisorEvent>,
    batch: Vec<Input>,
    pulse: Pulse,
    /// That it ends now, and how.
    pub(crate) ends: Option<Ending>,
}

impl<W: Workers> EventLoop<W> {
    /// A loop over what the store gave back, with the first configuration in force.
    pub(crate) fn new(
        options: Options,
        first: watch::First,
        opened: Opened,
        host: Host,
        audience: Box<dyn Audience>,
        parts: Parts<W>,
    ) -> Self {
        let watch::First { config, before, refused, good } = first;
        let (in_force, reader_sees) = tokio::sync::watch::channel(Arc::clone(&config));
        let (apply, loaded) = watch::start(options.clone(), reader_sees);
        let Opened { store, restored, installation, trouble, notices } = opened;
        let channels = before.map(|before| before.channels.clone()).unwrap_or_default();
        let (events, _) = broadcast::channel(EVENTS_LIMIT);
        let (found_to_repeat, to_repeat) = mpsc::channel(REQUESTS_LIMIT);
        let (resolved_sender, fetched) = mpsc::channel(RESULTS_LIMIT);
        let (previewed, to_try) = mpsc::channel(REQUESTS_LIMIT);
        let Parts { workers, supervisor, trials, fleets, result_sender, results, happened, ports, customs } = parts;
        let programs = ProgramCommands::new(supervisor, trials.clone(), ports.clone(), resolved_sender);
        let tasks = Tasks::new(workers, programs, fleets, events, result_sender);
        drop(store.record(vec![journal(JournalEntry::Started { version: env!("CARGO_PKG_VERSION").to_owned() })]));
        let mut core =
            Engine::new(config, Restored { channels, ..restored }, fnv1a(installation.as_bytes()), clock::now());
        for trouble in trouble {
            tracing::warn!("{trouble}");
            let said = trouble.what.in_words(core.config().language);
            let _ = core.handle(Input::Trouble(said), clock::now());
        }
        let pulse = Pulse::every(audience.pulse());
        let status_page = StatusPageWriter::start(store.clone(), options.config.clone(), options.data.clone());
        let mut event_loop = Self {
            view: View::new(core.config()),
            core,
            store,
            tasks,
            host: Arc::new(host),
            audience,
            ports,
            customs,
            in_force,
            apply,
            loaded,
            options,
            good,
            notices,
            status_page,
            happened,
            fetched,
            results,
            found_to_repeat,
            to_repeat,
            trials,
            previewed,
            to_try,
            news: Vec::with_capacity(BATCH),
            batch: Vec::with_capacity(BATCH),
            pulse,
            ends: None,
        };
        match refused {
            Some(refused) => event_loop.start_without(refused),
            None => drop(event_loop.core.handle(Input::ConfigTaken, clock::now())),
        }
        event_loop
    }

    /// The file cannot be believed, so its last good version is in force.
    fn start_without(&mut self, refused: watch::Refused) {
        let error = refused.problems.to_string();
        tracing::warn!("the configuration is refused, so Estatus starts with its last good version:\n{error}");
        self.view.config_refused = Some(refused);
        let stale = Input::ConfigStale {
            file: self.options.config.display().to_string(),
            error,
            kept: last_good::path(&self.options.data).display().to_string(),
        };
        let _ = self.core.handle(stale, clock::now());
    }

    /// Runs until `stop` is ready, or a client wants it to begin anew.
    pub(crate) async fn run(mut self, door: Door, mut timer: Timer, stop: impl Future<Output = ()>) -> EngineEnd {
        self.remember().await;
        self.carry_out();
        self.keep_first();
        let (request_sender, mut requests) = mpsc::channel(REQUESTS_LIMIT);
        let doorkeeper = tokio::spawn(clients::accept(door, request_sender));
        let mut stop = pin!(stop);
        let ending = loop {
            self.carry_out();
            if let Some(ending) = self.ends {
                break ending;
            }
            let deadline = self.core.next_deadline().map(|(at, _)| at);
            let event = tokio::select! {
                biased;
                () = &mut stop => LoopEvent::Stop,
                () = self.pulse.beat() => LoopEvent::Pulse,
                Some(request) = requests.recv() => LoopEvent::Client(request),
                Some(found) = self.to_repeat.recv() => LoopEvent::Repeat(found),
                Some(wanted) = self.to_try.recv() => LoopEvent::Try(wanted),
                _ = self.happened.recv_many(&mut self.news, BATCH) => LoopEvent::Programs,
                Some(fetched) = self.fetched.recv() => LoopEvent::Secrets(fetched),
                _ = self.results.recv_many(&mut self.batch, BATCH) => LoopEvent::Results,
                Some(loaded) = self.loaded.recv() => LoopEvent::Loaded(loaded),
                Some(notice) = self.notices.next() => LoopEvent::Store(notice),
                Some(said) = self.status_page.next() => LoopEvent::StatusPage(said),
                () = timer.until(deadline) => LoopEvent::Deadline,
            };
            match event {
                LoopEvent::Stop => self.ends = Some(Ending { end: EngineEnd::Stopped, stops_programs: true }),
                LoopEvent::Pulse => self.audience.turned(),
                LoopEvent::Client(request) => self.answer(request),
                LoopEvent::Repeat(found) => self.repeat(found),
                LoopEvent::Try(wanted) => self.try_now(wanted),
                LoopEvent::Programs => {
                    self.take_news();
                    self.core.handle_timeout(clock::now());
                }
                LoopEvent::Secrets(fetched) => self.take_secrets(fetched),
                LoopEvent::Results => {
                    self.take_results();
                    self.core.handle_timeout(clock::now());
                }
                LoopEvent::Loaded(loaded) => self.take_config(loaded),
                LoopEvent::Store(notice) => self.take_notice(notice),
                LoopEvent::StatusPage(said) => self.hear_of_status_page(said),
                LoopEvent::Deadline => self.core.handle_timeout(clock::now()),
            }
        };
        doorkeeper.abort();
        // Whoever asks now is told that the engine is stopping.
        drop(requests);
        self.end(ending).await;
        ending.end
    }

    /// The file that the loop began with is the last good one, once what follows from it is on disk.
    fn keep_first(&mut self) {
        let Some(good) = self.good.take() else { return };
        let (store, options) = (self.store.clone(), self.options.clone());
        tokio::spawn(async move {
            store.flush().await;
            watch::keep(&options, good).await;
        });
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// What was last seen of monitors, and told of incidents, before this life of the engine.
    async fn remember(&mut self) {
        for filter in
            [IncidentFilter::default(), IncidentFilter { open_only: true, limit: usize::MAX, ..Default::default() }]
        {
            match self.store.incidents(filter).await {
                Ok(known) => known.iter().flat_map(|it| &it.messages).for_each(|it| drop(self.view.told.hear(it))),
                Err(trouble) => tracing::warn!(%trouble, "what was told before is not known"),
            }
        }

        let words = view::words(self.core.config());
        match self.store.last_observations().await {
            Ok(observations) => {
                let seen =
                    observations.into_iter().map(|(name, last)| (name, view::last_seen(&words, &last.observation)));
                self.view.remembered = seen.collect();
            }
            Err(trouble) => tracing::warn!(%trouble, "what was seen before is not known"),
        }
    }

    fn take_results(&mut self) {
        let now = clock::now();
        for input in self.batch.drain(..) {
            self.tasks.forget(&input);
            // Only what a user asks for can be refused.
            let _ = self.core.handle(input, now);
        }
    }

    fn take_news(&mut self) {
        let now = clock::now();
        for SupervisorEvent { program, event } in self.news.drain(..) {
            if let ProgramEvent::Measured { memory, cpu, .. } = event {
                self.tasks.tell(Event::Usage(vec![Usage { program: Arc::clone(&program), memory, cpu }]));
            }
            let _ = self.core.handle(Input::Program { program, event }, now);
        }
    }

    fn take_secrets(&mut self, fetched: SecretsResolved) {
        if let Some(refused) = self.tasks.programs.fetched(fetched) {
            let _ = self.core.handle(refused, clock::now());
        }
    }

    fn take_config(&mut self, loaded: watch::Loaded) {
        let now = clock::now();
        match loaded.read {
            Ok(config) => {
                self.view.config_refused = None;
                let _ = self.core.handle(Input::ConfigTaken, now);
                if *config != **self.core.config() {
                    tracing::info!(monitors = config.monitors.len(), "a new configuration is in force");
                    self.store.set_retention(config.retention);
                    self.customs.send_replace(Customs::of(&config));
                    let before = self.core.config().language;
                    self.view.words = view::words(&config);
                    self.in_force.send_replace(Arc::clone(&config));
                    self.core.apply_config(config, now);
                    if self.core.config().language != before {
                        self.publish_all();
                    }
                }
            }
            Err(refused) => {
                if self.view.config_refused.as_ref() != Some(&refused) {
                    let said = refused.problems.to_string();
                    tracing::warn!("the configuration is refused, the old one stays in force:\n{said}");
                    self.view.config_refused = Some(refused);
                    let _ = self.core.handle(Input::ConfigRefused(said), now);
                }
            }
        }
        self.publish_engine();
        self.carry_out();
        let store = self.store.clone();
        tokio::spawn(async move {
            store.flush().await;
            // The reader is gone only when the engine stops.
            let _ = loaded.taken.send(());
        });
    }

    fn take_notice(&mut self, notice: Notice) {
        let what = match notice {
            Notice::Began(trouble) => {
                self.view.store_trouble = Some(trouble.what.clone());
                trouble
            }
            Notice::Ended(trouble) => {
                self.view.store_trouble = None;
                trouble
            }
            Notice::Happened(trouble) => trouble,
        };
        tracing::warn!("{what}");
        self.tell_of_trouble(&what.what);
    }

    fn hear_of_status_page(&mut self, said: FromWriter) {
        match said {
            FromWriter::Look(answer) => {
                // The writer is gone only when the engine stops.
                let _ = answer.send(Look::new(self.core.config(), self.core.monitors()));
            }
            FromWriter::Trouble(trouble) => {
                let before = std::mem::replace(&mut self.view.status_page_trouble, trouble);
                let ended =
                    |before: PageTrouble| Reason::new("page.again", vec![("file", before.file.display().into())]);
                let now = self.view.status_page_trouble.as_ref().map(|trouble| trouble.why.clone());
                match now.or_else(|| before.map(ended)).filter(|_| self.core.config().status_page.is_some()) {
                    Some(what) => {
                        tracing::warn!("{what}");
                        self.tell_of_trouble(&what);
                    }
                    None => self.publish_engine(),
                }
            }
        }
    }

    fn tell_of_trouble(&mut self, what: &Reason) {
        let said = what.in_words(self.core.config().language);
        let _ = self.core.handle(Input::Trouble(said), clock::now());
        self.publish_engine();
    }
}

fn journal(entry: JournalEntry) -> Record {
    Record::Journal { at: Timestamp::now(), entry }
}
