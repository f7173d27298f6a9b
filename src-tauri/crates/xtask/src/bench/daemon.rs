//! Programs that run while something is measured, and the folder they live in.

use std::{
    cell::RefCell,
    env,
    ffi::OsStr,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::meter;
use crate::command::clean;

/// What was measured has ended for good within this, with all that watched over it.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// A folder for the time of a bench.
pub(crate) struct Lab {
    folder: PathBuf,
    mark: String,
}

impl Lab {
    /// Makes an empty folder.
    pub(crate) fn new() -> Result<Self> {
        let folder = env::temp_dir().join(format!("estatus-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("Failed to make {}", folder.display()))?;
        Ok(Self { folder, mark: format!("9{:09}", std::process::id()) })
    }

    /// A number that is in the command line of every program that is supervised for the bench, and of no other.
    pub(crate) fn mark(&self) -> &str {
        &self.mark
    }

    /// Ends what is left of those.
    pub(crate) fn end_programs(&self) {
        kill(&meter::marked(&self.mark));
    }

    /// A place in it.
    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes an empty folder in it, and says where it is.
    pub(crate) fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.join(name);
        let begun = Instant::now();
        while folder.exists() {
            // What ends may still write something.
            let removed = fs::remove_dir_all(&folder);
            if begun.elapsed() > ENDS_WITHIN {
                removed.with_context(|| format!("Failed to empty {}", folder.display()))?;
            }
        }
        fs::create_dir(&folder).with_context(|| format!("Failed to make {}", folder.display()))?;
        Ok(folder)
    }

    /// Writes a file, and says where it is.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let file = self.join(name);
        fs::write(&file, text).with_context(|| format!("Failed to write {}", file.display()))?;
        Ok(file)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.end_programs();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Kills these processes.
pub(crate) fn kill(pids: &[u32]) {
    if !pids.is_empty() {
        let _ = clean("kill").arg("-KILL").args(pids.iter().map(u32::to_string)).stderr(Stdio::null()).status();
    }
}

/// A program that runs until this is dropped.
pub(crate) struct Daemon {
    child: RefCell<Child>,
    output: PathBuf,
}

impl Daemon {
    /// Starts `program`; see [`Self::run`].
    pub(crate) fn start<A: AsRef<OsStr>>(
        lab: &Lab,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self> {
        Self::run(lab, clean(program).args(arguments))
    }

    /// Starts `command` with as many open files as the system allows; what it prints goes to a file.
    pub(crate) fn run(lab: &Lab, command: &Command) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let output = lab.join(format!("output-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let file = fs::File::create(&output).with_context(|| format!("Failed to make {}", output.display()))?;
        let program = command.get_program();
        let mut shell = clean("sh");
        shell.args(["-c", "ulimit -n \"$(ulimit -Hn)\"; exec \"$@\"", "sh"]).arg(program).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let child = shell
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("Failed to start {}", program.display()))?;
        Ok(Self { child: child.into(), output })
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.borrow().id()
    }

    /// What it has printed so far.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default().trim().to_owned()
    }

    /// Sends it a signal, and waits for its end; it gets so long.
    pub(crate) fn end_by(self, signal: &str, patience: Duration) {
        let _ = clean("kill").args([signal, &self.pid().to_string()]).status();
        let begun = Instant::now();
        while self.check().is_ok() && begun.elapsed() < patience {
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// # Errors
    /// If it has ended; says what it printed.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(status) = self.child.borrow_mut().try_wait()? {
            bail!("it ended ({status}), having said: {}", self.said());
        }
        Ok(())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// A port on loopback that nobody listens on.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Ticks of CPU time in a second, as `/proc` counts them.
pub(crate) fn ticks_per_second() -> Result<f64> {
    let said = crate::command::output(Command::new("getconf").arg("CLK_TCK"))?;
    said.trim().parse().context("getconf CLK_TCK is not a number")
}
