//! What is remembered of the entries over restarts: one kind of memory for each kind of entry.

use serde::Serialize;

use crate::{ids::Key, monitor::MonitorMemory, program::ProgramMemory};

/// All that must be known of an entry to go on after a restart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Memory {
    /// Of a monitor.
    Monitor(Box<MonitorMemory>),
    /// Of a program.
    Program(Box<ProgramMemory>),
}

impl Memory {
    /// Reads what was written down of `of`, as JSON.
    ///
    /// # Errors
    /// It is not what is remembered of such an entry.
    pub fn read(of: &Key, json: &str) -> serde_json::Result<Self> {
        match of {
            Key::Monitor(_) => serde_json::from_str(json).map(Self::Monitor),
            Key::Program(_) => serde_json::from_str(json).map(Self::Program),
        }
    }
}

impl From<MonitorMemory> for Memory {
    fn from(memory: MonitorMemory) -> Self {
        Self::Monitor(Box::new(memory))
    }
}

impl From<ProgramMemory> for Memory {
    fn from(memory: ProgramMemory) -> Self {
        Self::Program(Box::new(memory))
    }
}
