//! The small state of the database, kept in memory: should the file be damaged, the new one begins with it.

use std::{collections::BTreeMap, sync::Arc};

use estatus_core::{
    ids::{IncidentId, MessageId},
    incident::{Incident, Message},
    monitor::MonitorMemory,
    program::ProgramMemory,
    record::{EngineMemory, Record, Restored},
};
use rusqlite::{Connection, Result};

use crate::keys::signed;

/// Memories, open incidents, messages under way, and the newest numbers.
#[derive(Debug, Default)]
pub(crate) struct Mirror {
    installation: String,
    monitors: BTreeMap<Arc<str>, MonitorMemory>,
    programs: BTreeMap<Arc<str>, ProgramMemory>,
    incidents: BTreeMap<IncidentId, Incident>,
    messages: BTreeMap<MessageId, Message>,
    engine: EngineMemory,
    last_incident: Option<IncidentId>,
    last_message: Option<MessageId>,
}

impl Mirror {
    /// The state as it was read at the start.
    pub(crate) fn new(installation: String, restored: &Restored) -> Self {
        Self {
            installation,
            monitors: restored.monitors.clone(),
            programs: restored.programs.clone(),
            incidents: restored.incidents.iter().map(|incident| (incident.id, incident.clone())).collect(),
            messages: restored.messages.iter().map(|message| (message.id, message.clone())).collect(),
            engine: restored.engine.clone(),
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
            Record::Monitor { monitor, memory } => {
                self.monitors.insert(Arc::clone(monitor), memory.clone());
            }
            Record::MonitorGone { monitor } => {
                self.monitors.remove(monitor);
            }
            Record::Program { program, memory } => {
                self.programs.insert(Arc::clone(program), memory.clone());
            }
            Record::ProgramGone { program } => {
                self.programs.remove(program);
            }
            Record::Incident(incident) => {
                self.last_incident = self.last_incident.max(Some(incident.id));
                put(&mut self.incidents, incident.id, incident, incident.closed.is_none());
            }
            Record::Message(message) => {
                self.last_message = self.last_message.max(Some(message.id));
                put(&mut self.messages, message.id, message, message.is_pending());
            }
            Record::Engine(memory) => self.engine.clone_from(memory),
            Record::Observation { .. } | Record::Journal { .. } => {}
        }
    }

    /// What has to be written into a new database.
    pub(crate) fn records(&self) -> Vec<Record> {
        let monitors = self.monitors.iter();
        let programs = self.programs.iter();
        monitors
            .map(|(monitor, memory)| Record::Monitor { monitor: Arc::clone(monitor), memory: memory.clone() })
            .chain(
                programs
                    .map(|(program, memory)| Record::Program { program: Arc::clone(program), memory: memory.clone() }),
            )
            .chain(self.incidents.values().cloned().map(Record::Incident))
            .chain(self.messages.values().cloned().map(Record::Message))
            .chain([Record::Engine(self.engine.clone())])
            .collect()
    }

    /// Sees to it that no number is used again.
    pub(crate) fn keep_numbers(&self, connection: &Connection) -> Result<()> {
        let incident = self.last_incident.map(|id| signed(id.0));
        let message = self.last_message.map(|id| signed(id.0));
        for (name, number) in [("last_incident", incident), ("last_message", message)] {
            if let Some(number) = number {
                connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, number))?;
            }
        }
        Ok(())
    }
}

fn put<K: Ord, V: Clone>(all: &mut BTreeMap<K, V>, key: K, value: &V, wanted: bool) {
    if wanted {
        all.insert(key, value.clone());
    } else {
        all.remove(&key);
    }
}
