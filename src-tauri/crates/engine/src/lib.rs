//! One loop that feeds the core and carries out its effects.
//!
//! [`run`] takes the engine lock of a data folder, reads the configuration, opens the store and then lives in one task
//! (`event_loop.rs`) until it is asked to stop. Everything that takes time runs in tasks of its own and comes back as an
//! event; nothing but the loop touches the core. [`probe`] and [`test_channel`] do one thing without an engine.
//!
//! Architecture invariant: no rule lives here. Whether, when and what is decided by the core; how is decided by the
//! rooms below.

mod answers;
mod barrier;
mod bounded;
mod clients;
mod clock;
mod discretion;
mod door;
mod effects;
mod event_loop;
mod file_changes;
mod fleets;
mod limits;
mod lock;
mod log_lines;
mod pages;
mod ports;
mod programs;
mod publishing;
mod recording;
mod sent_alerts;
mod status_page;
mod step_log;
mod tasks;
mod trying;
mod view;
mod watch;
mod workers;

use std::{
    future::Future,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use door::Door;
use estatus_alert::Courier;
pub use estatus_api::{Admits, HostKind};
use estatus_api::{Endpoint, Host};
pub use estatus_config::{Defaults, Problems, load};
use estatus_core::{
    check::Check,
    config::{Channel, Config},
    ids::Key,
    incident::DeliveryResult,
    observation::Observation,
    record::JournalEntry,
};
use estatus_probe::Prober;
pub use estatus_program::ShimCommand;
use estatus_store::StoreError;
pub use file_changes::file_changes;
use jiff::Timestamp;
pub use limits::set as set_limits;
pub use lock::{Holder, holder_of};
use ports::{Customs, EnginePorts};

/// Where an engine finds what it needs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The configuration file.
    pub config: PathBuf,
    /// The data folder, by its absolute path; it is made if it is not there.
    pub data: PathBuf,
    /// What holds where the configuration does not say.
    pub defaults: Defaults,
    /// What supervises a program while the engine is away.
    pub shim: ShimCommand,
    /// What hosts it.
    pub host: HostKind,
    /// Whose processes may connect; what they may do is [`estatus_api::Permission`].
    pub admits: Admits,
}

/// In whose name test messages are sent, in place of an installation's: none of them is taken for an alert.
const TESTER: &str = "test";

/// Why an engine has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineEnd {
    /// Its host wanted it to.
    Stopped,
    /// A client wants it to be started again ([`estatus_api::Request::Relaunch`]), by its host.
    Relaunching,
}

/// Why an engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another engine runs on the data folder.
    #[error("Estatus already runs on {}: {holder}; `estatus status` shows what it sees", data.display())]
    Held {
        /// The data folder.
        data: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// The configuration is not sound.
    #[error("{0}")]
    Config(Problems),
    /// The data folder or the history in it cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system refused something.
    #[error("{what}: {error}")]
    System {
        /// What was tried.
        what: String,
        /// What the operating system said.
        error: io::Error,
    },
}

/// Whoever hosts an engine and wants to say what it does.
pub trait Audience: Send {
    /// It runs, and clients can connect, unless somebody else has taken the name by which they would.
    fn ready(&mut self, host: &Host);

    /// Something stands in the journal.
    fn journal(&mut self, at: Timestamp, entry: &JournalEntry);

    /// It is not configured any more.
    fn gone(&mut self, _key: &Key) {}

    /// The engine is asked to stop: it now stops these programs, and leaves those running.
    fn quitting(&mut self, stopped: &[Arc<str>], left: &[Arc<str>]);

    /// How often the loop says by [`Audience::turned`] that it turns; asked once, before it begins.
    fn pulse(&self) -> Option<Duration> {
        None
    }

    /// The loop turns, and waits for nothing but what it is there to wait for; said by the loop alone, while it stops too.
    fn turned(&mut self) {}
}

/// Runs an engine until `stop` is ready, then stops the programs that must not outlive it, writes down what is not yet
/// on disk and returns.
///
/// # Errors
/// If it cannot start.
pub async fn run(
    options: Options,
    mut audience: Box<dyn Audience>,
    stop: impl Future<Output = ()>,
) -> Result<EngineEnd, StartError> {
    let lock = lock::take(&options.data).await?;
    let first = watch::first(&options).await.map_err(StartError::Config)?;
    let now = Timestamp::now();
    // Nothing runs yet that this could hold up.
    let opened = estatus_store::open(&options.data, first.config.retention, now)?;
    let door = Door::open(Endpoint::of(&options.data), options.admits).map_err(|error| StartError::System {
        what: format!("the engine cannot be made reachable in {}", options.data.display()),
        error,
    })?;
    let timer = clock::Timer::new().map_err(|error| StartError::System { what: "no timer".to_owned(), error })?;
    let host = Host {
        kind: options.host,
        pid: std::process::id(),
        started: now,
        config: options.config.clone(),
        data: options.data.clone(),
    };
    audience.ready(&host);
    let parts = workers::Parts::new(&options, &first.config, &opened.installation);
    let event_loop = event_loop::EventLoop::new(options, first, opened, host, audience, parts);
    let ended = tokio::select! {
        ended = event_loop.run(door, timer, stop) => ended,
        never = limits::keep_small() => match never {},
    };
    drop(lock);
    Ok(ended)
}

/// Runs `check` once, without an engine, by what `config` says of secrets and of the language; `data` is the data folder.
pub async fn probe(check: &Check, timeout: Duration, config: &Config, data: &Path) -> Observation {
    Prober::new(Arc::new(EnginePorts::alone(Customs::of(config), data))).probe(check, timeout).await
}

/// Sends a test message to the channel that is called `name`, without an engine, by what `config` says of secrets and of the
/// language; `data` is the data folder.
pub async fn test_channel(name: &str, channel: &Channel, config: &Config, data: &Path) -> DeliveryResult {
    let ports = Arc::new(EnginePorts::alone(Customs::of(config), data));
    Courier::new(ports, TESTER.to_owned()).test(name, channel, &view::words(config)).await
}

/// The way to the engine of the data folder `data`.
pub fn endpoint(data: &Path) -> Endpoint {
    Endpoint::of(data)
}
