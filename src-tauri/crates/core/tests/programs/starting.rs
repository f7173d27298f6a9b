//! What a start explains: of Estatus, or of a program that a monitor belongs to without naming it.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    check::{Check, HostPort, ProcessCheck, ProcessMatch, TcpCheck},
    config::{AlertPolicy, Config, Monitor},
    engine::{Ask, Input},
    ids::StartId,
    incident::Health,
    program::{Program, ProgramEvent, Ready},
    remedy::{Remedy, RemedyAction},
};

use super::scene::{Scene, at, count, line, monitor, program, restart, seconds, tcp};

fn asks_restart(program: &str) -> Ask {
    Ask::RestartProgram { program: program.to_owned() }
}

/// A scene in which `web` runs, and `page` looks at port 1, which `web` is seen to listen on if `its_own`.
fn page_of_web(its_own: bool) -> Scene {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", None)]);
    scene.ports = if its_own { vec![1, 8443] } else { vec![2] };
    scene.passes(100.0);
    scene
}

fn ready_by_port(name: &str) -> Program {
    Program { ready: Some(Ready::Check { check: Box::new(tcp(1)), timeout: seconds(1.0) }), ..program(name) }
}

/// It does not answer for so long, and then for two minutes it does.
fn silent_for(scene: &mut Scene, span: f64) {
    scene.is_up = false;
    scene.passes(span);
    scene.is_up = true;
    scene.passes(120.0);
}

#[test]
fn a_monitor_of_a_port_holds_still_while_the_program_that_listens_there_is_restarted_by_wish() {
    let check = |its_own: bool, silent: f64, downs: usize| {
        let mut scene = page_of_web(its_own);
        scene.asks(asks_restart("web"));
        silent_for(&mut scene, silent);
        let told = [count(&scene.story, "health down"), count(&scene.story, "mail down")];
        assert_eq!(told, [downs; 2], "{its_own}, {silent} s: {}", scene.story);
    };
    check(true, 50.0, 0);
    check(false, 50.0, 1);
    check(true, 100.0, 1);
}

#[test]
fn what_a_program_listens_on_is_remembered_through_a_crash() {
    let mut scene = page_of_web(true).crashes();
    scene.passes(0.0);
    scene.asks(asks_restart("web"));
    silent_for(&mut scene, 50.0);
    assert_eq!(count(&scene.story, "health down"), 0, "{}", scene.story);
}

#[test]
fn a_monitor_of_a_port_holds_still_while_its_program_is_stopped_by_wish() {
    let mut scene = page_of_web(true);
    scene.asks(Ask::StopProgram { program: "web".to_owned() });
    scene.is_up = false;
    scene.passes(10_000.0);
    scene.asks(Ask::StartProgram { program: "web".to_owned() });
    silent_for(&mut scene, 30.0);
    assert_eq!(count(&scene.story, "health down"), 0, "{}", scene.story);
    scene.is_up = false;
    scene.passes(30.0);
    assert_eq!(count(&scene.story, "health down"), 1, "what is not explained counts: {}", scene.story);
}

#[test]
fn a_monitor_of_a_port_holds_still_while_its_program_is_disabled_and_while_estatus_quits() {
    let mut scene = page_of_web(true);
    let disabled = Program { enabled: false, ..program("web") };
    let config = Config { programs: vec![Arc::new(disabled)], ..Config::clone(&scene.config) };
    scene.core.apply_config(Arc::new(config), at(scene.now));
    scene.is_up = false;
    scene.passes(600.0);
    assert_eq!(count(&scene.story, "health down"), 0, "{}", scene.story);

    let mut scene = page_of_web(true);
    scene.input(Input::Quitting);
    scene.is_up = false;
    scene.passes(600.0);
    assert_eq!(count(&scene.story, "health down"), 0, "{}", scene.story);
}

#[test]
fn a_monitor_of_a_process_holds_still_while_the_program_that_is_called_so_is_restarted_or_stopped_by_wish() {
    let called = |by: ProcessMatch, its_own: bool| {
        let process = Check::Process(ProcessCheck { by, at_least: 1, at_most: None });
        let monitor = Monitor { check: process, ..monitor("page", None) };
        let mut scene = Scene::new(vec![program("web")], vec![monitor]);
        scene.passes(100.0);
        scene.asks(asks_restart("web"));
        silent_for(&mut scene, 50.0);
        scene.asks(Ask::StopProgram { program: "web".to_owned() });
        silent_for(&mut scene, 600.0);
        assert_eq!(count(&scene.story, "health down"), if its_own { 0 } else { 2 }, "{}", scene.story);
        // Others are called so, too: while it rests, it is not missed.
        scene.is_up = false;
        scene.passes(600.0);
        assert_eq!(count(&scene.story, "health down"), if its_own { 1 } else { 3 }, "{}", scene.story);
    };
    called(ProcessMatch::Name("web".to_owned()), true);
    called(ProcessMatch::Name("web.exe".to_owned()), true);
    called(ProcessMatch::CommandLine("^we.$".parse().unwrap()), true);
    called(ProcessMatch::Path("web".into()), true);
    called(ProcessMatch::Name("node".to_owned()), false);
    called(ProcessMatch::Path("/usr/bin/web".into()), false);
}

#[test]
fn a_port_on_which_somebody_else_listens_belongs_to_no_program_that_rests() {
    let mut scene = page_of_web(true);
    scene.asks(Ask::StopProgram { program: "web".to_owned() });
    scene.passes(30.0);
    scene.is_up = false;
    scene.passes(30.0);
    assert_eq!(count(&scene.story, "health down"), 1, "{}", scene.story);
}

#[test]
fn a_monitor_of_the_port_by_which_a_program_is_ready_waits_for_it_and_for_those_it_starts_after() {
    let database = Program { ready: Some(Ready::Notify), ..program("database") };
    let web = Program { start_after: vec!["database".into()], ..ready_by_port("web") };
    let mut scene = Scene::new(vec![database, web], vec![monitor("page", None)]);
    scene.is_up = false;
    scene.passes(50.0);
    scene.happens("database", ProgramEvent::Ready { start: StartId(1) });
    scene.passes(50.0);
    assert_eq!(count(&scene.story, "health down"), 0, "{}", scene.story);
    silent_for(&mut scene, 0.0);
    assert_eq!(scene.core.monitor("page").unwrap().health, Health::Up, "{}", scene.story);
}

#[test]
fn a_program_that_is_never_ready_explains_no_more_than_its_first_starts() {
    let mut scene = Scene::new(vec![ready_by_port("web")], vec![monitor("page", None)]);
    scene.is_up = false;
    scene.passes(600.0);
    assert_eq!(count(&scene.story, "mail down"), 1, "{}", scene.story);
}

fn with_grace(scene: Scene, grace: Duration) -> Scene {
    let alerts = AlertPolicy { grace, ..AlertPolicy::default() };
    let config = Config { alerts, ..Config::clone(&scene.config) };
    Scene { config: Arc::new(config), ..scene }
}

#[test]
fn after_a_start_of_estatus_what_is_on_this_machine_is_unknown_for_a_minute_before_it_is_down() {
    let check = |monitor: Monitor, silent: f64, health: Health, downs: usize| {
        let mut scene = Scene::new(vec![program("web")], vec![monitor]);
        scene.passes(100.0);
        let mut scene = with_grace(scene, AlertPolicy::GRACE).crashes();
        scene.is_up = false;
        scene.passes(silent);
        let found = scene.core.monitor("page").unwrap().health;
        scene.is_up = true;
        scene.passes(60.0);
        assert_eq!((found, count(&scene.story, "mail down")), (health, downs), "{silent} s: {}", scene.story);
    };
    check(monitor("page", None), 50.0, Health::Unknown, 0);
    check(monitor("page", None), 80.0, Health::Down, 1);
    let far = HostPort { host: "192.0.2.1".to_owned(), port: 1 };
    let far = Check::Tcp(TcpCheck { address: far, ip: None, send: None, expect: None });
    check(Monitor { check: far, ..monitor("page", None) }, 50.0, Health::Down, 1);
    check(monitor("page", restart("web")), 80.0, Health::Down, 1);
}

#[test]
fn what_has_been_well_since_estatus_was_started_is_down_at_once() {
    let scene = Scene::new(Vec::new(), vec![monitor("page", None)]);
    let mut scene = with_grace(scene, AlertPolicy::GRACE).crashes();
    scene.passes(11.0);
    scene.is_up = false;
    scene.passes(25.0);
    assert_eq!(count(&scene.story, "mail down"), 1, "{}", scene.story);
}

#[test]
fn a_command_that_starts_what_is_looked_at_is_run_at_once_and_nobody_is_told_if_it_helps() {
    let run = || Some(Remedy::new(RemedyAction::Run { command: line("start it"), timeout: seconds(5.0) }));
    let check = |grace: Duration, helps: bool, ever_well: bool, told: usize| {
        let mut scene = with_grace(Scene::new(Vec::new(), vec![monitor("page", run())]), grace).crashes();
        scene.is_up = ever_well;
        scene.passes(11.0);
        scene.is_up = false;
        scene.passes(30.0);
        assert!(scene.story.contains("run start it"), "{}", scene.story);
        scene.is_up = helps;
        scene.passes(600.0);
        assert_eq!(count(&scene.story, "mail down"), told, "{helps} {ever_well}: {}", scene.story);
    };
    check(AlertPolicy::GRACE, true, false, 0);
    check(AlertPolicy::GRACE, false, false, 1);
    check(AlertPolicy::GRACE, true, true, 1);
    check(Duration::ZERO, true, false, 1);
}
