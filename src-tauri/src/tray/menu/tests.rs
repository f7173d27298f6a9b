use estatus_api::{EngineState, Event, MonitorState, Snapshot, WaitingMessage};
use estatus_core::{ids::MessageId, incident::Health, standing::Standing};

use super::*;
use crate::testing::{Tray, flow, hello, hosted_by, incident, monitor, monitors, noon, program, read};

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
            "Pause alerts > For 1 hour",
            "Pause alerts > Until tomorrow",
            "Pause alerts > Until resumed",
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
        assert_eq!(lines[0], if told.is_empty() { "(Everything is OK)" } else { "(Alerts are paused)" });
        assert_eq!(lines.contains(&"Resume alerts".to_owned()), !told.is_empty());
        assert_eq!(lines.contains(&told.to_owned()), !told.is_empty());
    };
    check("2026-11-21T15:02:00Z", "(Alerts are paused until 15:02)");
    check("2026-11-22T08:00:00Z", "(Alerts are paused until 2026-11-22 08:00)");
    check("2126-11-21T14:02:00Z", "(Alerts are paused)");
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
    assert_eq!(*action, Action::Open(Page::Run(estatus_core::ids::RunId(7))));
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
