//! Ports that programs of the service are going to listen on, and others hold.

use estatus_core::config::Config;

use super::{super::platform::Wanted, Finding};

/// The ports that somebody else holds.
pub(super) fn held(wanted: &Wanted, config: &Config, findings: &mut Vec<Finding>) {
    // An engine that runs has its programs there.
    if wanted.is_running() || estatus_engine::holder_of(&wanted.data).is_some() {
        return;
    }
    let wanted_ports = || config.programs.iter().filter(|program| !program.ports().is_empty());
    if wanted_ports().next().is_none() {
        return;
    }
    let running = estatus_program::survey();
    for program in wanted_ports() {
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
