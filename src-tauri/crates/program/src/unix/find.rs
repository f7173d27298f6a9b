//! What `/proc` says of processes and of the ports they listen on.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use super::process::{Process, pid_of, processes};
use crate::facts::{Listener, Running, Usage};

/// The longest part of a command line that is kept, in bytes. Some programs have hundreds of kilobytes of them.
const COMMAND_LINE_LIMIT: u64 = 32 * 1024;

/// Every process that is alive, threads of the kernel aside.
pub(crate) fn running() -> Vec<Running> {
    // Those of the kernel are in no group.
    processes().filter(|process| process.group != 0).map(describe).collect()
}

fn describe(process: Process) -> Running {
    let words = command_line(&process);
    Running {
        process: process.id(),
        parent: process.parent.cast_unsigned(),
        path: process.executable().map(|path| still_there(&path)),
        called: words.first().map(PathBuf::from).unwrap_or_default(),
        command_line: words.join(" "),
        words,
        name: process.name,
        may_be_seen: true,
    }
}

fn command_line(process: &Process) -> Vec<String> {
    let mut line = Vec::new();
    if let Ok(file) = File::open(format!("/proc/{}/cmdline", process.pid)) {
        let _ = file.take(COMMAND_LINE_LIMIT).read_to_end(&mut line);
    }
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    line.split(|&byte| byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// The executable of a process that was replaced or deleted while it runs is marked.
fn still_there(path: &str) -> PathBuf {
    path.strip_suffix(" (deleted)").unwrap_or(path).into()
}

/// Shims run the executable that starts them, or one that lies beside it.
pub(crate) const fn is_shim(_: &Path) -> bool {
    false
}

/// Where a process runs, if this user may know it.
pub(crate) fn directory(pid: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// The service of systemd that a process belongs to, if it belongs to one.
pub(crate) fn unit(pid: u32) -> Option<String> {
    unit_in(&fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?)
}

/// The service that lines of `/proc/PID/cgroup` name. What a person starts is in a scope, below the service of that
/// person's systemd.
fn unit_in(cgroups: &str) -> Option<String> {
    let paths =
        cgroups.lines().map(|line| line.strip_prefix("0::").or(line.split_once(":name=systemd:").map(|it| it.1)));
    let unit = paths.flatten().next()?.rsplit('/').next()?;
    (unit.ends_with(".service") && !unit.starts_with("user@")).then(|| unit.to_owned())
}

/// Who listens on `port`, or on any; of `among`, or of all processes. Of all, those who cannot be seen are told too.
pub(crate) fn listeners(port: Option<u16>, among: Option<&[u32]>) -> Vec<Listener> {
    let sockets = listening(port);
    if sockets.is_empty() {
        return Vec::new();
    }
    let pids = among.map_or_else(|| processes().map(|process| process.id().pid).collect(), <[u32]>::to_vec);
    let mut listeners: Vec<Listener> = pids.iter().flat_map(|&pid| listeners_of(pid, &sockets)).collect();
    if among.is_none() {
        let unseen = sockets.into_values().filter(|port| !listeners.iter().any(|it| it.port == *port));
        let unseen: Vec<Listener> = unseen.map(|port| Listener { port, pid: None }).collect();
        listeners.extend(unseen);
    }
    listeners
}

fn listeners_of(pid: u32, sockets: &HashMap<u64, u16>) -> Vec<Listener> {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let inodes = open.filter_map(|entry| inode(&fs::read_link(entry.path()).ok()?));
    inodes.filter_map(|inode| Some(Listener { port: *sockets.get(&inode)?, pid: Some(pid) })).collect()
}

/// The inode in a link like `socket:[4711]`.
fn inode(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// The sockets that listen on `port`, or on any, by their inodes (proc_pid_net(5)).
fn listening(port: Option<u16>) -> HashMap<u64, u16> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let sockets = tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(listening_socket);
    sockets.filter(|(_, on)| port.is_none_or(|port| port == *on)).collect()
}

fn listening_socket(line: &str) -> Option<(u64, u16)> {
    /// TCP_LISTEN in net/tcp_states.h.
    const LISTENING: &str = "0A";
    let mut fields = line.split_ascii_whitespace();
    let (_, port) = fields.nth(1)?.rsplit_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    (fields.nth(1)? == LISTENING).then_some(())?;
    Some((fields.nth(5)?.parse().ok()?, port))
}

/// What each of these processes uses.
pub(crate) fn usage(pids: &[u32]) -> Vec<Usage> {
    pids.iter().filter_map(|&pid| usage_of(pid)).collect()
}

fn usage_of(pid: u32) -> Option<Usage> {
    let process = Process::alive(pid_of(pid)?)?;
    let pages = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let resident: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(Usage {
        memory: resident * rustix::param::page_size() as u64,
        cpu_time: Duration::from_millis(process.cpu.saturating_mul(1_000) / rustix::param::clock_ticks_per_second()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_of_systemd_is_known_by_its_control_group() {
        let check = |cgroups: &str, unit: Option<&str>| assert_eq!(unit_in(cgroups).as_deref(), unit, "{cgroups}");
        check("0::/system.slice/nginx.service\n", Some("nginx.service"));
        check("12:pids:/x\n1:name=systemd:/system.slice/web.service\n", Some("web.service"));
        check("0::/user.slice/user-1000.slice/user@1000.service/app.slice/web.service\n", Some("web.service"));
        check("0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-x-7.scope\n", None);
        check("0::/user.slice/user-1000.slice/user@1000.service\n", None);
        check("0::/user.slice/user-1000.slice/session-2.scope\n", None);
        check("0::/\n", None);
        check("", None);
    }

    #[test]
    fn sockets_that_listen_are_told_from_others() {
        let check = |line: &str, found: Option<(u64, u16)>| assert_eq!(listening_socket(line), found, "{line}");
        let rest = "00000000:00000000 00:00000000 00000000  1000        0 12345 1 0000000000000000 100 0 0 10 0";
        check(&format!("   0: 0100007F:1435 00000000:0000 0A {rest}"), Some((12345, 5173)));
        check(&format!("   0: 0100007F:1435 0100007F:C000 01 {rest}"), None);
        check(&format!("  11: 00000000000000000000000001000000:0050 0:0000 0A {rest}"), Some((12345, 80)));
        check("  sl  local_address rem_address   st tx_queue", None);
        check("", None);
    }

    #[test]
    fn an_executable_that_was_replaced_keeps_its_path() {
        assert_eq!(still_there("/usr/bin/web (deleted)"), Path::new("/usr/bin/web"));
        assert_eq!(still_there("/usr/bin/web"), Path::new("/usr/bin/web"));
    }
}
