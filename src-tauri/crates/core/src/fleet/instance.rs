//! Instances: the servers of a fleet, as they are remembered and told.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Provider;

/// A server of a fleet. It is on disk before anything is launched for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Its name, unique for ever in its fleet: `web-7` is the seventh of `web`. The cloud has it as a tag.
    pub name: Arc<str>,
    /// Its fleet.
    pub fleet: Arc<str>,
    /// Its number in its fleet.
    pub number: u64,
    /// What the provider calls it, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How it stands.
    pub state: InstanceState,
    /// Since when.
    pub since: Timestamp,
    /// When it was wanted.
    pub launched: Timestamp,
    /// How many tries at its launch are known not to have launched it: [`crate::fleet::command::FleetCommand::Launch`].
    #[serde(default, skip_serializing_if = "is_first")]
    pub attempt: u32,
    /// The address that is used, once it has announced itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The address that it has declared, where that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<String>,
    /// It has used its token: nobody else may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enrolled: bool,
    /// No rule removes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// A user has launched it: no rule removes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_user: bool,
    /// It was launched from another template than instances are launched from now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
    /// Where it came from, if its fleet's instances come from somewhere else now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Box<Provider>>,
    /// Why it is not as it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

fn is_first(attempt: &u32) -> bool {
    *attempt == 0
}

/// How an instance stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// The provider is to launch it, and has not said that it has.
    Launching,
    /// The provider has launched it, and it has not announced itself.
    Booting,
    /// It has announced itself, and says what its load is.
    Running,
    /// It has been silent for longer than it should.
    Suspect,
    /// It has been silent for so long that it is not expected to come back.
    Lost,
    /// It could not be launched, or has not announced itself in time.
    Failed,
    /// It is to be removed, and finishes what it has to do.
    Draining,
    /// The provider is to terminate it, and has not said that it has.
    Terminating,
    /// It is no more.
    Gone,
}

impl InstanceState {
    /// Whether it is there to work, or will be.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Launching | Self::Booting | Self::Running | Self::Suspect)
    }

    /// Whether it is there to work later.
    pub const fn is_booting(self) -> bool {
        matches!(self, Self::Launching | Self::Booting)
    }

    /// The word that stands for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Launching => "launching",
            Self::Booting => "booting",
            Self::Running => "running",
            Self::Suspect => "suspect",
            Self::Lost => "lost",
            Self::Failed => "failed",
            Self::Draining => "draining",
            Self::Terminating => "terminating",
            Self::Gone => "gone",
        }
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
