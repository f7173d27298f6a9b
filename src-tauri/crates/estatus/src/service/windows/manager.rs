//! What is asked of the service control manager.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

use windows_service::{
    service::{Service, ServiceAccess, ServiceStartType, ServiceState},
    service_manager::ServiceManagerAccess,
};

use super::{
    NAME,
    account::Account,
    connection::{installed, manager, must_be_elevated, open},
    definition::{Change, Definition, info, places, refine},
    environment::set_variables,
    errors::{code, failed, system_code},
    folders::{close, prepare_places},
    given_back::{GivenBack, kept, must_stop_all},
    wanted::Wanted,
};
use crate::{
    CommandError, Outcome, Result,
    arguments::{OfUser, ServiceScope},
    configuration::Places,
    relaunching::relaunch,
    service::{
        facts::Facts,
        handover::{self, Rival},
    },
};

/// A service that says nothing for so long does not come any further.
const QUIET: Duration = Duration::from_secs(90);

/// Installs the service, or makes the one that is there as it is wanted, and starts it if `starts`. The trays' engines among
/// `rivals` give way to it.
pub(in crate::service) async fn install(wanted: &Wanted, places: &Places, starts: bool, rivals: &[Rival]) -> Result {
    wanted.must_be_free(rivals)?;
    let password = password(&wanted.account)?;
    let moved = wanted.moved().map(|moved| kept(&moved.config));
    let folders = prepare_places(wanted)?;
    let (service, change) = register(wanted, password, folders).map_err(|error| match (error, moved) {
        (CommandError::Failed(why), Some(kept)) => CommandError::Failed(format!(
            "{why}. There is no service yet, and your configuration is in {}: install again once that is mended, or give \
             {} its old name to have the tray go on with it",
            wanted.config.display(),
            kept.display()
        )),
        (error, _) => error,
    })?;
    if !starts {
        say!("It starts at the next boot, or with `estatus service start`.");
        return Ok(Outcome::Well);
    }
    handover::take_over(wanted, rivals, "quit the tray by its menu, then `estatus service start`").await?;
    match change {
        Some(change) if runs(&service)? => begin_anew(&service, places, change).await,
        _ => begin(&service),
    }
}

/// Has Windows know the service as it is wanted, whose account may enter these folders then; and what is different of the one
/// that was there.
fn register(
    wanted: &Wanted,
    password: Option<OsString>,
    mut folders: Vec<PathBuf>,
) -> std::result::Result<(Service, Option<Change>), CommandError> {
    let manager = manager(ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE)?;
    let info = info(wanted, password);
    let before = open(&manager, ServiceAccess::ALL_ACCESS)?;
    let is_new = before.is_none();
    let was = before.as_ref().map(Definition::of).transpose()?;
    let service = match before {
        Some(service) => {
            service.change_config(&info).map_err(failed)?;
            service
        }
        None => manager.create_service(&info, ServiceAccess::ALL_ACCESS).map_err(failed)?,
    };
    refine(&service);
    set_variables(&wanted.env)?;
    folders.extend(wanted.config.parent().filter(|_| wanted.is_in_own_folder).map(Path::to_owned));
    folders.iter().try_for_each(|folder| close(folder, &wanted.account))?;
    say!("The service is {}.", if is_new { "installed" } else { "installed already, and now as wanted" });
    say!("  it runs as     {}", wanted.account);
    say!("  configuration  {}", wanted.config.display());
    say!("  data           {}", wanted.data.display());
    let change = was.map(|was| Ok(was.change(&Definition::of(&service)?))).transpose()?;
    Ok((service, change))
}

/// Has a service that runs become what it is now.
async fn begin_anew(service: &Service, places: &Places, change: Change) -> Result {
    let relaunched = match change {
        Change::Nothing => return begin(service),
        // Its programs go on meanwhile.
        Change::OfTheEngine => relaunch(places.clone(), true).await.is_ok(),
        Change::OfWhoHasPrograms => false,
    };
    if !relaunched {
        end(service)?;
    }
    begin(service)
}

/// Removes the service; what it has configured and remembered stays. A configuration that was a user's is theirs again.
pub(in crate::service) async fn uninstall(of_user: &OfUser) -> Result {
    must_be_elevated()?;
    let manager = manager(ServiceManagerAccess::CONNECT)?;
    let Some(service) = open(&manager, ServiceAccess::ALL_ACCESS)? else {
        say!("The service is not installed.");
        return Ok(Outcome::Well);
    };
    let (config, data) = places(&service);
    let given_back = config.as_deref().and_then(|config| GivenBack::of(config, of_user));
    if let (Some(_), Some(data)) = (&given_back, &data) {
        must_stop_all(data).await?;
    }
    end(&service)?;
    // Before the service is gone: a tray that misses it looks for a configuration then.
    if let Some(given_back) = &given_back {
        given_back.carry_out()?;
    }
    service.delete().map_err(failed)?;
    say!("The service is removed.");
    match (given_back, config, data) {
        (Some(given_back), _, Some(data)) => {
            say!("  configuration  {}, where it was before", given_back.own.display());
            say!("  data           {}, remove it yourself if you want to", data.display());
        }
        (None, Some(config), Some(data)) => {
            say!("These stay, remove them yourself if you want to:");
            say!("  configuration  {}", config.display());
            say!("  data           {}", data.display());
        }
        _ => {}
    }
    Ok(Outcome::Well)
}

/// Starts the service, and says whether it runs.
pub(in crate::service) fn start(_whose: ServiceScope) -> Result {
    begin(&installed(ServiceAccess::START | ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG)?)
}

/// Stops the service, until the next boot.
pub(in crate::service) fn stop(_whose: ServiceScope) -> Result {
    end(&installed(ServiceAccess::STOP | ServiceAccess::QUERY_STATUS)?)?;
    say!("The service is stopped. It starts again at the next boot, or with `estatus service start`.");
    Ok(Outcome::Well)
}

/// What is known of the service.
pub(in crate::service) fn facts(_whose: ServiceScope) -> std::result::Result<Facts, CommandError> {
    let manager = manager(ServiceManagerAccess::CONNECT)?;
    let Some(service) = open(&manager, ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG)? else {
        return Ok(Facts::default());
    };
    let status = service.query_status().map_err(failed)?;
    let config = service.query_config().map_err(failed)?;
    let (file, data) = places(&service);
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

/// Whether `service` runs, or is about to.
pub(super) fn runs(service: &Service) -> std::result::Result<bool, CommandError> {
    Ok(service.query_status().map_err(failed)?.current_state != ServiceState::Stopped)
}

/// The password of a user as whom the service is to run.
fn password(account: &Account) -> std::result::Result<Option<OsString>, CommandError> {
    let Account::User(name) = account else { return Ok(None) };
    let asked = rpassword::prompt_password(format!("Password of {name}, with which Windows starts the service: "));
    asked
        .map(|password| Some(password.into()))
        .map_err(|error| CommandError::Failed(format!("the password of {name} cannot be asked for: {error}")))
}

/// Has a service started that may run already.
pub(super) fn launch(service: &Service) -> windows_service::Result<()> {
    match service.start::<&OsStr>(&[]) {
        Err(error) if system_code(&error) == Some(code::ALREADY_RUNNING) => Ok(()),
        started => started,
    }
}

fn begin(service: &Service) -> Result {
    let began = SystemTime::now();
    launch(service).map_err(failed)?;
    let status = settle(service, ServiceState::StartPending)?;
    if status != ServiceState::Running {
        return Err(CommandError::Failed(format!("the service is {}: {}", word(status), account_of(service, began))));
    }
    let pid = service.query_status().map_err(failed)?.process_id.unwrap_or_default();
    say!("The service is running (process {pid}).");
    Ok(Outcome::Well)
}

/// What the service says of its start, which `began` then; it has no terminal.
fn account_of(service: &Service, began: SystemTime) -> String {
    let Some(log) = places(service).1.map(|data| data.join("service.log")) else {
        return "its command line is not one of ours: install it again".to_owned();
    };
    let is_new = fs::metadata(&log).and_then(|log| log.modified()).is_ok_and(|written| written >= began);
    if is_new {
        return format!("what went wrong is in {}", log.display());
    }
    format!(
        "it has written nothing to {}: see with `icacls` whether its account may write there, and in the Event Viewer, \
         Windows Logs, System, what Windows says",
        log.display()
    )
}

/// Stops a service, and waits until it has.
pub(super) fn end(service: &Service) -> std::result::Result<(), CommandError> {
    match service.stop() {
        Err(error) if system_code(&error) == Some(code::NOT_ACTIVE) => return Ok(()),
        stopped => stopped.map_err(failed)?,
    };
    match settle(service, ServiceState::StopPending)? {
        ServiceState::Stopped => Ok(()),
        other => Err(CommandError::Failed(format!("the service is {} instead of stopped", word(other)))),
    }
}

/// Waits until the service leaves `state`, as long as it says that it comes any further.
fn settle(service: &Service, state: ServiceState) -> std::result::Result<ServiceState, CommandError> {
    let (mut checkpoint, mut since) = (0, Instant::now());
    loop {
        let status = service.query_status().map_err(failed)?;
        // A stop is not always pending at once.
        let is_pending = status.current_state == state
            || state == ServiceState::StopPending && status.current_state == ServiceState::Running;
        if !is_pending {
            return Ok(status.current_state);
        }
        if status.checkpoint != checkpoint {
            (checkpoint, since) = (status.checkpoint, Instant::now());
        }
        if since.elapsed() > QUIET {
            return Ok(status.current_state);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn word(state: ServiceState) -> &'static str {
    match state {
        ServiceState::Stopped => "stopped",
        ServiceState::StartPending => "starting",
        ServiceState::StopPending => "stopping",
        ServiceState::Running => "running",
        ServiceState::ContinuePending => "continuing",
        ServiceState::PausePending => "pausing",
        ServiceState::Paused => "paused",
    }
}
