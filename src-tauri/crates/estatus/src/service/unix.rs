//! The service on Linux: a unit of systemd, the machine's or a user's; `windows.rs` is the twin.

mod account;
mod differences;
mod face;
mod notify;
mod rights;
mod systemd;
mod unit;
mod wanted;

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use estatus_access::write_atomically;
use estatus_config::places::{self, ServicePlaces};
use estatus_core::Timestamp;
use estatus_engine::HostKind;
use tokio::signal::unix::{SignalKind, signal};

use self::{
    account::Account,
    face::Face,
    notify::Notifier,
    systemd::Scope,
    unit::{NAME, Unit},
};
pub(super) use self::{
    differences::{is_of_the_system, is_same_variable, of_estatus, of_paths, usual_places, variables_in},
    wanted::Wanted,
};
use super::{
    facts::Facts,
    handover::{self, Rival},
};
use crate::{
    CommandError, Outcome, Result,
    arguments::ServiceScope,
    configuration::Places,
    running::{self, Said},
};

/// Installs the service, or makes the one that is there as it is wanted, and starts it if `starts`.
/// The trays' engines among `rivals` give way to it.
pub(super) async fn install(wanted: &Wanted, starts: bool, rivals: &[Rival]) -> Result {
    let scope = wanted.scope;
    systemd::must_be_booted()?;
    if let Some(rival) = rivals.iter().find(|rival| starts && !rival.is_no_obstacle()) {
        return Err(rival.refusal());
    }
    let file = scope.unit_file(&wanted.account);
    let before = read(&file)?;
    if before.as_ref().is_some_and(|text| !Unit::is_ours(text)) {
        return Err(CommandError::Failed(format!(
            "{} was not written by Estatus, and stays as it is: move it away, then install again",
            file.display()
        )));
    }
    if scope == Scope::User {
        wanted.linger()?;
    }
    wanted.prepare_places()?;
    let text = wanted.unit().text();
    let is_new = before.as_ref() != Some(&text);
    if is_new {
        write(&file, &text)?;
        scope.tell(&["daemon-reload"])?;
    }
    let was_running = scope.show()?.is_active();
    scope.tell(&["--quiet", "enable", NAME])?;
    match (before.is_some(), is_new) {
        (true, false) => say!("The service is installed already, in {}", file.display()),
        (true, true) => say!("The service was changed, in {}", file.display()),
        (false, _) => say!("The service is installed, in {}", file.display()),
    }
    say!("  it runs as     {}", wanted.account.name);
    say!("  configuration  {}", wanted.config.display());
    say!("  data           {}", wanted.data.display());
    if !starts {
        say!("It starts at the next boot, or with `estatus service start{}`.", hint(scope));
        return Ok(Outcome::Well);
    }
    let go_on = format!("quit the tray by its menu, then `estatus service start{}`", hint(scope));
    handover::take_over(wanted, rivals, &go_on).await?;
    begin(scope, if was_running && is_new { "restart" } else { "start" })
}

/// Removes the service; what it has configured and remembered stays.
pub(super) fn uninstall(whose: ServiceScope) -> Result {
    let scope = steered(whose)?;
    let file = scope.unit_file(&Account::current()?);
    let Some(text) = read(&file)? else {
        return switch_off(scope);
    };
    if !Unit::is_ours(&text) {
        return Err(CommandError::Failed(format!("{} was not written by Estatus, and stays", file.display())));
    }
    if systemd::is_booted() {
        scope.tell(&["--quiet", "disable", "--now", NAME])?;
    }
    fs::remove_file(&file)
        .map_err(|error| CommandError::Failed(format!("{} cannot be removed: {error}", file.display())))?;
    if systemd::is_booted() {
        scope.tell(&["daemon-reload"])?;
        // There is nothing to forget where it has not failed.
        let _ = scope.tell(&["reset-failed", NAME]);
    }
    say!("The service is removed.");
    if let Some(ServicePlaces { config, data }) = places::of_unit(&text) {
        say!("These stay, remove them yourself if you want to:");
        say!("  configuration  {}", config.display());
        say!("  data           {}", data.display());
    }
    Ok(Outcome::Well)
}

/// Switches a unit off that a package has brought.
fn switch_off(scope: Scope) -> Result {
    let is_on = |shown: &systemd::Shown| {
        shown.is_active() || shown.get("UnitFileState").is_some_and(|state| state.starts_with("enabled"))
    };
    if !systemd::is_booted() || !scope.show().is_ok_and(|shown| is_on(&shown)) {
        say!("The service is not installed.");
        return Ok(Outcome::Well);
    }
    scope.tell(&["--quiet", "disable", "--now", NAME])?;
    say!("The service, whose unit a package has brought, is stopped, and starts at boot no more.");
    Ok(Outcome::Well)
}

/// Starts the service, and says whether it runs.
pub(super) fn start(whose: ServiceScope) -> Result {
    let scope = steered(whose)?;
    must_be_installed(scope)?;
    begin(scope, "start")
}

/// Stops the service, until the next boot.
pub(super) fn stop(whose: ServiceScope) -> Result {
    let scope = steered(whose)?;
    must_be_installed(scope)?;
    scope.tell(&["stop", NAME])?;
    say!("The service is stopped. It starts again at the next boot, or with `estatus service start{}`.", hint(scope));
    Ok(Outcome::Well)
}

/// What is known of the service.
pub(super) fn facts(whose: ServiceScope) -> std::result::Result<Facts, CommandError> {
    let scope = scope(whose);
    let own = Account::current()?;
    let text = read(&scope.unit_file(&own))?;
    if !systemd::is_booted() {
        return Ok(Facts { installed: text.is_some(), state: Some("systemd does not run".into()), ..Facts::default() });
    }
    let shown = scope.show()?;
    let (config, data) = text.as_deref().and_then(places::of_unit).map(|places| (places.config, places.data)).unzip();
    let since = shown.get("ActiveEnterTimestamp").and_then(|at| at.strip_prefix('@')?.parse().ok());
    let ended = shown.get("Result").filter(|result| *result != "success").map(|result| format!("it ended: {result}"));
    let state = match (shown.get("ActiveState"), shown.get("SubState")) {
        (Some("active"), Some(sub)) => sub.to_owned(),
        (Some(active), Some(sub)) if active != sub && sub != "dead" => format!("{active} ({sub})"),
        (active, _) => active.unwrap_or("unknown").to_owned(),
    };
    Ok(Facts {
        installed: shown.get("LoadState").is_some_and(|state| state != "not-found"),
        enabled: shown.get("UnitFileState").is_some_and(|state| state.starts_with("enabled")),
        running: shown.get("ActiveState").is_some_and(|state| matches!(state, "active" | "reloading")),
        state: Some(state),
        pid: shown.pid(),
        since: since.filter(|_| shown.is_active()).and_then(|at| Timestamp::from_second(at).ok()),
        restarts: shown.get("NRestarts").and_then(|count| count.parse().ok()),
        says: shown.get("StatusText").map(str::to_owned).or(ended),
        account: match scope {
            Scope::System => Some(shown.get("User").unwrap_or("root").to_owned()),
            Scope::User => Some(own.name),
        },
        definition: shown.get("FragmentPath").map(str::to_owned),
        config,
        data,
    })
}

/// The engine, as systemd starts it.
pub(super) async fn run(places: &Places, all_users: bool) -> Result {
    // SAFETY: this is the first that is done, and the runtime has one thread, this one.
    #[allow(unsafe_code, reason = "a variable can only be taken out of the environment so")]
    let notifier = unsafe { Notifier::take() };
    estatus_engine::set_limits();
    let said = Said { out: running::printer(io::stdout())?, err: running::printer(io::stderr())? };
    running::log(said.err.clone(), false);
    let admits = running::admits(all_users);
    // However it ends, systemd starts it again unless it was told to stop it.
    running::host(
        places,
        said,
        HostKind::Service,
        admits,
        |terminal| Box::new(Face::new(terminal, notifier)),
        stopped(),
    )
    .await?;
    Ok(Outcome::Well)
}

/// Resolves when systemd wants the engine to end. A terminal that hangs up is none of a service's business.
async fn stopped() {
    let signals = [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal);
    let [Ok(mut terminate), Ok(mut interrupt), Ok(_hang_up)] = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Has systemd start it, and says whether it runs.
fn begin(scope: Scope, how: &str) -> Result {
    if let Err(error) = scope.tell(&[how, NAME]) {
        scope.last_lines().iter().for_each(|line| complain!("  | {line}"));
        return Err(error);
    }
    let shown = scope.show()?;
    match shown.pid() {
        Some(pid) => say!("The service is running (process {pid})."),
        None => say!("The service is {}.", shown.get("ActiveState").unwrap_or("started")),
    }
    Ok(Outcome::Well)
}

/// The services that are meant, which whoever asks may start and stop.
fn steered(whose: ServiceScope) -> std::result::Result<Scope, CommandError> {
    let scope = scope(whose);
    if scope == Scope::System && !rustix::process::geteuid().is_root() {
        let own = Scope::User.unit_file(&Account::current()?);
        let instead = if own.exists() { "; or say --user for your own service" } else { "" };
        return Err(CommandError::Failed(format!(
            "only root may do that to a service of the machine: use sudo{instead}"
        )));
    }
    Ok(scope)
}

fn scope(whose: ServiceScope) -> Scope {
    if whose.user { Scope::User } else { Scope::System }
}

fn must_be_installed(scope: Scope) -> std::result::Result<(), CommandError> {
    systemd::must_be_booted()?;
    if scope.show()?.get("LoadState") == Some("not-found") {
        let how = format!("the service is not installed: `estatus service install{}` does it", hint(scope));
        return Err(CommandError::Failed(how));
    }
    Ok(())
}

fn hint(scope: Scope) -> &'static str {
    if scope == Scope::User { " --user" } else { "" }
}

/// The text of a unit, if it is there.
fn read(file: &Path) -> std::result::Result<Option<String>, CommandError> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::Failed(format!("{} cannot be read: {error}", file.display()))),
    }
}

/// Everybody may read a unit, as those are that a package brings.
fn write(file: &Path, text: &str) -> std::result::Result<(), CommandError> {
    let permissions = Permissions::from_mode(0o644);
    let made = file.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| write_atomically(file, text, Some(permissions)))
        .map_err(|error| CommandError::Failed(format!("{} cannot be written: {error}", file.display())))
}
