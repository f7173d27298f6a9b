//! What is known of a program's newest start, so that it is found again.
//!
//! It is written before a process is started and after, by renaming, and not forced to disk: it counts within one boot
//! of the machine only, and there what was written can be read.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use estatus_access::replace;
use estatus_core::{
    encoding::OutputEncoding,
    exit::Signal,
    ids::StartId,
    program::{Ended, Found, ProcessId},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::platform;

const FILE: &str = "ledger.json";

/// The newest start of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// The program's name.
    pub(crate) program: String,
    /// During which boot of the machine this was written.
    pub(crate) boot: String,
    /// Which start.
    pub(crate) start: StartId,
    /// What marks its processes.
    pub(crate) token: String,
    /// What a shim that takes over must know.
    pub(crate) terms: LaunchTerms,
    /// How far it has come.
    pub(crate) phase: StartPhase,
}

/// What a program was started with, as far as it matters while it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LaunchTerms {
    /// The text that says that it is ready.
    pub(crate) ready_log: Option<String>,
    /// The most bytes that its logs take on disk.
    pub(crate) log_keep: u64,
    /// The encoding of what it writes.
    #[serde(default)]
    pub(crate) encoding: OutputEncoding,
    /// What asks the rest of it to end once its first process has.
    pub(crate) signal: Signal,
    /// How long that may take.
    pub(crate) patience: Duration,
    /// The promise it makes where it finds `WATCHDOG_USEC` in its environment.
    pub(crate) watchdog: Option<Duration>,
    /// What holds for a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) once: Option<Once>,
    /// Whether it ends with the engine that wants it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) bound: bool,
    /// The other programs that are not to be started beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stands_for: Vec<Arc<str>>,
}

/// What holds for a command: it runs once, has its time, and what it has left in the background when it ends by itself lives
/// on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Once {
    /// It as it stands in the configuration.
    pub(crate) command: String,
    /// When this has passed since it was started, all of it is ended.
    pub(crate) limit: Duration,
}

/// How far a start has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "phase")]
pub(crate) enum StartPhase {
    /// There may be a process, or there will be one at once.
    Spawning,
    /// It runs.
    Running(RunRecord),
    /// It has ended.
    Ended(Ended),
}

/// A program that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// The process that was started, or adopted.
    pub(crate) root: ProcessId,
    /// Its first process: the root, or the one that it named itself (`MAINPID=`).
    pub(crate) first: ProcessId,
    /// The executable of that, where it can be seen.
    pub(crate) executable: Option<String>,
    /// When it was started.
    pub(crate) since: Timestamp,
    /// Whether it has said that it is ready.
    pub(crate) ready: bool,
    /// Whether somebody else started it.
    pub(crate) adopted: bool,
    /// How often it has promised to say that it lives, since it said so.
    pub(crate) watchdog: Option<Duration>,
}

impl Ledger {
    /// The ledger in `folder`, if there is one of this boot. One that cannot be read counts as none.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        Self::read_of_any_boot(folder).filter(Self::is_of_this_boot)
    }

    /// The same, of whatever boot.
    pub(crate) fn read_of_any_boot(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(FILE)).ok()?).ok()
    }

    /// Whether it was written since the machine was started.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        self.boot == platform::boot_id()
    }

    /// Puts this in place of what was there, all or nothing.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let new = folder.join("ledger.new");
        fs::write(&new, serde_json::to_vec(self)?)?;
        replace(&new, &folder.join(FILE))
    }

    /// Puts back what was there before.
    pub(crate) fn restore(before: Option<&Self>, folder: &Path) -> io::Result<()> {
        match before {
            Some(before) => before.write(folder),
            None => fs::remove_file(folder.join(FILE)),
        }
    }

    /// What it says of the program while nobody supervises it; nothing while that has to be looked at.
    pub(crate) fn settled(ledger: Option<&Self>) -> Option<Found> {
        match ledger.map(|ledger| &ledger.phase) {
            None => Some(Found::Nothing),
            Some(StartPhase::Ended(ended)) => Some(Found::Ended(ended.clone())),
            Some(StartPhase::Spawning | StartPhase::Running(_)) => None,
        }
    }
}

#[cfg(test)]
impl LaunchTerms {
    /// Terms that ask for nothing.
    pub(crate) fn for_tests() -> Self {
        Self {
            ready_log: None,
            log_keep: 1,
            encoding: OutputEncoding::Auto,
            signal: Signal::Term,
            patience: Duration::from_secs(1),
            watchdog: None,
            once: None,
            bound: false,
            stands_for: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(boot: &str, phase: StartPhase) -> Ledger {
        let terms = LaunchTerms::for_tests();
        Ledger { program: "web".into(), boot: boot.into(), start: StartId(3), token: "t".into(), terms, phase }
    }

    #[test]
    fn it_counts_within_one_boot_only() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Ledger::read(folder.path()), None);
        let this = ledger(&platform::boot_id(), StartPhase::Spawning);
        this.write(folder.path()).unwrap();
        assert_eq!(Ledger::read(folder.path()), Some(this));
        ledger("another", StartPhase::Spawning).write(folder.path()).unwrap();
        assert_eq!(Ledger::read(folder.path()), None);
        fs::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(Ledger::read(folder.path()), None);
    }

    #[test]
    fn what_may_run_has_to_be_looked_at() {
        let process = ProcessId { pid: 7, started: 8 };
        let record = RunRecord {
            root: process,
            first: process,
            executable: None,
            since: Timestamp::UNIX_EPOCH,
            ready: false,
            adopted: false,
            watchdog: None,
        };
        let check = |phase: StartPhase, settled: bool| {
            assert_eq!(Ledger::settled(Some(&ledger("b", phase.clone()))).is_some(), settled, "{phase:?}");
        };
        check(StartPhase::Spawning, false);
        check(StartPhase::Running(record), false);
        let exit = estatus_core::exit::Exit::Code(0);
        let at = Timestamp::UNIX_EPOCH;
        check(StartPhase::Ended(Ended::new(StartId(3), exit, at)), true);
        assert_eq!(Ledger::settled(None), Some(Found::Nothing));
    }
}
