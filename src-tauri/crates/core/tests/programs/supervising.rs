//! Programs are kept running.

use std::{sync::Arc, time::Duration};

use estatus_core::{
    Engine,
    config::Config,
    engine::{Ask, Effect, Input},
    exit::Exit,
    ids::{Key, StartId},
    maintenance::Cron,
    program::{
        CpuCeiling, Ended, Found, LeftBehind, MemoryCeiling, OnQuit, Program, ProgramCommand, ProgramEvent,
        ProgramMemory, ProgramState, ProgramTrouble, Ready, RestartLimit, RestartPolicy, RestartWhen, StartFailure,
    },
    secret::SecretRef,
};

use crate::scene::{Scene, at, count, monitor, program, restart, seconds, tcp};

#[test]
fn a_program_is_looked_for_then_started_and_started_again_when_it_ends() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(1.0);
    assert_eq!(scene.take(), "0.0 web starting\n0.0 start web 1 after 0\n0.0 web running\n");
    scene.exits("web", Exit::Code(1));
    assert_eq!(scene.take(), "1.0 web starting\n1.0 start web 2 after 1\n1.0 web running\n");
}

#[test]
fn restarts_wait_longer_and_longer_until_they_are_too_many_and_one_alert_says_so() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    let mut starts = Vec::new();
    scene.passes(0.0);
    for _ in 0..6 {
        scene.exits("web", Exit::Code(1));
        let before = scene.now;
        while !scene.running.contains_key("web") && scene.now < before + seconds(400.0) {
            scene.passes(0.1);
        }
        starts.push((scene.now - before).as_secs_f64());
    }
    let expected = [0.0, 1.0, 2.0, 4.0, 8.0, 300.0];
    for (waited, wanted) in starts.iter().zip(expected) {
        assert!((waited - wanted).abs() <= wanted * 0.2 + 0.11, "{starts:?}");
    }
    assert_eq!(count(&scene.story, "mail cooling"), 1, "{}", scene.story);
    scene.exits("web", Exit::Code(1));
    scene.passes(3000.0);
    assert_eq!(count(&scene.story, "mail"), 2, "the second mail is of its recovery: {}", scene.story);
    assert_eq!(count(&scene.story, "mail steady in answer"), 1, "{}", scene.story);
}

#[test]
fn a_program_that_cools_for_days_is_remembered_in_no_more_words_than_its_limit_needs() {
    let limit = RestartLimit { restarts: 5, within: seconds(30.0 * 86_400.0) };
    let mut scene = Scene::new(vec![Program { limit, ..program("web") }], vec![]);
    for _ in 0..2000 {
        if scene.running.contains_key("web") {
            scene.exits("web", Exit::Code(1));
        }
        scene.passes(300.0);
    }
    assert!(count(&scene.story, "start web") > 1500, "{}", count(&scene.story, "start web"));
    let recent = scene.memory("web").recent.len();
    assert!(recent <= 5, "{recent}");
}

#[test]
fn a_healthy_stretch_makes_a_restart_come_at_once_again() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(0.0);
    for _ in 0..20 {
        scene.exits("web", Exit::Signal(11));
        scene.passes(61.0);
    }
    assert_eq!(count(&scene.story, "start web"), 21);
    assert_eq!(count(&scene.story, "web cooling"), 0);
}

#[test]
fn the_restart_policy_decides_by_exit_code() {
    let check = |when, restart_on: &[Exit], ignore: &[Exit], exit, restarts: bool| {
        let restart = RestartPolicy { when, restart_on: restart_on.to_vec(), ignore: ignore.to_vec() };
        let mut scene = Scene::new(vec![Program { restart, ..program("web") }], vec![]);
        scene.passes(0.0);
        scene.exits("web", exit);
        assert_eq!(scene.running.contains_key("web"), restarts, "{when:?} {exit:?}: {}", scene.story);
    };
    check(RestartWhen::Always, &[], &[], Exit::Code(0), true);
    check(RestartWhen::Always, &[], &[Exit::Code(0)], Exit::Code(0), false);
    check(RestartWhen::OnFailure, &[], &[], Exit::Code(0), false);
    check(RestartWhen::OnFailure, &[], &[], Exit::Code(3), true);
    check(RestartWhen::OnFailure, &[], &[], Exit::Unseen, true);
    check(RestartWhen::Never, &[], &[], Exit::Signal(9), false);
    check(RestartWhen::Never, &[Exit::Code(75)], &[], Exit::Code(75), true);
}

#[test]
fn a_users_stop_holds_over_a_restart_of_estatus_and_a_start_ends_it() {
    let mut scene = Scene::new(vec![program("web")], vec![monitor("page", restart("web"))]);
    scene.passes(20.0);
    scene.asks(Ask::StopProgram { program: "web".to_owned() });
    scene.is_up = false;
    scene.passes(100.0);
    let mut scene = scene.crashes();
    scene.passes(1000.0);
    assert_eq!(count(&scene.story, "start"), 0, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail"), 0, "what the user stopped is no alarm: {}", scene.story);
    scene.asks(Ask::StartProgram { program: "web".to_owned() });
    scene.passes(1.0);
    assert!(scene.running.contains_key("web"), "{}", scene.story);
}

#[test]
fn restart_now_works_while_it_is_cooling() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(0.0);
    while count(&scene.story, "web cooling") == 0 {
        if scene.running.contains_key("web") {
            scene.exits("web", Exit::Code(1));
        }
        scene.passes(1.0);
    }
    scene.take();
    scene.asks(Ask::RestartProgram { program: "web".to_owned() });
    assert_eq!(count(&scene.story, "start web"), 1, "{}", scene.story);
}

#[test]
fn what_can_never_start_is_told_at_once_and_tried_every_five_minutes() {
    let mut scene = Scene::new(vec![], vec![]);
    let config = Config { programs: vec![Arc::new(program("web"))], ..(*scene.config).clone() };
    scene.cannot_start = Some(StartFailure::ProgramMissing { program: "web".to_owned() });
    scene.core.apply_config(Arc::new(config), at(Duration::ZERO));
    scene.passes(601.0);
    assert_eq!(count(&scene.story, "cannot start"), 3, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail cooling"), 1, "{}", scene.story);
}

#[test]
fn what_could_not_be_started_and_then_was_is_started_again_at_once_when_it_ends() {
    let mut scene = Scene::new(vec![], vec![]);
    scene.cannot_start = Some(StartFailure::ProgramMissing { program: "web".to_owned() });
    scene.applies(|config| config.programs.push(Arc::new(program("web"))));
    scene.passes(1.0);
    assert_eq!(scene.core.program("web").unwrap().state, ProgramState::CannotStart, "{}", scene.story);
    scene.cannot_start = None;
    scene.passes(300.0);
    assert!(scene.running.contains_key("web"), "{}", scene.story);
    scene.exits("web", Exit::Code(1));
    scene.passes(1.0);
    assert!(scene.running.contains_key("web"), "{}", scene.story);
}

#[test]
fn a_program_that_lacked_a_secret_is_started_as_soon_as_that_is_entered() {
    let lacking = |entered: &str| {
        let mut scene = Scene::new(vec![], vec![]);
        scene.cannot_start = Some(StartFailure::Secret { error: "there is no secret “token”".to_owned() });
        let mut web = program("web");
        web.command.secret_env = vec![("TOKEN".to_owned(), SecretRef::Keyring("token".to_owned()))];
        scene.applies(|config| config.programs.push(Arc::new(web)));
        scene.passes(10.0);
        assert_eq!(scene.core.program("web").unwrap().state, ProgramState::CannotStart, "{}", scene.story);
        scene.cannot_start = None;
        scene.input(Input::SecretEntered(entered.to_owned()));
        scene.passes(1.0);
        scene
    };
    assert!(lacking("token").running.contains_key("web"));
    let mut other = lacking("another");
    assert!(!other.running.contains_key("web"), "{}", other.story);
    other.passes(300.0);
    assert!(other.running.contains_key("web"), "{}", other.story);
}

#[test]
fn a_port_that_is_held_is_waited_for_without_using_up_the_limit() {
    let mut scene = Scene::new(vec![], vec![]);
    let config = Config { programs: vec![Arc::new(program("web"))], ..(*scene.config).clone() };
    scene.cannot_start = Some(StartFailure::PortHeld { port: 5173, holder: Some("node (pid 7)".to_owned()) });
    scene.core.apply_config(Arc::new(config), at(Duration::ZERO));
    scene.passes(300.0);
    assert_eq!(count(&scene.story, "web cooling"), 0, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail cooling"), 1, "{}", scene.story);
    scene.cannot_start = None;
    scene.passes(80.0);
    assert!(scene.running.contains_key("web"), "{}", scene.story);
    scene.take();
    scene.exits("web", Exit::Code(1));
    assert!(scene.running.contains_key("web"), "{}", scene.story);
}

#[test]
fn a_program_starts_when_those_before_it_are_ready() {
    let ready = Some(Ready::Notify);
    let web = Program { start_after: vec!["database".into()], ..program("web") };
    let mut scene = Scene::new(vec![web, Program { ready, ..program("database") }], vec![]);
    scene.passes(5.0);
    assert!(!scene.running.contains_key("web"), "{}", scene.story);
    scene.happens("database", ProgramEvent::Ready { start: StartId(1) });
    assert!(scene.running.contains_key("web"), "{}", scene.story);
}

#[test]
fn a_program_that_is_not_ready_in_time_is_started_again() {
    let ready = Some(Ready::Log("ready".to_owned()));
    let web = Program { ready, ready_within: seconds(10.0), ..program("web") };
    let mut scene = Scene::new(vec![web], vec![]);
    scene.passes(10.5);
    assert_eq!(count(&scene.story, "stop web 1"), 1, "{}", scene.story);
    assert_eq!(count(&scene.story, "start web 2"), 1, "{}", scene.story);
}

#[test]
fn readiness_is_probed_until_it_is_there() {
    let ready = Some(Ready::Check { check: Box::new(tcp(2)), timeout: seconds(1.0) });
    let mut scene = Scene::new(vec![Program { ready, ..program("web") }], vec![]);
    scene.is_up = false;
    scene.passes(3.0);
    assert_eq!(count(&scene.story, "web running"), 0, "{}", scene.story);
    scene.is_up = true;
    scene.passes(0.4);
    assert_eq!(count(&scene.story, "web running"), 1, "{}", scene.story);
}

#[test]
fn a_program_that_leaks_is_started_again() {
    let memory = Some(MemoryCeiling { above: 1_000_000_000, lasts: seconds(60.0) });
    let mut scene = Scene::new(vec![Program { memory, ..program("web") }], vec![]);
    scene.passes(50.0);
    assert_eq!(count(&scene.story, "start web"), 1);
    scene.passes(40.0);
    assert_eq!(count(&scene.story, "start web"), 2, "{}", scene.story);
}

#[test]
fn a_program_that_is_too_busy_for_too_long_is_started_again() {
    let check = |above: f64, starts: usize| {
        let cpu = Some(CpuCeiling { above, lasts: seconds(60.0) });
        let mut scene = Scene::new(vec![Program { cpu, ..program("web") }], vec![]);
        scene.passes(50.0);
        assert_eq!(count(&scene.story, "start web"), 1);
        scene.passes(40.0);
        assert_eq!(count(&scene.story, "start web"), starts, "{}", scene.story);
    };
    check(0.5, 2);
    check(2.0, 1);
}

#[test]
fn a_planned_restart_comes_at_its_time_once_each_and_uses_up_no_limit() {
    let every = Some(Cron::parse("*/10 * * * *", "UTC").unwrap());
    let limit = RestartLimit { restarts: 1, within: seconds(3600.0) };
    let mut scene = Scene::new(vec![Program { every, limit, ..program("web") }], vec![]);
    // The scene begins at 22:13:20.
    scene.passes(390.0);
    assert_eq!(count(&scene.story, "start web"), 1, "{}", scene.story);
    scene.passes(20.0);
    assert_eq!(count(&scene.story, "start web"), 2, "{}", scene.story);
    scene.passes(3000.0);
    assert_eq!(count(&scene.story, "start web"), 7, "{}", scene.story);
    assert_eq!(count(&scene.story, "web cooling"), 0, "{}", scene.story);
}

#[test]
fn a_job_that_has_ended_is_started_again_at_its_time_and_at_no_other() {
    let every = || Some(Cron::parse("*/10 * * * *", "UTC").unwrap());
    let policy = |when| RestartPolicy { when, ..RestartPolicy::default() };
    // The scene begins at 22:13:20.
    for when in [RestartWhen::Never, RestartWhen::OnFailure] {
        let mut scene = Scene::new(vec![Program { every: every(), restart: policy(when), ..program("job") }], vec![]);
        scene.passes(10.0);
        for run in 2..8 {
            scene.exits("job", Exit::Code(0));
            assert!(!scene.running.contains_key("job"), "{}", scene.story);
            scene.passes(600.0);
            assert_eq!(count(&scene.story, "start job"), run, "{}", scene.story);
        }
        assert!(scene.story.contains("400.0 start job 2 after 0\n"), "{}", scene.story);
        scene.asks(Ask::StopProgram { program: "job".to_owned() });
        scene.passes(3000.0);
        assert_eq!(count(&scene.story, "start job"), 7, "what the user stopped stays stopped: {}", scene.story);
    }
}

#[test]
fn a_silent_watchdog_restarts_and_news_of_an_older_start_does_not() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(1.0);
    scene.happens("web", ProgramEvent::Silent { start: StartId(1) });
    assert_eq!(count(&scene.story, "start web"), 2, "{}", scene.story);
    scene.happens("web", ProgramEvent::Silent { start: StartId(1) });
    assert_eq!(count(&scene.story, "start web"), 2, "{}", scene.story);
}

#[test]
fn after_a_crash_of_estatus_what_runs_is_kept_and_never_started_twice() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(10.0);
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert_eq!(scene.take(), "10.0 web running\n");
    assert!(scene.core.program("web").unwrap().process.is_some());
}

#[test]
fn what_ended_while_estatus_was_away_is_started_again_with_its_exit_known() {
    let mut scene = Scene::new(vec![program("web")], vec![]);
    scene.passes(10.0);
    let mut config = scene.core.snapshot();
    let memory = ProgramMemory { last_start: StartId(1), ..scene.memory("web") };
    config.memories.insert(Key::Program("web".into()), memory.into());
    let mut core = Engine::new(Arc::clone(&scene.config), config, 1, at(scene.now));
    while core.poll_effect().is_some() {}
    let ended = Ended::new(StartId(1), Exit::Code(7), at(scene.now).utc);
    let event = ProgramEvent::Found(Found::Ended(ended));
    core.handle(Input::Program { program: "web".into(), event }, at(scene.now)).unwrap();
    let environment = std::iter::from_fn(|| core.poll_effect()).find_map(|effect| match effect {
        Effect::Program { command: ProgramCommand::Start { environment, .. }, .. } => Some(environment),
        _ => None,
    });
    assert_eq!(environment.and_then(|environment| environment.last_exit), Some(Exit::Code(7)));
}

#[test]
fn a_program_that_goes_into_the_background_is_told_so_and_one_that_only_ends_is_not() {
    let check = |exit: Exit, background: &[LeftBehind], is_daemon: bool| {
        let mut scene = Scene::new(vec![program("web")], vec![]);
        while count(&scene.story, "mail cooling") == 0 {
            scene.passes(1.0);
            let Some(start) = scene.running.remove("web") else { continue };
            let ended = Ended { background: background.to_vec(), ..Ended::new(start, exit, at(scene.now).utc) };
            scene.happens("web", ProgramEvent::Exited(ended));
        }
        let trouble = scene.core.program("web").unwrap().trouble.unwrap();
        let daemon = ProgramTrouble::Daemon(LeftBehind { pid: 4711, name: "nginx".to_owned() });
        assert_eq!(trouble == daemon, is_daemon, "{exit:?} {trouble:?}");
    };
    let nginx = [4711, 4712].map(|pid| LeftBehind { pid, name: "nginx".to_owned() });
    check(Exit::Code(0), &nginx, true);
    check(Exit::Code(0), &[], false);
    check(Exit::Code(1), &nginx, false);
}

#[test]
fn quitting_stops_what_must_not_outlive_estatus_dependants_first() {
    let stays = Program { on_quit: OnQuit::LeaveRunning, ..program("stays") };
    let web = Program { start_after: vec!["database".into()], ..program("web") };
    let mut scene = Scene::new(vec![program("database"), web, stays], vec![]);
    scene.passes(1.0);
    scene.take();
    scene.input(Input::Quitting);
    let story = scene.take();
    let stops: Vec<&str> = story.lines().filter(|line| line.contains(" stop ")).collect();
    assert_eq!(stops, ["1.0 stop web 1", "1.0 stop database 1"], "{story}");
    assert!(!scene.core.is_stopping_processes());
    let mut scene = scene.crashes();
    scene.passes(1.0);
    assert_eq!(scene.running.len(), 3, "what was stopped for quitting runs again: {}", scene.story);
}
