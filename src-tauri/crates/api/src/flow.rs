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
    /// The place of that step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub failed: Option<usize>,
    /// The run that it repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub repeats: Option<RunId>,
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
    /// What is different from the last run that succeeded; if it failed, and one ever did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub since_success: Option<SinceSuccess>,
    /// Whether the flow is still defined as this run was.
    pub is_current: bool,
}

/// What is different from the last run that succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SinceSuccess {
    /// That run.
    pub run: RunId,
    /// When it ended.
    pub ended: Timestamp,
    /// What is different, each in a sentence without a full stop; empty if nothing is known to be.
    pub changes: Vec<String>,
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
    /// The address that `does` names, if it is a request; not for clients, who may not be told all of it.
    #[serde(skip)]
    pub address: Option<String>,
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
    /// How long its last attempt took, in seconds, if that was made in this run and is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub took: Option<f64>,
    /// Whether that differs noticeably from `usual`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub unusual: bool,
    /// How long it takes as a rule, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub usual: Option<f64>,
    /// It was not done in this run: this came of it in the one that is repeated.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub kept: bool,
    /// Why it was skipped, in words, if that is because of another step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub skipped_because: Option<String>,
    /// What it asks, and until when; if it waits for somebody to approve, or did: text that may hold what the outside world
    /// wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub question: Option<Question>,
    /// The value that its request saved: text of the outside world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub saved: Option<String>,
    /// The run of another flow that it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub run: Option<RunId>,
    /// How it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub undo: Option<UndoStatus>,
    /// Whether there is a log of it: [`crate::Request::StepLog`].
    pub has_log: bool,
}

impl StepStatus {
    /// A step that does this, and of which nothing but its state is known.
    pub fn new(name: &str, does: String, state: StepState) -> Self {
        Self {
            name: name.into(),
            does,
            command: None,
            address: None,
            state,
            attempts: 0,
            exit: None,
            why: None,
            began: None,
            ended: None,
            retry_at: None,
            output: Vec::new(),
            took: None,
            unusual: false,
            usual: None,
            kept: false,
            skipped_because: None,
            question: None,
            saved: None,
            run: None,
            undo: None,
            has_log: false,
        }
    }
}

/// What a step asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Question {
    /// The question.
    pub text: String,
    /// Until when somebody may answer.
    pub until: Timestamp,
    /// Whether the run goes on if nobody does.
    pub continues: bool,
}

/// How what a step did was taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UndoStatus {
    /// How that stands.
    pub state: StepState,
    /// When it was begun.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why it failed, in words.
    pub why: Option<String>,
    /// The last lines that its command wrote: text of the outside world.
    pub output: Vec<String>,
}

/// What a run of a flow would do, and what was found of that without doing it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FlowPlan {
    /// The flow's name.
    pub flow: Arc<str>,
    /// Whether nothing was found that would make a step fail.
    pub well: bool,
    /// Its steps, in the order of the file.
    pub steps: Vec<PlannedStep>,
}

/// What a step would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PlannedStep {
    /// Its name.
    pub name: Arc<str>,
    /// What it does, in words.
    pub does: String,
    /// The names of the steps that must have ended before.
    pub after: Vec<Arc<str>>,
    /// Under which condition it begins, in words; nothing where all before it must have succeeded.
    pub when: Option<String>,
    /// Whether nothing was found by which the run would fail at it.
    pub well: bool,
    /// Whether it would begin if every step before it succeeded.
    pub begins: bool,
    /// What was found: monitors probed, programs and folders looked for, secrets fetched.
    pub findings: Vec<Finding>,
    /// What would happen if it failed, each in a sentence without a full stop.
    pub if_it_fails: Vec<String>,
}

/// Something that was found of a step without doing it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Finding {
    /// Whether it is as it should be.
    pub well: bool,
    /// It in words.
    pub text: String,
}

/// A step of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StepOf {
    /// The run.
    pub run: RunId,
    /// The step's place, from 0.
    pub place: usize,
}
