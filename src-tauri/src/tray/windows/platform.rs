//! Windows: the main thread has the icon and a hidden window and hears what Windows wants of the program; the tray's life has
//! a thread of its own.

mod hidden_window;
mod main_thread;
mod notifications;
mod registration;
mod taskbar;
mod tray;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    rc::Rc,
    sync::{Arc, Mutex, PoisonError, mpsc::channel},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use estatus_engine::EngineEnd;
use estatus_tray::Places;
use tokio::sync::mpsc;

use super::{
    Arguments,
    controller::TrayEvent,
    desktop::{About, Face, Notification},
    links::{self, Links},
    login::Login,
    running::{EVENTS, runtime},
};
use hidden_window::{Bell, HiddenWindow};
use main_thread::MainThread;
use notifications::Notifications;
use registration::Registration;

/// What is to be drawn, the newest only.
type Drawn = Arc<Mutex<Option<Face>>>;
/// Who was just started may have no window yet: a link is passed on to it so many times, with this between.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// What Windows is to know of this start.
pub(crate) struct Start {
    folder: PathBuf,
    /// With what Estatus is started again to follow a link.
    arguments: Vec<OsString>,
    /// The link that is to be followed first.
    link: Option<String>,
}

impl Start {
    /// That of these arguments.
    pub(crate) fn of(arguments: &Arguments, places: &Places, login: &Login) -> Self {
        Self { folder: places.desktop.clone(), arguments: login.arguments().to_vec(), link: arguments.link.clone() }
    }
}

/// Has the tray that runs already follow the link of these arguments, if there is one; whether there is.
pub(crate) fn follow_elsewhere(arguments: &Arguments, places: &Places) -> Result<bool> {
    hidden_window::let_others_come_forward();
    let Some(link) = &arguments.link else { return Ok(false) };
    for _ in 0..TRIES {
        if hidden_window::pass_on(&title(&places.desktop), link) {
            return Ok(true);
        }
        sleep(BETWEEN_TRIES);
    }
    bail!("another tray has {} and does not answer", places.desktop.display())
}

/// Runs the tray's life.
pub(crate) fn run<L: Future<Output = Result<EngineEnd>>>(
    start: Start,
    live: impl FnOnce(Shown, mpsc::Sender<TrayEvent>, mpsc::Receiver<TrayEvent>) -> L + Send + 'static,
) -> Result<EngineEnd> {
    let Start { folder, arguments, link } = start;
    let (sender, events) = mpsc::channel(EVENTS);
    let key = registration::key(&folder).with_context(|| format!("Failed to make a key in {}", folder.display()))?;
    let scheme = links::scheme(&folder);
    let links = Links::new(scheme.clone(), key);
    if let Some(link) = link {
        // There is room for it.
        let _ = sender.try_send(TrayEvent::Chosen(links.action(&link)));
    }
    let (ended, end) = channel();
    let drawn = Drawn::default();
    let main_thread = Rc::new(MainThread::new(Arc::clone(&drawn), links.clone(), sender.clone(), end));
    let heard = Rc::clone(&main_thread);
    let window = HiddenWindow::open(&title(&folder), Box::new(move |window, message| heard.hear(window, message)))
        .context("Windows gives the tray no window")?;
    let bell = window.bell();
    let notifications = Notifications::begin(links, Registration { folder, arguments, scheme }, sender.clone())?;
    let shown = Shown { drawn, bell, notifications };
    let live = move || {
        // However it ends: an icon without a life would say for ever that all is well.
        let _farewell = Farewell(bell);
        // Who waits for it is there as long as the window.
        let _ = ended.send(spend(move || live(shown, sender, events)));
    };
    std::thread::Builder::new().name("tray".to_owned()).spawn(live).context("Failed to start the tray")?;
    window.serve();
    main_thread.outcome()
}

/// Tells the window at the end of the tray's life that it is over.
struct Farewell(Bell);

impl Drop for Farewell {
    fn drop(&mut self) {
        self.0.ended();
    }
}

/// By what the hidden window of the tray of a folder is found.
fn title(folder: &Path) -> String {
    folder.display().to_string().to_lowercase()
}

fn spend<L: Future<Output = Result<EngineEnd>>>(live: impl FnOnce() -> L) -> Result<EngineEnd> {
    let runtime = runtime()?;
    let ended = runtime.block_on(async { live().await });
    // What hangs must not keep the program.
    runtime.shutdown_background();
    ended
}

/// What is shown on the desktop.
pub(crate) struct Shown {
    drawn: Drawn,
    bell: Bell,
    notifications: Notifications,
}

impl Shown {
    pub(crate) fn draw(&mut self, face: &Face) {
        *self.drawn.lock().unwrap_or_else(PoisonError::into_inner) = Some(face.clone());
        self.bell.draw();
    }

    pub(crate) fn notify(&self, notification: &Notification) {
        self.notifications.show(notification);
    }

    pub(crate) fn close_notification(&self, about: &About) {
        self.notifications.close(about);
    }
}

/// Text as Windows takes it, with the zero at its end.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}
