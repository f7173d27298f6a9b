//! Processes, by handles.

use std::{
    ffi::OsString,
    hash::{BuildHasher, RandomState},
    io, mem,
    os::windows::{
        ffi::OsStringExt,
        io::{AsRawHandle, FromRawHandle, HandleOrNull, OwnedHandle},
    },
};

use estatus_core::program::ProcessId;
use windows_sys::Win32::{
    Foundation::{FILETIME, INVALID_HANDLE_VALUE, WAIT_TIMEOUT},
    System::{
        Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
        },
        Threading::{
            GetExitCodeProcess, GetProcessTimes, INFINITE, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION,
            PROCESS_SET_QUOTA, PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, QueryFullProcessImageNameW, WaitForSingleObject,
        },
    },
};

use super::{length_of, succeeded};

/// A handle on a process: as long as it is there, the pid is nobody else's.
pub(super) struct Process(OwnedHandle);

impl Process {
    /// The process with this pid.
    pub(super) fn open(pid: u32) -> io::Result<Self> {
        let rights = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE | PROCESS_TERMINATE | PROCESS_SET_QUOTA;
        // SAFETY: takes no pointers.
        let handle = unsafe { OpenProcess(rights, 0, pid) };
        // SAFETY: the handle is the caller's to close, and null where there is none.
        let handle = unsafe { HandleOrNull::from_raw_handle(handle) };
        OwnedHandle::try_from(handle).map(Self).map_err(|_| io::Error::last_os_error())
    }

    /// A process that is alive, unless its pid has gone to another.
    pub(super) fn hold(id: ProcessId) -> Option<Self> {
        let process = Self::open(id.pid).ok()?;
        (process.started().ok()? == id.started && process.is_alive()).then_some(process)
    }

    pub(super) fn handle(&self) -> std::os::windows::io::RawHandle {
        self.0.as_raw_handle()
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
            GetProcessTimes(self.handle(), &raw mut created, &raw mut exited, &raw mut kernel, &raw mut user)
        })?;
        Ok(u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime))
    }

    pub(super) fn is_alive(&self) -> bool {
        // SAFETY: the handle is open and has the right to be waited for.
        unsafe { WaitForSingleObject(self.handle(), 0) == WAIT_TIMEOUT }
    }

    /// Waits until it has ended; this thread waits.
    pub(super) fn wait(&self) {
        // SAFETY: the handle is open and has the right to be waited for.
        unsafe { WaitForSingleObject(self.handle(), INFINITE) };
    }

    /// Its exit code, once it has ended.
    pub(super) fn exit_code(&self) -> Option<i32> {
        let mut code = 0;
        // SAFETY: the handle is open, and `code` is where the code goes.
        succeeded(unsafe { GetExitCodeProcess(self.handle(), &raw mut code) }).ok()?;
        Some(code.cast_signed())
    }

    /// Its executable, if this user may know it.
    pub(super) fn executable(&self) -> Option<String> {
        let mut path = [0; 1024];
        let mut length = u32::try_from(path.len()).ok()?;
        // SAFETY: the handle is open, and `length` tells how much room there is in `path`.
        succeeded(unsafe { QueryFullProcessImageNameW(self.handle(), 0, path.as_mut_ptr(), &raw mut length) }).ok()?;
        let path = path.get(..usize::try_from(length).ok()?)?;
        Some(OsString::from_wide(path).to_string_lossy().into_owned())
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
    // SAFETY: takes no pointers.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Vec::new();
    }
    // SAFETY: the handle is valid and the caller's to close.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
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

/// A name that is not given twice.
pub(crate) fn random_name() -> io::Result<String> {
    let random = || RandomState::new().hash_one(());
    Ok(format!("{:016x}{:016x}", random(), random()))
}
