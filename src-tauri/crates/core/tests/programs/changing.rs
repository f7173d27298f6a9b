//! The file changes, or the user wants something, while a program or a remedy is in the middle of something.

use std::sync::Arc;

use estatus_core::{
    config::{AlertWhen, Config, Monitor},
    engine::{Ask, Change},
    exit::Exit,
    ids::Key,
    program::{Program, ProgramState, Ready, RestartPolicy, RestartWhen, StopPolicy},
    remedy::{Outcome, Remedy, RemedyAction, RemedyError, RemedyKind},
};

use crate::scene::{Scene, count, line, monitor, program, restart, seconds};

/// Brings the program `web` of a scene into a state.
type Into = fn(&mut Scene);

/// Every state a program can be in, and how it gets there.
const STATES: [(ProgramState, Into); 9] = [
    (ProgramState::Looking, |scene| {
        scene.silent = true;
        scene.applies(|config| config.programs.push(Arc::new(web())));
    }),
    (ProgramState::Running, begins),
    (ProgramState::Stopped, |scene| {
        begins(scene);
        scene.asks(Ask::StopProgram { program: "web".to_owned() });
    }),
    (ProgramState::Finished, |scene| {
        scene.applies(|config| {
            let restart = RestartPolicy { when: RestartWhen::Never, ..RestartPolicy::default() };
            config.programs.push(Arc::new(Program { restart, ..web() }));
        });
        scene.passes(20.0);
        scene.exits("web", Exit::Code(0));
    }),
    (ProgramState::Waiting, |scene| {
        scene.silent = true;
        scene.applies(|config| {
            config.programs.push(Arc::new(program("database")));
        });
        scene.silent = false;
        scene.applies(|config| {
            config.programs.push(Arc::new(Program { start_after: vec!["database".into()], ..web() }))
        });
    }),
    (ProgramState::Starting, |scene| {
        scene.applies(|config| config.programs.push(Arc::new(Program { ready: Some(Ready::Notify), ..web() })));
    }),
    (ProgramState::Stopping, |scene| {
        begins(scene);
        scene.silent = true;
        scene.asks(Ask::RestartProgram { program: "web".to_owned() });
    }),
    (ProgramState::Backoff, |scene| {
        begins(scene);
        scene.passes(100.0);
        scene.exits("web", Exit::Code(1));
        scene.exits("web", Exit::Code(1));
    }),
    (ProgramState::CannotStart, |scene| {
        scene.cannot_start = Some(estatus_core::program::StartFailure::ProgramMissing { program: "web".to_owned() });
        scene.applies(|config| config.programs.push(Arc::new(web())));
        scene.cannot_start = None;
    }),
];

fn web() -> Program {
    Program { stop: StopPolicy { within: seconds(10.0), ..StopPolicy::default() }, ..program("web") }
}

fn begins(scene: &mut Scene) {
    scene.applies(|config| config.programs.push(Arc::new(web())));
    scene.passes(20.0);
}

fn take_out(config: &mut Config) {
    config.programs.retain(|program| &*program.name != "web");
}

fn state(scene: &Scene) -> ProgramState {
    scene.core.program("web").expect("a configured program").state
}

#[test]
fn a_program_that_is_put_back_is_kept_again_whatever_it_was_doing() {
    for (before, get_there) in STATES {
        for away in [0.0, 0.5, 30.0, 7200.0] {
            let mut scene = Scene::new(Vec::new(), Vec::new());
            get_there(&mut scene);
            assert_eq!(state(&scene), before);
            let file = Arc::clone(&scene.config);
            scene.applies(take_out);
            scene.passes(away);
            assert!(scene.core.programs().all(|program| &*program.program.name != "web"));
            scene.applies(|config| *config = Config::clone(&file));
            scene.silent = false;
            // What was never heard of is looked for again after a minute, and then every five.
            scene.passes(1200.0);
            let after = state(&scene);
            let is_kept = match before {
                ProgramState::Stopped => after == ProgramState::Stopped,
                // It never says that it is ready, so it is started again and again.
                ProgramState::Starting => count(&scene.story, "start web") > 2,
                _ => after == ProgramState::Running,
            };
            assert!(is_kept, "{after}: it was {before}, and away for {away} s:\n{}", scene.story);
        }
    }
}

#[test]
fn a_program_that_is_taken_out_is_gone_from_every_list() {
    for (before, get_there) in STATES {
        let mut scene = Scene::new(Vec::new(), Vec::new());
        get_there(&mut scene);
        scene.published.clear();
        scene.applies(take_out);
        scene.silent = false;
        scene.passes(1200.0);
        let of_it: Vec<&Change> = scene
            .published
            .iter()
            .filter(|change| matches!(change, Change::Changed(Key::Program(name)) | Change::Gone(Key::Program(name)) if &**name == "web"))
            .collect();
        assert_eq!(of_it, [&Change::Gone(Key::Program("web".into()))], "it was {before}");
        assert!(!scene.running.contains_key("web"), "it was {before}: {}", scene.story);
    }
}

#[test]
fn what_the_user_stopped_stays_stopped_over_an_edit_that_is_undone() {
    let mut scene = Scene::new(vec![program("web")], Vec::new());
    scene.passes(100.0);
    scene.asks(Ask::StopProgram { program: "web".to_owned() });
    let file = Arc::clone(&scene.config);
    scene.applies(|config| *config = Config { programs: Vec::new(), ..config.clone() });
    let mut scene = scene.crashes();
    scene.passes(3600.0);
    scene.applies(|config| *config = Config::clone(&file));
    scene.passes(3600.0);
    assert_eq!(state(&scene), ProgramState::Stopped, "{}", scene.story);
}

/// The page of `web` is down, and its remedy was given up or is being tried.
fn broken(remedy: Option<Remedy>, alert_when: AlertWhen, for_seconds: f64) -> Scene {
    let page = Monitor { alert_when, ..monitor("page", remedy) };
    let mut scene = Scene::new(vec![program("web")], vec![page]);
    scene.passes(100.0);
    scene.is_up = false;
    scene.passes(for_seconds);
    scene.take();
    scene
}

fn edit_page(scene: &mut Scene, change: impl FnOnce(&mut Monitor)) {
    scene.applies(|config| change(Arc::make_mut(&mut config.monitors[0])));
}

fn run() -> Option<Remedy> {
    let command = line("mend");
    Some(Remedy::new(RemedyAction::Run { command, timeout: seconds(60.0) }))
}

#[test]
fn another_remedy_is_tried_in_the_incident_that_is_open() {
    for after in [15.0, 3600.0] {
        let mut scene = broken(restart("web"), AlertWhen::Unhealed, after);
        edit_page(&mut scene, |page| page.on_down = run());
        scene.passes(3600.0);
        assert_eq!(count(&scene.story, "run mend"), 3, "after {after} s: {}", scene.story);
        assert_eq!(count(&scene.story, "mail"), 1, "after {after} s: {}", scene.story);
        scene.is_up = true;
        scene.passes(60.0);
        assert_eq!(count(&scene.story, "mail recovered in answer"), 1, "{}", scene.story);
    }
}

#[test]
fn a_remedy_that_is_added_while_its_incident_is_open_is_tried() {
    let mut scene = broken(None, AlertWhen::Always, 600.0);
    edit_page(&mut scene, |page| page.on_down = restart("web"));
    scene.passes(600.0);
    assert_eq!(count(&scene.story, "remedy begins"), 3, "{}", scene.story);
    assert_eq!(count(&scene.story, "mail escalated in answer"), 1, "{}", scene.story);
}

#[test]
fn an_incident_whose_remedy_is_taken_away_is_told() {
    let mut scene = broken(restart("web"), AlertWhen::Unhealed, 15.0);
    assert_eq!(count(&scene.story, "mail"), 0);
    edit_page(&mut scene, |page| page.on_down = None);
    scene.passes(60.0);
    assert_eq!(count(&scene.story, "mail down"), 1, "{}", scene.story);
}

#[test]
fn a_monitor_that_is_disabled_and_enabled_goes_on_being_healed() {
    let mut scene = broken(restart("web"), AlertWhen::Unhealed, 15.0);
    edit_page(&mut scene, |page| page.enabled = false);
    scene.passes(60.0);
    assert_eq!(count(&scene.story, "mail"), 0, "{}", scene.story);
    edit_page(&mut scene, |page| page.enabled = true);
    scene.passes(600.0);
    assert_eq!(count(&scene.story, "mail down"), 1, "{}", scene.story);
}

#[test]
fn a_command_that_runs_is_never_run_a_second_time_beside_itself() {
    let changes: [fn(&mut Scene); 5] = [
        |scene| scene.asks(Ask::Resume { monitor: "page".to_owned() }),
        |scene| {
            scene.asks(Ask::Pause { monitor: "page".to_owned(), until: None });
            scene.asks(Ask::Resume { monitor: "page".to_owned() });
        },
        |scene| edit_page(scene, |page| page.on_down = run().map(|remedy| Remedy { tries: 9, ..remedy })),
        |scene| {
            edit_page(scene, |page| page.enabled = false);
            edit_page(scene, |page| page.enabled = true);
        },
        |scene| {
            let file = Arc::clone(&scene.config);
            scene.applies(|config| config.monitors.clear());
            scene.applies(|config| *config = Config::clone(&file));
        },
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut scene = broken(None, AlertWhen::Always, 15.0);
        scene.command_lasts = true;
        edit_page(&mut scene, |page| page.on_down = run());
        scene.passes(5.0);
        assert_eq!(scene.commands.len(), 1, "change {index}");
        change(&mut scene);
        scene.passes(20.0);
        assert_eq!(scene.commands.len(), 1, "change {index}: {}", scene.story);
        scene.command_ends();
        scene.passes(120.0);
        assert_eq!(scene.commands.len(), 1, "change {index}: it is tried again: {}", scene.story);
    }
}

#[test]
fn a_command_that_was_being_run_when_estatus_was_killed_is_the_same_try_after_it() {
    let begun = |tries| {
        let page = Monitor {
            on_down: run().map(|remedy| Remedy { tries, ..remedy }),
            alert_when: AlertWhen::Unhealed,
            ..monitor("page", None)
        };
        let mut scene = Scene::new(Vec::new(), vec![page]);
        scene.command_lasts = true;
        scene.passes(20.0);
        scene.is_up = false;
        scene.passes(60.0);
        assert_eq!((scene.commands.len(), count(&scene.story, "mail")), (1, 0), "{}", scene.story);
        scene
    };
    let attempts = |scene: &Scene| scene.core.open_incidents().next().map(|incident| incident.attempts.clone());

    let scene = begun(3);
    let execution = scene.executions.clone();
    let mut scene = scene.crashes();
    scene.command_lasts = true;
    scene.passes(60.0);
    assert_eq!(scene.executions, execution, "it is asked for by the name that it was begun under");
    scene.command_exit = 3;
    scene.command_ends();
    let tried = attempts(&scene).unwrap();
    let ended = RemedyError::CommandEnded { exit: Exit::Code(3) };
    assert_eq!(tried.last().unwrap().outcome, Some(Outcome::NotDone(ended)));
    assert_eq!(tried.len(), 1);
    scene.passes(60.0);
    assert_eq!(scene.executions.len(), 2, "the next try is another: {}", scene.story);
    assert_ne!(scene.executions[1], execution[0]);

    // It was the last try that was left.
    let mut scene = begun(1).crashes();
    scene.command_lasts = true;
    scene.passes(60.0);
    assert_eq!((scene.commands.len(), count(&scene.story, "mail")), (1, 0), "{}", scene.story);
    scene.command_ends();
    scene.is_up = true;
    scene.passes(60.0);
    assert_eq!(attempts(&scene), None);
    assert_eq!(count(&scene.story, "mail"), 0, "it has healed: {}", scene.story);

    // The monitor is up before it is asked for.
    let mut scene = begun(3).crashes();
    scene.is_up = true;
    scene.passes(60.0);
    assert_eq!((scene.executions.len(), attempts(&scene)), (0, None), "{}", scene.story);

    // Another remedy stands there now.
    let mut scene = begun(3);
    let mut config = Config::clone(&scene.config);
    config.programs.push(Arc::new(web()));
    Arc::make_mut(&mut config.monitors[0]).on_down = restart("web");
    scene.config = Arc::new(config);
    let mut scene = scene.crashes();
    scene.passes(5.0);
    let tried = attempts(&scene).unwrap();
    assert_eq!(tried[0].outcome, Some(Outcome::NotDone(RemedyError::Interrupted)));
    assert!(matches!(tried[1].deed, RemedyKind::Restart { .. }), "{tried:?}");
}

#[test]
fn what_is_never_heard_of_is_told_and_looked_for_until_it_is_seen() {
    let check = |ask: Option<Ask>, wanted: ProgramState| {
        let mut scene = Scene::new(vec![program("web")], Vec::new());
        scene.passes(20.0);
        scene.silent = true;
        let asked = ask.is_some();
        match ask {
            Some(ask) => scene.asks(ask),
            None => scene.exits("web", Exit::Code(1)),
        }
        scene.passes(90.0);
        assert_eq!(state(&scene), ProgramState::Cooling, "{}", scene.story);
        assert_eq!(count(&scene.story, "mail cooling"), 1, "{}", scene.story);
        scene.passes(3600.0);
        assert_eq!(count(&scene.story, "mail"), 1, "asked: {asked}: {}", scene.story);
        scene.silent = false;
        scene.passes(600.0);
        assert_eq!(state(&scene), wanted, "{}", scene.story);
    };
    check(None, ProgramState::Running);
    check(Some(Ask::StopProgram { program: "web".to_owned() }), ProgramState::Stopped);
    check(Some(Ask::RestartProgram { program: "web".to_owned() }), ProgramState::Running);
}
