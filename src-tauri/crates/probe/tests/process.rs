//! A process check counts real processes.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use common::{PATIENCE, assert_down, assert_up, prober};
use estatus_core::{
    check::{Check, ProcessCheck, ProcessMatch},
    observation::{Cause, Observation, Phase},
};
use tempfile::TempDir;

/// A program that nobody else runs, and its processes.
struct Program {
    _folder: TempDir,
    path: PathBuf,
    processes: Vec<Child>,
}

impl Program {
    /// `count` processes that sleep.
    fn start(name: &str, count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(format!("{name}-{}", std::process::id()));
        // Copied by another process: a file that this one has open for writing, or a child it just forked, cannot run.
        assert!(Command::new("cp").arg("/bin/sleep").arg(&path).status().unwrap().success());
        let processes = (0..count).map(|_| Command::new(&path).arg("300").spawn().unwrap()).collect();
        Self { _folder: folder, path, processes }
    }

    /// One process with several threads: this test program, where it runs the fixture at the end of this file.
    fn with_threads() -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("threads");
        fs::hard_link(env::current_exe().unwrap(), &path).unwrap();
        let fixture = ["--ignored", "--exact", "fixture_with_threads"];
        let process = Command::new(&path).args(fixture).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let tasks = format!("/proc/{}/task", process.id());
        wait_until(|| fs::read_dir(&tasks).is_ok_and(|tasks| tasks.count() > 3));
        Self { _folder: folder, path, processes: vec![process] }
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap().to_str().unwrap().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn wait_until(fact: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !fact() {
        assert!(Instant::now() < deadline, "it did not come true");
        thread::sleep(Duration::from_millis(5));
    }
}

async fn probe(by: ProcessMatch, at_least: u32, at_most: Option<u32>) -> Observation {
    prober().probe(&Check::Process(ProcessCheck { by, at_least, at_most }), PATIENCE).await
}

fn path(path: &Path) -> ProcessMatch {
    ProcessMatch::Path(path.to_owned())
}

fn command_line(pattern: &str) -> ProcessMatch {
    ProcessMatch::CommandLine(regex::Regex::new(pattern).unwrap())
}

#[tokio::test]
async fn processes_are_found_by_name_path_and_command_line() {
    let program = Program::start("estatus-test-reloj", 2);
    let check = async |by, seen: &str| assert_up(&probe(by, 1, None).await, seen);
    check(ProcessMatch::Name(program.name()), "2 processes").await;
    check(ProcessMatch::Name(format!("{}.exe", program.name())), "2 processes").await;
    check(path(&program.path), "2 processes").await;
    check(command_line(&format!("^{} 300$", regex::escape(program.path.to_str().unwrap()))), "2 processes").await;

    let link = program.path.with_extension("link");
    std::os::unix::fs::symlink(&program.path, &link).unwrap();
    check(path(&link), "2 processes").await;

    fs::remove_file(&program.path).unwrap();
    check(path(&program.path), "2 processes").await;
}

#[tokio::test]
async fn too_few_and_too_many_are_told() {
    let program = Program::start("estatus-count", 2);
    let name = || ProcessMatch::Name(program.name());
    assert_up(&probe(name(), 2, Some(2)).await, "2 processes");
    let few = probe(name(), 3, None).await;
    assert_down(&few, Phase::Assertion, &Cause::TooFew { found: 2, at_least: 3 });
    assert_eq!(few.seen, "2 processes");
    assert_down(&probe(name(), 0, Some(1)).await, Phase::Assertion, &Cause::TooMany { found: 2, at_most: 1 });

    let none = ProcessMatch::Name("no-such-process-of-estatus".to_owned());
    assert_down(&probe(none.clone(), 1, None).await, Phase::Assertion, &Cause::TooFew { found: 0, at_least: 1 });
    assert_up(&probe(none, 0, Some(0)).await, "0 processes");
}

#[tokio::test]
async fn a_process_that_has_ended_does_not_count_though_nobody_took_note() {
    let mut program = Program::start("estatus-zombie", 2);
    let pid = program.processes[0].id();
    program.processes[0].kill().unwrap();
    wait_until(|| fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z ")));
    assert_up(&probe(ProcessMatch::Name(program.name()), 1, None).await, "1 process");
}

#[tokio::test]
async fn threads_are_no_processes() {
    let program = Program::with_threads();
    assert_up(&probe(path(&program.path), 1, None).await, "1 process");
}

#[test]
#[ignore = "the fixture of another test"]
fn fixture_with_threads() {
    let waiting = || thread::spawn(|| std::io::stdin().read(&mut [0]));
    for waiting in [waiting(), waiting(), waiting()] {
        let _ = waiting.join();
    }
}
