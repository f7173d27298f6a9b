//! A program that is tried: it ends with whoever wants it, and nothing of it is left.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

#[allow(dead_code, unused_imports, reason = "not every test needs all of it")]
mod support;

use std::{collections::BTreeSet, sync::Arc};

use estatus_core::{
    exit::Exit,
    program::{EndedBy, Program, Ready, StartFailure},
    secret::Secret,
};
use estatus_program::{Trial, TrialState, Trials};
use support::{FORK_SERVERS, LONG, Stage, eventually, kill};
use tokio::time::timeout;

/// The trials of an engine; of another one, as if the one before had been killed, where there is one already.
fn engine(stage: &mut Stage) -> Trials {
    stage.replace_engine();
    Trials::new(stage.data.path(), &stage.supervisor)
}

fn begin(trials: &Trials, program: &Program) -> Trial {
    let trial = trials.reserve(&program.name, []).expect("nobody tries it");
    trial.start(program, &[], &[], &BTreeSet::new());
    trial
}

async fn until(trial: &Trial, is_so: impl FnMut(&TrialState) -> bool) -> TrialState {
    let mut state = trial.state();
    let state = timeout(LONG, state.wait_for(is_so)).await;
    state.expect("it comes to that").unwrap().clone()
}

async fn runs(trial: &Trial) {
    until(trial, |state| matches!(state, TrialState::Running { .. })).await;
}

async fn over(trial: &Trial) -> TrialState {
    until(trial, TrialState::is_over).await
}

/// Nothing of it is left: no process, no shim, no file.
async fn leaves_nothing(stage: &Stage, trials: &Trials) {
    eventually("nothing is left", || {
        let files = std::fs::read_dir(stage.data.path().join("trials")).map_or(0, Iterator::count);
        stage.alive().is_empty() && stage.shims().len() <= FORK_SERVERS && files == 0 && !trials.has("web")
    })
    .await;
}

#[tokio::test]
async fn what_is_tried_is_stopped_with_all_that_it_started() {
    let mut stage = Stage::new();
    let trials = engine(&mut stage);
    let trial = begin(&trials, &stage.program(&["deaf-below"]));
    runs(&trial).await;
    eventually("its child is there", || stage.alive().len() >= 2).await;
    trial.stop();
    let TrialState::Ended(ended) = over(&trial).await else { panic!("it has not ended") };
    assert_eq!((ended.by, ended.left), (EndedBy::Stop, Vec::new()));
    assert!(stage.alive().is_empty(), "{:?}", stage.alive());
    drop(trial);
    leaves_nothing(&stage, &trials).await;
}

#[tokio::test]
async fn what_nobody_looks_at_any_more_ends() {
    let mut stage = Stage::new();
    let trials = engine(&mut stage);
    let trial = begin(&trials, &stage.program(&["deaf-below"]));
    runs(&trial).await;
    drop(trial);
    leaves_nothing(&stage, &trials).await;
}

#[tokio::test]
async fn how_it_ends_by_itself_is_told_with_its_lines_but_for_secrets() {
    let mut stage = Stage::new();
    let trials = engine(&mut stage);
    let program = stage.program(&["tell", "ESTATUS_PROGRAM", "ESTATUS_RESTARTS", "TOP_SECRET"]);
    let trial = trials.reserve(&program.name, []).unwrap();
    let secrets = [("TOP_SECRET".to_owned(), Secret::new("hunter2"))];
    trial.start(&program, &secrets, &[], &BTreeSet::new());
    let TrialState::Ended(ended) = over(&trial).await else { panic!("it has not ended") };
    assert_eq!((ended.exit, ended.by), (Exit::Code(0), EndedBy::Itself));
    let lines: Vec<String> = trial.log().last(100).unwrap().into_iter().map(|line| line.text).collect();
    assert_eq!(lines.last().map(String::as_str), Some("web 0 *******"));
    drop(trial);
    leaves_nothing(&stage, &trials).await;
}

#[tokio::test]
async fn what_says_that_it_is_ready_is_heard_and_what_cannot_be_started_is_told() {
    let mut stage = Stage::new();
    let trials = engine(&mut stage);
    let mut program = stage.program(&["daemon"]);
    program.ready = Some(Ready::Log("daemon".to_owned()));
    let trial = begin(&trials, &program);
    until(&trial, |state| *state == TrialState::Running { ready: true }).await;
    drop(trial);
    leaves_nothing(&stage, &trials).await;

    program.command.directory = Some(stage.data.path().join("none"));
    let trial = begin(&trials, &program);
    let state = over(&trial).await;
    assert!(matches!(state, TrialState::CannotStart(StartFailure::DirectoryMissing { .. })), "{state:?}");
}

#[tokio::test]
async fn a_second_trial_of_a_program_waits_for_the_end_of_the_first() {
    let mut stage = Stage::new();
    let trials = engine(&mut stage);
    let program = stage.program(&["sleep"]);
    let before: [Arc<str>; 1] = ["before".into()];
    let trial = trials.reserve("web", before).unwrap();
    trial.start(&program, &[], &[], &BTreeSet::new());
    runs(&trial).await;
    assert!(trials.reserve("web", []).is_none());
    assert!(trials.reserve("before", []).is_none());
    assert!(trials.has("before"));

    // A program that is to be started ends its trial, and waits until it is gone.
    let looks = tokio::spawn(async move {
        over(&trial).await;
    });
    timeout(LONG, trials.end("before")).await.expect("it is gone");
    assert!(stage.alive().is_empty(), "{:?}", stage.alive());
    assert!(trials.reserve("web", []).is_some());
    looks.await.unwrap();
    leaves_nothing(&stage, &trials).await;
}

#[tokio::test]
async fn a_trial_that_is_ended_before_it_begins_starts_nothing() {
    let mut stage = Stage::new();
    let trials = engine(&mut stage);
    let trial = trials.reserve("web", []).unwrap();
    let gone = tokio::spawn(trials.end("web"));
    until(&trial, |state| *state == TrialState::Cancelled).await;
    trial.start(&stage.program(&["sleep"]), &[], &[], &BTreeSet::new());
    assert_eq!(over(&trial).await, TrialState::Cancelled);
    drop(trial);
    timeout(LONG, gone).await.expect("it is gone").unwrap();
    assert!(stage.alive().is_empty());
}

#[tokio::test]
async fn what_is_tried_ends_when_the_engine_is_killed() {
    let mut stage = Stage::new();
    let trials = engine(&mut stage);
    let trial = begin(&trials, &stage.program(&["deaf-below"]));
    runs(&trial).await;
    // Whoever is killed does not drop what it has.
    std::mem::forget(trial);
    drop(trials);
    let trials = engine(&mut stage);
    leaves_nothing(&stage, &trials).await;
}

#[tokio::test]
async fn what_is_left_where_its_shim_was_killed_too_is_ended_by_the_next_engine() {
    let mut stage = Stage::new();
    let trials = engine(&mut stage);
    let program = stage.program(&["deaf-below"]);
    let trial = begin(&trials, &program);
    runs(&trial).await;
    eventually("its child is there", || stage.alive().len() >= 2).await;
    std::mem::forget(trial);
    stage.leave_engine();
    stage.shims().into_iter().for_each(kill);
    drop(trials);
    let trials = engine(&mut stage);
    // Nothing is started beside what may still run.
    assert!(trials.has("web") || stage.alive().is_empty());
    timeout(LONG, trials.end("web")).await.expect("it is gone");
    assert!(stage.alive().is_empty(), "{:?}", stage.alive());
}

/// A program that is tried as it would be called once the file is saved: by the file as it stands it has its old name.
#[tokio::test]
async fn what_is_left_of_a_trial_keeps_the_program_from_being_started_by_the_name_that_it_had() {
    for shim_dies in [false, true] {
        let mut stage = Stage::new();
        let trials = engine(&mut stage);
        let before: [Arc<str>; 1] = ["before".into()];
        let trial = trials.reserve("web", before).unwrap();
        trial.start(&stage.program(&["deaf-below"]), &[], &[], &BTreeSet::new());
        runs(&trial).await;
        eventually("its child is there", || stage.alive().len() >= 2).await;
        std::mem::forget(trial);
        if shim_dies {
            stage.leave_engine();
            stage.shims().into_iter().for_each(kill);
        }
        drop(trials);
        let trials = engine(&mut stage);
        assert!(trials.has("before") || stage.alive().is_empty(), "a second copy could be started: {shim_dies}");
        timeout(LONG, trials.end("before")).await.expect("it is gone");
        assert!(stage.alive().is_empty(), "{:?}", stage.alive());
    }
}
