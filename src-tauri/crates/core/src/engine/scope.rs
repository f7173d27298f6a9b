//! How far away is what a probe has seen, and whether the own network may be why it failed.

use super::watched::MonitorMachine;
use crate::{
    check::Check,
    network::{Scope, SuspectProbe},
    observation::Observation,
    time::Instant,
};

pub(super) fn scope_of(watched: &MonitorMachine, observation: &Observation) -> Scope {
    scope_of_check(&watched.monitor.check, observation)
}

/// How far what a probe of `check` saw is.
pub(super) fn scope_of_check(check: &Check, observation: &Observation) -> Scope {
    match (check.host(), observation.remote) {
        (None, _) => Scope::Machine,
        (Some(_), _) if observation.here => Scope::Machine,
        (Some(_), Some(remote)) => Scope::of(remote),
        (Some(host), None) => Scope::of_host(host),
    }
}

/// What the own network must be asked about before a failure counts.
pub(super) fn suspect(
    check: &Check,
    scope: Scope,
    observation: &Observation,
    began: Instant,
    ended: Instant,
) -> Option<SuspectProbe> {
    let cause = &observation.failure.as_ref()?.cause;
    let in_anothers_place = check.is_plain_http() && scope == Scope::Internet;
    let possible = scope != Scope::Machine && (cause.could_be_own_network() || in_anothers_place);
    possible.then(|| SuspectProbe { scope, host: check.host().unwrap_or_default().to_owned(), began, ended })
}
