//! Process trees on Windows: job objects, which no descendant can leave.
#![allow(unsafe_code, reason = "job objects are reached by the Windows API alone")]

use std::{
    ffi::{OsStr, OsString},
    io, mem,
    os::windows::io::{AsRawHandle, FromRawHandle, HandleOrNull, OwnedHandle, RawHandle},
    path::{Path, PathBuf},
    process::ExitStatus,
    ptr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use estatus_core::command::{CommandEnd, Run};
use tokio::process::{Child, Command};
use windows_sys::Win32::{
    Foundation::{HANDLE, INVALID_HANDLE_VALUE},
    System::{
        Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, TH32CS_SNAPTHREAD, THREADENTRY32, Thread32First, Thread32Next,
        },
        JobObjects::{
            AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
            JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_BASIC_PROCESS_ID_LIST,
            JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicAccountingInformation, JobObjectBasicProcessIdList,
            JobObjectExtendedLimitInformation, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
        },
        Threading::{CREATE_NO_WINDOW, CREATE_SUSPENDED, OpenThread, ResumeThread, THREAD_SUSPEND_RESUME},
    },
};

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

/// A process and all that came of it.
pub(crate) struct Tree(Arc<Job>);

impl Tree {
    /// Starts `command` as the root of a tree of its own, without a console window.
    pub(crate) fn spawn(mut command: Command) -> io::Result<(Child, Self)> {
        let job = Job::new()?;
        let mut child = command.creation_flags(CREATE_NO_WINDOW | CREATE_SUSPENDED).spawn()?;
        let joined = match (child.raw_handle(), child.id()) {
            (Some(process), Some(pid)) => job.add(process).and_then(|()| resume(pid)),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        match joined {
            Ok(()) => Ok((child, Self(Arc::new(job)))),
            Err(error) => {
                child.start_kill()?;
                Err(error)
            }
        }
    }

    /// Waits for the end of the root.
    pub(crate) async fn exited(&self, child: &mut Child) -> io::Result<()> {
        child.wait().await.map(drop)
    }

    /// Ends all of the tree and gives back what is still there after `within`.
    pub(crate) async fn end(&self, within: Duration) -> Vec<u32> {
        let job = Arc::clone(&self.0);
        match tokio::task::spawn_blocking(move || job.end(within)).await {
            Ok(left) => left,
            Err(_) => self.0.end(within),
        }
    }

    /// The same, on this thread.
    pub(crate) fn end_now(&self, within: Duration) {
        self.0.end(within);
    }
}

/// A job object whose processes end with it.
struct Job(OwnedHandle);

impl Job {
    fn new() -> io::Result<Self> {
        // SAFETY: both arguments may be null: default security, no name.
        let handle = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        // SAFETY: the handle is the caller's to close, and null where there is none.
        let handle = unsafe { HandleOrNull::from_raw_handle(handle) };
        let job = Self(OwnedHandle::try_from(handle).map_err(|_| io::Error::last_os_error())?);
        // SAFETY: the structure is plain numbers, for which zeroes are valid.
        let mut limits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = unsafe { mem::zeroed() };
        limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
        // SAFETY: the pointer and the length are those of `limits`, which is what this class of information is made of.
        succeeded(unsafe {
            SetInformationJobObject(
                job.handle(),
                JobObjectExtendedLimitInformation,
                ptr::from_ref(&limits).cast(),
                length_of(&limits),
            )
        })?;
        Ok(job)
    }

    fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    fn add(&self, process: RawHandle) -> io::Result<()> {
        // SAFETY: both handles are open: the job's is ours, the process's that of a child not yet waited for.
        succeeded(unsafe { AssignProcessToJobObject(self.handle(), process) })
    }

    fn end(&self, within: Duration) -> Vec<u32> {
        const STEP: Duration = Duration::from_millis(5);
        const ENDED_BY_US: u32 = 1;
        let deadline = Instant::now() + within;
        // SAFETY: the handle is open.
        unsafe { TerminateJobObject(self.handle(), ENDED_BY_US) };
        while self.active() > 0 {
            if Instant::now() >= deadline {
                return self.pids();
            }
            thread::sleep(STEP);
        }
        Vec::new()
    }

    /// How many processes are alive in it.
    fn active(&self) -> u32 {
        // SAFETY: the structure is plain numbers, for which zeroes are valid.
        let mut accounting: JOBOBJECT_BASIC_ACCOUNTING_INFORMATION = unsafe { mem::zeroed() };
        // SAFETY: the pointer and the length are those of `accounting`, which is what this class of information is
        // made of; the length that was written is not asked for.
        unsafe {
            QueryInformationJobObject(
                self.handle(),
                JobObjectBasicAccountingInformation,
                ptr::from_mut(&mut accounting).cast(),
                length_of(&accounting),
                ptr::null_mut(),
            )
        };
        accounting.ActiveProcesses
    }

    fn pids(&self) -> Vec<u32> {
        #[repr(C)]
        struct Pids {
            list: JOBOBJECT_BASIC_PROCESS_ID_LIST,
            more: [usize; 63],
        }
        // SAFETY: the structure is plain numbers, for which zeroes are valid.
        let mut pids: Pids = unsafe { mem::zeroed() };
        // SAFETY: the pointer and the length are those of `pids`, which begins with what this class of information is
        // made of and has room for the array that continues it; the length that was written is not asked for.
        unsafe {
            QueryInformationJobObject(
                self.handle(),
                JobObjectBasicProcessIdList,
                ptr::from_mut(&mut pids).cast(),
                length_of(&pids),
                ptr::null_mut(),
            )
        };
        let all = pids.list.ProcessIdList.iter().chain(&pids.more);
        let listed = usize::try_from(pids.list.NumberOfProcessIdsInList).unwrap_or(usize::MAX);
        all.take(listed).filter_map(|&pid| u32::try_from(pid).ok()).collect()
    }
}

/// Lets the threads of a process that was created suspended run.
fn resume(pid: u32) -> io::Result<()> {
    // SAFETY: takes no pointers.
    let snapshot = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0) };
    if snapshot == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the handle is valid and the caller's to close.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(snapshot) };
    // SAFETY: the structure is plain numbers, for which zeroes are valid.
    let mut entry: THREADENTRY32 = unsafe { mem::zeroed() };
    entry.dwSize = length_of(&entry);
    // SAFETY: the handle is open and `entry` tells its own length.
    let mut more = unsafe { Thread32First(snapshot.as_raw_handle(), &raw mut entry) };
    let mut resumed = false;
    while more != 0 {
        if entry.th32OwnerProcessID == pid {
            resume_thread(entry.th32ThreadID)?;
            resumed = true;
        }
        // SAFETY: as above.
        more = unsafe { Thread32Next(snapshot.as_raw_handle(), &raw mut entry) };
    }
    if resumed { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

fn resume_thread(id: u32) -> io::Result<()> {
    // SAFETY: takes no pointers.
    let thread = unsafe { OpenThread(THREAD_SUSPEND_RESUME, 0, id) };
    // SAFETY: the handle is the caller's to close, and null where there is none.
    let thread = unsafe { HandleOrNull::from_raw_handle(thread) };
    let thread = OwnedHandle::try_from(thread).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the handle is open and has the right to resume.
    let count = unsafe { ResumeThread(thread.as_raw_handle()) };
    if count == u32::MAX { Err(io::Error::last_os_error()) } else { Ok(()) }
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
