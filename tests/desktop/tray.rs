//! The tray application, as it runs.

use std::{
    fs,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use estatus_tests::{BOUND, Estatus, built, eventually, within};

use crate::{panel::Icon, session::Session};

/// A tray application that runs; it is ended when this is dropped.
pub(crate) struct Tray(Child);

impl Tray {
    /// Starts it on the configuration of `estatus`.
    pub(crate) fn start(session: &Session, estatus: &Estatus, arguments: &[&str]) -> Self {
        Self::start_program(&built("estatus-tray"), session, estatus, arguments)
    }

    /// The same with the program that lies at `program`.
    pub(crate) fn start_program(program: &Path, session: &Session, estatus: &Estatus, arguments: &[&str]) -> Self {
        Self(Self::command(program, session, estatus).args(arguments).spawn().unwrap())
    }

    /// Starts it to its end.
    pub(crate) fn run(session: &Session, estatus: &Estatus) -> ExitStatus {
        Self::command(&built("estatus-tray"), session, estatus).status().unwrap()
    }

    fn command(program: &Path, session: &Session, estatus: &Estatus) -> Command {
        let mut command = session.command(program);
        command.args(estatus.places()).envs(estatus.env().iter().cloned()).stdout(Stdio::null());
        command
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// The processes of its windows.
    pub(crate) fn windows(&self) -> Vec<u32> {
        windows_of(self.0.id())
    }

    /// Waits for its window to be shown, and gives back its process.
    pub(crate) fn window(&self, session: &Session) -> u32 {
        eventually("a window is shown", || {
            let listed = session.command("wmctrl").arg("-l").output().ok()?;
            String::from_utf8_lossy(&listed.stdout).contains("Estatus").then_some(())?;
            self.windows().first().copied()
        })
    }

    /// Waits until its window is called by `title`.
    pub(crate) fn shows(&self, session: &Session, title: &str) {
        let titles = || {
            let listed = session.command("wmctrl").arg("-l").output().unwrap();
            String::from_utf8_lossy(&listed.stdout).into_owned()
        };
        let shown = within(BOUND, || titles().contains(title).then_some(()));
        assert!(shown.is_some(), "no window is called “{title}”; these are there: {}", titles());
    }

    /// Closes its window as a person would.
    pub(crate) fn close_window(&self, session: &Session) {
        assert!(session.command("wmctrl").args(["-c", "Estatus"]).status().unwrap().success());
    }

    /// Chooses Quit, and waits for its end.
    pub(crate) async fn quit(mut self, icon: &Icon) -> ExitStatus {
        icon.choose(&["Quit"]).await;
        within(BOUND, || self.0.try_wait().unwrap()).expect("it ends")
    }
}

/// A tray application that the desktop started; it is ended when this is dropped.
pub(crate) struct Greeted(u32);

impl Greeted {
    /// The one that put `icon` there.
    pub(crate) async fn of(icon: &Icon) -> Self {
        let pid = icon.process().await;
        assert!(is(pid, "estatus-tray"));
        Self(pid)
    }

    /// The processes of its windows.
    pub(crate) fn windows(&self) -> Vec<u32> {
        windows_of(self.0)
    }

    /// Chooses Quit, and waits for its end.
    pub(crate) async fn quit(self, icon: &Icon) {
        icon.choose(&["Quit"]).await;
        eventually("it ends", || (!is(self.0, "estatus-tray")).then_some(()));
    }
}

impl Drop for Greeted {
    fn drop(&mut self) {
        if is(self.0, "estatus-tray") {
            let _ = Command::new("kill").args(["-KILL", &self.0.to_string()]).status();
        }
    }
}

/// The processes of the windows of the tray application `pid`.
fn windows_of(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok());
    pids.filter(|pid| is(*pid, "estatus-window")).collect()
}

/// Whether a process runs `program`.
fn is(pid: u32, program: &str) -> bool {
    fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|running| running.ends_with(program))
}

impl Drop for Tray {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).stderr(Stdio::null()).status();
        if within(BOUND, || self.0.try_wait().transpose()).is_none() {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}
