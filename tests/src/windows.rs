//! A process of Windows that is held, so that no other gets its number.
#![allow(unsafe_code, reason = "processes are held by the Windows API alone")]

use std::{
    ffi::OsString,
    os::windows::{
        ffi::OsStringExt,
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
    path::PathBuf,
};

use windows_sys::Win32::System::Threading::{
    OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_TERMINATE, QueryFullProcessImageNameW,
    TerminateProcess,
};

/// A process that may be ended.
pub(crate) struct Held(OwnedHandle);

impl Held {
    /// That of this number; nothing if there is none, or it may not be ended.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        // SAFETY: takes no pointers.
        let process = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE, 0, pid) };
        // SAFETY: it is open, and nobody else's to close.
        (!process.is_null()).then(|| Self(unsafe { OwnedHandle::from_raw_handle(process) }))
    }

    /// Its executable.
    pub(crate) fn executable(&self) -> Option<PathBuf> {
        let mut path = [0; 4096];
        let mut length = 4096;
        // SAFETY: the handle is open, and `length` is that of `path`.
        let told = unsafe {
            QueryFullProcessImageNameW(self.0.as_raw_handle(), PROCESS_NAME_WIN32, path.as_mut_ptr(), &raw mut length)
        };
        let path = path.get(..usize::try_from(length).ok()?).filter(|_| told != 0)?;
        Some(OsString::from_wide(path).into())
    }

    /// Kills it.
    pub(crate) fn kill(&self) {
        const KILLED: u32 = 1;
        // SAFETY: the handle is open, and may end it; one that has ended stays as it is.
        unsafe { TerminateProcess(self.0.as_raw_handle(), KILLED) };
    }
}
