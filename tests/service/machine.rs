//! A machine of the test's own (`machine.sh`).

use std::{
    fs,
    process::{Child, Command, Output, Stdio},
};

use estatus_tests::{Said, built, eventually};
use serde_json::Value;
use tempfile::TempDir;

const SCRIPT: &str = include_str!("machine.sh");

/// A machine that has booted. It is gone when it is dropped.
pub(crate) struct Machine {
    /// All its processes are below this one, and end with it.
    holder: Child,
    _disk: TempDir,
}

impl Machine {
    pub(crate) fn boot() -> Self {
        let disk = tempfile::tempdir().unwrap();
        let holder = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "sh", "-c", SCRIPT, "machine"])
            .args([disk.path(), &built("estatus")])
            .stdin(Stdio::null())
            .spawn()
            .expect("unshare, of util-linux");
        let machine = Self { holder, _disk: disk };
        machine.wait_until_it_is_up(None);
        machine
    }

    /// Has it boot again, and waits until it has.
    pub(crate) fn reboot(&self) {
        let before = self.first_process();
        self.run(&["systemctl", "reboot"]);
        self.wait_until_it_is_up(before);
    }

    fn wait_until_it_is_up(&self, before: Option<u32>) {
        eventually("the machine boots: this needs root, namespaces, overlay file systems and cgroups", || {
            self.first_process().filter(|first| Some(*first) != before)?;
            let said = self.run(&["systemctl", "is-system-running"]);
            ["running", "degraded"].contains(&said.out.trim()).then_some(())
        });
    }

    /// Its systemd, as this machine numbers it.
    fn first_process(&self) -> Option<u32> {
        // unshare, its shell, unshare, systemd.
        let mut process = self.holder.id();
        for _ in 0..3 {
            process = child_of(process)?;
        }
        let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
        (name.trim() == "systemd").then_some(process)
    }

    /// Has root run `words` there.
    pub(crate) fn run(&self, words: &[&str]) -> Said {
        let Some(first) = self.first_process() else {
            return Said { out: String::new(), err: "it does not run".into(), code: -1 };
        };
        let mut command = Command::new("nsenter");
        command.args(["--target", &first.to_string(), "--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup", "--"]);
        command.args(["env", "-i", "PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]);
        let Output { status, stdout, stderr } = command.args(words).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { out: text(stdout), err: text(stderr), code: status.code().unwrap_or(-1) }
    }

    /// Has root run the built program there.
    pub(crate) fn estatus(&self, arguments: &[&str]) -> Said {
        self.run(&[&["estatus"], arguments].concat())
    }

    /// The same of anything that must succeed; what it said.
    #[track_caller]
    pub(crate) fn must(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, 0, "{words:?}: {said:?}");
        said.out
    }

    /// Sends `signal` to the engine that `status` shows.
    #[track_caller]
    pub(crate) fn kill(&self, signal: &str, status: &Value) {
        self.must(&["kill", &format!("-{signal}"), &status["pid"].to_string()]);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// The process that `parent` has started last.
fn child_of(parent: u32) -> Option<u32> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).ok()?;
    children.split_whitespace().last()?.parse().ok()
}
