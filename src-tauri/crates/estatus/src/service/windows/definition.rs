//! What the service control manager knows of the service.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

use estatus_config::places::ServicePlaces;
use windows_service::service::{
    Service, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceFailureActions, ServiceFailureResetPeriod,
    ServiceInfo, ServiceStartType, ServiceType,
};

use super::{
    NAME,
    account::Account,
    environment::variables,
    errors::{failed, in_words},
    program,
};
use crate::CommandError;

/// A shutdown waits so long for programs to be stopped.
const PRESHUTDOWN: Duration = Duration::from_secs(180);
/// What fails is started again after this at the latest.
pub(super) const LONGEST_RESTART: Duration = Duration::from_secs(5);

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

/// What is different of a service, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
        Ok(Self {
            line,
            account: config.account_name,
            data: places(service).map(|places| places.data),
            env: variables(),
        })
    }

    /// Whether it is `program` that is started.
    pub(super) fn starts(&self, program: &Path) -> bool {
        let line = self.line.to_string_lossy().to_lowercase();
        line.trim_start_matches('"').starts_with(&program.to_string_lossy().to_lowercase())
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

/// What is asked of the service control manager: that the service has its things in `places` and runs as `account`; without
/// one, as whom it runs already.
pub(super) fn info(places: &ServicePlaces, account: Option<&Account>, password: Option<OsString>) -> ServiceInfo {
    let words = [
        OsStr::new("--config"),
        places.config.as_os_str(),
        OsStr::new("--data"),
        places.data.as_os_str(),
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
        executable_path: program::path(),
        launch_arguments: words.map(OsStr::to_owned).to_vec(),
        dependencies: Vec::new(),
        account_name: account.map(|account| account.to_string().into()),
        account_password: password,
    }
}

/// What has a call of its own. Without it the service runs all the same, so that it is only said where Windows does not
/// take it.
pub(super) fn refine(service: &Service) {
    let restart = |delay| ServiceAction { action_type: ServiceActionType::Restart, delay };
    let second = Duration::from_secs(1);
    let failures = ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(Duration::from_secs(3600)),
        reboot_msg: None,
        command: None,
        // The last one holds for all further failures.
        actions: Some(vec![restart(second), restart(2 * second), restart(LONGEST_RESTART)]),
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
pub(super) fn places(service: &Service) -> Option<ServicePlaces> {
    let config = service.query_config();
    let line = config.map(|config| config.executable_path.to_string_lossy().into_owned()).unwrap_or_default();
    estatus_config::places::of_command_line(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_of_a_service_is_known_however_it_is_written() {
        let check = |line: &str, expected: bool| {
            let definition = Definition { line: line.into(), account: None, data: None, env: Vec::new() };
            assert_eq!(definition.starts(Path::new(r"C:\Program Files\Estatus\estatus.exe")), expected, "{line}");
        };
        check(r#""C:\Program Files\Estatus\estatus.exe" --config x"#, true);
        check(r"c:\program files\estatus\estatus.exe service run", true);
        check(r#""C:\Users\luz\AppData\Local\Programs\Estatus\estatus.exe" --config x"#, false);
    }

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
