//! A peer at work.

use std::{
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::{
    estatus, monit, nssm,
    peer::{Peer, Program},
    runit, supervisord,
};
use crate::{
    bench::{
        daemon::{Daemon, Lab, kill},
        meter,
    },
    command::{clean, find},
    windows::wine,
};

/// How long a program may take to end when it is asked to, in seconds.
pub(super) const STOPS_WITHIN: u64 = 2;
/// All programs of one that ends have ended within this.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

/// A peer at work.
pub(crate) struct Stand<'a> {
    peer: &'a Peer,
    folder: PathBuf,
    /// Its process; none where the system's own service manager does its work.
    daemon: Option<Daemon>,
    /// The Windows it runs on.
    wine: Option<wine::Session>,
}

impl Peer {
    /// Starts it on `programs`. The first of them serves a page at `page`, and is started again when that is broken.
    pub(crate) fn start(&self, lab: &Lab, programs: &[Program], page: Option<u16>) -> Result<Stand<'_>> {
        let folder = lab.folder(self.name())?;
        let wine = self.for_windows().map(|windows| windows.boot(&folder)).transpose()?;
        let mut stand = Stand { peer: self, folder, daemon: None, wine };
        stand.configure(programs, page)?;
        stand.run(lab)?;
        Ok(stand)
    }
}

impl Stand<'_> {
    fn configure(&self, programs: &[Program], page: Option<u16>) -> Result<()> {
        match self.peer {
            Peer::Estatus(_) | Peer::EstatusForWindows(_) => estatus::configure(&self.folder, programs, page),
            Peer::Supervisord => supervisord::configure(&self.folder, programs),
            Peer::Runit => runit::configure(&self.folder, programs),
            Peer::Monit => monit::configure(&self.folder, programs, page),
            Peer::Nssm(windows) => nssm::configure(self.wine()?, windows, &self.folder, programs),
        }
    }

    /// Has it run, for the first time or after it was killed.
    pub(crate) fn run(&mut self, lab: &Lab) -> Result<()> {
        let command = match self.peer {
            Peer::Estatus(_) | Peer::EstatusForWindows(_) => self.estatus(&["run"])?,
            Peer::Supervisord => supervisord::run(&self.folder)?,
            Peer::Runit => runit::run(&self.folder)?,
            Peer::Monit => monit::run(&self.folder)?,
            Peer::Nssm(_) => return nssm::run(self.wine()?, &self.folder),
        };
        let daemon = self.daemon.insert(Daemon::run(lab, &command)?);
        if matches!(self.peer, Peer::Monit) {
            monit::wait(daemon, &self.folder)?;
        }
        Ok(())
    }

    fn estatus(&self, words: &[&str]) -> Result<Command> {
        let mut command = match self.peer {
            Peer::EstatusForWindows(windows) => {
                estatus::command(windows.command(self.wine()?, &self.folder), &self.folder, wine::path)
            }
            Peer::Estatus(program) => estatus::command(clean(program), &self.folder, |path| path.display().to_string()),
            Peer::Supervisord | Peer::Runit | Peer::Monit | Peer::Nssm(_) => bail!("this is not Estatus"),
        };
        command.args(words);
        Ok(command)
    }

    fn wine(&self) -> Result<&wine::Session> {
        self.wine.as_ref().context("it does not run on Windows")
    }

    /// # Errors
    /// If it has ended; says what it printed.
    pub(crate) fn check(&self) -> Result<()> {
        self.daemon.as_ref().map_or(Ok(()), Daemon::check)
    }

    /// What it has printed so far.
    pub(crate) fn said(&self) -> String {
        self.daemon.as_ref().map(Daemon::said).unwrap_or_default()
    }

    /// The processes that supervise: all that came of it but for the programs.
    pub(crate) fn supervisors(&self, lab: &Lab) -> Vec<u32> {
        let all = if self.wine.is_some() {
            // In Wine nobody is anybody's child; but what runs from this folder is the peer's.
            meter::marked(&wine::path(&self.folder))
        } else {
            self.daemon.as_ref().map(|daemon| meter::tree(daemon.pid())).unwrap_or_default()
        };
        let programs = meter::marked(lab.mark());
        all.into_iter().filter(|pid| !programs.contains(pid)).collect()
    }

    /// Kills all that supervises; the programs are left alone.
    pub(crate) fn kill(&self, lab: &Lab) {
        kill(&self.supervisors(lab));
    }

    /// Stops a program as a user would.
    pub(crate) fn stop(&self, name: &str) -> Result<()> {
        let mut command = match self.peer {
            Peer::Estatus(_) | Peer::EstatusForWindows(_) => self.estatus(&["stop", name])?,
            Peer::Supervisord => supervisord::stop(&self.folder, name),
            Peer::Runit => runit::stop(&self.folder, name),
            Peer::Monit => monit::stop(&self.folder, name),
            Peer::Nssm(windows) => nssm::stop(windows.command(self.wine()?, &self.folder), name),
        };
        let done = command.stdin(Stdio::null()).output().context("Failed to start its command")?;
        // runit's says by its exit code that it had to kill.
        if !done.status.success() && !matches!(self.peer, Peer::Runit) {
            bail!("{}", said(&done));
        }
        Ok(())
    }

    /// The files in which it keeps what a program writes.
    pub(crate) fn logs(&self, name: &str) -> Vec<PathBuf> {
        match self.peer {
            Peer::Estatus(_) | Peer::EstatusForWindows(_) => estatus::logs(&self.folder),
            Peer::Supervisord => vec![self.folder.join(format!("{name}.log"))],
            Peer::Runit => vec![self.folder.join("logs").join(name).join("current")],
            Peer::Monit | Peer::Nssm(_) => Vec::new(),
        }
    }

    /// Ends it and its programs.
    pub(crate) fn end(self, lab: &Lab) {
        // Told so, runsvdir ends its services as well.
        let signal = if matches!(self.peer, Peer::Runit) { "-HUP" } else { "-TERM" };
        // With the Windows they run on, all of them end.
        drop(self.wine);
        if let Some(daemon) = self.daemon {
            daemon.end_by(signal, ENDS_WITHIN);
        }
        lab.end_programs();
    }
}

/// A program that was seen to when the bench began.
pub(super) fn found(name: &str) -> Result<Command> {
    Ok(clean(find(name).with_context(|| format!("{name} is not installed"))?))
}

/// What a command has printed. NSSM prints UTF-16.
pub(super) fn said(done: &Output) -> String {
    [&done.stdout, &done.stderr].map(|text| String::from_utf8_lossy(text)).concat().replace('\0', "")
}
