//! The processes of a program.

use std::{io, path::Path, process::Stdio, rc::Rc, time::Duration};

use estatus_core::{
    exit::{Exit, Signal},
    program::ProcessId,
};
use tokio::{
    process::Command,
    sync::oneshot,
    time::{Instant, sleep},
};
use tracing::warn;
use windows_sys::Win32::{
    Foundation::{HWND, LPARAM},
    System::{
        Console::{CTRL_BREAK_EVENT, GenerateConsoleCtrlEvent},
        Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED},
    },
    UI::WindowsAndMessaging::{EnumWindows, GetWindowThreadProcessId, PostMessageW, WM_CLOSE},
};

use super::{
    Children, Pipes,
    job::{Job, join},
    process::{Process, processes},
};

/// How often is looked while it is being stopped.
const STEP: Duration = Duration::from_millis(10);

/// All that came of a start of a program: its job.
#[derive(Clone)]
pub(crate) struct ProgramTree {
    /// Nothing where nothing runs: no program outlives its shim.
    job: Option<Rc<Job>>,
}

impl ProgramTree {
    /// Starts `command`, whose output goes to `pipes`. It shares the console of this process, which nobody sees.
    pub(crate) fn spawn(
        mut command: Command,
        _token: &str,
        _folder: &Path,
        pipes: &mut Pipes,
        _children: &Children,
    ) -> io::Result<(Self, First)> {
        let job = Job::new()?;
        job.end_with_us(true)?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED).spawn()?;
        let pid = child.id().ok_or(io::ErrorKind::NotFound)?;
        let first = match Process::open(pid).and_then(First::watch) {
            Ok(first) => join(&child, &job).map(|()| first),
            Err(error) => Err(error),
        };
        if first.is_err() {
            child.start_kill()?;
        }
        let first = first?;
        pipes.attach(&mut child);
        Ok((Self { job: Some(Rc::new(job)) }, first))
    }

    /// What was started by another: it ended with that one.
    pub(crate) fn of(_root: Option<ProcessId>, _token: &str, _folder: &Path, _children: &Children) -> Self {
        Self { job: None }
    }

    /// A foreign process and its descendants. They outlive this process.
    pub(crate) fn adopted(root: ProcessId, _folder: &Path, _children: &Children) -> Self {
        let job = Job::new().ok().map(Rc::new);
        for process in job.iter().flat_map(|_| descendants(root)) {
            let _ = job.as_ref().map(|job| job.add(process.handle()));
        }
        Self { job }
    }

    /// The same, once its root is known.
    pub(crate) fn rooted(self, _root: ProcessId) -> Self {
        self
    }

    /// The process from which all others of it come, when it is not known which that is.
    pub(crate) fn find_root(&self) -> Option<ProcessId> {
        None
    }

    /// Whether a process lives on: nobody else has its pid and start time.
    pub(crate) fn lives(&self, id: ProcessId, _executable: Option<&str>) -> bool {
        Process::hold(id).is_some()
    }

    /// The process with this pid, if it belongs to it.
    pub(crate) fn member(&self, pid: u32) -> Option<ProcessId> {
        if !self.pids().contains(&pid) {
            return None;
        }
        Some(ProcessId { pid, started: Process::open(pid).ok()?.started().ok()? })
    }

    /// Takes note of who belongs to it now: the job does.
    pub(crate) fn remember(&self) {}

    /// The pids of its processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.job.as_ref().map(|job| job.pids()).unwrap_or_default()
    }

    /// Asks every process of it to end: consoles by Ctrl-Break, as Ctrl-C reaches no group of processes; windows by
    /// closing them.
    pub(crate) fn ask(&self, signal: Signal) {
        if signal == Signal::Kill {
            if let Some(job) = &self.job {
                job.terminate();
            }
            return;
        }
        let pids = self.pids();
        for &pid in &pids {
            // SAFETY: takes no pointers. Who leads no group on this console is not reached.
            unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, pid) };
        }
        // SAFETY: `close` is what the function wants, and the pointer it is given is that of `pids`, which outlives
        // the call.
        unsafe { EnumWindows(Some(close), (&raw const pids).expose_provenance().cast_signed()) };
    }

    /// Its processes, with their names.
    pub(crate) fn named(&self) -> Vec<(u32, String)> {
        let pids = self.pids();
        let alive = processes().into_iter().filter(|process| pids.contains(&process.pid));
        alive.map(|process| (process.pid, process.name)).collect()
    }

    /// Whether nothing of it is alive, as far as that can be told at once.
    pub(crate) fn is_surely_gone(&self) -> bool {
        self.job.as_ref().is_none_or(|job| job.active() == 0)
    }

    /// Waits until nothing of it is alive.
    pub(crate) async fn gone(&self) {
        while !self.is_surely_gone() {
            sleep(STEP).await;
        }
    }

    /// Kills all of it, and gives back what is alive after `within`, with names.
    pub(crate) async fn end(&self, within: Duration) -> Vec<(u32, String)> {
        let deadline = Instant::now() + within;
        while let Some(job) = self.job.as_ref().filter(|job| job.active() > 0) {
            if Instant::now() >= deadline {
                return self.named();
            }
            job.terminate();
            sleep(STEP).await;
        }
        Vec::new()
    }

    /// What is left of it lives on, also when the job is closed.
    pub(crate) fn let_go(&self) {
        if let Some(Err(error)) = self.job.as_ref().map(|job| job.end_with_us(false)) {
            warn!(%error, "what a command has left in the background ends with its supervising process");
        }
    }

    /// While a command runs that asks it to end: that one has a job of its own.
    pub(crate) fn spare_others(&self, _spares: bool) {}
}

/// A foreign process and what came of it: whoever is younger than the parent it names.
fn descendants(root: ProcessId) -> Vec<Process> {
    let mut found: Vec<(ProcessId, Process)> = Process::hold(root).map(|process| (root, process)).into_iter().collect();
    let mut others = processes();
    loop {
        let children = others.extract_if(.., |other| found.iter().any(|(id, _)| id.pid == other.parent));
        let before = found.len();
        let children: Vec<(ProcessId, Process)> = children
            .filter_map(|child| {
                let process = Process::open(child.pid).ok()?;
                let id = ProcessId { pid: child.pid, started: process.started().ok()? };
                let parent = found.iter().find(|(id, _)| id.pid == child.parent)?;
                (id.started >= parent.0.started && id.pid != root.pid).then_some((id, process))
            })
            .collect();
        found.extend(children);
        if found.len() == before {
            return found.into_iter().map(|(_, process)| process).collect();
        }
    }
}

/// Closes a window, if it belongs to one of the processes that `pids` points to.
unsafe extern "system" fn close(window: HWND, pids: LPARAM) -> windows_sys::core::BOOL {
    // SAFETY: it is the pointer that `ask` gives, to a vector that outlives the call.
    let pids: &Vec<u32> = unsafe { &*std::ptr::with_exposed_provenance(pids.cast_unsigned()) };
    let mut owner = 0;
    // SAFETY: `owner` is where the pid goes; a window that is gone has none.
    unsafe { GetWindowThreadProcessId(window, &raw mut owner) };
    if pids.contains(&owner) {
        // SAFETY: takes no pointers.
        unsafe { PostMessageW(window, WM_CLOSE, 0, 0) };
    }
    1
}

/// The first process of a program: with it, the program ends.
pub(crate) struct First {
    pub(crate) id: ProcessId,
    process: Process,
    ended: oneshot::Receiver<()>,
}

impl First {
    /// A process that somebody else started; nothing if it is gone.
    pub(crate) fn held(id: ProcessId, _children: &Children) -> io::Result<Option<Self>> {
        Process::hold(id).map(Self::watch).transpose()
    }

    fn watch(process: Process) -> io::Result<Self> {
        // SAFETY: the handle is open.
        let pid = unsafe { windows_sys::Win32::System::Threading::GetProcessId(process.handle()) };
        let id = ProcessId { pid, started: process.started()? };
        let (tell, ended) = oneshot::channel();
        let watched = process.again()?;
        std::thread::Builder::new().spawn(move || {
            watched.wait();
            let _ = tell.send(());
        })?;
        Ok(Self { id, process, ended })
    }

    /// Its executable, if this user may know it.
    pub(crate) fn executable(&self) -> Option<String> {
        self.process.executable()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) {
        if !self.ended.is_terminated() {
            let _ = (&mut self.ended).await;
        }
    }

    /// How it ended.
    pub(crate) fn exit(&mut self) -> Exit {
        if self.process.is_alive() { Exit::Unseen } else { self.process.exit_code().map_or(Exit::Unseen, Exit::Code) }
    }
}
