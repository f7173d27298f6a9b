//! Steps that ask, tell, send requests and run other flows ([`subflows`]), what is taken back, and runs that are repeated.

mod subflows;

use std::sync::Arc;

use estatus_core::{
    Timestamp,
    check::{Auth, Check, CodeRange, CommandCheck, TextAssertions},
    command::{CommandEnd, CommandLine},
    config::Monitor,
    engine::{Ask, AskError, Change, Effect, Input, Repeat},
    flow::{
        AfterCrash, Budget, Flow, OnFailure, Otherwise, Overlap, Retry, Step, StepAction, When,
        request::{HttpRequest, RequestOutcome},
        run::{AnsweredBy, AnsweredFrom, Difference, RunCause, RunRecord, RunState, StepError, StepState},
        text::Text,
    },
    ids::RunId,
    incident::News,
    observation::{Cause, Failure, Phase},
    program::{Program, ProgramAction, StartFailure},
    secret::SecretRef,
    time::later,
    undone::RemedyError,
};

use crate::scene::{Scene, at, count, line, program, seconds};

fn run(command: &str) -> StepAction {
    StepAction::Run { command: line(command), timeout: seconds(60.0) }
}

fn ask_for(question: &str, otherwise: Otherwise) -> StepAction {
    StepAction::Approve { question: Text::new(question), channels: None, within: seconds(600.0), otherwise }
}

fn tell(text: &str) -> StepAction {
    StepAction::Tell { channels: None, text: Text::new(text) }
}

fn request(method: &str, body: Option<&str>) -> StepAction {
    let request = HttpRequest {
        method: method.to_owned(),
        body: body.map(Text::new),
        ..HttpRequest::new("http://127.0.0.1/deploy".parse().unwrap())
    };
    StepAction::Http { request: Box::new(request) }
}

fn other(flow: &str) -> StepAction {
    StepAction::Flow { flow: flow.into() }
}

/// Steps in a row.
fn row(steps: impl IntoIterator<Item = (&'static str, StepAction)>) -> Vec<Step> {
    let steps = steps.into_iter().enumerate();
    steps.map(|(place, (name, action))| Step::new(name, action, place.checked_sub(1).into_iter().collect())).collect()
}

fn scene(flows: impl IntoIterator<Item = Flow>) -> Scene {
    let mut scene = Scene::new(vec![program("web")], Vec::new());
    scene.passes(20.0);
    scene.applies(|config| config.flows.extend(flows.into_iter().map(Arc::new)));
    scene.take();
    scene
}

fn begin(scene: &mut Scene, flow: &str) {
    scene.asks(Ask::RunFlow { flow: flow.to_owned() });
}

fn goes_on(scene: &Scene, flow: &str) -> Option<RunRecord> {
    scene.core.flow(flow).unwrap().run
}

/// How the newest run of a flow stands, as it was published last.
fn last(scene: &Scene, flow: &str) -> RunState {
    let run = scene.published.iter().rev().find_map(|change| match change {
        Change::Run(run) if *run.flow == *flow => Some(run.state),
        _ => None,
    });
    run.unwrap_or_else(|| panic!("{flow} never ran: {}", scene.story))
}

/// A run as it ended, from what was written down and published.
fn ended(scene: &Scene, id: u64) -> RunRecord {
    let run = scene.published.iter().rev().find_map(|change| match change {
        Change::Run(run) if run.id == RunId(id) => Some((**run).clone()),
        _ => None,
    });
    let run = run.unwrap();
    let step = |place: usize| {
        scene.published.iter().rev().find_map(|change| match change {
            Change::Step { run, place: of, step, .. } if *run == RunId(id) && *of == place => Some((**step).clone()),
            _ => None,
        })
    };
    let steps = (0..run.definition.steps.len()).map(|place| step(place).unwrap_or_default()).collect();
    RunRecord { run, steps }
}

fn repeats(scene: &mut Scene, id: u64, from: Option<&str>, as_then: bool) -> Result<(), AskError> {
    let record = Box::new(ended(scene, id));
    let how = Repeat { from: from.map(str::to_owned), as_then };
    let result = scene.core.handle(Input::Repeat { record, how }, at(scene.now));
    scene.passes(0.0);
    result
}

fn answers(scene: &mut Scene, run: u64, step: Option<&str>, approved: bool) -> Result<(), AskError> {
    let by = AnsweredBy { user: Some("ana".to_owned()), from: Some(AnsweredFrom::CommandLine) };
    let ask = Ask::Approve { run: RunId(run), step: step.map(str::to_owned), approved, by };
    let result = scene.core.handle(Input::Asked(ask), at(scene.now));
    scene.passes(0.0);
    result
}

// Results.

#[test]
fn what_came_of_a_step_is_there_for_later_ones() {
    let steps = row([
        ("look at it", run("look")),
        ("send", request("POST", Some("it said {{ steps['look at it'].output }}"))),
        ("after", run("after")),
    ]);
    let mut scene = scene([Flow::new("heal", steps)]);
    scene.writes.insert("look", "first\n{{ last }}");
    scene.command_lasts = true;
    begin(&mut scene, "heal");
    scene.command_called_ends("look", CommandEnd::Exited(0));
    assert!(scene.story.contains("request POST http://127.0.0.1/deploy it said {{ last }}"), "{}", scene.story);
    scene.answered(RequestOutcome { saved: Some("42".to_owned()), ..RequestOutcome::default() });
    let env = scene.commands[0].1.env.clone();
    let of = |name: &str| env.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    assert_eq!(of("ESTATUS_STEP"), Some("after"));
    assert_eq!(of("ESTATUS_STEP_LOOK_AT_IT_OUTPUT"), Some("{{ last }}"));
    assert_eq!(of("ESTATUS_STEP_LOOK_AT_IT_EXIT"), Some("0"));
    assert_eq!(of("ESTATUS_STEP_LOOK_AT_IT_STATE"), Some("succeeded"));
    assert_eq!((of("ESTATUS_STEP_SEND_OUTPUT"), of("ESTATUS_STEP_SEND_EXIT")), (Some("42"), None));
    assert_eq!(of("ESTATUS_STEP_AFTER_STATE"), None, "it is not over");
}

#[test]
fn what_came_of_many_steps_leaves_room_for_a_command() {
    let name = |place: usize| -> &'static str { format!("s{place}").leak() };
    let sends = (0..40).map(|place| (name(place), request("GET", None)));
    let mut scene = scene([Flow::new("heal", row(sends.chain([("after", run("after"))])))]);
    scene.command_lasts = true;
    begin(&mut scene, "heal");
    for _ in 0..40 {
        let saved = Some(format!("{}\0", "x".repeat(HttpRequest::SAVED_LIMIT - 1)));
        scene.answered(RequestOutcome { saved, ..RequestOutcome::default() });
    }
    let env = &scene.commands[0].1.env;
    assert!(env.iter().all(|(_, value)| !value.contains('\0')));
    let of = |name: &str| env.iter().any(|(known, _)| known == name);
    assert!(of("ESTATUS_STEP_S39_OUTPUT") && !of("ESTATUS_STEP_S0_OUTPUT") && of("ESTATUS_STEP_S0_STATE"));
    assert!(env.iter().map(|(_, value)| value.len()).sum::<usize>() < 300 << 10);
}

// Requests.

#[test]
fn a_request_that_is_not_answered_well_fails_its_step_and_is_sent_again_as_its_retry_says() {
    let mut steps = row([("send", request("GET", None))]);
    steps[0].retry = Some(Retry { times: 1, wait: seconds(1.0), max_wait: seconds(1.0), on: Vec::new() });
    let mut scene = scene([Flow::new("heal", steps)]);
    begin(&mut scene, "heal");
    let refused = || RequestOutcome {
        failure: Some(Failure::new(Phase::Connect, Cause::Refused)),
        output: vec!["no".to_owned()],
        ..RequestOutcome::default()
    };
    scene.answered(refused());
    assert_eq!(goes_on(&scene, "heal").unwrap().steps[0].state, StepState::Retrying);
    scene.passes(2.0);
    scene.answered(refused());
    let step = ended(&scene, 1).steps.remove(0);
    assert_eq!((step.state, step.attempts, step.output), (StepState::Failed, 2, vec!["no".to_owned()]));
    assert!(matches!(step.error, Some(StepError::Request { .. })));
}

#[test]
fn a_request_that_changes_something_is_never_sent_twice_by_a_crash() {
    let check = |method: &str, after_crash: AfterCrash, sent: usize, state: RunState| {
        let mut steps = row([("send", request(method, None))]);
        steps[0].after_crash = after_crash.clone();
        let mut scene = scene([Flow::new("heal", steps)]);
        begin(&mut scene, "heal");
        assert_eq!(count(&scene.story, "request"), 1);
        let mut scene = scene.crashes();
        scene.passes(1.0);
        assert_eq!(count(&scene.story, "request"), sent, "{method} {after_crash:?}: {}", scene.story);
        if sent > 0 {
            scene.answered(RequestOutcome::default());
        }
        assert_eq!(last(&scene, "heal"), state, "{method} {after_crash:?}: {}", scene.story);
    };
    check("GET", AfterCrash::Fail, 1, RunState::Succeeded);
    check("POST", AfterCrash::Fail, 0, RunState::Crashed);
    check("POST", AfterCrash::Rerun, 1, RunState::Succeeded);
}

/// A step that fails is tried again after ten minutes, twice.
fn tried_again(action: StepAction) -> Flow {
    let mut steps = row([("try", action)]);
    steps[0].retry = Some(Retry { times: 2, wait: seconds(600.0), max_wait: seconds(600.0), on: Vec::new() });
    Flow::new("heal", steps)
}

fn with_token(command: &str) -> CommandLine {
    let place = SecretRef::Keyring("token".to_owned());
    CommandLine { secret_env: vec![("TOKEN".to_owned(), place)], ..line(command) }
}

fn lacks() -> CommandEnd {
    CommandEnd::CannotStart("there is no secret “token”".to_owned())
}

fn entered(scene: &mut Scene, secret: &str) {
    scene.input(Input::SecretEntered(secret.to_owned()));
    scene.passes(1.0);
}

#[test]
fn a_command_that_lacked_a_secret_is_run_again_as_soon_as_that_is_entered() {
    let check = |end: CommandEnd, secret: &str, runs: usize| {
        let action = StepAction::Run { command: with_token("work"), timeout: seconds(60.0) };
        let mut scene = scene([tried_again(action)]);
        scene.command_lasts = true;
        begin(&mut scene, "heal");
        scene.command_called_ends("work", end.clone());
        scene.passes(10.0);
        entered(&mut scene, secret);
        assert_eq!(count(&scene.story, "run work"), runs, "{end:?} {secret}: {}", scene.story);
    };
    check(lacks(), "token", 2);
    check(lacks(), "another", 1);
    // It had it.
    check(CommandEnd::Exited(1), "token", 1);
}

#[test]
fn a_request_that_lacked_a_secret_is_sent_again_as_soon_as_that_is_entered() {
    let StepAction::Http { mut request } = request("POST", None) else { unreachable!() };
    request.auth = Some(Auth::Bearer(SecretRef::Keyring("token".to_owned())));
    let mut scene = scene([tried_again(StepAction::Http { request })]);
    begin(&mut scene, "heal");
    let error = "there is no secret “token”".to_owned();
    let failure = Some(Failure::new(Phase::Send, Cause::Setup { error }));
    scene.answered(RequestOutcome { failure, ..RequestOutcome::default() });
    entered(&mut scene, "token");
    scene.answered(RequestOutcome::default());
    assert_eq!(last(&scene, "heal"), RunState::Succeeded, "{}", scene.story);
}

#[test]
fn a_step_whose_monitor_or_program_lacked_a_secret_is_tried_again_as_soon_as_that_is_entered() {
    let tried = |action: StepAction| {
        let mut scene = Scene::new(Vec::new(), Vec::new());
        let flow = tried_again(action);
        scene.cannot_start = Some(StartFailure::Secret { error: "there is no secret “token”".to_owned() });
        scene.is_up = false;
        scene.applies(|config| {
            let accept = vec![CodeRange { first: 0, last: 0 }];
            let asks = CommandCheck { command: with_token("ask"), accept, text: TextAssertions::default() };
            let page = Monitor { enabled: false, ..Monitor::new("page", Check::Command(asks)) };
            config.monitors.push(Arc::new(page));
            config.programs.push(Arc::new(Program { command: with_token("serve"), ..program("web") }));
            config.flows.push(Arc::new(flow));
        });
        scene.passes(10.0);
        begin(&mut scene, "heal");
        scene.passes(10.0);
        assert_eq!(goes_on(&scene, "heal").unwrap().steps[0].state, StepState::Retrying, "{}", scene.story);
        scene.cannot_start = None;
        scene.is_up = true;
        entered(&mut scene, "token");
        assert_eq!(last(&scene, "heal"), RunState::Succeeded, "{}", scene.story);
    };
    tried(StepAction::Check { monitor: "page".into() });
    tried(StepAction::Program { action: ProgramAction::Start, program: "web".into() });
}

#[test]
fn a_step_that_failed_for_good_for_want_of_a_secret_stays_failed() {
    let action = StepAction::Run { command: with_token("work"), timeout: seconds(60.0) };
    let mut scene = scene([Flow::new("heal", row([("try", action)]))]);
    scene.command_lasts = true;
    begin(&mut scene, "heal");
    scene.command_called_ends("work", lacks());
    entered(&mut scene, "token");
    assert_eq!((count(&scene.story, "run work"), last(&scene, "heal")), (1, RunState::Failed), "{}", scene.story);
}

// People.

#[test]
fn a_message_is_on_its_way_with_its_step_and_never_twice() {
    let steps = row([("look", run("look")), ("say", tell("it is {{ steps.look.output }}"))]);
    let mut scene = scene([Flow::new("heal", steps)]);
    scene.writes.insert("look", "so");
    begin(&mut scene, "heal");
    assert_eq!(last(&scene, "heal"), RunState::Succeeded);
    scene.passes(120.0);
    assert_eq!(count(&scene.story, "mail told"), 1, "{}", scene.story);
    let mut scene = scene.crashes();
    scene.passes(120.0);
    assert_eq!(count(&scene.story, "mail told"), 0, "it was told in the life before: {}", scene.story);
}

#[test]
fn a_message_that_nobody_would_get_fails_its_step() {
    let mut scene = scene([Flow::new("heal", row([("say", tell("so"))]))]);
    scene.applies(|config| config.channels.clear());
    begin(&mut scene, "heal");
    let record = ended(&scene, 1);
    assert_eq!((record.run.state, record.steps[0].error.clone()), (RunState::Failed, Some(StepError::NoChannel)));
}

#[test]
fn a_text_that_cannot_be_filled_fails_its_step() {
    let mut scene = scene([Flow::new("heal", row([("say", tell("{{ steps.nobody.output }}"))]))]);
    begin(&mut scene, "heal");
    let record = ended(&scene, 1);
    assert!(matches!(record.steps[0].error, Some(StepError::Text { .. })), "{record:?}");
    assert_eq!(count(&scene.story, "mail told"), 0);
}

#[test]
fn a_run_waits_until_somebody_approves_over_a_crash_and_asks_once() {
    let steps = row([("may we", ask_for("Is {{ steps }} it?", Otherwise::Fail)), ("go", run("go"))]);
    let steps = vec![Step { action: ask_for("Shall it?", Otherwise::Fail), ..steps[0].clone() }, steps[1].clone()];
    let mut scene = scene([Flow::new("heal", steps)]);
    begin(&mut scene, "heal");
    scene.passes(100.0);
    let record = goes_on(&scene, "heal").unwrap();
    assert_eq!(
        (record.run.state, record.steps[0].state),
        (RunState::WaitingForApproval, StepState::WaitingForApproval)
    );
    assert_eq!(record.steps[0].question.as_deref(), Some("Shall it?"));
    assert_eq!(count(&scene.story, "mail question"), 1, "{}", scene.story);
    let mut scene = scene.crashes();
    scene.passes(100.0);
    assert_eq!(count(&scene.story, "mail question"), 0, "{}", scene.story);
    assert_eq!(answers(&mut scene, 2, None, true), Err(AskError::NoSuchRun(RunId(2))));
    assert_eq!(answers(&mut scene, 1, Some("go"), true), Err(AskError::NothingToApprove(RunId(1))));
    assert_eq!(answers(&mut scene, 1, None, true), Ok(()));
    assert_eq!((last(&scene, "heal"), count(&scene.story, "run go")), (RunState::Succeeded, 1), "{}", scene.story);
    assert_eq!(answers(&mut scene, 1, None, true), Err(AskError::NoSuchRun(RunId(1))), "it is answered");
}

#[test]
fn who_denies_fails_the_step_and_who_does_not_answer_does_as_the_step_says() {
    let begun = |otherwise| {
        let mut steps = row([("may we", ask_for("Shall it?", otherwise)), ("go", run("go"))]);
        steps[0].retry = Some(Retry { times: 1, wait: seconds(1.0), max_wait: seconds(1.0), on: Vec::new() });
        let mut scene = scene([Flow::new("heal", steps)]);
        begin(&mut scene, "heal");
        scene
    };
    let mut scene = begun(Otherwise::Continue);
    assert_eq!(answers(&mut scene, 1, Some("may we"), false), Ok(()));
    let record = ended(&scene, 1);
    assert_eq!((record.run.state, record.steps[0].error.clone()), (RunState::Failed, Some(StepError::Denied)));
    let by = AnsweredBy { user: Some("ana".to_owned()), from: Some(AnsweredFrom::CommandLine) };
    assert_eq!(record.steps[0].answered_by.as_deref(), Some(&by));

    let mut scene = begun(Otherwise::Continue);
    scene.passes(601.0);
    assert_eq!(last(&scene, "heal"), RunState::Succeeded);
    assert_eq!(ended(&scene, 1).steps[0].error, Some(StepError::Unanswered { within: seconds(600.0) }));

    let mut scene = begun(Otherwise::Fail);
    scene.passes(600.5);
    assert_eq!(goes_on(&scene, "heal").unwrap().steps[0].state, StepState::Retrying);
    scene.passes(603.0);
    assert_eq!((last(&scene, "heal"), count(&scene.story, "run go")), (RunState::Failed, 0), "{}", scene.story);
    assert_eq!(count(&scene.story, "mail question"), 2, "who tries again asks again: {}", scene.story);
}

#[test]
fn a_question_that_is_answered_while_nothing_may_be_told_is_not_mailed() {
    let begun = || {
        let mut scene = scene([Flow::new("heal", row([("may we", ask_for("Shall it?", Otherwise::Fail))]))]);
        let until = Some(later(at(scene.now).utc, seconds(1000.0)));
        scene.asks(Ask::Snooze { monitor: None, until });
        begin(&mut scene, "heal");
        scene.passes(100.0);
        assert_eq!(scene.core.messages().count(), 1, "it waits");
        scene
    };
    let mut scene = begun();
    assert_eq!(answers(&mut scene, 1, None, true), Ok(()));
    assert_eq!(scene.core.messages().count(), 0);
    scene.passes(2000.0);
    assert_eq!(count(&scene.story, "mail question"), 0, "{}", scene.story);

    // The same if nobody wants to know any more, over a crash, too.
    let mut scene = begun().crashes();
    scene.asks(Ask::CancelRun { run: RunId(1) });
    scene.passes(2000.0);
    assert_eq!(count(&scene.story, "mail question"), 0, "{}", scene.story);

    // What is still asked is told when that may be.
    let mut scene = begun();
    scene.asks(Ask::Snooze { monitor: None, until: None });
    scene.passes(20.0);
    assert_eq!(count(&scene.story, "mail question"), 1, "{}", scene.story);
}

#[test]
fn where_several_steps_ask_it_must_be_said_which_is_meant() {
    let mut steps = row([("a", ask_for("A?", Otherwise::Fail)), ("b", ask_for("B?", Otherwise::Fail))]);
    steps[1].needs.clear();
    let mut scene = scene([Flow::new("heal", steps)]);
    begin(&mut scene, "heal");
    let both = vec![Arc::from("a"), Arc::from("b")];
    assert_eq!(answers(&mut scene, 1, None, true), Err(AskError::WhichStep { run: RunId(1), steps: both }));
    assert_eq!(answers(&mut scene, 1, Some("b"), true), Ok(()));
    assert_eq!(goes_on(&scene, "heal").unwrap().run.state, RunState::WaitingForApproval);
    scene.asks(Ask::CancelRun { run: RunId(1) });
    assert_eq!(last(&scene, "heal"), RunState::Cancelled);
}

// What is run when a step has failed.

#[test]
fn a_flow_is_run_for_a_step_that_failed_and_none_for_that_one() {
    let mut steps = row([("a", run("a"))]);
    steps[0].on_failure = OnFailure::Flow("call".into());
    let mut handler = row([("b", run("b"))]);
    handler[0].on_failure = OnFailure::Flow("call again".into());
    let flows = [Flow::new("heal", steps), Flow::new("call", handler), Flow::new("call again", row([("c", run("c"))]))];
    let mut scene = scene(flows);
    scene.exits.insert("a", 1);
    scene.exits.insert("b", 1);
    begin(&mut scene, "heal");
    scene.passes(60.0);
    let story = scene.take();
    assert_eq!((count(&story, "run b"), count(&story, "run c")), (1, 0), "{story}");
    assert_eq!((last(&scene, "heal"), last(&scene, "call")), (RunState::Failed, RunState::Failed));
    let handled = ended(&scene, 2).run;
    assert!(handled.handles_failure && matches!(handled.cause, RunCause::Failure(_)), "{handled:?}");
}

// What is taken back.

fn undone(steps: &mut [Step], commands: &[&str]) {
    for (step, command) in steps.iter_mut().zip(commands) {
        step.undo = Some(line(command));
    }
}

#[test]
fn what_succeeded_is_taken_back_last_first_when_the_run_fails() {
    let mut steps = row([("a", run("a")), ("b", run("b")), ("c", run("c"))]);
    undone(&mut steps, &["undo a", "undo b", "undo c"]);
    let mut scene = scene([Flow::new("heal", steps.clone())]);
    begin(&mut scene, "heal");
    assert_eq!((last(&scene, "heal"), count(&scene.story, "run undo")), (RunState::Succeeded, 0));

    scene.exits.insert("c", 1);
    scene.exits.insert("undo b", 4);
    begin(&mut scene, "heal");
    let story = scene.take();
    let commands: Vec<&str> = story.lines().filter_map(|line| line.split_once(" run ")).map(|(_, run)| run).collect();
    assert!(commands.ends_with(&["c", "undo b", "undo a"]), "{story}");
    let record = ended(&scene, 2);
    let states: Vec<_> = record.steps.iter().map(|step| step.undo.as_ref().map(|undo| undo.state)).collect();
    assert_eq!(states, [Some(StepState::Succeeded), Some(StepState::Failed), None], "{record:?}");
    assert_eq!((record.run.state, record.run.failed.unwrap().place), (RunState::Failed, 2));
}

#[test]
fn taking_back_goes_on_over_a_crash_and_is_done_once() {
    let mut steps = row([("a", run("a")), ("b", run("b"))]);
    undone(&mut steps, &["undo a"]);
    let mut scene = scene([Flow::new("heal", steps)]);
    scene.command_lasts = true;
    begin(&mut scene, "heal");
    scene.command_called_ends("a", CommandEnd::Exited(0));
    scene.command_called_ends("b", CommandEnd::Exited(1));
    let first = scene.executions.last().copied();
    let mut scene = scene.crashes();
    scene.command_lasts = true;
    scene.passes(1.0);
    assert_eq!(scene.executions.last().copied(), first, "the very same execution is asked for: {}", scene.story);
    scene.command_called_ends("undo a", CommandEnd::Exited(0));
    assert_eq!((last(&scene, "heal"), scene.commands.len()), (RunState::Failed, 0), "{}", scene.story);
}

#[test]
fn a_run_that_is_cancelled_is_not_taken_back_and_who_cancels_the_taking_back_stops_it() {
    let mut steps = row([("a", run("a")), ("b", run("b")), ("c", run("c"))]);
    undone(&mut steps, &["undo a", "undo b"]);
    let begun = || {
        let mut scene = scene([Flow::new("heal", steps.clone())]);
        scene.command_lasts = true;
        begin(&mut scene, "heal");
        scene.command_called_ends("a", CommandEnd::Exited(0));
        scene.command_called_ends("b", CommandEnd::Exited(0));
        scene
    };
    let mut scene = begun();
    scene.asks(Ask::CancelRun { run: RunId(1) });
    assert_eq!((last(&scene, "heal"), count(&scene.story, "run undo")), (RunState::Cancelled, 0), "{}", scene.story);

    let mut scene = begun();
    scene.command_called_ends("c", CommandEnd::Exited(1));
    scene.asks(Ask::CancelRun { run: RunId(1) });
    assert_eq!((last(&scene, "heal"), count(&scene.story, "run undo")), (RunState::Failed, 1), "{}", scene.story);
}

#[test]
fn a_run_that_has_had_its_time_is_taken_back_too() {
    let mut steps = row([("a", run("a")), ("b", run("b"))]);
    undone(&mut steps, &["undo a"]);
    let mut flow = Flow::new("heal", steps);
    Arc::make_mut(&mut flow.definition).deadline = Some(seconds(30.0));
    let mut scene = scene([flow]);
    scene.command_lasts = true;
    begin(&mut scene, "heal");
    scene.command_called_ends("a", CommandEnd::Exited(0));
    scene.passes(31.0);
    assert_eq!(count(&scene.story, "run undo a"), 1, "{}", scene.story);
    scene.command_called_ends("undo a", CommandEnd::Exited(0));
    assert_eq!(last(&scene, "heal"), RunState::TimedOut, "{}", scene.story);
}

// Runs that are repeated.

#[test]
fn a_run_is_repeated_from_the_step_that_failed_with_what_came_of_those_before() {
    let mut steps = row([("a", run("a")), ("b", run("b")), ("c", run("c"))]);
    steps[2].needs = vec![1];
    let mut scene = scene([Flow::new("heal", steps.clone())]);
    scene.writes.insert("a", "of the first time");
    scene.exits.insert("b", 1);
    begin(&mut scene, "heal");
    scene.exits.clear();
    scene.take();
    assert_eq!(repeats(&mut scene, 1, Some("b"), false), Ok(()));
    let story = scene.take();
    assert_eq!((count(&story, "run a"), count(&story, "run b"), count(&story, "run c")), (0, 1, 1), "{story}");
    let record = ended(&scene, 2);
    assert_eq!(record.run.cause, RunCause::Again { run: RunId(1), from: Some("b".into()) });
    assert_eq!((record.run.state, record.steps[0].kept), (RunState::Succeeded, true), "{record:?}");
    assert_eq!(record.steps[0].output, ["of the first time"]);

    assert_eq!(repeats(&mut scene, 1, None, false), Ok(()));
    assert_eq!(count(&scene.take(), "run a"), 1, "as a whole");
    let no_such = AskError::NoSuchStep { flow: "heal".into(), step: "x".to_owned() };
    assert_eq!(repeats(&mut scene, 1, Some("x"), false), Err(no_such));
}

#[test]
fn a_run_is_repeated_as_the_flow_is_now_or_as_it_was_then() {
    let mut scene = scene([Flow::new("heal", row([("a", run("a")), ("b", run("b"))]))]);
    scene.exits.insert("b", 1);
    begin(&mut scene, "heal");
    scene.exits.clear();
    scene.applies(|config| {
        config.flows = vec![Arc::new(Flow::new("heal", row([("a", run("a")), ("b", run("mended"))])))]
    });
    scene.take();
    assert_eq!(repeats(&mut scene, 1, Some("b"), true), Ok(()));
    let story = scene.take();
    assert_eq!((count(&story, "run b"), count(&story, "run mended")), (1, 0), "{story}");
    assert_eq!(repeats(&mut scene, 1, Some("b"), false), Ok(()));
    let story = scene.take();
    assert_eq!((count(&story, "run a"), count(&story, "run mended")), (0, 1), "{story}");
    scene.applies(|config| config.flows.clear());
    assert_eq!(repeats(&mut scene, 1, None, true), Err(AskError::NoSuchFlow("heal".to_owned())));
}

#[test]
fn a_run_that_is_repeated_waits_for_its_turn_over_a_crash_with_what_it_keeps() {
    let flow = Flow { overlap: Overlap::Queue, ..Flow::new("heal", row([("a", run("a")), ("b", run("b"))])) };
    let mut scene = scene([flow]);
    scene.exits.insert("b", 1);
    begin(&mut scene, "heal");
    scene.exits.clear();
    scene.command_lasts = true;
    begin(&mut scene, "heal");
    assert_eq!(repeats(&mut scene, 1, Some("b"), false), Ok(()));
    assert_eq!(scene.core.open_runs().len(), 2);
    let mut scene = scene.crashes();
    scene.passes(1.0);
    let record = ended(&scene, 3);
    assert_eq!((record.run.state, count(&scene.story, "run b")), (RunState::Succeeded, 2), "{}", scene.story);
    assert_eq!(count(&scene.story, "run a"), 1, "only that of the second run: {}", scene.story);
}

// A run beside those before it.

#[test]
fn a_run_that_failed_knows_how_long_its_steps_usually_take_and_what_has_changed_since_the_last_success() {
    let mut scene = scene([Flow::new("heal", row([("a", run("a"))]))]);
    scene.command_lasts = true;
    for took in [3.0, 5.0, 4.0] {
        begin(&mut scene, "heal");
        scene.passes(took);
        scene.command_called_ends("a", CommandEnd::Exited(0));
    }
    let mut scene = scene.crashes();
    scene.command_lasts = true;
    scene.applies(|config| config.flows = vec![Arc::new(Flow::new("heal", row([("a", run("b"))])))]);
    begin(&mut scene, "heal");
    scene.passes(1.0);
    scene.command_called_ends("b", CommandEnd::Exited(1));
    let record = ended(&scene, 4);
    assert_eq!(record.steps[0].usual, Some(seconds(4.0)));
    let compared = record.run.compared.unwrap();
    assert_eq!((compared.run, compared.changes), (RunId(3), vec![Difference::Step { step: "a".into() }]));
}

#[test]
fn a_step_that_waits_for_a_failed_one_is_run_again_only_if_it_must_be() {
    let heals =
        Step { when: Some(When { failed: vec![0], ..When::default() }), ..Step::new("heals", run("h"), vec![0]) };
    let steps = vec![Step::new("looks", run("l"), vec![]), heals, Step::new("back", run("back"), vec![1])];
    let mut scene = scene([Flow::new("heal", steps)]);
    scene.exits.insert("l", 1);
    scene.exits.insert("back", 1);
    begin(&mut scene, "heal");
    scene.exits.remove("back");
    scene.take();
    assert_eq!(repeats(&mut scene, 1, Some("back"), false), Ok(()));
    let story = scene.take();
    assert_eq!((count(&story, "run l"), count(&story, "run h"), count(&story, "run back")), (0, 0, 1), "{story}");
    assert_eq!(last(&scene, "heal"), RunState::Succeeded);
}

#[test]
fn what_is_asked_is_known_until_when() {
    let mut scene = scene([Flow::new("heal", row([("may we", ask_for("Shall it?", Otherwise::Continue))]))]);
    let asked: Timestamp = at(scene.now).utc;
    scene.core.handle(Input::Asked(Ask::RunFlow { flow: "heal".to_owned() }), at(scene.now)).unwrap();
    let mut told = None;
    for _ in 0..100 {
        match scene.core.poll_effect() {
            Some(Effect::SendAlert { message, .. }) => told = message.alerts.first().map(|alert| alert.news.clone()),
            Some(_) => {}
            None => {
                scene.now += seconds(1.0);
                scene.core.handle_timeout(at(scene.now));
            }
        }
    }
    let Some(News::Approval { run, step, question, until, otherwise }) = told else { panic!("nobody was asked") };
    assert_eq!((run, &*step, question.as_str(), otherwise), (RunId(1), "may we", "Shall it?", Otherwise::Continue));
    assert_eq!(until.duration_since(asked).as_secs(), 600);
}

#[test]
fn why_a_run_is_to_end_is_known_over_a_crash() {
    let always = || Step { always: true, ..Step::new("last", run("last"), vec![0]) };
    let steps = vec![Step::new("a", run("a"), vec![]), always(), Step::new("beside", run("b"), vec![])];
    let mut flow = Flow::new("heal", steps);
    Arc::make_mut(&mut flow.definition).deadline = Some(seconds(30.0));
    for (is_late, expected) in [(false, RunState::Cancelled), (true, RunState::TimedOut)] {
        let mut scene = scene([flow.clone()]);
        scene.command_lasts = true;
        begin(&mut scene, "heal");
        if is_late {
            scene.passes(31.0);
        } else {
            scene.asks(Ask::CancelRun { run: RunId(1) });
        }
        assert_eq!(scene.commands.len(), 1, "what always runs runs: {}", scene.story);
        let mut scene = scene.crashes();
        scene.command_lasts = true;
        scene.passes(1.0);
        scene.command_called_ends("last", CommandEnd::Exited(0));
        assert_eq!(last(&scene, "heal"), expected, "{}", scene.story);
    }
}
