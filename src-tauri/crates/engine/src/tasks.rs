//! What runs beside the loop: probes, questions, commands and deliveries, each in a task that always brings a result.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_api::Event;
use estatus_core::{
    command::{CommandEnd, CommandOutcome, DurableCommand},
    config::{Channel, Monitor},
    engine::Input,
    fleet::{Fleet, command::FleetCommand},
    flow::request::{HttpRequest, RequestOutcome},
    ids::EffectId,
    incident::{DeliveryResult, Message},
    network::{NetworkAnswer, NetworkQuestion},
    observation::{Cause, Failure, Observation, Phase, Phases},
    words::Words,
};
use jiff::Timestamp;
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::AbortHandle,
};

use crate::{
    barrier::Barrier,
    bounded::{GRACE, bounded},
    fleets::{FleetOrders, Scale},
    programs::ProgramCommands,
    workers::Workers,
};

/// The bound for a delivery, beyond any timeout that a channel may have.
pub(crate) const DELIVERS_WITHIN: Duration = Duration::from_secs(15 * 60);

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

    pub(crate) fn ask_network(&self, id: EffectId, question: NetworkQuestion) {
        let (workers, results) = (Arc::clone(&self.workers), self.results.clone());
        tokio::spawn(async move {
            let answer = bounded(GRACE, workers.ask_network(&question)).await.unwrap_or_else(nothing_seen);
            let _ = results.send(Input::NetworkSeen { id, answer }).await;
        });
    }

    /// Runs a command, once it is on disk that it is to be run.
    pub(crate) fn run_command(&mut self, id: EffectId, command: DurableCommand) {
        let (ends, ended) = watch::channel(false);
        self.commands.retain(|_, ends| !ends.is_closed());
        self.commands.insert(command.owner.clone(), ends);
        let (workers, results, barrier) = (Arc::clone(&self.workers), self.results.clone(), self.barrier.clone());
        tokio::spawn(async move {
            pass(barrier).await;
            let run = workers.run_command(&command, ended);
            let outcome = bounded(command.timeout + GRACE, run).await.unwrap_or_else(command_lost);
            let _ = results.send(Input::CommandRan { id, outcome }).await;
        });
    }

    /// Has the command of `owner` end, also if it is only about to begin.
    pub(crate) fn end_command(&self, owner: &str) {
        let is_heard = self.commands.get(owner).is_some_and(|ends| ends.send(true).is_ok());
        if !is_heard {
            self.workers.end_command(owner);
        }
    }

    /// Sends the request of a step, once it is on disk that it is to be sent.
    pub(crate) fn send_request(&mut self, id: EffectId, request: Box<HttpRequest>) {
        let (workers, results, barrier) = (Arc::clone(&self.workers), self.results.clone(), self.barrier.clone());
        let task = tokio::spawn(async move {
            pass(barrier).await;
            let sent = bounded(request.timeout + GRACE, workers.send_request(&request)).await;
            let outcome = sent.unwrap_or_else(request_lost);
            let _ = results.send(Input::Answered { id, outcome }).await;
        });
        self.runs(id, What::Request, task.abort_handle());
    }

    /// Has something done with a fleet, once all that was recorded so far is on disk.
    pub(crate) fn give_fleet(&self, fleet: Arc<Fleet>, command: FleetCommand, words: Words) {
        self.fleets.give(fleet, command, words, self.barrier.clone());
    }

    /// Says when all that was recorded so far is on disk.
    pub(crate) fn confirm(&self, id: EffectId) {
        let (results, barrier) = (self.results.clone(), self.barrier.clone());
        tokio::spawn(async move {
            pass(barrier).await;
            let _ = results.send(Input::WrittenDown { id }).await;
        });
    }

    pub(crate) fn send_alert(&mut self, id: EffectId, channel: Option<Channel>, message: Arc<Message>, words: Words) {
        let (workers, results, barrier) = (Arc::clone(&self.workers), self.results.clone(), self.barrier.clone());
        let task = tokio::spawn(async move {
            pass(barrier).await;
            let result = match channel {
                Some(channel) => {
                    let delivery = workers.deliver(&channel, &message, &words);
                    bounded(DELIVERS_WITHIN, delivery).await.unwrap_or_else(|| delivery_lost(&words))
                }
                None => {
                    let error = words.text("delivery.no_channel", &[("channel", &message.channel)]);
                    DeliveryResult::Failed { error, perhaps_received: false, permanent: true }
                }
            };
            log_delivery(&message, &result);
            let _ = results.send(Input::Delivered { id, result }).await;
        });
        self.runs(id, What::Delivery, task.abort_handle());
    }
}

/// Waits for what must be on disk before. A disk that hangs keeps nobody in the dark, and nothing ill.
async fn pass(barrier: Option<Barrier>) {
    if let Some(barrier) = barrier {
        let _ = tokio::time::timeout(GRACE, barrier.pass()).await;
    }
}

/// What is seen of a monitor whose probe failed in itself: nothing.
pub(crate) fn broken(monitor: &Monitor) -> Observation {
    tracing::error!(monitor = %monitor.name, "a probe failed in itself; please report this");
    let cause = || Cause::Setup { error: "the probe failed in itself, which is a fault of Estatus".to_owned() };
    let failure = Failure::new(Phase::Run, cause());
    Observation::down(Timestamp::now(), Phases::default(), "", failure).inconclusive(cause())
}

/// What is said of the own network where nobody could look: that excuses no failure.
pub(crate) fn nothing_seen() -> NetworkAnswer {
    NetworkAnswer { has_route: true, ..NetworkAnswer::default() }
}

fn request_lost() -> RequestOutcome {
    let cause = Cause::Setup { error: "it failed in itself, which is a fault of Estatus".to_owned() };
    RequestOutcome { failure: Some(Failure::new(Phase::Run, cause)), ..RequestOutcome::default() }
}

fn command_lost() -> CommandOutcome {
    let error = "it failed in itself, which is a fault of Estatus".to_owned();
    CommandOutcome {
        end: CommandEnd::CannotStart(error),
        stdout: String::new(),
        stderr: String::new(),
        took: Duration::ZERO,
        program: None,
    }
}

pub(crate) fn delivery_lost(words: &Words) -> DeliveryResult {
    let error = words.text("delivery.failed_in_itself", &[]);
    DeliveryResult::Failed { error, perhaps_received: true, permanent: false }
}

fn log_delivery(message: &Message, result: &DeliveryResult) {
    match result {
        DeliveryResult::Delivered => tracing::info!(channel = message.channel, "a message was delivered"),
        DeliveryResult::Failed { error, .. } => {
            tracing::warn!(channel = message.channel, %error, "a message was not delivered and will be tried again");
        }
    }
}
