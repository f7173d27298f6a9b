//! What is asked of systemd, by its own command.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use super::{account::Account, unit};
use crate::CommandError;

/// Whose services are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The machine's.
    System,
    /// Those of the user who runs this.
    User,
}

/// What systemd knows of the service.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown(BTreeMap<String, String>);

impl Shown {
    /// A property, if it has a value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether it runs, or is about to.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.get("ActiveState"), Some("active" | "activating" | "reloading" | "deactivating"))
    }

    /// The process of the engine, while there is one.
    pub(super) fn pid(&self) -> Option<u32> {
        self.get("MainPID").and_then(|pid| pid.parse().ok()).filter(|pid| *pid != 0)
    }
}

/// Whether systemd runs this machine.
pub(super) fn is_booted() -> bool {
    // As sd_booted(3) has it.
    fs::symlink_metadata("/run/systemd/system").is_ok_and(|folder| folder.is_dir())
}

/// Refuses where systemd does not run this machine.
pub(super) fn must_be_booted() -> Result<(), CommandError> {
    if is_booted() {
        return Ok(());
    }
    Err(CommandError::Failed(
        "systemd does not run this machine, and Estatus knows no other service manager here: have yours run \
         `estatus run` as the user who owns the programs, and start it again when it ends"
            .into(),
    ))
}

impl Scope {
    /// Where the unit stands.
    pub(super) fn unit_file(self, account: &Account) -> PathBuf {
        let own = || env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
        match self {
            Self::System => Path::new("/etc/systemd/system").join(unit::NAME),
            Self::User => own().unwrap_or_else(|| account.home.join(".config")).join("systemd/user").join(unit::NAME),
        }
    }

    /// The option of systemd's commands that means these services, with a space behind it if there is one.
    pub(super) fn option(self) -> &'static str {
        if self == Self::User { "--user " } else { "" }
    }

    /// Has `systemctl` do `what`.
    pub(super) fn tell(self, what: &[&str]) -> Result<(), CommandError> {
        let output = self.run("systemctl", what)?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        let command = format!("systemctl {}{}", self.option(), what.join(" "));
        Err(CommandError::Failed(match said {
            _ if said.contains("Failed to connect to bus") && self == Self::User => format!(
                "{command}: the service manager of this user does not run: log in as this user (not by `su`), or \
                 first run `loginctl enable-linger` as root"
            ),
            "" => format!("{command}: {}", output.status),
            said => format!("{command}: {said}"),
        }))
    }

    /// What systemd knows of the service.
    pub(super) fn show(self) -> Result<Shown, CommandError> {
        const PROPERTIES: &str = "--property=LoadState,ActiveState,SubState,UnitFileState,MainPID,ActiveEnterTimestamp,\
                                  User,FragmentPath,StatusText,NRestarts,Result";
        let output = self.run("systemctl", &["show", "--timestamp=unix", PROPERTIES, unit::NAME])?;
        if !output.status.success() {
            let said = crate::show::one_line(String::from_utf8_lossy(&output.stderr).trim());
            return Err(CommandError::Failed(format!("systemd does not say how the service is: {said}")));
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().filter_map(|line| line.split_once('='));
        Ok(Shown(lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()))
    }

    /// The last lines that the service has written.
    pub(super) fn last_lines(self) -> Vec<String> {
        let selected = if self == Self::User { "--user-unit" } else { "--unit" };
        let read = Command::new("journalctl").args(["-q", "-n", "6", "-o", "cat", selected, unit::NAME]).output();
        let text = read.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        text.lines().map(crate::show::one_line).collect()
    }

    fn run(self, program: &str, what: &[&str]) -> Result<Output, CommandError> {
        let mut command = Command::new(program);
        if self == Self::User {
            command.arg("--user");
            // Where somebody became this user without a session, it is there all the same when they linger.
            let folder = format!("/run/user/{}", rustix::process::geteuid().as_raw());
            if env::var_os("XDG_RUNTIME_DIR").is_none() && Path::new(&folder).is_dir() {
                command.env("XDG_RUNTIME_DIR", folder);
            }
        }
        command.arg("--no-ask-password").args(what).env("LC_ALL", "C.UTF-8").env("SYSTEMD_COLORS", "0");
        command.output().map_err(|error| {
            let missing = error.kind() == io::ErrorKind::NotFound;
            let why = if missing { "is not on the PATH".to_owned() } else { format!("cannot be run: {error}") };
            CommandError::Failed(format!("systemd's command {program} {why}"))
        })
    }
}
