//! Job objects.

use std::{
    io, mem,
    os::windows::io::{AsRawHandle, FromRawHandle, HandleOrNull, OwnedHandle, RawHandle},
    ptr, thread,
    time::{Duration, Instant},
};

use tokio::process::Child;
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
        Threading::{OpenThread, ResumeThread, THREAD_SUSPEND_RESUME},
    },
};

use super::{length_of, succeeded};

/// A job object: no descendant of what is put into it can leave it.
pub(super) struct Job(OwnedHandle);

impl Job {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: both arguments may be null: default security, no name.
        let handle = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        // SAFETY: the handle is the caller's to close, and null where there is none.
        let handle = unsafe { HandleOrNull::from_raw_handle(handle) };
        Ok(Self(OwnedHandle::try_from(handle).map_err(|_| io::Error::last_os_error())?))
    }

    /// Whether its processes end when this is dropped, or this process ends however it may.
    pub(super) fn end_with_us(&self, ends: bool) -> io::Result<()> {
        // SAFETY: the structure is plain numbers, for which zeroes are valid.
        let mut limits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = unsafe { mem::zeroed() };
        limits.BasicLimitInformation.LimitFlags = if ends { JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE } else { 0 };
        // SAFETY: the pointer and the length are those of `limits`, which is what this class of information is made of.
        succeeded(unsafe {
            SetInformationJobObject(
                self.handle(),
                JobObjectExtendedLimitInformation,
                ptr::from_ref(&limits).cast(),
                length_of(&limits),
            )
        })
    }

    fn handle(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    pub(super) fn add(&self, process: RawHandle) -> io::Result<()> {
        // SAFETY: both handles are open: the job's is ours, the process's that of a child not yet waited for.
        succeeded(unsafe { AssignProcessToJobObject(self.handle(), process) })
    }

    /// Ends all of it and gives back what is still there after `within`.
    pub(super) fn end(&self, within: Duration) -> Vec<u32> {
        const STEP: Duration = Duration::from_millis(5);
        let deadline = Instant::now() + within;
        self.terminate();
        while self.active() > 0 {
            if Instant::now() >= deadline {
                return self.pids();
            }
            thread::sleep(STEP);
        }
        Vec::new()
    }

    /// Ends every process in it.
    pub(super) fn terminate(&self) {
        const ENDED_BY_US: u32 = 1;
        // SAFETY: the handle is open.
        unsafe { TerminateJobObject(self.handle(), ENDED_BY_US) };
    }

    /// How many processes are alive in it.
    pub(super) fn active(&self) -> u32 {
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

    /// The processes in it, as far as they are not too many.
    pub(super) fn pids(&self) -> Vec<u32> {
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

/// Puts a child that was created suspended into `job`, and lets it run.
pub(super) fn join(child: &Child, job: &Job) -> io::Result<()> {
    match (child.raw_handle(), child.id()) {
        (Some(process), Some(pid)) => job.add(process).and_then(|()| resume(pid)),
        _ => Err(io::ErrorKind::NotFound.into()),
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
