//! What is asked of the service control manager.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant, SystemTime},
};

use estatus_api::Client;
use estatus_config::places::SERVICE_KEY;
use windows_registry::LOCAL_MACHINE;
use windows_service::{
    Error,
    service::{
        Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceFailureActions,
        ServiceFailureResetPeriod, ServiceInfo, ServiceStartType, ServiceState, ServiceType,
    },
    service_manager::{ServiceManager, ServiceManagerAccess},
};

use super::{
    NAME,
    account::Account,
    wanted::{Wanted, own_places},
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

const MACHINE_ENVIRONMENT: &str = r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment";
/// A shutdown waits so long for programs to be stopped.
const PRESHUTDOWN: Duration = Duration::from_secs(180);
/// A service that says nothing for so long does not come any further.
const QUIET: Duration = Duration::from_secs(90);

/// System error codes that lead to advice.
mod code {
    pub(super) const ACCESS_DENIED: i32 = 5;
    pub(super) const NO_SUCH_SERVICE: i32 = 1060;
    pub(super) const LOGON_FAILED: i32 = 1069;
    pub(super) const MARKED_FOR_DELETE: i32 = 1072;
    pub(super) const ALREADY_RUNNING: i32 = 1056;
    pub(super) const NOT_ACTIVE: i32 = 1062;
    pub(super) const BAD_ACCOUNT: i32 = 1057;
}

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

/// What a process of the service is started with.
#[derive(Debug, PartialEq, Eq)]
struct Definition {
    /// The whole command line.
    line: OsString,
    /// As whom.
    account: Option<OsString>,
    /// Where its programs are remembered.
    data: Option<PathBuf>,
    /// Its variables.
    env: Vec<(String, String)>,
}

/// What is different of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Nothing,
    /// What the next engine finds the programs of this one with.
    OfTheEngine,
    /// Where programs are remembered, or who may end them: they are ended before.
    OfWhoHasPrograms,
}

impl Definition {
    fn of(service: &Service) -> std::result::Result<Self, CommandError> {
        let config = service.query_config().map_err(failed)?;
        let line = config.executable_path.into_os_string();
        Ok(Self { line, account: config.account_name, data: places(service).1, env: variables() })
    }

    /// What is different of the service that is `now`.
    fn change(&self, now: &Self) -> Change {
        if self == now {
            Change::Nothing
        } else if (&self.account, &self.data) == (&now.account, &now.data) {
            Change::OfTheEngine
        } else {
            Change::OfWhoHasPrograms
        }
    }
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

/// Refuses where the engine of the service would leave programs running: one on another folder would start them a second time.
async fn must_stop_all(data: &Path) -> std::result::Result<(), CommandError> {
    let Ok(client) = Client::attach(&estatus_engine::endpoint(data)).await else { return Ok(()) };
    let stays = handover::stays(&client);
    if stays.is_empty() {
        return Ok(());
    }
    Err(CommandError::Failed(format!(
        "{} would run on without the service, and a second time once your configuration is yours again: stop what runs on \
         when Estatus quits with `estatus stop PROGRAM` first",
        stays.join(", ")
    )))
}

/// What a configuration is called that became a service's.
fn kept(own: &Path) -> PathBuf {
    own.with_extension("toml.before-service")
}

/// The configuration of a service that becomes the user's again whose it was.
#[derive(Debug)]
struct GivenBack {
    /// Where the service has it.
    config: PathBuf,
    /// Where the user had it.
    own: PathBuf,
}

impl GivenBack {
    /// Nothing if the configuration was not theirs, or they have another one by now.
    fn of(config: &Path, of_user: &OfUser) -> Option<Self> {
        let own = own_places(of_user)?.config;
        let was_theirs = !own.exists() && kept(&own).exists() && config.exists() && own != config;
        was_theirs.then(|| Self { config: config.to_owned(), own })
    }

    fn carry_out(&self) -> std::result::Result<(), CommandError> {
        let Self { config, own } = self;
        let given = fs::copy(config, own);
        // So that it is theirs that the next service is given.
        let given = given.and_then(|_| fs::rename(config, config.with_extension("toml.given-back")));
        given.map_err(|error| {
            CommandError::Failed(format!(
                "the service is stopped, and stays installed: {} cannot be made {} again: {error}; mend that, or copy it \
                 there yourself, and uninstall again",
                config.display(),
                own.display()
            ))
        })
    }
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

/// Whether the service runs.
pub(super) fn is_running() -> bool {
    let state = || {
        let manager = manager(ServiceManagerAccess::CONNECT).ok()?;
        open(&manager, ServiceAccess::QUERY_STATUS).ok()??.query_status().ok()
    };
    state().is_some_and(|status| status.current_state != ServiceState::Stopped)
}

/// Whether `service` runs, or is about to.
pub(super) fn runs(service: &Service) -> std::result::Result<bool, CommandError> {
    Ok(service.query_status().map_err(failed)?.current_state != ServiceState::Stopped)
}

/// Refuses who may not change services.
pub(super) fn must_be_elevated() -> std::result::Result<(), CommandError> {
    manager(ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE).map(drop)
}

/// The variables that every process of this machine has, whoever runs it.
pub(super) fn machine_environment() -> BTreeMap<String, String> {
    let Ok(key) = LOCAL_MACHINE.open(MACHINE_ENVIRONMENT) else { return BTreeMap::new() };
    let Ok(values) = key.values() else { return BTreeMap::new() };
    let text = |value: windows_registry::Value| String::try_from(value).ok();
    values.filter_map(|(name, value)| Some((name, expanded(&text(value)?)))).collect()
}

/// The variables that were given to the installed service.
pub(super) fn variables() -> Vec<(String, String)> {
    let lines = LOCAL_MACHINE.open(SERVICE_KEY).and_then(|key| key.get_multi_string("Environment")).unwrap_or_default();
    lines.iter().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
}

fn set_variables(env: &[(String, String)]) -> std::result::Result<(), CommandError> {
    let lines: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let written = LOCAL_MACHINE.create(SERVICE_KEY).and_then(|key| match lines.as_slice() {
        // There may be none to remove.
        [] => Ok(drop(key.remove_value("Environment"))),
        lines => key.set_multi_string("Environment", lines),
    });
    written.map_err(|error| CommandError::Failed(format!("the variables of the service cannot be set: {error}")))
}

/// What `%NAME%` stands for in a value of the registry.
pub(super) fn expanded(value: &str) -> String {
    let mut parts = value.split('%');
    let mut whole = parts.next().unwrap_or_default().to_owned();
    let mut is_name = true;
    for part in parts {
        match std::env::var(part) {
            Ok(value) if is_name => {
                whole.push_str(&value);
                is_name = false;
            }
            _ => {
                whole.push_str(if is_name { "%" } else { "" });
                whole.push_str(part);
                is_name = true;
            }
        }
    }
    whole
}

/// The password of a user as whom the service is to run.
fn password(account: &Account) -> std::result::Result<Option<OsString>, CommandError> {
    let Account::User(name) = account else { return Ok(None) };
    let asked = rpassword::prompt_password(format!("Password of {name}, with which Windows starts the service: "));
    asked
        .map(|password| Some(password.into()))
        .map_err(|error| CommandError::Failed(format!("the password of {name} cannot be asked for: {error}")))
}

/// Sees that there is a configuration file, and a data folder. The folders that were made for them, which the account of the
/// service may not enter yet.
fn prepare_places(wanted: &Wanted) -> std::result::Result<Vec<PathBuf>, CommandError> {
    let failed = |error| CommandError::Failed(format!("{} cannot be created: {error}", wanted.config.display()));
    let folders = wanted.config.parent().into_iter().chain([wanted.data.as_path()]);
    let mut made = Vec::new();
    for folder in folders.filter(|folder| !folder.exists()).map(Path::to_owned) {
        let inherits = made.iter().any(|above: &PathBuf| folder.starts_with(above));
        // Closed from its first moment: any user may write to the folder that a service's lies in.
        let done = if inherits { fs::create_dir_all(&folder) } else { estatus_access::create_private_folder(&folder) };
        done.map_err(|error| CommandError::Failed(format!("{} cannot be created: {error}", folder.display())))?;
        made.extend((!inherits).then_some(folder));
    }
    if let Some(why) = wanted.shared() {
        return Err(CommandError::Failed(format!("nothing was installed: {why}")));
    }
    if wanted.config.exists() {
        return Ok(made);
    }
    match wanted.moved().map(|moved| &moved.config) {
        Some(own) => {
            fs::copy(own, &wanted.config).map_err(failed)?;
            let kept = kept(own);
            // So that no tray hosts an engine of its own beside the service's.
            fs::rename(own, &kept).map_err(failed)?;
            say!("Your configuration was moved to {}; the old file is {}", wanted.config.display(), kept.display());
        }
        None => {
            fs::write(&wanted.config, estatus_config::example()).map_err(failed)?;
            say!("There was no configuration yet: an example was created in {}", wanted.config.display());
        }
    }
    Ok(made)
}

/// Opens a folder of the service to its account, administrators and the system alone; it belongs to administrators.
fn close(folder: &Path, account: &Account) -> std::result::Result<(), CommandError> {
    const SYSTEM: &str = "*S-1-5-18:(OI)(CI)F";
    const ADMINISTRATORS: &str = "*S-1-5-32-544:(OI)(CI)F";
    let mut rights = vec!["/inheritance:r".to_owned(), "/grant:r".into(), SYSTEM.into(), ADMINISTRATORS.into()];
    match account {
        // It may have been the virtual account's before.
        Account::System => rights.extend(["/remove".into(), Account::Virtual.to_string()]),
        account => rights.push(format!("{account}:(OI)(CI)F")),
    }
    icacls(folder, &rights)?;
    icacls(folder, &["/setowner".into(), "*S-1-5-32-544".into(), "/t".into(), "/q".into()])
}

fn icacls(folder: &Path, words: &[String]) -> std::result::Result<(), CommandError> {
    match Command::new("icacls").arg(folder).args(words).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(refused_rights(folder, String::from_utf8_lossy(&output.stdout).trim())),
        Err(error) => Err(refused_rights(folder, &error.to_string())),
    }
}

fn refused_rights(folder: &Path, error: &str) -> CommandError {
    CommandError::Failed(format!("icacls cannot give {} to the service: {error}", folder.display()))
}

fn info(wanted: &Wanted, password: Option<OsString>) -> ServiceInfo {
    let words = [
        OsStr::new("--config"),
        wanted.config.as_os_str(),
        OsStr::new("--data"),
        wanted.data.as_os_str(),
        OsStr::new("service"),
        OsStr::new("run"),
        OsStr::new("--all-users"),
    ];
    ServiceInfo {
        name: NAME.into(),
        display_name: NAME.into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: wanted.executable.clone(),
        launch_arguments: words.map(OsStr::to_owned).to_vec(),
        dependencies: Vec::new(),
        // None would leave that of an installed service as it is.
        account_name: Some(wanted.account.to_string().into()),
        account_password: password,
    }
}

/// What has a call of its own. Without it the service runs all the same, so that it is only said where Windows does not
/// take it.
fn refine(service: &Service) {
    let restart = |after| ServiceAction { action_type: ServiceActionType::Restart, delay: Duration::from_secs(after) };
    let failures = ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(Duration::from_secs(3600)),
        reboot_msg: None,
        command: None,
        // The last one holds for all further failures.
        actions: Some(vec![restart(1), restart(2), restart(5)]),
    };
    for (what, done) in [
        ("keep its description", service.set_description("Monitors what you run and keeps it running")),
        ("start it again when it was killed", service.update_failure_actions(failures)),
        ("start it again when it ends with an error", service.set_failure_actions_on_non_crash_failures(true)),
        ("start it after what a boot needs", service.set_delayed_auto_start(true)),
        ("have a shutdown wait longer for it", service.set_preshutdown_timeout(PRESHUTDOWN)),
    ] {
        if let Err(error) = done {
            complain!("estatus: Windows does not {what}: {}", in_words(&error));
        }
    }
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

/// Where the installed service has its configuration and data, by its command line.
fn places(service: &Service) -> (Option<PathBuf>, Option<PathBuf>) {
    let config = service.query_config();
    let line = config.map(|config| config.executable_path.to_string_lossy().into_owned()).unwrap_or_default();
    estatus_config::places::of_command_line(&line).map(|places| (places.config, places.data)).unzip()
}

fn installed(access: ServiceAccess) -> std::result::Result<Service, CommandError> {
    let missing = || CommandError::Failed("the service is not installed: `estatus service install` does it".into());
    open(&manager(ServiceManagerAccess::CONNECT)?, access)?.ok_or_else(missing)
}

fn manager(access: ServiceManagerAccess) -> std::result::Result<ServiceManager, CommandError> {
    ServiceManager::local_computer(None::<&OsStr>, access).map_err(failed)
}

fn open(manager: &ServiceManager, access: ServiceAccess) -> std::result::Result<Option<Service>, CommandError> {
    match manager.open_service(NAME, access) {
        Ok(service) => Ok(Some(service)),
        Err(error) if system_code(&error) == Some(code::NO_SUCH_SERVICE) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn failed(error: Error) -> CommandError {
    CommandError::Failed(in_words(&error))
}

/// What went wrong, and what to do about it.
pub(super) fn in_words(error: &Error) -> String {
    let Error::Winapi(system) = error else { return format!("the service control manager: {error}") };
    let advice = match system.raw_os_error() {
        Some(code::ACCESS_DENIED) => "open a terminal by “Run as administrator”, and run this there",
        Some(code::LOGON_FAILED) => {
            "the password is wrong, or the account lacks the right “Log on as a service” (secpol.msc, Local Policies, User \
             Rights Assignment)"
        }
        Some(code::BAD_ACCOUNT) => r"there is no such account: write it as .\name or DOMAIN\name",
        Some(code::MARKED_FOR_DELETE) => "close the Services window and Task Manager, and try again",
        _ => return format!("the service control manager: {system}"),
    };
    format!("the service control manager: {system}; {advice}")
}

fn system_code(error: &Error) -> Option<i32> {
    match error {
        Error::Winapi(error) => io::Error::raw_os_error(error),
        _ => None,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_go_on_unless_they_would_be_somebody_elses() {
        let definition = |line: &str, account: &str, data: &str| Definition {
            line: line.into(),
            account: Some(account.into()),
            data: Some(data.into()),
            env: Vec::new(),
        };
        let was = definition("a", "luz", "D:");
        let check = |now: &Definition, expected| assert_eq!(was.change(now), expected, "{now:?}");
        check(&definition("a", "luz", "D:"), Change::Nothing);
        check(&definition("b", "luz", "D:"), Change::OfTheEngine);
        check(&Definition { env: vec![("A".into(), "b".into())], ..definition("a", "luz", "D:") }, Change::OfTheEngine);
        check(&definition("a", "ana", "D:"), Change::OfWhoHasPrograms);
        check(&definition("a", "luz", "E:"), Change::OfWhoHasPrograms);
    }

    #[test]
    fn a_value_of_the_registry_is_expanded_where_it_names_a_variable() {
        let windows = std::env::var("SystemRoot").unwrap();
        let check = |value: &str, expected: &str| assert_eq!(expanded(value), expected, "{value}");
        check(r"%SystemRoot%\system32;C:\bin", &format!(r"{windows}\system32;C:\bin"));
        check("100% sure", "100% sure");
        check("%NO_SUCH_VARIABLE_ANYWHERE%;x", "%NO_SUCH_VARIABLE_ANYWHERE%;x");
        check("plain", "plain");
    }
}
