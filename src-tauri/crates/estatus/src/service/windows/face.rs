//! An engine that the service control manager has started.

use std::{sync::Arc, time::Duration};

use estatus_api::Host;
use estatus_core::{Timestamp, record::JournalEntry};
use estatus_engine::Audience;
use windows_service::{
    service::{ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType},
    service_control_handler::ServiceStatusHandle,
};

use crate::running::Terminal;

/// How often it is said that a start or a stop goes on.
const PULSE: Duration = Duration::from_secs(2);
/// It goes on, or is said to, within this.
const HINT: Duration = Duration::from_secs(60);

/// How the service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Starting,
    Running,
    /// It has said so many times that its stop goes on.
    Stopping(u32),
    /// With this exit code.
    Stopped(u32),
}

impl Phase {
    /// The controls that make sense now.
    fn accepts(self) -> ServiceControlAccept {
        match self {
            Self::Running => ServiceControlAccept::STOP | ServiceControlAccept::PRESHUTDOWN,
            Self::Starting | Self::Stopping(_) | Self::Stopped(_) => ServiceControlAccept::empty(),
        }
    }

    fn status(self) -> ServiceStatus {
        let (current_state, checkpoint, code) = match self {
            Self::Starting => (ServiceState::StartPending, 1, 0),
            Self::Running => (ServiceState::Running, 0, 0),
            Self::Stopping(checkpoint) => (ServiceState::StopPending, checkpoint, 0),
            Self::Stopped(code) => (ServiceState::Stopped, 0, code),
        };
        let is_pending = matches!(self, Self::Starting | Self::Stopping(_));
        ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state,
            controls_accepted: self.accepts(),
            exit_code: if code == 0 { ServiceExitCode::NO_ERROR } else { ServiceExitCode::ServiceSpecific(code) },
            checkpoint,
            wait_hint: if is_pending { HINT } else { Duration::ZERO },
            process_id: None,
        }
    }
}

/// Says how the service is.
pub(super) fn report(handle: ServiceStatusHandle, phase: Phase) {
    if let Err(error) = handle.set_service_status(phase.status()) {
        tracing::warn!(%error, ?phase, "the service control manager does not take how the service is");
    }
}

/// Tells the service control manager how the engine is, and the log what happens.
pub(super) struct Face {
    pub(super) terminal: Terminal,
    pub(super) handle: ServiceStatusHandle,
    pub(super) phase: Phase,
}

impl Face {
    fn is(&mut self, phase: Phase) {
        self.phase = phase;
        report(self.handle, phase);
    }
}

impl Audience for Face {
    fn ready(&mut self, host: &Host) {
        self.terminal.hosts(host, "stop it with `estatus service stop`");
        self.is(Phase::Running);
    }

    fn journal(&mut self, at: Timestamp, entry: &JournalEntry) {
        self.terminal.journal(at, entry);
    }

    fn quitting(&mut self, stopped: &[Arc<str>], left: &[Arc<str>]) {
        self.is(Phase::Stopping(1));
        self.terminal.quitting(stopped, left);
    }

    fn pulse(&self) -> Option<Duration> {
        Some(PULSE)
    }

    fn turned(&mut self) {
        if let Phase::Stopping(checkpoint) = self.phase {
            self.is(Phase::Stopping(checkpoint + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_accepted_and_said_follows_from_how_it_is() {
        let check = |phase: Phase, accepts: ServiceControlAccept, checkpoint: u32, waits: bool| {
            let status = phase.status();
            let said = (status.controls_accepted, status.checkpoint, status.wait_hint > Duration::ZERO);
            assert_eq!(said, (accepts, checkpoint, waits), "{phase:?}");
        };
        let nothing = ServiceControlAccept::empty();
        check(Phase::Starting, nothing, 1, true);
        check(Phase::Running, ServiceControlAccept::STOP | ServiceControlAccept::PRESHUTDOWN, 0, false);
        check(Phase::Stopping(7), nothing, 7, true);
        check(Phase::Stopped(0), nothing, 0, false);
        assert_eq!(Phase::Stopped(2).status().exit_code, ServiceExitCode::ServiceSpecific(2));
        assert_eq!(Phase::Stopped(0).status().exit_code, ServiceExitCode::NO_ERROR);
    }
}
