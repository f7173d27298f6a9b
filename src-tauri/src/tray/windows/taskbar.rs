//! How the taskbar looks: whether it is light, and how large an icon on it is.

#![allow(unsafe_code, reason = "the scale of the taskbar has no safe API")]

use std::ptr;

use windows_registry::CURRENT_USER;
use windows_sys::Win32::UI::{
    HiDpi::{GetDpiForSystem, GetDpiForWindow, GetSystemMetricsForDpi},
    WindowsAndMessaging::{FindWindowW, SM_CXSMICON},
};

use super::wide;
use crate::icons::Panel;

/// Where Windows keeps whether the taskbar is light.
const THEME: &str = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize";
/// What kind of window the taskbar is.
const TASKBAR: &str = "Shell_TrayWnd";

/// What an icon stands on.
pub(super) fn panel() -> Panel {
    let light = CURRENT_USER.open(THEME).and_then(|key| key.get_u32("SystemUsesLightTheme"));
    if light == Ok(1) { Panel::Light } else { Panel::Dark }
}

/// How many pixels an icon is wide and high.
pub(super) fn side() -> i32 {
    let class = wide(TASKBAR);
    // SAFETY: the text ends with a zero and lives through the call. A window that goes meanwhile has no scale, and then the
    // system's holds.
    unsafe {
        let taskbar = FindWindowW(class.as_ptr(), ptr::null());
        let dpi = if taskbar.is_null() { 0 } else { GetDpiForWindow(taskbar) };
        GetSystemMetricsForDpi(SM_CXSMICON, if dpi == 0 { GetDpiForSystem() } else { dpi })
    }
}
