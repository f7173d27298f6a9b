//! How a service starts.
#![allow(unsafe_code, reason = "windows-service changes all of a service at once, and needs a password for that")]

use std::{io, ptr};

use windows_service::service::Service;
use windows_sys::Win32::System::Services::{ChangeServiceConfigW, SERVICE_NO_CHANGE};

/// Changes how `service` starts, to one of `SERVICE_AUTO_START` and its like, and nothing else of it.
pub(super) fn set(service: &Service, start: u32) -> io::Result<()> {
    // SAFETY: the handle is open as long as `service` is; what is null stays as it is.
    let done = unsafe {
        ChangeServiceConfigW(
            service.raw_handle(),
            SERVICE_NO_CHANGE,
            start,
            SERVICE_NO_CHANGE,
            ptr::null(),
            ptr::null(),
            ptr::null_mut(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
            ptr::null(),
        )
    };
    if done == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
