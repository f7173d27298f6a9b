//! The service of Windows; `linux.rs` is the twin.

#![allow(unsafe_code, reason = "nothing but the shell's own call has Windows ask for an administrator")]

use std::{
    ffi::{OsStr, OsString},
    io, mem,
    os::windows::{ffi::OsStrExt, io::FromRawHandle, io::OwnedHandle},
    path::Path,
};

use estatus_api::ApiError;
use estatus_config::places;
use estatus_tray::{CONSOLE, Places, beside_us, command_line};
use tauri::async_runtime;
use tokio::process::Command;
use windows_sys::Win32::{
    Foundation::{ERROR_CANCELLED, WAIT_OBJECT_0},
    System::{
        Com::{COINIT_APARTMENTTHREADED, COINIT_DISABLE_OLE1DDE, CoInitializeEx, CoUninitialize},
        Threading::{CREATE_NO_WINDOW, GetExitCodeProcess, INFINITE, WaitForSingleObject},
    },
    UI::{
        Shell::{SEE_MASK_NOASYNC, SEE_MASK_NOCLOSEPROCESS, SHELLEXECUTEINFOW, ShellExecuteExW},
        WindowsAndMessaging::SW_SHOWNORMAL,
    },
};

use super::{Facts, ServiceState, SwitchEnd, Switching, Whose, ask, failed, words};

pub(super) async fn state() -> Result<ServiceState, ApiError> {
    let facts: Facts = ask(&["service", "status", "--json"]).await?;
    Ok(ServiceState {
        installed: facts.is_there(),
        enabled: facts.enabled,
        running: facts.running,
        account: facts.account,
        whose: Whose::Machine,
        switching: Switching::Administrator,
        keeps_programs: false,
    })
}

/// The service that the page installs: one with an account of its own.
pub(super) fn wanted() -> Vec<OsString> {
    of_user()
}

/// Where this user has what is their own: the administrator who is asked for may be another.
fn of_user() -> Vec<OsString> {
    let (Ok(config), Ok(data)) = (places::own_config_file(), places::own_data_folder()) else { return Vec::new() };
    vec!["--user-config".into(), config.into(), "--user-data".into(), data.into()]
}

/// Whether things are where the console program looks by itself: where this user has them, or the service.
pub(super) fn is_usual(found: &Places) -> bool {
    let is_own = || places::own_data_folder().is_ok_and(|data| data == found.data);
    is_own() || found.service().is_some()
}

pub(super) async fn switch(on: bool, mut said: Vec<OsString>) -> Result<SwitchEnd, ApiError> {
    said.extend(words(&["--wait-on-failure"]));
    if !on {
        said.extend(of_user());
    }
    let program = beside_us(CONSOLE).map_err(|error| failed(format!("{error:#}")))?;
    let line = command_line::words(said.iter().map(OsString::as_os_str));
    let ended = async_runtime::spawn_blocking(move || run_elevated(&program, &line)).await;
    match ended.map_err(|error| failed(error.to_string()))? {
        Ok(0) => Ok(SwitchEnd::Done),
        Ok(_) => Ok(SwitchEnd::FailedOnConsole),
        Err(error) if error.raw_os_error() == Some(ERROR_CANCELLED.cast_signed()) => Ok(SwitchEnd::Dismissed),
        Err(error) => Ok(SwitchEnd::Failed { why: format!("{CONSOLE} cannot be started: {error}") }),
    }
}

/// No console shows where it runs.
pub(super) fn hide(command: &mut Command) {
    command.creation_flags(CREATE_NO_WINDOW);
}

/// Has Windows ask for an administrator, runs `program` with their rights on a console of its own, and waits for its exit
/// code.
fn run_elevated(program: &Path, line: &str) -> io::Result<u32> {
    let _apartment = Apartment::enter();
    let wide = |text: &OsStr| text.encode_wide().chain([0]).collect::<Vec<u16>>();
    let (verb, file, line) = (wide("runas".as_ref()), wide(program.as_os_str()), wide(line.as_ref()));
    let mut info = SHELLEXECUTEINFOW {
        cbSize: u32::try_from(mem::size_of::<SHELLEXECUTEINFOW>()).map_err(io::Error::other)?,
        // This thread has no messages, and nothing else waits for the call.
        fMask: SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NOASYNC,
        lpVerb: verb.as_ptr(),
        lpFile: file.as_ptr(),
        lpParameters: line.as_ptr(),
        nShow: SW_SHOWNORMAL,
        ..SHELLEXECUTEINFOW::default()
    };
    // SAFETY: the structure has its own size, and the texts it points to end with a zero and live through the call.
    if unsafe { ShellExecuteExW(&raw mut info) } == 0 {
        return Err(io::Error::last_os_error());
    }
    if info.hProcess.is_null() {
        return Err(io::Error::other("Windows does not say how it ended"));
    }
    // SAFETY: the call has opened the handle for us (SEE_MASK_NOCLOSEPROCESS), and nobody else closes it.
    let _process = unsafe { OwnedHandle::from_raw_handle(info.hProcess) };
    // SAFETY: the handle is open until the end of this function.
    if unsafe { WaitForSingleObject(info.hProcess, INFINITE) } != WAIT_OBJECT_0 {
        return Err(io::Error::last_os_error());
    }
    let mut code = 0;
    // SAFETY: as above, and the code is ours to be written to.
    if unsafe { GetExitCodeProcess(info.hProcess, &raw mut code) } == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(code)
}

/// What the shell may need of this thread (COM), while this lives.
struct Apartment {
    is_entered: bool,
}

impl Apartment {
    fn enter() -> Self {
        let wanted = (COINIT_APARTMENTTHREADED | COINIT_DISABLE_OLE1DDE).cast_unsigned();
        // SAFETY: it concerns this thread alone, which leaves it again where that has succeeded.
        let entered = unsafe { CoInitializeEx(std::ptr::null(), wanted) };
        Self { is_entered: entered >= 0 }
    }
}

impl Drop for Apartment {
    fn drop(&mut self) {
        if self.is_entered {
            // SAFETY: this thread has entered it, in `enter`.
            unsafe { CoUninitialize() };
        }
    }
}
