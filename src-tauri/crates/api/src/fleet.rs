//! Fleets, their instances, and what is decided of them.

use std::sync::Arc;

use estatus_core::{fleet::instance::InstanceState, standing::Standing};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A fleet as it is, without its instances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FleetSummary {
    /// Its name.
    pub name: Arc<str>,
    /// How well it is: whoever counts, counts this.
    #[serde(default)]
    pub standing: Standing,
    /// Whether anything but a user launches or removes an instance of it.
    pub enabled: bool,
    /// By which rule it is scaled: the word that stands for it in the file.
    pub policy: String,
    /// Where its instances come from: the word that stands for it in the file.
    pub launch: String,
    /// So many instances it has at least.
    pub min: u32,
    /// To so many it is refilled.
    pub desired: u32,
    /// So many instances it has at most.
    pub max: u32,
    /// The mean load that it is to have, from 0 to 1.
    pub load: f64,
    /// How often an instance says what its load is, in seconds.
    pub heartbeat: f64,
    /// Whether the source document's protocol is spoken beyond this machine, unencrypted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub insecure: bool,
    /// How many instances are there to work, or will be.
    pub count: usize,
    /// How many of them are there to work.
    pub running: usize,
    /// The mean of the loads that are known, from 0 to 1; nothing where none is.
    pub mean: Option<f64>,
    /// What is wrong, each in a sentence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<String>,
    /// What was decided last that was to be kept.
    pub last_decision: Option<DecisionStatus>,
}

/// A fleet as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FleetStatus {
    /// The fleet as a whole.
    #[serde(flatten)]
    pub summary: FleetSummary,
    /// Its instances that are not gone, in the order of their numbers.
    pub instances: Vec<InstanceStatus>,
    /// What the provider has that bears the mark of Estatus and that nobody counts, by what it calls it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orphans: Vec<String>,
    /// Why and how often somebody was refused who wanted to be an instance, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedStatus>,
}

/// Somebody was refused who wanted to be an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RefusedStatus {
    /// Why, in words.
    pub why: String,
    /// How often.
    pub count: u64,
}

/// An instance of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct InstanceStatus {
    /// What the provider calls it, once that is known.
    pub id: Option<String>,
    /// Its name.
    pub name: Arc<str>,
    /// The address that is used, once it has announced itself.
    pub address: Option<String>,
    /// The address that it has declared, where that is another: text of the outside world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub declared: Option<String>,
    /// How it stands.
    pub state: InstanceState,
    /// Its load, from 0 to 1, where it is known.
    pub load: Option<f64>,
    /// Since when it has stood so.
    pub since: Timestamp,
    /// When it was wanted.
    pub launched: Timestamp,
    /// For how long it has not been heard, in seconds.
    pub silent: f64,
    /// No rule removes it, and nobody by mistake.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub protected: bool,
    /// A user has launched it: no rule removes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub by_user: bool,
    /// It was launched from another template than instances are launched from now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub outdated: bool,
    /// How many times what it said was no load.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[cfg_attr(test, ts(optional, as = "Option<u64>"))]
    pub faults: u64,
    /// Why it is not as it should be: text of the outside world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub error: Option<String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What was decided of a fleet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct DecisionStatus {
    /// Its number in its fleet.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// So many instances are launched; or removed, where it is negative.
    pub change: i32,
    /// How many instances there were to work, or would be.
    pub instances: u32,
    /// The mean of the loads that were known, from 0 to 1; nothing where none was.
    pub mean: Option<f64>,
    /// All of it in one sentence.
    pub says: String,
    /// Why, each in words.
    pub reasons: Vec<String>,
    /// What was not done, each with why not, in words.
    pub rejected: Vec<String>,
    /// Those that are removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
    pub victims: Vec<Arc<str>>,
}
