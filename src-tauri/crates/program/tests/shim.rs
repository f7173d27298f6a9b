//! Programs are started, watched, heard and found again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by them")]

#[allow(dead_code, unused_imports, reason = "not every test needs all of it")]
mod support;

use std::{
    collections::BTreeSet,
    fs,
    net::TcpListener,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use estatus_core::{
    check::{Check, HostPort, TcpCheck},
    command::Run,
    exit::Exit,
    ids::StartId,
    program::{Found, ProcessId, Program, ProgramCommand, ProgramEvent, Ready, StartEnvironment, StartFailure},
    secret::Secret,
};
use support::{
    AND_THEN, ASKED, FOREVER, KILLED, Stage, UNSEEN, apart, code, command, eventually, identity, is_alive, kill,
    on_console, shim_command,
};

#[tokio::test]
async fn the_end_of_a_program_is_told_with_its_last_lines() {
    async fn check(run: Run, exit: Exit, tail: &[&str]) {
        let mut stage = Stage::new();
        let program = Arc::new(Program::new("web", command(run.clone())));
        stage.start(&program, 1).await;
        let ended = stage.ended(1).await;
        assert_eq!((ended.exit, ended.left), (exit, vec![]), "{run:?}");
        assert_eq!(ended.tail, tail, "{run:?}");
        assert!(matches!(stage.look(&program).await, Found::Ended(_)));
        stage.leaves_nothing().await;
    }
    let shell = |line: &str| Run::Shell(line.to_owned());
    check(shell("exit 0"), code(0), &[]).await;
    if cfg!(windows) {
        check(shell("echo one& echo two& exit 3"), code(3), &["one", "two"]).await;
        check(shell("<nul set /p x=unfinished& exit 4"), code(4), &["unfinished"]).await;
        return;
    }
    check(shell("echo one; echo two; exit 3"), code(3), &["one", "two"]).await;
    check(shell("printf unfinished; kill -KILL $$"), Exit::Signal(9), &["unfinished"]).await;
    check(shell("no-such-program-of-estatus 2>/dev/null"), code(127), &[]).await;
    check(shell("kill -SEGV $$"), Exit::Signal(11), &[]).await;
}

#[tokio::test]
async fn why_a_program_cannot_be_started_is_told() {
    async fn check(stage: &mut Stage, program: Program, failure: StartFailure) {
        stage.ask_start(&Arc::new(program), 1, None);
        let told = stage.until(|event| match event {
            ProgramEvent::CannotStart { failure, .. } => Some(failure),
            ProgramEvent::Started { .. } => panic!("it was started"),
            _ => None,
        });
        assert_eq!(told.await, failure);
    }
    let mut stage = Stage::new();
    let straight = |program: &str| Run::Program { program: program.to_owned(), args: Vec::new() };
    let program = |run: Run| Program::new("web", command(run));

    let missing = StartFailure::ProgramMissing { program: "no-such-program".to_owned() };
    check(&mut stage, program(straight("no-such-program")), missing).await;

    let plain = stage.data.path().join("plain.txt").to_str().unwrap().to_owned();
    fs::write(&plain, "no program").unwrap();
    let failure = if cfg!(windows) {
        // What does not end as programs do is none.
        StartFailure::ProgramMissing { program: plain.clone() }
    } else {
        StartFailure::NotExecutable { program: plain.clone(), error: "Permission denied (os error 13)".to_owned() }
    };
    check(&mut stage, program(straight(&plain)), failure).await;

    let mut nowhere = program(straight("true"));
    nowhere.command.directory = Some("/no/such/folder".into());
    check(&mut stage, nowhere, StartFailure::DirectoryMissing { directory: "/no/such/folder".to_owned() }).await;

    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let on_port = on_port(&stage, port);
    check(&mut stage, on_port, StartFailure::PortHeld { port, holder: support::holder() }).await;
    drop(listener);

    let gone = ProcessId { pid: std::process::id(), started: 1 };
    let adopted = Arc::new(program(straight("true")));
    stage.ask_start(&adopted, 2, Some(gone));
    let failure = stage.until(|event| match event {
        ProgramEvent::CannotStart { start: StartId(2), failure } => Some(failure),
        _ => None,
    });
    assert_eq!(failure.await, StartFailure::AdoptedGone { pid: gone.pid });
    assert_eq!(stage.look(&adopted).await, Found::Nothing);
    stage.leaves_nothing().await;
}

fn on_port(stage: &Stage, port: u16) -> Program {
    let address = HostPort { host: "127.0.0.1".to_owned(), port };
    let check = Box::new(Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None }));
    let mut program = stage.program(&["port", &port.to_string()]);
    program.ready = Some(Ready::Check { check, timeout: Duration::from_secs(1) });
    program
}

/// Where the job of a program is gone with its first process and its shim, that note alone tells who may still be ending.
#[cfg(windows)]
#[tokio::test]
async fn who_comes_into_a_program_is_noted_without_being_asked_for() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["deaf-below"]));
    stage.start(&program, 1).await;
    stage.until_written(&program, "deaf").await;
    let (file, alive) = (stage.folder(&program).join("handles.json"), stage.alive());
    assert_eq!(alive.len(), 2);
    let noted = || {
        let kept: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let pids = kept["members"].as_array().unwrap().iter().map(|member| member["pid"].as_u64().unwrap());
        pids.collect::<Vec<_>>()
    };
    eventually("both are noted", || alive.iter().all(|&pid| noted().contains(&u64::from(pid)))).await;
    assert_eq!(stage.stop(&program, 1).await.left, []);
    stage.leaves_nothing().await;
}

/// Nobody can press a key where there is no console; a program of Linux always hears a signal.
#[tokio::test]
async fn what_can_only_be_killed_is_known_before_it_is_adopted() {
    let stage = Stage::new();
    let shim = shim_command(stage.data.path(), &stage.tag);
    let mut deaf = apart(Command::new(stage.executable()).args([&stage.tag, "deaf"])).spawn().unwrap();
    let process = identity(deaf.id());
    assert_eq!(estatus_program::can_be_asked(process, &shim).unwrap(), Some(cfg!(unix)));
    deaf.kill().unwrap();
    deaf.wait().unwrap();
    assert_eq!(estatus_program::can_be_asked(process, &shim).unwrap(), None);
    let mut asked = on_console(Command::new(stage.executable()).args([&stage.tag, "deaf"])).spawn().unwrap();
    let can_be_asked = || estatus_program::can_be_asked(identity(asked.id()), &shim).unwrap() == Some(true);
    eventually("it is on its console", can_be_asked).await;
    asked.kill().unwrap();
    asked.wait().unwrap();
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn an_engine_that_cannot_start_shims_says_so() {
    let mut stage = Stage::new();
    let (events, told) = tokio::sync::mpsc::channel(8);
    let shim = estatus_program::ShimCommand { program: "/no/such/executable".into(), args: Vec::new() };
    stage.supervisor = estatus_program::Supervisor::new(stage.data.path(), shim, events);
    stage.events = told;
    let program = Arc::new(stage.program(&["sleep"]));
    assert_eq!(stage.look(&program).await, Found::Nothing);
    stage.ask_start(&program, 1, None);
    let refused = stage.until(|event| match event {
        ProgramEvent::CannotStart { failure: StartFailure::Refused { error }, .. } => Some(error),
        _ => None,
    });
    let error = refused.await;
    assert!(["(os error 2)", "(os error 3)"].iter().any(|number| error.contains(number)), "{error}");
}

#[tokio::test]
async fn why_a_shim_cannot_live_is_said() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    fs::create_dir_all(stage.folder(&program).join("shim.lock")).unwrap();
    stage.ask_start(&program, 1, None);
    let failure = stage.until(|event| match event {
        ProgramEvent::CannotStart { failure, .. } => Some(failure),
        _ => None,
    });
    match failure.await {
        StartFailure::Refused { error } => assert!(error.contains("os error"), "{error}"),
        failure => panic!("{failure:?}"),
    }
}

#[tokio::test]
async fn a_program_that_nobody_can_stop_yet_is_not_said_to_have_ended() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    let process = stage.start(&program, 1).await;
    let executable = stage.data.path().join("executable");
    let (events, told) = tokio::sync::mpsc::channel(8);
    let own = shim_command(stage.data.path(), &stage.tag);
    let shim = estatus_program::ShimCommand { program: executable.clone(), args: own.args };
    stage.supervisor = estatus_program::Supervisor::new(stage.data.path(), shim, events);
    stage.events = told;
    stage.shims().into_iter().for_each(kill);
    stage.ask_stop(&program, 1);
    let told = tokio::time::timeout(Duration::from_millis(200), stage.events.recv()).await;
    assert!(told.is_err(), "{told:?}");
    assert!(is_alive(process.pid));
    fs::copy(own.program, executable).unwrap();
    assert_eq!(stage.ended(1).await.left, []);
    assert!(!is_alive(process.pid));
}

#[tokio::test]
async fn a_look_starts_nothing_where_nothing_runs() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    assert_eq!(stage.look(&program).await, Found::Nothing);
    assert_eq!(stage.shims(), [0; 0]);
    assert!(!stage.folder(&program).exists());
}

#[tokio::test]
async fn a_program_finds_what_it_needs_in_its_environment() {
    let mut stage = Stage::new();
    let file = stage.data.path().join("env");
    let mut program = stage.program(&["env", file.to_str().unwrap()]);
    program.command.env = vec![
        ("NODE_ENV".into(), "development".into()),
        ("ESTATUS_RESTARTS".into(), "x".into()),
        ("CARGO_PKG_VERSION".into(), "its own".into()),
    ];
    let program = Arc::new(program);
    let environment = StartEnvironment { restarts: 4, last_exit: Some(Exit::Signal(9)) };
    let secret = vec![("PASSWORD".to_owned(), Secret::new("hunter2"))];
    let hidden = BTreeSet::from(["CARGO_PKG_NAME".to_owned(), "CARGO_PKG_VERSION".to_owned(), "NEVER_SET".to_owned()]);
    assert!(std::env::var("CARGO_PKG_NAME").is_ok() && std::env::var("CARGO_PKG_VERSION").is_ok());
    let start = ProgramCommand::Start { start: StartId(1), environment, adopt: None };
    stage.supervisor.carry_out(&program, start, &secret, &hidden);
    let mut env = String::new();
    eventually("the environment is written", || {
        env = fs::read_to_string(&file).unwrap_or_default();
        env.contains("ESTATUS_STATE_DIR=")
    })
    .await;
    let folder = std::path::absolute(stage.folder(&program)).unwrap();
    let state = format!("ESTATUS_STATE_DIR={}", folder.join("state").display());
    let path = format!("PATH={}", std::env::var("PATH").unwrap());
    for line in ["NODE_ENV=development", "PASSWORD=hunter2", "ESTATUS_PROGRAM=web", "ESTATUS_RESTARTS=4"] {
        assert!(env.lines().any(|own| own == line), "{line} is not in\n{env}");
    }
    assert!(!env.contains("CARGO_PKG_NAME="), "{env}");
    for line in ["ESTATUS_LAST_EXIT=SIGKILL", "CARGO_PKG_VERSION=its own", &state, &path] {
        assert!(env.lines().any(|own| own == line), "{line} is not in\n{env}");
    }
    assert!(folder.join("state").is_dir());
    let written = fs::read_to_string(folder.join("ledger.json")).unwrap();
    assert!(!written.contains("hunter2"), "{written}");
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn what_a_program_leaves_in_the_background_is_told_and_ended() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["leave"]));
    stage.ask_start(&program, 1, None);
    let ended = stage.ended(1).await;
    assert_eq!((ended.exit, ended.left.len(), stage.alive()), (code(0), 0, vec![]));
    let left = ended.daemon().expect("what it left");
    assert!(left.name.contains("child") && !is_alive(left.pid), "{left:?}");
    let program = Arc::new(stage.program(&["exit", "0"]));
    stage.ask_start(&program, 2, None);
    assert_eq!(stage.ended(2).await.daemon(), None);
    stage.leaves_nothing().await;
}

/// Its shell is that of Unix.
#[cfg(unix)]
#[tokio::test]
async fn a_line_that_never_ends_is_in_the_log_while_it_is_written() {
    let mut stage = Stage::new();
    let run = Run::Shell("while :; do printf .; sleep 0.02; done".into());
    let program = Arc::new(Program::new("dots", command(run)));
    stage.start(&program, 1).await;
    stage.until_written(&program, "....").await;
    stage.until_written(&program, "....").await;
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

/// Its shell is that of Unix.
#[cfg(unix)]
#[tokio::test]
async fn a_coloured_line_makes_it_ready() {
    let mut stage = Stage::new();
    let line = r"printf '\033[2mready in \033[0m\033[1m300\033[22m ms\n'; sleep 1000";
    let mut program = Program::new("web", command(Run::Shell(line.into())));
    program.ready = Some(Ready::Log("ready in 300 ms".into()));
    let program = Arc::new(program);
    stage.start(&program, 1).await;
    stage.until(|event| (event == ProgramEvent::Ready { start: StartId(1) }).then_some(())).await;
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn the_line_that_is_waited_for_makes_it_ready() {
    let mut stage = Stage::new();
    let mut program = Program::new(
        "web",
        command(Run::Shell(format!("echo starting{AND_THEN} echo ready in 3 ms{AND_THEN} {FOREVER}"))),
    );
    program.ready = Some(Ready::Log("ready in".into()));
    let program = Arc::new(program);
    stage.start(&program, 1).await;
    stage.until(|event| (event == ProgramEvent::Ready { start: StartId(1) }).then_some(())).await;
    assert!(matches!(stage.look(&program).await, Found::Running { ready: true, .. }));
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

/// `NOTIFY_SOCKET` belongs to Unix.
#[cfg(unix)]
#[tokio::test]
async fn what_a_program_says_of_itself_is_told() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["notify", "STATUS=3 of 7\nREADY=1", "WATCHDOG_USEC=50000"]));
    let start = StartId(1);
    stage.ask_start(&program, 1, None);
    let mut said = Vec::new();
    stage
        .until(|event| {
            let silent = event == ProgramEvent::Silent { start };
            said.push(event);
            silent.then_some(())
        })
        .await;
    let status = ProgramEvent::Said { start, status: "3 of 7".into() };
    assert!(matches!(&said[..], [ProgramEvent::Started { .. }, a, ProgramEvent::Ready { .. }, _] if *a == status));
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

/// `NOTIFY_SOCKET` belongs to Unix.
#[cfg(unix)]
#[tokio::test]
async fn a_watchdog_begins_with_the_first_sign_of_life_where_the_environment_has_it() {
    let mut stage = Stage::new();
    let mut program = stage.program(&["notify", "WATCHDOG=1"]);
    program.command.env = vec![("WATCHDOG_USEC".into(), "50000".into())];
    let program = Arc::new(program);
    stage.start(&program, 1).await;
    stage.until(|event| (event == ProgramEvent::Silent { start: StartId(1) }).then_some(())).await;
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

/// `NOTIFY_SOCKET` belongs to Unix.
#[cfg(unix)]
#[tokio::test]
async fn another_process_can_become_the_first() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["main-pid"]));
    let started = stage.start(&program, 1).await;
    stage.until_written(&program, "waits").await;
    eventually("the one that was started has gone", || !is_alive(started.pid)).await;
    let Found::Running { process, ready: true, .. } = stage.look(&program).await else { panic!("it does not run") };
    assert_ne!(process, started);
    assert!(is_alive(process.pid));
    assert_eq!(stage.stop(&program, 1).await.exit, code(7));
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_program_that_is_found_again_goes_on() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["exit-when-asked", "7"]));
    let process = stage.start(&program, 1).await;
    stage.until_written(&program, "waits").await;

    stage.replace_engine();
    let found = stage.look(&program).await;
    assert!(matches!(found, Found::Running { process: found, .. } if found == process), "{found:?}");
    assert_eq!(stage.stop(&program, 1).await.exit, code(7), "the exit code is still learned");

    stage.start(&program, 2).await;
    stage.until_written(&program, "waits").await;
    stage.replace_engine();
    kill(stage.shim(&program).unwrap());
    let found = stage.look(&program).await;
    assert!(matches!(found, Found::Running { start: StartId(2), .. }), "{found:?}");
    assert_eq!(stage.stop(&program, 2).await.exit, UNSEEN(code(7)), "its parent was killed");
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn what_ends_while_no_engine_is_there_is_told_to_the_next() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    let process = stage.start(&program, 1).await;
    drop(std::mem::replace(&mut stage.events, tokio::sync::mpsc::channel(1).1));
    let shim = stage.shim(&program).unwrap();
    stage.replace_engine();
    kill(process.pid);
    eventually("its shim has gone", || !is_alive(shim)).await;
    let Found::Ended(ended) = stage.look(&program).await else { panic!("it was not found as ended") };
    assert_eq!((ended.start, ended.exit), (StartId(1), KILLED));
    assert_eq!(stage.shims(), [0; 0], "nothing is started to learn that");
}

#[tokio::test]
async fn a_killed_shim_is_replaced_at_once() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["deaf"]));
    let process = stage.start(&program, 1).await;
    stage.until_written(&program, "deaf").await;
    let shim = stage.shim(&program).unwrap();
    kill(shim);
    let found = stage.found().await;
    assert!(matches!(found, Found::Running { process: same, .. } if same == process), "{found:?}");
    assert_ne!(stage.shim(&program), Some(shim));
    kill(process.pid);
    assert_eq!(stage.ended(1).await.exit, UNSEEN(KILLED));
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_killed_fork_server_is_replaced() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["exit", "0"]));
    stage.start(&program, 1).await;
    stage.ended(1).await;
    for shim in stage.shims() {
        kill(shim);
    }
    stage.start(&program, 2).await;
    assert_eq!(stage.ended(2).await.exit, code(0));
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn what_a_dead_program_left_behind_is_ended_before_its_next_start() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["daemon"]));
    let process = stage.start(&program, 1).await;
    stage.until_written(&program, "deaf").await;
    eventually("who started it is gone", || stage.alive().len() == 2).await;
    stage.replace_engine();
    kill(stage.shim(&program).unwrap());
    kill(process.pid);
    let found = stage.look(&program).await;
    assert!(matches!(&found, Found::Ended(ended) if ended.left.is_empty()), "{found:?}");
    assert_eq!(stage.alive(), [0; 0]);
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_newer_start_comes_after_the_end_of_the_older() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    let first = stage.start(&program, 1).await;
    stage.ask_start(&program, 2, None);
    assert_eq!(stage.ended(1).await.exit, *ASKED);
    let second = stage.until(|event| match event {
        ProgramEvent::Started { start: StartId(2), process } => Some(process),
        _ => None,
    });
    assert_ne!(second.await, first);
    assert_eq!(stage.alive().len(), 1);
    stage.stop(&program, 2).await;
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_foreign_process_is_adopted_and_stopped_with_what_came_of_it() {
    for habit in ["sleep", "deaf-below"] {
        let mut stage = Stage::new();
        let program = Arc::new(stage.program(&["exit", "0"]));
        let mut foreign = apart(Command::new(stage.executable()).args([&stage.tag, habit])).spawn().unwrap();
        let process = identity(foreign.id());
        let all = if habit == "sleep" { 1 } else { 2 };
        eventually("it is complete", || stage.alive().len() == all).await;
        stage.ask_start(&program, 1, Some(process));
        let adopted = stage.until(|event| match event {
            ProgramEvent::Started { process, .. } => Some(process),
            _ => None,
        });
        assert_eq!(adopted.await, process);

        kill(stage.shim(&program).unwrap());
        let found = stage.found().await;
        assert!(matches!(found, Found::Running { process: same, .. } if same == process), "{found:?}");
        let ended = stage.stop(&program, 1).await;
        assert_eq!((ended.exit, ended.left, stage.alive()), (UNSEEN(ended.exit), vec![], vec![]), "{habit}");
        foreign.wait().unwrap();
        stage.leaves_nothing().await;
    }
}

#[tokio::test]
async fn what_an_adopted_process_leaves_behind_is_ended() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["exit", "0"]));
    let mut foreign = apart(Command::new(stage.executable()).args([&stage.tag, "deaf-below"])).spawn().unwrap();
    let process = identity(foreign.id());
    eventually("it is complete", || stage.alive().len() == 2).await;
    stage.ask_start(&program, 1, Some(process));
    stage.until(|event| matches!(event, ProgramEvent::Started { .. }).then_some(())).await;
    foreign.kill().unwrap();
    foreign.wait().unwrap();
    let ended = stage.ended(1).await;
    assert_eq!((ended.exit, ended.left, stage.alive()), (UNSEEN(ended.exit), vec![], vec![]));
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_flood_reaches_the_log_and_slows_nobody() {
    let mut stage = Stage::new();
    let mut program = stage.program(&["flood", "20000000"]);
    program.log_keep = 1_000_000;
    let program = Arc::new(program);
    stage.start(&program, 1).await;
    let ended = stage.ended(1).await;
    assert_eq!((ended.exit, ended.tail.len()), (code(0), estatus_core::program::Ended::TAIL_LINES));
    stage.leaves_nothing().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_closes_its_output_goes_on() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["close"]));
    stage.start(&program, 1).await;
    assert!(matches!(stage.look(&program).await, Found::Running { .. }));
    assert_eq!(stage.stop(&program, 1).await.exit, Exit::Signal(15));
    stage.leaves_nothing().await;
}

/// `NOTIFY_SOCKET` belongs to Unix.
#[cfg(unix)]
#[tokio::test]
async fn a_deep_data_folder_is_no_obstacle() {
    let mut stage = Stage::new();
    let deep = stage.data.path().join("x".repeat(120));
    let (events, told) = tokio::sync::mpsc::channel(64);
    let shim = shim_command(stage.data.path(), &stage.tag);
    (stage.supervisor, stage.events) = (estatus_program::Supervisor::new(&deep, shim, events), told);
    let program = Arc::new(stage.program(&["notify", "READY=1"]));
    stage.ask_start(&program, 1, None);
    stage.until(|event| (event == ProgramEvent::Ready { start: StartId(1) }).then_some(())).await;
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_program_is_measured_while_it_runs() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    stage.start(&program, 1).await;
    for is_first in [true, false] {
        stage.carry_out(&program, ProgramCommand::Measure { start: StartId(1), ports: false });
        let (memory, cpu) = stage
            .until(|event| match event {
                ProgramEvent::Measured { memory, cpu, .. } => Some((memory, cpu)),
                _ => None,
            })
            .await;
        assert!(memory > 100_000, "{memory}");
        assert_eq!(cpu.is_none(), is_first);
    }
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn the_ports_that_a_program_listens_on_are_seen_when_they_are_asked_for() {
    let mut stage = Stage::new();
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let program = Arc::new(on_port(&stage, port));
    stage.start(&program, 1).await;
    eventually("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()).await;
    for (asked, seen) in [(true, Some(vec![port])), (false, None)] {
        stage.carry_out(&program, ProgramCommand::Measure { start: StartId(1), ports: asked });
        let ports = stage.until(|event| match event {
            ProgramEvent::Measured { ports, .. } => Some(ports),
            _ => None,
        });
        assert_eq!(ports.await, seen);
    }
    stage.stop(&program, 1).await;
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_restart_is_quick() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    let mut process = stage.start(&program, 1).await;
    let (mut told, mut again) = (Vec::new(), Vec::new());
    for start in 2..=101 {
        let begun = Instant::now();
        kill(process.pid);
        stage.ended(start - 1).await;
        told.push(begun.elapsed());
        process = stage.start(&program, start).await;
        again.push(begun.elapsed());
    }
    for (what, mut times) in [("exit -> told", told), ("exit -> running again", again)] {
        times.sort_unstable();
        println!("{what}: median {:?}, longest {:?}", times[times.len() / 2], times[times.len() - 1]);
    }
    stage.stop(&program, 101).await;
    stage.leaves_nothing().await;
}
