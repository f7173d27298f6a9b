//! Processes of this machine, as each system ends them and tells of them.

use std::process::Command;

#[cfg(windows)]
use crate::windows::Held;

/// Sends `signal`, as `kill` calls it, to the process `pid`.
///
/// # Panics
/// If it is not there, or on Windows for any but `-KILL`.
#[cfg(unix)]
#[track_caller]
pub fn signal(pid: u32, signal: &str) {
    assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success(), "{signal} to {pid}");
}

/// Ends the process `pid`, as the task manager does.
///
/// # Panics
/// If it is not there, or `signal` is another than `-KILL`.
#[cfg(windows)]
#[track_caller]
pub fn signal(pid: u32, signal: &str) {
    assert_eq!(signal, "-KILL", "Windows has no other");
    let killed = Command::new("taskkill").args(["/F", "/PID", &pid.to_string()]).output().unwrap();
    assert!(killed.status.success(), "{pid}: {killed:?}");
}

/// Kills what runs from `folder`. By the time that `taskkill` has started, one may have ended by itself, and another have got
/// its number: each is held, and looked at once more.
#[cfg(windows)]
pub(crate) fn kill_running_from(folder: &std::path::Path) {
    running_from(folder).into_iter().filter_map(|(_, pid)| Held::of(pid)).for_each(|held| {
        if held.executable().is_some_and(|executable| is_in(&executable, folder)) {
            held.kill();
        }
    });
}

/// Whether the process `pid` is there and has not ended.
#[cfg(unix)]
pub fn is_alive(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Whether the process `pid` is there and has not ended.
#[cfg(windows)]
pub fn is_alive(pid: u64) -> bool {
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};
    let Ok(pid) = u32::try_from(pid).map(Pid::from_u32) else { return false };
    let mut system = System::new().unwrap();
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, ProcessRefreshKind::nothing());
    system.process(pid).is_some()
}

/// What runs from `folder`, by the names of the files.
#[cfg(windows)]
pub(crate) fn running_from(folder: &std::path::Path) -> Vec<(String, u32)> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};
    let mut system = System::new().unwrap();
    let kind = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always);
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, kind);
    let from_there = system.processes().values().filter_map(|process| {
        let exe = process.exe().filter(|exe| is_in(exe, folder))?;
        Some((exe.file_name().unwrap_or_default().to_string_lossy().into_owned(), process.pid().as_u32()))
    });
    from_there.collect()
}

#[cfg(windows)]
fn is_in(file: &std::path::Path, folder: &std::path::Path) -> bool {
    let lowercase = |path: &std::path::Path| path.to_string_lossy().to_lowercase();
    file.parent().is_some_and(|parent| lowercase(parent) == lowercase(folder))
}

/// Asks the engine `pid` to end, as a service manager would.
#[cfg(unix)]
pub(crate) fn ask(pid: u32) -> bool {
    Command::new("kill").args(["-TERM", &pid.to_string()]).status().is_ok_and(|status| status.success())
}

/// Asks the engine `pid` to end, as by Ctrl-C on its console. Nobody but who is there can: the program has a helper for it.
#[cfg(windows)]
pub(crate) fn ask(pid: u32) -> bool {
    let mut helper = Command::new(crate::built("estatus"));
    helper.args(["shim", "--press", "ctrl-c", &pid.to_string()]);
    apart(&mut helper).status().is_ok_and(|status| status.success())
}

/// Has what `command` starts be asked alone.
#[cfg(unix)]
pub(crate) fn apart(command: &mut Command) -> &mut Command {
    command
}

/// Has what `command` starts be asked alone: on a console of its own, which nobody sees.
#[cfg(windows)]
pub(crate) fn apart(command: &mut Command) -> &mut Command {
    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    std::os::windows::process::CommandExt::creation_flags(command, CREATE_NO_WINDOW)
}
