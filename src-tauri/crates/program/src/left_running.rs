//! What runs of a data folder, as whoever hosts no engine there sees it.

use std::{collections::BTreeMap, fs, path::Path};

use estatus_core::program::ProcessId;

use crate::{
    ledger::{Ledger, StartPhase},
    platform,
    shim::programs,
};

/// How it stands with what was started once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It runs, or may be about to.
    Running,
    /// It does not run, and nobody has seen its end: whoever looks at it sees to what may be left of it.
    Unseen,
    /// It has ended.
    Ended,
}

/// The names of the programs that an engine on the data folder `data` has started and that run, or may be about to; it
/// need not run any more itself. Nothing where the folder cannot be read.
pub fn left_running(data: &Path) -> Vec<String> {
    let started = started_in(&programs(data)).into_iter();
    started.filter(|(_, left)| *left == Left::Running).map(|(name, _)| name).collect()
}

/// What has its folders in `root` and was started there, by its name. Nothing where the folder cannot be read.
pub fn started_in(root: &Path) -> BTreeMap<String, Left> {
    let folders = fs::read_dir(root).into_iter().flatten().flatten();
    let ledgers: Vec<Ledger> = folders.filter_map(|folder| Ledger::read(&folder.path())).collect();
    if ledgers.is_empty() {
        return BTreeMap::new();
    }
    let alive: Vec<ProcessId> = platform::running().into_iter().map(|it| it.process).collect();
    let left = |ledger: Ledger| {
        let left = match &ledger.phase {
            StartPhase::Spawning => Left::Running,
            StartPhase::Running(record) if alive.contains(&record.root) || alive.contains(&record.first) => {
                Left::Running
            }
            StartPhase::Running(_) => Left::Unseen,
            StartPhase::Ended(_) => Left::Ended,
        };
        (ledger.program, left)
    };
    ledgers.into_iter().map(left).collect()
}

#[cfg(test)]
mod tests {
    use estatus_core::ids::StartId;
    use jiff::Timestamp;

    use super::*;
    use crate::ledger::{LaunchTerms, RunRecord};

    #[test]
    fn a_program_counts_while_its_process_is_the_one_that_was_started() {
        let data = tempfile::tempdir().unwrap();
        let me = platform::running().into_iter().map(|it| it.process).find(|it| it.pid == std::process::id()).unwrap();
        let put = |program: &str, process: ProcessId| {
            let terms = LaunchTerms::for_tests();
            let record = RunRecord {
                root: process,
                first: process,
                executable: None,
                since: Timestamp::UNIX_EPOCH,
                ready: false,
                adopted: false,
                watchdog: None,
            };
            let (boot, token) = (platform::boot_id(), "t".to_owned());
            let phase = StartPhase::Running(record);
            let folder = crate::folder(data.path(), program);
            fs::create_dir_all(&folder).unwrap();
            Ledger { program: program.into(), boot, start: StartId(1), token, terms, phase }.write(&folder).unwrap();
        };
        assert!(left_running(data.path()).is_empty());
        put("alive", me);
        put("another has its number", ProcessId { started: me.started + 1, ..me });
        assert_eq!(left_running(data.path()), ["alive"]);
        assert_eq!(started_in(&programs(data.path()))["another has its number"], Left::Unseen);
    }
}
