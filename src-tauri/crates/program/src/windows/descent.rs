//! Who came of a process that somebody else started.

use estatus_core::program::ProcessId;

use super::process::{Process, processes};

/// A foreign process and what came of it: whoever is younger than the parent it names.
pub(super) fn descendants(root: ProcessId) -> Vec<Process> {
    let root_process = Process::hold(root).ok().flatten();
    let mut found: Vec<(ProcessId, Process)> = root_process.map(|process| (root, process)).into_iter().collect();
    let mut others = processes();
    loop {
        let children = others.extract_if(.., |other| found.iter().any(|(id, _)| id.pid == other.parent));
        let before = found.len();
        let children: Vec<(ProcessId, Process)> = children
            .filter_map(|child| {
                let process = Process::open(child.pid).ok().flatten()?;
                let id = ProcessId { pid: child.pid, started: process.started().ok()? };
                let parent = found.iter().find(|(id, _)| id.pid == child.parent)?;
                (id.started >= parent.0.started && id.pid != root.pid).then_some((id, process))
            })
            .collect();
        found.extend(children);
        if found.len() == before {
            return found.into_iter().map(|(_, process)| process).collect();
        }
    }
}
