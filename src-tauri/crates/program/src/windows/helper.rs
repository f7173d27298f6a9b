//! Helpers: processes of a shim's executable, for what a shim cannot do itself.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::windows::io::{AsHandle, BorrowedHandle},
};

use windows_sys::Win32::System::Threading::DETACHED_PROCESS;

use super::{
    console, pipes,
    spawn::{nothing, spawn_silent},
};

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

/// Does what a helper does whose first argument this is; nothing if it is none of a helper.
pub(super) fn help(first: &OsStr, args: impl Iterator<Item = OsString>) -> Option<io::Result<()>> {
    match first.to_str()? {
        console::HELPER => Some(console::help(args)),
        pipes::HELPER => Some(Ok(pipes::help())),
        _ => None,
    }
}
