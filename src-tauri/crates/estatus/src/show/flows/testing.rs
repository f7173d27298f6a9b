//! A run to be shown.

use estatus_api::{RunStatus, RunSummary, StepStatus};
use estatus_core::{
    Timestamp,
    flow::run::{RunState, StepState},
    ids::RunId,
};

/// Run 7 of a flow called `deploy`, which took a minute if it is over.
pub(crate) fn summary(state: RunState) -> RunSummary {
    RunSummary {
        run: RunId(7),
        flow: "deploy".into(),
        state,
        cause: "started by a user".to_owned(),
        heals: Vec::new(),
        why: None,
        failed: None,
        repeats: None,
        began: at(0),
        ended: state.is_over().then(|| at(60)),
    }
}

/// A run of these steps.
pub(crate) fn run(state: RunState, steps: Vec<StepStatus>) -> RunStatus {
    RunStatus { summary: summary(state), steps, since_success: None, is_current: true }
}

/// A step that runs a command, and took two seconds if it was begun and is over.
pub(crate) fn step(name: &str, state: StepState) -> StepStatus {
    let was_begun = !matches!(state, StepState::Scheduled | StepState::Skipped);
    StepStatus {
        attempts: was_begun.into(),
        began: was_begun.then(|| at(0)),
        ended: state.is_over().then(|| at(2)),
        has_log: was_begun,
        ..StepStatus::new(name, format!("run ./{name}"), state)
    }
}

/// So many seconds after the beginning, which is still to come: what goes on has taken no time yet.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(4_102_444_800 + second).unwrap()
}

/// Lines as they are shown, without what differs from one machine to the other.
pub(crate) fn shown(lines: &[String]) -> String {
    let moment = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").unwrap();
    let lines = lines.iter().flat_map(|line| line.split('\n')).map(str::trim_end);
    moment.replace_all(&lines.collect::<Vec<_>>().join("\n"), "YYYY-MM-DD HH:MM:SS").into_owned()
}
