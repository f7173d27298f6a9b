//! What stands for the page where there is no node: a program that listens, which a batch file starts, as npm's does.

use std::{fs, net::TcpStream, path::Path};

use estatus_tests::built;
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind};

/// What it writes as soon as it serves.
pub(crate) const SAYS: &str = "listening on";
/// How it is stopped: by the task manager.
pub(crate) const STOPPED: &[&str] = &["-KILL"];

const SERVER: &str = "page.exe";

/// Makes it.
pub(super) fn make(folder: &Path) {
    fs::copy(built("examples/estatus-child"), folder.join(SERVER)).unwrap();
    fs::write(folder.join("dev.cmd"), format!("@echo off\r\n{SERVER} page port %1\r\n")).unwrap();
}

/// The command, which is found in the page's folder.
pub(super) fn command(port: u16) -> String {
    format!("dev.cmd {port}")
}

/// The processes whose executable is in the page's folder.
pub(super) fn processes(folder: &Path) -> Vec<(u32, String)> {
    let what = ProcessRefreshKind::nothing().with_exe(UpdateKind::Always);
    let mut system = System::new().unwrap();
    system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    let is_here = |process: &&sysinfo::Process| process.exe().is_some_and(|exe| exe.parent() == Some(folder));
    let told = |process: &sysinfo::Process| (process.pid().as_u32(), process.name().to_string_lossy().into_owned());
    system.processes().values().filter(is_here).map(told).collect()
}

/// Whether this process is the one that listens.
pub(super) fn is_server(name: &str) -> bool {
    name == SERVER
}

/// Whether the page is there.
pub(super) fn is_served(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
