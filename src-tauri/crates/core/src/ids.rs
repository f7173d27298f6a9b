//! The names and numbers by which things are told apart.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// An entry of the configuration that the engine lives with, by its kind and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A monitor.
    Monitor(Arc<str>),
    /// A program.
    Program(Arc<str>),
    /// A flow.
    Flow(Arc<str>),
    /// A fleet.
    Fleet(Arc<str>),
    /// What the tests of the registry make.
    #[cfg(test)]
    Bell(Arc<str>),
}

impl Key {
    /// The entry of that kind and name; nothing if there is no such kind.
    pub fn new(kind: &str, name: Arc<str>) -> Option<Self> {
        match kind {
            "monitor" => Some(Self::Monitor(name)),
            "program" => Some(Self::Program(name)),
            "flow" => Some(Self::Flow(name)),
            "fleet" => Some(Self::Fleet(name)),
            _ => None,
        }
    }

    /// The word for its kind, as it is written down.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Monitor(_) => "monitor",
            Self::Program(_) => "program",
            Self::Flow(_) => "flow",
            Self::Fleet(_) => "fleet",
            #[cfg(test)]
            Self::Bell(_) => "bell",
        }
    }

    /// Its name, which no other of its kind has.
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::Monitor(name) | Self::Program(name) | Self::Flow(name) | Self::Fleet(name) => name,
            #[cfg(test)]
            Self::Bell(name) => name,
        }
    }
}

/// The number of an effect; its result comes back with it. Never used twice in one life of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EffectId(pub(crate) u64);

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An incident's number, unique in a data folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct IncidentId(pub u64);

impl IncidentId {
    /// The number of none: stands in the place of one where a monitor is told of that is unsteady and has no incident.
    pub const UNSTEADY: Self = Self(0);
}

/// A message's number, unique in a data folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct MessageId(pub u64);

/// The number of a run of a flow, unique in a data folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a start of a program; each start has a higher one than those before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(transparent)]
pub struct StartId(pub u64);

impl fmt::Display for StartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
