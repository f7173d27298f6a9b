//! Processes, by handles.

use std::{
    io,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    sync::LazyLock,
    time::Duration,
};

use estatus_core::program::ProcessId;
use windows_sys::Win32::{
    Foundation::{ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, FILETIME, HANDLE, WAIT_OBJECT_0},
    System::{
        ProcessStatus::{K32GetProcessMemoryInfo, PROCESS_MEMORY_COUNTERS},
        SystemInformation::GetSystemDirectoryW,
        Threading::{
            GetExitCodeProcess, GetProcessId, GetProcessTimes, OpenProcess, PROCESS_ACCESS_RIGHTS, PROCESS_DUP_HANDLE,
            PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SET_QUOTA, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE,
            QueryFullProcessImageNameW, TerminateProcess, WaitForSingleObject,
        },
    },
};

use super::{handle, process_list::processes, succeeded, text_of};
use crate::facts::Usage;

/// What shows a console that has no window: it belongs to the system, and ends with whoever is on it. A program may bear the
/// same name, but lies elsewhere.
static CONSOLE_HOST: LazyLock<Option<String>> = LazyLock::new(|| Some(format!(r"{}\conhost.exe", system_directory()?)));

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

    /// A process that is alive, to be looked at and waited for; nothing if its pid has gone to another.
    ///
    /// # Errors
    /// If the system cannot say now, or if it is alive and this user may not even look at it.
    pub(super) fn identified(id: ProcessId) -> io::Result<Option<Self>> {
        match Self::look_at(id.pid) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let is_there = processes()?.iter().any(|listed| listed.id == id);
                if is_there { Err(error) } else { Ok(None) }
            }
            Ok(Some(process)) if process.started()? == id.started && process.is_alive() => Ok(Some(process)),
            found => found.map(|_| None),
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
        self.times().map(|[created, ..]| created)
    }

    /// The memory it uses now, and the time of processors that it has used so far.
    pub(super) fn usage(&self) -> io::Result<Usage> {
        /// A FILETIME counts these.
        const TICK: u64 = 100;
        let [_, kernel, user] = self.times()?;
        let length = size_of::<PROCESS_MEMORY_COUNTERS>();
        let mut counters = PROCESS_MEMORY_COUNTERS { cb: u32::try_from(length).unwrap_or(0), ..Default::default() };
        // SAFETY: the handle is open, and the pointer and the length are those of `counters`.
        succeeded(unsafe { K32GetProcessMemoryInfo(self.raw(), &raw mut counters, counters.cb) })?;
        Ok(Usage {
            memory: u64::try_from(counters.WorkingSetSize).unwrap_or(u64::MAX),
            cpu_time: Duration::from_nanos(kernel.saturating_add(user).saturating_mul(TICK)),
        })
    }

    /// When it started, and how long it has used processors for the system and for itself, as FILETIMEs.
    fn times(&self) -> io::Result<[u64; 3]> {
        let nothing = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
        let (mut created, mut exited, mut kernel, mut user) = (nothing, nothing, nothing, nothing);
        // SAFETY: the handle is open, and the four are where the times go.
        succeeded(unsafe {
            GetProcessTimes(self.raw(), &raw mut created, &raw mut exited, &raw mut kernel, &raw mut user)
        })?;
        Ok([created, kernel, user].map(|time| u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime)))
    }

    /// Whether it is not known to have ended.
    pub(super) fn is_alive(&self) -> bool {
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.raw(), 0) != WAIT_OBJECT_0 }
    }

    /// Waits for its end on this thread. Whether that came.
    pub(super) fn ends_within(&self, within: Duration) -> bool {
        let within = u32::try_from(within.as_millis()).unwrap_or(u32::MAX);
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.raw(), within) == WAIT_OBJECT_0 }
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
        let of_system = CONSOLE_HOST.as_ref().zip(self.executable());
        of_system.is_some_and(|(host, own)| own.eq_ignore_ascii_case(host))
    }
}

fn system_directory() -> Option<String> {
    let mut path = [0; 1024];
    // SAFETY: the pointer and the length are those of `path`.
    let length = unsafe { GetSystemDirectoryW(path.as_mut_ptr(), u32::try_from(path.len()).ok()?) };
    let path = path.get(..usize::try_from(length).ok()?).filter(|path| !path.is_empty())?;
    Some(text_of(path).to_string_lossy().into_owned())
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

/// What tells the process with this pid from every other; nothing if it has ended.
///
/// # Errors
/// If the system does not say.
pub(super) fn identity(pid: u32) -> io::Result<Option<ProcessId>> {
    match Process::look_at(pid) {
        Ok(None) => Ok(None),
        Ok(Some(process)) if !process.is_alive() => Ok(None),
        Ok(Some(process)) => Ok(Some(ProcessId { pid, started: process.started()? })),
        Err(_) => Ok(processes()?.into_iter().map(|listed| listed.id).find(|id| id.pid == pid)),
    }
}

/// Whether the process that a job counts by this pid is alive and not what shows a console. A job counts those that have
/// ended until they have been cleared away. What cannot be known counts.
pub(super) fn counts(pid: u32) -> bool {
    match Process::look_at(pid) {
        Ok(found) => found.is_some_and(|process| process.is_alive() && !process.is_console_host()),
        Err(_) => true,
    }
}

/// A pid and a start time mean something for ever here.
pub(crate) fn boot_id() -> String {
    "windows".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_all_tells_of_a_process_what_a_handle_on_it_tells() {
        let this = std::process::id();
        let all = processes().unwrap();
        let listed = all.iter().find(|listed| listed.id.pid == this).unwrap();
        assert_eq!(Some(listed.id), identity(this).unwrap());
        let executable = Process::look_at(this).unwrap().unwrap().executable().unwrap();
        assert!(executable.ends_with(&listed.name), "{}", listed.name);
        assert!(all.iter().any(|other| other.id.pid == listed.parent) || listed.parent == 0, "{}", listed.parent);
    }

    #[test]
    fn what_cannot_be_waited_for_is_not_said_to_have_ended() {
        // SAFETY: takes no pointers, and the handle is ours to close.
        let opened = unsafe { handle::or_null(OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, std::process::id())) };
        assert!(Process(opened.unwrap()).is_alive());
    }

    #[test]
    fn only_what_the_system_has_as_such_shows_a_console() {
        let host = CONSOLE_HOST.as_ref().unwrap();
        assert!(std::path::Path::new(host).is_file(), "{host}");
        let this = Process::look_at(std::process::id()).unwrap().unwrap();
        assert!(!this.is_console_host());
    }
}
