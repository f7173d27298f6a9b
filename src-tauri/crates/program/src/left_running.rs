//! What runs of a data folder, as whoever hosts no engine there sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use estatus_core::program::{ProcessId, ProgramEvent};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::{
    ledger::{Ledger, StartPhase},
    platform,
    shim::{ShimRequest, StopBy, Stopping, programs},
    shim_command::ShimCommand,
    supervisor::Supervisor,
};

/// Beyond the time that a program is given to stop, so long may take what else there is to do.
const PATIENCE: Duration = Duration::from_secs(30);

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

/// Stops what an engine on the data folder `data` has left running, each as its signal asks and in the time that it is given,
/// and says what runs all the same. No engine may run there meanwhile.
pub async fn stop_left(data: &Path, shim: ShimCommand) -> Vec<String> {
    let (events, mut told) = mpsc::channel(1);
    let mut supervisor = Supervisor::new(data, shim, events);
    let mut awaited = BTreeSet::new();
    let mut longest = Duration::ZERO;
    for name in left_running(data) {
        let Some(ledger) = Ledger::read(&crate::folder(data, &name)) else { continue };
        let program: Arc<str> = name.into();
        let how = Stopping { by: StopBy::Signal(ledger.terms.signal), within: ledger.terms.patience };
        longest = longest.max(how.within);
        supervisor.ask(&program, ShimRequest::Stop { start: ledger.start, how });
        awaited.insert(program);
    }
    let given_up = Instant::now() + longest.saturating_add(PATIENCE);
    while !awaited.is_empty() {
        let Ok(Some(told)) = timeout_at(given_up, told.recv()).await else { break };
        if matches!(told.event, ProgramEvent::Exited(_)) {
            awaited.remove(&told.program);
        }
    }
    left_running(data)
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
