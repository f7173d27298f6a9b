//! Carries out what the core asks for.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use estatus_alert::Courier;
use estatus_api::Event;
use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    config::{Channel, Monitor},
    engine::{Change, Effect, Input},
    ids::{EffectId, Key},
    incident::{DeliveryResult, Message},
    network::{NetworkAnswer, NetworkQuestion},
    observation::{Cause, Failure, Observation, Phase, Phases},
    ports::Ports,
    record::Record,
    words::Words,
};
use estatus_probe::Prober;
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::{
    sync::{broadcast, mpsc, watch},
    task::AbortHandle,
};

use crate::{
    cycle::Cycle,
    house::House,
    programs::{Order, Orders},
};

/// What ends within bounds of its own gets so much longer before it is given up.
pub(crate) const GRACE: Duration = Duration::from_secs(30);
/// The bound for a delivery, beyond any timeout that a channel may have.
const DELIVERS_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Something for clients, and what must be on disk before they see it.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) after: Option<Barrier>,
    pub(crate) event: Arc<Event>,
}

/// Open once a batch of records is on disk, or as good as it will get.
#[derive(Clone, Debug)]
pub(crate) struct Barrier(watch::Receiver<bool>);

impl Barrier {
    /// Waits until it is open.
    pub(crate) async fn pass(mut self) {
        // A sender that is gone will not open it any more.
        let _ = self.0.wait_for(|open| *open).await;
    }
}

/// What runs beside the loop.
pub(crate) struct Tasks {
    prober: Arc<Prober>,
    courier: Arc<Courier>,
    house: House,
    pub(crate) events: broadcast::Sender<Published>,
    results: mpsc::Sender<Input>,
    pub(crate) orders: Orders,
    probes: BTreeMap<EffectId, AbortHandle>,
    deliveries: BTreeMap<EffectId, AbortHandle>,
    commands: BTreeMap<EffectId, AbortHandle>,
    barrier: Option<Barrier>,
}

impl Tasks {
    pub(crate) fn new(
        prober: Prober,
        courier: Courier,
        house: House,
        orders: Orders,
        events: broadcast::Sender<Published>,
        results: mpsc::Sender<Input>,
    ) -> Self {
        Self {
            prober: Arc::new(prober),
            courier: Arc::new(courier),
            house,
            events,
            results,
            orders,
            probes: BTreeMap::new(),
            deliveries: BTreeMap::new(),
            commands: BTreeMap::new(),
            barrier: None,
        }
    }

    /// Tells clients of something that no record goes with.
    pub(crate) fn tell(&self, event: Event) {
        // Without a receiver there is nobody to tell.
        let _ = self.events.send(Published { after: None, event: Arc::new(event) });
    }

    /// A task has brought its result.
    pub(crate) fn forget(&mut self, input: &Input) {
        match input {
            Input::Probed { id, .. } => drop(self.probes.remove(id)),
            Input::Delivered { id, .. } => drop(self.deliveries.remove(id)),
            Input::CommandRan { id, .. } => drop(self.commands.remove(id)),
            Input::NetworkSeen { .. }
            | Input::Program { .. }
            | Input::Quitting
            | Input::Asked(_)
            | Input::Trouble(_)
            | Input::ConfigRefused(_)
            | Input::ConfigStale { .. }
            | Input::ConfigTaken => {}
        }
    }

    /// Whether a message is being delivered.
    pub(crate) fn delivers(&self) -> bool {
        !self.deliveries.is_empty()
    }

    /// Probes and remedies' commands are given up, with all that they have started.
    pub(crate) fn stop_probes(&mut self) {
        let probes = std::mem::take(&mut self.probes).into_values();
        let commands = std::mem::take(&mut self.commands).into_values();
        probes.chain(commands).for_each(|task| task.abort());
        self.house.give_up_commands();
    }

    /// Deliveries are given up; what was not delivered will be tried again.
    pub(crate) fn stop_deliveries(&mut self) {
        std::mem::take(&mut self.deliveries).into_values().for_each(|task| task.abort());
    }

    fn probe(&mut self, id: EffectId, monitor: Arc<Monitor>) {
        let (prober, results) = (Arc::clone(&self.prober), self.results.clone());
        let task = tokio::spawn(async move {
            let probe = prober.probe(&monitor.check, monitor.timeout);
            let observation = surely(monitor.timeout + GRACE, probe).await.unwrap_or_else(|| broken(&monitor));
            // The loop is gone only when the engine stops.
            let _ = results.send(Input::Probed { id, observation }).await;
        });
        self.probes.insert(id, task.abort_handle());
    }

    fn ask_network(&self, id: EffectId, question: NetworkQuestion) {
        let (prober, results) = (Arc::clone(&self.prober), self.results.clone());
        tokio::spawn(async move {
            // Who cannot look must not excuse anybody.
            let blind = || NetworkAnswer { has_route: true, ..NetworkAnswer::default() };
            let answer = surely(GRACE, prober.ask_network(&question)).await.unwrap_or_else(blind);
            let _ = results.send(Input::NetworkSeen { id, answer }).await;
        });
    }

    fn run_command(&mut self, id: EffectId, run: CommandRun) {
        let (house, results) = (self.house.clone(), self.results.clone());
        let task = tokio::spawn(async move {
            let within = run.timeout + GRACE;
            let outcome = surely(within, house.run(run)).await.unwrap_or_else(command_lost);
            let _ = results.send(Input::CommandRan { id, outcome }).await;
        });
        self.commands.insert(id, task.abort_handle());
    }

    fn send_alert(&mut self, id: EffectId, channel: Option<Channel>, message: Arc<Message>, words: Words) {
        let (courier, results, barrier) = (Arc::clone(&self.courier), self.results.clone(), self.barrier.clone());
        let task = tokio::spawn(async move {
            if let Some(barrier) = barrier {
                // A disk that hangs keeps nobody in the dark.
                let _ = tokio::time::timeout(GRACE, barrier.pass()).await;
            }
            let result = match channel {
                Some(channel) => {
                    let delivery = courier.deliver(&channel, &message, &words);
                    surely(DELIVERS_WITHIN, delivery).await.unwrap_or_else(lost)
                }
                None => undeliverable("its channel is no longer configured"),
            };
            log_delivery(&message, &result);
            let _ = results.send(Input::Delivered { id, result }).await;
        });
        self.deliveries.insert(id, task.abort_handle());
    }
}

/// The result of a task that the core waits for, or nothing if the task panics or outlives its own bounds: the core is
/// never left waiting.
pub(crate) async fn surely<T>(within: Duration, task: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(within, AssertUnwindSafe(task).catch_unwind()).await.ok()?.ok()
}

impl Cycle {
    /// Carries out all that the core asks for. What is to be done with programs does not wait for the disk: the program
    /// room has a ledger of its own.
    pub(crate) fn carry_out(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::LookForProgram { program } => self.tasks.orders.give(Order::Look(program)),
                Effect::StartProgram { program, start, handed, adopt } => {
                    self.tasks.orders.give(Order::Start { program, start, handed, adopt });
                }
                Effect::StopProgram { program, start } => self.tasks.orders.give(Order::Stop { program, start }),
                Effect::MeasureProgram { program, start, ports } => {
                    self.tasks.orders.give(Order::Measure { program, start, ports });
                }
                Effect::ReleaseProgram { program } => self.tasks.orders.give(Order::Release(program)),
                Effect::RunCommand { id, run } => self.tasks.run_command(id, run),
                Effect::StartProbe { id, monitor } => self.tasks.probe(id, monitor),
                Effect::CancelProbe { id } => {
                    if let Some(probe) = self.tasks.probes.remove(&id) {
                        probe.abort();
                    }
                }
                Effect::AskNetwork { id, question } => self.tasks.ask_network(id, question),
                Effect::SendAlert { id, message } => {
                    let config = self.core.config();
                    let channel = config.channels.get(&message.channel).cloned();
                    let words = Words::new(config.language, config.zone.clone());
                    self.tasks.send_alert(id, channel, message, words);
                }
                Effect::Publish(change) => self.publish(change),
            }
        }
    }

    /// The engine is about to stop: what must be written down is, programs are stopped, and clients see it. Nothing is
    /// begun any more. Whether another program is now being stopped: they go in the order of their dependence.
    pub(crate) fn wind_up(&mut self) -> bool {
        let mut stops = false;
        while let Some(effect) = self.core.poll_effect() {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::StopProgram { program, start } => {
                    stops = true;
                    self.tasks.orders.give(Order::Stop { program, start });
                }
                Effect::ReleaseProgram { program } => self.tasks.orders.give(Order::Release(program)),
                Effect::Publish(change) => self.publish(change),
                Effect::LookForProgram { .. }
                | Effect::StartProgram { .. }
                | Effect::MeasureProgram { .. }
                | Effect::RunCommand { .. }
                | Effect::StartProbe { .. }
                | Effect::CancelProbe { .. }
                | Effect::AskNetwork { .. }
                | Effect::SendAlert { .. } => {}
            }
        }
        stops
    }

    pub(crate) fn publish_engine(&mut self) {
        self.publish(Change::Engine);
    }

    /// Tells everything anew: it is put into other words.
    pub(crate) fn publish_all(&mut self) {
        let monitors = self.core.monitors().map(|view| Change::Changed(Key::Monitor(Arc::clone(&view.monitor.name))));
        let programs = self.core.programs().map(|view| Change::Changed(Key::Program(Arc::clone(&view.program.name))));
        let incidents = self.core.open_incidents().map(|incident| Change::Incident(incident.id));
        let all: Vec<Change> = monitors.chain(programs).chain(incidents).collect();
        all.into_iter().for_each(|change| self.publish(change));
    }

    fn record(&mut self, records: Vec<Record>) {
        for record in &records {
            if let Record::Journal { at, entry } = record {
                self.audience.journal(*at, entry);
            }
        }
        let durable = records.iter().any(Record::must_be_durable);
        let written = self.store.record(records);
        if !durable {
            return;
        }
        let (open, barrier) = watch::channel(false);
        self.tasks.barrier = Some(Barrier(barrier));
        tokio::spawn(async move {
            if let Err(trouble) = written.await {
                tracing::warn!(%trouble, "something is told that could not be written down first");
            }
            open.send_replace(true);
        });
    }

    fn publish(&mut self, change: Change) {
        let told = if let Change::Message(message) = &change { self.view.told.hear(message) } else { BTreeSet::new() };
        if let Change::IncidentClosed(incident) = &change {
            self.view.told.is_over(incident.id);
        }
        if self.tasks.events.receiver_count() == 0 {
            return;
        }
        for incident in told {
            self.send(Event::Told { incident, alerts: self.view.told.of(incident) });
        }
        if matches!(change, Change::Incident(_) | Change::IncidentClosed(_)) {
            // Whoever shows it must know whether that is wanted now.
            self.publish_engine();
        }
        if let Some(event) = self.view.event(&self.core, change) {
            self.send(event);
        }
    }

    fn send(&self, event: Event) {
        let published = Published { after: self.tasks.barrier.clone(), event: Arc::new(event) };
        // Without a receiver there is nobody to tell.
        let _ = self.tasks.events.send(published);
    }
}

/// What is seen of a monitor whose probe failed in itself: nothing.
fn broken(monitor: &Monitor) -> Observation {
    tracing::error!(monitor = %monitor.name, "a probe failed in itself; please report this");
    let cause = || Cause::Setup { error: "the probe failed in itself, which is a fault of Estatus".to_owned() };
    let failure = Failure::new(Phase::Run, cause());
    Observation::down(Timestamp::now(), Phases::default(), "", failure).inconclusive(cause())
}

fn command_lost() -> CommandOutcome {
    let error = "it failed in itself, which is a fault of Estatus".to_owned();
    CommandOutcome {
        end: CommandEnd::CannotStart(error),
        stdout: String::new(),
        stderr: String::new(),
        took: Duration::ZERO,
    }
}

fn lost() -> DeliveryResult {
    let error = "its delivery failed in itself, which is a fault of Estatus".to_owned();
    DeliveryResult::Failed { error, perhaps_received: true, permanent: false }
}

fn undeliverable(why: &str) -> DeliveryResult {
    DeliveryResult::Failed { error: why.to_owned(), perhaps_received: false, permanent: true }
}

fn log_delivery(message: &Message, result: &DeliveryResult) {
    match result {
        DeliveryResult::Delivered => tracing::info!(channel = message.channel, "a message was delivered"),
        DeliveryResult::Failed { error, .. } => {
            tracing::warn!(channel = message.channel, %error, "a message was not delivered and will be tried again");
        }
    }
}
