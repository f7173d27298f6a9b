//! Examples of what is told of flows.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    command::{CommandLine, Run as Command},
    exit::Exit,
    flow::{
        Definition, Retry, Step, StepAction,
        run::{FailedStep, Run, RunCause, RunRecord, RunState, StepError, StepRun, StepState},
    },
    ids::RunId,
    incident::{Alert, Incident, News},
    program::ProgramAction,
    remedy::{Attempt, Outcome, RemedyError, RemedyKind},
    undone::StepFailure,
};

use super::{
    at,
    programs::{attempt, tried},
};

const MINUTE: Duration = Duration::from_secs(60);

/// A flow that is told of.
pub fn flow(name: &str, news: News) -> Alert {
    Alert { subject: name.into(), check: None, target: String::new(), news }
}

fn failed(run: RunRecord) -> Alert {
    flow(&run.run.flow.clone(), News::RunFailed { run: Box::new(run) })
}

/// A look, a command that is tried four times, a restart and a wait, within five minutes.
fn definition() -> Definition {
    let run = Command::Shell("npm cache clean --force".to_owned());
    let command = CommandLine { run, directory: None, env: Vec::new(), secret_env: Vec::new() };
    let monitor: Arc<str> = "web answers".into();
    let look = Step::new("is it really down", StepAction::Check { monitor: Arc::clone(&monitor) }, Vec::new());
    let mut clear = Step::new("clear the cache", StepAction::Run { command, timeout: MINUTE }, vec![0]);
    clear.retry = Some(Retry { times: 3, wait: Duration::from_secs(1), max_wait: MINUTE, on: Vec::new() });
    let restart = StepAction::Program { action: ProgramAction::Restart, program: "web".into() };
    let restart = Step::new("restart", restart, vec![1]);
    let wait = Step::new("answers again", StepAction::WaitUntil { monitor, within: MINUTE }, vec![2]);
    Definition { deadline: Some(5 * MINUTE), channels: None, steps: vec![look, clear, restart, wait] }
}

fn step(state: StepState, attempts: u32, began: u32, ended: u32) -> StepRun {
    let time = |second: u32| Some(at(&format!("2026-03-01T17:59:{second:02}Z")));
    StepRun { state, attempts, began: time(began), ended: time(ended), ..StepRun::default() }
}

/// A run that began at 17:59:01 and took 58 seconds; `steps` are the first ones, and the others were skipped.
fn run(state: RunState, cause: RunCause, steps: Vec<StepRun>, failed: Option<usize>) -> RunRecord {
    let definition = definition();
    let skipped = StepRun { state: StepState::Skipped, ..StepRun::default() };
    let left = definition.steps.len() - steps.len();
    let steps: Vec<StepRun> = steps.into_iter().chain(vec![skipped; left]).collect();
    let failed =
        failed.map(|place| FailedStep { place, attempts: steps[place].attempts, error: steps[place].error.clone() });
    let begun = Run::new(RunId(31), "heal-web".into(), definition.into(), cause, at("2026-03-01T17:59:01Z"));
    let run = Run { state, ended: Some(at("2026-03-01T17:59:59Z")), failed, ..begun };
    RunRecord { run, steps }
}

/// The command failed four times.
pub fn run_failed() -> Alert {
    let exit = Exit::Code(75);
    let output = ["npm error code EPERM", "\u{1b}[31mnpm error\u{1b}[0m <b>not permitted</b> & \"locked\"", ""];
    let clear = StepRun {
        exit: Some(exit),
        error: Some(StepError::Ended { exit }),
        output: output.map(str::to_owned).to_vec(),
        ..step(StepState::Failed, 4, 2, 59)
    };
    let cause = RunCause::Scheduled { at: at("2026-03-01T17:59:00Z") };
    failed(run(RunState::Failed, cause, vec![step(StepState::Succeeded, 1, 1, 2), clear], Some(1)))
}

/// It waited for the monitor when its time was over.
pub fn run_timed_out() -> Alert {
    let wait = StepRun { error: Some(StepError::Deadline), ..step(StepState::TimedOut, 1, 3, 59) };
    let well = step(StepState::Succeeded, 1, 1, 2);
    failed(run(RunState::TimedOut, RunCause::Asked, vec![well.clone(), well.clone(), well, wait], Some(3)))
}

/// Only a step that always runs was left when its time was over.
pub fn run_timed_out_at_no_step() -> Alert {
    let well = step(StepState::Succeeded, 1, 1, 59);
    failed(run(RunState::TimedOut, RunCause::Asked, vec![well; 4], None))
}

/// Nobody saw how its command ended.
pub fn run_crashed() -> Alert {
    let clear = StepRun { error: Some(StepError::Unseen), ..step(StepState::Indeterminate, 1, 2, 59) };
    failed(run(RunState::Crashed, RunCause::Asked, vec![step(StepState::Succeeded, 1, 1, 2), clear], Some(1)))
}

/// A run of which less is known than there should be.
pub fn run_failed_somewhere() -> Alert {
    failed(run(RunState::Failed, RunCause::Asked, Vec::new(), None))
}

/// A run of so many steps, of which the last failed, having written `output`.
pub fn long_run(steps: usize, output: Vec<String>) -> Alert {
    let exit = Exit::Code(1);
    let names = (0..steps).map(|number| format!("step {number}"));
    let steps: Vec<Step> = names.map(|name| Step::new(&name, StepAction::Wait { lasts: MINUTE }, Vec::new())).collect();
    let mut runs = vec![step(StepState::Succeeded, 1, 1, 2); steps.len()];
    let last = StepRun { error: Some(StepError::Ended { exit }), output, ..step(StepState::Failed, 1, 2, 3) };
    let failed_step = FailedStep { place: steps.len() - 1, attempts: 1, error: last.error.clone() };
    *runs.last_mut().unwrap() = last;
    let mut record = run(RunState::Failed, RunCause::Asked, Vec::new(), None);
    record.run.definition = Definition { deadline: None, channels: None, steps }.into();
    record.run.failed = Some(failed_step);
    failed(RunRecord { run: record.run, steps: runs })
}

/// Its budget is used up.
pub fn suppressed(name: &str, runs: u32) -> Alert {
    flow(name, News::Suppressed { runs, within: Duration::from_secs(60 * 60) })
}

/// An incident whose remedy, a flow, has failed and is given up.
pub fn not_healed_by_flow() -> Incident {
    let flow = || "heal-web".to_owned();
    let run = |second, error| attempt(RemedyKind::Flow { flow: flow() }, second, Some(Outcome::NotDone(error)));
    let failed = StepFailure {
        step: "clear the cache".to_owned(),
        attempt: 4,
        attempts: 4,
        error: StepError::Ended { exit: Exit::Code(75) },
    };
    let error = RemedyError::FlowFailed { flow: flow(), failed: Some(Box::new(failed)) };
    let first = Attempt { output: vec!["npm error code EPERM".to_owned()], ..run(1, error) };
    let mut incident = tried(vec![first, run(5, RemedyError::FlowSuppressed { flow: flow() })]);
    incident.escalated = Some(at("2026-03-01T18:00:07Z"));
    incident
}
