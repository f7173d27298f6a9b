//! What became of a run of a flow.

use estatus_core::{
    Timestamp,
    flow::run::{RunRecord, StepRun, StepState},
    words::Words,
};
use serde::Serialize;

use super::tag;
use crate::{
    report::{FailedAt, Undoing, took},
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
    /// The same as one word: `asked`, `again` (somebody had an earlier run repeated), `scheduled`, `remedy`, `step` (one of
    /// another run does it) or `failure` (another run failed).
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
    /// What is different from the last run that succeeded; `null` if none is known.
    pub since_success: Option<PayloadSuccess>,
    /// The steps that had succeeded and were to be undone since the run failed, in the order in which that was begun; at
    /// most [`PayloadRun::UNDOINGS`].
    pub undone: Vec<PayloadUndoing>,
}

/// The last run that succeeded, and what has changed since.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadSuccess {
    /// Its number.
    pub run: u64,
    /// When it ended.
    pub ended: Timestamp,
    /// What is different, each in one sentence without a full stop; empty if nothing is known to be.
    pub changes: Vec<String>,
}

/// A step that was to be undone.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadUndoing {
    /// The step's name.
    pub step: String,
    /// The command that undoes it.
    pub command: String,
    /// Whether it is undone.
    pub done: bool,
    /// Why it is not, in one sentence without a full stop.
    pub why: Option<String>,
    /// When that was begun; `null` if nobody began it.
    pub began: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The last lines that the command wrote, if the step is not undone.
    pub output: Vec<String>,
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
    /// How long it took in that attempt, in seconds.
    pub took_seconds: Option<f64>,
    /// How long it takes as a rule, in seconds; `null` if it has never succeeded at the first attempt.
    pub usual_seconds: Option<f64>,
    /// The last lines that its command wrote.
    pub output: Vec<String>,
}

/// The most bytes of what the command wrote by which a step is undone.
const UNDOING_OUTPUT_LIMIT: usize = 4096;

impl PayloadRun {
    /// The most steps that were to be undone of which that is told.
    pub const UNDOINGS: usize = 50;

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
            since_success: run.compared.as_ref().map(|compared| PayloadSuccess {
                run: compared.run.0,
                ended: compared.ended,
                changes: words.differences(compared),
            }),
            undone: Undoing::all(record)
                .iter()
                .take(Self::UNDOINGS)
                .map(|undoing| PayloadUndoing::new(undoing, words))
                .collect(),
        }
    }
}

impl PayloadUndoing {
    fn new(undoing: &Undoing<'_>, words: &Words) -> Self {
        let written = if undoing.is_well() { &[] } else { undoing.output() };
        Self {
            step: undoing.step.name.to_string(),
            command: undoing.command.to_string(),
            done: undoing.is_well(),
            why: undoing.why(words),
            began: undoing.seen.map(|seen| seen.began),
            ended: undoing.seen.and_then(|seen| seen.ended),
            output: tail(written, UNDOING_OUTPUT_LIMIT),
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
            took_seconds: at.seen.and_then(StepRun::took).map(|took| took.as_secs_f64()),
            usual_seconds: at.seen.and_then(|seen| seen.usual).map(|usual| usual.as_secs_f64()),
            output: tail(at.output(), usize::MAX),
        }
    }
}
