//! A desktop session of a test's own: a display, a bus, and folders for everything that a user has.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Arc,
};

use estatus_tests::eventually;
use tempfile::TempDir;

use crate::screen::Screen;

/// Stands in the place of whatever the system would start to keep secrets.
const NO_KEYRING: &str = "[D-BUS Service]\nName=org.freedesktop.secrets\nExec=/bin/false\n";

/// A desktop session; it ends when this is dropped.
#[derive(Clone)]
pub(crate) struct Session {
    display: String,
    bus: String,
    home: Arc<TempDir>,
    more: Vec<(String, String)>,
    _processes: Arc<[Ended; 2]>,
}

impl Session {
    /// Starts one.
    pub(crate) fn start() -> Self {
        Self::as_large_as("1280x900")
    }

    /// Starts one whose display has this size.
    pub(crate) fn as_large_as(size: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let (size, folder) = (format!("{size}x24"), home.path().to_str().unwrap());
        let display = ["-displayfd", "1", "-screen", "0", &size, "-fbdir", folder, "-nolisten", "tcp", "-noreset"];
        for folder in ["config", "data", "cache", "state", "runtime"] {
            fs::create_dir(home.path().join(folder)).unwrap();
        }
        let (xvfb, number) = says(Command::new("Xvfb").args(display));
        let mut daemon = Command::new("dbus-daemon");
        daemon.args(["--session", "--nofork", "--nopidfile", "--print-address=1"]);
        daemon.arg(format!("--address=unix:path={}", home.path().join("bus").display()));
        // What it starts has this home, and the system's keyring is not among it.
        let services = home.path().join("data/dbus-1/services");
        fs::create_dir_all(&services).unwrap();
        fs::write(services.join("org.freedesktop.secrets.service"), NO_KEYRING).unwrap();
        let (daemon, bus) = says(daemon.env("HOME", home.path()).env("XDG_DATA_HOME", home.path().join("data")));
        let _processes = Arc::new([xvfb, daemon]);
        Self { display: format!(":{number}"), bus, home: Arc::new(home), more: Vec::new(), _processes }
    }

    /// A program that runs in this session.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.envs(self.variables()).env_remove("WAYLAND_DISPLAY").stdin(Stdio::null());
        command
    }

    /// What a program of this session finds in its environment.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let folder = |name: &str| self.home.path().join(name).display().to_string();
        let own = [
            ("DISPLAY", self.display.clone()),
            ("DBUS_SESSION_BUS_ADDRESS", self.bus.clone()),
            ("HOME", folder("")),
            ("XDG_CONFIG_HOME", folder("config")),
            ("XDG_DATA_HOME", folder("data")),
            ("XDG_CACHE_HOME", folder("cache")),
            ("XDG_STATE_HOME", folder("state")),
            ("XDG_RUNTIME_DIR", folder("runtime")),
            ("GDK_BACKEND", "x11".to_owned()),
            ("NO_AT_BRIDGE", "1".to_owned()),
            ("LIBGL_ALWAYS_SOFTWARE", "1".to_owned()),
            ("LANG", "C.UTF-8".to_owned()),
        ];
        own.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(self.more.clone()).collect()
    }

    /// The same session, where programs find one thing more in their environment.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.more.push((name.to_owned(), value.to_owned()));
        other
    }

    /// The same session, of a user whose home is empty, and where nothing says where things are.
    pub(crate) fn of_new_user(&self) -> Self {
        let home = self.home.path().join("new-user");
        fs::create_dir(&home).unwrap();
        // What is empty is as good as not set (XDG Base Directory Specification).
        let unset = ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"];
        unset.into_iter().fold(self.with("HOME", home.to_str().unwrap()), |session, name| session.with(name, ""))
    }

    /// The home of its user.
    pub(crate) fn home(&self) -> PathBuf {
        let mut homes = self.variables().into_iter().filter(|(name, _)| name == "HOME");
        homes.next_back().map(|(_, home)| PathBuf::from(home)).unwrap()
    }

    /// Gives windows frames, by which they can be closed.
    pub(crate) fn frames(&self) -> Ended {
        let openbox = self.command("openbox").stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let openbox = Ended(openbox.expect("cargo xtask test installs openbox"));
        eventually("windows have frames", || {
            let asked = self.command("wmctrl").arg("-m").output().ok()?;
            asked.status.success().then_some(())
        });
        openbox
    }

    /// Logs in: whatever asked to be started with this desktop is.
    pub(crate) fn log_in(&self) -> Ended {
        let nothing = self.config().join("of-the-system");
        fs::create_dir_all(&nothing).unwrap();
        let mut openbox = self.command("openbox-session");
        openbox.env("XDG_CONFIG_DIRS", nothing).stdout(Stdio::null()).stderr(Stdio::null());
        Ended(openbox.spawn().expect("cargo xtask test installs openbox"))
    }

    /// Gives the ground of its display a colour; without one, what was there stays when a window goes.
    pub(crate) fn paint_ground(&self, colour: &str) {
        let painted = self.command("xsetroot").args(["-solid", colour]).status();
        assert!(painted.is_ok_and(|status| status.success()), "cargo xtask test installs xsetroot");
    }

    /// Moves the mouse, clicks and types as a person does: in the words of xdotool.
    pub(crate) fn xdotool(&self, words: &[&str]) -> Output {
        self.command("xdotool").args(words).output().expect("cargo xtask test installs xdotool")
    }

    /// Waits until the person is in the window of this title.
    pub(crate) fn is_in(&self, title: &str) {
        eventually(&format!("the person is in “{title}”"), || {
            let named = self.xdotool(&["getactivewindow", "getwindowname"]);
            (String::from_utf8_lossy(&named.stdout).trim() == title).then_some(())
        });
    }

    /// What is on its display.
    pub(crate) fn screen(&self) -> Screen {
        Screen::in_folder(self.home.path())
    }

    /// Where programs keep their settings.
    pub(crate) fn config(&self) -> PathBuf {
        self.home.path().join("config")
    }

    /// The address of its bus.
    pub(crate) fn bus(&self) -> &str {
        &self.bus
    }
}

/// A process that is ended when this is dropped.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program that says one line when it is ready.
fn says(command: &mut Command) -> (Ended, String) {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child =
        command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; cargo xtask test installs it"));
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.trim().is_empty(), "{command:?} does not start");
    (Ended(child), line.trim().to_owned())
}
