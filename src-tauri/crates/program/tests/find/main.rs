//! Running processes are found in whichever way they are meant.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "not every test needs all of it")]
mod support;
#[cfg(unix)]
mod unix;

use std::{
    env::consts::EXE_SUFFIX,
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use estatus_program::{Wanted, candidates, survey};
use regex::Regex;
use support::Stage;

/// A process with a name that nobody else has, and its descendants.
struct Started {
    stage: Stage,
    executable: PathBuf,
    child: Child,
    /// What it said first.
    said: String,
}

impl Started {
    /// One with this habit, which begins with saying something.
    fn with(habit: &[&str]) -> Self {
        let stage = Stage::new();
        let name = format!("child-{}{EXE_SUFFIX}", stage.tag);
        let executable = dunce::canonicalize(stage.data.path()).unwrap().join(name);
        if !executable.exists() {
            fs::copy(support::child(), &executable).unwrap();
        }
        let mut command = Command::new(&executable);
        command.arg(&stage.tag).args(habit).current_dir(stage.data.path()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Self { stage, executable, child, said: said.trim().to_owned() }
    }

    fn name(&self) -> String {
        format!("child-{}", self.stage.tag)
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pids(wanted: &Wanted) -> Vec<u32> {
    candidates(wanted).iter().map(|candidate| candidate.process.pid).collect()
}

#[tokio::test]
async fn a_process_is_found_by_its_name_its_path_and_its_pid() {
    let started = Started::with(&["deaf"]);
    let check = |wanted: Wanted| assert_eq!(pids(&wanted), [started.pid()], "{wanted:?}");
    check(Wanted::Pid(started.pid()));
    check(Wanted::Name(started.name()));
    check(Wanted::Name(format!("{}.exe", started.name())));
    check(Wanted::Path(started.executable.clone()));
    assert_eq!(pids(&Wanted::Name(format!("{}x", started.name()))), [0; 0]);
    assert_eq!(pids(&Wanted::Path(started.stage.data.path().join("other"))), [0; 0]);
}

#[tokio::test]
async fn processes_are_found_by_command_line_too() {
    let started = Started::with(&["deaf"]);
    assert_eq!(
        pids(&Wanted::CommandLine(Regex::new(&format!("{} de+af", started.stage.tag)).unwrap())),
        [started.pid()]
    );
}

#[tokio::test]
async fn of_a_tree_only_the_top_is_a_candidate() {
    let started = Started::with(&["deaf-below"]);
    assert_eq!(started.said, "deaf");
    assert_eq!(pids(&Wanted::Name(started.name())), [started.pid()]);
}

#[tokio::test]
async fn a_process_is_found_by_a_port_it_listens_on() {
    let started = Started::with(&["port", "0"]);
    let port = started.said.rsplit(' ').next().unwrap().parse().unwrap();
    let found = candidates(&Wanted::Port(port));
    let found: Vec<_> = found.iter().map(|it| (it.process.pid, it.ports.as_slice())).collect();
    assert_eq!(found, [(started.pid(), [port].as_slice())]);
    let surveyed = survey().into_iter().find(|it| it.line.contains(&started.pid())).expect("it listens");
    assert_eq!(surveyed.candidate.ports, [port]);
}

#[test]
fn this_process_is_no_candidate() {
    assert_eq!(pids(&Wanted::Pid(std::process::id())), [0; 0]);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(pids(&Wanted::Port(listener.local_addr().unwrap().port())), [0; 0]);
}
