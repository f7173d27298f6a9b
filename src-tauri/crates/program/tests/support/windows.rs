//! Processes of a test are told by their executables: each test has copies of its own. Not by their command lines, which
//! not everything that runs programs for Windows tells.
#![allow(unsafe_code, reason = "processes are reached by the Windows API alone")]

use std::{
    fs, mem,
    os::windows::{
        io::{AsRawHandle, FromRawHandle, OwnedHandle},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
    time::Duration,
};

use estatus_core::{exit::Exit, program::ProcessId};
use windows_sys::{
    Win32::{
        Foundation::{FILETIME, INVALID_HANDLE_VALUE, STATUS_CONTROL_C_EXIT, WAIT_TIMEOUT},
        System::{
            Diagnostics::ToolHelp::{
                CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
            },
            LibraryLoader::{GetModuleHandleA, GetProcAddress},
            Threading::{
                CREATE_NO_WINDOW, DETACHED_PROCESS, GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION,
                PROCESS_SYNCHRONIZE, PROCESS_TERMINATE, TerminateProcess, WaitForSingleObject,
            },
        },
    },
    s,
};

/// How what does not listen ends when it is asked to: Wine says otherwise than Windows.
pub(crate) static ASKED: LazyLock<Exit> =
    LazyLock::new(|| Exit::Code(if is_wine() { 0 } else { STATUS_CONTROL_C_EXIT }));
/// How what says which key was pressed ends by Ctrl-Break, which Wine presses on nothing: then it is killed.
pub(crate) static BROKEN: LazyLock<Exit> = LazyLock::new(|| if is_wine() { Exit::Signal(9) } else { Exit::Code(4) });
/// In what time a program of a test is to have ended: to ask it takes another process, which has to start.
pub(crate) const STOPPED_WITHIN: Duration = Duration::from_secs(2);
/// How what was killed by a test ends.
pub(crate) const KILLED: Exit = Exit::Code(KILLED_BY_TEST.cast_signed());
/// What is known of an exit code when the shim was killed before: all, since a process is no child of anybody.
pub(crate) const UNSEEN: fn(Exit) -> Exit = |known| known;
/// An engine has so many processes from which its shims come.
pub(crate) const FORK_SERVERS: usize = 0;
/// Stands between two commands of a shell.
pub(crate) const AND_THEN: &str = " &";
/// A command of a shell that does not end by itself.
pub(crate) const FOREVER: &str = "ping -n 1000 127.0.0.1";
/// An executable that does nothing.
pub(crate) const NOTHING: &str = r"C:\windows\system32\hostname.exe";

const KILLED_BY_TEST: u32 = 99;

pub(crate) fn set_up(child: &Path, data: &Path, tag: &str) {
    for copy in [executable(child, data, tag), shim_executable(child, data, tag)] {
        fs::copy(child, copy).unwrap();
    }
}

pub(crate) fn executable(_child: &Path, data: &Path, tag: &str) -> PathBuf {
    data.join(format!("child-{tag}.exe"))
}

pub(crate) fn shim_executable(_child: &Path, data: &Path, tag: &str) -> PathBuf {
    data.join(format!("shim-{tag}.exe"))
}

pub(crate) fn processes_with(tag: &str, shims: bool) -> Vec<u32> {
    let name = format!("{}-{tag}", if shims { "shim" } else { "child" });
    // Shims run as copies, which have one part more in their names.
    let is_it = |own: &str| own.strip_prefix(&name).is_some_and(|rest| rest.starts_with(['.', '-']));
    all().into_iter().filter(|(pid, own)| is_it(own) && is_alive(*pid)).map(|(pid, _)| pid).collect()
}

/// The shim of this folder: of the tests that ask, each has one program.
pub(crate) fn shim_among(shims: &[u32], _folder: &Path) -> Option<u32> {
    shims.first().copied()
}

pub(crate) fn is_alive(pid: u32) -> bool {
    let Some(process) = open(pid) else { return false };
    // SAFETY: the handle is open and has the right to be waited for.
    unsafe { WaitForSingleObject(process.as_raw_handle(), 0) == WAIT_TIMEOUT }
}

pub(crate) fn kill(pid: u32) {
    if let Some(process) = open(pid) {
        // SAFETY: the handle is open.
        unsafe { TerminateProcess(process.as_raw_handle(), KILLED_BY_TEST) };
    }
}

/// Without a console, so that nothing can be pressed on it.
pub(crate) fn apart(command: &mut Command) -> &mut Command {
    command.creation_flags(DETACHED_PROCESS)
}

/// On a console of its own that nobody sees.
pub(crate) fn on_console(command: &mut Command) -> &mut Command {
    command.creation_flags(CREATE_NO_WINDOW)
}

/// Who holds a port, where that is this process. Wine does not say whose a port is.
pub(crate) fn holder() -> Option<String> {
    let executable = std::env::current_exe().unwrap();
    let name = executable.file_name().unwrap().to_string_lossy().into_owned();
    (!is_wine()).then(|| format!("{name} (pid {})", std::process::id()))
}

fn is_wine() -> bool {
    // SAFETY: both names end in a zero; a module that is always loaded is asked for.
    unsafe { GetProcAddress(GetModuleHandleA(s!("ntdll.dll")), s!("wine_get_version")) }.is_some()
}

/// What tells a process from every other.
pub(crate) fn identity(pid: u32) -> ProcessId {
    let nothing = FILETIME { dwLowDateTime: 0, dwHighDateTime: 0 };
    let (mut created, mut exited, mut kernel, mut user) = (nothing, nothing, nothing, nothing);
    let process = open(pid).unwrap();
    // SAFETY: the handle is open, and the four are where the times go.
    let told = unsafe {
        GetProcessTimes(process.as_raw_handle(), &raw mut created, &raw mut exited, &raw mut kernel, &raw mut user)
    };
    assert_ne!(told, 0);
    ProcessId { pid, started: u64::from(created.dwHighDateTime) << 32 | u64::from(created.dwLowDateTime) }
}

fn open(pid: u32) -> Option<OwnedHandle> {
    let rights = PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE | PROCESS_TERMINATE;
    // SAFETY: takes no pointers.
    let handle = unsafe { OpenProcess(rights, 0, pid) };
    // SAFETY: it is not null, and ours to close.
    (!handle.is_null()).then(|| unsafe { OwnedHandle::from_raw_handle(handle) })
}

/// Every process, with its name.
fn all() -> Vec<(u32, String)> {
    // SAFETY: takes no pointers.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    assert_ne!(snapshot, INVALID_HANDLE_VALUE);
    // SAFETY: it is ours to close.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
    // SAFETY: the structure is plain numbers, for which zeroes are valid.
    let mut entry: PROCESSENTRY32W = unsafe { mem::zeroed() };
    entry.dwSize = u32::try_from(size_of::<PROCESSENTRY32W>()).unwrap();
    let mut all = Vec::new();
    // SAFETY: the handle is open and `entry` tells its own length.
    let mut more = unsafe { Process32FirstW(snapshot.as_raw_handle(), &raw mut entry) };
    while more != 0 {
        let name = entry.szExeFile.split(|&unit| unit == 0).next().unwrap_or_default();
        all.push((entry.th32ProcessID, String::from_utf16_lossy(name)));
        // SAFETY: as above.
        more = unsafe { Process32NextW(snapshot.as_raw_handle(), &raw mut entry) };
    }
    all
}
