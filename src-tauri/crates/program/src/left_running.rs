//! What runs of a data folder, as whoever hosts no engine there sees it.

use std::{fs, path::Path};

use estatus_core::program::ProcessId;

use crate::{
    ledger::{Ledger, StartPhase},
    platform,
    shim::programs,
};

/// The names of the programs that an engine on the data folder `data` has started and that run, or may be about to; it
/// need not run any more itself. Nothing where the folder cannot be read.
pub fn left_running(data: &Path) -> Vec<String> {
    running_in(&programs(data))
}

/// The names of what has its folders in `root` and was started there, and runs, or may be about to. Nothing where the folder
/// cannot be read.
pub fn running_in(root: &Path) -> Vec<String> {
    let folders = fs::read_dir(root).into_iter().flatten().flatten();
    let ledgers: Vec<Ledger> = folders.filter_map(|folder| Ledger::read(&folder.path())).collect();
    if ledgers.is_empty() {
        return Vec::new();
    }
    let alive: Vec<ProcessId> = platform::running().into_iter().map(|it| it.process).collect();
    let runs = |ledger: &Ledger| match &ledger.phase {
        StartPhase::Spawning => true,
        StartPhase::Running(record) => alive.contains(&record.root) || alive.contains(&record.first),
        StartPhase::Ended(_) => false,
    };
    let mut names: Vec<String> = ledgers.into_iter().filter(runs).map(|ledger| ledger.program).collect();
    names.sort();
    names
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
    }
}
