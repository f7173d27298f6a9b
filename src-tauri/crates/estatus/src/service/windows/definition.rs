//! What the service control manager knows of the service.

use std::{
    ffi::{OsStr, OsString},
    path::PathBuf,
    time::Duration,
};

use windows_service::service::{
    Service, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceFailureActions, ServiceFailureResetPeriod,
    ServiceInfo, ServiceStartType, ServiceType,
};

use super::{
    NAME,
    environment::variables,
    errors::{failed, in_words},
    wanted::Wanted,
};
use crate::CommandError;

/// A shutdown waits so long for programs to be stopped.
const PRESHUTDOWN: Duration = Duration::from_secs(180);
/// What a process of the service is started with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Definition {
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
pub(super) enum Change {
    Nothing,
    /// What the next engine finds the programs of this one with.
    OfTheEngine,
    /// Where programs are remembered, or who may end them: they are ended before.
    OfWhoHasPrograms,
}

impl Definition {
    /// That of an installed service.
    pub(super) fn of(service: &Service) -> std::result::Result<Self, CommandError> {
        let config = service.query_config().map_err(failed)?;
        let line = config.executable_path.into_os_string();
        Ok(Self { line, account: config.account_name, data: places(service).1, env: variables() })
    }

    /// What is different of the service that is `now`.
    pub(super) fn change(&self, now: &Self) -> Change {
        if self == now {
            Change::Nothing
        } else if (&self.account, &self.data) == (&now.account, &now.data) {
            Change::OfTheEngine
        } else {
            Change::OfWhoHasPrograms
        }
    }
}

/// What is asked of the service control manager.
pub(super) fn info(wanted: &Wanted, password: Option<OsString>) -> ServiceInfo {
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
pub(super) fn refine(service: &Service) {
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

/// Where the installed service has its configuration and data, by its command line.
pub(super) fn places(service: &Service) -> (Option<PathBuf>, Option<PathBuf>) {
    let config = service.query_config();
    let line = config.map(|config| config.executable_path.to_string_lossy().into_owned()).unwrap_or_default();
    estatus_config::places::of_command_line(&line).map(|places| (places.config, places.data)).unzip()
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
}
