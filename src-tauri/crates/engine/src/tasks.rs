//! What runs beside the loop, each in a task that always brings a result: a file for each kind.

mod alert;
mod command;
mod network;
mod probe;
mod request;

use std::{collections::BTreeMap, sync::Arc};

use estatus_api::Event;
use estatus_core::{
    engine::Input,
    fleet::{Fleet, command::FleetCommand},
    ids::EffectId,
    words::Words,
};
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::AbortHandle,
};

pub(crate) use self::{
    alert::{DELIVERS_WITHIN, delivery_lost},
    network::nothing_seen,
    probe::broken,
};
use crate::{
    barrier::{Barrier, on_disk},
    fleets::{FleetOrders, Scale},
    programs::ProgramCommands,
    workers::Workers,
};

/// Something for clients, and what must be on disk before they see it.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) after: Option<Barrier>,
    pub(crate) event: Arc<Event>,
}

/// An effect under way.
struct Running {
    what: What,
    task: AbortHandle,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Probe,
    Request,
    Delivery,
}

/// What runs beside the loop.
pub(crate) struct Tasks<W> {
    pub(crate) workers: Arc<W>,
    pub(crate) programs: ProgramCommands,
    pub(crate) fleets: FleetOrders,
    pub(crate) events: broadcast::Sender<Published>,
    results: mpsc::Sender<Input>,
    /// By owner: whether his command that was begun last, or is about to be, is to end.
    commands: BTreeMap<String, watch::Sender<bool>>,
    running: BTreeMap<EffectId, Running>,
    pub(crate) barrier: Option<Barrier>,
}

impl<W: Workers> Tasks<W> {
    pub(crate) fn new(
        workers: W,
        programs: ProgramCommands,
        fleets: Box<dyn Scale>,
        events: broadcast::Sender<Published>,
        results: mpsc::Sender<Input>,
    ) -> Self {
        let fleets = FleetOrders::new(fleets);
        let (workers, commands, running) = (Arc::new(workers), BTreeMap::new(), BTreeMap::new());
        Self { workers, programs, fleets, events, results, commands, running, barrier: None }
    }

    /// Tells clients of something that no record goes with.
    pub(crate) fn tell(&self, event: Event) {
        // Without a receiver there is nobody to tell.
        let _ = self.events.send(Published { after: None, event: Arc::new(event) });
    }

    /// Where what has happened beside the loop goes to the core.
    pub(crate) fn results(&self) -> mpsc::Sender<Input> {
        self.results.clone()
    }

    /// A task has brought its result.
    pub(crate) fn forget(&mut self, input: &Input) {
        if let Some(id) = input.effect() {
            self.running.remove(&id);
        }
    }

    /// Nobody waits for that effect any more.
    pub(crate) fn cancel(&mut self, id: EffectId) {
        if let Some(running) = self.running.remove(&id) {
            running.task.abort();
        }
    }

    /// Whether a message is being delivered.
    pub(crate) fn delivers(&self) -> bool {
        self.running.values().any(|running| running.what == What::Delivery)
    }

    /// Probes are given up, with all that they have started.
    pub(crate) fn stop_probes(&mut self) {
        self.stop(What::Probe);
    }

    /// Deliveries are given up; what was not delivered will be tried again.
    pub(crate) fn stop_deliveries(&mut self) {
        self.stop(What::Delivery);
    }

    fn stop(&mut self, what: What) {
        self.running.extract_if(.., |_, running| running.what == what).for_each(|(_, running)| running.task.abort());
    }

    fn runs(&mut self, id: EffectId, what: What, task: AbortHandle) {
        self.running.insert(id, Running { what, task });
    }

    /// Has something done with a fleet, once all that was recorded so far is on disk.
    pub(crate) fn give_fleet(&self, fleet: Arc<Fleet>, command: FleetCommand, words: Words) {
        self.fleets.give(fleet, command, words, self.barrier.clone());
    }

    /// Says when all that was recorded so far is on disk.
    pub(crate) fn confirm(&self, id: EffectId) {
        let (results, barrier) = (self.results.clone(), self.barrier.clone());
        tokio::spawn(async move {
            on_disk(barrier).await;
            let _ = results.send(Input::WrittenDown { id }).await;
        });
    }
}
