//! Helpers: processes of a shim's executable, for what a shim cannot do itself. What each does stands where it is needed.

use std::{
    ffi::OsString,
    io,
    os::windows::io::{AsHandle, BorrowedHandle},
};

use windows_sys::Win32::System::Threading::DETACHED_PROCESS;

use super::spawn::{nothing, spawn_silent};

/// Starts one with these arguments, which reads from `stdin`. Must be called from a shim: the helper is the same executable.
pub(super) fn start(args: impl IntoIterator<Item = impl Into<OsString>>, stdin: BorrowedHandle<'_>) -> io::Result<()> {
    let executable = std::env::current_exe()?;
    // The last argument of a shim is its folder; what comes before it makes it a shim.
    let own: Vec<OsString> = std::env::args_os().skip(1).collect();
    let own = own.split_last().map_or(&[][..], |(_, own)| own).iter().cloned();
    let args: Vec<OsString> = own.chain(args.into_iter().map(Into::into)).collect();
    let nothing = nothing()?;
    let args = args.iter().map(OsString::as_os_str);
    spawn_silent(executable, args, [stdin, nothing.as_handle()], DETACHED_PROCESS).map(drop)
}
