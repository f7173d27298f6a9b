//! The processes of one command: process group, descent and a token in the environment, all read from `/proc`.

use std::{
    io,
    os::fd::OwnedFd,
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open},
};
use tokio::{
    io::unix::AsyncFd,
    process::{Child, Command},
};

use super::{
    TOKEN,
    process::{Process, family, processes},
    random_name, watched,
};

/// A process and all that came of it.
pub(crate) struct Tree {
    root: Root,
    /// Readable once the root has ended. The root is left unreaped until then, so nobody else can have its pid, which
    /// is also the number of its process group.
    pidfd: AsyncFd<OwnedFd>,
}

impl Tree {
    /// Starts `command` as the root of a tree of its own.
    pub(crate) fn spawn(mut command: Command) -> io::Result<(Child, Self)> {
        let token = random_name()?;
        let mut child = command.env(TOKEN, &token).process_group(0).spawn()?;
        match Self::of(&child, &token) {
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
        Ok(Self { root: Root { pid, started: process.started, mark: format!("{TOKEN}={token}") }, pidfd })
    }

    /// Waits for the end of the root.
    pub(crate) async fn exited(&self, _child: &mut Child) -> io::Result<()> {
        self.pidfd.readable().await.map(drop)
    }

    /// Ends all of the tree and gives back what is still there after `within`.
    pub(crate) async fn end(&self, within: Duration) -> Vec<u32> {
        let root = self.root.clone();
        match tokio::task::spawn_blocking(move || root.end(within)).await {
            Ok(left) => left,
            Err(_) => self.root.end(within),
        }
    }

    /// The same, on this thread.
    pub(crate) fn end_now(&self, within: Duration) -> Vec<u32> {
        self.root.end(within)
    }

    /// Kills all of it, and waits for nothing.
    pub(crate) fn kill(&self) {
        self.root.kill(Instant::now());
    }

    /// What is left of it lives on.
    #[expect(clippy::unused_self, reason = "on other systems there is something to be done")]
    pub(crate) fn let_go(&self) {}
}

#[derive(Clone)]
struct Root {
    pid: Pid,
    started: u64,
    /// The token as it stands in an environment.
    mark: String,
}

impl Root {
    fn end(&self, within: Duration) -> Vec<u32> {
        let deadline = Instant::now() + within;
        loop {
            if Instant::now() >= deadline {
                return self.members().iter().map(|process| process.id().pid).collect();
            }
            if self.kill(deadline) == 0 {
                return Vec::new();
            }
        }
    }

    /// Kills all that is there now, waits a little for it to be gone, at most until `deadline`, and gives back how many
    /// processes that were.
    fn kill(&self, deadline: Instant) -> usize {
        // Who is descended from whom can be told only as long as they live, so they are all found before the first is
        // ended.
        let members = self.members();
        if members.iter().any(|process| process.group == self.pid.as_raw_pid()) {
            let _ = kill_process_group(self.pid, Signal::KILL);
        }
        end_all(&members, deadline);
        members.len()
    }

    /// The processes of the tree that are alive: those in its group, those with its token, and their descendants.
    fn members(&self) -> Vec<Process> {
        let since = processes().filter(|process| process.started >= self.started).collect();
        family(since, |process| process.group == self.pid.as_raw_pid() || process.has_variable(&self.mark))
    }
}

/// Ends `members`, a few at a time so that file descriptors last, and waits a little for each of them to be gone.
fn end_all(members: &[Process], deadline: Instant) {
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

/// Has `pipe` read for as long as anybody can write to it, also when this process has ended: whoever writes to a pipe that
/// nobody reads any more is killed (SIGPIPE, pipe(7)).
pub(crate) fn read_on(pipe: impl TryInto<Stdio, Error = io::Error>) -> io::Result<()> {
    let mut reader = Command::new("cat");
    reader.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    reader.current_dir("/").process_group(0).stdin(pipe.try_into()?).stdout(Stdio::null()).stderr(Stdio::null());
    reader.spawn().map(drop)
}
