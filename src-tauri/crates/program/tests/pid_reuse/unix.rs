//! Pids that are really given again, where it can be chosen which comes next.

use std::{
    fs,
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use super::support::{Stage, eventually, identity, is_alive, kill};
use estatus_core::{
    exit::Exit,
    program::{Found, ProgramEvent, StartFailure},
};

/// The pid after this one is given to the next process.
const LAST_PID: &str = "/proc/sys/kernel/ns_last_pid";

fn can_choose() -> bool {
    let can = fs::read_to_string(LAST_PID).and_then(|last| fs::write(LAST_PID, last)).is_ok();
    if !can {
        println!("skipped: {LAST_PID} may not be written here");
    }
    can
}

/// A stranger with this pid, who leads a group and would die of SIGTERM.
fn stranger(pid: u32) -> Child {
    const TRIES: u32 = 1000;
    for _ in 0..TRIES {
        fs::write(LAST_PID, (pid - 1).to_string()).unwrap();
        let mut stranger =
            Command::new("/bin/sleep").arg("1000").process_group(0).stdout(Stdio::null()).spawn().unwrap();
        if stranger.id() == pid {
            return stranger;
        }
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
    panic!("the pid {pid} is not to be had");
}

fn assert_untouched(mut stranger: Child) {
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was signalled");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}

async fn gone(pid: u32) {
    eventually("it has been reaped", || !fs::exists(format!("/proc/{pid}")).unwrap()).await;
}

#[tokio::test]
async fn a_stranger_with_the_pid_of_a_dead_program_is_not_taken_for_it() {
    if !can_choose() {
        return;
    }
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["daemon"]));
    let process = stage.start(&program, 1).await;
    stage.until_written(&program, "deaf").await;
    // Nobody watches when it dies.
    stage.replace_engine();
    for shim in stage.shims() {
        kill(shim);
    }
    kill(process.pid);
    gone(process.pid).await;
    let stranger = stranger(process.pid);

    let found = stage.look(&program).await;
    assert!(matches!(&found, Found::Ended(ended) if ended.exit == Exit::Unseen && ended.left.is_empty()), "{found:?}");
    assert_eq!(stage.alive(), [0; 0], "what the program left behind is ended");
    let ended = stage.stop(&program, 1).await;
    assert_eq!((ended.exit, ended.left), (Exit::Unseen, vec![]));
    stage.start(&program, 2).await;
    stage.stop(&program, 2).await;
    assert_untouched(stranger);
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn a_stranger_with_the_pid_of_a_process_that_was_to_be_adopted_is_not_adopted() {
    if !can_choose() {
        return;
    }
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    let mut wanted = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
    let process = identity(wanted.id());
    wanted.kill().unwrap();
    wanted.wait().unwrap();
    eventually("a hundredth of a second has passed", || now_in_ticks() > process.started).await;
    let stranger = stranger(process.pid);
    stage.ask_start(&program, 1, Some(process));
    let failure = stage.until(|event| match event {
        ProgramEvent::CannotStart { failure, .. } => Some(failure),
        ProgramEvent::Started { .. } => panic!("the stranger was adopted"),
        _ => None,
    });
    assert_eq!(failure.await, StartFailure::AdoptedGone { pid: process.pid });
    assert!(is_alive(stranger.id()));
    assert_untouched(stranger);
    stage.leaves_nothing().await;
}

/// The start time of a process that is started now.
fn now_in_ticks() -> u64 {
    let mut now = Command::new("/bin/true").spawn().unwrap();
    let ticks = identity(now.id()).started;
    now.wait().unwrap();
    ticks
}
