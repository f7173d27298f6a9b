//! Processes on Windows: job objects, which no descendant can leave.
#![allow(unsafe_code, reason = "processes are reached by the Windows API alone")]

mod adoption;
mod child;
mod children;
mod close;
mod command_line;
mod console;
mod descent;
mod environment;
mod find;
mod fork_server;
mod handle;
mod handles;
mod helper;
mod image;
mod job;
mod job_events;
mod node_script;
mod notify;
mod outsider;
mod pipes;
mod process;
mod process_list;
mod program_tree;
mod run_tree;
mod search;
mod shim_copy;
mod socket;
mod spawn;
mod wait;

use std::{
    ffi::{OsStr, OsString},
    io,
    os::windows::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use windows_sys::Win32::{
    Foundation::ERROR_BAD_EXE_FORMAT,
    Globalization::{GetACP, GetOEMCP},
};

pub(crate) use adoption::can_be_asked;
pub(crate) use child::{Child, ChildStderr, ChildStdin, ChildStdout, command_end};
pub(crate) use children::Children;
pub(crate) use find::{directory, listeners, running, unit, usage};
pub(crate) use fork_server::{Entry, Shims, enter};
pub(crate) use notify::NotifySocket;
pub(crate) use pipes::Pipes;
pub(crate) use process::boot_id;
pub(crate) use program_tree::{First, ProgramTree};
pub(crate) use run_tree::Tree;
pub use search::find_executable;
pub(crate) use search::{SHELL_SIGNS, SHELL_WORDS, as_shell_word};
pub(crate) use shim_copy::is_shim;
pub(crate) use socket::{EngineEnd, Listener, ShimEnd, connect};

use crate::{encoding::CodePages, names::random_name};

/// The whole path of a folder, as every program takes it: `cmd` works in none that begins with `\\?\`.
pub(crate) fn whole(folder: &Path) -> io::Result<PathBuf> {
    let whole = std::path::absolute(folder)?;
    let share = whole.to_str().and_then(|path| path.strip_prefix(r"\\?\UNC\"));
    Ok(share.map_or_else(|| dunce::simplified(&whole).to_owned(), |share| format!(r"\\{share}").into()))
}

/// The code pages of this system.
pub(crate) fn code_pages() -> CodePages {
    // SAFETY: takes and changes nothing.
    let (console, windows) = unsafe { (GetOEMCP(), GetACP()) };
    CodePages { console: u16::try_from(console).ok(), windows: u16::try_from(windows).ok() }
}

/// Whether `error` says that there is something, but nothing that can be executed.
pub(crate) fn is_not_executable(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(ERROR_BAD_EXE_FORMAT.cast_signed())
}

fn succeeded(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[expect(clippy::cast_possible_truncation, reason = "these structures have less than a kilobyte")]
fn length_of<T>(_: &T) -> u32 {
    size_of::<T>() as u32
}

/// A text as the system takes it, with a zero at its end.
fn wide(text: impl AsRef<OsStr>) -> Vec<u16> {
    text.as_ref().encode_wide().chain([0]).collect()
}

/// A text as the system gives it, without the zero at its end.
fn text_of(units: &[u16]) -> OsString {
    OsString::from_wide(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_told_in_a_form_that_cmd_takes() {
        let check =
            |folder: &str, told: &str| assert_eq!(whole(Path::new(folder)).unwrap(), Path::new(told), "{folder}");
        check(r"C:\data\programs", r"C:\data\programs");
        check(r"\\?\C:\data\programs", r"C:\data\programs");
        check(r"\\server\share\data", r"\\server\share\data");
        check(r"\\?\UNC\server\share\data", r"\\server\share\data");
    }
}
