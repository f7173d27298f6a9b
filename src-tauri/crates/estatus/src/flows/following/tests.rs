use std::collections::{BTreeMap, VecDeque};

use estatus_api::{LogStream, Question, UndoStatus};
use estatus_core::flow::run::RunState;

use super::*;
use crate::show::flows::testing::{at, run, shown, step, summary};

/// Logs that are made up, and what was said.
#[derive(Default)]
struct Played {
    logs: BTreeMap<usize, Vec<LogLine>>,
    said: Vec<String>,
    /// Whose logs were asked for, one after the other.
    followed: VecDeque<usize>,
}

impl Stage for Played {
    async fn follow(&mut self, of: StepOf) -> std::result::Result<(), CommandError> {
        self.followed.push_back(of.place);
        Ok(())
    }

    async fn read(&mut self, of: StepOf, _: bool) -> std::result::Result<Vec<LogLine>, CommandError> {
        Ok(self.logs.get(&of.place).cloned().unwrap_or_default())
    }

    fn say(&mut self, text: &str) {
        self.said.push(text.to_owned());
    }
}

/// A run of three steps that is followed.
struct Scene {
    followed: Followed,
    played: Played,
}

impl Scene {
    fn new() -> Self {
        let steps = ["fetch", "build", "go live?"].map(|name| step(name, StepState::Scheduled));
        let followed = Followed::new(&run(RunState::Running, steps.into()), Paint::plain());
        Self { followed, played: Played::default() }
    }

    async fn hear(&mut self, event: Event) -> Option<RunSummary> {
        self.followed.hear(&event, &mut self.played).await.unwrap()
    }

    async fn step(&mut self, place: usize, step: StepStatus) {
        let told = Event::Step { run: RunId(7), place, step };
        assert_eq!(self.hear(told).await, None);
    }

    /// The step at `place` writes this; whoever follows is `told`, if it comes through.
    async fn writes(&mut self, place: usize, text: &[&str], told: bool) {
        let log = self.played.logs.entry(place).or_default();
        let number = log.len();
        let line = |(number, text): (usize, &&str)| LogLine {
            at: at(i64::try_from(number).unwrap()),
            stream: Some(if text.starts_with("error") { LogStream::Err } else { LogStream::Out }),
            text: (*text).to_owned(),
            part: false,
            place: None,
        };
        let lines: Vec<LogLine> = (number..).zip(text).map(line).collect();
        log.extend(lines.clone());
        if told {
            assert_eq!(self.hear(Event::StepLog { of: StepOf { run: RunId(7), place }, lines }).await, None);
        }
    }

    fn said(&mut self) -> String {
        shown(&std::mem::take(&mut self.played.said))
    }
}

#[tokio::test]
async fn what_a_step_writes_stands_below_it_and_nothing_is_missed() {
    let mut scene = Scene::new();
    // It has written something before anybody follows.
    scene.writes(0, &["From ssh://git"], false).await;
    scene.step(0, step("fetch", StepState::Running)).await;
    scene.writes(0, &["new tag", "error: \u{1b}[2J none"], true).await;
    // This is not told any more.
    scene.writes(0, &["fetched"], false).await;
    scene.step(0, step("fetch", StepState::Succeeded)).await;
    // The one that follows has ended before it was heard of.
    scene.writes(1, &["built"], false).await;
    let failed = StepStatus {
        attempts: 2,
        why: Some("exit code 3 (attempt 2 of 2)".to_owned()),
        ..step("build", StepState::Failed)
    };
    scene.step(1, failed).await;
    assert_eq!(scene.hear(Event::Run(summary(RunState::Running))).await, None);
    let ended = summary(RunState::Failed);
    assert_eq!(scene.hear(Event::Run(ended.clone())).await, Some(ended));
    assert_eq!(scene.played.followed, [0]);
    insta::assert_snapshot!(scene.said(), @"
    YYYY-MM-DD HH:MM:SS  running        step 1 of 3  fetch  run ./fetch
        | From ssh://git
        | new tag
        ! error:  [2J none
        | fetched
    YYYY-MM-DD HH:MM:SS  succeeded      step 1 of 3  fetch  took 2.0 s
        build:
        | built
    YYYY-MM-DD HH:MM:SS  failed         step 2 of 3  build, attempt 2  exit code 3 (attempt 2 of 2)
    ");
}

#[tokio::test]
async fn of_steps_side_by_side_the_one_that_began_last_is_followed() {
    let mut scene = Scene::new();
    scene.step(0, step("fetch", StepState::Running)).await;
    scene.writes(0, &["fetching"], true).await;
    scene.step(1, step("build", StepState::Running)).await;
    scene.writes(1, &["building"], true).await;
    scene.writes(0, &["still fetching"], false).await;
    scene.step(1, step("build", StepState::Retrying)).await;
    scene.step(1, StepStatus { attempts: 2, ..step("build", StepState::Running) }).await;
    scene.writes(0, &["fetched"], false).await;
    scene.step(0, step("fetch", StepState::Succeeded)).await;
    scene.writes(1, &["built"], true).await;
    scene.step(1, StepStatus { attempts: 2, ..step("build", StepState::Succeeded) }).await;
    assert_eq!(scene.played.followed, [0, 1, 0, 1]);
    insta::assert_snapshot!(scene.said(), @"
    YYYY-MM-DD HH:MM:SS  running        step 1 of 3  fetch  run ./fetch
        | fetching
    YYYY-MM-DD HH:MM:SS  running        step 2 of 3  build  run ./build
        | building
    YYYY-MM-DD HH:MM:SS  retrying       step 2 of 3  build
        fetch:
        | still fetching
    YYYY-MM-DD HH:MM:SS  running        step 2 of 3  build, attempt 2  run ./build
        fetch:
        | fetched
    YYYY-MM-DD HH:MM:SS  succeeded      step 1 of 3  fetch  took 2.0 s
        build:
        | built
    YYYY-MM-DD HH:MM:SS  succeeded      step 2 of 3  build, attempt 2  took 2.0 s
    ");
}

#[tokio::test]
async fn a_question_is_said_with_how_to_answer_it() {
    let mut scene = Scene::new();
    let question = Question { text: "Deploy 4.2?".to_owned(), until: at(600), continues: false };
    let asks = |name: &str| StepStatus {
        has_log: false,
        ended: None,
        question: Some(question.clone()),
        ..step(name, StepState::WaitingForApproval)
    };
    scene.step(2, asks("go live?")).await;
    scene.step(2, asks("go live?")).await;
    scene.step(1, asks("build")).await;
    scene.step(2, StepStatus { has_log: false, ..step("go live?", StepState::Succeeded) }).await;
    insta::assert_snapshot!(scene.said(), @"
    YYYY-MM-DD HH:MM:SS  waiting for approval  step 3 of 3  go live?
        asks: Deploy 4.2?
        answer by YYYY-MM-DD HH:MM:SS with `estatus flow approve 7` or `estatus flow deny 7`; otherwise the step fails
    YYYY-MM-DD HH:MM:SS  waiting for approval  step 2 of 3  build
        asks: Deploy 4.2?
        answer by YYYY-MM-DD HH:MM:SS with `estatus flow approve 7 --step build` or `estatus flow deny 7 --step build`; otherwise the step fails
    YYYY-MM-DD HH:MM:SS  succeeded      step 3 of 3  go live?  took 2.0 s
    ");
}

#[tokio::test]
async fn what_else_a_step_does_is_said() {
    let mut scene = Scene::new();
    // What another run does, and what was kept, is not.
    scene.step(0, StepStatus { kept: true, ..step("fetch", StepState::Succeeded) }).await;
    let of_another = Event::Step { run: RunId(6), place: 1, step: step("build", StepState::Running) };
    assert_eq!(scene.hear(of_another).await, None);
    let heals =
        StepStatus { has_log: false, does: "run the flow heal".to_owned(), ..step("build", StepState::Running) };
    scene.step(1, heals.clone()).await;
    scene.step(1, StepStatus { run: Some(RunId(8)), ..heals }).await;
    let undo = UndoStatus { state: StepState::Running, began: at(3), ended: None, why: None, output: Vec::new() };
    let done = StepStatus { run: Some(RunId(8)), has_log: false, ..step("build", StepState::Succeeded) };
    scene.step(1, StepStatus { undo: Some(undo.clone()), ..done.clone() }).await;
    let undo = UndoStatus { state: StepState::Failed, why: Some("exit code 4".to_owned()), ..undo };
    scene.step(1, StepStatus { undo: Some(undo), ..done }).await;
    insta::assert_snapshot!(scene.said(), @"
    YYYY-MM-DD HH:MM:SS  running        step 2 of 3  build  run the flow heal
        it has begun run 8: `estatus flow show 8` shows it
    YYYY-MM-DD HH:MM:SS  succeeded      step 2 of 3  build  took 2.0 s
    YYYY-MM-DD HH:MM:SS  running        step 2 of 3  undo of build
    YYYY-MM-DD HH:MM:SS  failed         step 2 of 3  undo of build  exit code 4
    ");
}

#[test]
fn a_run_that_is_followed_says_what_it_is() {
    let mut status = run(RunState::Queued, ["fetch", "build"].map(|name| step(name, StepState::Scheduled)).into());
    status.summary.repeats = Some(RunId(5));
    status.steps[0].kept = true;
    insta::assert_snapshot!(words::head(&status).join("\n"), @"
    run 7 of deploy: 2 steps, started by a user
    it is queued, and begins when the run in progress has ended
    kept from run 5: fetch
    ");
}
