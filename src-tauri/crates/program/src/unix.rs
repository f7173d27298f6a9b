//! Process trees on Linux: process group, descent and a token in the environment, all read from `/proc`.
#![allow(unsafe_code, reason = "a pidfd is registered with the runtime")]

use std::{
    collections::HashSet,
    fs, io,
    os::{fd::OwnedFd, unix::process::ExitStatusExt},
    path::Path,
    process::ExitStatus,
    time::{Duration, Instant},
};

use estatus_core::command::{CommandEnd, Run};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal},
    rand::{GetRandomFlags, getrandom},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    process::{Child, Command},
};

/// The variable that marks every process of a run, wherever it went.
const TOKEN: &str = "ESTATUS_RUN_TOKEN";

/// The command for `run`, without its environment and directory.
pub(crate) fn command(run: &Run, _directory: Option<&Path>, _env: &[(&str, &str)]) -> Command {
    match run {
        Run::Shell(line) => {
            let mut command = Command::new("/bin/sh");
            command.arg("-c").arg(line);
            command
        }
        Run::Program { program, args } => {
            let mut command = Command::new(program);
            command.args(args);
            command
        }
    }
}

/// How a process ended that we did not end.
pub(crate) fn end_of(status: ExitStatus) -> CommandEnd {
    match (status.code(), status.signal()) {
        (Some(code), _) => CommandEnd::Exited(code),
        (None, signal) => CommandEnd::Signaled(signal.unwrap_or_default()),
    }
}

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
        let token = format!("{:032x}", u128::from_ne_bytes(random()?));
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
        let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
        // SAFETY: an `OwnedFd` is open until it is dropped, and nothing takes it out of the `AsyncFd` or replaces it.
        let pidfd = unsafe { AsyncFd::register_with_interest(pidfd, Interest::READABLE)? };
        let (_, process) =
            Process::read(pid).ok_or_else(|| io::Error::other("/proc cannot be read: is it mounted?"))?;
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
    pub(crate) fn end_now(&self, within: Duration) {
        self.root.end(within);
    }
}

fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom(&mut bytes[..], GetRandomFlags::empty())?;
    Ok(bytes)
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
            // Who is descended from whom can be told only as long as they live, so they are all found before the
            // first is ended.
            let members = self.members();
            if members.is_empty() || Instant::now() >= deadline {
                return members.iter().map(|process| process.pid.as_raw_pid().cast_unsigned()).collect();
            }
            if members.iter().any(|process| process.group == self.pid.as_raw_pid()) {
                let _ = kill_process_group(self.pid, Signal::KILL);
            }
            end_all(&members, deadline);
        }
    }

    /// The processes of the tree that are alive: those in its group, those with its token, and their descendants.
    fn members(&self) -> Vec<Process> {
        let mut others: Vec<Process> = processes().filter(|process| process.started >= self.started).collect();
        let mut members: Vec<Process> = others.extract_if(.., |process| self.marks(process)).collect();
        let mut pids: HashSet<i32> = members.iter().map(|process| process.pid.as_raw_pid()).collect();
        loop {
            let children: Vec<Process> = others.extract_if(.., |process| pids.contains(&process.parent)).collect();
            if children.is_empty() {
                return members;
            }
            pids.extend(children.iter().map(|process| process.pid.as_raw_pid()));
            members.extend(children);
        }
    }

    fn marks(&self, process: &Process) -> bool {
        process.group == self.pid.as_raw_pid()
            || fs::read(format!("/proc/{}/environ", process.pid))
                .is_ok_and(|environ| environ.split(|&byte| byte == 0).any(|entry| entry == self.mark.as_bytes()))
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

/// A process, as `/proc/PID/stat` shows it (proc_pid_stat(5)).
struct Process {
    pid: Pid,
    parent: i32,
    group: i32,
    /// In clock ticks since boot.
    started: u64,
}

impl Process {
    /// The process with this pid, and its state; `Z` where it has ended and only waits to be reaped.
    fn read(pid: Pid) -> Option<(char, Self)> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(pid, &String::from_utf8_lossy(&stat))
    }

    fn alive(pid: Pid) -> Option<Self> {
        Self::read(pid).filter(|(state, _)| !matches!(state, 'Z' | 'X')).map(|(_, process)| process)
    }

    fn parse(pid: Pid, stat: &str) -> Option<(char, Self)> {
        // The name of the executable stands in parentheses and may hold some itself.
        let (_, after_name) = stat.rsplit_once(") ")?;
        let mut fields = after_name.split(' ');
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        let started = fields.nth(16)?.parse().ok()?;
        Some((state, Self { pid, parent, group, started }))
    }

    /// Ends it, unless its pid has gone to another process meanwhile.
    fn kill(&self) -> Option<OwnedFd> {
        let pidfd = pidfd_open(self.pid, PidfdFlags::empty()).ok()?;
        Self::alive(self.pid).filter(|now| now.started == self.started)?;
        let _ = pidfd_send_signal(&pidfd, Signal::KILL);
        Some(pidfd)
    }
}

/// Every process that is alive.
fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    pids.filter_map(Process::alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stat_of_a_process_is_read_whatever_its_name() {
        let check = |stat: &str, found: Option<(char, i32, i32, u64)>| {
            let parsed = Process::parse(Pid::INIT, stat);
            assert_eq!(parsed.map(|(state, it)| (state, it.parent, it.group, it.started)), found, "{stat}");
        };
        let rest = "S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 1000 200 18446744073709551615";
        check(&format!("12 (sleep) {rest}"), Some(('S', 7, 8, 4242)));
        check(&format!("12 (a) R 1 (b) {rest}"), Some(('S', 7, 8, 4242)));
        check("12 (sleep) S 7", None);
        check("", None);
    }
}
