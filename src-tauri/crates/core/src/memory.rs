//! What is remembered of the entries over restarts: one kind of memory for each kind of entry.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::{fleet::FleetMemory, flow::FlowMemory, ids::Key, monitor::MonitorMemory, program::ProgramMemory};

/// All that must be known of an entry to go on after a restart.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Memory {
    /// Of a monitor.
    Monitor(Box<MonitorMemory>),
    /// Of a program.
    Program(Box<ProgramMemory>),
    /// Of a flow.
    Flow(Box<FlowMemory>),
    /// Of a fleet.
    Fleet(Box<FleetMemory>),
    /// What the tests of the registry make.
    #[cfg(test)]
    Bell(crate::registry::tests::BellMemory),
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
            Key::Flow(_) => serde_json::from_str(json).map(Self::Flow),
            Key::Fleet(_) => serde_json::from_str(json).map(Self::Fleet),
            #[cfg(test)]
            Key::Bell(_) => serde_json::from_str(json).map(Self::Bell),
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

impl From<FlowMemory> for Memory {
    fn from(memory: FlowMemory) -> Self {
        Self::Flow(Box::new(memory))
    }
}

impl From<FleetMemory> for Memory {
    fn from(memory: FleetMemory) -> Self {
        Self::Fleet(Box::new(memory))
    }
}

/// What is remembered of an entry of one kind over restarts.
pub(crate) trait Remembered: Clone + PartialEq + Into<Memory> {
    /// The entry of this kind that is called `name`.
    fn key(name: Arc<str>) -> Key;

    /// The same, if it is of this kind.
    fn recalled(memory: &Memory) -> Option<&Self>;

    /// Since when the entry has been out of the configuration, while it may still come back.
    fn removed(&mut self) -> &mut Option<Timestamp>;

    /// A channel has another name: what was told on it was told on that one. Whether there was anything.
    fn rename_channel(&mut self, old: &str, new: &str) -> bool;
}

impl Remembered for FlowMemory {
    fn key(name: Arc<str>) -> Key {
        Key::Flow(name)
    }

    fn recalled(memory: &Memory) -> Option<&Self> {
        if let Memory::Flow(memory) = memory { Some(memory) } else { None }
    }

    fn removed(&mut self) -> &mut Option<Timestamp> {
        &mut self.removed
    }

    fn rename_channel(&mut self, _old: &str, _new: &str) -> bool {
        false
    }
}

impl Remembered for FleetMemory {
    fn key(name: Arc<str>) -> Key {
        Key::Fleet(name)
    }

    fn recalled(memory: &Memory) -> Option<&Self> {
        if let Memory::Fleet(memory) = memory { Some(memory) } else { None }
    }

    fn removed(&mut self) -> &mut Option<Timestamp> {
        &mut self.removed
    }

    fn rename_channel(&mut self, old: &str, new: &str) -> bool {
        let renamed = self.troubles.values_mut().filter_map(|trouble| {
            let told = trouble.told.remove(old)?;
            trouble.told.entry(new.to_owned()).or_default().extend(told);
            Some(())
        });
        renamed.count() > 0
    }
}

impl Remembered for MonitorMemory {
    fn key(name: Arc<str>) -> Key {
        Key::Monitor(name)
    }

    fn recalled(memory: &Memory) -> Option<&Self> {
        if let Memory::Monitor(memory) = memory { Some(memory) } else { None }
    }

    fn removed(&mut self) -> &mut Option<Timestamp> {
        &mut self.removed
    }

    fn rename_channel(&mut self, old: &str, new: &str) -> bool {
        let Some(told) = self.conversations.remove(old) else { return false };
        self.conversations.entry(new.to_owned()).or_default().extend(told);
        true
    }
}

impl Remembered for ProgramMemory {
    fn key(name: Arc<str>) -> Key {
        Key::Program(name)
    }

    fn recalled(memory: &Memory) -> Option<&Self> {
        if let Memory::Program(memory) = memory { Some(memory) } else { None }
    }

    fn removed(&mut self) -> &mut Option<Timestamp> {
        &mut self.removed
    }

    fn rename_channel(&mut self, old: &str, new: &str) -> bool {
        let Some(told) = self.told.remove(old) else { return false };
        self.told.entry(new.to_owned()).or_default().extend(told);
        true
    }
}
