//! Flows, run by whoever wants them, and whatever goes wrong around them. When a run begins is in `flows/beginning.rs`.

mod beginning;

use std::sync::Arc;

use estatus_core::{
    command::CommandEnd,
    config::Monitor,
    engine::{Ask, AskError, Change, Input, Repeat},
    exit::Exit,
    flow::{
        AfterCrash, Budget, Definition, Flow, OnFailure, Overlap, Retry, RetryOn, Step, StepAction, When,
        run::{RunCause, RunRecord, RunState, StepError, StepState},
    },
    ids::RunId,
    program::{ProgramAction, Ready},
    remedy::{Remedy, RemedyAction},
};

use crate::scene::{Scene, at, count, line, monitor, program, seconds};

fn run(command: &str) -> StepAction {
    StepAction::Run { command: line(command), timeout: seconds(60.0) }
}

/// Steps in a row, each called as its command.
fn row(commands: &[&str]) -> Vec<Step> {
    let step = |(place, command): (usize, &&str)| Step::new(command, run(command), needs(place));
    commands.iter().enumerate().map(step).collect()
}

fn needs(place: usize) -> Vec<usize> {
    place.checked_sub(1).into_iter().collect()
}

fn define(flow: &mut Flow, change: impl FnOnce(&mut Definition)) {
    change(Arc::make_mut(&mut flow.definition));
}

fn scene(flow: Flow) -> Scene {
    with_monitors(flow, Vec::new())
}

fn with_monitors(flow: Flow, monitors: Vec<Monitor>) -> Scene {
    let mut scene = Scene::new(vec![program("web")], monitors);
    scene.passes(20.0);
    scene.applies(|config| config.flows.push(Arc::new(flow)));
    scene.take();
    scene
}

fn asks(scene: &mut Scene) {
    scene.asks(Ask::RunFlow { flow: "heal".to_owned() });
}

/// What goes on of the flow.
fn goes_on(scene: &Scene) -> Option<RunRecord> {
    scene.core.flow("heal").unwrap().run
}

#[track_caller]
fn told(scene: &mut Scene, expected: &[&str]) {
    let story = scene.take();
    let told: Vec<&str> = story.lines().filter_map(|line| line.split_once(' ')).map(|(_, what)| what).collect();
    assert_eq!(told, expected, "{story}");
}

#[test]
fn steps_run_in_a_row_until_one_fails_and_somebody_is_told() {
    let mut scene = scene(Flow::new("heal", row(&["a", "b", "c"])));
    asks(&mut scene);
    let states = ["step a running", "run a", "step a succeeded", "step b running", "run b", "step b succeeded"];
    let states = [&["heal running"], &states[..], &["step c running", "run c", "step c succeeded", "heal succeeded"]];
    told(&mut scene, &states.concat());
    scene.passes(3600.0);
    told(&mut scene, &[]);

    scene.exits.insert("b", 3);
    asks(&mut scene);
    scene.passes(60.0);
    let story = scene.take();
    assert!(story.contains("heal failed at b"), "{story}");
    assert!(story.contains("step b failed") && story.contains("step c skipped"), "{story}");
    assert_eq!((count(&story, "run c"), count(&story, "mail failed")), (0, 1), "{story}");
}

/// The example of the documentation: what is broken is healed, what is not is left alone.
#[test]
fn a_failed_check_may_be_what_the_rest_is_there_for() {
    let when = Some(When { failed: vec![0], ..When::default() });
    let steps = vec![
        Step::new("look", StepAction::Check { monitor: "page".into() }, vec![]),
        Step { when, ..Step::new("clear", run("clear"), vec![0]) },
        Step::new("restart", StepAction::Program { action: ProgramAction::Restart, program: "web".into() }, vec![1]),
        Step::new("back", StepAction::WaitUntil { monitor: "page".into(), within: seconds(30.0) }, vec![2]),
    ];
    let mut scene = with_monitors(Flow::new("heal", steps), vec![Monitor { enabled: false, ..monitor("page", None) }]);
    asks(&mut scene);
    let story = scene.take();
    assert!(story.contains("heal succeeded"), "{story}");
    assert_eq!((count(&story, "run"), count(&story, "stop")), (0, 0), "{story}");
    assert!(story.contains("step look succeeded") && story.contains("step back skipped"), "{story}");

    scene.is_up = false;
    asks(&mut scene);
    scene.passes(10.0);
    let story = scene.take();
    assert!(story.contains("step look failed") && story.contains("step clear succeeded"), "{story}");
    assert_eq!(
        (count(&story, "stop web"), count(&story, "start web"), count(&story, "heal failed")),
        (1, 1, 0),
        "{story}"
    );
    assert!(story.contains("step restart succeeded"), "{story}");
    scene.is_up = true;
    scene.passes(6.0);
    assert!(scene.take().contains("heal succeeded"));

    scene.is_up = false;
    asks(&mut scene);
    scene.passes(31.0);
    let story = scene.take();
    assert!(story.contains("step back timed_out") && story.contains("heal failed at back"), "{story}");
}

/// Whether the time is over while it is looked or between two looks is nobody's business.
#[test]
fn why_a_monitor_never_came_up_is_known_even_if_the_last_look_is_not_over() {
    let wait = StepAction::WaitUntil { monitor: "page".into(), within: seconds(10.0) };
    for probes_last in [false, true] {
        let monitor = Monitor { enabled: false, ..monitor("page", None) };
        let mut scene = with_monitors(Flow::new("heal", vec![Step::new("back", wait.clone(), vec![])]), vec![monitor]);
        scene.is_up = false;
        asks(&mut scene);
        scene.probes_last = probes_last;
        scene.passes(11.0);
        let error = scene.published.iter().rev().find_map(|change| match change {
            Change::Step { step, .. } => step.error.clone(),
            _ => None,
        });
        assert!(matches!(error, Some(StepError::NeverUp { failure: Some(_), .. })), "{probes_last}: {error:?}");
    }
}

#[test]
fn steps_that_need_the_same_run_side_by_side_and_are_waited_for_by_what_needs_both() {
    let mut steps = row(&["a", "b", "c", "d"]);
    steps[1].needs = vec![0];
    steps[2].needs = vec![0];
    steps[3].needs = vec![1, 2];
    let mut scene = scene(Flow::new("heal", steps));
    scene.command_lasts = true;
    asks(&mut scene);
    scene.command_called_ends("a", CommandEnd::Exited(0));
    assert_eq!(scene.commands.len(), 2, "{}", scene.story);
    scene.command_called_ends("c", CommandEnd::Exited(0));
    assert_eq!(scene.commands.len(), 1, "{}", scene.story);
    scene.command_called_ends("b", CommandEnd::Exited(0));
    scene.command_called_ends("d", CommandEnd::Exited(0));
    assert!(scene.take().contains("heal succeeded"));
}

#[test]
fn a_step_is_tried_again_as_often_and_after_such_failures_as_its_retry_says() {
    let retry = |on| Some(Retry { times: 2, wait: seconds(4.0), max_wait: seconds(6.0), on });
    let check = |on: Vec<RetryOn>, exit: i32, runs: usize| {
        let mut flow = Flow::new("heal", row(&["a"]));
        define(&mut flow, |definition| definition.steps[0].retry = retry(on.clone()));
        let mut scene = scene(flow);
        scene.exits.insert("a", exit);
        asks(&mut scene);
        if runs > 1 {
            assert_eq!(goes_on(&scene).unwrap().steps[0].state, StepState::Retrying);
            scene.passes(3.1);
            assert_eq!(count(&scene.story, "run a"), 1, "{}", scene.story);
            scene.passes(2.0);
            assert_eq!(count(&scene.story, "run a"), 2, "{}", scene.story);
            scene.passes(4.0);
            assert_eq!(count(&scene.story, "run a"), 2, "{}", scene.story);
        }
        scene.passes(100.0);
        assert_eq!(count(&scene.story, "run a"), runs, "{on:?}, {exit}: {}", scene.story);
        assert_eq!(count(&scene.story, "heal failed at a"), 1, "{}", scene.story);
    };
    check(vec![], 1, 3);
    check(vec![RetryOn::Exit(Exit::Code(75))], 75, 3);
    check(vec![RetryOn::Exit(Exit::Code(75)), RetryOn::Timeout], 1, 1);
}

#[test]
fn a_try_that_succeeds_ends_the_retries() {
    let mut flow = Flow::new("heal", row(&["a", "b"]));
    let retry = Retry { times: 5, wait: seconds(1.0), max_wait: seconds(1.0), on: Vec::new() };
    define(&mut flow, |definition| definition.steps[0].retry = Some(retry));
    let mut scene = scene(flow);
    scene.exits.insert("a", 1);
    asks(&mut scene);
    scene.exits.insert("a", 0);
    scene.passes(5.0);
    assert_eq!((count(&scene.story, "run a"), count(&scene.story, "run b")), (2, 1), "{}", scene.story);
    assert!(scene.story.contains("heal succeeded"), "{}", scene.story);
}

#[test]
fn a_failure_that_is_of_no_matter_is_passed_over() {
    let mut flow = Flow::new("heal", row(&["a", "b"]));
    define(&mut flow, |definition| definition.steps[0].on_failure = OnFailure::Continue);
    let mut scene = scene(flow);
    scene.exits.insert("a", 1);
    asks(&mut scene);
    scene.passes(60.0);
    let story = scene.take();
    assert!(story.contains("step a failed") && story.contains("heal succeeded"), "{story}");
    assert_eq!((count(&story, "run b"), count(&story, "mail")), (1, 0), "{story}");
}

#[test]
fn a_cancelled_run_ends_its_commands_and_runs_what_always_runs_unless_somebody_insists() {
    let steps = || {
        let mut steps = row(&["a", "b", "tidy"]);
        steps[2].always = true;
        steps
    };
    let cancel = |scene: &mut Scene, run: u64| scene.asks(Ask::CancelRun { run: RunId(run) });
    let mut scene = scene(Flow::new("heal", steps()));
    scene.command_lasts = true;
    asks(&mut scene);
    cancel(&mut scene, 1);
    assert!(scene.story.contains("end step a of flow heal"), "{}", scene.story);
    assert!(scene.story.contains("step a cancelled") && scene.story.contains("step b skipped"), "{}", scene.story);
    assert_eq!(goes_on(&scene).map(|run| run.run.state), Some(RunState::Running));
    scene.command_called_ends("tidy", CommandEnd::Exited(0));
    scene.passes(60.0);
    let story = scene.take();
    assert!(story.contains("heal cancelled"), "{story}");
    assert_eq!(count(&story, "mail"), 0, "{story}");

    asks(&mut scene);
    cancel(&mut scene, 2);
    cancel(&mut scene, 2);
    assert!(scene.story.contains("step tidy cancelled") && scene.story.contains("heal cancelled"), "{}", scene.story);
    let refused = scene.core.handle(Input::Asked(Ask::CancelRun { run: RunId(2) }), at(scene.now));
    assert_eq!(refused, Err(AskError::NoSuchRun(RunId(2))));
}

#[test]
fn a_command_that_nobody_can_end_holds_no_run_up() {
    let mut scene = scene(Flow::new("heal", row(&["a"])));
    scene.command_lasts = true;
    asks(&mut scene);
    scene.commands.clear();
    scene.asks(Ask::CancelRun { run: RunId(1) });
    scene.passes(61.0);
    assert!(scene.story.contains("heal cancelled"), "{}", scene.story);
    asks(&mut scene);
    scene.commands.clear();
    scene.passes(3600.0);
    assert!(
        scene.story.contains("step a indeterminate") && scene.story.contains("heal crashed at a"),
        "{}",
        scene.story
    );
}

#[test]
fn a_run_ends_at_its_deadline_and_the_machines_sleep_is_not_part_of_it() {
    let mut flow = Flow::new("heal", row(&["a", "b"]));
    define(&mut flow, |definition| definition.deadline = Some(seconds(30.0)));
    let mut scene = scene(flow);
    scene.command_lasts = true;
    asks(&mut scene);
    scene.passes(29.0);
    assert!(goes_on(&scene).is_some());
    let slept = |now: f64| estatus_core::time::Now { slept: seconds(1000.0), ..at(seconds(now)) };
    let wakes = scene.now.as_secs_f64() + 1000.0;
    scene.core.handle_timeout(slept(wakes));
    assert!(goes_on(&scene).is_some(), "it slept for a thousand seconds");
    scene.core.handle_timeout(slept(wakes + 2.0));
    scene.now = seconds(wakes + 2.0);
    scene.passes(0.0);
    let story = scene.take();
    assert!(story.contains("step a timed_out") && story.contains("heal timed_out at a"), "{story}");
}

#[test]
fn a_command_goes_on_over_a_crash_and_is_begun_once() {
    let mut scene = scene(Flow::new("heal", row(&["a", "b"])));
    scene.command_lasts = true;
    asks(&mut scene);
    let execution = scene.executions.clone();
    let mut scene = scene.crashes();
    scene.command_lasts = true;
    scene.passes(1.0);
    assert_eq!(scene.executions, execution, "it is asked for by the name that it was begun under");
    scene.command_called_ends("a", CommandEnd::Exited(0));
    scene.command_called_ends("b", CommandEnd::Exited(0));
    assert!(scene.story.contains("heal succeeded"), "{}", scene.story);
    let executions = scene.executions.clone();
    let mut scene = scene.crashes();
    scene.passes(60.0);
    assert_eq!(scene.executions.len(), 0, "{executions:?}: {}", scene.story);
}

#[test]
fn what_nobody_saw_end_comes_to_what_the_step_says() {
    for end in [CommandEnd::Unseen, CommandEnd::Cancelled] {
        let check = |after_crash: AfterCrash, is_up: bool, runs: usize, ended: &str| {
            let mut flow = Flow::new("heal", row(&["a"]));
            define(&mut flow, |definition| definition.steps[0].after_crash = after_crash.clone());
            let mut scene = with_monitors(flow, vec![Monitor { enabled: false, ..monitor("page", None) }]);
            scene.command_lasts = true;
            asks(&mut scene);
            let mut scene = scene.crashes();
            scene.is_up = is_up;
            scene.command_lasts = true;
            scene.passes(1.0);
            scene.command_called_ends("a", end.clone());
            scene.command_lasts = false;
            if runs == 2 {
                scene.command_ends();
            }
            assert_eq!(scene.executions.len(), runs, "{after_crash:?}: {}", scene.story);
            assert!(scene.story.contains(ended), "{after_crash:?}: {}", scene.story);
        };
        check(AfterCrash::Fail, true, 1, "heal crashed at a");
        check(AfterCrash::Rerun, true, 2, "heal succeeded");
        check(AfterCrash::Check("page".into()), true, 1, "heal succeeded");
        check(AfterCrash::Check("page".into()), false, 1, "heal crashed at a");
        check(AfterCrash::Check("gone".into()), true, 1, "heal crashed at a");
    }
}

#[test]
fn a_program_is_restarted_once_whenever_estatus_is_killed() {
    let action = StepAction::Program { action: ProgramAction::Restart, program: "web".into() };
    let mut scene = scene(Flow::new("heal", vec![Step::new("restart", action, vec![])]));
    scene.applies(|config| {
        let slow = estatus_core::program::Program { ready: Some(Ready::Notify), ..program("web") };
        config.programs = vec![Arc::new(slow)];
    });
    let start = scene.running["web"];
    scene.happens("web", estatus_core::program::ProgramEvent::Ready { start });
    scene.passes(20.0);
    scene.take();
    asks(&mut scene);
    assert_eq!((count(&scene.story, "stop web"), count(&scene.story, "start web")), (1, 1), "{}", scene.story);
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert_eq!((count(&scene.story, "stop web"), count(&scene.story, "start web")), (0, 0), "{}", scene.story);
    assert!(scene.story.contains("heal succeeded"), "{}", scene.story);
}

fn remedy() -> Option<Remedy> {
    Some(Remedy { tries: 2, ..Remedy::new(RemedyAction::Flow("heal".into())) })
}

fn goes_down(scene: &mut Scene) {
    scene.is_up = false;
    scene.passes(30.0);
}

#[test]
fn many_monitors_that_fail_at_once_are_healed_by_one_run() {
    let monitors: Vec<Monitor> = (0..100).map(|n| monitor(&format!("m{n}"), remedy())).collect();
    let mut scene = with_monitors(Flow::new("heal", row(&["a"])), monitors);
    scene.command_lasts = true;
    goes_down(&mut scene);
    assert_eq!(count(&scene.story, "run a"), 1, "{}", scene.story);
    assert_eq!(goes_on(&scene).unwrap().run.heals.len(), 100);
    scene.is_up = true;
    scene.command_called_ends("a", CommandEnd::Exited(0));
    scene.passes(30.0);
    assert_eq!(count(&scene.story, "remedy healed"), 100, "{}", scene.story);
    assert_eq!(count(&scene.story, "run a"), 1, "{}", scene.story);
    assert!(scene.core.open_incidents().next().is_none());
}

#[test]
fn what_is_told_of_a_flow_answers_nothing_that_was_told_of_a_program_of_its_name() {
    let mut scene = scene(Flow::new("web", row(&["a"])));
    while count(&scene.story, "mail cooling") == 0 {
        if scene.running.contains_key("web") {
            scene.exits("web", Exit::Code(1));
        }
        scene.passes(1.0);
    }
    scene.exits.insert("a", 1);
    scene.asks(Ask::RunFlow { flow: "web".to_owned() });
    scene.passes(30.0);
    let mails: Vec<&str> = scene.story.lines().filter_map(|line| Some(line.split_once(" mail ")?.1)).collect();
    assert_eq!(mails, ["cooling", "failed"], "{}", scene.story);
}

#[test]
fn a_run_that_fails_is_a_try_that_failed_and_the_incident_tells_of_it() {
    let mut scene = with_monitors(Flow::new("heal", row(&["a"])), vec![monitor("page", remedy())]);
    scene.exits.insert("a", 1);
    goes_down(&mut scene);
    scene.passes(300.0);
    let story = scene.take();
    assert_eq!(count(&story, "remedy not_done flow_failed"), 2, "{story}");
    assert_eq!((count(&story, "mail failed"), count(&story, "mail escalated")), (0, 1), "{story}");
}

#[test]
fn a_remedy_goes_on_over_a_crash_with_the_run_that_it_began() {
    for ended_meanwhile in [false, true] {
        let mut scene = with_monitors(Flow::new("heal", row(&["a"])), vec![monitor("page", remedy())]);
        scene.command_lasts = true;
        goes_down(&mut scene);
        if ended_meanwhile {
            scene.command_called_ends("a", CommandEnd::Exited(0));
        }
        let mut scene = scene.crashes();
        scene.command_lasts = true;
        scene.is_up = ended_meanwhile;
        scene.passes(5.0);
        if !ended_meanwhile {
            scene.is_up = true;
            scene.command_called_ends("a", CommandEnd::Exited(0));
        }
        scene.passes(60.0);
        assert_eq!(count(&scene.story, "remedy healed"), 1, "{ended_meanwhile}: {}", scene.story);
        assert_eq!(count(&scene.story, "heal running"), 0, "{ended_meanwhile}: {}", scene.story);
    }
}

#[test]
fn a_remedy_whose_flow_is_off_or_spent_is_given_up_at_once() {
    let spent = Flow { budget: Some(Budget { runs: 1, within: seconds(3600.0) }), ..Flow::new("heal", row(&["a"])) };
    let off = Flow { enabled: false, ..Flow::new("heal", row(&["a"])) };
    for (flow, why) in [(spent, "flow_suppressed"), (off, "flow_off")] {
        let mut scene = with_monitors(flow, vec![monitor("page", remedy())]);
        goes_down(&mut scene);
        scene.passes(120.0);
        assert_eq!(count(&scene.story, &format!("remedy not_done {why}")), 1, "{}", scene.story);
        let escalated = scene.core.open_incidents().filter(|incident| incident.escalated.is_some()).count();
        assert_eq!((escalated, count(&scene.story, "mail down")), (1, 1), "{}", scene.story);
    }
}

#[test]
fn a_run_keeps_the_definition_that_it_began_with() {
    let mut scene = scene(Flow::new("heal", row(&["a", "b"])));
    scene.command_lasts = true;
    asks(&mut scene);
    scene.applies(|config| config.flows = vec![Arc::new(Flow::new("heal", row(&["x"])))]);
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert_eq!((count(&scene.story, "run b"), count(&scene.story, "run x")), (1, 0), "{}", scene.story);
    asks(&mut scene);
    assert_eq!(count(&scene.story, "run x"), 1, "{}", scene.story);
}

#[test]
fn a_flow_that_is_taken_out_ends_its_runs_and_one_that_is_put_back_is_there_again() {
    for crashes in [false, true] {
        let flow = Flow { overlap: Overlap::Queue, ..Flow::new("heal", row(&["a"])) };
        let mut scene = scene(flow.clone());
        scene.command_lasts = true;
        asks(&mut scene);
        asks(&mut scene);
        if crashes {
            scene.config = Arc::new(estatus_core::config::Config { flows: Vec::new(), ..(*scene.config).clone() });
            scene = scene.crashes();
            scene.command_lasts = true;
            scene.passes(0.0);
        } else {
            scene.applies(|config| config.flows.clear());
        }
        assert_eq!(count(&scene.story, "heal cancelled"), 2, "{crashes}: {}", scene.story);
        assert_eq!((scene.commands.len(), scene.core.open_runs().len()), (0, 0), "{crashes}: {}", scene.story);
        assert_eq!(scene.core.flow("heal"), None);
        scene.applies(|config| config.flows.push(Arc::new(flow.clone())));
        scene.command_lasts = false;
        asks(&mut scene);
        assert!(scene.story.contains("heal succeeded"), "{}", scene.story);
    }
}

#[test]
fn nothing_is_begun_once_estatus_quits() {
    let mut scene = scene(Flow::new("heal", row(&["a", "b"])));
    scene.command_lasts = true;
    asks(&mut scene);
    scene.input(Input::Quitting);
    scene.command_called_ends("a", CommandEnd::Exited(0));
    assert_eq!(count(&scene.story, "run b"), 0, "{}", scene.story);
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert_eq!((count(&scene.story, "run a"), count(&scene.story, "run b")), (0, 1), "{}", scene.story);
    assert!(scene.story.contains("heal succeeded"), "{}", scene.story);
}

/// A run that was taken and not written down would be lost with this life of Estatus.
#[test]
fn what_is_asked_for_while_estatus_quits_is_refused() {
    let mut scene = scene(Flow::new("heal", row(&["a"])));
    scene.command_lasts = true;
    asks(&mut scene);
    let record = goes_on(&scene).unwrap();
    scene.command_called_ends("a", CommandEnd::Exited(0));
    scene.input(Input::Quitting);
    scene.take();
    let web = || "web".to_owned();
    let asks = [
        Ask::RunFlow { flow: "heal".to_owned() },
        Ask::StartProgram { program: web() },
        Ask::RestartProgram { program: web() },
        Ask::StopProgram { program: web() },
        Ask::Snooze { monitor: None, until: None },
        Ask::CheckNow { monitor: None },
    ];
    let now = at(scene.now);
    for ask in asks {
        assert_eq!(scene.core.handle(Input::Asked(ask.clone()), now), Err(AskError::Quits), "{ask}");
    }
    let again = Input::Repeat { record: Box::new(record), how: Repeat::default() };
    assert_eq!(scene.core.handle(again, now), Err(AskError::Quits));
    scene.passes(0.0);
    told(&mut scene, &[]);
    assert_eq!(scene.core.open_runs(), []);
}

#[test]
fn why_a_step_failed_is_known_with_what_it_wrote() {
    let steps = vec![Step::new("look", StepAction::Check { monitor: "gone".into() }, vec![])];
    let mut scene = scene(Flow::new("heal", steps));
    asks(&mut scene);
    let failed = scene.take();
    assert!(failed.contains("heal failed at look"), "{failed}");
    scene.applies(|config| {
        let mut flow = Flow::new("heal", row(&["a"]));
        define(&mut flow, |definition| {
            definition.steps[0].retry =
                Some(Retry { times: 1, wait: seconds(60.0), max_wait: seconds(60.0), on: vec![] });
        });
        config.flows = vec![Arc::new(flow)];
    });
    scene.exits.insert("a", 7);
    asks(&mut scene);
    let record = goes_on(&scene).unwrap();
    assert_eq!(record.run.cause, RunCause::Asked);
    assert_eq!(record.steps[0].error, Some(StepError::Ended { exit: Exit::Code(7) }));
    assert_eq!((record.steps[0].attempts, record.steps[0].exit), (1, Some(Exit::Code(7))));
}

#[test]
fn the_run_that_somebody_asked_for_is_known_though_a_step_of_it_begins_another_at_once() {
    let steps = vec![Step::new("all", StepAction::Flow { flow: "part".into() }, vec![])];
    let mut scene = scene(Flow::new("heal", steps));
    scene.applies(|config| config.flows.push(Arc::new(Flow::new("part", row(&["a"])))));
    asks(&mut scene);
    assert_eq!(scene.core.asked_run(), RunId(1));
    assert!(scene.take().contains("part succeeded"));
}
