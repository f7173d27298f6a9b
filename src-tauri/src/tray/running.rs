//! Puts everything together and runs the loop.

use std::{
    env,
    future::pending,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use estatus_api::{Endpoint, Reply, Request};
use estatus_config::places::Service;
use estatus_core::{engine::Ask, ids::RunId};
use estatus_engine::EngineEnd;
use estatus_tray::{Asking, Change, Heard, Places, Settings, Where, line};
use jiff::Zoned;
use tokio::{sync::mpsc, time::sleep};

use super::{
    Arguments,
    controller::{ControlFlow, Controller, TrayEvent},
    desktop::{About, Desktop, Face, Notification, Page},
    door::{Door, knock},
    host::Host,
    login::Login,
    platform::{self, Shown, Start},
    window::Window,
};

/// So many events wait at most; who brings more waits.
pub(crate) const EVENTS: usize = 256;

impl From<Heard> for TrayEvent {
    fn from(heard: Heard) -> Self {
        Self::Engine(heard)
    }
}

/// Runs the tray until it is quit, or brings the window of the one that runs already up. Where it is to be started again,
/// that is done at its end.
pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let program = env::current_exe().context("Failed to find out where this program is")?;
    let places = Places::find(arguments.places.clone())?;
    places.begin()?;
    let Some(door) = Door::take(&places.desktop)? else { return start_again(&arguments, &places) };
    let login = Login::new(arguments.places.clone());
    let start = Start::of(&arguments, &places, &login);
    let again = login.arguments().to_vec();
    let reopens = Arc::new(AtomicBool::new(false));
    let page = arguments.page.or((!arguments.hidden).then_some(Page::Overview));
    let life = Life { said: arguments.places, places, login, page, door, reopens: Arc::clone(&reopens) };
    let ended = platform::run(start, move |shown, sender, events| live(life, shown, sender, events))?;
    match ended {
        EngineEnd::Stopped => Ok(()),
        EngineEnd::Relaunching => {
            let mut next = Command::new(&program);
            if reopens.load(Ordering::Relaxed) {
                next.args(["--page".to_owned(), Page::Settings.to_string()]);
            }
            // By the path it had at its start: after an update that is where the new one is.
            let started = next.args(again).spawn();
            started.map(drop).with_context(|| format!("Failed to start {} again", program.display()))
        }
    }
}

/// There is a tray already.
fn start_again(arguments: &Arguments, places: &Places) -> Result<()> {
    let runtime = runtime()?;
    if platform::follow_elsewhere(arguments, places)? || arguments.hidden {
        return Ok(());
    }
    runtime.block_on(knock(&places.desktop))
}

/// One thread for all that is not the engine.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("Failed to start the tray's tasks")
}

/// What the tray begins with.
struct Life {
    /// Where the user says that things are.
    said: Where,
    places: Places,
    login: Login,
    /// The page that is shown first, if any.
    page: Option<Page>,
    door: Door,
    /// Whether the next tray shows the settings: the service was switched there, and the window ends with this one.
    reopens: Arc<AtomicBool>,
}

/// The tray's life.
async fn live(
    life: Life,
    shown: Shown,
    sender: mpsc::Sender<TrayEvent>,
    mut events: mpsc::Receiver<TrayEvent>,
) -> Result<EngineEnd> {
    let Life { said, places, login, page, door, reopens } = life;
    let settings = Settings::of(&places.desktop);
    let first = settings.change(Change { start_at_login: Some(login.is_on()), ..Change::default() })?;
    let (line, asking) = line(Endpoint::of(&places.data));
    let outside = Outside {
        shown,
        window: Window::new(&places)?,
        host: Host::new(&places, sender.clone(), asking.clone())?,
        login,
        asking,
        said,
        places,
        settings: settings.clone(),
        events: sender.clone(),
    };
    let mut controller = Controller::new(outside, first, sys_locale::get_locale());
    tokio::spawn(line.keep(sender.clone()));
    tokio::spawn(door.answer(sender.clone()));
    tokio::spawn(watch(settings, sender));
    if let Some(page) = page {
        controller.desktop.open_window(&page);
    }
    let ended = turn(&mut controller, &mut events).await;
    let desktop = &controller.desktop;
    reopens.store(desktop.is_moved() && desktop.window.is_open(), Ordering::Relaxed);
    Ok(ended)
}

/// The loop. Why it ended.
async fn turn<D: Desktop>(controller: &mut Controller<D>, events: &mut mpsc::Receiver<TrayEvent>) -> EngineEnd {
    let mut batch = Vec::new();
    loop {
        let wake = match controller.settle(&Zoned::now()) {
            ControlFlow::Wait => None,
            ControlFlow::WakeIn(span) => Some(span),
            ControlFlow::End(ended) => return ended,
        };
        tokio::select! {
            _ = events.recv_many(&mut batch, EVENTS) => {}
            () = after(wake) => batch.push(TrayEvent::Due),
        }
        let now = Zoned::now();
        batch.drain(..).for_each(|event| controller.take(event, &now));
    }
}

async fn after(wake: Option<Duration>) {
    match wake {
        Some(span) => sleep(span).await,
        None => pending().await,
    }
}

async fn watch(settings: Settings, events: mpsc::Sender<TrayEvent>) {
    let mut touches = estatus_engine::file_changes(settings.file().to_owned());
    while touches.recv().await.is_some() {
        if events.send(TrayEvent::Settings(settings.load())).await.is_err() {
            return;
        }
    }
}

/// The real desktop.
struct Outside {
    shown: Shown,
    window: Window,
    host: Host,
    login: Login,
    asking: Asking,
    said: Where,
    places: Places,
    settings: Settings,
    events: mpsc::Sender<TrayEvent>,
}

impl Outside {
    fn fails(&self, why: String) {
        let events = self.events.clone();
        tokio::spawn(async move { tell_failed(&events, why).await });
    }
}

async fn tell_failed(events: &mpsc::Sender<TrayEvent>, why: String) {
    tracing::warn!("{why}");
    // Who is gone wants to know nothing.
    let _ = events.send(TrayEvent::Failed(why)).await;
}

impl Desktop for Outside {
    fn draw(&mut self, face: &Face) {
        self.shown.draw(face);
    }

    fn notify(&mut self, notification: &Notification) {
        self.shown.notify(notification);
    }

    fn close_notification(&mut self, about: &About) {
        self.shown.close_notification(about);
    }

    fn open_window(&mut self, page: &Page) {
        self.window.open(page);
    }

    fn tell_window(&mut self, trouble: Option<&str>) {
        self.window.tell(trouble);
    }

    fn change(&mut self, change: Change) {
        let (settings, events) = (self.settings.clone(), self.events.clone());
        tokio::spawn(async move {
            match settings.change(change) {
                // Who is gone wants to know nothing.
                Ok(now) => drop(events.send(TrayEvent::Settings(now)).await),
                Err(error) => {
                    tell_failed(&events, format!("the settings of this desktop cannot be changed: {error}")).await;
                }
            }
        });
    }

    fn start_at_login(&mut self, wanted: bool) {
        if let Err(error) = self.login.set(wanted) {
            self.fails(format!("{error:#}"));
            self.change(Change { start_at_login: Some(self.login.is_on()), ..Change::default() });
        }
    }

    fn ask(&mut self, ask: Ask) {
        let (asking, events) = (self.asking.clone(), self.events.clone());
        tokio::spawn(async move {
            if let Err(error) = asking.request(Request::Do(ask.clone())).await {
                tracing::warn!("{ask}: {error}");
                // Who is gone wants to know nothing.
                let _ = events.send(TrayEvent::Refused(ask, error)).await;
            }
        });
    }

    fn look_at(&mut self, run: RunId) {
        let (asking, events) = (self.asking.clone(), self.events.clone());
        tokio::spawn(async move {
            match asking.request(Request::Run { run }).await {
                // Who is gone wants to know nothing.
                Ok(Reply::Run(status)) => drop(events.send(TrayEvent::Run(Box::new(status))).await),
                // With the next connection it is asked for again.
                reply => tracing::debug!(?reply, %run, "the engine does not say how the run stands"),
            }
        });
    }

    fn service(&self) -> Option<Service> {
        self.places.service()
    }

    fn is_moved(&self) -> bool {
        Places::find(self.said.clone()).is_ok_and(|now| now != self.places)
    }

    fn start_engine(&mut self) {
        self.host.start();
    }

    fn stop_engine(&mut self) -> bool {
        self.host.stop()
    }
}
