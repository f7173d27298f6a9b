//! What is shown, chosen and told, on a desktop that is none.

mod notifications;
mod questions;

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
