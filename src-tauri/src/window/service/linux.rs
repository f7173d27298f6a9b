//! The user's own service of systemd, and the machine's; `windows.rs` is the twin.

use std::{env, ffi::OsString, path::PathBuf, process::Stdio};

use estatus_api::ApiError;
use estatus_config::places;
use estatus_tray::{CONSOLE, Places, beside_us};
use tokio::process::Command;

use super::{Facts, ServiceState, SwitchEnd, Switching, Whose, ask, console, failed, said, words};

/// The desktop's way to ask for an administrator (pkexec(1)).
const PKEXEC: &str = "pkexec";
/// What it ends with where its question was answered with no.
const DISMISSED: i32 = 126;
/// What it ends with where nobody could be asked, or may do it.
const NOT_AUTHORIZED: i32 = 127;

pub(super) async fn state() -> Result<ServiceState, ApiError> {
    let machine: Facts = ask(&["service", "status", "--json"]).await?;
    let own: Result<Facts, ApiError> = ask(&["service", "status", "--json", "--user"]).await;
    if !machine.is_there() {
        return own.map(|own| state_of(own, Whose::User, Switching::User));
    }
    let is_own = own.is_ok_and(|own| own.account.is_some() && own.account == machine.account);
    let switching = match find(PKEXEC) {
        _ if !is_own => Switching::Others,
        Some(_) => Switching::Administrator,
        None => Switching::Command { command: "sudo estatus service uninstall".to_owned() },
    };
    Ok(state_of(machine, Whose::Machine, switching))
}

fn state_of(facts: Facts, whose: Whose, switching: Switching) -> ServiceState {
    ServiceState {
        installed: facts.is_there(),
        enabled: facts.enabled,
        running: facts.running,
        account: facts.account,
        whose,
        switching,
        keeps_programs: true,
    }
}

/// The service that the page installs: the user's own, which finds programs where those of this desktop are found.
pub(super) fn wanted() -> Vec<OsString> {
    let path = if env::var("PATH").is_ok() { &["--env", "PATH"][..] } else { &[] };
    [words(&["--user"]), words(path)].concat()
}

/// Whether things are where the console program looks by itself.
pub(super) fn is_usual(found: &Places) -> bool {
    places::own_config_file().is_ok_and(|config| config == found.config)
        && places::own_data_folder().is_ok_and(|data| data == found.data)
}

pub(super) async fn switch(on: bool, mut words: Vec<OsString>) -> Result<SwitchEnd, ApiError> {
    if !on && matches!(state().await?.whose, Whose::Machine) {
        return as_administrator(words).await;
    }
    if !on {
        words.push("--user".into());
    }
    end(console(&words)?).await
}

async fn as_administrator(words: Vec<OsString>) -> Result<SwitchEnd, ApiError> {
    let Some(pkexec) = find(PKEXEC) else { return Ok(SwitchEnd::NotAllowed) };
    let program = beside_us(CONSOLE).map_err(|error| failed(format!("{error:#}")))?;
    let mut command = Command::new(pkexec);
    command.arg("--disable-internal-agent").arg(program).args(words);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    end(command).await
}

/// Waits until it is done, however long somebody takes to answer a question; it goes on if this window is closed meanwhile.
async fn end(mut command: Command) -> Result<SwitchEnd, ApiError> {
    let output = command.output().await.map_err(|error| failed(format!("{CONSOLE} cannot be started: {error}")))?;
    Ok(match output.status.code() {
        Some(0) => SwitchEnd::Done,
        Some(DISMISSED) => SwitchEnd::Dismissed,
        Some(NOT_AUTHORIZED) => SwitchEnd::NotAllowed,
        _ => match said(&output.stderr) {
            said if said.is_empty() => SwitchEnd::Failed { why: format!("{CONSOLE}: {}", output.status) },
            why => SwitchEnd::Failed { why },
        },
    })
}

/// Where a program is that the desktop has.
fn find(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Nothing shows where it runs.
pub(super) fn hide(_command: &mut Command) {}
