//! `estatus run`: an engine in this terminal.

use std::io::IsTerminal;

use estatus_api::{Client, Event, Host, MonitorState};
use estatus_core::incident::Health;
use estatus_engine::{Options, StartError};
use tracing_subscriber::EnvFilter;

use crate::{
    Outcome, Result, Trouble,
    configuration::{self, Places},
    show,
};

pub(crate) async fn run(places: &Places) -> Result {
    log();
    raise_limits();
    if places.begin()? {
        println!("There was no configuration yet: an example now stands in {}", places.config.display());
        println!("It watches this machine. Open it, put in what you run; Estatus reads it again when you save it.");
    }
    let options =
        Options { config: places.config.clone(), data: places.data.clone(), defaults: configuration::defaults() };
    let data = places.data.clone();
    let ready = move |host: &Host| {
        println!("Estatus runs (process {}); stop it with Ctrl-C.", host.pid);
        println!("  configuration  {}", host.config.display());
        println!("  data           {}", host.data.display());
        tokio::spawn(async move { follow(&data).await });
    };
    match estatus_engine::run(options, ready, stopped()).await {
        Ok(()) => Ok(Outcome::Well),
        Err(error @ StartError::Config(_)) => Err(Trouble::wrong(error)),
        Err(error) => Err(Trouble::failed(error)),
    }
}

/// Prints each change of health, as any client would learn of it.
async fn follow(data: &std::path::Path) {
    let Ok(mut client) = Client::attach(&estatus_engine::endpoint(data)).await else { return };
    let paint = show::Paint::for_stdout();
    let mut known: std::collections::BTreeMap<_, Health> = std::collections::BTreeMap::new();
    for monitor in client.hello().snapshot.monitors.clone() {
        print_change(&mut known, &monitor, &paint);
    }
    while let Ok(event) = client.event().await {
        if let Event::Monitor(monitor) = &*event {
            print_change(&mut known, monitor, &paint);
        }
    }
}

fn print_change(
    known: &mut std::collections::BTreeMap<std::sync::Arc<str>, Health>,
    monitor: &MonitorState,
    paint: &show::Paint,
) {
    let before = known.insert(std::sync::Arc::clone(&monitor.name), monitor.health);
    if before == Some(monitor.health) || before.is_none() && monitor.health == Health::Unknown {
        return;
    }
    let at = monitor.last.as_ref().map_or_else(jiff::Timestamp::now, |last| last.at);
    let detail = monitor.last.as_ref().map(|last| last.detail.as_str()).unwrap_or_default();
    println!("{}  {}  {}  {}", show::time(at), paint.health(monitor.health, 10), monitor.name, show::one_line(detail));
}

/// Resolves when the user or the system wants the program to end.
#[cfg(unix)]
async fn stopped() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hang_up)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        return interrupted().await;
    };
    tokio::select! {
        () = interrupted() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
}

/// Resolves when the user or the system wants the program to end.
#[cfg(windows)]
async fn stopped() {
    use tokio::signal::windows::{ctrl_close, ctrl_shutdown};
    let (Ok(mut close), Ok(mut shutdown)) = (ctrl_close(), ctrl_shutdown()) else {
        return interrupted().await;
    };
    tokio::select! {
        () = interrupted() => {}
        _ = close.recv() => {}
        _ = shutdown.recv() => {}
    }
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn log() {
    let filter = EnvFilter::try_from_env("ESTATUS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // Only a second subscriber in one process is refused, and there is none.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// Every probe may need a file descriptor at the same time.
#[cfg(unix)]
fn raise_limits() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::debug!(%error, "the number of open files stays limited");
    }
}

/// Windows has no such limit.
#[cfg(windows)]
fn raise_limits() {}
