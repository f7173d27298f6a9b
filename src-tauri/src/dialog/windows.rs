//! Message boxes.

#![allow(unsafe_code, reason = "a message box has no safe API")]

use std::{io::stderr, os::windows::io::AsRawHandle, ptr};

use windows_sys::Win32::UI::WindowsAndMessaging::{
    IDYES, MB_ICONERROR, MB_ICONINFORMATION, MB_OK, MB_SETFOREGROUND, MB_YESNO, MESSAGEBOX_STYLE, MessageBoxW,
};

/// A program without a console has a standard error only if whoever started it gave it one.
pub(super) fn somebody_reads() -> bool {
    !stderr().as_raw_handle().is_null()
}

pub(super) fn show(text: &str) {
    message_box(text, MB_OK | MB_ICONERROR);
}

pub(super) fn ask(question: &str) -> bool {
    message_box(question, MB_YESNO | MB_ICONINFORMATION) == IDYES
}

/// Shows a box and waits for what is pressed.
fn message_box(text: &str, style: MESSAGEBOX_STYLE) -> i32 {
    let wide = |text: &str| text.encode_utf16().chain([0]).collect::<Vec<u16>>();
    let (text, title) = (wide(text), wide("Estatus"));
    // SAFETY: both texts end with a zero and live through the call; there is no owner.
    unsafe { MessageBoxW(ptr::null_mut(), text.as_ptr(), title.as_ptr(), style | MB_SETFOREGROUND) }
}
