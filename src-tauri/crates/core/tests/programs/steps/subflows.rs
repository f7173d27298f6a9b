//! Steps that run other flows.

use super::*;

fn two(steps: Vec<Step>, inner: Flow) -> Scene {
    scene([Flow::new("outer", steps), inner])
}

#[test]
fn a_step_runs_another_flow_and_succeeds_or_fails_with_it() {
    let steps = || row([("first", other("inner")), ("then", run("then"))]);
    let mut scene = two(steps(), Flow::new("inner", row([("a", run("a"))])));
    scene.command_lasts = true;
    begin(&mut scene, "outer");
    assert_eq!(goes_on(&scene, "outer").unwrap().steps[0].run, Some(RunId(2)));
    let cause = goes_on(&scene, "inner").unwrap().run.cause;
    assert!(matches!(&cause, RunCause::Step(step) if step.run == RunId(1) && *step.step == *"first"), "{cause:?}");
    scene.command_called_ends("a", CommandEnd::Exited(0));
    scene.command_called_ends("then", CommandEnd::Exited(0));
    assert_eq!(last(&scene, "outer"), RunState::Succeeded, "{}", scene.story);

    let mut scene = two(steps(), Flow::new("inner", row([("a", run("a"))])));
    scene.exits.insert("a", 3);
    begin(&mut scene, "outer");
    scene.passes(60.0);
    let record = ended(&scene, 1);
    let error = record.steps[0].error.clone();
    assert!(
        matches!(&error, Some(StepError::Flow { error: RemedyError::FlowFailed { flow, failed: Some(failed) } })
            if flow == "inner" && failed.step == "a"),
        "{error:?}"
    );
    assert_eq!(count(&scene.story, "mail failed"), 1, "the outer run tells of both: {}", scene.story);
}

#[test]
fn a_flow_within_a_flow_goes_on_over_a_crash_and_is_begun_once() {
    for ended_meanwhile in [false, true] {
        let inner = Flow::new("inner", row([("a", run("a"))]));
        let mut scene = two(row([("first", other("inner")), ("then", run("then"))]), inner);
        scene.command_lasts = true;
        begin(&mut scene, "outer");
        if ended_meanwhile {
            scene.command_called_ends("a", CommandEnd::Exited(0));
        }
        let mut scene = scene.crashes();
        scene.passes(5.0);
        assert_eq!(last(&scene, "outer"), RunState::Succeeded, "{ended_meanwhile}: {}", scene.story);
        assert_eq!(scene.core.snapshot().last_run, Some(RunId(2)), "{ended_meanwhile}: {}", scene.story);
    }
}

/// What a step runs is over as soon as Estatus goes on with it, whichever of the two flows that hears of first.
#[test]
fn a_flow_within_a_flow_that_ends_as_estatus_starts_again_is_not_begun_once_more() {
    for outer_first in [false, true] {
        let wait = StepAction::Wait { lasts: seconds(30.0) };
        let inner = Flow::new("inner", row([("a", run("a")), ("wait", wait)]));
        let mut flows = vec![inner, Flow::new("outer", row([("first", other("inner")), ("then", run("then"))]))];
        if outer_first {
            flows.reverse();
        }
        let mut scene = scene(flows);
        begin(&mut scene, "outer");
        scene.passes(1.0);
        assert_eq!(goes_on(&scene, "outer").unwrap().steps[0].run, Some(RunId(2)), "{}", scene.story);
        scene.now += seconds(60.0);
        let mut scene = scene.crashes();
        scene.passes(5.0);
        assert_eq!(last(&scene, "outer"), RunState::Succeeded, "{outer_first}: {}", scene.story);
        assert_eq!(count(&scene.story, "run a"), 0, "{outer_first}: {}", scene.story);
        assert_eq!(scene.core.snapshot().last_run, Some(RunId(2)), "{outer_first}: {}", scene.story);
    }
}

/// The first that an engine hears of is that the command has ended: nobody has looked for anything before.
#[test]
fn a_flow_within_a_flow_whose_end_is_the_first_news_after_a_crash_is_not_begun_once_more() {
    for outer_first in [false, true] {
        let mut flows =
            vec![Flow::new("inner", row([("a", run("a"))])), Flow::new("outer", row([("all", other("inner"))]))];
        if outer_first {
            flows.reverse();
        }
        let mut scene = scene(flows);
        scene.applies(|config| config.programs.clear());
        scene.command_lasts = true;
        begin(&mut scene, "outer");
        let mut scene = scene.crashes();
        scene.passes(0.0);
        assert_eq!(last(&scene, "outer"), RunState::Succeeded, "{outer_first}: {}", scene.story);
        assert_eq!(count(&scene.story, "run a"), 1, "{outer_first}: {}", scene.story);
        assert_eq!(scene.core.snapshot().last_run, Some(RunId(2)), "{outer_first}: {}", scene.story);
    }
}

/// That its run is over was lost, or never told.
#[test]
fn a_step_whose_run_is_nowhere_after_a_crash_does_not_begin_another_unless_it_may() {
    for (after_crash, ends, runs) in
        [(AfterCrash::Fail, RunState::Crashed, 2), (AfterCrash::Rerun, RunState::Succeeded, 3)]
    {
        let mut steps = row([("all", other("inner"))]);
        steps[0].after_crash = after_crash;
        let mut scene = two(steps, Flow::new("inner", row([("a", run("a"))])));
        scene.command_lasts = true;
        begin(&mut scene, "outer");
        let mut restored = scene.core.snapshot();
        restored.runs.retain(|record| *record.run.flow == *"outer");
        let mut scene = Scene::with(scene.config, restored, scene.now);
        scene.passes(5.0);
        assert_eq!(last(&scene, "outer"), ends, "{}", scene.story);
        assert_eq!(scene.core.snapshot().last_run, Some(RunId(runs)), "{}", scene.story);
    }
}

#[test]
fn who_cancels_a_run_cancels_what_it_runs_and_who_cancels_that_fails_the_step() {
    let steps = || row([("first", other("inner"))]);
    let inner = || Flow::new("inner", row([("a", run("a"))]));
    let mut scene = two(steps(), inner());
    scene.command_lasts = true;
    begin(&mut scene, "outer");
    scene.asks(Ask::CancelRun { run: RunId(1) });
    assert_eq!((last(&scene, "outer"), last(&scene, "inner")), (RunState::Cancelled, RunState::Cancelled));
    assert_eq!(scene.commands.len(), 0, "{}", scene.story);

    let mut scene = two(steps(), inner());
    scene.command_lasts = true;
    begin(&mut scene, "outer");
    scene.asks(Ask::CancelRun { run: RunId(2) });
    assert_eq!((last(&scene, "outer"), last(&scene, "inner")), (RunState::Failed, RunState::Cancelled));
}

#[test]
fn a_flow_within_a_flow_waits_for_its_turn_and_keeps_to_its_budget() {
    let inner = Flow { overlap: Overlap::Skip, ..Flow::new("inner", row([("a", run("a"))])) };
    let mut scene = two(row([("first", other("inner"))]), inner.clone());
    scene.command_lasts = true;
    begin(&mut scene, "inner");
    begin(&mut scene, "outer");
    assert_eq!(goes_on(&scene, "outer").unwrap().steps[0].run, Some(RunId(3)), "{}", scene.story);
    scene.command_called_ends("a", CommandEnd::Exited(0));
    scene.command_called_ends("a", CommandEnd::Exited(0));
    assert_eq!(last(&scene, "outer"), RunState::Succeeded, "{}", scene.story);

    let spent = Flow { budget: Some(Budget { runs: 1, within: seconds(3600.0) }), ..inner.clone() };
    let off = Flow { enabled: false, ..inner };
    for (inner, runs) in [(spent, 2), (off, 1)] {
        let mut scene = two(row([("first", other("inner"))]), inner);
        for _ in 0..runs {
            begin(&mut scene, "outer");
            scene.passes(1.0);
        }
        let record = ended(&scene, scene.core.snapshot().last_run.unwrap().0 - u64::from(runs == 2));
        assert_eq!(record.run.state, RunState::Failed, "{record:?} {}", scene.story);
    }
}

#[test]
fn flows_that_come_to_run_each_other_by_an_edit_end_in_a_failure() {
    let inner = Flow::new("inner", row([("wait", run("a")), ("back", other("outer"))]));
    let mut scene = two(row([("first", other("inner"))]), inner);
    begin(&mut scene, "outer");
    scene.passes(1.0);
    let record = ended(&scene, 2);
    let error = record.steps[1].error.clone();
    assert!(matches!(error, Some(StepError::Flow { error: RemedyError::FlowCircle { .. } })), "{error:?}");
    assert_eq!((last(&scene, "outer"), last(&scene, "inner")), (RunState::Failed, RunState::Failed));
}

#[test]
fn what_is_taken_out_of_the_configuration_fails_the_step_that_runs_it() {
    for crashes in [false, true] {
        let mut scene = two(row([("first", other("inner"))]), Flow::new("inner", row([("a", run("a"))])));
        scene.command_lasts = true;
        begin(&mut scene, "outer");
        if crashes {
            let flows = scene.config.flows.iter().filter(|flow| *flow.name == *"outer").cloned().collect();
            scene.config = Arc::new(estatus_core::config::Config { flows, ..(*scene.config).clone() });
            scene = scene.crashes();
            scene.passes(1.0);
        } else {
            scene.applies(|config| config.flows.retain(|flow| *flow.name == *"outer"));
        }
        assert_eq!(last(&scene, "outer"), RunState::Failed, "{crashes}: {}", scene.story);
        assert_eq!(scene.core.open_runs().len(), 0, "{crashes}: {}", scene.story);
    }
}

#[test]
fn a_step_whose_flow_lacked_a_secret_runs_it_again_as_soon_as_that_is_entered() {
    let check = |end: CommandEnd, secret: &str, runs: usize| {
        let work = StepAction::Run { command: with_token("work"), timeout: seconds(60.0) };
        let middle = Flow::new("middle", row([("deeper", other("inner"))]));
        let mut scene = scene([tried_again(other("middle")), middle, Flow::new("inner", row([("a", work)]))]);
        scene.command_lasts = true;
        begin(&mut scene, "heal");
        scene.command_called_ends("work", end.clone());
        scene.passes(10.0);
        assert_eq!(goes_on(&scene, "heal").unwrap().steps[0].state, StepState::Retrying, "{}", scene.story);
        entered(&mut scene, secret);
        assert_eq!(count(&scene.story, "run work"), runs, "{end:?} {secret}: {}", scene.story);
    };
    check(lacks(), "token", 2);
    check(lacks(), "another", 1);
    // It had it.
    check(CommandEnd::Exited(1), "token", 1);
}
