//! What happened goes in, what is to be done comes out: the way in, and what every input ends with. The rules are in the
//! files below, one for each thing that can begin.

mod asked;
mod belonging;
mod channels;
mod configured;
mod delivered;
mod flapping;
mod fleets;
mod flows;
mod incidents;
mod judge;
mod network_seen;
mod outgoing;
mod own_network;
mod owners;
mod probed;
mod probing;
mod programs;
mod remedies;
mod scope;
mod sending;
mod settled;
mod signals;
mod telling;
mod watched;

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
pub use watched::MonitorView;
use watched::{InFlight, MonitorMachine, UnjudgedProbe};

use crate::{
    clock::{self, Clock},
    config::Config,
    execution::FlowMachine,
    healing::Healings,
    ids::{IncidentId, MessageId, RunId},
    incident::{Incident, Message},
    network::{Network, Scope},
    outbox::Outbox,
    record::{EngineMemory, JournalEntry, Record, Restored},
    registry::{Entries, Registry},
    scaling::FleetMachine,
    schedule::{AFTER_SLEEP, Rng},
    signal::Signals,
    supervision::ProgramMachine,
    time::{Instant, Now},
};
pub use crate::{
    execution::{Fallout, Plan, StepPlan},
    ids::{EffectId, Key},
    input::{Ask, AskError, Change, Due, Effect, Input, Repeat},
};

/// So long beyond its timeout a probe may wait to be judged; after that it is taken for lost and made anew.
const LOST_AFTER: std::time::Duration = std::time::Duration::from_secs(5 * 60);

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

    /// The open incident of a monitor.
    fn open_incident_of(&self, name: &Arc<str>) -> Option<&Incident> {
        self.incidents.get(&self.monitors.get(name)?.memory.incident?)
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
        sending::quiet_until(&self.config.alerts, self.memory.snoozed_until, now.utc)
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
}
