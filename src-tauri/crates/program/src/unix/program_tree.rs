//! The processes of a program.

use std::{
    cell::RefCell,
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    rc::Rc,
    time::Duration,
};

use estatus_core::{
    exit::{Exit, Signal},
    program::ProcessId,
};
use rustix::process::{PidfdFlags, Signal as Number, getpid, pidfd_open, pidfd_send_signal, setsid};
use tokio::{
    io::unix::AsyncFd,
    time::{Instant, timeout_at},
};

use super::{
    Children, Pipes, TOKEN,
    children::Reaper,
    command,
    process::{Process, descendants_of, family, hold, pid_of, processes},
    watched,
};
use crate::process_start::ProcessStart;

/// All that came of a start of a program: the descendants of its shim, who has its token, leads back to its first
/// process by group, session or descent, or holds its pipes.
#[derive(Clone)]
pub(crate) struct ProgramTree {
    root: Option<ProcessId>,
    /// The token as it stands in an environment.
    mark: String,
    pipes: [PathBuf; 2],
    adopted: bool,
    /// Whether all of it is descended from this process, so that none can hide.
    ours: bool,
    /// Those that were found at the last look: where descent is all that tells of them, and their parent has ended
    /// since, nothing else would.
    known: Rc<RefCell<Vec<ProcessId>>>,
    reaper: Rc<Reaper>,
}

impl ProgramTree {
    /// Starts a process, whose output goes to `pipes`.
    pub(crate) fn spawn(
        start: &ProcessStart,
        token: &str,
        folder: &Path,
        pipes: &mut Pipes,
        children: &Children,
    ) -> io::Result<(Self, First)> {
        let (stdout, stderr) = pipes.writers()?;
        let mut command = command(start).into_std();
        command.env(TOKEN, token).stdin(std::process::Stdio::null()).stdout(stdout).stderr(stderr);
        // SAFETY: between fork and exec there is one system call, which allocates nothing and takes no lock.
        unsafe { command.pre_exec(|| Ok(setsid().map(drop)?)) };
        let mut child = command.spawn()?;
        let first = First::of_child(child.id(), &children.reaper());
        if first.is_err() {
            child.kill()?;
        }
        let first = first?;
        let tree = Self::with(Some(first.id), token, folder, children);
        Ok((Self { ours: true, ..tree }, first))
    }

    /// What was started by another, with `root`.
    ///
    /// # Errors
    /// None here: who belongs to it is looked for each time.
    pub(crate) fn of(root: Option<ProcessId>, token: &str, folder: &Path, children: &Children) -> io::Result<Self> {
        Ok(Self::with(root, token, folder, children))
    }

    fn with(root: Option<ProcessId>, token: &str, folder: &Path, children: &Children) -> Self {
        Self {
            root,
            mark: format!("{TOKEN}={token}"),
            pipes: Pipes::paths(folder),
            adopted: false,
            ours: false,
            known: Rc::default(),
            reaper: children.reaper(),
        }
    }

    /// A foreign process and its descendants.
    ///
    /// # Errors
    /// As above.
    pub(crate) fn adopted(root: ProcessId, folder: &Path, children: &Children) -> io::Result<Self> {
        Ok(Self { adopted: true, ..Self::with(Some(root), "", folder, children) })
    }

    /// The same, once its root is known.
    pub(crate) fn rooted(self, root: ProcessId) -> Self {
        Self { root: Some(root), ..self }
    }

    /// The process from which all others of it come, when it is not known which that is.
    pub(crate) fn find_root(&self) -> Option<ProcessId> {
        let members = self.look();
        let is_child = |process: &&Process| members.iter().any(|other| other.pid.as_raw_pid() == process.parent);
        let eldest = members.iter().filter(|process| !is_child(process));
        eldest.min_by_key(|process| (process.started, process.pid.as_raw_pid())).map(Process::id)
    }

    /// Whether a process lives on: nobody else has its pid and start time, but for one that started within the same
    /// hundredth of a second, and that one has neither the executable nor our marks.
    pub(crate) fn lives(&self, id: ProcessId, executable: Option<&str>) -> bool {
        let process = pid_of(id.pid).and_then(Process::alive).filter(|process| process.started == id.started);
        process.is_some_and(|process| {
            self.adopted || process.executable().as_deref() == executable || self.is_marked(&process)
        })
    }

    /// The process with this pid, if it belongs to it.
    pub(crate) fn member(&self, pid: u32) -> Option<ProcessId> {
        self.look().iter().map(Process::id).find(|process| process.pid == pid)
    }

    /// Takes note of who belongs to it now: see [`ProgramTree::known`]. Gives back their pids.
    pub(crate) fn remember(&self) -> Vec<u32> {
        self.pids()
    }

    /// The pids of its processes, as far as they come from this shim's children or were known before: those are found without
    /// looking into every process there is. Good enough for what it uses, not for whether it is gone.
    pub(crate) fn near(&self) -> Vec<u32> {
        if !self.ours {
            return self.pids();
        }
        let mut near = descendants_of(getpid());
        let known = self.known.borrow();
        let lives = |id: &&ProcessId| {
            pid_of(id.pid).and_then(Process::alive).is_some_and(|process| process.started == id.started)
        };
        let strayed: Vec<u32> =
            known.iter().filter(|id| !near.contains(&id.pid)).filter(lives).map(|id| id.pid).collect();
        near.extend(strayed);
        near
    }

    /// The pids of its processes.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.look().iter().map(|process| process.id().pid).collect()
    }

    /// Its processes, with their names.
    pub(crate) fn named(&self) -> Vec<(u32, String)> {
        self.look().into_iter().map(|process| (process.id().pid, process.name)).collect()
    }

    /// Asks every process of it to end.
    pub(crate) fn ask(&self, signal: Signal) {
        for process in self.look() {
            let Some(pidfd) = process.hold() else { continue };
            let _ = pidfd_send_signal(&pidfd, number_of(signal));
            if process.is_stopped() {
                let _ = pidfd_send_signal(&pidfd, Number::CONT);
            }
        }
    }

    /// Whether nothing of it is alive, as far as that can be told at once.
    pub(crate) fn is_surely_gone(&self) -> bool {
        self.ours && self.reaper.is_childless()
    }

    /// Waits until nothing of it is alive.
    pub(crate) async fn gone(&self) {
        while !self.is_surely_gone() {
            let members = self.look();
            if members.is_empty() {
                return;
            }
            for process in &members {
                ended(process).await;
            }
        }
    }

    /// Kills all of it, and what it starts meanwhile, and gives back what is alive after `within`, with names.
    pub(crate) async fn end(&self, within: Duration) -> Vec<(u32, String)> {
        let deadline = Instant::now() + within;
        while !self.is_surely_gone() {
            // Who is descended from whom can be told only as long as they live, so they are all found before the
            // first is ended.
            let members = self.look();
            if members.is_empty() || Instant::now() >= deadline {
                return members.into_iter().map(|process| (process.id().pid, process.name)).collect();
            }
            self.kill(&members, deadline).await;
        }
        Vec::new()
    }

    /// Kills `members`, the root last, as others are recognised by it; and waits a little for each to be gone.
    async fn kill(&self, members: &[Process], deadline: Instant) {
        const AT_ONCE: usize = 64;
        const PATIENCE: Duration = Duration::from_millis(100);
        let is_root = |process: &&Process| Some(process.id()) == self.root;
        let ordered: Vec<&Process> =
            members.iter().filter(|it| !is_root(it)).chain(members.iter().filter(is_root)).collect();
        for some in ordered.chunks(AT_ONCE) {
            let until = deadline.min(Instant::now() + PATIENCE);
            let killed: Vec<OwnedFd> = some.iter().filter_map(|process| process.kill()).collect();
            for pidfd in killed {
                let Ok(pidfd) = watched(pidfd) else { continue };
                let _ = timeout_at(until, pidfd.readable()).await;
            }
        }
    }

    /// What is left of it lives on.
    #[expect(clippy::unused_self, reason = "on other systems there is something to be done")]
    pub(crate) fn let_go(&self) {}

    /// While a command runs that asks it to end: that one's processes are not its own.
    pub(crate) fn spare_others(&self, spares: bool) {
        self.reaper.spare(spares);
    }

    /// The processes of it that are alive.
    fn look(&self) -> Vec<Process> {
        let shim = getpid();
        let since = self.root.map_or(0, |root| root.started);
        let young = processes().filter(|process| process.started >= since && process.pid != shim).collect();
        let root_lives = self.root_lives();
        let mut known = self.known.borrow_mut();
        let members = family(young, |process| {
            (self.ours && process.parent == shim.as_raw_pid())
                || known.contains(&process.id())
                || (root_lives && self.is_led_by_root(process))
                || (!self.adopted && self.is_marked(process))
        });
        *known = members.iter().map(Process::id).collect();
        members
    }

    /// Whether the root's pid is still the root's. If not, groups and sessions of that number may be anybody's.
    fn root_lives(&self) -> bool {
        self.root.is_some_and(|root| {
            pid_of(root.pid).and_then(Process::read).is_some_and(|process| process.started == root.started)
        })
    }

    fn is_led_by_root(&self, process: &Process) -> bool {
        let is_root = |number: i32| self.root.is_some_and(|root| Ok(root.pid) == u32::try_from(number));
        is_root(process.pid.as_raw_pid()) || is_root(process.group) || (!self.adopted && is_root(process.session))
    }

    fn is_marked(&self, process: &Process) -> bool {
        process.has_variable(|variable| variable == self.mark.as_bytes()) || process.has_open(&self.pipes)
    }
}

async fn ended(process: &Process) {
    if let Some(Ok(pidfd)) = process.hold().map(watched) {
        let _ = pidfd.readable().await;
    }
}

/// The first process of a program: with it, the program ends.
pub(crate) struct First {
    pub(crate) id: ProcessId,
    /// Readable once it has ended.
    pidfd: AsyncFd<OwnedFd>,
    reaper: Rc<Reaper>,
}

impl First {
    /// A child that has not been reaped: its pid is nobody else's.
    fn of_child(pid: u32, reaper: &Rc<Reaper>) -> io::Result<Self> {
        let number = pid_of(pid).ok_or(io::ErrorKind::NotFound)?;
        let pidfd = pidfd_open(number, PidfdFlags::empty())?;
        let process = Process::read(number).ok_or_else(|| io::Error::other("/proc cannot be read: is it mounted?"))?;
        Self::watch(process.id(), pidfd, reaper)
    }

    /// A process that somebody else started; nothing if it is gone.
    pub(crate) fn held(id: ProcessId, children: &Children) -> io::Result<Option<Self>> {
        hold(id).map(|pidfd| Self::watch(id, pidfd, &children.reaper())).transpose()
    }

    fn watch(id: ProcessId, pidfd: OwnedFd, reaper: &Rc<Reaper>) -> io::Result<Self> {
        reaper.remember(id);
        Ok(Self { id, pidfd: watched(pidfd)?, reaper: Rc::clone(reaper) })
    }

    /// Its executable, if this user may know it.
    pub(crate) fn executable(&self) -> Option<String> {
        pid_of(self.id.pid).and_then(Process::read)?.executable()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) {
        // A pidfd that the runtime cannot watch any more belongs to a runtime that is ending.
        let _ = self.pidfd.readable().await;
    }

    /// How it ended.
    pub(crate) fn exit(&mut self) -> Exit {
        self.reaper.exit()
    }
}

fn number_of(signal: Signal) -> Number {
    match signal {
        Signal::Term => Number::TERM,
        Signal::Int => Number::INT,
        Signal::Quit => Number::QUIT,
        Signal::Hup => Number::HUP,
        Signal::Usr1 => Number::USR1,
        Signal::Usr2 => Number::USR2,
        Signal::Kill => Number::KILL,
    }
}
