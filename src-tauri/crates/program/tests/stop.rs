//! A stop is proven: nothing of a program is left, whatever its habits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

#[allow(dead_code, unused_imports, reason = "not every test needs all of it")]
mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use estatus_core::{
    command::Run,
    exit::Exit,
    program::{Program, StopHow},
};
use support::{ASKED, Stage, code, command, free_port, is_alive};

/// Starts it, waits until it has written `ready`, stops it, and looks.
async fn check(stage: &mut Stage, program: Program, ready: &str) -> Exit {
    let program = Arc::new(program);
    let process = stage.start(&program, 1).await;
    stage.until_written(&program, ready).await;
    let ended = stage.stop(&program, 1).await;
    assert_eq!((ended.left, stage.alive()), (vec![], vec![]), "{:?}", program.command);
    assert!(!is_alive(process.pid));
    ended.exit
}

async fn check_habit(habit: &[&str], ready: &str, exit: Exit) {
    let mut stage = Stage::new();
    let program = stage.program(habit);
    assert_eq!(check(&mut stage, program, ready).await, exit, "{habit:?}");
    stage.leaves_nothing().await;
}

/// How what is killed by a shim ends.
const KILL: Exit = Exit::Signal(9);

#[tokio::test]
async fn a_program_that_is_deaf_is_killed() {
    check_habit(&["deaf"], "deaf", KILL).await;
}

#[tokio::test]
async fn a_program_that_listens_says_how_it_ends() {
    check_habit(&["exit-when-asked", "3"], "waits", code(3)).await;
}

#[tokio::test]
async fn a_daemon_in_a_session_of_its_own_is_found() {
    check_habit(&["daemon"], "daemon", *ASKED).await;
}

#[tokio::test]
async fn a_daemon_without_a_variable_or_a_pipe_is_found() {
    check_habit(&["bare"], "bare", *ASKED).await;
}

/// Nobody has another name than that of its executable on Windows.
#[cfg(unix)]
#[tokio::test]
async fn a_program_under_another_name_is_found() {
    check_habit(&["disguise"], "disguise", *ASKED).await;
}

/// There is no SIGSTOP on Windows.
#[cfg(unix)]
#[tokio::test]
async fn a_program_that_stopped_itself_is_continued_and_ends() {
    check_habit(&["stopped"], "stopped", *ASKED).await;
}

#[tokio::test]
async fn a_program_that_forks_while_it_is_stopped_does_not_get_away() {
    check_habit(&["burst", "200"], "ready to burst", KILL).await;
}

#[tokio::test]
async fn a_shell_in_between_is_no_hiding_place() {
    let mut stage = Stage::new();
    let program = stage.shell("deaf");
    check(&mut stage, program, "deaf").await;
    let program = stage.shell("daemon");
    let program = Arc::new(program);
    stage.start(&program, 2).await;
    stage.until_written(&program, "daemon").await;
    assert_eq!(stage.stop(&program, 2).await.left, []);
    assert_eq!(stage.alive(), [0; 0]);
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_port_that_was_held_is_free() {
    for habit in ["port", "port-below"] {
        let mut stage = Stage::new();
        let port = free_port();
        let program = stage.program(&[habit, &port.to_string()]);
        check(&mut stage, program, &format!("listening on {port}")).await;
        assert!(std::net::TcpListener::bind(("127.0.0.1", port)).is_ok(), "{habit}");
        stage.leaves_nothing().await;
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_signal_is_the_one_that_was_asked_for() {
    use estatus_core::exit::Signal;
    async fn check_signal(signal: Signal, number: i32) {
        let mut stage = Stage::new();
        let mut program = stage.program(&["sleep"]);
        program.stop.how = StopHow::Signal(signal);
        let program = Arc::new(program);
        stage.start(&program, 1).await;
        assert_eq!(stage.stop(&program, 1).await.exit, Exit::Signal(number));
        stage.leaves_nothing().await;
    }
    check_signal(Signal::Term, 15).await;
    check_signal(Signal::Int, 2).await;
    check_signal(Signal::Quit, 3).await;
    check_signal(Signal::Hup, 1).await;
    check_signal(Signal::Usr1, 10).await;
    check_signal(Signal::Usr2, 12).await;
    check_signal(Signal::Kill, 9).await;
}

/// Windows cannot be closed where none can be made: what is asked by that alone has its time, and is killed.
#[cfg(windows)]
#[tokio::test]
async fn the_key_is_the_one_that_was_asked_for() {
    use estatus_core::exit::Signal;
    for (signal, exit) in [
        (Signal::Term, code(3)),
        (Signal::Int, code(3)),
        (Signal::Quit, *support::BROKEN),
        (Signal::Hup, KILL),
        (Signal::Kill, KILL),
    ] {
        let mut stage = Stage::new();
        let mut program = stage.program(&["exit-by-key"]);
        program.stop.how = StopHow::Signal(signal);
        assert_eq!(check(&mut stage, program, "waits").await, exit, "{signal:?}");
        stage.leaves_nothing().await;
    }
}

/// What a program does while it is ended is not cut short, and neither is it by what its children do.
#[tokio::test]
async fn a_program_with_children_has_its_time_to_tidy_up() {
    let mut stage = Stage::new();
    let file = stage.data.path().join("tidy");
    let mut program = stage.program(&["tidy", file.to_str().unwrap()]);
    program.stop.within = Duration::from_secs(20);
    assert_eq!(check(&mut stage, program, "waits").await, code(3));
    assert_eq!(std::fs::read_to_string(file).unwrap(), "onetwothree");
    stage.leaves_nothing().await;
}

/// As with what npm runs: a shell waits for a batch file, that for a program, and that for what tidies up.
#[cfg(windows)]
#[tokio::test]
async fn what_a_batch_file_starts_has_its_time_to_tidy_up() {
    let mut stage = Stage::new();
    let (file, batch) = (stage.data.path().join("tidy"), stage.data.path().join("start.cmd"));
    let line = format!("@\"{}\" {} tidy-below \"{}\"\r\n", stage.executable().display(), stage.tag, file.display());
    std::fs::write(&batch, line).unwrap();
    let run = Run::Program { program: batch.to_str().unwrap().to_owned(), args: Vec::new() };
    let mut program = Program::new("web", command(run));
    program.stop.within = Duration::from_secs(20);
    check(&mut stage, program, "waits").await;
    assert_eq!(std::fs::read_to_string(file).unwrap(), "onetwothree");
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_stop_command_asks_instead_and_knows_the_pid() {
    async fn check_command(line: &str, exit: Exit) {
        let mut stage = Stage::new();
        let mut program = stage.program(&["sleep"]);
        program.stop.how = StopHow::Command(command(Run::Shell(line.to_owned())));
        let program = Arc::new(program);
        stage.start(&program, 1).await;
        let ended = stage.stop(&program, 1).await;
        assert_eq!((ended.exit, ended.left), (exit, vec![]), "{line}");
        stage.leaves_nothing().await;
    }
    if cfg!(unix) {
        check_command("kill -USR1 $ESTATUS_PID", Exit::Signal(10)).await;
    }
    // It works, but does nothing: killed when the time is up.
    check_command("exit 0", KILL).await;
    // It does not work: asked by a signal.
    check_command("exit 1", *ASKED).await;
    check_command(support::FOREVER, KILL).await;
}

#[tokio::test]
async fn what_a_program_leaves_behind_is_ended_when_it_ends() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["leave"]));
    stage.start(&program, 1).await;
    let ended = stage.ended(1).await;
    assert_eq!((ended.exit, ended.left, stage.alive()), (code(0), vec![], vec![]));
    assert!(ended.tail.contains(&"leaves".to_owned()), "{:?}", ended.tail);
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_program_that_ends_in_time_is_not_waited_for() {
    let mut stage = Stage::new();
    let mut program = stage.program(&["sleep"]);
    program.stop.within = Duration::from_secs(100);
    let program = Arc::new(program);
    stage.start(&program, 1).await;
    let begun = Instant::now();
    assert_eq!(stage.stop(&program, 1).await.exit, *ASKED);
    assert!(begun.elapsed() < Duration::from_secs(10));
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn what_has_ended_already_is_told_again() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["exit", "5"]));
    stage.start(&program, 1).await;
    assert_eq!(stage.ended(1).await.exit, code(5));
    assert_eq!(stage.stop(&program, 1).await.exit, code(5));
    assert_eq!(stage.stop(&program, 9).await.exit, Exit::Unseen);
    stage.leaves_nothing().await;
}
