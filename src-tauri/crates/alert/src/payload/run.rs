//! What became of a run of a flow.

use estatus_core::{
    Timestamp,
    flow::run::{RunRecord, StepState},
    words::Words,
};
use serde::Serialize;

use super::tag;
use crate::{
    report::{FailedAt, took},
    text::tail,
};

/// A run of a flow that did not go well.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadRun {
    /// Its number, as `estatus flow show` takes it.
    pub id: u64,
    /// How it ended: `failed`, `timed_out` (it had not ended at its deadline) or `crashed` (nobody knows how a step ended).
    pub state: String,
    /// Why it began, in words.
    pub cause: String,
    /// The same as one word: `asked`, `scheduled` or `remedy`.
    pub cause_kind: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How long it took.
    pub lasted_seconds: f64,
    /// The step by which it failed; `null` if it had not ended at its deadline, and no single step was to blame.
    pub failed: Option<PayloadFailedStep>,
    /// The names of the steps that were not begun because of that, or as their `when` says.
    pub skipped: Vec<String>,
}

/// The step by which a run failed.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadFailedStep {
    /// Its name.
    pub name: String,
    /// What it does, in words.
    pub action: String,
    /// In which attempt it failed at last, counted from 1.
    pub attempt: u32,
    /// How many attempts it had.
    pub attempts: u32,
    /// How its command ended, as in `last_exit` of a program: the exit code, `SIGKILL`, or `unseen`.
    pub exit: Option<String>,
    /// What that means, in words.
    pub exit_told: Option<String>,
    /// Why it failed, with the attempt if it had several, in one sentence without a full stop.
    pub why: Option<String>,
    /// The same as one word: `ended`, `timed_out`, `down`, `deadline`, …
    pub why_kind: Option<String>,
    /// The last lines that its command wrote.
    pub output: Vec<String>,
}

impl PayloadRun {
    pub(super) fn new(record: &RunRecord, created: Timestamp, words: &Words) -> Self {
        let run = &record.run;
        let steps = run.definition.steps.iter().zip(&record.steps);
        let skipped = steps.filter(|(_, step)| step.state == StepState::Skipped);
        Self {
            id: run.id.0,
            state: run.state.word().to_owned(),
            cause: words.run_cause(&run.cause),
            cause_kind: tag(&run.cause, "cause"),
            began: run.began,
            ended: run.ended,
            lasted_seconds: took(run, created).as_secs_f64(),
            failed: FailedAt::of(record).map(|at| PayloadFailedStep::new(at, words)),
            skipped: skipped.map(|(step, _)| step.name.to_string()).collect(),
        }
    }
}

impl PayloadFailedStep {
    fn new(at: FailedAt<'_>, words: &Words) -> Self {
        let exit = at.seen.and_then(|seen| seen.exit);
        Self {
            name: at.step.name.to_string(),
            action: words.step_action(&at.step.action),
            attempt: at.failed.attempts,
            attempts: at.attempts(),
            exit: exit.map(|exit| exit.to_string()),
            exit_told: exit.map(|exit| words.exit(exit)),
            why: at.why(words),
            why_kind: at.failed.error.as_ref().map(|error| tag(error, "kind")),
            output: tail(at.output(), usize::MAX),
        }
    }
}
