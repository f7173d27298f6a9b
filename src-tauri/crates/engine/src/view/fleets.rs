//! How fleets look to a client.

use std::sync::Arc;

use estatus_api::{DecisionStatus, FleetStatus, FleetSummary, InstanceStatus, RefusedStatus, seconds};
use estatus_core::{
    engine::{FleetView, InstanceView},
    fleet::{decision::DecisionRecord, instance::InstanceState},
    words::Words,
};

/// A fleet, without its instances.
pub(crate) fn fleet_summary(words: &Words, view: &FleetView) -> FleetSummary {
    let fleet = &view.fleet;
    let in_state =
        |wanted: fn(InstanceState) -> bool| view.instances.iter().filter(|one| wanted(one.instance.state)).count();
    FleetSummary {
        name: Arc::clone(&fleet.name),
        standing: view.standing(),
        enabled: fleet.enabled,
        policy: fleet.policy.word().to_owned(),
        launch: fleet.provider.word().to_owned(),
        min: fleet.min,
        desired: fleet.desired,
        max: fleet.max,
        load: fleet.load,
        heartbeat: seconds(fleet.heartbeat),
        insecure: fleet.wire.insecure,
        count: in_state(InstanceState::counts),
        running: in_state(|state| state == InstanceState::Running),
        mean: view.mean,
        troubles: troubles(words, view),
        last_decision: view.last_decision.as_ref().map(|decision| decision_status(words, decision)),
    }
}

/// A fleet with its instances.
pub(crate) fn fleet_status(words: &Words, view: &FleetView) -> FleetStatus {
    FleetStatus {
        summary: fleet_summary(words, view),
        instances: view.instances.iter().map(instance_status).collect(),
        orphans: view.orphans.iter().map(|orphan| orphan.id.clone()).collect(),
        refused: view
            .refused
            .iter()
            .map(|(why, count)| RefusedStatus { why: words.refused_agent(*why), count: *count })
            .collect(),
    }
}

/// What was decided.
pub(crate) fn decision_status(words: &Words, record: &DecisionRecord) -> DecisionStatus {
    let decision = &record.decision;
    DecisionStatus {
        number: record.number,
        at: record.at,
        change: decision.change,
        instances: record.instances,
        mean: record.mean,
        says: words.decision(decision),
        reasons: decision.reasons.iter().map(|reason| words.reason(reason)).collect(),
        rejected: decision.rejected.iter().map(|rejected| words.rejected(rejected)).collect(),
        victims: decision.victims.clone(),
    }
}

fn instance_status(view: &InstanceView) -> InstanceStatus {
    let instance = &view.instance;
    InstanceStatus {
        id: instance.id.clone(),
        name: Arc::clone(&instance.name),
        address: instance.address.clone(),
        declared: instance.declared.clone(),
        state: instance.state,
        load: view.load.map(|load| (f64::from(load) * 1e4).round() / 1e4),
        since: instance.since,
        launched: instance.launched,
        silent: seconds(view.silent),
        protected: instance.protected,
        by_user: instance.by_user,
        outdated: instance.outdated,
        faults: view.faults,
        error: instance.error.clone(),
    }
}

/// What is wrong, each in a sentence.
fn troubles(words: &Words, view: &FleetView) -> Vec<String> {
    let told = view.troubles.iter().map(|trouble| words.trouble(*trouble));
    let provider = view.provider_error.as_ref().map(|error| words.provider_error(error));
    let unheard = view.unheard.as_ref().map(|error| words.text("fleet.unheard", &[("error", error)]));
    let left = match view.instances.is_empty() {
        true => "fleet.left_orphans",
        false => "fleet.left_behind",
    };
    let left = view.left_behind.then(|| words.text(left, &[]));
    left.into_iter().chain(told).chain(provider).chain(unheard).collect()
}
