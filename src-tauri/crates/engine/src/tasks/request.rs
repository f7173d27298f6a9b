//! Requests of steps.

use std::sync::Arc;

use estatus_core::{
    engine::Input,
    flow::request::{HttpRequest, RequestOutcome},
    ids::EffectId,
    observation::{Cause, Failure, Phase},
};

use super::{Tasks, What};
use crate::{
    barrier::on_disk,
    bounded::{GRACE, bounded},
    workers::Workers,
};

impl<W: Workers> Tasks<W> {
    /// Sends the request of a step, once it is on disk that it is to be sent.
    pub(crate) fn send_request(&mut self, id: EffectId, request: Box<HttpRequest>) {
        let (workers, results, barrier) = (Arc::clone(&self.workers), self.results.clone(), self.barrier.clone());
        let task = tokio::spawn(async move {
            on_disk(barrier).await;
            let sent = bounded(request.timeout + GRACE, workers.send_request(&request)).await;
            let outcome = sent.unwrap_or_else(request_lost);
            let _ = results.send(Input::Answered { id, outcome }).await;
        });
        self.runs(id, What::Request, task.abort_handle());
    }
}

fn request_lost() -> RequestOutcome {
    let cause = Cause::Setup { error: "it failed in itself, which is a fault of Estatus".to_owned() };
    RequestOutcome { failure: Some(Failure::new(Phase::Run, cause)), ..RequestOutcome::default() }
}
