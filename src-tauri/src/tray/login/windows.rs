//! The user's `Run` key, and what Task Manager keeps beside it.

use std::ffi::{OsStr, OsString};

use estatus_tray::command_line::command_line;
use windows_registry::{CURRENT_USER, Result};

use super::approval::lets_start;

const KEY: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
/// Where Task Manager and Windows' settings keep what the person switched off there.
const APPROVED: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";
const NAME: &str = "Estatus";

/// Whether it starts: somebody wanted it here, and nobody switched it off in Task Manager.
pub(super) fn is_on() -> bool {
    let approval = CURRENT_USER.open(APPROVED).and_then(|key| key.get_value(NAME)).ok();
    is_there() && lets_start(approval.as_deref())
}

/// Whoever wants it now means it, whatever was switched off before.
pub(super) fn turn_on(program: &OsStr, arguments: &[OsString]) -> Result<()> {
    forget(APPROVED)?;
    CURRENT_USER.create(KEY)?.set_string(NAME, command_line(program, arguments))
}

pub(super) fn turn_off() -> Result<()> {
    forget(APPROVED)?;
    forget(KEY)
}

fn is_there() -> bool {
    CURRENT_USER.open(KEY).and_then(|key| key.get_string(NAME)).is_ok()
}

/// Takes our value out of `key`, if it is there.
fn forget(key: &str) -> Result<()> {
    if CURRENT_USER.open(key).and_then(|key| key.get_value(NAME)).is_ok() {
        CURRENT_USER.create(key)?.remove_value(NAME)?;
    }
    Ok(())
}
