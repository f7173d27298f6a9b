//! The small state of the database, kept in memory: should the file be damaged, the new one begins with it.

use std::{collections::BTreeMap, sync::Arc};

use estatus_core::{
    fleet::instance::{Instance, InstanceState},
    flow::run::{Run, RunRecord, StepRun},
    ids::{IncidentId, Key, MessageId, RunId},
    incident::{Incident, Message},
    memory::Memory,
    record::{EngineMemory, Record, Restored},
};
use rusqlite::{Connection, Result};

use crate::keys::signed;

/// Memories, open incidents, open runs with their steps, instances that are not gone, messages under way, and the newest numbers.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    installation: String,
    memories: BTreeMap<Key, Memory>,
    incidents: BTreeMap<IncidentId, Incident>,
    runs: BTreeMap<RunId, Run>,
    steps: BTreeMap<(RunId, usize), StepRun>,
    instances: BTreeMap<Arc<str>, Instance>,
    messages: BTreeMap<MessageId, Message>,
    engine: EngineMemory,
    last_run: Option<RunId>,
    last_incident: Option<IncidentId>,
    last_message: Option<MessageId>,
}

impl Mirror {
    /// The state as it was read at the start.
    pub(crate) fn new(installation: String, restored: &Restored) -> Self {
        Self {
            installation,
            memories: restored.memories.clone(),
            incidents: restored.incidents.iter().map(|incident| (incident.id, incident.clone())).collect(),
            runs: restored.runs.iter().map(|record| (record.run.id, record.run.clone())).collect(),
            steps: restored.runs.iter().flat_map(numbered_steps).collect(),
            instances: restored.instances.iter().map(|one| (Arc::clone(&one.name), one.clone())).collect(),
            messages: restored.messages.iter().map(|message| (message.id, message.clone())).collect(),
            engine: restored.engine.clone(),
            last_run: restored.last_run,
            last_incident: restored.last_incident,
            last_message: restored.last_message,
        }
    }

    pub(crate) fn installation(&self) -> &str {
        &self.installation
    }

    /// Takes over what was written.
    pub(crate) fn note(&mut self, record: &Record) {
        match record {
            Record::Memory { of, memory: Some(memory) } => drop(self.memories.insert(of.clone(), memory.clone())),
            Record::Memory { of, memory: None } => drop(self.memories.remove(of)),
            Record::Incident(incident) => {
                self.last_incident = self.last_incident.max(Some(incident.id));
                put(&mut self.incidents, incident.id, incident, incident.closed.is_none());
            }
            Record::Run(run) => {
                self.last_run = self.last_run.max(Some(run.id));
                put(&mut self.runs, run.id, run, !run.state.is_over());
                if run.state.is_over() {
                    self.steps.retain(|(of, _), _| *of != run.id);
                }
            }
            // Steps may come before their run, and after its end.
            Record::Step { run, place, step } => {
                if self.runs.contains_key(run) || self.last_run < Some(*run) {
                    self.steps.insert((*run, *place), (**step).clone());
                }
            }
            Record::Instance(instance) => {
                let is_there = instance.state != InstanceState::Gone;
                put(&mut self.instances, Arc::clone(&instance.name), instance, is_there);
            }
            Record::Message(message) => {
                self.last_message = self.last_message.max(Some(message.id));
                put(&mut self.messages, message.id, message, message.is_pending());
            }
            Record::Engine(memory) => self.engine.clone_from(memory),
            Record::Observation { .. }
            | Record::Used { .. }
            | Record::Decision(_)
            | Record::Sample { .. }
            | Record::Journal { .. } => {}
        }
    }

    /// What has to be written into a new database.
    pub(crate) fn records(&self) -> Vec<Record> {
        let memories = self.memories.iter();
        memories
            .map(|(of, memory)| Record::Memory { of: of.clone(), memory: Some(memory.clone()) })
            .chain(self.incidents.values().cloned().map(|incident| Record::Incident(Box::new(incident))))
            .chain(self.runs.values().cloned().map(|run| Record::Run(Box::new(run))))
            .chain(self.steps.iter().map(|((run, place), step)| Record::Step {
                run: *run,
                place: *place,
                step: Box::new(step.clone()),
            }))
            .chain(self.instances.values().cloned().map(|instance| Record::Instance(Box::new(instance))))
            .chain(self.messages.values().cloned().map(Record::Message))
            .chain([Record::Engine(self.engine.clone())])
            .collect()
    }

    /// Sees to it that no number is used again.
    pub(crate) fn keep_numbers(&self, connection: &Connection) -> Result<()> {
        let run = self.last_run.map(|id| signed(id.0));
        let incident = self.last_incident.map(|id| signed(id.0));
        let message = self.last_message.map(|id| signed(id.0));
        for (name, number) in [("last_run", run), ("last_incident", incident), ("last_message", message)] {
            if let Some(number) = number {
                connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, number))?;
            }
        }
        Ok(())
    }
}

fn numbered_steps(record: &RunRecord) -> impl Iterator<Item = ((RunId, usize), StepRun)> + '_ {
    record.steps.iter().enumerate().map(|(place, step)| ((record.run.id, place), step.clone()))
}

fn put<K: Ord, V: Clone>(all: &mut BTreeMap<K, V>, key: K, value: &V, wanted: bool) {
    if wanted {
        all.insert(key, value.clone());
    } else {
        all.remove(&key);
    }
}
