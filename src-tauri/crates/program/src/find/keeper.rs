//! Who else keeps a process running: kept by two, it would be started twice.

use crate::{facts::Running, platform};

/// What starts the processes that it keeps, by its name, and what people call it.
const KEEPERS: [(&str, &str); 7] = [
    ("supervisord", "Supervisor"),
    ("runsv", "runit"),
    ("s6-supervise", "s6"),
    ("supervise", "daemontools"),
    ("containerd-shim", "containerd"),
    ("conmon", "Podman"),
    ("nssm.exe", "NSSM"),
];

/// What keeps the first process of `line` running, as far as is known; behind it stand its parent, and so on.
pub(super) fn keeper<'t>(line: impl Iterator<Item = &'t Running>) -> Option<String> {
    let mut line = line.peekable();
    let process = line.next()?;
    // A service's own process is a child of the system's; what it starts is that one's.
    let of_the_system = match line.peek()?.name.as_str() {
        "systemd" => platform::unit(process.process.pid).map(|unit| format!("systemd ({unit})")),
        "services.exe" => Some("Windows".to_owned()),
        _ => None,
    };
    of_the_system.or_else(|| line.find_map(keeps))
}

fn keeps(process: &Running) -> Option<String> {
    if process.command_line.starts_with("PM2 v") && process.command_line.contains("God Daemon") {
        return Some("PM2".to_owned());
    }
    // Linux knows but 15 bytes of a name, and containerd's shims have a version behind it.
    let is_called = |name: &str| match name {
        "containerd-shim" => process.name.starts_with(name),
        name => process.name.eq_ignore_ascii_case(name),
    };
    KEEPERS.iter().find(|(name, _)| is_called(name)).map(|(_, called)| (*called).to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use estatus_core::program::ProcessId;

    use super::*;

    fn process(name: &str, command_line: &str) -> Running {
        Running {
            // No process of this machine.
            process: ProcessId { pid: u32::MAX, started: 1 },
            parent: 0,
            name: name.to_owned(),
            path: None,
            called: PathBuf::new(),
            command_line: command_line.to_owned(),
            words: Vec::new(),
            may_be_seen: true,
        }
    }

    #[test]
    fn whoever_stands_above_a_process_and_keeps_what_it_starts_is_known() {
        let check = |above: &[(&str, &str)], expected: Option<&str>| {
            let line: Vec<Running> =
                [("node", "node a.js")].iter().chain(above).map(|(name, line)| process(name, line)).collect();
            assert_eq!(keeper(line.iter()).as_deref(), expected, "{above:?}");
        };
        check(&[], None);
        check(&[("bash", "-bash"), ("sshd", "sshd: me"), ("systemd", "/sbin/init")], None);
        check(&[("systemd", "/sbin/init")], None);
        check(&[("PM2 v5.4.2: God", "PM2 v5.4.2: God Daemon (/home/me/.pm2)")], Some("PM2"));
        check(&[("sh", "sh -c node a.js"), ("supervisord", "python3 /usr/bin/supervisord")], Some("Supervisor"));
        check(&[("runsv", "runsv web"), ("runsvdir", "runsvdir /etc/service")], Some("runit"));
        check(&[("containerd-shim", "/usr/bin/containerd-shim-runc-v2 -id 1")], Some("containerd"));
        check(&[("NSSM.exe", ""), ("services.exe", "")], Some("NSSM"));
        check(&[("services.exe", "")], Some("Windows"));
        check(&[("svchost.exe", "svchost.exe -s Schedule"), ("services.exe", "")], None);
        check(&[("bash", "grep God Daemon")], None);
    }
}
