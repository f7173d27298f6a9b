//! How what has windows is asked to end: by closing them, as a person does.

use windows_sys::Win32::{
    Foundation::{HWND, LPARAM},
    UI::WindowsAndMessaging::{
        EnumWindows, GetClassNameW, GetWindowThreadProcessId, IsWindowVisible, PostMessageW, WM_CLOSE,
    },
};

use super::text_of;

/// The classes of windows of consoles. They are said to belong to a program, but closing one ends after five seconds
/// whoever is on the console, whatever time the program has: there it is asked by a key.
const OF_CONSOLES: [&str; 2] = ["ConsoleWindowClass", "PseudoConsoleWindow"];

/// Closes every window of these processes.
pub(super) fn close_windows(pids: &[u32]) {
    for window in windows_of(pids) {
        // SAFETY: takes no pointers; a window that is gone is sent nothing.
        unsafe { PostMessageW(window, WM_CLOSE, 0, 0) };
    }
}

/// Whether one of these processes has a window that can be closed and is seen.
pub(super) fn have_windows(pids: &[u32]) -> bool {
    // SAFETY: takes no pointers.
    windows_of(pids).into_iter().any(|window| unsafe { IsWindowVisible(window) } != 0)
}

/// The windows of these processes, but for those of consoles.
fn windows_of(pids: &[u32]) -> Vec<HWND> {
    let mut all: Vec<HWND> = Vec::new();
    // SAFETY: `add` is what the function wants, and the pointer it is given is that of `all`, which outlives the call.
    unsafe { EnumWindows(Some(add), (&raw mut all).expose_provenance().cast_signed()) };
    all.retain(|&window| pids.contains(&owner(window)) && !is_of_console(window));
    all
}

/// Adds a window to the vector that `all` points to.
unsafe extern "system" fn add(window: HWND, all: LPARAM) -> windows_sys::core::BOOL {
    // SAFETY: it is the pointer that `windows_of` gives, to a vector that outlives the call and that nobody else uses.
    let all: &mut Vec<HWND> = unsafe { &mut *std::ptr::with_exposed_provenance_mut(all.cast_unsigned()) };
    all.push(window);
    1
}

fn owner(window: HWND) -> u32 {
    let mut owner = 0;
    // SAFETY: `owner` is where the pid goes; a window that is gone has none.
    unsafe { GetWindowThreadProcessId(window, &raw mut owner) };
    owner
}

fn is_of_console(window: HWND) -> bool {
    let mut class = [0; 256];
    // SAFETY: the pointer and the length are those of `class`; a window that is gone has none.
    let length = unsafe { GetClassNameW(window, class.as_mut_ptr(), 256) };
    let class = text_of(class.get(..usize::try_from(length).unwrap_or(0)).unwrap_or_default());
    OF_CONSOLES.iter().any(|of_console| class == *of_console)
}
