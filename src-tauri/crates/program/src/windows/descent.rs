//! Who came of a process that somebody else started, and of whom it came.

use estatus_core::program::ProcessId;

use super::process::{Process, processes};

/// Foreign processes and what came of them: whoever is younger than the parent it names.
pub(super) fn descendants(of: &[ProcessId]) -> Vec<Process> {
    let held = |&id: &ProcessId| Some((id, Process::hold(id).ok().flatten()?));
    let mut found: Vec<(ProcessId, Process)> = of.iter().filter_map(held).collect();
    let mut others = processes();
    others.retain(|other| found.iter().all(|(id, _)| id.pid != other.pid));
    loop {
        let children = others.extract_if(.., |other| found.iter().any(|(id, _)| id.pid == other.parent));
        let before = found.len();
        let children: Vec<(ProcessId, Process)> = children
            .filter_map(|child| {
                let process = Process::open(child.pid).ok().flatten()?;
                let id = ProcessId { pid: child.pid, started: process.started().ok()? };
                let parent = found.iter().find(|(id, _)| id.pid == child.parent)?;
                (id.started >= parent.0.started).then_some((id, process))
            })
            .collect();
        found.extend(children);
        if found.len() == before {
            return found.into_iter().map(|(_, process)| process).collect();
        }
    }
}

/// From whom these processes came, as far as those are still there.
pub(super) fn ancestors(of: &[u32]) -> Vec<u32> {
    let all = processes();
    let mut found = of.to_vec();
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        let parent = all.iter().find(|process| process.pid == pid).map(|process| process.parent);
        // A pid may have gone to another: nobody is looked at twice.
        if let Some(parent) = parent.filter(|parent| *parent != 0 && !found.contains(parent)) {
            found.push(parent);
        }
        next += 1;
    }
    found.drain(..of.len());
    found
}
