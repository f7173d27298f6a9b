//! The engine in this process, on a thread and a runtime of its own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use anyhow::Result;
use estatus_api::Host as EngineHost;
use estatus_config::Defaults;
use estatus_core::record::JournalEntry;
use estatus_engine::{Admits, Audience, HostKind, Options, ShimCommand};
use estatus_tray::{Asking, CONSOLE, Places, beside_us};
use jiff::Timestamp;
use tokio::sync::mpsc;

use super::{
    controller::{Hosted, TrayEvent},
    running::runtime,
};

/// The engine in this process, or none.
pub(crate) struct Host {
    options: Options,
    events: mpsc::Sender<TrayEvent>,
    asking: Asking,
    /// Has the engine stop. It is closed when the engine has ended, before anybody is told.
    stop: Option<mpsc::Sender<()>>,
}

impl Host {
    /// None yet. The shim stands beside this program.
    pub(crate) fn new(places: &Places, events: mpsc::Sender<TrayEvent>, asking: Asking) -> Result<Self> {
        let program = beside_us(CONSOLE)?;
        let options = Options {
            config: places.config.clone(),
            data: places.data.clone(),
            defaults: Defaults::of_system(),
            shim: ShimCommand { program, args: vec!["shim".into()] },
            host: HostKind::Tray,
            admits: Admits::ThisUser,
        };
        Ok(Self { options, events, asking, stop: None })
    }

    /// Starts one, if none runs here.
    pub(crate) fn start(&mut self) {
        if self.running().is_some() {
            return;
        }
        let (stop, mut stopped) = mpsc::channel(1);
        let listener = Listener { events: self.events.clone(), asking: self.asking.clone() };
        let (options, events) = (self.options.clone(), self.events.clone());
        let started = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let hosted = catch_unwind(AssertUnwindSafe(|| host(options, listener, &mut stopped)));
            let hosted = hosted.unwrap_or_else(|_| Hosted::Failed("the engine broke down".to_owned()));
            // First: whoever hears of the end waits for none after it.
            drop(stopped);
            // Who is gone wants to know nothing.
            let _ = events.blocking_send(TrayEvent::Host(hosted));
        });
        match started {
            Ok(_) => self.stop = Some(stop),
            Err(error) => tracing::error!(%error, "no thread can be started for the engine"),
        }
    }

    /// Asks it to stop. Whether there is one.
    pub(crate) fn stop(&mut self) -> bool {
        let Some(stop) = self.running() else { return false };
        // It was asked already, or ends by itself at this moment.
        let _ = stop.try_send(());
        true
    }

    fn running(&self) -> Option<&mpsc::Sender<()>> {
        self.stop.as_ref().filter(|stop| !stop.is_closed())
    }
}

/// Runs an engine until it is stopped.
fn host(options: Options, listener: Listener, stopped: &mut mpsc::Receiver<()>) -> Hosted {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return Hosted::Failed(format!("{error:#}")),
    };
    let stop = async {
        // Whoever does not hold on to it wants it stopped, too.
        let _ = stopped.recv().await;
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

#[cfg(test)]
mod tests {
    use estatus_api::Endpoint;

    use super::*;

    /// The engine's thread lives on meanwhile: it waits until there is room for what it tells.
    #[tokio::test]
    async fn an_engine_that_has_failed_is_none_even_before_that_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let no_folder = folder.path().join("file");
        std::fs::write(&no_folder, "").unwrap();
        let data = no_folder.join("data");
        let (sender, mut events) = mpsc::channel(1);
        sender.try_send(TrayEvent::Due).unwrap();
        let (_line, asking) = estatus_tray::line(Endpoint::of(&data));
        let places = estatus_tray::Where { config: Some(folder.path().join("estatus.toml")), data: Some(data) };
        let mut host = Host::new(&Places::find(places).unwrap(), sender, asking).unwrap();
        assert!(!host.stop());
        host.start();
        host.stop.clone().unwrap().closed().await;
        assert!(!host.stop());
        assert!(matches!(events.recv().await, Some(TrayEvent::Due)));
        assert!(matches!(events.recv().await, Some(TrayEvent::Host(Hosted::Failed(_)))));
    }
}
