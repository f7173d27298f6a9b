//! What is tried before it is saved.

use estatus_core::observation::Verdict;
use serde::{Deserialize, Serialize};

use crate::{LastSeen, LogLine, SecretText};

/// What is tried, by its name in the configuration file as it would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "what", content = "name")]
pub enum TrialOf {
    /// A monitor: it is probed once.
    Monitor(String),
    /// A program: it is started once, outside of its supervision, and stopped again.
    Program(String),
    /// A channel: a test message is sent.
    Channel(String),
}

/// A secret that was typed in and is not stored: it is known to one trial alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TypedSecret {
    /// The name by which the configuration file asks for it.
    pub name: String,
    /// The secret; at most 65,536 bytes.
    #[cfg_attr(test, ts(type = "string"))]
    pub value: SecretText,
}

/// How a trial went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Tried {
    /// What it says of what was tried.
    pub verdict: Verdict,
    /// How it went, in a sentence or two; of a monitor it may be empty, where it is up and no more is to be said.
    pub text: String,
    /// What was seen of a monitor.
    pub seen: Option<LastSeen>,
    /// The last lines that a program wrote, the oldest first; at most 1,000.
    pub lines: Vec<LogLine>,
}
