//! Whoever is killed at whatever moment: one copy, no lost line, no orphan.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by them, and says what it did"
)]

#[allow(dead_code, unused_imports, reason = "not every test needs all of it")]
mod support;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use estatus_core::{
    ids::StartId,
    program::{Found, Program, ProgramEvent},
};
use support::{Stage, free_port, kill};

const ROUNDS_RUNNING: u64 = 140;
const ROUNDS_STARTING: u64 = 60;

/// Xorshift (Marsaglia 2003): the seed repeats the moments, as far as the machine lets them be repeated.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        println!("seed {}", now.as_nanos());
        Self(u64::try_from(now.as_nanos()).unwrap() | 1)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    async fn pause(&mut self, longest: Duration) {
        let micros = self.below(u64::try_from(longest.as_micros()).unwrap());
        tokio::time::sleep(Duration::from_micros(micros)).await;
    }
}

fn counting(stage: &Stage, port: u16) -> Arc<Program> {
    let mut program = stage.program(&["count", &port.to_string()]);
    program.log_keep = 200_000_000;
    Arc::new(program)
}

/// Each start counts from 1, and none of its numbers is there twice, or missing but for those that were on their way out
/// of the pipe when the shim was killed: on Windows, nothing tells whether they were taken.
fn assert_complete(log: &[String]) {
    let most = if cfg!(windows) { ROUNDS_RUNNING } else { 0 };
    let numbers: Vec<u64> = log.iter().map(|line| line.parse().expect("a number")).collect();
    let mut missing = 0;
    for pair in numbers.windows(2).filter(|pair| pair[1] != 1) {
        assert!(pair[1] > pair[0], "{} follows {} of {}", pair[1], pair[0], numbers.len());
        missing += pair[1] - pair[0] - 1;
    }
    assert!(missing <= most, "{missing} of {}", numbers.len());
    assert_eq!(numbers.first(), Some(&1));
}

#[tokio::test]
async fn a_program_goes_on_whoever_of_its_supervisors_is_killed() {
    let mut stage = Stage::new();
    let mut dice = Dice::new();
    let program = counting(&stage, free_port());
    let process = stage.start(&program, 1).await;
    for round in 0..ROUNDS_RUNNING {
        dice.pause(Duration::from_millis(30)).await;
        let (engine, shim) = match dice.below(4) {
            0 => (true, false),
            1 => (true, true),
            _ => (false, true),
        };
        if engine {
            stage.replace_engine();
        }
        if shim && let Some(shim) = stage.shim(&program) {
            kill(shim);
        }
        if dice.below(3) > 0 {
            let found = stage.look(&program).await;
            assert!(matches!(found, Found::Running { process: same, .. } if same == process), "{round}: {found:?}");
        }
        assert_eq!(stage.alive(), [process.pid], "{round}");
    }
    stage.look(&program).await;
    let ended = stage.stop(&program, 1).await;
    assert_eq!((ended.left, stage.alive()), (vec![], vec![]));
    let log = stage.log(&program);
    println!("{} lines", log.len());
    assert!(log.len() > 1000, "{}", log.len());
    assert_complete(&log);
    assert_eq!(log.iter().filter(|line| *line == "1").count(), 1);
    assert!(!stage.folder(&program).join("state/twice").exists());
    stage.leaves_nothing().await;
}

#[tokio::test]
async fn there_is_one_copy_even_if_a_shim_is_killed_while_it_starts_or_stops_it() {
    let mut stage = Stage::new();
    let mut dice = Dice::new();
    let program = counting(&stage, free_port());
    for start in 1..=ROUNDS_STARTING {
        stage.ask_start(&program, start, None);
        dice.pause(Duration::from_millis(8)).await;
        kill_some(&stage, &program, &mut dice);
        if runs(&mut stage, start).await {
            // None, where it had not become the program yet when it was killed with its shim, as whose copy it began.
            assert!(stage.alive().len() <= 1, "{start}");
        }
        stage.ask_stop(&program, start);
        dice.pause(Duration::from_millis(4)).await;
        kill_some(&stage, &program, &mut dice);
        let ended = stage.ended(start).await;
        assert_eq!((ended.left, stage.alive()), (vec![], vec![]), "{start}");
    }
    assert!(!stage.folder(&program).join("state/twice").exists());
    assert_complete(&stage.log(&program));
    stage.leaves_nothing().await;
}

/// Whether it was started, however its shim fared.
async fn runs(stage: &mut Stage, start: u64) -> bool {
    let start = StartId(start);
    stage
        .until(|event| match event {
            ProgramEvent::Started { start: started, .. } if started == start => Some(true),
            ProgramEvent::CannotStart { start: failed, .. } if failed == start => Some(false),
            ProgramEvent::Found(Found::Ended(ended)) if ended.start == start => Some(false),
            _ => None,
        })
        .await
}

/// Kills the shim, and now and then the fork server too.
fn kill_some(stage: &Stage, program: &Program, dice: &mut Dice) {
    match dice.below(4) {
        0 => {}
        1 => stage.shims().into_iter().for_each(kill),
        _ => stage.shim(program).into_iter().for_each(kill),
    }
}
