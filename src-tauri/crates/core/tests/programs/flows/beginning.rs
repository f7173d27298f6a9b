//! When a run begins, waits for its turn or is left out.

use estatus_core::{
    flow::{CatchUp, Schedule},
    maintenance::Cron,
};

use super::*;

#[test]
fn runs_that_overlap_are_left_out_wait_or_take_the_place_of_the_other() {
    let begun = |overlap| {
        let mut scene = scene(Flow { overlap, ..Flow::new("heal", row(&["a"])) });
        scene.command_lasts = true;
        asks(&mut scene);
        scene
    };
    let mut scene = begun(Overlap::Skip);
    let refused = scene.core.handle(Input::Asked(Ask::RunFlow { flow: "heal".to_owned() }), at(scene.now));
    assert_eq!(refused, Err(AskError::FlowRuns("heal".to_owned())));

    let mut scene = begun(Overlap::Queue);
    asks(&mut scene);
    asks(&mut scene);
    assert_eq!((count(&scene.story, "heal queued"), scene.commands.len()), (2, 1), "{}", scene.story);
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert_eq!(count(&scene.story, "heal succeeded"), 3, "they wait over a crash: {}", scene.story);

    let mut scene = begun(Overlap::Replace);
    asks(&mut scene);
    assert!(scene.story.contains("step a cancelled") && scene.story.contains("heal cancelled"), "{}", scene.story);
    assert_eq!((scene.commands.len(), count(&scene.story, "run a")), (1, 2), "{}", scene.story);
    scene.asks(Ask::CancelRun { run: RunId(2) });
    assert_eq!((goes_on(&scene), scene.commands.len()), (None, 0), "{}", scene.story);
}

#[test]
fn a_schedule_begins_runs_and_what_was_missed_is_caught_up_as_asked() {
    let hourly = || Flow { schedule: Some(Schedule::Interval(seconds(3600.0))), ..Flow::new("heal", row(&["a"])) };
    let mut begun = scene(hourly());
    begun.passes(3599.0);
    assert_eq!(count(&begun.story, "run a"), 0);
    begun.passes(2.0);
    assert_eq!(count(&begun.story, "run a"), 1);
    begun.passes(36_000.0);
    assert_eq!(count(&begun.story, "run a"), 11);
    let missed = |catch_up: CatchUp, runs: usize| {
        let mut scene = scene(Flow { catch_up, ..hourly() });
        scene.passes(5000.0);
        let now = scene.now;
        let (restored, config) = (scene.core.snapshot(), Arc::clone(&scene.config));
        let mut scene = Scene::with(config, restored, now + seconds(10_000.0));
        scene.passes(1.0);
        assert_eq!(count(&scene.story, "run a"), runs, "{catch_up:?}: {}", scene.story);
        scene.passes(3600.0);
        assert_eq!(count(&scene.story, "run a"), runs + 1, "{catch_up:?}: {}", scene.story);
    };
    missed(CatchUp::None, 0);
    missed(CatchUp::Latest, 1);
    missed(CatchUp::All, 3);
}

#[test]
fn what_is_caught_up_with_and_waits_is_on_disk_though_estatus_dies_before_its_turn() {
    let schedule = Some(Schedule::Interval(seconds(3600.0)));
    let mut scene = scene(Flow { schedule, catch_up: CatchUp::All, ..Flow::new("heal", row(&["a"])) });
    scene.passes(5000.0);
    let (restored, config) = (scene.core.snapshot(), Arc::clone(&scene.config));
    let mut scene = Scene::with(config, restored, scene.now + seconds(10_000.0));
    scene.command_lasts = true;
    scene.passes(1.0);
    let waits = scene.core.open_runs();
    assert_eq!(waits.len(), 3, "{}", scene.story);
    for record in waits {
        assert!(scene.definitions.contains_key(&record.run.id), "{record:?} is not written down: {}", scene.story);
    }
}

#[test]
fn a_flow_with_a_cron_schedule_says_when_it_is_due_and_one_that_is_disabled_is_not() {
    let cron = Cron::parse("0 4 * * *", "UTC").unwrap();
    let flow = Flow { schedule: Some(Schedule::Cron(cron)), ..Flow::new("heal", row(&["a"])) };
    let mut scene = scene(flow.clone());
    let next = |scene: &Scene| scene.core.flow("heal").unwrap().next.map(|next| next.to_string());
    assert_eq!(next(&scene).as_deref(), Some("2023-11-15T04:00:00Z"));
    scene.applies(|config| config.flows = vec![Arc::new(Flow { enabled: false, ..flow.clone() })]);
    assert_eq!(next(&scene), None);
    scene.passes(100_000.0);
    assert_eq!(count(&scene.story, "run a"), 0);
    asks(&mut scene);
    assert_eq!(count(&scene.story, "run a"), 1, "whoever asks for it is given it");
}

#[test]
fn more_runs_than_the_budget_allows_are_not_begun_and_that_is_told_once() {
    let budget = Some(Budget { runs: 3, within: seconds(3600.0) });
    let schedule = Some(Schedule::Interval(seconds(60.0)));
    let mut scene = scene(Flow { budget, schedule, ..Flow::new("heal", row(&["a"])) });
    scene.passes(3500.0);
    assert_eq!(count(&scene.story, "run a"), 3, "{}", scene.story);
    assert_eq!(count(&scene.story, "heal suppressed"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail suppressed"), 1, "{}", scene.story);
    asks(&mut scene);
    assert_eq!(count(&scene.story, "run a"), 4, "what somebody asks for is not counted");
    scene.passes(3600.0);
    assert_eq!(count(&scene.story, "run a"), 7, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail suppressed"), 2, "{}", scene.story);
}

#[test]
fn the_budget_counts_what_begins_when_it_does() {
    let budget = Some(Budget { runs: 1, within: seconds(3600.0) });
    let schedule = Some(Schedule::Interval(seconds(1000.0)));
    let steps = vec![Step::new("a", StepAction::Run { command: line("a"), timeout: seconds(90_000.0) }, vec![])];
    let mut scene = scene(Flow { budget, schedule, overlap: Overlap::Queue, ..Flow::new("heal", steps) });
    scene.command_lasts = true;
    asks(&mut scene);
    let queued = |scene: &Scene| scene.core.flow("heal").unwrap().queued;
    scene.passes(1500.0);
    assert_eq!((queued(&scene), count(&scene.story, "heal suppressed")), (1, 0), "{}", scene.story);
    scene.passes(1000.0);
    assert_eq!((queued(&scene), count(&scene.story, "heal suppressed")), (1, 1), "it would be one too many");
    let waits = scene.core.open_runs().into_iter().find(|record| record.run.state == RunState::Queued).unwrap();
    scene.asks(Ask::CancelRun { run: waits.run.id });
    scene.passes(1000.0);
    assert_eq!(queued(&scene), 1, "what never began costs nothing: {}", scene.story);
    let mut scene = scene.crashes();
    scene.command_lasts = true;
    scene.passes(0.0);
    scene.take();
    scene.command_called_ends("a", CommandEnd::Exited(0));
    assert_eq!(queued(&scene), 0, "it begins: {}", scene.story);
    scene.command_called_ends("a", CommandEnd::Exited(0));
    scene.passes(3590.0);
    assert_eq!(count(&scene.story, "run a"), 1, "the budget is used up since then: {}", scene.story);
    scene.passes(1010.0);
    assert_eq!(count(&scene.story, "run a"), 2, "{}", scene.story);
}
