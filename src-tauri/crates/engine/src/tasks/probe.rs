//! Probes.

use std::sync::Arc;

use estatus_core::{
    config::Monitor,
    engine::Input,
    ids::EffectId,
    observation::{Cause, Failure, Observation, Phase, Phases},
};
use jiff::Timestamp;

use super::{Tasks, What};
use crate::{
    bounded::{GRACE, bounded},
    workers::Workers,
};

impl<W: Workers> Tasks<W> {
    pub(crate) fn probe(&mut self, id: EffectId, monitor: Arc<Monitor>) {
        let (workers, results) = (Arc::clone(&self.workers), self.results.clone());
        let task = tokio::spawn(async move {
            let observation =
                bounded(monitor.timeout + GRACE, workers.probe(&monitor)).await.unwrap_or_else(|| broken(&monitor));
            // The loop is gone only when the engine stops.
            let _ = results.send(Input::Probed { id, observation }).await;
        });
        self.runs(id, What::Probe, task.abort_handle());
    }
}

/// What is seen of a monitor whose probe failed in itself: nothing.
pub(crate) fn broken(monitor: &Monitor) -> Observation {
    tracing::error!(monitor = %monitor.name, "a probe failed in itself; please report this");
    let cause = || Cause::Setup { error: "the probe failed in itself, which is a fault of Estatus".to_owned() };
    let failure = Failure::new(Phase::Run, cause());
    Observation::down(Timestamp::now(), Phases::default(), "", failure).inconclusive(cause())
}
