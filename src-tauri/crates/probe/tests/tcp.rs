//! The tcp check.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use common::{
    IMPATIENCE, PATIENCE, assert_down, assert_up, evidence, prober,
    server::{closed_port, follow, serve},
};
use estatus_core::{
    check::{Check, TcpCheck},
    observation::{Cause, Observation, Phase},
};
use tokio::io::AsyncWriteExt;

fn tcp(port: u16, send: Option<&str>, expect: Option<&str>) -> TcpCheck {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port)).into();
    TcpCheck { address, ip: None, send: send.map(str::to_owned), expect: expect.map(str::to_owned) }
}

async fn probe(check: TcpCheck) -> Observation {
    prober().probe(&Check::Tcp(check), PATIENCE).await
}

#[tokio::test]
async fn a_port_is_open_or_not() {
    let address = serve(|_| async {}).await;
    let observation = probe(tcp(address.port(), None, None)).await;
    assert_up(&observation, "connected");
    assert_eq!(observation.remote, Some(address.ip()));
    assert!(observation.phases.get(Phase::Connect).is_some());
    assert_down(&probe(tcp(closed_port(), None, None)).await, Phase::Connect, &Cause::Refused);
}

#[tokio::test]
async fn what_is_said_must_be_answered_as_expected() {
    let script = ["<PING", ">+PONG, and a good day"];
    let port = serve(move |stream| async move { drop(follow(&script, stream).await) }).await.port();
    let check = async |expect: &str, cause: Option<Cause>| {
        let observation = probe(tcp(port, Some("PING\r\n"), Some(expect))).await;
        match cause {
            None => assert_up(&observation, "answered with “+PONG, and a good day”"),
            Some(cause) => {
                assert_down(&observation, Phase::Assertion, &cause);
                assert_eq!(evidence(&observation), "+PONG, and a good day\n");
            }
        }
    };
    check("+PONG", None).await;
    check("good day\r\n", None).await;
    check("-ERR", Some(Cause::Missing { text: "-ERR".into(), within: 23 })).await;
}

#[tokio::test]
async fn a_text_is_found_though_it_comes_in_pieces() {
    let port = serve(|mut stream| async move {
        for byte in b"220 ready, welcome" {
            stream.write_all(&[*byte]).await.unwrap();
            tokio::task::yield_now().await;
        }
        std::future::pending::<()>().await;
    })
    .await
    .port();
    assert_eq!(probe(tcp(port, None, Some("ready, welcome"))).await.failure, None);
}

#[tokio::test]
async fn whoever_closes_without_a_word_has_closed() {
    let port = serve(|stream| async { drop(follow(&["<hello"], stream).await) }).await.port();
    let observation = probe(tcp(port, Some("hello\n"), Some("world"))).await;
    assert_down(&observation, Phase::FirstByte, &Cause::Closed);
}

#[tokio::test]
async fn silence_and_half_an_answer_time_out() {
    let check = async |said: &'static str, phase: Phase| {
        let port = serve(move |mut stream| async move {
            stream.write_all(said.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        });
        let check = Check::Tcp(tcp(port.await.port(), None, Some("ready")));
        let observation = prober().probe(&check, IMPATIENCE).await;
        assert_down(&observation, phase, &Cause::TimedOut { after: IMPATIENCE });
        observation
    };
    check("", Phase::FirstByte).await;
    let observation = check("starting up\n", Phase::Body).await;
    assert_eq!(evidence(&observation), "starting up\n");
}

#[tokio::test]
async fn an_endless_answer_is_searched_up_to_a_limit() {
    let port = serve(|mut stream| async move { while stream.write_all(&[b'x'; 4096]).await.is_ok() {} }).await.port();
    let observation = probe(tcp(port, None, Some("y"))).await;
    assert_down(&observation, Phase::Assertion, &Cause::Missing { text: "y".into(), within: 64 * 1024 });
}
