//! A host check measures the machine that it runs on.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::{collections::BTreeMap, path::PathBuf};

use common::{PATIENCE, prober};
use estatus_core::{
    check::{Check, DiskLimit, HostCheck},
    observation::{Cause, Observation, Phase, Verdict},
    usage::Measure,
};

async fn probe(check: HostCheck) -> Observation {
    prober().probe(&Check::Host(check), PATIENCE).await
}

fn disk(path: &str, limit: DiskLimit) -> HostCheck {
    HostCheck { disk_free_above: BTreeMap::from([(PathBuf::from(path), limit)]), ..HostCheck::default() }
}

#[tokio::test]
async fn every_figure_is_measured_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let check = HostCheck { cpu_below: Some(101.0), memory_below: Some(100.0), ..disk(path, DiskLimit::Bytes(0)) };
    let observation = probe(check).await;
    assert_eq!((observation.verdict, &observation.failure), (Verdict::Up, &None));
    let load = if cfg!(windows) { "" } else { r"load \d+\.\d\d, " };
    let pattern = format!(r"^CPU \d+%, memory \d+%, {load}{} \d+% free$", regex::escape(path));
    assert!(regex::Regex::new(&pattern).unwrap().is_match(&observation.seen), "{}", observation.seen);
    assert!(observation.phases.get(Phase::Run).is_some());
}

#[tokio::test]
async fn a_figure_beyond_its_limit_is_told() {
    let check = async |check: HostCheck, beyond: Measure| match probe(check).await.failure.unwrap() {
        failure if failure.phase != Phase::Assertion => panic!("{failure:?}"),
        failure => match failure.cause {
            Cause::Host { figure, .. } => assert_eq!(figure, beyond),
            cause => panic!("{cause:?}"),
        },
    };
    let path = || "/".to_owned();
    check(HostCheck { cpu_below: Some(0.0), ..HostCheck::default() }, Measure::Cpu).await;
    check(HostCheck { memory_below: Some(0.0), ..HostCheck::default() }, Measure::Memory).await;
    check(disk("/", DiskLimit::Percent(100.0)), Measure::DiskFreePercent { path: path() }).await;
    check(disk("/", DiskLimit::Bytes(u64::MAX)), Measure::DiskFreeBytes { path: path() }).await;
}

#[tokio::test]
async fn a_disk_that_is_not_there_is_a_fault_of_the_configuration() {
    let failure = probe(disk("/no/such/path", DiskLimit::Percent(1.0))).await.failure.unwrap();
    let told = matches!(&failure.cause, Cause::Setup { error } if error.contains("/no/such/path"));
    assert!(told, "{failure:?}");
}

#[tokio::test]
async fn a_load_is_known_wherever_the_system_has_one() {
    let failure = probe(HostCheck { load_below: Some(-1.0), ..HostCheck::default() }).await.failure.unwrap();
    let known = matches!(failure.cause, Cause::Host { figure: Measure::Load, .. });
    let told = matches!(failure.cause, Cause::Setup { .. });
    assert_eq!((known, told), (cfg!(unix), cfg!(windows)), "{failure:?}");
}
