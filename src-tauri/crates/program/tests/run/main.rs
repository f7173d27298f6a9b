//! Commands are run to their end, and nothing of them is left.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

#[cfg(windows)]
mod batch;
#[cfg(unix)]
mod shell;
#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "not every test needs all of it")]
mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use estatus_core::{
    command::{CommandEnd, CommandLine, CommandOutcome, CommandRun, Run},
    secret::Secret,
};
use support::{LONG, Stage, eventually};

/// More lines than any pipe holds.
const MANY: &str = "200000";

#[tokio::test]
async fn the_end_of_a_command_is_told() {
    let stage = Stage::new();
    let check = async |habit: &[&str], end: CommandEnd, stdout: &str, stderr: &str| {
        let outcome = of(habitual(&stage, habit)).await;
        let written = [outcome.stdout, outcome.stderr].map(|text| text.replace("\r\n", "\n"));
        assert_eq!((outcome.end, written), (end, [stdout.to_owned(), stderr.to_owned()]), "{habit:?}");
    };
    check(&["exit", "0"], CommandEnd::Exited(0), "", "").await;
    check(&["both", "out", "err", "3"], CommandEnd::Exited(3), "out\n", "err\n").await;
    check(&["exit", "255"], CommandEnd::Exited(255), "", "").await;
    let words = ["say", "a  b", "$HOME", "%PATH%", "*", "a\"b", ""];
    check(&words, CommandEnd::Exited(0), "a  b $HOME %PATH% * a\"b \n", "").await;
}

#[tokio::test]
async fn a_shell_runs_what_is_no_program() {
    let run = run_of(Run::Shell("echo one && exit 7".to_owned()));
    let outcome = of(run).await;
    assert_eq!((outcome.end, outcome.stdout.trim()), (CommandEnd::Exited(7), "one"));
}

#[tokio::test]
async fn what_cannot_be_started_is_told_in_words() {
    async fn check(run: CommandRun, words: &str) {
        let outcome = of(run.clone()).await;
        match outcome.end {
            CommandEnd::CannotStart(reason) => assert!(reason.contains(words), "{reason} does not say {words}"),
            end => panic!("{run:?} ended with {end:?}"),
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain.exe");
    fs::write(&plain, "no program").unwrap();
    let stage = Stage::new();
    let in_directory = |directory: PathBuf| {
        let mut run = habitual(&stage, &["exit", "0"]);
        run.command.directory = Some(directory);
        run
    };
    check(run_of(program("no-such-program-of-estatus", &[])), "there is no such program").await;
    check(run_of(program(plain.to_str().unwrap(), &[])), "cannot be executed").await;
    check(in_directory(folder.path().join("none")), "none does not exist").await;
    check(in_directory(plain), "plain.exe does not exist").await;
}

#[tokio::test]
async fn a_command_finds_its_directory_and_its_variables() {
    let stage = Stage::new();
    let folder = tempfile::tempdir().unwrap();
    let path = dunce::canonicalize(folder.path()).unwrap();
    let mut run = habitual(&stage, &["tell", "OWN", "RUN", "TOP_SECRET"]);
    run.command.directory = Some(path.clone());
    run.command.env.push(("OWN".into(), "12".into()));
    run.env.push(("RUN".into(), "34".into()));
    let outcome = estatus_program::run(run, vec![("TOP_SECRET".into(), Secret::new("56789"))], &BTreeSet::new()).await;
    assert_eq!(outcome.stdout, format!("{}\n12 34 *****\n", path.display()));
}

#[tokio::test]
async fn a_command_does_not_find_what_is_hidden_from_it_unless_it_is_given_to_it() {
    let stage = Stage::new();
    let hidden = BTreeSet::from(["PATH".to_owned(), "TMP".to_owned(), "NEVER_SET".to_owned()]);
    let mut run = habitual(&stage, &["tell", "PATH", "TMP"]);
    run.command.env.push(("TMP".into(), "own".into()));
    let outcome = estatus_program::run(run, Vec::new(), &hidden).await;
    assert_eq!(outcome.stdout.lines().last(), Some("unset own"));
}

#[tokio::test]
async fn a_secret_that_a_command_prints_is_not_in_its_outcome() {
    let stage = Stage::new();
    let run = habitual(&stage, &["complain", "TOP_SECRET"]);
    let outcome =
        estatus_program::run(run, vec![("TOP_SECRET".into(), Secret::new("hunter2"))], &BTreeSet::new()).await;
    assert_eq!(outcome.stderr, "******* refused\n");
}

#[tokio::test]
async fn standard_input_is_fed_and_closed_however_long_it_is() {
    let stage = Stage::new();
    let check = async |habit: &[&str], stdin: Option<String>, stdout: &str| {
        let outcome = of(CommandRun { stdin, ..habitual(&stage, habit) }).await;
        assert_eq!((outcome.end, outcome.stdout.trim()), (CommandEnd::Exited(0), stdout), "{habit:?}");
    };
    let megabyte = "x".repeat(1_000_000);
    check(&["cat"], None, "").await;
    check(&["cat"], Some("hello".into()), "hello").await;
    // Reads and writes at the same time: both pipes fill up unless both are served.
    check(&["tee"], Some(megabyte.clone()), "1000000").await;
    check(&["say", "unread"], Some(megabyte), "unread").await;
}

#[tokio::test]
async fn output_beyond_the_limit_is_drained_and_thrown_away() {
    let stage = Stage::new();
    let outcome = of(CommandRun { output_limit: 10, ..habitual(&stage, &["numbers", MANY]) }).await;
    assert_eq!(outcome.end, CommandEnd::Exited(7));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n"));
}

#[tokio::test]
async fn at_the_timeout_the_whole_tree_is_gone() {
    async fn check(habit: &[&str], says: &str) {
        let stage = Stage::new();
        let timeout = Duration::from_secs(2);
        let begun = Instant::now();
        let outcome = of(CommandRun { timeout, ..habitual(&stage, habit) }).await;
        assert_eq!(outcome.end, CommandEnd::TimedOut { left: vec![] }, "{habit:?}");
        assert!(outcome.stdout.contains(says), "{habit:?}: {}", outcome.stdout);
        assert_eq!(stage.alive(), [0; 0], "{habit:?}");
        assert!(outcome.took >= timeout && begun.elapsed() < timeout + Duration::from_secs(6), "{habit:?}");
    }
    tokio::join!(check(&["sleep"], ""), check(&["daemon"], "daemon"), check(&["deaf-below"], "deaf"),);
}

#[tokio::test]
async fn a_child_in_the_background_neither_delays_the_end_nor_outlives_it() {
    let stage = Stage::new();
    let begun = Instant::now();
    let outcome = of(habitual(&stage, &["leave-and-exit", "4", "sleep"])).await;
    assert_eq!((outcome.end, outcome.stdout.trim()), (CommandEnd::Exited(4), "started"));
    assert_eq!(stage.alive(), [0; 0]);
    assert!(begun.elapsed() < LONG / 2, "it took {:?}", begun.elapsed());
}

#[tokio::test]
async fn dropping_the_future_ends_the_tree() {
    let stage = Stage::new();
    let running = tokio::spawn(of(habitual(&stage, &["daemon"])));
    eventually("both run", || stage.alive().len() == 2).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    eventually("nothing is left", || stage.alive().is_empty()).await;
}

async fn of(run: CommandRun) -> CommandOutcome {
    estatus_program::run(run, Vec::new(), &BTreeSet::new()).await
}

/// A command with this habit.
fn habitual(stage: &Stage, habit: &[&str]) -> CommandRun {
    run_of(stage.program(habit).command.run)
}

fn run_of(run: Run) -> CommandRun {
    let command = CommandLine::new(run);
    CommandRun { command, env: Vec::new(), stdin: None, timeout: LONG, output_limit: 64 * 1024 }
}

fn program(program: &str, args: &[&str]) -> Run {
    Run::Program { program: program.to_owned(), args: args.iter().map(|&arg| arg.to_owned()).collect() }
}
