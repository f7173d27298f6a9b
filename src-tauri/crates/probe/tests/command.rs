//! A command check judges how its command ended and what it wrote.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use common::{assert_down, assert_up, evidence};
use estatus_core::{
    check::{Check, CodeRange, CommandCheck, TextAssertions},
    command::{CommandEnd, CommandLine, CommandOutcome, CommandRun, Run},
    observation::{Cause, Observation, Phase},
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
};
use estatus_probe::Prober;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A neighbour that says how a command ended, after a while.
struct Ending {
    outcome: CommandOutcome,
    after: Duration,
    asked: Arc<Mutex<Option<CommandRun>>>,
}

impl Ports for Ending {
    fn run(&self, run: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        *self.asked.lock().unwrap() = Some(run);
        Box::pin(async {
            tokio::time::sleep(self.after).await;
            self.outcome.clone()
        })
    }

    fn secret<'a>(&'a self, _: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async { Err(SecretError("there are none".to_owned())) })
    }
}

fn ended(end: CommandEnd, stdout: &str, stderr: &str) -> Ending {
    let outcome = CommandOutcome {
        end,
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
        took: Duration::from_millis(5),
        program: None,
    };
    Ending { outcome, after: Duration::ZERO, asked: Arc::default() }
}

fn command(run: Run) -> CommandCheck {
    let command = CommandLine { directory: Some(PathBuf::from("/srv")), ..CommandLine::new(run) };
    CommandCheck { command, accept: vec![CodeRange { first: 0, last: 0 }], text: TextAssertions::default() }
}

fn shell() -> CommandCheck {
    command(Run::Shell("backup --verify | tail -1".to_owned()))
}

async fn probe(check: CommandCheck, ending: Ending) -> Observation {
    Prober::new(Arc::new(ending)).probe(&Check::Command(check), TIMEOUT).await
}

#[tokio::test]
async fn the_exit_code_is_judged() {
    let accept = |first, last| CommandCheck { accept: vec![CodeRange { first, last }], ..shell() };
    assert_up(&probe(shell(), ended(CommandEnd::Exited(0), "", "")).await, "exit code 0");
    assert_up(&probe(accept(1, 3), ended(CommandEnd::Exited(2), "", "")).await, "exit code 2");

    let failed = probe(shell(), ended(CommandEnd::Exited(3), "12 checked\n", "1 broken\n")).await;
    assert_down(&failed, Phase::Assertion, &Cause::Exit { code: 3 });
    assert_eq!((failed.seen.as_str(), evidence(&failed)), ("exit code 3", "12 checked\n1 broken\n"));

    let access_violation = 0xC000_0005_u32;
    let ending = || ended(CommandEnd::Exited(access_violation.cast_signed()), "", "");
    let cause = Cause::Exit { code: access_violation.cast_signed() };
    assert_down(&probe(accept(0, 255), ending()).await, Phase::Assertion, &cause);
    assert!(probe(accept(access_violation, access_violation), ending()).await.failure.is_none());
}

#[tokio::test]
async fn the_output_is_judged_both_streams_together() {
    let text = TextAssertions { contains: vec!["12 ok".into(), "warning".into()], ..TextAssertions::default() };
    let check = || CommandCheck { text: text.clone(), ..shell() };
    assert_up(&probe(check(), ended(CommandEnd::Exited(0), "12 ok\n", "warning\n")).await, "exit code 0");

    let failed = probe(check(), ended(CommandEnd::Exited(0), "12 ok\n", "")).await;
    assert_down(&failed, Phase::Assertion, &Cause::Missing { text: "warning".into(), within: 6 });
    assert_eq!(evidence(&failed), "12 ok\n");
}

#[tokio::test]
async fn a_command_that_does_not_end_by_itself_failed_while_it_ran() {
    let killed = probe(shell(), ended(CommandEnd::Signaled(11), "", "core dumped")).await;
    assert_down(&killed, Phase::Run, &Cause::Signal { number: 11 });
    assert_eq!((killed.seen.as_str(), evidence(&killed)), ("signal 11", "core dumped"));

    let timed_out = probe(shell(), ended(CommandEnd::TimedOut { left: vec![17, 18] }, "so far\n", "")).await;
    assert_down(&timed_out, Phase::Run, &Cause::TimedOut { after: TIMEOUT });
    assert_eq!(evidence(&timed_out), "These processes of it could not be ended: 17, 18\nso far\n");
}

#[tokio::test]
async fn a_command_that_cannot_be_started_is_named() {
    let error = "there is no such program".to_owned();
    let ending = || ended(CommandEnd::CannotStart(error.clone()), "", "");
    let program = Run::Program { program: "backup".to_owned(), args: vec!["--verify".to_owned()] };
    let cannot_start = |program: &str| Cause::CannotStart { program: program.to_owned(), error: error.clone() };
    assert_down(&probe(command(program), ending()).await, Phase::Run, &cannot_start("backup"));
    assert_down(&probe(shell(), ending()).await, Phase::Run, &cannot_start("backup --verify | tail -1"));
}

#[tokio::test]
async fn the_command_is_given_the_timeout_of_its_monitor() {
    let ending = ended(CommandEnd::Exited(0), "", "");
    let asked = Arc::clone(&ending.asked);
    probe(shell(), ending).await;
    let run = asked.lock().unwrap().take().unwrap();
    assert_eq!((run.command, run.timeout, run.stdin), (shell().command, TIMEOUT, None));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_process_tree_is_waited_for_beyond_the_timeout_but_not_for_ever() {
    let after = |after| Ending { after, ..ended(CommandEnd::TimedOut { left: vec![] }, "so far", "") };
    let slow = probe(shell(), after(TIMEOUT + Duration::from_secs(4))).await;
    assert_down(&slow, Phase::Run, &Cause::TimedOut { after: TIMEOUT });
    assert_eq!(evidence(&slow), "so far");

    let begun = tokio::time::Instant::now();
    let stuck = probe(shell(), after(TIMEOUT * 100)).await;
    assert_down(&stuck, Phase::Run, &Cause::TimedOut { after: TIMEOUT });
    assert!(begun.elapsed() < TIMEOUT * 2);
}
