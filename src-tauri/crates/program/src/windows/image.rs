//! Which executable is run for what somebody wrote, and with which command line.

use std::{
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
};

use estatus_core::command::Run;
use windows_sys::Win32::{Foundation::MAX_PATH, System::SystemInformation::GetSystemDirectoryW};

use super::{command_line, environment::Environment, node_script, search::Search, text_of};
use crate::process_start::ProcessStart;

/// An executable and its command line, which ends in a zero.
pub(super) struct Image {
    pub(super) executable: PathBuf,
    pub(super) line: Vec<u16>,
}

impl Image {
    /// For `start`, which finds `environment`.
    ///
    /// # Errors
    /// If there is no such program, or an argument that cannot be handed on.
    pub(super) fn of(start: &ProcessStart, environment: &Environment) -> io::Result<Self> {
        match &start.run {
            Run::Shell(line) => {
                let executable = environment.get("ComSpec").map_or_else(cmd, PathBuf::from);
                let line = command_line::of_shell(&executable, line)?;
                Ok(Self { executable, line })
            }
            Run::Program { program, args } => {
                let search = Search::new(start.directory.as_deref(), environment);
                let file = search.find(program).ok_or(io::ErrorKind::NotFound)?;
                if !is_batch_file(&file) {
                    return Self::of_program(file, None, args);
                }
                match node_script::behind(&file, environment).zip(node_for(&file, &search)) {
                    Some((script, node)) => Self::of_program(node, Some(&script), args),
                    None => Self::of_batch_file(&file, args),
                }
            }
        }
    }

    fn of_program(executable: PathBuf, script: Option<&Path>, args: &[String]) -> io::Result<Self> {
        let args = script.map(Path::as_os_str).into_iter().chain(args.iter().map(OsStr::new));
        let line = command_line::of_program(&executable, args)?;
        Ok(Self { executable, line })
    }

    /// `ComSpec` is not asked: these are `cmd`'s rules.
    fn of_batch_file(file: &Path, args: &[String]) -> io::Result<Self> {
        let executable = cmd();
        let line = command_line::of_batch_file(&executable, file, args.iter().map(String::as_str))?;
        Ok(Self { executable, line })
    }
}

fn is_batch_file(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("cmd") || ending.eq_ignore_ascii_case("bat"))
}

/// The node that a batch file takes: the one beside it, or else the one on the path.
fn node_for(file: &Path, search: &Search) -> Option<PathBuf> {
    let beside = file.with_file_name("node.exe");
    if beside.is_file() { Some(beside) } else { search.find("node.exe") }
}

/// The system's own.
fn cmd() -> PathBuf {
    let mut folder = [0; MAX_PATH as usize];
    // SAFETY: the pointer leads to so much room.
    let length = unsafe { GetSystemDirectoryW(folder.as_mut_ptr(), MAX_PATH) };
    let folder = usize::try_from(length).ok().and_then(|length| folder.get(..length)).unwrap_or_default();
    PathBuf::from(text_of(folder)).join("cmd.exe")
}
