//! A process of a program that no job of ours counts.

use std::time::Duration;

use estatus_core::program::ProcessId;
use tokio::time::sleep;

use super::{process::Process, process_list::Listed, wait::EndOf};

/// How often is looked at what cannot be waited for.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) enum Outsider {
    /// As long as this is there, the pid is nobody else's. Where this user may not end it, the handle is good for looking
    /// and waiting alone.
    Held(Process),
    /// This user may not even look at it, or the system could not say: it counts until it is known to have ended.
    Unheld(ProcessId),
}

impl Outsider {
    /// Nothing if it has ended.
    pub(super) fn of(id: ProcessId) -> Option<Self> {
        match Process::hold(id).or_else(|_| Process::identified(id)) {
            Ok(process) => process.map(Self::Held),
            Err(_) => Some(Self::Unheld(id)),
        }
    }

    /// Who has this pid now, if it is who was listed by it, with its identity.
    pub(super) fn listed(listed: &Listed) -> Option<(ProcessId, Self)> {
        let pid = listed.id.pid;
        let process = match Process::open(pid).or_else(|_| Process::look_at(pid)) {
            Ok(None) => return None,
            Ok(Some(process)) => process.started().map(|started| (ProcessId { pid, started }, Self::Held(process))),
            Err(error) => Err(error),
        };
        Some(process.unwrap_or((listed.id, Self::Unheld(listed.id))))
    }

    pub(super) fn pid(&self) -> u32 {
        match self {
            Self::Held(process) => process.pid(),
            Self::Unheld(id) => id.pid,
        }
    }

    pub(super) fn held(&self) -> Option<&Process> {
        match self {
            Self::Held(process) => Some(process),
            Self::Unheld(_) => None,
        }
    }

    pub(super) fn is_alive(&self) -> bool {
        match self {
            Self::Held(process) => process.is_alive(),
            Self::Unheld(id) => !matches!(Process::identified(*id), Ok(None)),
        }
    }

    /// Waits until it has ended.
    pub(super) async fn ended(&self) {
        if let Some(Ok(end)) = self.held().map(EndOf::of) {
            return end.reached().await;
        }
        while self.is_alive() {
            sleep(LOOK_EVERY).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_held_counts_until_it_has_ended_or_another_has_its_pid() {
        let pid = std::process::id();
        let started = Process::look_at(pid).unwrap().unwrap().started().unwrap();
        assert!(Outsider::Unheld(ProcessId { pid, started }).is_alive());
        assert!(!Outsider::Unheld(ProcessId { pid, started: started + 1 }).is_alive());
        assert!(Outsider::of(ProcessId { pid, started: started + 1 }).is_none());
    }
}
