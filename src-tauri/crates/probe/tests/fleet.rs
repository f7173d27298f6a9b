//! The instances of a fleet are counted by the engine that scales it: here nothing is known of them.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use common::{PATIENCE, prober};
use estatus_core::{
    check::{Check, FleetCheck},
    observation::{Cause, Verdict},
};

#[tokio::test]
async fn a_fleet_that_nobody_here_knows_is_not_said_to_be_down() {
    let check = Check::Fleet(FleetCheck { fleet: "web".into(), at_least: 2 });
    let observation = prober().probe(&check, PATIENCE).await;
    let cause = observation.failure.map(|failure| failure.cause);
    assert_eq!(
        (observation.verdict, cause),
        (Verdict::Inconclusive, Some(Cause::FleetUnknown { fleet: "web".into() }))
    );
}
