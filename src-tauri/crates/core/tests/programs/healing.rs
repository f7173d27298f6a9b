//! Remedies start, stop and restart programs, and must be seen to help.

use estatus_core::{
    config::{AlertWhen, Monitor},
    exit::Exit,
    program::{Program, RestartPolicy, RestartWhen},
    remedy::{Remedy, RemedyAction},
};

use crate::scene::{Scene, count, line, monitor, program, restart, seconds};

#[test]
fn a_remedy_restarts_the_program_and_the_same_monitor_must_pass() {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
    scene.passes(100.0);
    scene.take();
    scene.is_up = false;
    scene.passes(10.0);
    assert_eq!(count(&scene.story, "remedy begins"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "start web"), 1, "{}", scene.story);
    scene.is_up = true;
    scene.passes(10.0);
    assert_eq!(count(&scene.story, "remedy healed"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "health up"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail recovered"), 1, "one mail tells both: {}", scene.story);
    assert_eq!(count(&scene.story, "mail"), 1, "{}", scene.story);
}

#[test]
fn a_remedy_can_stop_a_program_which_then_stays_stopped() {
    let stop = Some(Remedy::new(RemedyAction::Stop("web".into())));
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", stop)]);
    scene.passes(100.0);
    scene.is_up = false;
    scene.passes(12.0);
    assert_eq!(count(&scene.story, "stop web"), 1, "{}", scene.story);
    scene.is_up = true;
    scene.passes(600.0);
    assert_eq!(count(&scene.story, "remedy healed"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "start web"), 1, "{}", scene.story);
}

#[test]
fn failures_of_its_monitors_are_put_down_to_a_program_that_has_just_started() {
    let check = |is_up_after: f64, healths: usize| {
        let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
        scene.is_up = false;
        scene.passes(is_up_after);
        scene.is_up = true;
        scene.passes(60.0);
        assert_eq!(count(&scene.story, "health down"), healths, "{is_up_after} s: {}", scene.story);
        assert_eq!(count(&scene.story, "start web"), 1 + healths, "{is_up_after} s: {}", scene.story);
    };
    check(50.0, 0);
    check(85.0, 1);
}

#[test]
fn what_a_program_wrote_before_it_ended_is_told_with_the_remedy_that_starts_it() {
    let restart = RestartPolicy { when: RestartWhen::Never, ..RestartPolicy::default() };
    let start = Some(Remedy::new(RemedyAction::Start("web".into())));
    let mut scene = Scene::new(vec![Program { restart, ..program("web") }], vec![monitor("page", start)]);
    scene.passes(100.0);
    scene.exits("web", Exit::Code(1));
    scene.is_up = false;
    scene.passes(12.0);
    assert_eq!(count(&scene.story, "remedy begins after last words"), 1, "{}", scene.story);
    scene.is_up = true;
    scene.passes(12.0);
    assert_eq!(count(&scene.story, "remedy healed after last words"), 1, "{}", scene.story);
}

#[test]
fn a_healed_incident_is_not_told_where_only_unhealed_ones_are() {
    let page = Monitor { alert_when: AlertWhen::Unhealed, ..monitor("page", restart("web")) };
    let mut scene = Scene::new(vec![program("web")], vec![page]);
    scene.passes(100.0);
    scene.is_up = false;
    scene.passes(12.0);
    scene.is_up = true;
    scene.passes(300.0);
    assert_eq!(count(&scene.story, "remedy healed"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail"), 0, "{}", scene.story);
}

#[test]
fn what_no_try_heals_escalates_within_its_budget() {
    let check = |alert_when, wanted: &[&str]| {
        let page = Monitor { alert_when, ..monitor("page", restart("web")) };
        let mut scene = Scene::new(vec![program("web")], vec![page]);
        scene.passes(100.0);
        scene.is_up = false;
        scene.passes(1000.0);
        assert_eq!(count(&scene.story, "remedy begins"), 3, "{}", scene.story);
        assert_eq!(count(&scene.story, "remedy still_down"), 3, "{}", scene.story);
        assert!(scene.core.open_incidents().all(|incident| incident.escalated.is_some()));
        let mails: Vec<&str> =
            scene.story.lines().filter_map(|line| line.split_once(' ')?.1.strip_prefix("mail ")).collect();
        assert_eq!(mails, wanted, "{}", scene.story);
    };
    check(AlertWhen::Always, &["down", "escalated in answer"]);
    check(AlertWhen::Unhealed, &["down"]);
}

#[test]
fn a_command_heals_or_fails_with_its_exit_code() {
    let check = |exit, wanted: &str| {
        let action = RemedyAction::Run { command: line("mend"), timeout: seconds(5.0) };
        let remedy = Some(Remedy { tries: 1, ..Remedy::new(action) });
        let mut scene = Scene::new(vec![], vec![monitor("page", remedy)]);
        scene.command_exit = exit;
        scene.passes(20.0);
        scene.is_up = false;
        scene.passes(60.0);
        assert_eq!(count(&scene.story, "run mend"), 1, "{}", scene.story);
        assert_eq!(count(&scene.story, wanted), 1, "{}", scene.story);
    };
    check(0, "remedy still_down");
    check(3, "remedy not_done command");
}

#[test]
fn a_program_that_is_cooling_is_no_remedy() {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
    scene.passes(20.0);
    scene.is_up = false;
    for _ in 0..10 {
        if scene.running.contains_key("web") {
            scene.exits("web", Exit::Code(1));
        }
        scene.passes(9.0);
    }
    assert_eq!(count(&scene.story, "remedy not_done cooling"), 1, "{}", scene.story);
    assert!(scene.core.open_incidents().all(|incident| incident.escalated.is_some()));
}

#[test]
fn a_try_that_estatus_did_not_live_to_see_is_counted_and_the_next_one_made() {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
    scene.passes(100.0);
    scene.is_up = false;
    scene.passes(15.0);
    let mut scene = scene.crashes();
    scene.passes(300.0);
    assert_eq!(count(&scene.story, "remedy not_done interrupted"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "remedy begins"), 2, "{}", scene.story);
    assert!(scene.core.open_incidents().all(|incident| incident.escalated.is_some()));
}
