//! The engine, as the service control manager starts it.
#![allow(
    unsafe_code,
    reason = "a macro of windows-service reads the arguments that the service control manager hands over"
)]

use std::{
    ffi::OsString,
    sync::{Arc, OnceLock},
};

use estatus_engine::{EngineEnd, HostKind};
use tokio::sync::Notify;
use windows_service::{
    define_windows_service,
    service::ServiceControl,
    service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle},
    service_dispatcher,
};

use super::{
    NAME,
    face::{Face, Phase, report},
    log::LogFile,
};
use crate::{
    CommandError, Outcome, Result,
    configuration::Places,
    running::{self, Said},
};

/// Where the configuration and the data are, and whether every user may connect: the service control manager calls a
/// function that is given nothing of ours.
static PLACES: OnceLock<(Places, bool)> = OnceLock::new();

define_windows_service!(serve_raw, serve);

/// Serves the service control manager until the service has stopped.
pub(in crate::service) async fn run(places: &Places, all_users: bool) -> Result {
    /// ERROR_FAILED_SERVICE_CONTROLLER_CONNECT
    const NOT_BY_THE_MANAGER: i32 = 1063;
    PLACES.get_or_init(|| (places.clone(), all_users));
    match service_dispatcher::start(NAME, serve_raw) {
        Ok(()) => Ok(Outcome::Well),
        Err(windows_service::Error::Winapi(error)) if error.raw_os_error() == Some(NOT_BY_THE_MANAGER) => {
            Err(CommandError::Wrong(
                "only Windows itself starts this: `estatus service start` has it do so, `estatus run` runs here".into(),
            ))
        }
        Err(error) => Err(CommandError::failed(super::errors::in_words(&error))),
    }
}

/// The exit code of an engine that is to be started again: Windows does that to what ends with an error.
const RELAUNCHING: u32 = 75;

/// What Windows calls on a thread of its own.
fn serve(_arguments: Vec<OsString>) {
    let Some((places, all_users)) = PLACES.get() else { return };
    let stop = Arc::new(Notify::new());
    let asked = Arc::clone(&stop);
    let handler = move |control| match control {
        ServiceControl::Stop | ServiceControl::Preshutdown | ServiceControl::Shutdown => {
            asked.notify_one();
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    };
    // Where it cannot be told anything, Windows sees that the process ends.
    let Ok(handle) = service_control_handler::register(NAME, handler) else { return };
    report(handle, Phase::Starting);
    let code = match host(places, *all_users, handle, &stop) {
        Ok(EngineEnd::Stopped) => 0,
        Ok(EngineEnd::Relaunching) => RELAUNCHING,
        Err(CommandError::Failed(_)) => 1,
        Err(CommandError::Wrong(_)) => 2,
    };
    report(handle, Phase::Stopped(code));
}

/// Hosts the engine until it is asked to stop; why it could not stands in the log.
fn host(
    places: &Places,
    all_users: bool,
    handle: ServiceStatusHandle,
    stop: &Notify,
) -> std::result::Result<EngineEnd, CommandError> {
    // Not in the folder of Windows's own programs, where a service begins.
    let folder = places.config.parent();
    let moved = folder.map_or(Ok(()), std::env::set_current_dir);
    let log = LogFile::open(&places.data).map_err(CommandError::failed)?;
    let said = Said { out: running::printer(log.share().map_err(CommandError::failed)?)?, err: running::printer(log)? };
    running::log(said.err.clone(), false);
    let err = said.err.clone();
    if let Err(error) = moved {
        err.line(format_args!("the folder of the configuration cannot be entered: {error}"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(CommandError::failed)?;
    let face =
        |terminal| Box::new(Face { terminal, handle, phase: Phase::Starting }) as Box<dyn estatus_engine::Audience>;
    let hosted = running::host(places, said, HostKind::Service, running::admits(all_users), face, stop.notified());
    let result = runtime.block_on(hosted);
    runtime.shutdown_background();
    if let Err(CommandError::Failed(error) | CommandError::Wrong(error)) = &result {
        err.line(format_args!("{error}"));
        err.finish();
    }
    result
}
