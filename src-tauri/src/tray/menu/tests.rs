use estatus_api::{EngineState, Event, FleetSummary, MonitorState, Snapshot, StepStatus, WaitingMessage};
use estatus_core::{
    flow::run::{RunState, StepState},
    ids::{MessageId, RunId},
    incident::Health,
    standing::Standing,
};

use super::*;
use crate::testing::{
    Tray, asking, fleet, flow, hello, hosted_by, incident, monitor, monitors, noon, program, read, run_status, step,
};

fn menu_of(tray: &Tray) -> Vec<String> {
    read(&tray.face().menu)
}

/// The lines of a menu between its head and what can be done.
fn broken_of(tray: &Tray) -> Vec<String> {
    let lines = menu_of(tray);
    let parts: Vec<&[String]> = lines.split(|line| line == "-").collect();
    if parts.len() == 5 { parts[1].to_vec() } else { Vec::new() }
}

#[test]
fn where_all_is_well_the_menu_is_short() {
    let programs = vec![program("web", ProgramState::Running, true), program("db", ProgramState::Stopped, true)];
    let tray = Tray::attached(Snapshot { programs, ..monitors(&[("a", Health::Up), ("b", Health::Paused)]) });
    assert_eq!(
        menu_of(&tray),
        [
            "(Everything is OK)",
            "(1 up · 1 paused · 1 of 2 programs running)",
            "-",
            "Check everything now",
            "Restart a program > web",
            "Restart a program > db (not running)",
            "Stop a program > web",
            "Snooze alerts > For 1 hour",
            "Snooze alerts > For 4 hours",
            "Snooze alerts > Until 8 AM",
            "Snooze alerts > For 1 week",
            "-",
            "Open Estatus",
            "Start at login: off",
            "-",
            "Quit (Estatus keeps running in the background)",
        ]
    );
}

#[test]
fn without_an_engine_there_is_little_to_do() {
    let mut tray = Tray::new();
    let _ = tray.happens(crate::controller::TrayEvent::Due);
    assert_eq!(menu_of(&tray)[..3], ["(Estatus is starting)", "-", "(Check everything now)"]);
    assert_eq!(menu_of(&tray).last().map(String::as_str), Some("Quit"));
}

#[test]
fn what_is_broken_is_listed_with_its_reason_the_worst_and_oldest_first() {
    let old = "2026-11-20T23:59:00Z".parse().unwrap();
    let snapshot = Snapshot {
        programs: vec![program("web", ProgramState::Cooling, true)],
        incidents: vec![estatus_api::IncidentState { opened: old, ..incident(1, "c", &noon()) }],
        ..monitors(&[("a", Health::Suspect), ("b", Health::Down), ("c", Health::Down)])
    };
    let mut tray = Tray::attached(snapshot);
    let _ = tray.event(Event::Monitor(MonitorState { standing: Standing::Doubtful, ..monitor("d", Health::Up) }));
    let waiting = |id| WaitingMessage {
        id: MessageId(id),
        channel: "mail".to_owned(),
        created: old,
        failed: 2,
        error: Some("login refused".to_owned()),
    };
    let engine = EngineState {
        config_refused: Some("line 3:\nno such key".to_owned()),
        waiting: vec![waiting(1), waiting(2)],
        ..EngineState::default()
    };
    let _ = tray.event(Event::Engine(engine));
    assert_eq!(
        broken_of(&tray),
        [
            "c: connection refused (since 2026-11-20 23:59)",
            "b: no response within 5 s (since 14:02)",
            "web: port 80 is held (since 14:02)",
            "a: no response within 5 s (since 14:02)",
            "d: flapping (since 14:02)",
            "estatus.toml is invalid, the last valid version is in use: line 3: no such key",
            "“mail” cannot be reached: login refused",
        ]
    );
    let opens: Vec<Option<&Action>> = tray.face().menu.0[3..6]
        .iter()
        .map(|item| if let Item::Choice { action, .. } = item { Some(action) } else { None })
        .collect();
    let page = |page| Action::Open(page);
    let expected =
        [page(Page::Monitor("c".into())), page(Page::Monitor("b".into())), page(Page::Program("web".into()))];
    assert_eq!(opens, expected.iter().map(Some).collect::<Vec<_>>());
}

#[test]
fn fleets_are_listed_with_their_size_and_what_is_wrong_with_one_counts() {
    let booting = FleetSummary { running: 2, ..fleet("web", 3, &[]) };
    let fleets = vec![booting, fleet("shop", 7, &[])];
    let mut tray = Tray::attached(Snapshot { fleets, ..Snapshot::default() });
    assert_eq!(
        menu_of(&tray)[..5],
        [
            "(Everything is OK)",
            "(9 of 10 instances running)",
            "web: 2 of 3 instances running (desired: 2)",
            "shop: 7 instances running (desired: 2)",
            "-"
        ]
    );
    let opens =
        |item: &Item| matches!(item, Item::Choice { action: Action::Open(Page::Fleet(name)), .. } if &**name == "web");
    assert!(opens(&tray.face().menu.0[2]));
    let _ = tray.event(Event::Fleet(fleet("shop", 5, &["instances cannot be launched", "instances were lost"])));
    assert_eq!(menu_of(&tray)[0], "(Something may be wrong)");
    assert_eq!(broken_of(&tray), ["shop: instances cannot be launched"]);
    let down = FleetSummary { standing: Standing::Down, ..fleet("web", 0, &["instances cannot be launched"]) };
    let _ = tray.event(Event::Fleet(down));
    assert_eq!(menu_of(&tray)[0], "(Something is down)");
    assert_eq!(broken_of(&tray), ["web: instances cannot be launched", "shop: instances cannot be launched"]);
    let _ = tray.event(Event::FleetGone("web".into()));
    let _ = tray.event(Event::Fleet(fleet("shop", 2, &[])));
    assert_eq!(menu_of(&tray)[..2], ["(Everything is OK)", "(2 of 2 instances running)"]);
    // Of loads that go up and down the tray shows nothing.
    let drawn = tray.controller.desktop.faces.len();
    let _ = tray.event(Event::Fleet(FleetSummary { mean: Some(0.9), ..fleet("shop", 2, &[]) }));
    assert_eq!(tray.controller.desktop.faces.len(), drawn);
}

#[test]
fn what_is_recovering_is_not_counted_as_down() {
    let mut tray = Tray::attached(Snapshot {
        incidents: vec![incident(1, "b", &noon())],
        ..monitors(&[("a", Health::Up), ("b", Health::Recovering)])
    });
    assert_eq!(menu_of(&tray)[..2], ["(Something is recovering)", "(1 recovering · 1 up)"]);
    assert_eq!(broken_of(&tray), ["b: recovering (since 14:02)"]);
    let _ = tray.event(Event::Monitor(monitor("a", Health::Down)));
    assert_eq!(menu_of(&tray)[..2], ["(Something is down)", "(1 down · 1 recovering)"]);
    assert_eq!(broken_of(&tray)[1], "b: recovering (since 14:02)");
    let _ = tray.event(Event::Monitor(monitor("a", Health::Suspect)));
    assert_eq!(menu_of(&tray)[0], "(Something may be wrong)");
}

#[test]
fn of_much_that_is_broken_a_part_is_listed() {
    let names: Vec<String> = (10..25).map(|number| format!("m{number}")).collect();
    let all: Vec<(&str, Health)> = names.iter().map(|name| (name.as_str(), Health::Down)).collect();
    let tray = Tray::attached(monitors(&all));
    let broken = broken_of(&tray);
    assert_eq!((broken.len(), broken[10].as_str()), (11, "5 more …"));
}

#[test]
fn a_pause_of_alerts_is_told_and_can_be_ended() {
    let check = |until: &str, told: &str| {
        let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
        let engine = EngineState { snoozed_until: Some(until.parse().unwrap()), ..EngineState::default() };
        let _ = tray.event(Event::Engine(engine));
        let lines = menu_of(&tray);
        assert_eq!(lines[0], if told.is_empty() { "(Everything is OK)" } else { "(Alerts are snoozed)" });
        assert_eq!(lines.contains(&"End snooze".to_owned()), !told.is_empty());
        assert_eq!(lines.contains(&told.to_owned()), !told.is_empty());
    };
    check("2026-11-21T15:02:00Z", "(Alerts are snoozed until 15:02)");
    check("2026-11-22T08:00:00Z", "(Alerts are snoozed until 2026-11-22 08:00)");
    check("2126-11-21T14:02:00Z", "(Alerts are snoozed)");
    check("2026-11-21T14:01:00Z", "");
}

#[test]
fn quitting_says_which_programs_stop_and_which_stay() {
    let check = |programs: &[(&str, bool)], told: &str| {
        let programs = programs.iter().map(|(name, stops)| program(name, ProgramState::Running, *stops)).collect();
        let mut tray = Tray::attached(Snapshot::default());
        let _ = tray.hear(hosted_by(std::process::id(), Snapshot { programs, ..Snapshot::default() }));
        assert_eq!(menu_of(&tray).last().map(String::as_str), Some(told));
    };
    check(&[], "Quit");
    check(&[("web", true)], "Quit (stops web)");
    check(&[("web", false)], "Quit (web keeps running)");
    check(&[("web", false), ("db", false)], "Quit (web and db keep running)");
    check(&[("web", true), ("db", true), ("api", false)], "Quit (stops web and db; api keeps running)");
    check(&[("a", true), ("b", false), ("c", false)], "Quit (stops a; b and c keep running)");
    let elsewhere = Tray::attached(Snapshot::default());
    assert_eq!(menu_of(&elsewhere).last().map(String::as_str), Some("Quit (Estatus keeps running in the background)"));
}

#[test]
fn a_program_that_does_not_run_is_not_said_to_be_stopped() {
    let programs = vec![program("web", ProgramState::Stopped, true)];
    let mut tray = Tray::attached(Snapshot::default());
    let _ = tray.hear(hosted_by(std::process::id(), Snapshot { programs, ..Snapshot::default() }));
    assert_eq!(menu_of(&tray).last().map(String::as_str), Some("Quit"));
    let _ = tray.hear(hello(Snapshot::default()));
}

#[test]
fn a_flow_that_is_under_way_is_listed_until_it_is_not() {
    let mut tray =
        Tray::attached(Snapshot { flows: vec![flow("backup", Some(7)), flow("clean", None)], ..Snapshot::default() });
    assert_eq!(menu_of(&tray)[1..3], ["backup: running", "-"]);
    let Item::Choice { action, .. } = &tray.face().menu.0[1] else { panic!("{:?}", tray.face().menu) };
    assert_eq!(*action, Action::Open(Page::Run(RunId(7))));
    let _ = tray.event(Event::Flow(flow("clean", Some(8))));
    assert_eq!(menu_of(&tray)[1..4], ["backup: running", "clean: running", "-"]);
    let _ = tray.event(Event::Flow(flow("backup", None)));
    let _ = tray.event(Event::FlowGone("clean".into()));
    assert_eq!(menu_of(&tray)[1], "-");
    for number in 10..20 {
        let _ = tray.event(Event::Flow(flow(&format!("f{number}"), Some(number))));
    }
    assert_eq!(menu_of(&tray)[5..8], ["f14: running", "5 more …", "-"]);
}

#[test]
fn a_run_says_at_which_step_it_is() {
    let mut tray = Tray::attached(Snapshot { flows: vec![flow("deploy", Some(7))], ..Snapshot::default() });
    let mut check = |event: Option<(usize, StepStatus)>, told: &str| {
        if let Some((place, step)) = event {
            tray.steps(7, place, step);
        }
        assert_eq!(menu_of(&tray)[1], told);
    };
    check(None, "deploy: running");
    check(Some((0, step("build it\nall", StepState::Running))), "deploy: step 1 of 2, build it all");
    check(Some((0, step("build it\nall", StepState::Succeeded))), "deploy: running");
    // Side by side with another one, in the order of the file; and it knows more of its steps than the file.
    check(Some((2, step("copy", StepState::Retrying))), "deploy: step 3 of 3, copy");
    check(Some((1, step("check", StepState::Running))), "deploy: step 2 of 3, check");
    check(Some((1, step("check", StepState::Failed))), "deploy: step 3 of 3, copy");
    check(Some((2, step("copy", StepState::Succeeded))), "deploy: running");
    let undo = |state| {
        let began = noon().timestamp();
        let undo = estatus_api::UndoStatus { state, began, ended: None, why: None, output: Vec::new() };
        StepStatus { undo: Some(undo), ..step("copy", StepState::Succeeded) }
    };
    check(Some((2, undo(StepState::Running))), "deploy: undoing copy");
    check(Some((2, undo(StepState::Failed))), "deploy: running");
    // Of a run that does not go on nobody wants to know.
    tray.steps(6, 0, step("old", StepState::Running));
    assert_eq!(menu_of(&tray)[1], "deploy: running");
}

#[test]
fn a_question_stands_in_the_menu_with_its_answers_as_long_as_it_is_open() {
    let mut tray = Tray::attached(Snapshot { flows: vec![flow("deploy", Some(7))], ..Snapshot::default() });
    tray.steps(7, 1, asking("ask", "Deploy\nversion 3?", StepState::WaitingForApproval));
    let asks = "deploy asks: Deploy version 3?";
    let submenu = |line: &str| format!("{asks} > {line}");
    let expected = [
        submenu("Approve"),
        submenu("Deny"),
        submenu("-"),
        submenu("(Answer by 15:00; otherwise the step fails.)"),
        submenu("Open"),
        "deploy: running".to_owned(),
        "-".to_owned(),
    ];
    assert_eq!(menu_of(&tray)[1..8], expected);
    let Item::Submenu { items, .. } = &tray.face().menu.0[1] else { panic!("{:?}", tray.face().menu) };
    let actions: Vec<&Action> = items
        .iter()
        .filter_map(|item| if let Item::Choice { action, .. } = item { Some(action) } else { None })
        .collect();
    let answer = |approved| Action::Answer { run: RunId(7), step: "ask".into(), approved };
    assert_eq!(actions, [&answer(true), &answer(false), &Action::Open(Page::Run(RunId(7)))]);

    // A run that does nothing but wait is told by its question alone.
    let run = Some(crate::testing::run(7, "deploy", RunState::WaitingForApproval));
    let _ = tray.event(Event::Flow(estatus_api::FlowStatus { run, ..flow("deploy", None) }));
    assert_eq!(menu_of(&tray)[5..7], [submenu("Open"), "-".to_owned()]);
    tray.steps(7, 1, asking("ask", "Deploy?", StepState::Succeeded));
    assert_eq!(menu_of(&tray)[1], "deploy: waiting for approval");
    let _ = tray.event(Event::Flow(flow("deploy", Some(7))));
    assert_eq!(menu_of(&tray)[1], "deploy: running");
}

#[test]
fn what_a_run_asks_and_does_is_known_once_the_engine_has_answered() {
    let waits = estatus_api::FlowStatus {
        run: Some(crate::testing::run(7, "deploy", RunState::WaitingForApproval)),
        ..flow("deploy", None)
    };
    let flows = vec![flow("backup", Some(8)), waits, flow("clean", None)];
    let mut tray = Tray::attached(Snapshot { flows, ..Snapshot::default() });
    assert_eq!(menu_of(&tray)[1..3], ["backup: running", "deploy: waiting for approval"]);
    let steps = [
        step("build", StepState::Succeeded),
        asking("ask", "Deploy?", StepState::WaitingForApproval),
        step("copy", StepState::Scheduled),
    ];
    let status = run_status(7, "deploy", RunState::WaitingForApproval, &steps);
    let _ = tray.happens(crate::controller::TrayEvent::Run(Box::new(status)));
    let steps = [step("dump", StepState::Running), step("send", StepState::Scheduled)];
    let _ =
        tray.happens(crate::controller::TrayEvent::Run(Box::new(run_status(8, "backup", RunState::Running, &steps))));
    let lines = menu_of(&tray);
    assert_eq!((lines[1].as_str(), lines[6].as_str()), ("deploy asks: Deploy? > Approve", "backup: step 1 of 2, dump"));
}

#[test]
fn of_many_questions_a_part_is_listed() {
    let name = |number: u64| format!("f{number}");
    let flows = (10..25).map(|number| flow(&name(number), Some(number))).collect();
    let mut tray = Tray::attached(Snapshot { flows, ..Snapshot::default() });
    for number in 10..25 {
        tray.steps(number, 0, asking("ask", "?", StepState::WaitingForApproval));
    }
    let lines = menu_of(&tray);
    let asks = lines.iter().filter(|line| line.ends_with("> Approve")).count();
    assert_eq!((asks, lines.iter().filter(|line| *line == "5 more …").count()), (10, 1));
}
