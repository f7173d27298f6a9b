//! What is told, when, and together with what.

use super::*;

#[test]
fn an_incident_is_told_with_all_that_is_known_and_can_be_done() {
    let mut tray = Tray::attached(monitors(&[("web", Health::Up)]));
    let healed = estatus_api::MonitorState { heals: Some("vite".into()), ..monitor("web", Health::Down) };
    let _ = tray.event(Event::Monitor(healed));
    let then = tray.event(Event::Incident(incident(1, "web", &noon())));
    assert_eq!(then, ControlFlow::WakeIn(Duration::from_millis(500)));
    assert_eq!(tray.later(500), ControlFlow::Wait);
    let shown = &tray.controller.desktop.shown[0];
    assert_eq!(shown.title, "web is down");
    assert_eq!(shown.body, "connection refused\nSince 14:02.\nEstatus will try to fix vite.");
    assert_eq!(
        (&shown.about, &shown.click),
        (&About::Incident(IncidentId(1)), &Action::Open(Page::Incident(IncidentId(1))))
    );
    let buttons: Vec<&str> = shown.buttons.iter().map(|button| button.text.as_str()).collect();
    assert_eq!(buttons, ["Restart vite", "Open", "Snooze 1 h", "Acknowledge"]);
}

#[test]
fn what_estatus_does_about_it_takes_the_place_of_what_was_told() {
    let mut tray = Tray::attached(monitors(&[("web", Health::Up)]));
    tray.goes_down(1, "web");
    let _ = tray.later(500);
    let mut check = |attempts: Vec<estatus_api::AttemptState>, given_up: bool, last_line: &str| {
        let escalated = given_up.then(|| noon().timestamp());
        let _ = tray.event(Event::Incident(estatus_api::IncidentState {
            attempts,
            escalated,
            ..incident(1, "web", &noon())
        }));
        let _ = tray.later(500);
        let shown = tray.controller.desktop.shown.last().unwrap();
        assert_eq!((shown.body.lines().last(), shown.urgent), (Some(last_line), given_up));
        assert_eq!(shown.about, About::Incident(IncidentId(1)));
    };
    let tried = || attempt("restarted vite", Some("still down"));
    check(
        vec![attempt("restarted vite", None)],
        false,
        "Remedy: restarted vite. Estatus is checking whether it helped.",
    );
    check(vec![tried()], false, "Remedy: restarted vite – still down. Estatus tries again.");
    check(
        vec![tried(), tried()],
        true,
        "The remedy failed after 2 attempts. The last attempt: restarted vite – still down.",
    );
    tray.now = tray.now.checked_add(72.minutes()).unwrap();
    tray.comes_back(1, "web");
    let _ = tray.later(500);
    let shown = tray.controller.desktop.shown.last().unwrap();
    assert_eq!((shown.title.as_str(), shown.urgent, shown.buttons.len()), ("web is up again", false, 0));
    assert_eq!(shown.body, "It was down from 14:02 to 15:14 (1 h 12 min).\nRemedy: restarted vite.");
}

#[test]
fn what_was_there_before_is_not_told_nor_its_end() {
    let snapshot = Snapshot { incidents: vec![incident(1, "a", &noon())], ..monitors(&[("a", Health::Down)]) };
    let mut tray = Tray::attached(snapshot);
    tray.comes_back(1, "a");
    let _ = tray.later(500);
    assert_eq!(tray.told(), [""; 0]);
}

#[test]
fn what_is_over_before_it_was_told_is_not_told() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    tray.goes_down(1, "a");
    let _ = tray.later(200);
    tray.comes_back(1, "a");
    let _ = tray.later(500);
    assert_eq!(tray.told(), [""; 0]);
}

#[test]
fn more_than_three_at_once_are_one() {
    let mut tray = Tray::attached(Snapshot::default());
    for (id, name) in [(1, "a"), (2, "b"), (3, "c")] {
        tray.goes_down(id, name);
    }
    let _ = tray.later(500);
    assert_eq!(tray.told(), ["a is down", "b is down", "c is down"]);
    for (id, name) in [(4, "d"), (5, "e"), (6, "f")] {
        tray.goes_down(id, name);
    }
    tray.comes_back(1, "a");
    let _ = tray.later(500);
    let shown = &tray.controller.desktop.shown;
    assert_eq!((shown[0].title.as_str(), shown.len()), ("6 changes at once", 1));
    assert_eq!(shown[0].body, "Down: b, c, d and 2 more.\nUp again: a.");
    assert!(tray.controller.desktop.closed.contains(&About::Incident(IncidentId(1))));
}

#[test]
fn what_comes_after_three_within_ten_seconds_joins_them_in_one() {
    let mut tray = Tray::attached(Snapshot::default());
    for (id, name) in [(1, "a"), (2, "b"), (3, "c")] {
        tray.goes_down(id, name);
        let _ = tray.later(2_000);
    }
    assert_eq!(tray.told(), ["a is down", "b is down", "c is down"]);
    tray.goes_down(4, "d");
    let _ = tray.later(500);
    let shown = &tray.controller.desktop.shown;
    assert_eq!((shown.len(), shown[0].body.as_str()), (1, "Down: a, b, c and 1 more."));
}

#[test]
fn after_many_the_next_ones_wait_for_ten_seconds_and_are_told_then() {
    let mut tray = Tray::attached(Snapshot::default());
    for (id, name) in [(1, "a"), (2, "b"), (3, "c"), (4, "d")] {
        tray.goes_down(id, name);
    }
    let _ = tray.later(500);
    assert_eq!(tray.told(), ["4 changes at once"]);
    let _ = tray.later(4_000);
    tray.goes_down(5, "e");
    assert_eq!(tray.later(500), ControlFlow::WakeIn(Duration::from_millis(5_500)));
    assert_eq!(tray.told(), [""; 0]);
    let _ = tray.later(5_500);
    assert_eq!(tray.told(), ["e is down"]);
}

#[test]
fn those_that_come_seldom_are_told_one_by_one() {
    let mut tray = Tray::attached(Snapshot::default());
    for id in 1..=5 {
        tray.goes_down(id, &format!("m{id}"));
        let _ = tray.later(4_000);
    }
    assert_eq!(tray.told(), ["m1 is down", "m2 is down", "m3 is down", "m4 is down", "m5 is down"]);
}

#[test]
fn an_acknowledged_incident_is_taken_away() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    tray.goes_down(1, "a");
    let _ = tray.later(500);
    let known = estatus_api::IncidentState { acknowledged: Some(noon().timestamp()), ..incident(1, "a", &noon()) };
    let _ = tray.event(Event::Incident(known));
    let _ = tray.later(500);
    assert_eq!(tray.controller.desktop.closed, [About::Incident(IncidentId(1))]);
    assert_eq!(tray.told(), ["a is down"]);
    // It is not told once more with others.
    for (id, name) in [(2, "b"), (3, "c"), (4, "d")] {
        tray.goes_down(id, name);
    }
    let _ = tray.later(500);
    assert_eq!(tray.told(), ["b is down", "c is down", "d is down"]);
}

#[test]
fn a_monitor_that_is_no_longer_checked_is_not_said_to_be_up() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    tray.goes_down(1, "a");
    let _ = tray.later(500);
    let _ = tray.event(Event::Monitor(monitor("a", Health::Paused)));
    tray.is_closed(1, None);
    let _ = tray.later(500);
    assert_eq!(tray.told(), ["a is down"]);
    assert_eq!(tray.controller.desktop.closed, [About::Incident(IncidentId(1))]);
}

#[test]
fn what_happens_while_alerts_are_paused_is_summed_up_afterwards() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up), ("b", Health::Up), ("c", Health::Up)]));
    assert_eq!(tray.event(paused(Some("2026-11-21T14:05:00Z"))), ControlFlow::WakeIn(Duration::from_secs(180)));
    tray.goes_down(1, "a");
    tray.goes_down(2, "b");
    assert_eq!(tray.later(60_000), ControlFlow::WakeIn(Duration::from_secs(120)));
    tray.comes_back(2, "b");
    let _ = tray.later(500);
    assert_eq!(tray.told(), [""; 0]);
    assert_eq!(tray.later(119_500), ControlFlow::Wait);
    assert_eq!(tray.face().icon, Icon::Down);
    let shown = &tray.controller.desktop.shown;
    assert_eq!((shown.len(), shown[0].title.as_str()), (1, "While alerts were snoozed"));
    assert_eq!(shown[0].body, "a: down since 14:02\nb: down from 14:02 to 14:03");
    tray.comes_back(1, "a");
    let _ = tray.later(500);
    assert_eq!(tray.told(), ["While alerts were snoozed", "a is up again"]);
}

#[test]
fn the_one_thing_that_happened_while_nothing_was_told_is_told_as_ever() {
    let check = |quiet: TrayEvent, end: TrayEvent| {
        let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
        let _ = tray.happens(quiet);
        tray.goes_down(1, "a");
        let _ = tray.later(500);
        assert_eq!(tray.told(), [""; 0]);
        let _ = tray.happens(end);
        assert_eq!(tray.told(), ["a is down"]);
    };
    let engine = |event: Event| TrayEvent::Engine(Heard::Event(Arc::new(event)));
    check(TrayEvent::DoNotDisturb(true), TrayEvent::DoNotDisturb(false));
    check(engine(paused(Some("2126-11-21T14:05:00Z"))), engine(paused(None)));
    let quiet_until = Some("2026-11-22T07:00:00Z".parse().unwrap());
    check(engine(Event::Engine(EngineState { quiet_until, ..EngineState::default() })), engine(paused(None)));
}

#[test]
fn a_monitor_that_is_snoozed_waits_alone() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up), ("b", Health::Up)]));
    let snoozed = |health| estatus_api::MonitorState {
        snoozed_until: Some("2026-11-21T14:05:00Z".parse().unwrap()),
        ..monitor("a", health)
    };
    let _ = tray.event(Event::Monitor(snoozed(Health::Down)));
    let _ = tray.event(Event::Incident(incident(1, "a", &noon())));
    tray.goes_down(2, "b");
    assert_eq!(tray.later(500), ControlFlow::WakeIn(Duration::from_millis(179_500)));
    assert_eq!(tray.told(), ["b is down"]);
    let _ = tray.later(179_500);
    assert_eq!(tray.told(), ["a is down"]);
}

#[test]
fn who_wants_no_notifications_gets_none_and_no_sum_of_them() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    let settings = |notifications| TrayEvent::Settings(DesktopSettings { notifications, ..DesktopSettings::default() });
    let _ = tray.happens(settings(false));
    tray.goes_down(1, "a");
    let _ = tray.later(500);
    let _ = tray.happens(settings(true));
    tray.comes_back(1, "a");
    let _ = tray.later(500);
    assert_eq!(tray.told(), [""; 0]);
}

#[test]
fn what_is_over_after_the_engine_was_away_is_told() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    tray.goes_down(1, "a");
    let _ = tray.later(500);
    let _ = tray.hear(lost(false));
    let _ = tray.hear(hello(Snapshot { incidents: vec![incident(2, "b", &noon())], ..monitors(&[("a", Health::Up)]) }));
    let _ = tray.later(500);
    assert_eq!(tray.told(), ["a is down", "a is up again"]);
}

#[test]
fn a_program_that_does_not_stay_up_is_told_once_and_so_is_that_it_runs_again() {
    let mut tray = Tray::attached(Snapshot::default());
    use ProgramState::{Cooling, Running, Starting};
    for state in [Starting, Cooling, Starting, Cooling, Starting, Running] {
        let _ = tray.event(Event::Program(program("web", state, true)));
        let _ = tray.later(500);
    }
    let told = &tray.controller.desktop.shown;
    assert_eq!(told[0].body, "port 80 is held\nEstatus retries every few minutes.");
    assert_eq!(tray.told(), ["web is in a crash loop", "web is running again"]);
}

#[test]
fn a_program_that_cannot_be_started_is_not_said_to_be_in_a_crash_loop() {
    let mut tray = Tray::attached(Snapshot::default());
    let _ = tray.event(Event::Program(program("web", ProgramState::CannotStart, true)));
    let _ = tray.later(500);
    let told = &tray.controller.desktop.shown;
    assert_eq!(told[0].body, "nmp was not found\nEstatus retries every few minutes.");
    assert_eq!(tray.told(), ["web cannot be started"]);
}

#[test]
fn a_clock_that_is_set_back_does_not_delay_what_is_told() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    tray.goes_down(1, "a");
    assert_eq!(tray.later(-3_600_000), ControlFlow::Wait);
    assert_eq!(tray.told(), ["a is down"]);
}

#[test]
fn what_could_not_be_done_is_told_even_when_alerts_are_paused() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    let _ = tray.event(paused(Some("2026-11-21T18:00:00Z")));
    let _ = tray.happens(TrayEvent::Failed("restart web: there is no program called “web”".to_owned()));
    let [shown] = tray.controller.desktop.shown.as_slice() else { panic!("not told") };
    assert_eq!(shown.about, About::Failure);
    assert_eq!(shown.body, "restart web: there is no program called “web”");
}

#[test]
fn a_run_that_did_not_go_well_is_told_with_its_reason_and_opens_its_page() {
    let why = "step “clear the cache” failed: exit code 3";
    let check = |state: RunState, title: &str, body: &str, page: Page| {
        let mut tray = Tray::attached(Snapshot::default());
        assert_eq!(tray.event(Event::Run(run(31, "heal-web", state))), ControlFlow::WakeIn(Duration::from_millis(500)));
        assert_eq!(tray.later(500), ControlFlow::Wait);
        let shown = &tray.controller.desktop.shown;
        assert_eq!((shown.len(), shown[0].title.as_str(), shown[0].body.as_str()), (1, title, body));
        assert_eq!((&shown[0].about, shown[0].urgent), (&About::Flow("heal-web".into()), false));
        assert_eq!(shown[0].click, Action::Open(page));
        assert_eq!(shown[0].buttons.len(), 1, "it can be opened");
    };
    let page = || Page::Run(RunId(31));
    check(RunState::Failed, "heal-web failed", why, page());
    check(RunState::TimedOut, "heal-web did not finish in time", why, page());
    check(RunState::Crashed, "heal-web crashed", why, page());
    let budget = "Its budget of runs is used up. Estatus starts it again once the budget allows.";
    check(RunState::Suppressed, "heal-web was not started again", budget, Page::Flow("heal-web".into()));
}

#[test]
fn a_fleet_that_needs_attention_is_told_once_with_the_reason_and_that_it_is_well_again() {
    let mut tray = Tray::attached(Snapshot { fleets: vec![fleet("web", 2, &[])], ..Snapshot::default() });
    let cannot = || Event::Fleet(fleet("web", 2, &["instances cannot be launched"]));
    let _ = tray.event(cannot());
    assert_eq!(tray.later(500), ControlFlow::Wait);
    let shown = &tray.controller.desktop.shown[0];
    assert_eq!((shown.body.as_str(), shown.icon), ("instances cannot be launched", Icon::Suspect));
    assert_eq!(shown.click, Action::Open(Page::Fleet("web".into())));
    assert_eq!(tray.told(), ["The fleet web needs attention"]);
    assert_eq!(tray.event(cannot()), ControlFlow::Wait);
    let _ = tray.event(Event::Fleet(fleet("web", 3, &[])));
    let _ = tray.later(500);
    assert_eq!(tray.told(), ["The fleet web is OK again"]);
    let _ = tray.event(cannot());
    let _ = tray.later(500);
    let _ = tray.event(Event::FleetGone("web".into()));
    let _ = tray.later(500);
    assert_eq!(tray.told(), ["The fleet web needs attention"]);
    assert_eq!(tray.controller.desktop.closed, [About::Fleet("web".into())]);
}

#[test]
fn a_run_that_went_well_or_was_to_heal_a_monitor_is_not_told() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up), ("web", Health::Down)]));
    for state in [RunState::Queued, RunState::Running, RunState::Succeeded, RunState::Cancelled, RunState::Skipped] {
        assert_eq!(tray.event(Event::Run(run(31, "heal-web", state))), ControlFlow::Wait, "{state:?}");
    }
    let heals = estatus_api::RunSummary { heals: vec!["web".into()], ..run(32, "heal-web", RunState::Failed) };
    assert_eq!(tray.event(Event::Run(heals)), ControlFlow::Wait);
    assert_eq!(tray.told(), [""; 0]);
}

#[test]
fn every_run_that_fails_is_told_in_the_place_of_the_one_before_and_an_engine_that_went_takes_none_away() {
    let mut tray = Tray::attached(Snapshot::default());
    for id in 1..=2 {
        let _ = tray.event(Event::Run(run(id, "heal-web", RunState::Failed)));
        let _ = tray.later(500);
        let _ = tray.hear(lost(false));
        let _ = tray.hear(hello(Snapshot::default()));
        let _ = tray.later(500);
    }
    assert!(tray.controller.desktop.closed.is_empty());
    assert_eq!(tray.told(), ["heal-web failed", "heal-web failed"]);
}

#[test]
fn runs_that_failed_while_alerts_were_paused_are_summed_up_with_the_rest() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    let _ = tray.event(paused(Some("2026-11-21T14:05:00Z")));
    let _ = tray.event(Event::Run(run(1, "backup", RunState::Failed)));
    let _ = tray.event(Event::Run(run(2, "clean", RunState::Suppressed)));
    let _ = tray.later(60_000);
    tray.goes_down(1, "a");
    let _ = tray.later(500);
    let _ = tray.hear(lost(false));
    let snapshot = Snapshot {
        incidents: vec![incident(1, "a", &tray.now)],
        engine: EngineState { snoozed_until: Some("2026-11-21T14:05:00Z".parse().unwrap()), ..EngineState::default() },
        ..monitors(&[("a", Health::Down)])
    };
    let _ = tray.hear(hello(snapshot));
    let _ = tray.later(500);
    let _ = tray.later(180_000);
    let shown = &tray.controller.desktop.shown;
    assert_eq!((shown.len(), shown[0].title.as_str()), (1, "While alerts were snoozed"));
    let body = "backup: failed at 14:02\nclean: not started again, its budget was used up\na: down since 14:03";
    assert_eq!(shown[0].body, body);
}

#[test]
fn flows_are_told_apart_from_monitors_where_much_happens_at_once() {
    let mut tray = Tray::attached(Snapshot::default());
    tray.goes_down(1, "a");
    for flow in ["b", "c", "d"] {
        let _ = tray.event(Event::Run(run(1, flow, RunState::Failed)));
    }
    let _ = tray.later(500);
    let shown = &tray.controller.desktop.shown;
    assert_eq!((shown.len(), shown[0].body.as_str()), (1, "Down: a.\nFlows with a problem: b, c and d."));
}
