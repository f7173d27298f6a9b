//! The engine's rules, all in one place: what happened goes in, what is to be done comes out.

mod asked;
mod belonging;
mod channels;
mod configured;
mod fleets;
mod flows;
mod incidents;
mod judge;
mod owners;
mod probed;
mod programs;
mod remedies;
mod signals;
mod telling;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::Timestamp;

pub use fleets::{FleetView, InstanceView};
pub use flows::FlowView;
pub use judge::{Judge, Judged, Unjudged};
use owners::Owners;
pub use programs::ProgramView;

use crate::{
    clock::{self, Clock},
    config::{Config, Monitor},
    execution::FlowMachine,
    healing::Healings,
    ids::{IncidentId, MessageId, RunId},
    incident::{Health, Incident, Message},
    machine::Machine,
    monitor::{HealthTracker, MonitorMemory},
    network::{Network, Scope, SuspectProbe},
    observation::Observation,
    outbox::Outbox,
    record::{EngineMemory, JournalEntry, Record, Restored},
    registry::{Entries, Registry},
    scaling::FleetMachine,
    schedule::{self, AFTER_SLEEP, Rng},
    signal::Signals,
    supervision::ProgramMachine,
    time::{Instant, Lasting, Now},
    usage::Recorder,
};
pub use crate::{
    execution::{Fallout, Plan, StepPlan},
    ids::{EffectId, Key},
    input::{Ask, AskError, Change, Due, Effect, Input, Repeat},
};

/// So long beyond its timeout a probe may wait to be judged; after that it is taken for lost and made anew.
const LOST_AFTER: std::time::Duration = std::time::Duration::from_secs(5 * 60);

/// Room is kept for so many effects.
const EFFECTS: usize = 256;

/// The pure heart of Estatus: see the crate's page.
#[derive(Debug)]
pub struct Engine {
    config: Arc<Config>,
    seed: u64,
    rng: Rng,
    clock: Clock,
    /// A failure of a probe that began before this is put down to the machine's waking up.
    settles_at: Instant,
    monitors: Registry<MonitorMachine>,
    programs: Registry<ProgramMachine>,
    /// When programs are measured next, for what is kept of what they use.
    measures_at: Option<Instant>,
    flows: Registry<FlowMachine>,
    fleets: Registry<FleetMachine>,
    last_run: RunId,
    /// The run that somebody asked for last.
    asked_run: RunId,
    healings: Healings,
    /// What the rooms have told each other and nobody has heard yet.
    signals: Signals,
    /// Estatus is about to quit.
    quits: bool,
    /// The monitors with a failed probe that is not judged yet.
    holding: BTreeSet<Arc<str>>,
    incidents: BTreeMap<IncidentId, Incident>,
    last_incident: IncidentId,
    outbox: Outbox,
    /// The messages that stand differently from how they were last written down; those that have left the outbox as they
    /// left it.
    dirty_messages: BTreeMap<MessageId, Option<Message>>,
    network: Network,
    memory: EngineMemory,
    owners: Owners,
    records: Vec<Record>,
    effects: VecDeque<Effect>,
}

/// A monitor as the engine watches it.
#[derive(Debug)]
struct MonitorMachine {
    monitor: Arc<Monitor>,
    tracker: HealthTracker,
    memory: MonitorMemory,
    /// Its place on the grid of its interval.
    place: std::time::Duration,
    next_probe: Option<Instant>,
    in_flight: Option<InFlight>,
    held: Option<Box<UnjudgedProbe>>,
    last: Option<Arc<Observation>>,
    /// When the probe of the last settled observation began.
    last_began: Option<Instant>,
    /// Since when it has been watched as it is, until it is well for the first time.
    new_since: Option<Instant>,
    /// How long its open incident has lasted.
    down_for: Option<Lasting>,
    /// When it was last probed for another monitor's sake.
    out_of_turn: Option<Instant>,
    /// What its probes have measured, if they measure something.
    used: Option<Box<Recorder>>,
}

/// A probe that runs.
#[derive(Clone, Copy, Debug)]
struct InFlight {
    id: EffectId,
    began: Instant,
    clock_steps: u64,
}

/// A failed probe that is not judged yet.
#[derive(Debug)]
struct UnjudgedProbe {
    observation: Observation,
    began: Instant,
    /// What the own network is asked about; `None` once it is cleared.
    suspect: Option<SuspectProbe>,
    /// The question whose answer it waits for.
    question: Option<EffectId>,
    /// The monitors it depends on that have not been seen since.
    parents: BTreeSet<Arc<str>>,
}

/// What there is to see of a monitor.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorView {
    /// Its configuration.
    pub monitor: Arc<Monitor>,
    /// Its health.
    pub health: Health,
    /// Since when it has been in that health.
    pub since: Option<Timestamp>,
    /// Its last settled observation of this life of the engine.
    pub last: Option<Arc<Observation>>,
    /// Whether it goes up and down.
    pub flapping: bool,
    /// Whether it fails now and then, though never often enough in a row to be down.
    pub unsteady: bool,
    /// Its open incident.
    pub incident: Option<IncidentId>,
    /// When a pause ends by itself.
    pub paused_until: Option<Timestamp>,
    /// Until when nothing is told of it.
    pub snoozed_until: Option<Timestamp>,
}

impl Engine {
    /// An engine that goes on where `restored` stops, with `config` in force. `seed` decides every place on a grid and
    /// every jitter.
    pub fn new(config: Arc<Config>, restored: Restored, seed: u64, now: Now) -> Self {
        let network = Network::new(&config.network, restored.engine.network.clone());
        let last_message = restored.last_message.unwrap_or_default();
        let mut engine = Self {
            config: Arc::new(Config { channels: restored.channels, ..Config::default() }),
            seed,
            rng: Rng::new(seed ^ now.utc.as_millisecond().unsigned_abs()),
            clock: Clock::new(now),
            settles_at: Instant::default(),
            monitors: Registry::default(),
            programs: Registry::default(),
            measures_at: None,
            flows: Registry::default(),
            fleets: Registry::default(),
            last_run: restored.last_run.unwrap_or_default(),
            asked_run: RunId::default(),
            healings: Healings::default(),
            signals: Signals::default(),
            quits: false,
            holding: BTreeSet::new(),
            incidents: restored.incidents.into_iter().map(|incident| (incident.id, incident)).collect(),
            last_incident: restored.last_incident.unwrap_or_default(),
            outbox: Outbox::restored(restored.messages, last_message, now.monotonic),
            dirty_messages: BTreeMap::new(),
            network,
            memory: restored.engine,
            owners: Owners::default(),
            records: Vec::new(),
            effects: VecDeque::new(),
        };
        for entries in engine.entries() {
            entries.recall(&restored.memories, now);
        }
        engine.configure(config, restored.runs, restored.instances, now);
        engine.look_for_runs(now);
        engine.look_for_removed_programs(now);
        for entries in engine.entries() {
            entries.let_go(now);
        }
        engine.finish(now);
        engine
    }

    /// Puts another configuration in force. Monitors that stay as they are go on undisturbed.
    pub fn apply_config(&mut self, config: Arc<Config>, now: Now) {
        self.read_clock(now);
        self.configure(config, Vec::new(), Vec::new(), now);
        self.finish(now);
    }

    /// Takes something that happened.
    ///
    /// # Errors
    /// Only for [`Input::Asked`] and [`Input::Repeat`]: if what the user wants cannot be done, as nothing can once Estatus quits.
    pub fn handle(&mut self, input: Input, now: Now) -> Result<(), AskError> {
        self.read_clock(now);
        let result = match input {
            // Whatever it began would neither be begun nor be known to the next engine.
            Input::Asked(_) | Input::Repeat { .. } if self.quits => Err(AskError::Quits),
            Input::Probed { id, observation } => {
                match self.owners.take(id) {
                    Some(Key::Monitor(name)) => self.probed(&name, id, observation, now),
                    Some(Key::Program(name)) => self.readiness_probed(&name, id, &observation, now),
                    Some(Key::Flow(name)) => self.step_probed(&name, id, &observation, now),
                    // Whoever asked does not want to know any more.
                    _ => {}
                }
                Ok(())
            }
            Input::NetworkSeen { id, answer } => {
                self.network_seen(id, &answer, now);
                Ok(())
            }
            Input::Delivered { id, result } => {
                self.delivered(id, result, now);
                Ok(())
            }
            Input::Program { program, event } => {
                self.program_happened(&program, event, now);
                Ok(())
            }
            Input::CommandRan { id, outcome } => {
                match self.owners.take(id) {
                    Some(Key::Monitor(name)) => self.command_ran(&name, id, &outcome, now),
                    Some(Key::Flow(name)) => self.step_ran(&name, id, &outcome, now),
                    _ => {}
                }
                Ok(())
            }
            Input::Fleet { fleet, event } => {
                self.fleet_happened(&fleet, event, now);
                Ok(())
            }
            Input::WrittenDown { id } => {
                if let Some(Key::Flow(name)) = self.owners.take(id) {
                    self.step_written_down(&name, id, now);
                }
                Ok(())
            }
            Input::Quitting => {
                self.quit(now);
                Ok(())
            }
            Input::Answered { id, outcome } => {
                if let Some(Key::Flow(name)) = self.owners.take(id) {
                    self.step_answered(&name, id, &outcome, now);
                }
                Ok(())
            }
            Input::SecretEntered(name) => {
                self.secret_entered(&name, now);
                Ok(())
            }
            Input::Asked(ask) => self.asked(ask, now),
            Input::Repeat { record, how } => self.repeat_run(&record, &how, now),
            Input::Trouble(what) => {
                self.journal(JournalEntry::Trouble { what }, now);
                Ok(())
            }
            Input::ConfigRefused(error) => {
                self.journal(JournalEntry::Refused { error }, now);
                Ok(())
            }
            Input::ConfigStale { file, error, kept } => {
                self.journal(JournalEntry::Refused { error: error.clone() }, now);
                self.tell_stale(file, error, kept, now);
                Ok(())
            }
            Input::ConfigTaken => {
                self.remember_stale(None);
                Ok(())
            }
        };
        self.finish(now);
        result
    }

    /// Does whatever is due.
    pub fn handle_timeout(&mut self, now: Now) {
        self.read_clock(now);
        while let Some(reason) = self.next_due(now.monotonic) {
            match reason {
                Due::Probe(name) => self.start_probe(&name, now),
                Due::PauseEnds(name) => self.resume(&name, now),
                Due::SnoozeEnds(name) => self.snooze_ends(&name, now),
                Due::Remind(name) => self.remind(&name, now),
                Due::Settle(name) => self.settle_flapping(&name, now),
                Due::Message(id) => self.send(id, now),
                Due::Peers => self.probe_peers(now),
                Due::Heal(name) => self.wake_healing(&name, now),
                Due::Program(name) => self.wake_program(&name, now),
                Due::Flow(name) => self.wake_flow(&name, now),
                Due::Fleet(name) => self.wake_fleet(&name, now),
                Due::Forget => self.forget_removed(now),
                Due::Measure => self.measure_programs(now),
            }
            self.deliver(now);
        }
        self.finish(now);
    }

    /// When the engine must be woken, and why.
    pub fn next_deadline(&self) -> Option<(Instant, Due)> {
        let entry = self.every_kind().into_iter().filter_map(Entries::next_due).min().cloned();
        let heal = self.healings.next_due().map(|(due, monitor)| (*due, Due::Heal(Arc::clone(monitor))));
        let message = self.outbox.next_due().map(|(due, id)| (due, Due::Message(id)));
        let forgets_at = self.every_kind().into_iter().filter_map(Entries::forgets_at).min();
        let removed = forgets_at.map(|due| (due, Due::Forget));
        let peers = self.network.peers_due().map(|due| (due, Due::Peers));
        let measures = self.measures_at.map(|due| (due, Due::Measure));
        [entry, heal, message, removed, peers, measures].into_iter().flatten().min()
    }

    /// The next thing to do. Records come before whatever follows from them.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.write_messages();
        if self.records.is_empty() {
            let effect = self.effects.pop_front();
            if effect.is_none() {
                // What a new configuration or an outage asks for at once is never kept room for.
                self.effects.shrink_to(EFFECTS);
            }
            effect
        } else {
            Some(Effect::Record(std::mem::take(&mut self.records)))
        }
    }

    /// All that would have to be known to go on from here.
    pub fn snapshot(&self) -> Restored {
        Restored {
            memories: self.every_kind().into_iter().flat_map(Entries::remembered).collect(),
            incidents: self.incidents.values().cloned().collect(),
            runs: self.open_runs(),
            instances: self.living_instances(),
            messages: self.outbox.messages().cloned().collect(),
            engine: self.memory.clone(),
            channels: self.config.channels.clone(),
            last_run: Some(self.last_run),
            last_incident: Some(self.last_incident),
            last_message: Some(self.outbox.last()),
        }
    }

    /// How many signals have waited to be heard at the same time, at the most.
    pub fn signals_at_most(&self) -> usize {
        self.signals.most()
    }

    /// The configuration in force.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Every monitor, in the order of the configuration.
    pub fn monitors(&self) -> impl Iterator<Item = MonitorView> + '_ {
        self.config.monitors.iter().filter_map(|monitor| self.monitor(&monitor.name))
    }

    /// One monitor.
    pub fn monitor(&self, name: &str) -> Option<MonitorView> {
        self.monitors.get(name).map(MonitorMachine::view)
    }

    /// The open incidents of the monitors that are configured, the oldest first.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values().filter(|incident| self.monitors.contains(&incident.monitor))
    }

    /// One open incident.
    pub fn open_incident(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    /// The messages that are neither delivered nor given up.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.outbox.messages()
    }

    /// The parts of the own network that are off.
    pub fn network_off(&self) -> impl Iterator<Item = Scope> + '_ {
        [Scope::LocalNet, Scope::Internet].into_iter().filter(|scope| self.network.is_off(*scope))
    }

    /// Until when nothing is told at all.
    pub fn snoozed_until(&self) -> Option<Timestamp> {
        self.memory.snoozed_until
    }

    /// Until when nothing is told, if anything keeps quiet now: quiet hours, or a snooze of all.
    pub fn quiet_until(&self, now: Now) -> Option<Timestamp> {
        crate::outbox::quiet_until(&self.config.alerts, self.memory.snoozed_until, now.utc)
    }

    /// The entries of every kind.
    fn every_kind(&self) -> [&dyn Entries; 4] {
        [&self.programs, &self.monitors, &self.flows, &self.fleets]
    }

    /// The same, to be changed.
    fn entries(&mut self) -> [&mut dyn Entries; 4] {
        [&mut self.programs, &mut self.monitors, &mut self.flows, &mut self.fleets]
    }

    fn next_due(&mut self, now: Instant) -> Option<Due> {
        let due = self.next_deadline().filter(|(at, _)| *at <= now)?;
        for entries in self.entries() {
            entries.take_due(&due);
        }
        Some(due.1)
    }

    fn read_clock(&mut self, now: Now) {
        match self.clock.read(now) {
            clock::ClockChange::Nothing => return,
            clock::ClockChange::Slept(slept) => {
                self.settles_at = now.monotonic + AFTER_SLEEP;
                self.monitors.change_where(|_, _| true, |_, watched| watched.tracker.slept());
                self.journal(JournalEntry::Slept { seconds: slept.as_secs() }, now);
            }
            clock::ClockChange::Set(seconds) => self.journal(JournalEntry::ClockSet { seconds }, now),
        }
        // While the machine slept its clock may have been set, too.
        self.flows.change_where(|_, _| true, |_, flow| flow.see_schedule(now));
        for entries in self.entries() {
            entries.plan_all(now);
        }
        self.outbox.release(now.monotonic);
    }

    /// Has all signals heard, writes down what has changed and knows again what is due. No signal is left for later: the next
    /// input would be taken before it, and what it speaks of might be over by then.
    fn finish(&mut self, now: Now) {
        self.deliver(now);
        let written: Vec<Record> = self.entries().into_iter().flat_map(|entries| entries.finish(now)).collect();
        self.records.extend(written);
        if self.memory.network != *self.network.memory() {
            self.memory.network = self.network.memory().clone();
            self.records.push(Record::Engine(self.memory.clone()));
        }
    }

    /// What has been out of the configuration for so long is forgotten, and its incident is over.
    fn forget_removed(&mut self, now: Now) {
        for memory in self.monitors.forget(now) {
            if let Some(id) = memory.incident {
                self.close_incident(id, now.utc, None);
            }
        }
        self.programs.forget(now);
        self.flows.forget(now);
        self.fleets.forget(now);
    }

    fn journal(&mut self, entry: JournalEntry, now: Now) {
        self.records.push(Record::Journal { at: now.utc, entry });
    }

    fn publish(&mut self, change: Change) {
        self.effects.push_back(Effect::Publish(change));
    }
}

impl MonitorMachine {
    fn new(monitor: Arc<Monitor>, memory: MonitorMemory, seed: u64) -> Self {
        Self {
            tracker: HealthTracker::restored(memory.health),
            place: schedule::place(seed, &monitor.name, monitor.every),
            monitor,
            memory,
            next_probe: None,
            in_flight: None,
            held: None,
            last: None,
            last_began: None,
            new_since: None,
            down_for: None,
            out_of_turn: None,
            used: None,
        }
    }

    /// Whether it is being checked.
    fn is_watched(&self) -> bool {
        self.monitor.enabled && self.memory.paused.is_none()
    }

    /// Whether a probe of it is under way or not judged yet.
    fn is_busy(&self) -> bool {
        self.in_flight.is_some() || self.held.is_some()
    }

    /// When a probe under way, or what it has to wait for, is taken for lost.
    fn overdue(&self) -> Option<Instant> {
        let began = self.in_flight.map(|flight| flight.began).or(self.held.as_ref().map(|held| held.began))?;
        Some(began + self.monitor.timeout + LOST_AFTER)
    }

    fn health(&self) -> Health {
        if self.is_watched() { self.tracker.health() } else { Health::Paused }
    }

    fn view(&self) -> MonitorView {
        MonitorView {
            monitor: Arc::clone(&self.monitor),
            health: self.health(),
            since: self.memory.since,
            last: self.last.clone(),
            flapping: self.memory.flapping.is_some() && !self.memory.is_unsteady(),
            unsteady: self.memory.is_unsteady(),
            incident: self.memory.incident,
            paused_until: self.memory.paused.and_then(|pause| pause.until),
            snoozed_until: self.memory.snoozed_until,
        }
    }
}

impl Machine for MonitorMachine {
    type Memory = MonitorMemory;

    fn memory(&self) -> &MonitorMemory {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut MonitorMemory {
        &mut self.memory
    }

    fn dues(&self, now: Now) -> Vec<(Instant, Due)> {
        let name = || Arc::clone(&self.monitor.name);
        let memory = &self.memory;
        let watched = self.is_watched();
        let probe = self.overdue().or(self.next_probe).filter(|_| watched);
        let pause = memory.paused.and_then(|pause| pause.until);
        let remind = memory.remind_at.filter(|_| watched && memory.flapping.is_none());
        let calm = !memory.is_unsteady() || self.tracker.health() == Health::Up;
        let settle = memory.since.filter(|_| memory.flapping.is_some() && calm);
        let on_the_wall = |at: Option<Timestamp>| at.map(|at| now.instant_of(at));
        [
            probe.map(|at| (at, Due::Probe(name()))),
            on_the_wall(pause).map(|at| (at, Due::PauseEnds(name()))),
            on_the_wall(memory.snoozed_until).map(|at| (at, Due::SnoozeEnds(name()))),
            on_the_wall(remind).map(|at| (at, Due::Remind(name()))),
            on_the_wall(settle).map(|at| (at + telling::settles_after(&self.monitor), Due::Settle(name()))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
