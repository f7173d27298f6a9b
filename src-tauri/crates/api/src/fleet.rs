//! Fleets, their instances, and what is decided of them.

use std::sync::Arc;

use estatus_core::{
    fleet::{instance::InstanceState, replay::Outcome},
    standing::Standing,
};
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

/// How a fleet stood in a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FleetSample {
    /// When the minute began.
    pub at: Timestamp,
    /// How many instances were there to work.
    pub running: u32,
    /// The mean of the loads that were known, from 0 to 1; nothing where none was.
    pub mean: Option<f64>,
}

/// A rule of which it is asked what it would have done: what is not said is as it is in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(default)]
pub struct OtherRule {
    /// The rule: the word that stands for it in the file.
    pub policy: Option<String>,
    /// So many instances it has at least.
    pub min: Option<u32>,
    /// To so many it is refilled.
    pub desired: Option<u32>,
    /// So many instances it has at most.
    pub max: Option<u32>,
    /// The mean load that it is to have, above 0 and at most 1.
    pub load: Option<f64>,
    /// How many there are to be from when on, for the rule `schedule`.
    pub schedule: Option<Vec<OtherPlan>>,
}

/// So many instances from a time on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct OtherPlan {
    /// From when on: five cron fields, by the zone of the file.
    pub from: String,
    /// So many.
    pub desired: u32,
}

/// What rules would have done with the load that a fleet had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FleetReplay {
    /// When what they were tried on begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
    /// Of so many hours of it something is known.
    pub hours: f64,
    /// What really was, whoever did it.
    pub was: Outcome,
    /// The rule in force.
    pub in_force: TriedRule,
    /// The other one.
    pub other: TriedRule,
    /// How many instances there were, and would have been.
    pub course: Vec<ReplayPoint>,
}

/// A rule, and what would have come of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TriedRule {
    /// The rule: the word that stands for it in the file.
    pub policy: String,
    /// So many instances it has at least.
    pub min: u32,
    /// To so many it is refilled.
    pub desired: u32,
    /// So many instances it has at most.
    pub max: u32,
    /// The mean load that it is to have, from 0 to 1.
    pub load: f64,
    /// What would have come of it.
    pub outcome: Outcome,
}

/// How many instances there were at a time, and would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReplayPoint {
    /// When.
    pub at: Timestamp,
    /// So many there were.
    pub was: u32,
    /// So many there would have been by the rule in force.
    pub in_force: u32,
    /// So many there would have been by the other one.
    pub other: u32,
}
