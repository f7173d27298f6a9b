//! Looks at the own network.

use std::sync::Arc;

use estatus_core::{
    engine::Input,
    ids::EffectId,
    network::{NetworkAnswer, NetworkQuestion},
};

use super::Tasks;
use crate::{
    bounded::{GRACE, bounded},
    workers::Workers,
};

impl<W: Workers> Tasks<W> {
    pub(crate) fn ask_network(&self, id: EffectId, question: NetworkQuestion) {
        let (workers, results) = (Arc::clone(&self.workers), self.results.clone());
        tokio::spawn(async move {
            let answer = bounded(GRACE, workers.ask_network(&question)).await.unwrap_or_else(nothing_seen);
            let _ = results.send(Input::NetworkSeen { id, answer }).await;
        });
    }
}

/// What is said of the own network where nobody could look: that excuses no failure.
pub(crate) fn nothing_seen() -> NetworkAnswer {
    NetworkAnswer { has_route: true, ..NetworkAnswer::default() }
}
