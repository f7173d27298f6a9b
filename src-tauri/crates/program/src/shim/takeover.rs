//! What a new shim does where the one before it was killed.

use std::{io, path::Path, rc::Rc, time::Duration};

use estatus_core::{
    exit::Exit,
    program::{Ended, ProcessId},
};
use jiff::Timestamp;

use super::{after, output::Output, running::Running, stop};
use crate::{
    ledger::{Ledger, RunRecord, StartPhase},
    platform::{Children, First, NotifySocket, ProgramTree},
};

/// Takes the program over that `ledger` tells of, if it runs. If it does not, what is left of it is ended, and the ledger
/// says so.
pub(crate) async fn take_over(folder: &Path, ledger: &mut Ledger, children: &Children) -> io::Result<Option<Running>> {
    let adopted = match &ledger.phase {
        StartPhase::Ended(_) => return Ok(None),
        StartPhase::Spawning => false,
        StartPhase::Running(record) => record.adopted,
    };
    let mut output = if adopted { None } else { Some(Output::open(folder, ledger.start, &ledger.terms, &[])?) };
    let tree = tree_of(folder, ledger, children)?;
    let Some((record, first)) = alive(&tree, &ledger.phase, children)? else {
        let left = stop::rest(Rc::new(tree), ledger.terms.signal, ledger.terms.patience).await;
        let tail = match &mut output {
            Some(output) => output.finish().await,
            None => Vec::new(),
        };
        let (start, exit, at) = (ledger.start, Exit::Unseen, Timestamp::now());
        ledger.phase = StartPhase::Ended(Ended { left, tail, ..Ended::new(start, exit, at) });
        ledger.write(folder)?;
        return Ok(None);
    };
    let tree = tree.rooted(record.root);
    tree.remember();
    let notify = if adopted { None } else { Some(NotifySocket::open(folder, &ledger.token)?) };
    let mut running = Running::new(ledger.start, tree, first, output, notify);
    running.silent_at = record.watchdog.map(after);
    running.limit_at = ledger.terms.once.as_ref().map(|once| {
        let ran = Timestamp::now().duration_since(record.since);
        after(once.limit.saturating_sub(Duration::try_from(ran).unwrap_or_default()))
    });
    ledger.phase = StartPhase::Running(record);
    ledger.write(folder)?;
    Ok(Some(running))
}

fn tree_of(folder: &Path, ledger: &Ledger, children: &Children) -> io::Result<ProgramTree> {
    match &ledger.phase {
        StartPhase::Running(record) if record.adopted => ProgramTree::adopted(record.root, folder, children),
        StartPhase::Running(record) => ProgramTree::of(Some(record.root), &ledger.token, folder, children),
        StartPhase::Spawning | StartPhase::Ended(_) => ProgramTree::of(None, &ledger.token, folder, children),
    }
}

/// The program's first process, if it is alive.
fn alive(tree: &ProgramTree, phase: &StartPhase, children: &Children) -> io::Result<Option<(RunRecord, First)>> {
    let record = match phase {
        StartPhase::Running(record) if tree.lives(record.first, record.executable.as_deref()) => record.clone(),
        StartPhase::Spawning => match tree.find_root() {
            Some(root) => just_started(root),
            None => return Ok(None),
        },
        StartPhase::Running(_) | StartPhase::Ended(_) => return Ok(None),
    };
    let Some(first) = First::held(record.first, children)? else { return Ok(None) };
    let executable = first.executable();
    Ok(Some((RunRecord { executable, ..record }, first)))
}

fn just_started(root: ProcessId) -> RunRecord {
    RunRecord {
        root,
        first: root,
        executable: None,
        since: Timestamp::now(),
        ready: false,
        adopted: false,
        watchdog: None,
    }
}
