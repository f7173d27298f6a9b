//! How flows, runs and steps look in a terminal.

use comfy_table::Cell;
use estatus_api::{FlowStatus, RunStatus, RunSummary, StepStatus};
use estatus_core::{
    Timestamp,
    flow::run::{RunState, StepState},
    maintenance::in_words,
    time::elapsed,
};

use super::{Paint, counted, one_line, table, time};

/// Prints the flows, each with its last run.
pub(crate) fn list(flows: &[(FlowStatus, Option<RunSummary>)]) {
    let paint = Paint::for_stdout();
    if flows.is_empty() {
        say!("no flows are configured; `estatus config example` shows one");
        return;
    }
    let mut table = table(&["LAST RUN", "FLOW", "STEPS", "BEGAN", "TOOK", "NEXT", "NOTE"]);
    for (flow, last) in flows {
        let state = last.as_ref().map_or_else(|| Cell::new("never run"), |last| paint.run_cell(last.state));
        let next = match flow.next {
            _ if !flow.enabled => "disabled".to_owned(),
            Some(next) => time(next),
            None => String::new(),
        };
        table.add_row(vec![
            state,
            Cell::new(one_line(&flow.name)),
            Cell::new(flow.steps),
            Cell::new(last.as_ref().map(|last| time(last.began)).unwrap_or_default()),
            Cell::new(last.as_ref().map(took).unwrap_or_default()),
            Cell::new(next),
            Cell::new(one_line(&note(flow, last.as_ref()))),
        ]);
    }
    say!("{table}");
}

fn note(flow: &FlowStatus, last: Option<&RunSummary>) -> String {
    let queued = (flow.queued > 0).then(|| counted(flow.queued, "run is queued", "runs are queued"));
    let why = last.and_then(|last| last.why.clone());
    [why, queued].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Prints the runs that are in progress, a line each.
pub(super) fn in_progress(flows: &[FlowStatus], paint: &Paint) {
    for run in flows.iter().filter_map(|flow| flow.run.as_ref()) {
        let state = paint.run(run.state, 0);
        say!("{state}  flow {} (run {}), for {}: {}", one_line(&run.flow), run.run, took(run), one_line(&run.cause));
    }
}

/// Prints runs.
pub(crate) fn runs(runs: &[RunSummary]) {
    let paint = Paint::for_stdout();
    if runs.is_empty() {
        say!("no runs so far");
        return;
    }
    let mut table = table(&["RUN", "STATE", "FLOW", "BEGAN", "TOOK", "CAUSE", "WHY"]);
    for run in runs {
        table.add_row(vec![
            Cell::new(run.run),
            paint.run_cell(run.state),
            Cell::new(one_line(&run.flow)),
            Cell::new(time(run.began)),
            Cell::new(took(run)),
            Cell::new(one_line(&run.cause)),
            Cell::new(one_line(run.why.as_deref().unwrap_or_default())),
        ]);
    }
    say!("{table}");
}

/// Prints a run with its steps, and what those that failed wrote.
pub(crate) fn run(status: &RunStatus) {
    let paint = Paint::for_stdout();
    let run = &status.summary;
    let state = paint.run(run.state, 0);
    say!("run {} of {}: {state}, {}", run.run, one_line(&run.flow), one_line(&run.cause));
    let span = if run.ended.is_some() { format!(", took {}", took(run)) } else { String::new() };
    say!("began {}{span}", time(run.began));
    if let Some(why) = &run.why {
        say!("{}", one_line(why));
    }
    if !run.heals.is_empty() {
        say!("heals {}", one_line(&run.heals.join(", ")));
    }
    say!();
    let mut steps = table(&["STATE", "STEP", "ATTEMPTS", "BEGAN", "TOOK", "WHAT", "WHY"]);
    for step in &status.steps {
        steps.add_row(vec![
            paint.step_cell(step.state),
            Cell::new(one_line(&step.name)),
            Cell::new(if step.attempts == 0 { String::new() } else { step.attempts.to_string() }),
            Cell::new(step.began.map(time).unwrap_or_default()),
            Cell::new(span_of(step.began, step.ended)),
            Cell::new(one_line(&step.does)),
            Cell::new(one_line(step.why.as_deref().unwrap_or_default())),
        ]);
    }
    say!("{steps}");
    for step in status.steps.iter().filter(|step| step.state.is_failure() && !step.output.is_empty()) {
        say!();
        say!("last lines of “{}”:", one_line(&step.name));
        step.output.iter().for_each(|line| say!("  | {}", one_line(line)));
    }
}

/// Prints that a step of a run that is followed stands differently.
pub(crate) fn step_line(step: &StepStatus) {
    let paint = Paint::for_stdout();
    let attempt = if step.attempts > 1 { format!(", attempt {}", step.attempts) } else { String::new() };
    let what = match step.state {
        StepState::Running => one_line(&step.does),
        _ => one_line(step.why.as_deref().unwrap_or_default()),
    };
    let now = time(Timestamp::now());
    say!("{now}  {}  {}{attempt}  {what}", paint.step(step.state, 13), one_line(&step.name));
}

/// Prints how a run that is followed has ended.
pub(crate) fn end(run: &RunSummary) {
    let paint = Paint::for_stdout();
    let why = run.why.as_ref().map(|why| format!(": {}", one_line(why))).unwrap_or_default();
    say!("{}  {}  {}{why}", time(Timestamp::now()), paint.run(run.state, 13), one_line(&run.flow));
}

fn took(run: &RunSummary) -> String {
    match run.state {
        RunState::Queued | RunState::Skipped | RunState::Suppressed => String::new(),
        _ => span_of(Some(run.began), run.ended),
    }
}

/// How long it took, or has taken so far.
fn span_of(began: Option<Timestamp>, ended: Option<Timestamp>) -> String {
    began.map(|began| in_words(elapsed(began, ended.unwrap_or_else(Timestamp::now)))).unwrap_or_default()
}
