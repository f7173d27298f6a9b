use estatus_api::{EngineState, ErrorCode, Snapshot};
use estatus_core::{
    flow::run::{RunState, StepState},
    ids::{IncidentId, RunId},
    incident::Health,
    program::ProgramState,
};
use estatus_tray::{Language, Lost};

use super::*;
use crate::{
    desktop::{About, Icon, NotificationTrouble},
    span::Span,
    testing::{
        Tray, asking, attempt, fleet, flow, hello, hosted_by, incident, monitor, monitors, noon, program, read, run,
        run_status,
    },
};

fn lost(no_engine: bool) -> Heard {
    Heard::Lost(Lost { no_engine, why: "connection lost".to_owned() })
}

fn paused(until: Option<&str>) -> Event {
    let snoozed_until = until.map(|until| until.parse().unwrap());
    Event::Engine(EngineState { snoozed_until, ..EngineState::default() })
}

#[test]
fn the_icon_is_the_worst_of_all() {
    let check = |all: &[(&str, Health)], icon: Icon| {
        assert_eq!(Tray::attached(monitors(all)).face().icon, icon, "{all:?}");
    };
    let (a, b) = ("a", "b");
    check(&[], Icon::Well);
    check(&[(a, Health::Up), (b, Health::Unknown)], Icon::Well);
    check(&[(a, Health::Up), (b, Health::Paused)], Icon::Well);
    check(&[(a, Health::Paused), (b, Health::Paused)], Icon::Paused);
    check(&[(a, Health::Paused), (b, Health::Suspect)], Icon::Suspect);
    check(&[(a, Health::Suspect), (b, Health::Down)], Icon::Down);
    check(&[(a, Health::Up), (b, Health::Recovering)], Icon::Suspect);
    check(&[(a, Health::Down), (b, Health::Recovering)], Icon::Down);
}

#[test]
fn the_engine_s_own_troubles_are_seen_too() {
    let check = |engine: EngineState, icon: Icon| {
        let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
        let _ = tray.event(Event::Engine(engine.clone()));
        assert_eq!(tray.face().icon, icon, "{engine:?}");
    };
    let offline = vec![estatus_core::network::Scope::Internet];
    let refused = Some("estatus.toml:3:1: no such key".to_owned());
    check(EngineState::default(), Icon::Well);
    check(EngineState { network_off: offline.clone(), ..EngineState::default() }, Icon::Offline);
    check(
        EngineState { config_refused: refused.clone(), network_off: offline, ..EngineState::default() },
        Icon::Offline,
    );
    check(EngineState { config_refused: refused, ..EngineState::default() }, Icon::Suspect);
    check(EngineState { store_trouble: Some("disk full".to_owned()), ..EngineState::default() }, Icon::Suspect);
    check(EngineState { snoozed_until: Some(Timestamp::MAX), ..EngineState::default() }, Icon::Paused);
}

#[test]
fn a_program_that_does_not_stay_up_is_down() {
    let check = |state: ProgramState, icon: Icon| {
        let tray = Tray::attached(Snapshot { programs: vec![program("web", state, true)], ..Snapshot::default() });
        assert_eq!(tray.face().icon, icon, "{state:?}");
    };
    check(ProgramState::Running, Icon::Well);
    check(ProgramState::Stopped, Icon::Well);
    check(ProgramState::Backoff, Icon::Suspect);
    check(ProgramState::Cooling, Icon::Down);
    check(ProgramState::CannotStart, Icon::Down);
}

#[test]
fn nothing_is_drawn_again_unless_it_changed() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    let drawn = tray.controller.desktop.faces.len();
    for _ in 0..3 {
        assert_eq!(tray.event(Event::Monitor(monitor("a", Health::Up))), ControlFlow::Wait);
    }
    assert_eq!(tray.controller.desktop.faces.len(), drawn);
    let _ = tray.event(Event::Monitor(monitor("a", Health::Suspect)));
    assert_eq!(tray.controller.desktop.faces.len(), drawn + 1);
}

#[test]
fn an_engine_is_started_where_there_is_none_and_its_refusal_is_shown() {
    let mut tray = Tray::new();
    let _ = tray.happens(TrayEvent::Due);
    assert_eq!(tray.face().tool_tip, "Estatus is starting");
    let _ = tray.hear(lost(true));
    assert_eq!(tray.controller.desktop.engines_started, 1);
    let _ = tray.happens(TrayEvent::Host(Hosted::Failed("estatus.toml:3:1: no such key".to_owned())));
    let _ = tray.hear(lost(true));
    assert_eq!(tray.face().tool_tip, "The Estatus engine is not running\nestatus.toml:3:1: no such key");
    assert_eq!(tray.face().icon, Icon::Gone);
    assert_eq!(tray.controller.desktop.told_window, [Some("estatus.toml:3:1: no such key".to_owned())]);
    let _ = tray.hear(hello(Snapshot::default()));
    assert_eq!(tray.face().icon, Icon::Well);
    assert_eq!(tray.controller.desktop.told_window.last(), Some(&None));
}

#[test]
fn an_engine_that_goes_is_missed_and_replaced() {
    let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
    let _ = tray.hear(lost(false));
    assert_eq!((tray.face().icon, tray.controller.desktop.engines_started), (Icon::Gone, 0));
    let _ = tray.hear(lost(true));
    assert_eq!(tray.controller.desktop.engines_started, 1);
    let _ = tray.hear(hello(monitors(&[("a", Health::Up)])));
    assert_eq!(tray.face().icon, Icon::Well);
}

#[test]
fn a_service_is_not_replaced_and_it_is_said_how_to_start_it() {
    let check = |service: Service, command: &str| {
        let mut tray = Tray::attached(monitors(&[("a", Health::Up)]));
        tray.controller.desktop.service = Some(service);
        let _ = tray.hear(lost(false));
        let _ = tray.hear(lost(true));
        let _ = tray.hear(lost(true));
        let said = tray.face().tool_tip.clone();
        assert!(said.contains("service") && said.ends_with(command), "{said}");
        let window = &tray.controller.desktop.told_window;
        assert!(window.len() == 2 && window[1].as_ref().is_some_and(|said| said.ends_with(command)), "{window:?}");
        assert_eq!(tray.told(), Vec::<String>::new());
        let _ = tray.happens(TrayEvent::Chosen(Action::StartEngine));
        assert_eq!(tray.controller.desktop.engines_started, 0);
        assert_eq!(tray.told().len(), 1, "whoever tries again is answered");
        let _ = tray.hear(hello(monitors(&[("a", Health::Up)])));
        assert_eq!(tray.face().icon, Icon::Well);
    };
    let machine = if cfg!(windows) { "estatus service start" } else { "sudo estatus service start" };
    check(Service::Machine, machine);
    check(Service::User, "estatus service start --user");
}

#[test]
fn quitting_waits_for_the_engine_of_this_process_and_for_no_other() {
    let mut tray = Tray::attached(Snapshot::default());
    assert_eq!(tray.happens(TrayEvent::Quit), ControlFlow::End(EngineEnd::Stopped));

    let mut tray = Tray::new();
    tray.controller.desktop.hosts = true;
    let _ = tray.hear(hosted_by(std::process::id(), Snapshot::default()));
    assert_eq!(tray.happens(TrayEvent::Chosen(Action::Quit)), ControlFlow::Wait);
    let _ = tray.happens(TrayEvent::Host(Hosted::Quitting(vec!["web".into(), "db".into()])));
    assert_eq!(read(&tray.face().menu), ["(Estatus is quitting)", "(Stopping web and db …)"]);
    let _ = tray.hear(lost(true));
    assert_eq!(tray.controller.desktop.engines_started, 0);
    assert_eq!(tray.happens(TrayEvent::Host(Hosted::Ended(EngineEnd::Stopped))), ControlFlow::End(EngineEnd::Stopped));
}

#[test]
fn a_tray_whose_engine_is_started_again_is_started_again_too() {
    let again = ControlFlow::End(EngineEnd::Relaunching);
    let relaunching = || Heard::Event(Arc::new(Event::Relaunching));
    let mut tray = Tray::attached(Snapshot::default());
    assert_eq!(tray.hear(relaunching()), again);

    // With its own, once that has ended, whichever it hears first.
    for hears_first in [true, false] {
        let mut tray = Tray::new();
        tray.controller.desktop.hosts = true;
        let _ = tray.hear(hosted_by(std::process::id(), Snapshot::default()));
        let tells = |tray: &mut Tray| {
            assert_eq!(tray.hear(relaunching()), ControlFlow::Wait);
        };
        if hears_first {
            tells(&mut tray);
        }
        assert_eq!(tray.happens(TrayEvent::Host(Hosted::Quitting(Vec::new()))), ControlFlow::Wait);
        if !hears_first {
            tells(&mut tray);
        }
        assert_eq!(tray.happens(TrayEvent::Host(Hosted::Ended(EngineEnd::Relaunching))), again);
    }
}

#[test]
fn a_tray_gives_way_to_a_service_on_its_folder_and_is_its_face() {
    let hosting = || {
        let mut tray = Tray::new();
        tray.controller.desktop.hosts = true;
        let _ = tray.hear(hosted_by(std::process::id(), Snapshot::default()));
        tray.controller.desktop.service = Some(Service::User);
        tray
    };
    let ends = |tray: &mut Tray| {
        let _ = tray.hear(Heard::Event(Arc::new(Event::Relaunching)));
        let _ = tray.happens(TrayEvent::Host(Hosted::Quitting(Vec::new())));
        let _ = tray.hear(lost(false));
        tray.happens(TrayEvent::Host(Hosted::Ended(EngineEnd::Relaunching)))
    };
    let mut tray = hosting();
    assert_eq!(ends(&mut tray), ControlFlow::Wait);
    assert_eq!(tray.face().tool_tip, "Estatus is starting");
    // What its own engine said last may be heard after its end.
    assert_eq!(tray.hear(Heard::Event(Arc::new(Event::Relaunching))), ControlFlow::Wait);
    let _ = tray.hear(lost(true));
    assert!(tray.face().tool_tip.ends_with("estatus service start --user"), "{}", tray.face().tool_tip);
    let _ = tray.hear(hello(Snapshot::default()));
    assert_eq!((tray.face().icon, tray.controller.desktop.engines_started), (Icon::Well, 0));

    // Where the service has them elsewhere, the next tray looks there; and who wants to quit meanwhile does.
    let mut tray = hosting();
    tray.controller.desktop.moved = true;
    assert_eq!(ends(&mut tray), ControlFlow::End(EngineEnd::Relaunching));
    let mut tray = hosting();
    assert_eq!(tray.happens(TrayEvent::Quit), ControlFlow::Wait);
    assert_eq!(ends(&mut tray), ControlFlow::End(EngineEnd::Stopped));
}

#[test]
fn the_face_of_a_service_that_is_gone_hosts_the_engine_or_is_started_again_where_things_are_now() {
    for moved in [false, true] {
        let mut tray = Tray::attached(Snapshot::default());
        tray.controller.desktop.service = Some(Service::User);
        let _ = tray.hear(lost(false));
        assert_eq!(tray.hear(lost(true)), ControlFlow::Wait);
        tray.controller.desktop.service = None;
        tray.controller.desktop.moved = moved;
        let then = if moved { ControlFlow::End(EngineEnd::Relaunching) } else { ControlFlow::Wait };
        assert_eq!(tray.hear(lost(true)), then);
        assert_eq!(tray.controller.desktop.engines_started, usize::from(!moved));
    }
}

#[test]
fn an_engine_that_breaks_down_while_it_is_to_quit_does_not_keep_the_tray() {
    let mut tray = Tray::new();
    tray.controller.desktop.hosts = true;
    let _ = tray.happens(TrayEvent::Quit);
    assert_eq!(
        tray.happens(TrayEvent::Host(Hosted::Failed("broken".to_owned()))),
        ControlFlow::End(EngineEnd::Stopped)
    );
}

#[test]
fn what_is_chosen_is_asked_for() {
    let check = |action: Action, asked: Ask| {
        let mut tray = Tray::attached(Snapshot::default());
        let _ = tray.happens(TrayEvent::Chosen(action));
        assert_eq!(tray.controller.desktop.asked, [asked]);
    };
    let chosen = |monitor: Option<&str>, span| Action::Snooze { monitor: monitor.map(Into::into), span };
    let snooze = |monitor: Option<&str>, until: &str| Ask::Snooze {
        monitor: monitor.map(str::to_owned),
        until: Some(until.parse().unwrap()),
    };
    check(Action::CheckAll, Ask::CheckNow { monitor: None });
    check(Action::Restart("web".into()), Ask::RestartProgram { program: "web".to_owned() });
    check(Action::Stop("web".into()), Ask::StopProgram { program: "web".to_owned() });
    check(Action::Acknowledge("a".into()), Ask::Acknowledge { monitor: "a".to_owned() });
    check(Action::EndSnooze, Ask::Snooze { monitor: None, until: None });
    for approved in [true, false] {
        let by = AnsweredBy { from: Some(AnsweredFrom::Tray), user: None };
        let asked = Ask::Approve { run: RunId(7), step: Some("ask".to_owned()), approved, by };
        check(Action::Answer { run: RunId(7), step: "ask".into(), approved }, asked);
    }
    check(chosen(Some("a"), Span::Hour), snooze(Some("a"), "2026-11-21T15:02:00Z"));
    check(chosen(None, Span::Morning), snooze(None, "2026-11-22T08:00:00Z"));
}

#[test]
fn what_is_chosen_before_there_is_an_engine_is_asked_for_when_there_is_one() {
    let mut tray = Tray::new();
    for program in 0..99 {
        let _ = tray.happens(TrayEvent::Chosen(Action::Restart(format!("p{program}").into())));
    }
    let _ = tray.happens(TrayEvent::Chosen(Action::Open(Page::Incidents)));
    let _ = tray.hear(lost(true));
    assert_eq!(
        (&tray.controller.desktop.opened[..], &tray.controller.desktop.asked[..]),
        (&[Page::Incidents][..], &[][..])
    );
    for _ in 0..2 {
        let _ = tray.hear(hello(Snapshot::default()));
        assert_eq!(tray.controller.desktop.asked.len(), WAITING);
        assert_eq!(tray.controller.desktop.asked[0], Ask::RestartProgram { program: "p0".to_owned() });
    }
}

#[test]
fn what_was_chosen_and_no_engine_could_do_is_told_and_forgotten() {
    let mut tray = Tray::new();
    let _ = tray.happens(TrayEvent::Chosen(Action::Acknowledge("a".into())));
    let _ = tray.hear(lost(true));
    let _ = tray.happens(TrayEvent::Host(Hosted::Failed("estatus.toml:3:1: no such key".to_owned())));
    assert_eq!(tray.controller.desktop.shown[0].about, About::Failure);
    let _ = tray.hear(hello(Snapshot::default()));
    assert_eq!((tray.controller.desktop.shown.len(), tray.controller.desktop.asked.len()), (1, 0));
}

#[test]
fn a_second_start_brings_the_window_up() {
    let mut tray = Tray::new();
    let _ = tray.happens(TrayEvent::StartedAgain);
    assert_eq!(tray.controller.desktop.opened, [Page::Overview]);
}

#[test]
fn the_settings_decide_the_language_and_the_start_at_login() {
    let mut tray = Tray::attached(Snapshot::default());
    let _ = tray.happens(TrayEvent::Chosen(Action::StartAtLogin(true)));
    assert_eq!(tray.controller.desktop.changed[0].start_at_login, Some(true));
    assert!(tray.controller.desktop.at_login.is_empty());
    let settings = DesktopSettings { start_at_login: true, language: Language::Es, ..DesktopSettings::default() };
    for _ in 0..2 {
        let _ = tray.happens(TrayEvent::Settings(settings.clone()));
        assert_eq!(tray.controller.desktop.at_login, [true]);
    }
    assert!(read(&tray.face().menu).contains(&"Iniciar con la sesión: on".to_owned()));
}

#[test]
fn a_missing_notification_service_is_remembered_once() {
    let mut tray = Tray::attached(Snapshot::default());
    let none = NotificationTrouble::NoService("timeout".to_owned());
    let _ = tray.happens(TrayEvent::NotificationTrouble(None));
    let _ = tray.happens(TrayEvent::NotificationTrouble(Some(none.clone())));
    let sentence = Some("no notification service answers on this desktop: timeout".to_owned());
    assert_eq!(tray.controller.desktop.changed.len(), 1);
    assert_eq!(tray.controller.desktop.changed[0].notification_trouble, Some(sentence.clone()));
    let settings = DesktopSettings { notification_trouble: sentence, ..DesktopSettings::default() };
    let _ = tray.happens(TrayEvent::Settings(settings.clone()));
    let shown = "Notifications cannot be shown: no notification service answers on this desktop: timeout";
    assert!(read(&tray.face().menu).contains(&shown.to_owned()));
    let _ = tray.happens(TrayEvent::NotificationTrouble(Some(none)));
    assert_eq!(tray.controller.desktop.changed.len(), 1);
    let _ = tray.happens(TrayEvent::Settings(DesktopSettings { language: Language::Es, ..settings }));
    let sentence = "ningún servicio de notificaciones responde en este escritorio: timeout".to_owned();
    assert_eq!(tray.controller.desktop.changed[1].notification_trouble, Some(Some(sentence)));
}

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

/// A tray that is attached to an engine where run 7 of the flow deploy goes on.
fn deploying() -> Tray {
    Tray::attached(Snapshot { flows: vec![flow("deploy", Some(7))], ..Snapshot::default() })
}

fn waits(text: &str) -> estatus_api::StepStatus {
    asking("ask", text, StepState::WaitingForApproval)
}

fn question() -> About {
    About::Question(RunId(7), 1)
}

#[test]
fn a_question_is_told_at_once_with_its_answers_and_taken_away_when_it_is_answered() {
    let mut tray = deploying();
    for _ in 0..2 {
        tray.steps(7, 1, waits("Deploy version 3?\n\n12 files changed"));
    }
    let [shown] = tray.controller.desktop.shown.as_slice() else { panic!("not told once") };
    assert_eq!((shown.title.as_str(), &shown.about, shown.urgent), ("deploy asks for approval", &question(), true));
    assert_eq!(shown.body, "Deploy version 3?\n12 files changed\nAnswer by 15:00; otherwise the step fails.");
    let buttons: Vec<(&str, &Action)> = shown.buttons.iter().map(|it| (it.text.as_str(), &it.action)).collect();
    let answer = |approved| Action::Answer { run: RunId(7), step: "ask".into(), approved };
    let page = Action::Open(Page::Run(RunId(7)));
    assert_eq!(buttons, [("Approve", &answer(true)), ("Deny", &answer(false)), ("Open", &page)]);
    assert_eq!(shown.click, page);
    assert!(tray.controller.desktop.closed.is_empty());
    for _ in 0..2 {
        tray.steps(7, 1, asking("ask", "Deploy?", StepState::Succeeded));
        assert_eq!(tray.controller.desktop.closed, [question()]);
    }
}

#[test]
fn a_question_of_a_run_that_is_over_is_taken_away() {
    let check = |over: Event| {
        let mut tray = deploying();
        tray.steps(7, 1, waits("Deploy?"));
        let _ = tray.event(over);
        assert_eq!((tray.told().len(), &tray.controller.desktop.closed[..]), (1, &[question()][..]));
    };
    check(Event::Flow(flow("deploy", None)));
    check(Event::Flow(flow("deploy", Some(8))));
    check(Event::FlowGone("deploy".into()));
}

#[test]
fn what_was_asked_before_the_tray_was_there_is_told_too() {
    let mut tray = deploying();
    assert_eq!(tray.controller.desktop.looked_at, [RunId(7)]);
    let steps = [asking("ask", "Sure?", StepState::Succeeded), waits("Deploy?")];
    let answered = |steps: &[estatus_api::StepStatus]| {
        TrayEvent::Run(Box::new(run_status(7, "deploy", RunState::WaitingForApproval, steps)))
    };
    let _ = tray.happens(answered(&steps));
    assert_eq!(tray.controller.desktop.shown[0].about, question());

    // While the engine is away, and until it has said how the run stands now, what was told stays.
    let _ = tray.hear(lost(false));
    let _ = tray.hear(hello(Snapshot { flows: vec![flow("deploy", Some(7))], ..Snapshot::default() }));
    assert_eq!(tray.controller.desktop.looked_at, [RunId(7), RunId(7)]);
    let _ = tray.happens(answered(&steps));
    assert!(tray.controller.desktop.closed.is_empty());
    // What an event said is not taken back by an answer that was on its way.
    tray.steps(7, 1, asking("ask", "Deploy?", StepState::Succeeded));
    let _ = tray.happens(answered(&steps));
    assert_eq!((tray.told().len(), &tray.controller.desktop.closed[..]), (1, &[question()][..]));

    // It was answered while nobody listened.
    let mut tray = deploying();
    let _ = tray.happens(answered(&steps));
    let _ = tray.hear(lost(false));
    let _ = tray.hear(hello(Snapshot { flows: vec![flow("deploy", Some(7))], ..Snapshot::default() }));
    let _ = tray.happens(answered(&steps[..1]));
    let _ = tray.happens(answered(&[steps[0].clone(), asking("ask", "Deploy?", StepState::Failed)]));
    assert_eq!(tray.controller.desktop.closed, [question()]);
    // A run that is not known is none that is shown.
    let _ = tray.happens(TrayEvent::Run(Box::new(run_status(9, "other", RunState::Running, &[waits("?")]))));
    assert_eq!(tray.told().len(), 1);
}

#[test]
fn a_question_waits_until_the_desktop_may_be_disturbed_if_it_is_open_still() {
    for answered_meanwhile in [false, true] {
        let mut tray = deploying();
        let _ = tray.event(paused(Some("2026-11-21T14:05:00Z")));
        tray.steps(7, 1, waits("Deploy?"));
        assert_eq!(tray.told(), [""; 0]);
        let asks = read(&tray.face().menu).iter().any(|line| line == "deploy asks: Deploy? > Approve");
        assert!(asks, "it is in the menu");
        if answered_meanwhile {
            tray.steps(7, 1, asking("ask", "Deploy?", StepState::Failed));
        }
        let _ = tray.later(180_000);
        assert_eq!(tray.told().len(), usize::from(!answered_meanwhile));
    }
}

#[test]
fn who_wants_no_notifications_finds_questions_in_the_menu_alone() {
    let mut tray = deploying();
    let settings = |notifications| TrayEvent::Settings(DesktopSettings { notifications, ..DesktopSettings::default() });
    tray.steps(7, 1, waits("Deploy?"));
    let _ = tray.happens(settings(false));
    assert_eq!((tray.told().len(), &tray.controller.desktop.closed[..]), (1, &[question()][..]));
    tray.steps(7, 2, waits("Copy?"));
    assert_eq!(tray.told(), [""; 0]);
    let asks = read(&tray.face().menu).iter().filter(|line| line.ends_with("> Approve")).count();
    assert_eq!(asks, 2);
}

#[test]
fn who_answers_what_is_not_asked_any_more_is_told_so() {
    let refused = |ask: Ask, code: ErrorCode| {
        let mut tray = deploying();
        let error = ApiError { code, message: "run 7 is not waiting".to_owned() };
        let _ = tray.happens(TrayEvent::Refused(ask, error));
        let shown = tray.controller.desktop.shown.remove(0);
        assert_eq!(shown.about, About::Failure);
        shown.body
    };
    let deny = || Ask::Approve {
        run: RunId(7),
        step: Some("ask".to_owned()),
        approved: false,
        by: AnsweredBy { from: Some(AnsweredFrom::Tray), user: None },
    };
    let over = "Run 7 no longer waits for this answer: it was answered, or its time was over.";
    assert_eq!(refused(deny(), ErrorCode::Wrong), over);
    assert_eq!(refused(deny(), ErrorCode::Gone), "flow deny 7 --step ask: run 7 is not waiting");
    assert_eq!(refused(Ask::CheckNow { monitor: None }, ErrorCode::Wrong), "check: run 7 is not waiting");
}

#[test]
fn a_question_is_asked_in_the_language_of_the_desktop() {
    let mut tray = deploying();
    let _ = tray.happens(TrayEvent::Settings(DesktopSettings { language: Language::Es, ..DesktopSettings::default() }));
    let continues = estatus_api::Question { continues: true, ..waits("¿Ahora?").question.unwrap() };
    tray.steps(7, 1, estatus_api::StepStatus { question: Some(continues), ..waits("") });
    let shown = &tray.controller.desktop.shown[0];
    assert_eq!(
        (shown.title.as_str(), shown.body.as_str()),
        ("deploy pide aprobación", "¿Ahora?\nPlazo: 15:00. Sin respuesta, la ejecución continúa.")
    );
    let buttons: Vec<&str> = shown.buttons.iter().map(|button| button.text.as_str()).collect();
    assert_eq!(buttons, ["Aprobar", "Denegar", "Abrir"]);
}
