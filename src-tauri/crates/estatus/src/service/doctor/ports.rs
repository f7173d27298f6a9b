//! Ports that programs of the service are going to listen on, and others hold.

use std::collections::BTreeSet;

use estatus_core::config::Config;

use super::{super::platform::Wanted, Finding};

/// The ports that somebody else holds.
pub(super) fn held(wanted: &Wanted, config: &Config, findings: &mut Vec<Finding>) {
    // A service that runs has its programs there.
    if wanted.is_running() {
        return;
    }
    let mut programs: Vec<_> = config.programs.iter().filter(|program| !program.ports().is_empty()).collect();
    if programs.is_empty() {
        return;
    }
    // So has an engine in whose place it comes.
    let run: BTreeSet<String> = wanted.rivals().into_iter().flat_map(estatus_program::left_running).collect();
    programs.retain(|program| !run.contains(&*program.name));
    let running = estatus_program::survey();
    for program in programs {
        for port in program.ports() {
            let Some(holder) = running.iter().find(|it| it.candidate.ports.contains(&port)) else { continue };
            let (name, pid) = (&holder.candidate.name, holder.candidate.process.pid);
            let held = match &holder.keeper {
                Some(keeper) => told!("port.kept", port, name, pid, keeper),
                None => told!("port", port, name, pid),
            };
            let name = &*program.name;
            let command = format!("estatus adopt \"{name}\" --port {port} --yes");
            findings.push(Finding::problem(told!("program", name), held, told!("port.stop", command)));
        }
    }
}
