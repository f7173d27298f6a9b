//! How what has windows is asked to end: by closing them, as a person does.

use windows_sys::Win32::{
    Foundation::{HWND, LPARAM},
    UI::WindowsAndMessaging::{EnumWindows, GetWindowThreadProcessId, PostMessageW, WM_CLOSE},
};

/// Closes every window of these processes.
pub(super) fn close_windows(pids: &[u32]) {
    let pids = pids.to_vec();
    // SAFETY: `close` is what the function wants, and the pointer it is given is that of `pids`, which outlives the call.
    unsafe { EnumWindows(Some(close), (&raw const pids).expose_provenance().cast_signed()) };
}

/// Closes a window, if it belongs to one of the processes that `pids` points to.
unsafe extern "system" fn close(window: HWND, pids: LPARAM) -> windows_sys::core::BOOL {
    // SAFETY: it is the pointer that `close_windows` gives, to a vector that outlives the call.
    let pids: &Vec<u32> = unsafe { &*std::ptr::with_exposed_provenance(pids.cast_unsigned()) };
    let mut owner = 0;
    // SAFETY: `owner` is where the pid goes; a window that is gone has none.
    unsafe { GetWindowThreadProcessId(window, &raw mut owner) };
    if pids.contains(&owner) {
        // SAFETY: takes no pointers.
        unsafe { PostMessageW(window, WM_CLOSE, 0, 0) };
    }
    1
}
