//! What a run of a flow tells of itself.

use std::time::Duration;

use estatus_core::{
    Timestamp,
    command::CommandLine,
    flow::{
        Step,
        run::{FailedStep, Run, RunRecord, RunState, StepError, StepRun, StepState, UndoRun},
    },
    time::elapsed,
    words::Words,
};

use super::VALUE_LIMIT;
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
    let undoings = Undoing::all(record);
    let undoing = |step: &Step| undoings.iter().find(|undoing| std::ptr::eq(undoing.step, step));
    let steps = record.run.definition.steps.iter().zip(&record.steps).enumerate();
    let line = |(place, (step, run)): (usize, (&Step, &StepRun))| {
        let line = line(record, place, step, run, words);
        match undoing(step).map(Undoing::is_well) {
            None => line,
            Some(true) => words.text("mail.step.undone", &[("step", &line)]),
            Some(false) => words.text("mail.step.not_undone", &[("step", &line)]),
        }
    };
    steps.map(line).collect()
}

fn line(record: &RunRecord, place: usize, step: &Step, run: &StepRun, words: &Words) -> String {
    let (name, state) = (one_line(&step.name, VALUE_LIMIT), words.step_state(run.state));
    let unusual = run.unusual().filter(|_| run.attempts == 1);
    let usual = unusual.map(|(_, usual)| words.span(usual)).unwrap_or_default();
    let why = words.skipped_because(record, place).map(|why| one_line(&why, VALUE_LIMIT)).unwrap_or_default();
    let (key, took) = match run.began.zip(run.ended) {
        _ if run.kept => ("mail.step.kept", String::new()),
        None if !why.is_empty() => ("mail.step.skipped", String::new()),
        None => ("mail.step", String::new()),
        Some((began, ended)) if run.attempts > 1 => ("mail.step.tried", words.span(elapsed(began, ended))),
        Some((began, ended)) if usual.is_empty() => ("mail.step.took", words.span(elapsed(began, ended))),
        Some((began, ended)) => ("mail.step.unusual", words.span(elapsed(began, ended))),
    };
    let count = run.attempts.to_string();
    let values = [("step", name), ("state", state), ("count", count), ("took", took), ("usual", usual), ("why", why)];
    words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// The names of the steps that were skipped because another one failed, or was skipped itself.
pub(super) fn skipped<'a>(record: &'a RunRecord, words: &Words) -> Vec<&'a str> {
    let steps = record.run.definition.steps.iter().enumerate();
    steps.filter(|(place, _)| words.skipped_because(record, *place).is_some()).map(|(_, step)| &*step.name).collect()
}

/// How a step of a failed run was undone, or was not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undoing<'a> {
    pub(crate) step: &'a Step,
    /// The command that undoes it.
    pub(crate) command: &'a CommandLine,
    /// What came of that; nothing if nobody began it.
    pub(crate) seen: Option<&'a UndoRun>,
}

impl<'a> Undoing<'a> {
    /// Those of `record`, in the order in which they were begun; those that were not begun come last.
    pub(crate) fn all(record: &'a RunRecord) -> Vec<Self> {
        let steps = record.run.definition.steps.iter().zip(&record.steps);
        let steps = steps.filter(|(_, run)| run.state == StepState::Succeeded);
        let undoing = |(step, run): (&'a Step, &'a StepRun)| {
            Some(Self { step, command: step.undo.as_ref()?, seen: run.undo.as_deref() })
        };
        let mut all: Vec<Self> = steps.filter_map(undoing).collect();
        all.sort_by_key(|undoing| (undoing.seen.is_none(), undoing.seen.map(|seen| seen.began)));
        all
    }

    /// Whether what the step did is undone.
    pub(crate) fn is_well(&self) -> bool {
        self.seen.is_some_and(|seen| seen.state == StepState::Succeeded)
    }

    /// Why it is not, in one sentence without a full stop.
    pub(crate) fn why(&self, words: &Words) -> Option<String> {
        if self.is_well() {
            return None;
        }
        Some(match self.seen {
            None => words.text("mail.undoing.not_begun", &[]),
            Some(UndoRun { error: Some(error), .. }) => words.step_error(error),
            Some(undo) => words.step_state(undo.state),
        })
    }

    /// The last lines that the command wrote.
    pub(crate) fn output(&self) -> &'a [String] {
        self.seen.map(|seen| seen.output.as_slice()).unwrap_or_default()
    }

    /// It as a fact: the step, the command, and why it did not help.
    pub(super) fn told(&self, words: &Words) -> String {
        let command = words.text("step.does.run", &[("command", &self.command.to_string())]);
        let fact = words.text("mail.undoing", &[("step", &self.step.name), ("command", &command)]);
        self.why(words).map_or(fact.clone(), |why| format!("{fact}: {why}"))
    }
}

/// What should have been undone and is not.
pub(super) fn not_undone(record: &RunRecord) -> Vec<Undoing<'_>> {
    Undoing::all(record).into_iter().filter(|undoing| !undoing.is_well()).collect()
}
