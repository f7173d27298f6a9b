//! Processes of Windows that are held, so that no other gets their number, and their windows.
#![allow(unsafe_code, reason = "both are reached by the Windows API alone")]

use std::{
    ffi::OsString,
    os::windows::{
        ffi::OsStringExt,
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
    },
    path::PathBuf,
    ptr,
};

use windows_sys::Win32::{
    Foundation::HWND,
    System::Threading::{
        OpenProcess, PROCESS_NAME_WIN32, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_TERMINATE,
        QueryFullProcessImageNameW, TerminateProcess,
    },
    UI::WindowsAndMessaging::{FindWindowExW, GetWindowThreadProcessId, SendMessageW},
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

/// A window of another process.
pub(crate) struct Window(HWND);

/// The window of this class that the process has.
pub(crate) fn window_of(pid: u32, class: &str) -> Option<Window> {
    let class: Vec<u16> = class.encode_utf16().chain([0]).collect();
    let next = |after: HWND| {
        // SAFETY: the class ends with a zero and lives through the call; a window that is gone is followed by none.
        let window = unsafe { FindWindowExW(ptr::null_mut(), after, class.as_ptr(), ptr::null()) };
        (!window.is_null()).then_some(window)
    };
    let mut all = std::iter::successors(next(ptr::null_mut()), |&window| next(window));
    let is_of_process = |window: &HWND| {
        let mut process = 0;
        // SAFETY: `process` is where the number goes.
        unsafe { GetWindowThreadProcessId(*window, &raw mut process) };
        process == pid
    };
    all.find(is_of_process).map(Window)
}

impl Window {
    /// Tells it this, and waits for the answer, or for the end of its process.
    pub(crate) fn tell(&self, message: u32, word: usize) -> isize {
        // SAFETY: a message without pointers.
        unsafe { SendMessageW(self.0, message, word, 0) }
    }
}
