//! The user's `Run` key.

use std::ffi::{OsStr, OsString};

use windows_registry::{CURRENT_USER, Result};

const KEY: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
const NAME: &str = "Estatus";

pub(super) fn is_on() -> bool {
    CURRENT_USER.open(KEY).and_then(|key| key.get_string(NAME)).is_ok()
}

pub(super) fn turn_on(program: &OsStr, arguments: &[OsString]) -> Result<()> {
    let words = [program].into_iter().chain(arguments.iter().map(OsString::as_os_str));
    // No path of Windows has a quotation mark in it.
    let line = words.map(|word| format!("\"{}\"", word.to_string_lossy())).collect::<Vec<_>>().join(" ");
    CURRENT_USER.create(KEY)?.set_string(NAME, &line)
}

pub(super) fn turn_off() -> Result<()> {
    if is_on() { CURRENT_USER.create(KEY)?.remove_value(NAME) } else { Ok(()) }
}
