//! What goes wrong at the service control manager, in words.

use std::io;

use windows_service::Error;

use crate::CommandError;

/// System error codes that mean something to us.
pub(super) mod code {
    pub(in super::super) const ACCESS_DENIED: i32 = 5;
    pub(in super::super) const NO_SUCH_SERVICE: i32 = 1060;
    pub(in super::super) const LOGON_FAILED: i32 = 1069;
    pub(in super::super) const MARKED_FOR_DELETE: i32 = 1072;
    pub(in super::super) const ALREADY_RUNNING: i32 = 1056;
    pub(in super::super) const NOT_ACTIVE: i32 = 1062;
    pub(in super::super) const BAD_ACCOUNT: i32 = 1057;
}

/// What went wrong, as the end of a command.
pub(super) fn failed(error: Error) -> CommandError {
    CommandError::Failed(in_words(&error))
}

/// What went wrong, and what to do about it.
pub(super) fn in_words(error: &Error) -> String {
    let Error::Winapi(system) = error else { return format!("the service control manager: {error}") };
    let advice = match system.raw_os_error() {
        Some(code::ACCESS_DENIED) => "open a terminal by “Run as administrator”, and run this there",
        Some(code::LOGON_FAILED) => {
            "the password is wrong, or the account lacks the right “Log on as a service” (secpol.msc, Local Policies, User \
             Rights Assignment)"
        }
        Some(code::BAD_ACCOUNT) => r"there is no such account: write it as .\name or DOMAIN\name",
        Some(code::MARKED_FOR_DELETE) => "close the Services window and Task Manager, and try again",
        _ => return format!("the service control manager: {system}"),
    };
    format!("the service control manager: {system}; {advice}")
}

pub(super) fn system_code(error: &Error) -> Option<i32> {
    match error {
        Error::Winapi(error) => io::Error::raw_os_error(error),
        _ => None,
    }
}
