//! Processes, by handles.

use std::{
    io, mem,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    path::Path,
};

use estatus_core::program::ProcessId;
use windows_sys::Win32::{
    Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, FILETIME, HANDLE, WAIT_TIMEOUT},
    System::{
        Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
        },
        Threading::{
            GetExitCodeProcess, GetProcessId, GetProcessTimes, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_DUP_HANDLE,
            PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SET_QUOTA, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE,
            QueryFullProcessImageNameW, TerminateProcess, WaitForSingleObject,
        },
    },
};

use super::{handle, length_of, succeeded, text_of};

/// What shows a console that has no window: it belongs to the system, and ends with whoever is on it.
pub(super) const CONSOLE_HOST: &str = "conhost.exe";

/// A handle on a process: as long as it is there, the pid is nobody else's.
pub(super) struct Process(OwnedHandle);

impl Process {
    /// The process with this pid; nothing if there is none.
    ///
    /// # Errors
    /// If there is one that this user may not end: it is another's, or has more rights.
    pub(super) fn open(pid: u32) -> io::Result<Option<Self>> {
        open(pid, PROCESS_TERMINATE | PROCESS_SET_QUOTA)
    }

    /// The process with this pid, to be looked at and waited for; nothing if there is none.
    ///
    /// # Errors
    /// If this user may not even do that: it is another's.
    pub(super) fn look_at(pid: u32) -> io::Result<Option<Self>> {
        open(pid, 0)
    }

    /// A process that is alive, to be looked at and waited for; nothing if its pid has gone to another. Whoever may not be
    /// looked at is another: what this user has started or adopted could be.
    ///
    /// # Errors
    /// If the system cannot say now.
    pub(super) fn identified(id: ProcessId) -> io::Result<Option<Self>> {
        match Self::look_at(id.pid) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(None),
            found => Ok(found?.filter(|process| process.is_alive_since(id.started))),
        }
    }

    /// The same, to be ended and put into jobs.
    ///
    /// # Errors
    /// If it is alive and this user may not do that: it is another's, or has more rights.
    pub(super) fn hold(id: ProcessId) -> io::Result<Option<Self>> {
        Self::identified_for(id, PROCESS_TERMINATE | PROCESS_SET_QUOTA)
    }

    /// The same, to take handles from.
    pub(super) fn to_take_from(id: ProcessId) -> io::Result<Option<Self>> {
        Self::identified_for(id, PROCESS_DUP_HANDLE)
    }

    fn identified_for(id: ProcessId, more: PROCESS_ACCESS_RIGHTS) -> io::Result<Option<Self>> {
        // As long as this is there, the pid is nobody else's.
        let Some(_identified) = Self::identified(id)? else { return Ok(None) };
        Ok(open(id.pid, more)?.filter(Self::is_alive))
    }

    fn is_alive_since(&self, started: u64) -> bool {
        self.started().is_ok_and(|own| own == started) && self.is_alive()
    }

    pub(super) fn handle(&self) -> BorrowedHandle<'_> {
        self.0.as_handle()
    }

    fn raw(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    pub(super) fn pid(&self) -> u32 {
        // SAFETY: the handle is open.
        unsafe { GetProcessId(self.raw()) }
    }

    /// Another handle on it.
    pub(super) fn again(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// When it started, as a FILETIME.
    pub(super) fn started(&self) -> io::Result<u64> {
        let nothing = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        let (mut created, mut exited, mut kernel, mut user) = (nothing, nothing, nothing, nothing);
        // SAFETY: the handle is open, and the four are where the times go.
        succeeded(unsafe {
            GetProcessTimes(self.raw(), &raw mut created, &raw mut exited, &raw mut kernel, &raw mut user)
        })?;
        Ok(u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime))
    }

    pub(super) fn is_alive(&self) -> bool {
        // SAFETY: the handle is open and has the right to be waited for.
        unsafe { WaitForSingleObject(self.raw(), 0) == WAIT_TIMEOUT }
    }

    /// Ends it with this exit code.
    pub(super) fn terminate(&self, code: u32) {
        // SAFETY: the handle is open; one that has ended, or may not be ended, stays as it is.
        unsafe { TerminateProcess(self.raw(), code) };
    }

    /// Its exit code, once it has ended.
    pub(super) fn exit_code(&self) -> io::Result<i32> {
        let mut code = 0;
        // SAFETY: the handle is open, and `code` is where the code goes.
        succeeded(unsafe { GetExitCodeProcess(self.raw(), &raw mut code) })?;
        Ok(code.cast_signed())
    }

    /// Its executable, if this user may know it.
    pub(super) fn executable(&self) -> Option<String> {
        let mut path = [0; 1024];
        let mut length = u32::try_from(path.len()).ok()?;
        // SAFETY: the handle is open, and `length` tells how much room there is in `path`.
        succeeded(unsafe { QueryFullProcessImageNameW(self.raw(), 0, path.as_mut_ptr(), &raw mut length) }).ok()?;
        Some(text_of(path.get(..usize::try_from(length).ok()?)?).to_string_lossy().into_owned())
    }

    /// Whether it is what shows a console.
    pub(super) fn is_console_host(&self) -> bool {
        let path = self.executable();
        path.and_then(|path| Some(Path::new(&path).file_name()?.eq_ignore_ascii_case(CONSOLE_HOST))).unwrap_or(false)
    }
}

impl From<OwnedHandle> for Process {
    fn from(handle: OwnedHandle) -> Self {
        Self(handle)
    }
}

fn open(pid: u32, more: PROCESS_ACCESS_RIGHTS) -> io::Result<Option<Process>> {
    let rights = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE | more;
    // SAFETY: takes no pointers, and the handle is the caller's to close.
    match unsafe { handle::or_null(OpenProcess(rights, 0, pid)) } {
        Err(error) if error.raw_os_error() == Some(ERROR_INVALID_PARAMETER.cast_signed()) => Ok(None),
        Err(error) if error.raw_os_error() == Some(ERROR_ACCESS_DENIED.cast_signed()) => {
            let why = format!(
                "process {pid} belongs to another user or runs as administrator, so Estatus may not end it: start it by \
                 Estatus, or run Estatus as administrator"
            );
            Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
        }
        opened => opened.map(|process| Some(Process(process))),
    }
}

/// A process in a list of all.
pub(super) struct Listed {
    pub(super) pid: u32,
    pub(super) parent: u32,
    pub(super) name: String,
}

/// Every process there is.
pub(super) fn processes() -> Vec<Listed> {
    // SAFETY: takes no pointers, and the handle is the caller's to close.
    let Ok(snapshot) = (unsafe { handle::or_invalid(CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0)) }) else {
        return Vec::new();
    };
    // SAFETY: the structure is plain numbers, for which zeroes are valid.
    let mut entry: PROCESSENTRY32W = unsafe { mem::zeroed() };
    entry.dwSize = length_of(&entry);
    let mut all = Vec::new();
    // SAFETY: the handle is open and `entry` tells its own length.
    let mut more = unsafe { Process32FirstW(snapshot.as_raw_handle(), &raw mut entry) };
    while more != 0 {
        let name = entry.szExeFile.split(|&unit| unit == 0).next().unwrap_or_default();
        let name = String::from_utf16_lossy(name);
        all.push(Listed { pid: entry.th32ProcessID, parent: entry.th32ParentProcessID, name });
        // SAFETY: as above.
        more = unsafe { Process32NextW(snapshot.as_raw_handle(), &raw mut entry) };
    }
    all
}

/// A pid and a start time mean something for ever here.
pub(crate) fn boot_id() -> String {
    "windows".to_owned()
}
