//! Commands are run to their end, and nothing of them is left.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use estatus_core::{
    command::{CommandEnd, CommandLine, CommandOutcome, CommandRun, Run},
    secret::Secret,
};
use tokio::task::JoinSet;

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_end_of_a_command_is_told() {
    async fn check(run: Run, end: CommandEnd, stdout: &str, stderr: &str) {
        let outcome = of(run_of(run.clone())).await;
        let found = (outcome.end, outcome.stdout.as_str(), outcome.stderr.as_str());
        assert_eq!(found, (end, stdout, stderr), "{run:?}");
    }
    check(shell("true"), CommandEnd::Exited(0), "", "").await;
    check(shell("echo out; echo err >&2; exit 3"), CommandEnd::Exited(3), "out\n", "err\n").await;
    check(shell("kill -TERM $$"), CommandEnd::Signaled(15), "", "").await;
    check(shell("echo $((6 * 7)) \"a  b\" | tr a-z A-Z"), CommandEnd::Exited(0), "42 A  B\n", "").await;
    check(program("echo", &["a  b", "$HOME", "*"]), CommandEnd::Exited(0), "a  b $HOME *\n", "").await;
    check(program("/bin/sh", &["-c", "exit 255"]), CommandEnd::Exited(255), "", "").await;
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
    let plain = folder.path().join("plain.txt");
    fs::write(&plain, "no program").unwrap();
    check(run_of(program("no-such-program-of-estatus", &[])), "there is no such program").await;
    check(run_of(program(plain.to_str().unwrap(), &[])), "may not be executed").await;
    check(in_directory(shell("true"), folder.path().join("none")), "none does not exist").await;
    check(in_directory(shell("true"), plain), "plain.txt does not exist").await;
}

#[tokio::test]
async fn a_command_finds_its_directory_and_its_variables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    let mut run = in_directory(shell(r#"pwd; echo "$OWN $RUN" "$TOP_SECRET" | wc -c"#), path.clone());
    run.command.env.push(("OWN".into(), "12".into()));
    run.env.push(("RUN".into(), "34".into()));
    let outcome = estatus_program::run(run, vec![("TOP_SECRET".into(), Secret::new("56789"))], &BTreeSet::new()).await;
    assert_eq!(outcome.stdout, format!("{}\n12\n", path.display()));
}

#[tokio::test]
async fn a_command_does_not_find_what_is_hidden_from_it_unless_it_is_given_to_it() {
    assert!(std::env::var("CARGO_PKG_NAME").is_ok() && std::env::var("CARGO_PKG_VERSION").is_ok());
    let hidden = BTreeSet::from(["CARGO_PKG_NAME".to_owned(), "CARGO_PKG_VERSION".to_owned(), "NEVER_SET".to_owned()]);
    let mut run = run_of(shell("echo \"${CARGO_PKG_NAME-unset} $CARGO_PKG_VERSION\""));
    run.command.env.push(("CARGO_PKG_VERSION".into(), "own".into()));
    assert_eq!(estatus_program::run(run, Vec::new(), &hidden).await.stdout, "unset own\n");
}

#[tokio::test]
async fn a_secret_that_a_command_prints_is_not_in_its_outcome() {
    let run = run_of(shell(r#"echo "password $TOP_SECRET refused" >&2"#));
    let outcome =
        estatus_program::run(run, vec![("TOP_SECRET".into(), Secret::new("hunter2"))], &BTreeSet::new()).await;
    assert_eq!(outcome.stderr, "password [secret] refused\n");
}

#[tokio::test]
async fn standard_input_is_fed_and_closed_however_long_it_is() {
    async fn check(line: &str, stdin: Option<String>, stdout: &str) {
        let outcome = of(CommandRun { stdin, ..run_of(shell(line)) }).await;
        assert_eq!((outcome.end, outcome.stdout.trim()), (CommandEnd::Exited(0), stdout), "{line}");
    }
    let megabyte = "x".repeat(1_000_000);
    check("cat", None, "").await;
    check("cat", Some("hello".into()), "hello").await;
    check("cat | wc -c", Some(megabyte.clone()), "1000000").await;
    // Reads and writes at the same time: both pipes fill up unless both are served.
    check("tee /dev/stderr | wc -c", Some(megabyte.clone()), "1000000").await;
    check("echo unread", Some(megabyte), "unread").await;
}

#[tokio::test]
async fn output_beyond_the_limit_is_drained_and_thrown_away() {
    let run = CommandRun { output_limit: 10, ..run_of(shell("seq 200000; seq 200000 >&2; exit 7")) };
    let outcome = of(run).await;
    assert_eq!(outcome.end, CommandEnd::Exited(7));
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n"));
}

#[tokio::test]
async fn at_the_timeout_the_whole_tree_is_gone_however_it_hid() {
    async fn check(line: &str) {
        let mark = Mark::new();
        let line = line.replace("SLEEP", &mark.sleep());
        let timeout = Duration::from_secs(2);
        let begun = Instant::now();
        let outcome = of(CommandRun { timeout, ..run_of(shell(&line)) }).await;
        assert_eq!(outcome.end, CommandEnd::TimedOut { left: vec![] }, "{line}");
        assert_eq!(outcome.stdout, "ready\n", "{line}");
        assert_eq!(mark.alive(), Vec::<u32>::new(), "{line}");
        assert!(outcome.took >= timeout && begun.elapsed() < timeout + Duration::from_secs(3), "{line}");
    }
    tokio::join!(
        check("echo ready; exec SLEEP"),
        check("sh -c 'sh -c \"SLEEP; true\"; true' & echo ready; wait"),
        check("setsid SLEEP & echo ready; SLEEP"),
        check("setsid sh -c 'setsid SLEEP & SLEEP; true' & (setsid SLEEP &) ; echo ready; wait; SLEEP"),
        check("env -i setsid SLEEP & echo ready; wait"),
        check("trap '' TERM INT HUP; (trap '' TERM; SLEEP; SLEEP) & echo ready; while :; do SLEEP; done"),
        check("SLEEP & kill -STOP $!; echo ready; SLEEP"),
        check("exec 3>&1; (while :; do setsid SLEEP & sleep 0.02; done) & echo ready; wait"),
    );
}

#[tokio::test]
async fn a_child_in_the_background_neither_delays_the_end_nor_outlives_it() {
    async fn check(line: &str) {
        let mark = Mark::new();
        let line = line.replace("SLEEP", &mark.sleep());
        let begun = Instant::now();
        let outcome = of(run_of(shell(&line))).await;
        assert_eq!((outcome.end, outcome.stdout.as_str()), (CommandEnd::Exited(4), "started\n"), "{line}");
        assert_eq!(mark.alive(), Vec::<u32>::new(), "{line}");
        assert!(begun.elapsed() < LONG / 2, "{line} took {:?}", begun.elapsed());
    }
    tokio::join!(
        check("SLEEP & echo started; exit 4"),
        check("setsid SLEEP & echo started; exit 4"),
        check("SLEEP >/dev/null 2>&1 & echo started; exit 4"),
        check("(setsid SLEEP >/dev/null 2>&1 &); echo started; exit 4"),
    );
}

#[tokio::test]
async fn what_a_short_lived_child_in_the_background_writes_is_kept() {
    let outcome = of(run_of(shell("(sleep 0.05; echo late) & echo early"))).await;
    assert_eq!(outcome.stdout.lines().count(), 2, "{}", outcome.stdout);
}

#[tokio::test]
async fn dropping_the_future_ends_the_tree() {
    let mark = Mark::new();
    let line = format!("setsid {0} & {0} & {0}; true", mark.sleep());
    let running = tokio::spawn(of(run_of(shell(&line))));
    mark.wait_for(3).await;
    running.abort();
    assert!(running.await.unwrap_err().is_cancelled());
    mark.wait_for(0).await;
}

#[tokio::test]
async fn whoever_drops_many_at_once_does_none_of_the_work() {
    const MANY: usize = 40;
    let mark = Mark::new();
    let mut running = JoinSet::new();
    for _ in 0..MANY {
        running.spawn(of(run_of(shell(&format!("{} & {}", mark.sleep(), mark.sleep())))));
    }
    mark.wait_for(2 * MANY).await;
    let before = cpu_time();
    drop(running);
    tokio::task::yield_now().await;
    let used = cpu_time() - before;
    assert!(used < Duration::from_millis(20), "{used:?} of this thread's time");
    assert!(estatus_program::all_ended(LONG).await);
    assert_eq!(mark.alive(), Vec::<u32>::new());
}

/// The CPU time that this thread has used.
fn cpu_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), u32::try_from(used.tv_nsec).unwrap())
}

async fn of(run: CommandRun) -> CommandOutcome {
    estatus_program::run(run, Vec::new(), &BTreeSet::new()).await
}

fn run_of(run: Run) -> CommandRun {
    let command = CommandLine { run, directory: None, env: Vec::new(), secret_env: Vec::new() };
    CommandRun { command, env: Vec::new(), stdin: None, timeout: LONG, output_limit: 64 * 1024 }
}

fn in_directory(run: Run, directory: PathBuf) -> CommandRun {
    let mut run = run_of(run);
    run.command.directory = Some(directory);
    run
}

fn shell(line: &str) -> Run {
    Run::Shell(line.to_owned())
}

fn program(program: &str, args: &[&str]) -> Run {
    Run::Program { program: program.to_owned(), args: args.iter().map(|&arg| arg.to_owned()).collect() }
}

/// A way to tell the processes of one test from all others: the time they sleep.
struct Mark(String);

impl Mark {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self(format!("54321.{}{:03}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    fn sleep(&self) -> String {
        format!("sleep {}", self.0)
    }

    /// The sleepers that are alive.
    fn alive(&self) -> Vec<u32> {
        let wanted = format!("sleep\0{}\0", self.0);
        let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|pid| fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line == wanted.as_bytes()))
            .collect()
    }

    async fn wait_for(&self, count: usize) {
        let deadline = Instant::now() + LONG;
        while self.alive().len() != count {
            assert!(Instant::now() < deadline, "{count} processes did not start");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
