//! The connection with the service control manager.

use std::ffi::OsStr;

use windows_service::{
    service::{Service, ServiceAccess, ServiceState},
    service_manager::{ServiceManager, ServiceManagerAccess},
};

use super::{
    NAME,
    errors::{code, failed, system_code},
};
use crate::CommandError;

/// The service, which must be installed.
pub(super) fn installed(access: ServiceAccess) -> std::result::Result<Service, CommandError> {
    let missing = || CommandError::Failed("the service is not installed: `estatus service install` does it".into());
    open(&manager(ServiceManagerAccess::CONNECT)?, access)?.ok_or_else(missing)
}

/// The manager of this machine.
pub(super) fn manager(access: ServiceManagerAccess) -> std::result::Result<ServiceManager, CommandError> {
    ServiceManager::local_computer(None::<&OsStr>, access).map_err(failed)
}

/// The service; nothing if it is not installed.
pub(super) fn open(
    manager: &ServiceManager,
    access: ServiceAccess,
) -> std::result::Result<Option<Service>, CommandError> {
    match manager.open_service(NAME, access) {
        Ok(service) => Ok(Some(service)),
        Err(error) if system_code(&error) == Some(code::NO_SUCH_SERVICE) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Whether the service runs.
pub(super) fn is_running() -> bool {
    let state = || {
        let manager = manager(ServiceManagerAccess::CONNECT).ok()?;
        open(&manager, ServiceAccess::QUERY_STATUS).ok()??.query_status().ok()
    };
    state().is_some_and(|status| status.current_state != ServiceState::Stopped)
}

/// Refuses who may not change services.
pub(super) fn must_be_elevated() -> std::result::Result<(), CommandError> {
    manager(ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE).map(drop)
}
