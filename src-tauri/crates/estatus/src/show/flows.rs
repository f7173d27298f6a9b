//! How flows, runs and steps look in a terminal.

pub(crate) mod following;
mod plan;
mod run;
#[cfg(test)]
pub(crate) mod testing;

use std::{sync::Arc, time::Duration};

use comfy_table::Cell;
use estatus_api::{FlowStatus, RunSummary};
use estatus_core::{Timestamp, flow::run::RunState, ids::RunId, maintenance::in_words, time::elapsed};
pub(crate) use plan::plan;
pub(crate) use run::{failure, run};

use super::{Paint, counted, one_line, table, time, word};

/// Steps of runs that wait for somebody to approve.
pub(crate) type Asking = [(RunId, Vec<Arc<str>>)];

/// Prints the flows, each with its last run.
pub(crate) fn list(flows: &[(FlowStatus, Option<RunSummary>)], asking: &Asking) {
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
            Cell::new(one_line(&note(flow, last.as_ref(), asking))),
        ]);
    }
    say!("{table}");
}

fn note(flow: &FlowStatus, last: Option<&RunSummary>, asking: &Asking) -> String {
    let queued = (flow.queued > 0).then(|| counted(flow.queued, "run is queued", "runs are queued"));
    [last.and_then(|last| why(last, asking)), queued].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// Where a run failed, or what it asks.
fn why(run: &RunSummary, asking: &Asking) -> Option<String> {
    let steps = asking.iter().find(|(asks, _)| *asks == run.run).map_or(&[][..], |(_, steps)| steps);
    let asks = match steps {
        [] => None,
        [step] => Some(format!("“{step}” waits for an answer: `estatus flow approve {}`", run.run)),
        [first, ..] => {
            let names = steps.iter().map(|step| format!("“{step}”")).collect::<Vec<_>>().join(", ");
            let answer = format!("estatus flow approve {} --step {}", run.run, word(first));
            Some(format!("{names} wait for an answer: `{answer}`"))
        }
    };
    asks.or_else(|| run.why.clone())
}

/// Prints the runs that are in progress, a line each.
pub(super) fn in_progress(flows: &[FlowStatus], paint: &Paint) {
    for run in flows.iter().filter_map(|flow| flow.run.as_ref()) {
        let state = paint.run(run.state, 0);
        say!("{state}  flow {} (run {}), for {}: {}", one_line(&run.flow), run.run, took(run), one_line(&run.cause));
    }
}

/// Prints runs.
pub(crate) fn runs(runs: &[RunSummary], asking: &Asking) {
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
            Cell::new(one_line(&why(run, asking).unwrap_or_default())),
        ]);
    }
    say!("{table}");
}

fn took(run: &RunSummary) -> String {
    match run.state {
        RunState::Queued | RunState::Skipped | RunState::Suppressed => String::new(),
        _ => span_of(Some(run.began), run.ended),
    }
}

/// How long it took, or has taken so far, in words.
fn span_of(began: Option<Timestamp>, ended: Option<Timestamp>) -> String {
    began.map(|began| in_words(lasted(began, ended))).unwrap_or_default()
}

/// How long it took, or has taken so far.
fn lasted(began: Timestamp, ended: Option<Timestamp>) -> Duration {
    elapsed(began, ended.unwrap_or_else(Timestamp::now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_asks_says_how_to_answer() {
        let check = |steps: &[&str], why: Option<&str>, wanted: &str| {
            let run = RunSummary { why: why.map(str::to_owned), ..testing::summary(RunState::Running) };
            let asking = [(run.run, steps.iter().copied().map(Arc::from).collect())];
            assert_eq!(super::why(&run, &asking).unwrap_or_default(), wanted);
        };
        check(&[], None, "");
        check(&[], Some("step “build” failed: exit code 1"), "step “build” failed: exit code 1");
        check(&["go live?"], None, "“go live?” waits for an answer: `estatus flow approve 7`");
        let both = "“go live?”, “tell” wait for an answer: `estatus flow approve 7 --step \"go live?\"`";
        check(&["go live?", "tell"], None, both);
    }
}
