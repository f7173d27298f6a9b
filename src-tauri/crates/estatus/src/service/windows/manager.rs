//! What is asked of the service control manager.

use std::{
    cell::RefCell,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use estatus_config::places::{self, ServicePlaces};
use tokio::task::spawn_blocking;
use windows_service::{
    service::{Service, ServiceAccess, ServiceStartType, ServiceState, ServiceStatus},
    service_manager::{ServiceManager, ServiceManagerAccess},
};

use super::{
    NAME,
    account::Account,
    connection::{installed, manager, must_be_elevated, open},
    control::{begin, end, runs, settled, word},
    definition::{Change, Definition, info, places as places_of, refine},
    environment::set_variables,
    errors::failed,
    folders::{close, once_freed, prepare_places},
    given_back::{GivenBack, kept, must_stop_all},
    program,
    wanted::Wanted,
};
use crate::{
    CommandError, Outcome, Result,
    arguments::{OfUser, ServiceScope},
    relaunching,
    service::{
        facts::Facts,
        handover::{self, Rival},
    },
    show, steering,
};

/// Installs the service, or makes the one that is there as it is wanted, and starts it if `starts`. The trays' engines among
/// `rivals` give way to it.
pub(in crate::service) async fn install(wanted: &Wanted, starts: bool, rivals: &[Rival]) -> Result {
    wanted.must_be_free(rivals)?;
    let password = password(&wanted.account)?;
    // Before anything is moved: it may not be possible.
    program::put()?;
    let moved = wanted.moved().map(|moved| kept(&moved.config));
    let folders = prepare_places(wanted)?;
    let manager = manager(ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE)?;
    let (service, was) = register(&manager, wanted, password).map_err(|error| match (error, moved) {
        (CommandError::Failed(why), Some(kept)) => CommandError::Failed(format!(
            "{why}. There is no service yet, and your configuration is in {}: install again once that is mended, or give \
             {} its old name to have the tray go on with it",
            wanted.config.display(),
            kept.display()
        )),
        (error, _) => error,
    })?;
    let change = furnish(&service, was, wanted, folders).map_err(|error| match error {
        CommandError::Failed(why) => CommandError::Failed(format!(
            "{why}. The service is installed, but not as wanted: run the same command again once that is mended, or \
             `estatus service uninstall`"
        )),
        error => error,
    })?;
    if !starts {
        say!("It starts at the next boot, or with `estatus service start`.");
        return Ok(Outcome::Well);
    }
    handover::take_over(wanted, rivals, "quit the tray by its menu, then `estatus service start`").await?;
    match change {
        Some(change) if runs(&service)? => begin_anew(&service, &wanted.data, change).await,
        _ => begin(&service),
    }
}

/// Has the installed service run the version of this very program; its own programs go on meanwhile.
pub(in crate::service) async fn upgrade() -> Result {
    must_be_elevated()?;
    let service = installed(ServiceAccess::ALL_ACCESS)?;
    let Some(places) = places_of(&service) else {
        return Err(CommandError::Failed(
            "the command line of the service is not one of ours: `estatus service install` makes it so".into(),
        ));
    };
    program::put()?;
    let was = Definition::of(&service)?;
    if !was.starts(&program::path()) {
        service.change_config(&info(&places, None, None)).map_err(failed)?;
    }
    program::remember_origin()?;
    let change = was.change(&Definition::of(&service)?);
    let version = env!("CARGO_PKG_VERSION");
    if !runs(&service)? {
        say!("The service has version {version}, and is stopped: `estatus service start` starts it.");
        return Ok(Outcome::Well);
    }
    if change == Change::Nothing && program::outdated().is_none() {
        say!("The service runs version {version} already.");
        return Ok(Outcome::Well);
    }
    begin_anew(&service, &places.data, change).await?;
    say!("It runs version {version} now.");
    Ok(Outcome::Well)
}

/// Has Windows know the service as it is wanted; and what it knew before of one that was there.
fn register(
    manager: &ServiceManager,
    wanted: &Wanted,
    password: Option<OsString>,
) -> std::result::Result<(Service, Option<Definition>), CommandError> {
    let places = ServicePlaces { config: wanted.config.clone(), data: wanted.data.clone() };
    // Without an account, that of an installed service would stay as it is.
    let info = info(&places, Some(&wanted.account), password);
    let before = open(manager, ServiceAccess::ALL_ACCESS)?;
    let was = before.as_ref().map(Definition::of).transpose()?;
    let service = match before {
        Some(service) => {
            service.change_config(&info).map_err(failed)?;
            service
        }
        None => manager.create_service(&info, ServiceAccess::ALL_ACCESS).map_err(failed)?,
    };
    Ok((service, was))
}

/// Gives a registered service the rest of what is wanted, also that its account may enter these folders. What is different of
/// what there `was`.
fn furnish(
    service: &Service,
    was: Option<Definition>,
    wanted: &Wanted,
    mut folders: Vec<PathBuf>,
) -> std::result::Result<Option<Change>, CommandError> {
    refine(service);
    set_variables(&wanted.env)?;
    program::remember_origin()?;
    folders.extend(wanted.config.parent().filter(|_| wanted.is_in_own_folder).map(Path::to_owned));
    folders.iter().try_for_each(|folder| close(folder, &wanted.account))?;
    say!("The service is {}.", if was.is_none() { "installed" } else { "installed already, and now as wanted" });
    say!("  it runs as     {}", wanted.account);
    say!("  configuration  {}", wanted.config.display());
    say!("  data           {}", wanted.data.display());
    was.map(|was| Ok(was.change(&Definition::of(service)?))).transpose()
}

/// Has a service that runs become what it is now, its program, too.
async fn begin_anew(service: &Service, data: &Path, change: Change) -> Result {
    let outdated = program::outdated();
    let of_program = if outdated.is_some() { Change::OfTheEngine } else { Change::Nothing };
    match change.max(of_program) {
        Change::Nothing => {}
        Change::OfTheEngine => end_engine(service, data, outdated.as_deref()).await?,
        Change::OfWhoHasPrograms => end(service)?,
    }
    let begun = begin(service);
    program::clear();
    begun
}

/// Has the engine of the service end while its programs go on. One that runs an `outdated` program is asked by that, which speaks
/// as it does; one that cannot be asked is stopped, and they with it.
async fn end_engine(service: &Service, data: &Path, outdated: Option<&Path>) -> std::result::Result<(), CommandError> {
    let process = settled(service, |status| status.current_state != ServiceState::StartPending)?.process_id;
    // Windows may start it again by itself before it is seen to have stopped.
    let has_ended = |status: &ServiceStatus| match status.current_state {
        ServiceState::Stopped => true,
        ServiceState::StopPending => false,
        _ => status.process_id.is_some_and(|now| Some(now) != process),
    };
    let ended = match outdated {
        Some(program) => ask_by(program, data, service, has_ended),
        None => relaunching::ask(data, false, "").await.and_then(|_| settled(service, has_ended)),
    };
    let why = match ended {
        Ok(status) if has_ended(&status) => return Ok(()),
        Ok(status) => format!("it is {}", word(status.current_state)),
        Err(error) => error.to_string(),
    };
    let why = show::one_line(&why);
    complain!(
        "The engine of the service does not end by itself ({why}): it is stopped, and its programs are started anew."
    );
    end(service)
}

/// Has the engine on `data` end by the command of `program`, which it runs; how the service is then.
fn ask_by(
    program: &Path,
    data: &Path,
    service: &Service,
    has_ended: impl Fn(&ServiceStatus) -> bool,
) -> std::result::Result<ServiceStatus, CommandError> {
    let not_run = |error| CommandError::Failed(format!("{} cannot be run: {error}", program.display()));
    let mut command = Command::new(program);
    command.arg("--data").arg(data).arg("relaunch");
    let asking = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().map_err(not_run)?;
    let asking = RefCell::new(asking);
    let is_refused = || asking.borrow_mut().try_wait().is_ok_and(|exit| exit.is_some_and(|exit| !exit.success()));
    let status = settled(service, |status| has_ended(status) || is_refused())?;
    let mut asking = asking.into_inner();
    // It waits for the next engine, and what runs keeps its file.
    let _ = asking.kill();
    let said = asking.wait_with_output().map_err(not_run)?.stderr;
    if has_ended(&status) || said.is_empty() {
        return Ok(status);
    }
    Err(CommandError::Failed(String::from_utf8_lossy(&said).into_owned()))
}

/// Removes the service; what it has configured and remembered stays, unless it `purges` that. A configuration that was a user's
/// is theirs again.
pub(in crate::service) async fn uninstall(of_user: &OfUser, purges: bool) -> Result {
    must_be_elevated()?;
    let manager = manager(ServiceManagerAccess::CONNECT)?;
    let Some(service) = open(&manager, ServiceAccess::ALL_ACCESS)? else {
        say!("The service is not installed.");
        return Ok(Outcome::Well);
    };
    let places = places_of(&service);
    let given_back = places.as_ref().and_then(|places| GivenBack::of(&places.config, of_user));
    if let (Some(_), Some(places)) = (&given_back, &places) {
        must_stop_all(&places.data).await?;
    }
    end(&service)?;
    let own = places::service_folder();
    if let Some(places) = places.as_ref().filter(|places| purges && places.data.starts_with(&own)) {
        // Nobody would find them any more.
        steering::stop_left(&places.data).await?;
    }
    // Before the service is gone: a tray that misses it looks for a configuration then.
    if let Some(given_back) = &given_back {
        given_back.carry_out()?;
    }
    service.delete().map_err(failed)?;
    say!("The service is removed.");
    if let Some(given_back) = &given_back {
        say!("  configuration  {}, where it was before", given_back.own.display());
    }
    let purged = if purges { purge(own).await } else { Ok(()) };
    if let Some(places) = places {
        say_what_stays(&[(given_back.is_none(), "configuration", &places.config), (true, "data", &places.data)]);
    }
    match (purged, program::remove()) {
        (Err(one), Err(other)) => Err(CommandError::Failed(format!("{one}; {other}"))),
        (purged, removed) => purged.and(removed).map(|()| Outcome::Well),
    }
}

/// Deletes what a service has that was not told where to have it. Whoever supervised what ran there hears meanwhile that nothing
/// is left to supervise.
async fn purge(folder: PathBuf) -> std::result::Result<(), CommandError> {
    let shown = folder.display().to_string();
    let deleted = spawn_blocking(move || once_freed(|| fs::remove_dir_all(&folder))).await;
    deleted.map_err(io::Error::other).flatten().map_err(|error| {
        CommandError::Failed(format!("{shown} cannot be deleted: {error}; delete it yourself once nothing of it runs"))
    })
}

fn say_what_stays(all: &[(bool, &str, &Path)]) {
    let mut stay = all.iter().filter(|(is_meant, _, path)| *is_meant && path.exists()).peekable();
    if stay.peek().is_some() {
        say!("These stay, remove them yourself if you want to:");
    }
    for (_, what, path) in stay {
        say!("  {what:<13}  {}", path.display());
    }
}

/// What is known of the service.
pub(in crate::service) fn facts(_whose: ServiceScope) -> std::result::Result<Facts, CommandError> {
    let manager = manager(ServiceManagerAccess::CONNECT)?;
    let Some(service) = open(&manager, ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG)? else {
        return Ok(Facts::default());
    };
    let status = service.query_status().map_err(failed)?;
    let config = service.query_config().map_err(failed)?;
    let (file, data) = places_of(&service).map(|places| (places.config, places.data)).unzip();
    let is_running = status.current_state == ServiceState::Running;
    Ok(Facts {
        installed: true,
        enabled: config.start_type == ServiceStartType::AutoStart,
        running: is_running,
        state: Some(word(status.current_state).to_owned()),
        pid: status.process_id.filter(|pid| *pid != 0),
        account: config.account_name.map(|name| Account::of_manager(&name.to_string_lossy()).to_string()),
        definition: Some(format!(r"the service control manager, as {NAME}")),
        says: data.as_ref().map(|data| format!("what it writes is in {}", data.join("service.log").display())),
        config: file,
        data,
        ..Facts::default()
    })
}

/// The password of a user as whom the service is to run.
fn password(account: &Account) -> std::result::Result<Option<OsString>, CommandError> {
    let name = match account {
        Account::User(name) => name,
        // As ChangeServiceConfig wants it of this one, and not of a virtual account.
        Account::System => return Ok(Some(OsString::new())),
        Account::Virtual => return Ok(None),
    };
    let asked = rpassword::prompt_password(format!("Password of {name}, with which Windows starts the service: "));
    asked
        .map(|password| Some(password.into()))
        .map_err(|error| CommandError::Failed(format!("the password of {name} cannot be asked for: {error}")))
}
