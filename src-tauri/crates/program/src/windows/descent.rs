//! Who came of a process that somebody else started, and of whom it came.

use std::io;

use estatus_core::program::ProcessId;

use super::{outsider::Outsider, process_list::processes};

/// Foreign processes and what came of them: whoever is younger than the parent it names.
///
/// # Errors
/// If the system does not say what runs.
pub(super) fn descendants(of: &[ProcessId]) -> io::Result<Vec<Outsider>> {
    let mut found: Vec<(ProcessId, Outsider)> = of.iter().filter_map(|&id| Some((id, Outsider::of(id)?))).collect();
    let mut others = processes()?;
    others.retain(|other| found.iter().all(|(id, _)| id.pid != other.id.pid));
    loop {
        let children = others.extract_if(.., |other| found.iter().any(|(id, _)| id.pid == other.parent));
        let before = found.len();
        let children: Vec<(ProcessId, Outsider)> = children
            .filter_map(|child| {
                let (id, process) = Outsider::listed(&child)?;
                let parent = found.iter().find(|(id, _)| id.pid == child.parent)?;
                (id.started >= parent.0.started).then_some((id, process))
            })
            .collect();
        found.extend(children);
        if found.len() == before {
            return Ok(found.into_iter().map(|(_, process)| process).collect());
        }
    }
}

/// From whom these processes came, as far as those are still there.
///
/// # Errors
/// If the system does not say what runs.
pub(super) fn ancestors(of: &[u32]) -> io::Result<Vec<u32>> {
    let all = processes()?;
    let mut found = of.to_vec();
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        let parent = all.iter().find(|process| process.id.pid == pid).map(|process| process.parent);
        // A pid may have gone to another: nobody is looked at twice.
        if let Some(parent) = parent.filter(|parent| *parent != 0 && !found.contains(parent)) {
            found.push(parent);
        }
        next += 1;
    }
    found.drain(..of.len());
    Ok(found)
}
