//! Processes on Linux: process groups, descent, a token in the environment and open pipes, all read from `/proc`, and
//! pidfds to act on them.
#![allow(unsafe_code, reason = "file descriptors are registered with the runtime")]

mod children;
mod find;
mod fork_server;
mod notify;
mod pipes;
mod process;
mod program_tree;
mod run_tree;
mod search;
mod socket;

use std::{
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::process::ExitStatusExt,
    },
    path::{Path, PathBuf},
};

use estatus_core::command::{CommandEnd, Run};
use tokio::{
    io::{Interest, unix::AsyncFd},
    process::Command,
};

pub(crate) use children::Children;
pub(crate) use find::{directory, is_shim, listeners, running, unit, usage};
pub(crate) use fork_server::{Entry, Shims, enter};
pub(crate) use notify::NotifySocket;
pub(crate) use pipes::Pipes;
pub(crate) use process::{boot_id, can_be_asked};
pub(crate) use program_tree::{First, ProgramTree};
pub(crate) use run_tree::Tree;
pub use search::find_executable;
pub(crate) use search::{SHELL_SIGNS, SHELL_WORDS, as_shell_word};
pub(crate) use socket::{EngineEnd, Listener, ShimEnd, connect};
pub(crate) use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};

use crate::{encoding::CodePages, process_start::ProcessStart};

/// The variable that marks every process of a run, wherever it went.
const TOKEN: &str = "ESTATUS_RUN_TOKEN";

fn command(start: &ProcessStart) -> Command {
    let mut command = match &start.run {
        Run::Shell(line) => {
            let mut command = Command::new("/bin/sh");
            command.arg("-c").arg(line);
            command
        }
        Run::Program { program, args } => {
            let mut command = Command::new(program);
            command.args(args);
            command
        }
    };
    if let Some(directory) = &start.directory {
        command.current_dir(directory);
    }
    for (name, value) in start.variables.changes() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// The whole path of a folder that is there.
pub(crate) fn whole(folder: &Path) -> io::Result<PathBuf> {
    std::fs::canonicalize(folder)
}

/// Everything is written in UTF-8 here.
pub(crate) fn code_pages() -> CodePages {
    CodePages::default()
}

/// How a command ended that we did not end, once it has.
pub(crate) async fn command_end(child: &mut Child) -> io::Result<CommandEnd> {
    let status = child.wait().await?;
    Ok(match (status.code(), status.signal()) {
        (Some(code), _) => CommandEnd::Exited(code),
        (None, signal) => CommandEnd::Signaled(signal.unwrap_or_default()),
    })
}

/// Whether `error` says that there is something, but nothing that can be executed.
pub(crate) fn is_not_executable(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
        || error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

/// `fd`, of which the runtime tells when it becomes readable.
fn watched<T: AsRawFd + Owned>(fd: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: what is `Owned` is open until it is dropped, and nothing takes it out of the `AsyncFd` or replaces it.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE)? })
}

/// What has one file descriptor of its own, always the same, from its making to its end.
trait Owned {}
impl Owned for OwnedFd {}
impl Owned for fs::File {}
