//! The processes of one command: process group, descent and a token in the environment, all read from `/proc`.

use std::{
    collections::HashSet,
    io,
    os::fd::OwnedFd,
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};
use tokio::{io::unix::AsyncFd, process::Child};

use super::{
    TOKEN, command,
    process::{Process, family, processes},
    watched,
};
use crate::process_start::ProcessStart;

/// A process and all that came of it.
pub(crate) struct Tree {
    root: Root,
    /// Readable once the root has ended. A child is left unreaped until then, so nobody else can have its pid, which is
    /// also the number of its process group.
    pidfd: AsyncFd<OwnedFd>,
}

impl Tree {
    /// Starts a process as the root of a tree of its own, with pipes to what it writes and, with `stdin`, to what it reads.
    pub(crate) fn spawn(start: &ProcessStart, stdin: bool, token: &str) -> io::Result<(Child, Self)> {
        let mut command = command(start);
        command.stdin(if stdin { Stdio::piped() } else { Stdio::null() });
        command.env(TOKEN, token).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.process_group(0).spawn()?;
        match Self::of(&child, token) {
            Ok(tree) => Ok((child, tree)),
            Err(error) => {
                child.start_kill()?;
                Err(error)
            }
        }
    }

    fn of(child: &Child, token: &str) -> io::Result<Self> {
        let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?)).ok_or(io::ErrorKind::NotFound)?;
        let pidfd = watched(pidfd_open(pid, PidfdFlags::empty())?)?;
        let process = Process::read(pid).ok_or_else(|| io::Error::other("/proc cannot be read: is it mounted?"))?;
        let root = Root { pid, started: process.started, mark: mark(token), is_child: true };
        Ok(Self { root, pidfd })
    }

    /// Waits for the end of the root.
    pub(crate) async fn exited(&self, _child: &mut Child) -> io::Result<()> {
        self.pidfd.readable().await.map(drop)
    }

    /// Ends all of the tree and gives back what is still there after `within`.
    pub(crate) async fn end(&self, within: Duration) -> Vec<u32> {
        let root = self.root.clone();
        match tokio::task::spawn_blocking(move || end(&[root], within)).await {
            Ok(left) => left,
            Err(_) => end(std::slice::from_ref(&self.root), within),
        }
    }

    /// The same with many, on this thread: to look at every process once costs as much as it does for one.
    pub(crate) fn end_all<'t>(trees: impl Iterator<Item = &'t Self>, within: Duration) -> Vec<u32> {
        let roots: Vec<Root> = trees.map(|tree| tree.root.clone()).collect();
        end(&roots, within)
    }
}

#[derive(Clone)]
struct Root {
    pid: Pid,
    started: u64,
    /// The token as it stands in an environment.
    mark: String,
    /// A child that has not been reaped keeps its pid, and so the number of its group, for itself.
    is_child: bool,
}

/// `token` as it stands in an environment.
fn mark(token: &str) -> String {
    format!("{TOKEN}={token}")
}

impl Root {
    /// Whether the number of its group is its own.
    fn has_group(&self) -> bool {
        self.is_child || Process::read(self.pid).is_some_and(|process| process.started == self.started)
    }

    fn leads(&self, process: &Process) -> bool {
        process.group == self.pid.as_raw_pid() && process.started >= self.started
    }
}

/// Ends all that came of `roots`, and gives back what is still there after `within`.
fn end(roots: &[Root], within: Duration) -> Vec<u32> {
    let deadline = Instant::now() + within;
    loop {
        // Who is descended from whom can be told only as long as they live, so they are all found before the first is
        // ended.
        let members = members(roots);
        if members.is_empty() || Instant::now() >= deadline {
            return members.iter().map(|process| process.id().pid).collect();
        }
        for root in roots.iter().filter(|root| root.is_child && members.iter().any(|process| root.leads(process))) {
            let _ = kill_process_group(root.pid, Signal::KILL);
        }
        kill(&members, deadline);
    }
}

/// The processes that came of `roots` and are alive: those in their groups, those with their tokens, and their
/// descendants.
fn members(roots: &[Root]) -> Vec<Process> {
    let Some(since) = roots.iter().map(|root| root.started).min() else { return Vec::new() };
    let leaders: Vec<&Root> = roots.iter().filter(|root| root.has_group()).collect();
    let marks: HashSet<&[u8]> = roots.iter().map(|root| root.mark.as_bytes()).collect();
    let young = processes().filter(|process| process.started >= since).collect();
    family(young, |process| {
        leaders.iter().any(|root| root.leads(process)) || process.has_variable(|variable| marks.contains(variable))
    })
}

/// Kills `members`, a few at a time so that file descriptors last, and waits a little for each of them to be gone.
fn kill(members: &[Process], deadline: Instant) {
    const AT_ONCE: usize = 64;
    const PATIENCE: Duration = Duration::from_millis(100);
    for some in members.chunks(AT_ONCE) {
        let until = deadline.min(Instant::now() + PATIENCE);
        let ended: Vec<OwnedFd> = some.iter().filter_map(Process::kill).collect();
        for pidfd in &ended {
            let remaining = until.saturating_duration_since(Instant::now());
            let _ = poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Timespec::try_from(remaining).ok().as_ref());
        }
    }
}
