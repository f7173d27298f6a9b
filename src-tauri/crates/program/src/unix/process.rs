//! Processes as `/proc` shows them, and the only way to act on one.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use estatus_core::program::ProcessId;
use rustix::{
    io::Errno,
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal, test_kill_process},
};

use crate::shim_command::ShimCommand;

/// A process, as `/proc/PID/stat` shows it (proc_pid_stat(5)).
#[derive(Clone)]
pub(crate) struct Process {
    pub(super) pid: Pid,
    pub(super) name: String,
    pub(super) state: char,
    pub(super) parent: i32,
    pub(super) group: i32,
    pub(super) session: i32,
    /// The CPU time it has used, with that of children of its that have ended, in clock ticks.
    pub(super) cpu: u64,
    threads: u32,
    /// In clock ticks since boot.
    pub(super) started: u64,
}

impl Process {
    /// The process with this pid, also where it has ended and only waits to be reaped.
    pub(super) fn read(pid: Pid) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        Self::parse(pid, &String::from_utf8_lossy(&stat))
    }

    pub(super) fn alive(pid: Pid) -> Option<Self> {
        Self::read(pid).filter(Self::is_alive)
    }

    fn parse(pid: Pid, stat: &str) -> Option<Self> {
        // The name of the executable stands in parentheses and may hold some itself.
        let (name, after_name) = stat.rsplit_once(") ")?;
        let (_, name) = name.split_once('(')?;
        let mut fields = after_name.split(' ');
        Some(Self {
            pid,
            name: name.to_owned(),
            state: fields.next()?.chars().next()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            session: fields.next()?.parse().ok()?,
            cpu: fields.by_ref().skip(7).take(4).filter_map(|ticks| ticks.parse::<u64>().ok()).sum(),
            threads: fields.nth(2)?.parse().ok()?,
            started: fields.nth(1)?.parse().ok()?,
        })
    }

    /// A process whose first thread has ended lives on in its others.
    fn is_alive(&self) -> bool {
        match self.state {
            'Z' => self.threads > 1,
            'X' => false,
            _ => true,
        }
    }

    /// Whether it was stopped (SIGSTOP), so that it can act on no signal.
    pub(super) fn is_stopped(&self) -> bool {
        self.state == 'T'
    }

    pub(super) fn id(&self) -> ProcessId {
        ProcessId { pid: self.pid.as_raw_pid().cast_unsigned(), started: self.started }
    }

    /// A handle on it, unless its pid has gone to another process meanwhile.
    pub(super) fn hold(&self) -> Option<OwnedFd> {
        hold(self.id())
    }

    /// Ends it, unless its pid has gone to another process meanwhile.
    pub(super) fn kill(&self) -> Option<OwnedFd> {
        let pidfd = self.hold()?;
        let _ = pidfd_send_signal(&pidfd, Signal::KILL);
        Some(pidfd)
    }

    /// Whether a variable of its environment, `NAME=value`, is one that `is_wanted`.
    pub(super) fn has_variable(&self, is_wanted: impl FnMut(&[u8]) -> bool) -> bool {
        fs::read(format!("/proc/{}/environ", self.pid))
            .is_ok_and(|environ| environ.split(|&byte| byte == 0).any(is_wanted))
    }

    /// Whether it has one of `files` open.
    pub(super) fn has_open(&self, files: &[PathBuf]) -> bool {
        let open = fs::read_dir(format!("/proc/{}/fd", self.pid)).into_iter().flatten().flatten();
        open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| files.contains(&target))
    }

    /// Its executable, if this user may know it.
    pub(super) fn executable(&self) -> Option<String> {
        let path = fs::read_link(format!("/proc/{}/exe", self.pid)).ok()?;
        Some(path.to_string_lossy().into_owned())
    }
}

/// The pid as the system's calls want it.
pub(super) fn pid_of(pid: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(pid).ok()?)
}

/// A handle on a process that is alive. The start time is compared once the handle is there: from then on the handle
/// means this process whoever gets its pid.
pub(super) fn hold(process: ProcessId) -> Option<OwnedFd> {
    let pid = pid_of(process.pid)?;
    let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
    Process::alive(pid).filter(|now| now.started == process.started)?;
    Some(pidfd)
}

/// Whether a process hears signals: each does that this user may send one.
pub(crate) fn can_be_asked(process: ProcessId, _shim: &ShimCommand) -> io::Result<Option<bool>> {
    let (Some(_held), Some(pid)) = (hold(process), pid_of(process.pid)) else { return Ok(None) };
    match test_kill_process(pid) {
        Err(Errno::PERM) => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("process {pid} belongs to another user, so Estatus may not end it: run Estatus as that user"),
        )),
        tested => Ok(tested.map(|()| Some(true))?),
    }
}

/// Every process that is alive.
pub(super) fn processes() -> impl Iterator<Item = Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    pids.filter_map(Process::alive)
}

/// The pids of the descendants of `of`.
pub(super) fn descendants_of(of: Pid) -> Vec<u32> {
    listed_descendants(of).unwrap_or_else(|| {
        let all: Vec<Process> = processes().filter(|process| process.pid != of).collect();
        family(all, |process| process.parent == of.as_raw_pid()).iter().map(|process| process.id().pid).collect()
    })
}

/// The same, as the system lists children, where it does (proc_pid_task_children(5), CONFIG_PROC_CHILDREN).
fn listed_descendants(of: Pid) -> Option<Vec<u32>> {
    let mut found = children_of(of)?;
    let mut next = 0;
    while let Some(pid) = found.get(next).copied() {
        next += 1;
        found.extend(pid_of(pid).and_then(children_of).unwrap_or_default());
    }
    Some(found)
}

/// The children of all threads of a process.
fn children_of(pid: Pid) -> Option<Vec<u32>> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten();
    let lists: Option<Vec<String>> =
        threads.map(|thread| fs::read_to_string(thread.path().join("children")).ok()).collect();
    Some(lists?.iter().flat_map(|list| list.split_ascii_whitespace()).filter_map(|pid| pid.parse().ok()).collect())
}

/// Of `others`, those that `marks` says, and their descendants.
pub(super) fn family(mut others: Vec<Process>, mut marks: impl FnMut(&Process) -> bool) -> Vec<Process> {
    let mut members: Vec<Process> = others.extract_if(.., |process| marks(process)).collect();
    let mut pids: std::collections::HashSet<i32> = members.iter().map(|process| process.pid.as_raw_pid()).collect();
    loop {
        let children: Vec<Process> = others.extract_if(.., |process| pids.contains(&process.parent)).collect();
        if children.is_empty() {
            return members;
        }
        pids.extend(children.iter().map(|process| process.pid.as_raw_pid()));
        members.extend(children);
    }
}

/// The boot that the machine is in: a pid and a start time mean something within one.
pub(crate) fn boot_id() -> String {
    let id = fs::read_to_string(Path::new("/proc/sys/kernel/random/boot_id")).unwrap_or_default();
    id.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        os::unix::process::CommandExt,
        process::{Command, Stdio},
    };

    use rustix::process::kill_process_group;

    use super::*;

    #[test]
    fn the_stat_of_a_process_is_read_whatever_its_name() {
        let check = |stat: &str, found: Option<(&str, char, i32, i32, i32, u64)>| {
            let parsed = Process::parse(Pid::INIT, stat);
            let found_here =
                parsed.as_ref().map(|it| (it.name.as_str(), it.state, it.parent, it.group, it.session, it.started));
            assert_eq!(found_here, found, "{stat}");
        };
        let rest = "S 7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 1000 200 18446744073709551615";
        check(&format!("12 (sleep) {rest}"), Some(("sleep", 'S', 7, 8, 9, 4242)));
        check(&format!("12 (a) R 1 (b) {rest}"), Some(("a) R 1 (b", 'S', 7, 8, 9, 4242)));
        check("12 (sleep) S 7", None);
        check("", None);
    }

    #[test]
    fn descendants_are_found_whether_or_not_the_system_lists_children() {
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", "(sleep 60 & echo; wait) & wait"]).stdout(Stdio::piped()).process_group(0);
        let mut shell = shell.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let pid = pid_of(shell.id()).unwrap();
        let found = descendants_of(pid);
        assert_eq!(found.len(), 2, "a subshell and what it sleeps by");
        assert!(found.iter().all(|pid| pid_of(*pid).is_some_and(|pid| Process::alive(pid).is_some())));
        let listed = listed_descendants(pid);
        assert!(listed.is_none_or(|listed| listed == found));
        kill_process_group(pid, Signal::KILL).unwrap();
        shell.wait().unwrap();
        assert!(descendants_of(pid).is_empty());
    }

    #[test]
    fn a_process_lives_as_long_as_one_of_its_threads() {
        let check = |state: &str, threads: u32, alive: bool| {
            let stat = format!("12 (x) {state} 7 8 9 0 -1 0 1 2 3 4 5 6 7 8 20 0 {threads} 0 4242 1");
            assert_eq!(Process::parse(Pid::INIT, &stat).unwrap().is_alive(), alive, "{stat}");
        };
        check("S", 1, true);
        check("T", 1, true);
        check("Z", 1, false);
        check("Z", 2, true);
        check("X", 0, false);
    }
}
