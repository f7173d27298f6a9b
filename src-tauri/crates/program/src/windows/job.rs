//! Job objects.

use std::{
    io, mem,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    ptr,
    time::Duration,
};

use tokio::time::timeout;
use tracing::warn;
use windows_sys::Win32::{
    Foundation::{ERROR_FILE_NOT_FOUND, ERROR_MORE_DATA, HANDLE},
    System::{
        JobObjects::{
            AssignProcessToJobObject, CreateJobObjectW, IsProcessInJob, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
            JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JOBOBJECTINFOCLASS,
            JobObjectBasicAccountingInformation, JobObjectBasicProcessIdList, JobObjectExtendedLimitInformation,
            OpenJobObjectW, QueryInformationJobObject, SetInformationJobObject, TerminateJobObject,
        },
        SystemServices::{self, JOB_OBJECT_ASSIGN_PROCESS, JOB_OBJECT_QUERY, JOB_OBJECT_SET_ATTRIBUTES},
    },
};

use super::{
    handle,
    job_events::{Events, Grown},
    length_of,
    process::{Process, counts},
    succeeded, wide,
};

/// The exit code of a process that was ended by us. No program chooses it: the bit of codes that are the system's
/// customers' own is set (MS-ERREF, 2.3), and the rest is "EST".
pub(super) const ENDED_BY_US: u32 = 0xE045_5354;
/// How often is looked although nothing was told: what a completion port is told may get lost.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A job object: no descendant of what is put into it can leave it.
pub(super) struct Job {
    handle: OwnedHandle,
    /// Nothing where the system cannot tell what happens in the job: then it is looked for.
    events: Option<Events>,
}

impl Job {
    /// A new job, without a name or with one by which it is found as long as anybody has a handle on it.
    pub(super) fn new(name: Option<&str>) -> io::Result<Self> {
        let name = name.map(wide);
        let name = name.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        // SAFETY: nothing is said of security; the name is null, or ends in a zero and outlives the call. The handle is
        // the caller's to close.
        unsafe { handle::or_null(CreateJobObjectW(ptr::null(), name)) }.map(Self::from)
    }

    /// The job of this name, if there is one.
    pub(super) fn open(name: &str) -> io::Result<Option<Self>> {
        const ACCESS: u32 = JOB_OBJECT_ASSIGN_PROCESS
            | JOB_OBJECT_SET_ATTRIBUTES
            | JOB_OBJECT_QUERY
            | SystemServices::JOB_OBJECT_TERMINATE;
        let name = wide(name);
        // SAFETY: the name ends in a zero and outlives the call, and the handle is the caller's to close.
        match unsafe { handle::or_null(OpenJobObjectW(ACCESS, 0, name.as_ptr())) } {
            Err(error) if error.raw_os_error() == Some(ERROR_FILE_NOT_FOUND.cast_signed()) => Ok(None),
            opened => opened.map(|handle| Some(Self::from(handle))),
        }
    }

    /// Whether its processes end when nobody has a handle on it any more.
    pub(super) fn end_with_last_handle(&self, ends: bool) -> io::Result<()> {
        // SAFETY: the structure is plain numbers, for which zeroes are valid.
        let mut limits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = unsafe { mem::zeroed() };
        limits.BasicLimitInformation.LimitFlags = if ends { JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE } else { 0 };
        // SAFETY: the pointer and the length are those of `limits`, which is what this class of information is made of.
        succeeded(unsafe {
            SetInformationJobObject(
                self.raw(),
                JobObjectExtendedLimitInformation,
                ptr::from_ref(&limits).cast(),
                length_of(&limits),
            )
        })
    }

    pub(super) fn handle(&self) -> BorrowedHandle<'_> {
        self.handle.as_handle()
    }

    fn raw(&self) -> HANDLE {
        self.handle.as_raw_handle()
    }

    pub(super) fn add(&self, process: &Process) -> io::Result<()> {
        // SAFETY: both handles are open.
        succeeded(unsafe { AssignProcessToJobObject(self.raw(), process.handle().as_raw_handle()) })
    }

    /// Ends every process in it, and whatever is born into it meanwhile. Whether no process in it is alive, `within` that
    /// time.
    pub(super) async fn end(&self, within: Duration) -> bool {
        let ended = async {
            loop {
                // Who is being made while others are ended may come into it after them.
                let terminated = self.terminate();
                if timeout(LOOK_EVERY, self.emptied()).await.is_ok() {
                    return;
                }
                if let Err(error) = terminated {
                    warn!(%error, "the processes of a job cannot be ended");
                }
            }
        };
        timeout(within, ended).await.is_ok()
    }

    /// Ends every process that is in it now.
    pub(super) fn terminate(&self) -> io::Result<()> {
        // SAFETY: the handle is open.
        succeeded(unsafe { TerminateJobObject(self.raw(), ENDED_BY_US) })
    }

    /// Whether no process in it is alive but what shows its console, which ends with whoever is on it. What cannot be known is
    /// no proof.
    pub(super) fn is_empty(&self) -> bool {
        self.active().is_ok_and(|active| active == 0) || self.pids().is_ok_and(|pids| !pids.into_iter().any(counts))
    }

    fn active(&self) -> io::Result<u32> {
        // SAFETY: the structure is plain numbers, for which zeroes are valid.
        let mut accounting: JOBOBJECT_BASIC_ACCOUNTING_INFORMATION = unsafe { mem::zeroed() };
        // SAFETY: this class of information is made of that structure.
        unsafe { query(self.raw(), JobObjectBasicAccountingInformation, &mut accounting)? };
        Ok(accounting.ActiveProcesses)
    }

    /// Waits until it is empty.
    pub(super) async fn emptied(&self) {
        while !self.is_empty() {
            let told = async {
                match &self.events {
                    Some(events) => events.emptied().await,
                    None => std::future::pending().await,
                }
            };
            let _ = timeout(LOOK_EVERY, told).await;
        }
    }

    /// Tells that a process has come into it, and at last that this is gone. Nothing where the system cannot tell.
    pub(super) fn grown(&self) -> Option<Grown> {
        self.events.as_ref().map(Events::grown)
    }

    /// The pids of the processes in it.
    pub(super) fn pids(&self) -> io::Result<Vec<u32>> {
        const MORE: usize = 64;
        let mut room = MORE;
        loop {
            // What comes first is how many processes there are and, in the other half on 64 bits, how many are listed
            // (JOBOBJECT_BASIC_PROCESS_ID_LIST).
            let mut list = vec![0_usize; HEAD + room];
            // SAFETY: this class of information is an array of such words behind two numbers of four bytes.
            match unsafe { query_words(self.raw(), JobObjectBasicProcessIdList, &mut list) } {
                Err(error) if error.raw_os_error() == Some(ERROR_MORE_DATA.cast_signed()) => room *= 2,
                Err(error) => return Err(error),
                Ok(()) => {
                    let [_, listed] = head(&list);
                    let pids = list.into_iter().skip(HEAD).take(usize::try_from(listed).unwrap_or(0));
                    return Ok(pids.filter_map(|pid| u32::try_from(pid).ok()).collect());
                }
            }
        }
    }
}

impl From<OwnedHandle> for Job {
    fn from(handle: OwnedHandle) -> Self {
        let events = Events::of(handle.as_handle()).ok();
        Self { handle, events }
    }
}

/// How many words stand before the pids of a list.
const HEAD: usize = 2 * size_of::<u32>() / size_of::<usize>();

/// The two numbers that stand before the pids of a list.
fn head(list: &[usize]) -> [u32; 2] {
    let mut bytes = list.iter().flat_map(|word| word.to_ne_bytes());
    let mut number = || u32::from_ne_bytes(std::array::from_fn(|_| bytes.next().unwrap_or_default()));
    [number(), number()]
}

/// # Safety
/// `class` is information that is made of a `T`.
unsafe fn query<T>(job: HANDLE, class: JOBOBJECTINFOCLASS, into: &mut T) -> io::Result<()> {
    // SAFETY: the pointer and the length are those of `into`; the length that was written is not asked for.
    succeeded(unsafe {
        QueryInformationJobObject(job, class, ptr::from_mut(into).cast(), length_of(into), ptr::null_mut())
    })
}

/// # Safety
/// `class` is information that is made of plain numbers.
unsafe fn query_words(job: HANDLE, class: JOBOBJECTINFOCLASS, into: &mut [usize]) -> io::Result<()> {
    let length = u32::try_from(size_of_val(into)).unwrap_or(u32::MAX);
    // SAFETY: the pointer and the length are those of `into`; the length that was written is not asked for.
    succeeded(unsafe { QueryInformationJobObject(job, class, into.as_mut_ptr().cast(), length, ptr::null_mut()) })
}

/// Whether a process is in a job, whoever made that.
pub(super) fn is_in_any(process: BorrowedHandle<'_>) -> io::Result<bool> {
    let mut is_in_job = 0;
    // SAFETY: the handle is open; no job means any; `is_in_job` is where the answer goes.
    succeeded(unsafe { IsProcessInJob(process.as_raw_handle(), ptr::null_mut(), &raw mut is_in_job) })?;
    Ok(is_in_job != 0)
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// Waits for input that never comes.
    fn waits() -> Child {
        Command::new("cmd").args(["/c", "pause"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
    }

    fn process(child: &Child) -> Process {
        Process::open(child.id()).unwrap().unwrap()
    }

    #[tokio::test]
    async fn a_job_of_more_than_one_list_knows_and_ends_all() {
        const MANY: usize = 80;
        let job = Job::new(None).unwrap();
        let children: Vec<Child> = (0..MANY).map(|_| waits()).collect();
        children.iter().for_each(|child| job.add(&process(child)).unwrap());
        let (mut pids, mut all) = (job.pids().unwrap(), children.iter().map(Child::id).collect::<Vec<_>>());
        (pids.sort_unstable(), all.sort_unstable());
        assert_eq!(pids, all);
        assert!(!job.is_empty());
        assert!(job.end(Duration::from_secs(60)).await);
        assert!(all.iter().all(|&pid| !counts(pid)));
    }

    #[test]
    fn a_process_is_known_to_be_in_a_job_whoever_made_it() {
        let (job, mut child) = (Job::new(None).unwrap(), waits());
        // What runs tests may have put them all into a job.
        // SAFETY: the pseudo-handle of this process needs no closing.
        let this = unsafe { BorrowedHandle::borrow_raw(windows_sys::Win32::System::Threading::GetCurrentProcess()) };
        assert_eq!(is_in_any(child.as_handle()).unwrap(), is_in_any(this).unwrap());
        job.add(&process(&child)).unwrap();
        assert!(is_in_any(child.as_handle()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
