//! Processes on Windows: job objects, which no descendant can leave.
#![allow(unsafe_code, reason = "processes are reached by the Windows API alone")]

mod children;
mod find;
mod fork_server;
mod job;
mod notify;
mod pipes;
mod process;
mod program_tree;
mod run_tree;
mod socket;

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use estatus_core::command::{CommandEnd, Run};
use tokio::process::Command;
use windows_sys::Win32::Foundation::ERROR_BAD_EXE_FORMAT;

pub(crate) use children::Children;
pub(crate) use find::{directory, listeners, running, unit, usage};
pub(crate) use fork_server::{Entry, Shims, enter};
pub(crate) use notify::NotifySocket;
pub(crate) use pipes::Pipes;
pub(crate) use process::{boot_id, random_name};
pub(crate) use program_tree::{First, ProgramTree};
pub(crate) use run_tree::Tree;
pub(crate) use socket::{EngineEnd, Listener, ShimEnd, connect};

/// The command for `run`, without its environment and directory. A program is looked for as the shell does, so that
/// `npm` finds `npm.cmd`.
pub(crate) fn command(run: &Run, directory: Option<&Path>, env: &[(&str, &str)]) -> Command {
    match run {
        Run::Shell(line) => {
            let shell = std::env::var_os("ComSpec").unwrap_or_else(|| "cmd.exe".into());
            let mut command = Command::new(shell);
            // With /s exactly the outer quotes are taken off, and the line reaches the shell as typed.
            command.raw_arg(format!("/d /s /c \"{line}\""));
            command
        }
        Run::Program { program, args } => {
            let mut command = Command::new(Search::new(directory, env).find(program));
            command.args(args);
            command
        }
    }
}

/// How a process ended that we did not end.
pub(crate) fn end_of(status: ExitStatus) -> CommandEnd {
    CommandEnd::Exited(status.code().unwrap_or_default())
}

/// Whether `error` says that there is something, but nothing that can be executed.
pub(crate) fn is_not_executable(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(ERROR_BAD_EXE_FORMAT.cast_signed())
}

/// Makes a folder; whose it is follows from the one it is in, which is this user's.
pub(crate) fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Where and under which endings a program is looked for.
struct Search {
    directory: PathBuf,
    path: Vec<PathBuf>,
    endings: Vec<OsString>,
}

impl Search {
    fn new(directory: Option<&Path>, env: &[(&str, &str)]) -> Self {
        let variable = |wanted: &str| {
            let own = env.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            own.map(|(_, value)| OsString::from(value)).or_else(|| std::env::var_os(wanted)).unwrap_or_default()
        };
        let path = std::env::split_paths(&variable("PATH")).collect();
        let endings = variable("PATHEXT").into_string().unwrap_or_default();
        let endings = if endings.is_empty() { ".COM;.EXE;.BAT;.CMD" } else { &endings };
        let endings = endings.split(';').map(OsString::from).collect();
        Self { directory: directory.map(Path::to_owned).unwrap_or_default(), path, endings }
    }

    /// The first file that fits, or `program` itself, of which the system then says that it is not there.
    fn find(&self, program: &str) -> PathBuf {
        let path: &[PathBuf] = if program.contains(['/', '\\']) { &[] } else { &self.path };
        std::iter::once(&self.directory)
            .chain(path)
            .flat_map(|folder| self.candidates(&folder.join(program)))
            .find(|candidate| candidate.is_file())
            .unwrap_or_else(|| program.into())
    }

    /// A name without an ending is never taken as it is: beside `npm.cmd` lies an `npm` for other systems.
    fn candidates(&self, file: &Path) -> Vec<PathBuf> {
        let with = |ending: &OsString| {
            let mut name = file.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let complete = self.endings.iter().any(|ending| {
            let own = file.extension().unwrap_or(OsStr::new(""));
            own.eq_ignore_ascii_case(ending.to_string_lossy().trim_start_matches('.'))
        });
        complete.then(|| file.to_owned()).into_iter().chain(self.endings.iter().map(with)).collect()
    }
}

fn succeeded(result: i32) -> io::Result<()> {
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[expect(clippy::cast_possible_truncation, reason = "these structures have less than a kilobyte")]
fn length_of<T>(_: &T) -> u32 {
    size_of::<T>() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_the_endings_of_programs_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["npm", "npm.cmd", "tool.exe", "tool.cmd", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let path = folder.path().to_str().unwrap();
        let check = |program: &str, found: &str| {
            let search = Search::new(None, &[("Path", path), ("PATHEXT", ".EXE;.CMD")]);
            let file = search.find(program).file_name().unwrap().to_string_lossy().to_lowercase();
            assert_eq!(file, found, "{program}");
        };
        check("npm", "npm.cmd");
        check("NPM.CMD", "npm.cmd");
        check("tool", "tool.exe");
        check("notes", "notes");
        check("none", "none");
    }
}
