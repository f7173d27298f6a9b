//! Examples of what is told of flows.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    command::{CommandLine, ProgramFile, Run as Command},
    exit::Exit,
    flow::{
        Definition, Otherwise, Retry, Step, StepAction, When,
        run::{
            Compared, Difference, FailedStep, Run, RunCause, RunRecord, RunState, StepError, StepRun, StepState,
            UndoRun,
        },
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
    let command = shell("npm cache clean --force");
    let monitor: Arc<str> = "web answers".into();
    let look = Step::new("is it really down", StepAction::Check { monitor: Arc::clone(&monitor) }, Vec::new());
    let mut clear = Step::new("clear the cache", StepAction::Run { command, timeout: MINUTE }, vec![0]);
    clear.retry = Some(Retry { times: 3, wait: Duration::from_secs(1), max_wait: MINUTE, on: Vec::new() });
    let restart = StepAction::Program { action: ProgramAction::Restart, program: "web".into() };
    let restart = Step::new("restart", restart, vec![1]);
    let wait = Step::new("answers again", StepAction::WaitUntil { monitor, within: MINUTE }, vec![2]);
    Definition { deadline: Some(5 * MINUTE), channels: None, steps: vec![look, clear, restart, wait] }
}

fn shell(line: &str) -> CommandLine {
    let run = Command::Shell(line.to_owned());
    CommandLine::new(run)
}

fn step(state: StepState, attempts: u32, began: u32, ended: u32) -> StepRun {
    let time = |second: u32| Some(at(&format!("2026-03-01T17:59:{second:02}Z")));
    let (began, ended) = (time(began), time(ended));
    StepRun { state, attempts, began, attempt_began: began, ended, ..StepRun::default() }
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

/// A deployment failed at its fourth step, far sooner than that usually ends. Of the three that had succeeded one was kept of
/// the run that it repeats, one is undone and one is not; the steps after it were skipped, the last one as it wants it.
pub fn run_undone() -> Alert {
    let step_of = |name: &str, needs: &[usize]| {
        Step::new(name, StepAction::Run { command: shell(&format!("./{name}.sh")), timeout: MINUTE }, needs.to_vec())
    };
    let undone_by = |step: Step, line: &str| Step { undo: Some(shell(line)), ..step };
    let build = step_of("build", &[]);
    let create = undone_by(step_of("create", &[0]), "dropdb web");
    let copy = undone_by(step_of("copy", &[1]), "rm -r /srv/<new>");
    let (migrate, switch) = (step_of("migrate", &[2]), step_of("switch", &[3]));
    let mut recover = step_of("recover", &[3]);
    recover.when = Some(When { skipped: vec![3], ..When::default() });
    let steps = vec![build, create, copy, migrate, switch, recover];

    let timed = |run: StepRun, usual| StepRun { attempt_began: run.began, usual: Some(usual), ..run };
    let undo = |state, second: u32| UndoRun {
        state,
        began: at(&format!("2026-03-01T17:59:{second}Z")),
        ended: Some(at(&format!("2026-03-01T17:59:{}Z", second + 1))),
        ..UndoRun::default()
    };
    let exit = Exit::Code(1);
    let not_copied = UndoRun {
        exit: Some(exit),
        error: Some(StepError::Ended { exit }),
        output: vec!["rm: cannot remove '/srv/<new>': Device or resource busy".to_owned()],
        ..undo(StepState::Failed, 40)
    };
    let second = Duration::from_secs(1);
    let kept = StepRun { kept: true, ..timed(step(StepState::Succeeded, 1, 1, 2), second) };
    let create = timed(step(StepState::Succeeded, 1, 2, 20), 5 * second);
    let create = StepRun { undo: Some(Box::new(undo(StepState::Succeeded, 50))), ..create };
    let copy = timed(step(StepState::Succeeded, 1, 20, 30), 9 * second);
    let copy = StepRun { undo: Some(Box::new(not_copied)), ..copy };
    let exit = Exit::Code(3);
    let migrate = StepRun {
        exit: Some(exit),
        error: Some(StepError::Ended { exit }),
        output: vec!["no such column: \"id\"".to_owned()],
        ..timed(step(StepState::Failed, 1, 30, 32), MINUTE)
    };
    let skipped = || StepRun { state: StepState::Skipped, ..StepRun::default() };
    let failed_step = FailedStep { place: 3, attempts: 1, error: migrate.error.clone() };
    let runs = vec![kept, create, copy, migrate, skipped(), skipped()];

    let again = RunCause::Again { run: RunId(30), from: Some("create".into()) };
    let mut record = run(RunState::Failed, again, Vec::new(), None);
    let program = ProgramFile { path: "/srv/migrate.sh".into(), modified: at("2026-03-01T16:00:00Z"), size: 4711 };
    let changes =
        vec![Difference::Step { step: "switch".into() }, Difference::Program { step: "migrate".into(), program }];
    let compared = Compared { run: RunId(28), ended: at("2026-02-28T18:00:00Z"), changes };
    record.run.definition = Definition { deadline: None, channels: None, steps }.into();
    (record.run.flow, record.run.failed) = ("deploy".into(), Some(failed_step));
    record.run.compared = Some(Box::new(compared));
    failed(RunRecord { run: record.run, steps: runs })
}

/// The command failed though nothing is known to have changed.
pub fn run_failed_as_it_was() -> Alert {
    let mut alert = run_failed();
    if let News::RunFailed { run } = &mut alert.news {
        let compared = Compared { run: RunId(30), ended: at("2026-02-28T17:59:30Z"), changes: Vec::new() };
        run.run.compared = Some(Box::new(compared));
    }
    alert
}

/// A step asks this.
pub fn approval(question: &str, otherwise: Otherwise) -> Alert {
    let (run, until) = (RunId(31), at("2026-03-01T19:00:00Z"));
    flow("deploy", News::Approval { run, step: "ask".into(), question: question.to_owned(), until, otherwise })
}

/// A step has this to tell.
pub fn told(text: &str) -> Alert {
    flow("backup", News::Told { run: RunId(31), step: "say so".into(), text: text.to_owned() })
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
