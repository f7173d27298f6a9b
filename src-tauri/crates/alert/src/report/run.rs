//! What a run of a flow tells of itself.

use std::time::Duration;

use estatus_core::{
    Timestamp,
    flow::{
        Step,
        run::{FailedStep, Run, RunRecord, RunState, StepError, StepRun},
    },
    maintenance::in_words,
    words::Words,
};

use super::{VALUE_LIMIT, elapsed};
use crate::text::one_line;

/// The step by which a run failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedAt<'a> {
    pub(crate) step: &'a Step,
    pub(crate) failed: &'a FailedStep,
    /// What else is known of it.
    pub(crate) seen: Option<&'a StepRun>,
}

impl<'a> FailedAt<'a> {
    /// That of `record`, if there is one.
    pub(crate) fn of(record: &'a RunRecord) -> Option<Self> {
        let failed = record.run.failed.as_ref()?;
        let step = record.run.definition.steps.get(failed.place)?;
        Some(Self { step, failed, seen: record.steps.get(failed.place) })
    }

    /// How many times it may be begun.
    pub(crate) fn attempts(&self) -> u32 {
        let allowed = self.step.retry.as_ref().map_or(1, |retry| retry.times.saturating_add(1));
        allowed.max(self.failed.attempts)
    }

    /// Why it failed, and in which attempt, in one sentence without a full stop.
    pub(crate) fn why(&self, words: &Words) -> Option<String> {
        let FailedStep { attempts, error, .. } = self.failed;
        words.step_detail(self.step, &StepRun { attempts: *attempts, error: error.clone(), ..StepRun::default() })
    }

    /// The last lines that its command wrote.
    pub(crate) fn output(&self) -> &'a [String] {
        self.seen.map(|seen| seen.output.as_slice()).unwrap_or_default()
    }
}

/// The end of the keys of the texts that tell how a run ended. One that had failed before its deadline passed has failed.
pub(super) fn telling_key(record: &RunRecord) -> &'static str {
    match (record.run.state, FailedAt::of(record)) {
        (RunState::TimedOut, Some(at)) if at.failed.error == Some(StepError::Deadline) => "run_timed_out",
        (RunState::TimedOut, None) => "run_timed_out.no_step",
        (RunState::Crashed, Some(_)) => "run_crashed",
        (_, Some(_)) => "run_failed",
        (_, None) => "run_failed.no_step",
    }
}

/// The name of the step by which a run failed; empty if there is none.
pub(super) fn failed_step(record: &RunRecord) -> String {
    FailedAt::of(record).map(|at| one_line(&at.step.name, VALUE_LIMIT)).unwrap_or_default()
}

/// How long a run took; where it has not ended, until `now`.
pub(crate) fn took(run: &Run, now: Timestamp) -> Duration {
    elapsed(run.began, run.ended.unwrap_or(now))
}

/// What became of each step: a line each.
pub(super) fn steps(record: &RunRecord, words: &Words) -> Vec<String> {
    record.run.definition.steps.iter().zip(&record.steps).map(|(step, run)| line(step, run, words)).collect()
}

fn line(step: &Step, run: &StepRun, words: &Words) -> String {
    let (step, state) = (one_line(&step.name, VALUE_LIMIT), words.step_state(run.state));
    let (key, took) = match run.began.zip(run.ended) {
        None => ("mail.step", String::new()),
        Some((began, ended)) if run.attempts > 1 => ("mail.step.tried", in_words(elapsed(began, ended))),
        Some((began, ended)) => ("mail.step.took", in_words(elapsed(began, ended))),
    };
    let count = run.attempts.to_string();
    words.text(key, &[("step", &step), ("state", &state), ("count", &count), ("took", &took)])
}
