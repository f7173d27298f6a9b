//! A process check counts real processes.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::{
    env,
    io::{BufRead as _, BufReader, Read as _},
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

/// How the fixture at the end of this file is run.
const FIXTURE: [&str; 4] = ["--ignored", "--exact", "--nocapture", "fixture_with_threads"];

/// A program that nobody else runs, and its processes: this test program, where it runs the fixture at the end of this file.
struct Program {
    _folder: TempDir,
    path: PathBuf,
    processes: Vec<Child>,
}

impl Program {
    /// `count` processes, each with several threads.
    fn start(name: &str, count: usize) -> Self {
        let folder = system::folder();
        let path = folder.path().join(format!("{name}-{}{}", std::process::id(), env::consts::EXE_SUFFIX));
        system::double(&env::current_exe().unwrap(), &path);
        let processes = (0..count).map(|_| process(&path)).collect();
        Self { _folder: folder, path, processes }
    }

    fn name(&self) -> String {
        self.path.file_stem().unwrap().to_str().unwrap().to_owned()
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

/// One process of the program at `path`, once all its threads run.
fn process(path: &Path) -> Child {
    let mut process = Command::new(path).args(FIXTURE).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.ends_with(WAITS)), "its threads run");
    process
}

fn wait_until(mut fact: impl FnMut() -> bool) {
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
async fn processes_are_found_by_name_and_path() {
    let program = Program::start("estatus-test-reloj", 2);
    let check = async |by, seen: &str| assert_up(&probe(by, 1, None).await, seen);
    check(ProcessMatch::Name(program.name()), "2 processes").await;
    check(ProcessMatch::Name(format!("{}.exe", program.name())), "2 processes").await;
    check(path(&program.path), "2 processes").await;
}

#[tokio::test]
async fn processes_are_found_by_command_line() {
    let program = Program::start("estatus-test-line", 2);
    let name = regex::escape(&program.name());
    let pattern = command_line(&format!("{name}[^ ]* {}$", FIXTURE.join(" ")));
    assert_up(&probe(pattern, 1, None).await, "2 processes");
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_is_found_behind_a_link_and_after_it_was_removed() {
    let program = Program::start("estatus-test-link", 2);
    let link = program.path.with_extension("link");
    std::os::unix::fs::symlink(&program.path, &link).unwrap();
    assert_up(&probe(path(&link), 1, None).await, "2 processes");
    std::fs::remove_file(&program.path).unwrap();
    assert_up(&probe(path(&program.path), 1, None).await, "2 processes");
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
    let process = &mut program.processes[0];
    process.kill().unwrap();
    wait_until(|| system::has_ended(process));
    assert_up(&probe(ProcessMatch::Name(program.name()), 1, None).await, "1 process");
}

#[tokio::test]
async fn threads_are_no_processes() {
    let program = Program::start("estatus-threads", 1);
    assert_up(&probe(path(&program.path), 1, None).await, "1 process");
}

#[cfg(unix)]
mod system {
    use std::{fs, path::Path, process::Child};

    use tempfile::TempDir;

    /// Where a link to a built program can be made.
    pub(crate) fn folder() -> TempDir {
        tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
    }

    /// By a link: a file that this process has open for writing, or a child it just forked, cannot run.
    pub(crate) fn double(program: &Path, as_what: &Path) {
        fs::hard_link(program, as_what).unwrap();
    }

    /// Whether it has, while nobody has taken note.
    pub(crate) fn has_ended(process: &Child) -> bool {
        fs::read_to_string(format!("/proc/{}/stat", process.id())).is_ok_and(|stat| stat.contains(") Z "))
    }
}

#[cfg(windows)]
mod system {
    use std::{fs, path::Path, process::Child};

    use tempfile::TempDir;

    pub(crate) fn folder() -> TempDir {
        tempfile::tempdir().unwrap()
    }

    pub(crate) fn double(program: &Path, as_what: &Path) {
        fs::copy(program, as_what).unwrap();
    }

    /// Whether it has; it is still there for whoever has a handle of it, as we have.
    pub(crate) fn has_ended(process: &mut Child) -> bool {
        process.try_wait().unwrap().is_some()
    }
}

/// What the fixture says when all its threads wait.
const WAITS: &str = "all wait";

#[test]
#[ignore = "the fixture of another test"]
#[allow(clippy::print_stdout, reason = "it is read")]
fn fixture_with_threads() {
    let waiting = || thread::spawn(|| std::io::stdin().read(&mut [0]));
    let all = [waiting(), waiting(), waiting()];
    println!("{WAITS}");
    for waiting in all {
        let _ = waiting.join();
    }
}
