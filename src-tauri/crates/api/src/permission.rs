//! Who may do what.

use estatus_access::Peer;
use estatus_core::engine::Ask;
use serde::{Deserialize, Serialize};

use crate::Request;

/// What a client may do; whoever may do one of these may do those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See how things are and were.
    Look,
    /// Have what is configured checked, started, stopped and kept silent.
    Steer,
    /// See and change what is configured, which is to run anything as the user that the engine runs as, and to see what
    /// that user sees.
    Edit,
}

impl Permission {
    /// What the engine lets `peer` do.
    pub fn of(peer: Peer) -> Self {
        match peer {
            Peer::Owner | Peer::Administrator => Self::Edit,
            Peer::OtherUser => Self::Steer,
        }
    }

    /// What it takes to have `request` answered.
    pub fn needed(request: &Request) -> Self {
        match request {
            Request::Status
            | Request::History { .. }
            | Request::Uptime { .. }
            | Request::Report { .. }
            | Request::Incidents { .. }
            | Request::Log { .. }
            | Request::ReadLog { .. }
            | Request::ProgramHistory { .. }
            | Request::Usage { .. }
            | Request::Runs { .. }
            | Request::LastRuns { .. }
            | Request::Run { .. }
            | Request::StepLog { .. }
            | Request::Fleet { .. }
            | Request::Decisions { .. }
            | Request::FleetHistory { .. }
            | Request::Replay { .. }
            | Request::Follow { .. } => Self::Look,
            Request::Repeat { .. } | Request::SetLoad { .. } => Self::Steer,
            Request::Do(ask) => Self::needed_to_do(ask),
            // A secret may be as good as the account it is for, and its place is a path of the engine's user. The file has
            // environments and addresses that may be as good as a password; the survey has command lines and
            // folders of whatever runs as the engine's user.
            Request::Configuration
            | Request::Plan { .. }
            | Request::Edit { .. }
            | Request::Versions
            | Request::Version { .. }
            | Request::PutBack { .. }
            | Request::Undo { .. }
            | Request::EntryText { .. }
            | Request::Apply
            | Request::Import { .. }
            | Request::Try { .. }
            | Request::EndTrial { .. }
            | Request::StoreSecret { .. }
            | Request::RemoveSecret { .. }
            | Request::Secrets { .. }
            | Request::Survey
            | Request::Adoptable { .. }
            | Request::Relaunch { .. } => Self::Edit,
        }
    }

    fn needed_to_do(ask: &Ask) -> Self {
        match ask {
            Ask::CheckNow { .. }
            | Ask::Pause { .. }
            | Ask::Resume { .. }
            | Ask::Acknowledge { .. }
            | Ask::Snooze { .. }
            | Ask::StartProgram { .. }
            | Ask::StopProgram { .. }
            | Ask::RestartProgram { .. }
            | Ask::RunFlow { .. }
            | Ask::Approve { .. }
            | Ask::CancelRun { .. }
            | Ask::AddInstance { .. }
            | Ask::RemoveInstance { .. }
            | Ask::DrainInstance { .. }
            | Ask::ProtectInstance { .. } => Self::Steer,
            Ask::AdoptProgram { .. } => Self::Edit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn administrators_and_the_owner_may_edit_and_others_may_steer() {
        let check = |peer, permission| assert_eq!(Permission::of(peer), permission, "{peer:?}");
        check(Peer::Owner, Permission::Edit);
        check(Peer::Administrator, Permission::Edit);
        check(Peer::OtherUser, Permission::Steer);
        assert!(Permission::Look < Permission::Steer && Permission::Steer < Permission::Edit);
    }
}
