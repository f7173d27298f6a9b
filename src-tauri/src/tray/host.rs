//! The engine in this process, on a thread and a runtime of its own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread::JoinHandle,
};

use anyhow::Result;
use estatus_api::Host as EngineHost;
use estatus_core::record::JournalEntry;
use estatus_engine::{Admits, Audience, HostKind, Options, ShimCommand};
use estatus_tray::{Asking, CONSOLE, Places, beside_us, defaults};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::{
    controller::{Hosted, TrayEvent},
    running::runtime,
};

/// The engine in this process, or none.
pub(crate) struct Host {
    options: Options,
    events: mpsc::Sender<TrayEvent>,
    asking: Asking,
    running: Option<Running>,
}

struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: JoinHandle<()>,
}

impl Host {
    /// None yet. The shim stands beside this program.
    pub(crate) fn new(places: &Places, events: mpsc::Sender<TrayEvent>, asking: Asking) -> Result<Self> {
        let program = beside_us(CONSOLE)?;
        let options = Options {
            config: places.config.clone(),
            data: places.data.clone(),
            defaults: defaults(),
            shim: ShimCommand { program, args: vec!["shim".into()] },
            host: HostKind::Tray,
            admits: Admits::ThisUser,
        };
        Ok(Self { options, events, asking, running: None })
    }

    /// Starts one, if none runs here.
    pub(crate) fn start(&mut self) {
        if self.running.as_ref().is_some_and(|running| !running.thread.is_finished()) {
            return;
        }
        let (stop, stopped) = oneshot::channel();
        let listener = Listener { events: self.events.clone(), asking: self.asking.clone() };
        let (options, events) = (self.options.clone(), self.events.clone());
        let started = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let hosted = catch_unwind(AssertUnwindSafe(|| host(options, listener, stopped)));
            let hosted = hosted.unwrap_or_else(|_| Hosted::Failed("the engine broke down".to_owned()));
            // Who is gone wants to know nothing.
            let _ = events.blocking_send(TrayEvent::Host(hosted));
        });
        match started {
            Ok(thread) => self.running = Some(Running { stop: Some(stop), thread }),
            Err(error) => tracing::error!(%error, "no thread can be started for the engine"),
        }
    }

    /// Asks it to stop. Whether there is one.
    pub(crate) fn stop(&mut self) -> bool {
        let Some(running) = self.running.as_mut().filter(|running| !running.thread.is_finished()) else { return false };
        if let Some(stop) = running.stop.take() {
            // It ends by itself at this moment.
            let _ = stop.send(());
        }
        true
    }
}

/// Runs an engine until it is stopped.
fn host(options: Options, listener: Listener, stopped: oneshot::Receiver<()>) -> Hosted {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return Hosted::Failed(format!("{error:#}")),
    };
    let stop = async {
        // Whoever does not hold on to it wants it stopped, too.
        let _ = stopped.await;
    };
    let ended = runtime.block_on(estatus_engine::run(options, Box::new(listener), stop));
    // A name look-up that hangs must not keep the program.
    runtime.shutdown_background();
    match ended {
        Ok(ended) => Hosted::Ended(ended),
        Err(error) => Hosted::Failed(error.to_string()),
    }
}

/// Hears what the engine does.
struct Listener {
    events: mpsc::Sender<TrayEvent>,
    asking: Asking,
}

impl Audience for Listener {
    fn ready(&mut self, _host: &EngineHost) {
        self.asking.try_now();
    }

    fn journal(&mut self, _at: Timestamp, _entry: &JournalEntry) {}

    fn quitting(&mut self, stopped: &[Arc<str>], _left: &[Arc<str>]) {
        // Only what is shown meanwhile depends on it.
        let _ = self.events.try_send(TrayEvent::Host(Hosted::Quitting(stopped.to_vec())));
    }
}
