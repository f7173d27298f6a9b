//! Commands of a shell of Unix, with what they can hide behind.

use std::{
    fs,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use estatus_core::command::{CommandEnd, CommandRun, Run};
use tokio::task::JoinSet;

use super::{LONG, of, program, run_of};

#[tokio::test]
async fn the_end_of_a_command_of_a_shell_is_told() {
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

fn shell(line: &str) -> Run {
    Run::Shell(line.to_owned())
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
