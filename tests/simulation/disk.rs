//! What is on disk: a store as the core sees it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_core::{
    fleet::instance::{Instance, InstanceState},
    flow::run::{Run, RunRecord, StepRun},
    ids::{IncidentId, Key, MessageId, RunId},
    incident::{Incident, Message},
    memory::Memory,
    record::{EngineMemory, Record, Restored},
};

/// Records are committed at the latest after this.
const COMMITS_WITHIN: Duration = Duration::from_millis(500);

/// A disk that keeps what was committed and loses what was not.
#[derive(Default)]
pub(crate) struct Disk {
    memories: BTreeMap<Key, Memory>,
    pub(crate) incidents: BTreeMap<IncidentId, Incident>,
    pub(crate) messages: BTreeMap<MessageId, Message>,
    pub(crate) runs: BTreeMap<RunId, Run>,
    steps: BTreeMap<(RunId, usize), StepRun>,
    pub(crate) instances: BTreeMap<Arc<str>, Instance>,
    /// The number of the last decision of each fleet.
    pub(crate) decisions: BTreeMap<Arc<str>, u64>,
    engine: EngineMemory,
    waiting: Vec<Record>,
    since: Duration,
}

impl Disk {
    /// Takes records at `now`. While the disk is full nothing is committed.
    pub(crate) fn record(&mut self, records: Vec<Record>, now: Duration, full: bool) {
        let durable = records.iter().any(Record::must_be_durable);
        if self.waiting.is_empty() {
            self.since = now;
        }
        self.waiting.extend(records);
        if !full && (durable || now - self.since >= COMMITS_WITHIN) {
            self.commit();
        }
    }

    /// Commits what has waited long enough.
    pub(crate) fn tick(&mut self, now: Duration, full: bool) {
        if !full && !self.waiting.is_empty() && now - self.since >= COMMITS_WITHIN {
            self.commit();
        }
    }

    /// What is there after a crash.
    pub(crate) fn restored(&mut self) -> Restored {
        self.waiting.clear();
        let open = |message: &&Message| message.is_pending();
        Restored {
            memories: self.memories.clone(),
            incidents: self.incidents.values().filter(|incident| incident.closed.is_none()).cloned().collect(),
            messages: self.messages.values().filter(open).cloned().collect(),
            runs: self.open_runs(),
            instances: self.instances.values().filter(|one| one.state != InstanceState::Gone).cloned().collect(),
            last_run: self.runs.keys().last().copied(),
            engine: self.engine.clone(),
            last_incident: self.incidents.keys().last().copied(),
            last_message: self.messages.keys().last().copied(),
            ..Restored::default()
        }
    }

    /// The runs that are not over, with all that is known of their steps.
    fn open_runs(&self) -> Vec<RunRecord> {
        let open = self.runs.values().filter(|run| !run.state.is_over());
        open.filter_map(|run| self.record_of(run.id)).collect()
    }

    /// A run with its steps.
    pub(crate) fn record_of(&self, id: RunId) -> Option<RunRecord> {
        let run = self.runs.get(&id)?.clone();
        let places = 0..run.definition.steps.len();
        let steps = places.map(|place| self.steps.get(&(id, place)).cloned().unwrap_or_default()).collect();
        Some(RunRecord { run, steps })
    }

    /// Commits what waits: a user is told that something is done when it is on disk.
    pub(crate) fn commit(&mut self) {
        for record in std::mem::take(&mut self.waiting) {
            match record {
                Record::Memory { of, memory: Some(memory) } => drop(self.memories.insert(of, memory)),
                Record::Memory { of, memory: None } => drop(self.memories.remove(&of)),
                Record::Incident(incident) => drop(self.incidents.insert(incident.id, *incident)),
                Record::Message(message) => drop(self.messages.insert(message.id, message)),
                Record::Run(run) => drop(self.runs.insert(run.id, *run)),
                Record::Step { run, place, step } => drop(self.steps.insert((run, place), *step)),
                Record::Instance(instance) => drop(self.instances.insert(Arc::clone(&instance.name), *instance)),
                Record::Engine(memory) => self.engine = memory,
                Record::Decision(it) => drop(self.decisions.insert(Arc::clone(&it.fleet), it.number)),
                Record::Observation { .. } | Record::Used { .. } | Record::Journal { .. } | Record::Sample { .. } => {}
            }
        }
    }
}
