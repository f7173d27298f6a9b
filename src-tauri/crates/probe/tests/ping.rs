//! A ping check gets replies from this machine, in both versions of IP.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use common::{PATIENCE, assert_down, prober};
use estatus_core::{
    check::{Check, IpVersion, PingCheck},
    observation::{Cause, Observation, Phase},
};

async fn ping(host: &str, ip: Option<IpVersion>) -> Observation {
    prober().probe(&Check::Ping(PingCheck { host: host.to_owned(), ip }), PATIENCE).await
}

async fn replies(host: &str, ip: Option<IpVersion>, address: &str) {
    let observation = ping(host, ip).await;
    match observation.failure {
        None => assert_eq!(observation.seen, format!("reply from {address}")),
        Some(failure) => {
            let told = matches!(&failure.cause, Cause::Setup { error } if error.contains("ping_group_range"));
            assert!(told, "{host}: {failure:?}");
        }
    }
    assert_eq!(observation.remote, Some(address.parse().unwrap()), "{host}");
}

#[tokio::test]
async fn this_machine_replies_or_the_user_is_told_how_to_be_allowed_to_ask() {
    replies("127.0.0.1", None, "127.0.0.1").await;
    replies("127.0.0.9", None, "127.0.0.9").await;
    replies("localhost", Some(IpVersion::V4), "127.0.0.1").await;
}

#[tokio::test]
async fn this_machine_replies_by_version_6_too() {
    if std::net::UdpSocket::bind("[::1]:0").is_ok() {
        replies("::1", None, "::1").await;
        replies("localhost", Some(IpVersion::V6), "::1").await;
    }
}

#[tokio::test]
async fn many_pings_at_once_each_get_their_own_reply() {
    let prober = prober();
    let check = Check::Ping(PingCheck { host: "127.0.0.1".to_owned(), ip: None });
    let pings = (0..50).map(|_| prober.probe(&check, PATIENCE));
    let observations = futures_util::future::join_all(pings).await;
    let first = &observations[0].seen;
    assert!(observations.iter().all(|observation| observation.seen == *first), "{observations:?}");
}

#[tokio::test]
async fn an_address_of_the_other_version_is_none() {
    let observation = ping("localhost", Some(IpVersion::V4)).await;
    assert!(observation.phases.get(Phase::Dns).is_some());
    let observation = ping("127.0.0.1", Some(IpVersion::V6)).await;
    assert_down(&observation, Phase::Run, &Cause::NoAddress { name: "127.0.0.1".into() });
}
