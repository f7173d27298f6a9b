use estatus_core::{
    command::{self, CommandLine},
    flow::{AfterCrash, OnFailure, Retry, RetryOn, When, run::FailedStep},
    program::ProgramAction,
    remedy::RemedyError,
    secret::SecretRef,
    time::earlier,
};

use super::*;
use crate::{TroubleKind, keys::DAY, restore, retain::RUNS_OF_FLOW};

fn written(run: &Run) -> Record {
    Record::Run(Box::new(run.clone()))
}

fn numbers(runs: &[Run]) -> Vec<u64> {
    runs.iter().map(|run| run.id.0).collect()
}

fn count(connection: &Connection, table: &str) -> i64 {
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// A definition with all that can be said of steps.
fn everything() -> Definition {
    let command = CommandLine {
        run: command::Run::Program { program: "make".to_owned(), args: vec!["-j2".to_owned(), "\"ñ\"".to_owned()] },
        directory: Some("/srv/site".into()),
        env: vec![("A".to_owned(), "b".to_owned())],
        secret_env: vec![("TOKEN".to_owned(), SecretRef::Env("TOKEN".to_owned()))],
    };
    let second = Duration::from_millis(1_500);
    let shell = CommandLine { run: command::Run::Shell("echo".to_owned()), ..command.clone() };
    let actions = [
        StepAction::Run { command, timeout: second },
        StepAction::Run { command: shell, timeout: second },
        StepAction::Check { monitor: "page".into() },
        StepAction::WaitUntil { monitor: "page".into(), within: second },
        StepAction::Program { action: ProgramAction::Restart, program: "web".into() },
        StepAction::Wait { lasts: second },
    ];
    let step = |(place, action): (usize, StepAction)| Step {
        when: Some(When { failed: vec![0], succeeded: vec![1], skipped: vec![2] }),
        always: true,
        retry: Some(Retry {
            times: 3,
            wait: second,
            max_wait: second * 2,
            on: vec![RetryOn::Exit(Exit::Code(75)), RetryOn::Timeout],
        }),
        on_failure: OnFailure::Continue,
        after_crash: AfterCrash::Check("page".into()),
        ..Step::new(&format!("step {place}"), action, vec![0, 1])
    };
    let steps = actions.into_iter().enumerate().map(step).collect();
    Definition { deadline: Some(second), channels: Some(vec!["email".to_owned()]), steps }
}

fn errors() -> Vec<StepError> {
    let within = Duration::from_millis(1_500);
    vec![
        StepError::Ended { exit: Exit::Signal(9) },
        StepError::TimedOut { within },
        StepError::Left { pids: vec![1, 4711] },
        StepError::CannotStart { error: "No such file".to_owned() },
        StepError::Down { failure: failure() },
        StepError::Inconclusive { cause: Some(Cause::OwnNetworkOff) },
        StepError::NeverUp { within, failure: Some(failure()) },
        StepError::Program { error: RemedyError::NotReady { within } },
        StepError::NoSuchMonitor { monitor: "page".into() },
        StepError::Unseen,
        StepError::Interrupted,
        StepError::Deadline,
        StepError::Lost,
    ]
}

#[tokio::test]
async fn runs_that_are_not_over_are_there_after_a_restart_with_their_steps() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let running = Run {
        definition: everything().into(),
        cause: RunCause::Remedy { monitor: "page".into() },
        heals: vec!["page".into(), "port".into()],
        failed: Some(FailedStep { place: 2, attempts: 3, error: Some(StepError::Unseen) }),
        ..run(2, "deploy", RunState::Running)
    };
    let queued = Run { cause: RunCause::Asked, ..run(3, "deploy", RunState::Queued) };
    let memory = FlowMemory { seen_to: Some(noon()), begun: vec![noon()], suppressed: true, ..FlowMemory::default() };
    let of = Key::Flow("deploy".into());
    let records = vec![
        written(&queued),
        written(&run(1, "backup", RunState::Running)),
        step(1, 0, begun_step()),
        written(&Run { state: RunState::Queued, ..running.clone() }),
        written(&running),
        step(2, 5, begun_step()),
        step(2, 0, begun_step()),
        written(&run(1, "backup", RunState::Succeeded)),
        step(1, 0, ended_step()),
        Record::Memory { of: of.clone(), memory: Some(memory.clone().into()) },
    ];
    store.record(records).await.unwrap();
    store.record(vec![step(2, 0, ended_step())]).await.unwrap();
    store.close().await;
    let Opened { restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble, []);
    let mut steps = vec![StepRun::default(); 6];
    steps[0] = ended_step();
    steps[5] = begun_step();
    let queued = RunRecord { run: queued, steps: vec![StepRun::default(); 3] };
    assert_eq!(restored.runs, [RunRecord { run: running, steps }, queued]);
    assert_eq!(restored.last_run, Some(RunId(3)));
    assert_eq!(restored.memories, [(of, memory.into())].into());
}

#[tokio::test]
async fn steps_come_back_as_they_were_written_and_each_is_one_row() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let steps = vec![everything().steps[5].clone(); errors().len()];
    let definition = Definition { steps, ..everything() };
    let failed = Run { definition: definition.into(), ..run(1, "deploy", RunState::Failed) };
    let failures: Vec<_> = errors().into_iter().map(|error| StepRun { error: Some(error), ..ended_step() }).collect();
    store.record(vec![written(&failed)]).await.unwrap();
    for step_run in [begun_step(), ended_step()] {
        store.record((0..failures.len()).map(|place| step(1, place, step_run.clone())).collect()).await.unwrap();
    }
    let last = failures.iter().cloned().enumerate().map(|(place, failure)| step(1, place, failure));
    store.record(last.collect()).await.unwrap();
    assert_eq!(store.run(RunId(1)).await.unwrap(), Some(RunRecord { run: failed, steps: failures.clone() }));
    assert_eq!(store.run(RunId(2)).await.unwrap(), None);
    let connection = Connection::open(folder.path().join(FILE)).unwrap();
    assert_eq!(count(&connection, "step"), failures.len() as i64);
    assert_eq!(count(&connection, "run"), 1);
}

#[tokio::test]
async fn runs_are_listed_the_newest_first_of_one_flow_or_of_all() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let states = [
        ("deploy", RunState::Succeeded),
        ("backup", RunState::Failed),
        ("deploy", RunState::Skipped),
        ("deploy", RunState::Running),
        ("backup", RunState::Crashed),
        ("deploy", RunState::Queued),
    ];
    let runs: Vec<_> = (1..).zip(states).map(|(id, (flow, state))| run(id, flow, state)).collect();
    store.record(runs.iter().map(written).collect()).await.unwrap();
    for (flow, limit, expected) in [
        (None, 100, vec![6, 5, 4, 3, 2, 1]),
        (None, 2, vec![6, 5]),
        (None, 0, vec![]),
        (Some("deploy"), 100, vec![6, 4, 3, 1]),
        (Some("deploy"), 3, vec![6, 4, 3]),
        (Some("backup"), usize::MAX, vec![5, 2]),
        (Some("nothing"), 100, vec![]),
    ] {
        assert_eq!(numbers(&store.runs(flow, limit).await.unwrap()), expected, "{flow:?} {limit}");
    }
    assert_eq!(store.runs(Some("deploy"), 1).await.unwrap(), [runs[5].clone()]);
    let flows = ["deploy", "backup", "nothing"].map(Arc::from);
    let last = store.last_runs(flows.to_vec(), 3).await.unwrap();
    let [deploy, backup, _] = flows;
    assert_eq!(last.keys().collect::<Vec<_>>(), [&backup, &deploy]);
    assert_eq!((numbers(&last[&deploy]), numbers(&last[&backup])), (vec![6, 4, 3], vec![5, 2]));
}

#[test]
fn runs_that_ended_long_ago_go_with_their_steps_and_open_ones_stay() {
    let folder = folder();
    let mut database = database(&folder);
    let old = |id, state| {
        let long_ago = |at| earlier(at, duration_of_days(800));
        let run = run(id, "deploy", state);
        Run { began: long_ago(run.began), ended: run.ended.map(long_ago), ..run }
    };
    let without_end = Run { ended: None, ..old(4, RunState::Skipped) };
    let runs = [
        old(1, RunState::Succeeded),
        old(2, RunState::Running),
        old(3, RunState::Failed),
        without_end,
        run(5, "deploy", RunState::Failed),
        run(6, "deploy", RunState::Queued),
    ];
    let steps = (1..=6).flat_map(|id| [step(id, 0, ended_step()), step(id, 1, begun_step())]);
    let records: Vec<_> = runs.iter().map(written).chain(steps).collect();
    database.write(records.iter(), true).unwrap();
    assert!(!database.retain(noon_ms(), &Retention::default()).unwrap());
    assert_eq!(numbers(&restore::runs(&database.connection, None, 10).unwrap()), [6, 5, 2]);
    let of: Vec<i64> = {
        let mut statement = database.connection.prepare("SELECT run FROM step ORDER BY run").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(of, [2, 2, 5, 5, 6, 6]);
}

#[test]
fn no_flow_keeps_more_than_its_newest_runs_and_they_go_a_little_at_a_time() {
    let folder = folder();
    let mut database = database(&folder);
    let kept = RUNS_OF_FLOW as u64;
    let mut records = vec![written(&run(1, "busy", RunState::Running)), written(&run(2, "quiet", RunState::Failed))];
    for id in 3..=kept + 2 + 1_500 {
        records.push(written(&run(id, "busy", RunState::Succeeded)));
        records.extend((0..3).map(|place| step(id, place, begun_step())));
    }
    database.write(records.iter(), true).unwrap();
    let mut rounds = 1;
    while database.retain(noon_ms(), &Retention::default()).unwrap() {
        rounds += 1;
    }
    // Each of the 1,500 has a row and three of steps, and 2,000 go at once.
    assert_eq!(rounds, 4);
    let busy = restore::runs(&database.connection, Some("busy"), usize::MAX).unwrap();
    let (first, last) = (busy.last().unwrap().id.0, busy[0].id.0);
    assert_eq!((busy.len() as u64, first, last), (kept + 1, 1, kept + 1_502));
    assert_eq!(busy[busy.len() - 2].id, RunId(1_503));
    assert_eq!(numbers(&restore::runs(&database.connection, Some("quiet"), 10).unwrap()), [2]);
    assert_eq!(count(&database.connection, "step") as u64, kept * 3);
}

fn duration_of_days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

#[tokio::test]
async fn the_number_of_a_run_is_not_used_again_after_it_was_deleted_or_if_only_its_steps_are_there() {
    let folder = folder();
    let mut database = database(&folder);
    let last_run = || opened(&folder).restored.last_run;
    database.write([written(&run(5, "deploy", RunState::Failed))].iter(), true).unwrap();
    while database.retain(noon_ms() + 3 * 365 * DAY, &Retention::default()).unwrap() {}
    assert_eq!(count(&database.connection, "run"), 0);
    assert_eq!(last_run(), Some(RunId(5)));
    database.write([written(&run(4, "deploy", RunState::Failed))].iter(), true).unwrap();
    assert_eq!(last_run(), Some(RunId(5)));
    database.write([step(6, 0, begun_step())].iter(), true).unwrap();
    assert_eq!(last_run(), Some(RunId(6)));
}

#[tokio::test]
async fn what_was_open_at_the_start_is_in_a_database_that_is_begun_anew() {
    let folder = folder();
    let mut first = database(&folder);
    let records = [
        written(&run(1, "deploy", RunState::Succeeded)),
        step(1, 0, ended_step()),
        written(&run(2, "deploy", RunState::Running)),
        step(2, 0, ended_step()),
        step(2, 1, begun_step()),
        written(&run(3, "deploy", RunState::Queued)),
        written(&run(4, "deploy", RunState::Skipped)),
    ];
    first.write(records.iter(), true).unwrap();
    drop(first);
    let path = folder.path().join(FILE);
    let (before, installation, _) = restore::restore(&Connection::open(&path).unwrap()).unwrap();
    assert_eq!((numbers_of(&before.runs), before.last_run), (vec![2, 3], Some(RunId(4))));
    let mut database = Database::open(&path, Mirror::new(installation, &before)).unwrap();
    database.begin_anew(noon()).unwrap();
    drop(database);
    assert_eq!(opened(&folder).restored, before);
}

fn numbers_of(records: &[RunRecord]) -> Vec<u64> {
    records.iter().map(|record| record.run.id.0).collect()
}

#[tokio::test]
async fn a_step_that_cannot_be_read_makes_its_run_fail_and_is_not_begun_again() {
    let folder = folder();
    let mut database = database(&folder);
    let (running, failed) = (run(1, "deploy", RunState::Running), run(2, "deploy", RunState::Failed));
    let steps = [1, 2].into_iter().flat_map(|id| [step(id, 0, ended_step()), step(id, 1, begun_step())]);
    let records: Vec<_> = [written(&running), written(&failed)].into_iter().chain(steps).collect();
    database.write(records.iter(), true).unwrap();
    let broken = "UPDATE step SET body = '{\"state\":\"dancing\"}' WHERE place = 1";
    database.connection.execute(broken, []).unwrap();
    drop(database);
    let Opened { store, restored, trouble, .. } = opened(&folder);
    assert_eq!(trouble.iter().map(|trouble| trouble.kind).collect::<Vec<_>>(), [TroubleKind::Lost]);
    let error = Some(StepError::Lost);
    let unknown = StepRun { state: StepState::Indeterminate, error, ..StepRun::default() };
    let steps = vec![ended_step(), unknown, StepRun::default()];
    assert_eq!(restored.runs, [RunRecord { run: running, steps: steps.clone() }]);
    assert_eq!(store.run(RunId(2)).await.unwrap(), Some(RunRecord { run: failed, steps }));
}

#[tokio::test]
async fn a_step_is_written_without_its_run() {
    let folder = folder();
    let Opened { store, .. } = opened(&folder);
    let definition = Definition { steps: vec![everything().steps[5].clone(); 1_000], ..everything() };
    let running = Run { definition: definition.into(), ..run(1, "deploy", RunState::Running) };
    store.record(vec![written(&running)]).await.unwrap();
    let wal = crate::files::beside(&folder.path().join(FILE), "-wal");
    let before = wal.metadata().unwrap().len();
    store.record(vec![step(1, 0, begun_step())]).await.unwrap();
    let grown = wal.metadata().unwrap().len() - before;
    assert!(grown < 5 * 4_096, "{grown} bytes for a step");
    for change in [begun_step(), ended_step(), begun_step(), ended_step()] {
        store.record((0..1_000).map(|place| step(1, place, change.clone())).collect()).await.unwrap();
    }
    store.close().await;
    let size = folder.path().join(FILE).metadata().unwrap().len();
    assert!(size < 2 << 20, "{size} bytes");
    assert_eq!(opened(&folder).restored.runs, [RunRecord { run: running, steps: vec![ended_step(); 1_000] }]);
}
