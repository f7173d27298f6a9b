//! The service of the operating system, which the page shows and switches. How that is done the console program alone
//! knows: it is asked, and what it answers is passed on.

#[cfg_attr(unix, path = "service/linux.rs")]
#[cfg_attr(windows, path = "service/windows.rs")]
mod platform;

use std::{
    ffi::{OsStr, OsString},
    process::Stdio,
    time::Duration,
};

use estatus_api::{ApiError, ErrorCode};
use estatus_core::config::Language;
use estatus_tray::{CONSOLE, Places, beside_us};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{process::Command, time::timeout};

/// What is only looked at is known within this.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);

/// How the service is, and what it takes to switch it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ServiceState {
    /// Whether there is one.
    pub(crate) installed: bool,
    /// Whether it starts at boot.
    pub(crate) enabled: bool,
    /// Whether its engine runs.
    pub(crate) running: bool,
    /// As whom it runs.
    pub(crate) account: Option<String>,
    /// Whose it is or, where there is none, would be.
    pub(crate) whose: Whose,
    /// What it takes to switch it.
    pub(crate) switching: Switching,
    /// Whether programs keep running when it is switched on.
    pub(crate) keeps_programs: bool,
}

/// Whose a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(windows, allow(dead_code, reason = "Windows has no service of a user's own, and always asks"))]
pub(crate) enum Whose {
    /// The machine's.
    Machine,
    /// The user's own.
    User,
}

/// What it takes to switch a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
#[cfg_attr(windows, allow(dead_code, reason = "Windows has no service of a user's own, and always asks"))]
pub(crate) enum Switching {
    /// Nothing more: it is the user's own.
    User,
    /// An administrator, for whom the system asks.
    Administrator,
    /// An administrator, for whom nothing here can ask: this command has to be typed.
    Command {
        /// It.
        command: String,
    },
    /// Another user, as whom it runs, or an administrator.
    Others,
}

/// What `estatus doctor` finds, in the reader's language.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Finding {
    /// Whether something has to be done about it.
    problem: bool,
    /// What it is about.
    about: String,
    /// What is different.
    what: String,
    /// What to do about it.
    remedy: String,
}

/// How switching the service has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "ended")]
#[allow(dead_code, reason = "each system ends it in its own ways: only Windows has a console of its own for it")]
pub(crate) enum SwitchEnd {
    /// As it was wanted.
    Done,
    /// The question for an administrator was answered with no.
    Dismissed,
    /// No administrator could be asked for.
    NotAllowed,
    /// With this error.
    Failed {
        /// What happened, and what to do about it, in English.
        why: String,
    },
    /// With an error that stands on a console of its own.
    FailedOnConsole,
}

/// What `estatus service status` says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Facts {
    installed: bool,
    enabled: bool,
    running: bool,
    account: Option<String>,
    config: Option<std::path::PathBuf>,
}

impl Facts {
    /// Whether there is one: a unit that a package has brought is there once somebody has switched it on.
    fn is_there(&self) -> bool {
        self.installed && (self.enabled || self.running || self.config.is_some())
    }
}

/// How the service is.
pub(crate) async fn state() -> Result<ServiceState, ApiError> {
    platform::state().await
}

/// What would be different for a service, in `language`.
pub(crate) async fn examine(places: &Places, language: Language) -> Result<Vec<Finding>, ApiError> {
    let doctor = words(&["doctor", "--json", "--language", language.code()]);
    let words = [options(places), doctor, platform::wanted()].concat();
    ask(&words).await
}

/// Installs the service, or removes it.
pub(crate) async fn switch(places: &Places, on: bool) -> Result<SwitchEnd, ApiError> {
    let words = if on {
        [options(places), words(&["service", "install", "--yes"]), platform::wanted()].concat()
    } else {
        words(&["service", "uninstall"])
    };
    platform::switch(on, words).await
}

/// The options that say where things are, where that is not where the console program looks by itself.
fn options(places: &Places) -> Vec<OsString> {
    if platform::is_usual(places) {
        return Vec::new();
    }
    vec!["--config".into(), places.config.clone().into(), "--data".into(), places.data.clone().into()]
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

/// Has the console program say something as JSON. Its exit code says whether all is well, and that is no error here.
async fn ask<T: DeserializeOwned>(words: &[impl AsRef<OsStr>]) -> Result<T, ApiError> {
    let mut command = console(words)?;
    let output = timeout(ANSWERS_WITHIN, command.kill_on_drop(true).output()).await;
    let output = output.map_err(|_| failed(format!("estatus has said nothing for {} s", ANSWERS_WITHIN.as_secs())))?;
    let output = output.map_err(|error| failed(format!("{CONSOLE} cannot be started: {error}")))?;
    serde_json::from_slice(&output.stdout).map_err(|error| match said(&output.stderr) {
        said if said.is_empty() => failed(format!("what estatus says is not understood: {error}")),
        said => failed(said),
    })
}

/// The console program beside us, with `words`; nobody sees what it writes.
fn console(words: &[impl AsRef<OsStr>]) -> Result<Command, ApiError> {
    let program = beside_us(CONSOLE).map_err(|error| failed(format!("{error:#}")))?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    platform::hide(&mut command);
    Ok(command)
}

/// What a program has written on its standard error, without its name.
fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    text.trim().lines().map(|line| line.strip_prefix("estatus: ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn failed(message: String) -> ApiError {
    ApiError { code: ErrorCode::Failed, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_of_a_package_is_no_service_until_it_is_switched_on() {
        let check = |json: &str, expected: bool| {
            let facts: Facts = serde_json::from_str(json).unwrap();
            assert_eq!(facts.is_there(), expected, "{json}");
        };
        let nothing = r#"{"installed":true,"enabled":false,"running":false,"account":"luz","config":null}"#;
        check(nothing, false);
        check(&nothing.replace(r#""enabled":false"#, r#""enabled":true"#), true);
        check(&nothing.replace(r#""running":false"#, r#""running":true"#), true);
        check(&nothing.replace(r#""config":null"#, r#""config":"/c""#), true);
        check(&nothing.replace(r#""installed":true"#, r#""installed":false"#), false);
    }

    #[test]
    fn an_error_is_told_without_the_name_of_the_program() {
        assert_eq!(said(b"  | it ended\nestatus: it does not run: \xc3\xb1\n"), "| it ended\nit does not run: \u{f1}");
        assert_eq!(said(b""), "");
    }
}
