//! The processes of a program.

use std::{
    collections::BTreeSet,
    io,
    os::windows::io::AsHandle,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    exit::{Exit, Signal},
    program::ProcessId,
};
use tokio::time::{sleep, timeout};
use tracing::warn;
use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

use super::{
    Children, Pipes,
    close::close_windows,
    console::{self, Consoles, Key},
    descent::{ancestors, descendants},
    environment::Environment,
    handles::Kept,
    image::Image,
    job::{ENDED_BY_US, Job},
    outsider::Outsider,
    process::{Process, counts, identity},
    process_list::processes,
    spawn::{Spawn, Streams, nothing},
    wait::EndOf,
};
use crate::process_start::ProcessStart;

/// Who has come is noted at once, but no more often than this: a program may start many that live for a moment.
const NOTED_EVERY: Duration = Duration::from_secs(1);
/// So long nobody is looked for where the last look found nobody new.
const LOOKED_EVERY: Duration = Duration::from_millis(50);
/// The name of who is alive while the system does not say who it is.
const UNKNOWN: &str = "unknown";

/// All that came of a start of a program: its job.
#[derive(Clone)]
pub(crate) struct ProgramTree {
    folder: PathBuf,
    job: Option<Arc<Job>>,
    /// Those that could not be put into the job, or that were in it when it was closed and end by that.
    others: Arc<Vec<Outsider>>,
    /// The pid that all of it came from; nothing while that is not known.
    root: Option<u32>,
    /// The token of its start.
    token: String,
    /// What was adopted, if it was.
    adopted: Option<ProcessId>,
}

impl ProgramTree {
    /// Starts a process, whose output goes to `pipes`, on a console of its own that nobody sees.
    pub(crate) fn spawn(
        start: &ProcessStart,
        token: &str,
        folder: &Path,
        pipes: &mut Pipes,
        _children: &Children,
    ) -> io::Result<(Self, First)> {
        let environment = Environment::with(&start.variables);
        let image = Image::of(start, &environment)?;
        let job = Job::new(Some(&job_name(token)))?;
        job.end_with_last_handle(true)?;
        let ([stdout, stderr], nothing) = (pipes.renew()?, nothing()?);
        let process = Spawn {
            image,
            environment: Some(environment.block()?),
            directory: start.directory.as_deref(),
            streams: Streams { stdin: nothing.as_handle(), stdout: stdout.as_handle(), stderr: stderr.as_handle() },
            job: Some(&job),
            flags: CREATE_NO_WINDOW,
        }
        .spawn()?;
        let first = First::watch(process)?;
        if let Err(error) = keep_handles(&first, token, &job, pipes, folder) {
            warn!(%error, "a program ends if its supervising process is killed");
        }
        let (folder, token, job) = (folder.to_owned(), token.to_owned(), Some(Arc::new(job)));
        let tree = Self { folder, job, others: Arc::default(), root: Some(first.id.pid), token, adopted: None };
        tree.keep_noting();
        Ok((tree, first))
    }

    /// What was started by another.
    ///
    /// # Errors
    /// If it cannot be told what is left of it.
    pub(crate) fn of(root: Option<ProcessId>, token: &str, folder: &Path, _children: &Children) -> io::Result<Self> {
        let kept = Kept::of_start(token, folder)?;
        let job = match kept.job() {
            Some(job) => Some(job),
            None => Job::open(&job_name(token))?,
        };
        let others =
            if job.is_some() { Vec::new() } else { kept.members.iter().filter_map(|&id| Outsider::of(id)).collect() };
        let (folder, token, job) = (folder.to_owned(), token.to_owned(), job.map(Arc::new));
        let tree = Self { folder, job, others: Arc::new(others), root: root.map(|id| id.pid), token, adopted: None };
        tree.keep_noting();
        Ok(tree)
    }

    /// A foreign process and its descendants, with those that were known to be such when it was looked the last time. They
    /// outlive this process.
    ///
    /// # Errors
    /// If it cannot be told who they are.
    pub(crate) fn adopted(root: ProcessId, folder: &Path, _children: &Children) -> io::Result<Self> {
        let mut known = Kept::of_adopted(root, folder)?.members;
        known.push(root);
        let job = Job::new(None).ok();
        let (mut taken, mut others) = (BTreeSet::new(), Vec::new());
        loop {
            let before = taken.len();
            for process in descendants(&known)? {
                let in_job = || job.as_ref().zip(process.held()).is_some_and(|(job, held)| job.add(held).is_ok());
                if taken.insert(process.pid()) && !in_job() {
                    others.push(process);
                }
            }
            // Who was born while they were listed is found at the next look; who comes later is born into the job.
            if taken.len() == before {
                break;
            }
        }
        let (folder, token, job) = (folder.to_owned(), String::new(), job.map(Arc::new));
        let (others, adopted, root) = (Arc::new(others), Some(root), Some(root.pid));
        let tree = Self { folder, job, others, root, token, adopted };
        tree.keep_noting();
        Ok(tree)
    }

    /// The same, once its root is known.
    pub(crate) fn rooted(self, root: ProcessId) -> Self {
        Self { root: Some(root.pid), ..self }
    }

    /// The process from which all others of it come, when it is not known which that is. A start of which nobody noted
    /// which process came of it has just begun, and is ended rather than guessed at.
    pub(crate) fn find_root(&self) -> Option<ProcessId> {
        None
    }

    /// Whether a process lives on: nobody else has its pid and start time. What cannot be known is no end.
    pub(crate) fn lives(&self, id: ProcessId, _executable: Option<&str>) -> bool {
        Process::hold(id).map_or(true, |process| process.is_some())
    }

    /// The process with this pid, if it belongs to it.
    pub(crate) fn member(&self, pid: u32) -> Option<ProcessId> {
        if self.pids().contains(&pid) { identity(pid).ok().flatten() } else { None }
    }

    /// Takes note of who belongs to it now, for who takes over when its job is gone: that of what was adopted goes with who
    /// adopted it. Gives back their pids.
    pub(crate) fn remember(&self) -> Vec<u32> {
        if let Err(error) = self.note() {
            warn!(%error, "who belongs to a program cannot be noted");
        }
        self.pids()
    }

    /// Writes down who belongs to it, if there is somebody of whom that was not written. Whether there was.
    fn note(&self) -> io::Result<bool> {
        let mut kept = match self.adopted {
            Some(root) => Kept::of_adopted(root, &self.folder)?,
            None => Kept::of_start(&self.token, &self.folder)?,
        };
        let members = self.members()?;
        if members.iter().all(|member| kept.members.contains(member)) {
            return Ok(false);
        }
        kept.members = members;
        kept.write(&self.folder)?;
        Ok(true)
    }

    /// Takes note of who comes into the job, for as long as there is one.
    fn keep_noting(&self) {
        let Some((job, grown)) = self.job.as_ref().and_then(|job| Some((Arc::downgrade(job), job.grown()?))) else {
            return;
        };
        let rest = Self { job: None, ..self.clone() };
        tokio::spawn(async move {
            loop {
                grown.told().await;
                let Some(job) = job.upgrade() else { return };
                let noted = Self { job: Some(job), ..rest.clone() }.note();
                // What cannot be written is said where it is asked for.
                sleep(if noted.unwrap_or(true) { NOTED_EVERY } else { LOOKED_EVERY }).await;
            }
        });
    }

    /// The pids of its processes: the job knows them all, and who comes into it is noted then.
    pub(crate) fn near(&self) -> Vec<u32> {
        self.pids()
    }

    fn members(&self) -> io::Result<Vec<ProcessId>> {
        self.listed()?.into_iter().filter_map(|pid| identity(pid).transpose()).collect()
    }

    /// The pids of its processes, as far as they can be told.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.listed().unwrap_or_else(|error| {
            warn!(%error, "which processes belong to a program cannot be told");
            self.others().map(Outsider::pid).collect()
        })
    }

    fn listed(&self) -> io::Result<Vec<u32>> {
        let mut pids = match &self.job {
            Some(job) => job.pids()?,
            None => Vec::new(),
        };
        pids.extend(self.others().map(Outsider::pid));
        Ok(pids)
    }

    /// Those outside of the job that are alive.
    fn others(&self) -> impl Iterator<Item = &Outsider> {
        self.others.iter().filter(|other| other.is_alive())
    }

    /// Asks all of it to end, as `signal` is understood here.
    pub(crate) fn ask(&self, signal: Signal) {
        match signal {
            Signal::Kill => self.terminate(),
            Signal::Int => self.press(Key::CtrlC),
            Signal::Quit => self.press(Key::CtrlBreak),
            Signal::Hup => close_windows(&self.pids()),
            Signal::Term | Signal::Usr1 | Signal::Usr2 => {
                self.press(Key::CtrlC);
                close_windows(&self.pids());
            }
        }
    }

    /// On a console that others are on as well, only where those are the shells that it was started from: what was adopted
    /// may run in somebody's terminal, beside other things.
    fn press(&self, key: Key) {
        if let Err(error) = self.try_to_press(key) {
            warn!(%error, "a program cannot be asked to end");
        }
    }

    fn try_to_press(&self, key: Key) -> io::Result<()> {
        let of = self.members()?;
        let pids: Vec<u32> = of.iter().map(|id| id.pid).collect();
        let shells = self.adopted.map(|_| ancestors(&pids)).transpose()?;
        console::press(key, &Consoles { of: &of, shared_with: shells.as_deref() })
    }

    fn terminate(&self) {
        if let Some(Err(error)) = self.job.as_ref().map(|job| job.terminate()) {
            warn!(%error, "the processes of a program cannot be ended");
        }
        self.terminate_others();
    }

    fn terminate_others(&self) {
        self.others().filter_map(Outsider::held).for_each(|process| process.terminate(ENDED_BY_US));
    }

    /// Its processes, with their names. Where the system does not say who they are, its root stands for all.
    pub(crate) fn named(&self) -> Vec<(u32, String)> {
        let Ok(mut pids) = self.listed() else {
            return vec![(self.root.unwrap_or_default(), UNKNOWN.to_owned())];
        };
        pids.retain(|&pid| counts(pid));
        let all = if pids.is_empty() { Vec::new() } else { processes().unwrap_or_default() };
        let name = |pid: u32| all.iter().find(|process| process.id.pid == pid).map(|process| process.name.clone());
        pids.into_iter().map(|pid| (pid, name(pid).unwrap_or_else(|| UNKNOWN.to_owned()))).collect()
    }

    /// Whether nothing of it is alive, as far as that can be told at once.
    pub(crate) fn is_surely_gone(&self) -> bool {
        self.job.as_ref().is_none_or(|job| job.is_empty()) && self.others().next().is_none()
    }

    /// Waits until nothing of it is alive.
    pub(crate) async fn gone(&self) {
        if let Some(job) = &self.job {
            job.emptied().await;
        }
        for other in self.others() {
            other.ended().await;
        }
    }

    /// Kills all of it, and gives back what is alive after `within`, with names.
    pub(crate) async fn end(&self, within: Duration) -> Vec<(u32, String)> {
        if self.is_surely_gone() {
            return Vec::new();
        }
        self.terminate_others();
        let ended = async {
            if let Some(job) = &self.job {
                job.end(within).await;
            }
            self.gone().await;
        };
        if timeout(within, ended).await.is_ok() { Vec::new() } else { self.named() }
    }

    /// What is left of it lives on, also when the job is closed.
    pub(crate) fn let_go(&self) {
        if let Some(Err(error)) = self.job.as_ref().map(|job| job.end_with_last_handle(false)) {
            warn!(%error, "what a command has left in the background ends with its supervising process");
        }
    }

    /// While a command runs that asks it to end: that one has a job of its own.
    pub(crate) fn spare_others(&self, _spares: bool) {}
}

/// The name by which the job of a start is found.
fn job_name(token: &str) -> String {
    format!(r"Local\estatus-{token}")
}

fn keep_handles(first: &First, token: &str, job: &Job, pipes: &Pipes, folder: &Path) -> io::Result<()> {
    let ends = pipes.ends().ok_or(io::ErrorKind::BrokenPipe)?;
    Kept::by(&first.process, first.id, token, job, ends)?.write(folder)
}

/// The first process of a program: with it, the program ends.
pub(crate) struct First {
    pub(crate) id: ProcessId,
    process: Process,
    end: EndOf,
}

impl First {
    /// A process that somebody else started; nothing if it is gone.
    ///
    /// # Errors
    /// If this user may not end it.
    pub(crate) fn held(id: ProcessId, _children: &Children) -> io::Result<Option<Self>> {
        Process::hold(id)?.map(Self::watch).transpose()
    }

    fn watch(process: Process) -> io::Result<Self> {
        let id = ProcessId { pid: process.pid(), started: process.started()? };
        let end = EndOf::of(&process)?;
        Ok(Self { id, process, end })
    }

    /// Its executable, if this user may know it.
    pub(crate) fn executable(&self) -> Option<String> {
        self.process.executable()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) {
        self.end.reached().await;
    }

    /// How it ended. What we end is told as what it is elsewhere.
    pub(crate) fn exit(&mut self) -> Exit {
        const SIGKILL: i32 = 9;
        if self.process.is_alive() {
            return Exit::Unseen;
        }
        match self.process.exit_code() {
            Ok(code) if code == ENDED_BY_US.cast_signed() => Exit::Signal(SIGKILL),
            Ok(code) => Exit::Code(code),
            Err(_) => Exit::Unseen,
        }
    }
}
