//! Starting and stopping a service, until it has.

use std::{
    ffi::OsStr,
    fs, thread,
    time::{Duration, Instant, SystemTime},
};

use windows_service::service::{Service, ServiceAccess, ServiceExitCode, ServiceState, ServiceStatus};

use super::{
    connection::installed,
    definition::{LONGEST_RESTART, places},
    errors::{code, failed, system_code},
};
use crate::{CommandError, Outcome, Result, arguments::ServiceScope};

/// A service that says nothing for so long does not come any further.
const QUIET: Duration = Duration::from_secs(90);
/// After this it is looked again how it is.
const LOOKS_AGAIN: Duration = Duration::from_millis(100);

/// Starts the service, and says whether it runs.
pub(in crate::service) fn start(_whose: ServiceScope) -> Result {
    begin(&installed(ServiceAccess::START | ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG)?)
}

/// Stops the service, until the next boot.
pub(in crate::service) fn stop(_whose: ServiceScope) -> Result {
    let service = installed(ServiceAccess::STOP | ServiceAccess::QUERY_STATUS)?;
    end(&service)?;
    // Windows is about to start again what has failed, and nothing else would keep it from that.
    if service.query_status().map_err(failed)?.exit_code != ServiceExitCode::NO_ERROR {
        let until = Instant::now() + LONGEST_RESTART + LOOKS_AGAIN;
        while Instant::now() < until {
            end(&service)?;
            thread::sleep(LOOKS_AGAIN);
        }
    }
    say!("The service is stopped. It starts again at the next boot, or with `estatus service start`.");
    Ok(Outcome::Well)
}

/// Whether `service` runs, or is about to.
pub(super) fn runs(service: &Service) -> std::result::Result<bool, CommandError> {
    Ok(service.query_status().map_err(failed)?.current_state != ServiceState::Stopped)
}

/// Has a service started that may run already, or be about to stop.
pub(super) fn launch(service: &Service) -> std::result::Result<(), CommandError> {
    settled(service, |status| status.current_state != ServiceState::StopPending)?;
    match service.start::<&OsStr>(&[]) {
        Err(error) if system_code(&error) == Some(code::ALREADY_RUNNING) => Ok(()),
        started => started.map_err(failed),
    }
}

/// Has the service started, and says how it began.
pub(super) fn begin(service: &Service) -> Result {
    let began = SystemTime::now();
    launch(service)?;
    let status = settled(service, |status| status.current_state != ServiceState::StartPending)?;
    if status.current_state != ServiceState::Running {
        return Err(CommandError::Failed(format!(
            "the service is {}: {}",
            word(status.current_state),
            account_of(service, began)
        )));
    }
    say!("The service is running (process {}).", status.process_id.unwrap_or_default());
    Ok(Outcome::Well)
}

/// What the service says of its start, which `began` then; it has no terminal.
fn account_of(service: &Service, began: SystemTime) -> String {
    let Some(log) = places(service).map(|places| places.data.join("service.log")) else {
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
    let is_still = |status: &ServiceStatus| {
        !matches!(status.current_state, ServiceState::StartPending | ServiceState::StopPending)
    };
    // While it starts or stops it takes no other control.
    settled(service, is_still)?;
    match service.stop() {
        Err(error) if system_code(&error) == Some(code::NOT_ACTIVE) => return Ok(()),
        stopped => stopped.map_err(failed)?,
    };
    // A stop is not always pending at once.
    let is_over =
        |status: &ServiceStatus| !matches!(status.current_state, ServiceState::StopPending | ServiceState::Running);
    match settled(service, is_over)?.current_state {
        ServiceState::Stopped => Ok(()),
        other => Err(CommandError::Failed(format!("the service is {} instead of stopped", word(other)))),
    }
}

/// Waits until the service is as `is` says, as long as it says that it comes any further; how it is then.
pub(super) fn settled(
    service: &Service,
    is: impl Fn(&ServiceStatus) -> bool,
) -> std::result::Result<ServiceStatus, CommandError> {
    let (mut checkpoint, mut since) = (0, Instant::now());
    loop {
        let status = service.query_status().map_err(failed)?;
        if is(&status) {
            return Ok(status);
        }
        if status.checkpoint != checkpoint {
            (checkpoint, since) = (status.checkpoint, Instant::now());
        }
        if since.elapsed() > QUIET {
            return Ok(status);
        }
        thread::sleep(LOOKS_AGAIN);
    }
}

/// How it is, in one word.
pub(super) const fn word(state: ServiceState) -> &'static str {
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
