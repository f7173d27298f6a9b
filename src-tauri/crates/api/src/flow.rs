//! Flows, their runs and their steps.

use std::sync::Arc;

use estatus_core::{
    exit::Exit,
    flow::run::{RunState, StepState},
    ids::RunId,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A flow as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FlowStatus {
    /// Its name.
    pub name: Arc<str>,
    /// Whether anything but a user begins a run of it.
    pub enabled: bool,
    /// How many steps it has.
    pub steps: usize,
    /// When its schedule is due next.
    pub next: Option<Timestamp>,
    /// The run that goes on.
    pub run: Option<RunSummary>,
    /// How many runs wait for their turn.
    pub queued: usize,
}

/// A run of a flow, without its steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RunSummary {
    /// Its number.
    pub run: RunId,
    /// The flow's name.
    pub flow: Arc<str>,
    /// How it stands.
    pub state: RunState,
    /// Why it began, in words.
    pub cause: String,
    /// The monitors that it is to heal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<String>>"))]
    pub heals: Vec<Arc<str>>,
    /// The step that it failed at, with the attempt and the reason, in words.
    pub why: Option<String>,
    /// When it began, was put in the queue, or would have begun.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// A run of a flow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RunStatus {
    /// The run as a whole.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// Its steps, in the order of the file.
    pub steps: Vec<StepStatus>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StepStatus {
    /// Its name.
    pub name: Arc<str>,
    /// What it does, in words.
    pub does: String,
    /// The command that `does` names, if it is one; not for clients, who may not be told it.
    #[serde(skip)]
    pub command: Option<String>,
    /// How it stands.
    pub state: StepState,
    /// How many times it was begun.
    pub attempts: u32,
    /// How its command ended the last time.
    pub exit: Option<Exit>,
    /// Why it failed the last time, in words.
    pub why: Option<String>,
    /// When it was begun first.
    pub began: Option<Timestamp>,
    /// When it ended, or was skipped.
    pub ended: Option<Timestamp>,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// The last lines that its command wrote: text of the outside world.
    pub output: Vec<String>,
}
