//! A pid that went to a stranger: the stranger is left alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by them, and says what it did"
)]

#[path = "../support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "not every test needs all of it")]
mod support;
#[cfg(unix)]
mod unix;

use std::{process::Command, sync::Arc};

use estatus_core::program::{ProcessId, ProgramEvent, StartFailure};
use support::{Stage, identity};

#[tokio::test]
async fn who_started_at_another_time_is_another_and_not_adopted() {
    let mut stage = Stage::new();
    let program = Arc::new(stage.program(&["sleep"]));
    let mut stranger = Command::new(stage.executable()).args([&stage.tag, "sleep"]).spawn().unwrap();
    let known = identity(stranger.id());
    for started in [known.started - 1, known.started + 1] {
        stage.ask_start(&program, started, Some(ProcessId { started, ..known }));
        let failure = stage.until(|event| match event {
            ProgramEvent::CannotStart { failure, .. } => Some(failure),
            ProgramEvent::Started { .. } => panic!("the stranger was adopted"),
            _ => None,
        });
        assert_eq!(failure.await, StartFailure::AdoptedGone { pid: known.pid });
    }
    assert!(stranger.try_wait().unwrap().is_none(), "the stranger was ended");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    stage.leaves_nothing().await;
}
