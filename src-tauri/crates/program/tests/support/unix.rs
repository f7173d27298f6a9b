//! Processes of a test are told by their command lines.

use std::{
    fs,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    time::Duration,
};

use estatus_core::{exit::Exit, program::ProcessId};
use rustix::process::{Pid, Signal, kill_process};

/// How what does not listen ends when it is asked to.
pub(crate) static ASKED: LazyLock<Exit> = LazyLock::new(|| Exit::Signal(15));
/// In what time a program of a test is to have ended.
pub(crate) const STOPPED_WITHIN: Duration = Duration::from_millis(500);
/// How what was killed by a test ends.
pub(crate) const KILLED: Exit = Exit::Signal(9);
/// What is known of an exit code that is `_known` when the shim was killed before.
pub(crate) const UNSEEN: fn(Exit) -> Exit = |_known| Exit::Unseen;
/// An engine has so many processes from which its shims come.
pub(crate) const FORK_SERVERS: usize = 1;
/// Stands between two commands of a shell.
pub(crate) const AND_THEN: &str = ";";
/// A command of a shell that does not end by itself.
pub(crate) const FOREVER: &str = "sleep 1000";
/// An executable that does nothing.
pub(crate) const NOTHING: &str = "/bin/true";

pub(crate) fn set_up(_child: &Path, _data: &Path, _tag: &str) {}

pub(crate) fn executable(child: &Path, _data: &Path, _tag: &str) -> PathBuf {
    child.to_owned()
}

pub(crate) fn shim_executable(child: &Path, _data: &Path, _tag: &str) -> PathBuf {
    child.to_owned()
}

pub(crate) fn processes_with(tag: &str, shims: bool) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let args: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
        let has_tag = line.windows(tag.len()).any(|part| part == tag.as_bytes());
        has_tag && is_alive(*pid) && (args.get(1) == Some(&b"shim".as_slice())) == shims
    })
    .collect()
}

/// The shim that holds the lock of this folder.
pub(crate) fn shim_among(shims: &[u32], folder: &Path) -> Option<u32> {
    let lock = fs::canonicalize(folder.join("shim.lock")).ok()?;
    shims.iter().copied().find(|pid| {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|file| file == lock)
    })
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

pub(crate) fn kill(pid: u32) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = kill_process(pid, Signal::KILL);
}

/// In a group of its own.
pub(crate) fn apart(command: &mut Command) -> &mut Command {
    command.process_group(0)
}

/// Nobody needs a console here to be asked to end.
pub(crate) fn on_console(command: &mut Command) -> &mut Command {
    command
}

/// Who holds a port, where that is this process.
pub(crate) fn holder() -> Option<String> {
    let name = fs::read_to_string("/proc/self/comm").unwrap();
    Some(format!("{} (pid {})", name.trim(), std::process::id()))
}

/// What tells a process from every other.
pub(crate) fn identity(pid: u32) -> ProcessId {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let started = stat.rsplit_once(") ").unwrap().1.split(' ').nth(19).unwrap();
    ProcessId { pid, started: started.parse().unwrap() }
}
