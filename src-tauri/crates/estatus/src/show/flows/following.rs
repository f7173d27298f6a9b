//! How a run looks that is followed.

use estatus_api::{LogLine, LogStream, Question, RunStatus, RunSummary, StepStatus, UndoStatus};
use estatus_core::{
    Timestamp,
    flow::run::{RunState, StepState},
    ids::RunId,
};

use super::run::{took, why};
use crate::show::{Paint, counted, one_line, time, word};

/// A run that is about to be followed.
pub(crate) fn head(status: &RunStatus) -> Vec<String> {
    let run = &status.summary;
    let steps = counted(status.steps.len(), "step", "steps");
    let mut head = vec![format!("run {} of {}: {steps}, {}", run.run, one_line(&run.flow), one_line(&run.cause))];
    if run.state == RunState::Queued {
        head.push("it is queued, and begins when the run in progress has ended".to_owned());
    }
    let kept: Vec<&str> = status.steps.iter().filter(|step| step.kept).map(|step| &*step.name).collect();
    if let (Some(before), false) = (run.repeats, kept.is_empty()) {
        head.push(format!("kept from run {before}: {}", one_line(&kept.join(", "))));
    }
    head
}

/// A step, the one at `place` of `total`, that stands differently.
pub(crate) fn step_line(place: usize, total: usize, step: &StepStatus, paint: &Paint) -> String {
    let attempt = if step.attempts > 1 { format!(", attempt {}", step.attempts) } else { String::new() };
    let what = match step.state {
        StepState::Running => one_line(&step.does),
        StepState::Succeeded => took(step).map(|took| format!("took {took}")).unwrap_or_default(),
        _ => why(step, None).unwrap_or_default(),
    };
    line(step.state, place, total, &format!("{}{attempt}", one_line(&step.name)), &what, paint)
}

/// How what a step did is being taken back.
pub(crate) fn undo_line(place: usize, total: usize, step: &StepStatus, undo: &UndoStatus, paint: &Paint) -> String {
    let what = one_line(undo.why.as_deref().unwrap_or_default());
    line(undo.state, place, total, &format!("undo of {}", one_line(&step.name)), &what, paint)
}

fn line(state: StepState, place: usize, total: usize, name: &str, what: &str, paint: &Paint) -> String {
    let (now, state, width) = (time(Timestamp::now()), paint.step(state, 13), total.to_string().len());
    let line = format!("{now}  {state}  step {:>width$} of {total}  {name}  {what}", place + 1);
    line.trim_end().to_owned()
}

/// What a step asks.
pub(crate) fn question_line(question: &Question) -> String {
    format!("    asks: {}", one_line(&question.text))
}

/// Whether a step waits for somebody to approve.
pub(crate) fn is_asking(step: &StepStatus) -> bool {
    step.state == StepState::WaitingForApproval
}

/// How to answer what `step`, one of `steps`, asks, and what becomes of it if nobody does.
pub(crate) fn how_to_answer<'a>(
    run: RunId,
    step: &StepStatus,
    question: &Question,
    steps: impl Iterator<Item = &'a StepStatus>,
) -> String {
    let is_one_of_many = steps.filter(|step| is_asking(step)).count() > 1;
    let named = if is_one_of_many { format!(" --step {}", word(&step.name)) } else { String::new() };
    let otherwise = if question.continues { "the run goes on" } else { "the step fails" };
    let until = time(question.until);
    let command = |answer: &str| format!("`estatus flow {answer} {run}{named}`");
    format!("answer by {until} with {} or {}; otherwise {otherwise}", command("approve"), command("deny"))
}

/// A step has begun a run of another flow.
pub(crate) fn run_line(run: RunId) -> String {
    format!("    it has begun run {run}: `estatus flow show {run}` shows it")
}

/// Whose output follows.
pub(crate) fn heading(step: &str) -> String {
    format!("    {}:", one_line(step))
}

/// A line that a step has written.
pub(crate) fn log_line(line: &LogLine, paint: &Paint) -> String {
    let text = one_line(&line.text);
    let more = if line.part { "…" } else { "" };
    match line.stream {
        Some(LogStream::Out) => format!("    | {text}{more}"),
        Some(LogStream::Err) => format!("    {} {text}{more}", paint.warning("!")),
        None => format!("    {} {}", paint.warning("–"), paint.warning(&text)),
    }
}

/// How a run has ended.
pub(crate) fn end_line(run: &RunSummary, paint: &Paint) -> String {
    let why = run.why.as_ref().map(|why| format!(": {}", one_line(why))).unwrap_or_default();
    format!("{}  {}  {}{why}", time(Timestamp::now()), paint.run(run.state, 13), one_line(&run.flow))
}
