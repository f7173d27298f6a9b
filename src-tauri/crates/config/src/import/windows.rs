//! Texts of consoles on Windows; `unix.rs` is the twin.
#![allow(unsafe_code, reason = "a code page is read by the Windows API alone")]

use std::ptr;

use windows_sys::Win32::Globalization::{CP_OEMCP, MB_ERR_INVALID_CHARS, MultiByteToWideChar};

/// The text in the code page of this machine's consoles; nothing if it is not in that.
pub(super) fn of_console(bytes: &[u8]) -> Option<String> {
    let length = i32::try_from(bytes.len()).ok()?;
    // SAFETY: the bytes are there for as long as it is called, and nothing is written.
    let needed =
        unsafe { MultiByteToWideChar(CP_OEMCP, MB_ERR_INVALID_CHARS, bytes.as_ptr(), length, ptr::null_mut(), 0) };
    let mut units = vec![0; usize::try_from(needed).ok()?];
    // SAFETY: there is room for as many units as it has asked for.
    let written = unsafe {
        MultiByteToWideChar(CP_OEMCP, MB_ERR_INVALID_CHARS, bytes.as_ptr(), length, units.as_mut_ptr(), needed)
    };
    (written > 0).then(|| String::from_utf16(&units).ok()).flatten()
}
