//! The http check against servers that do wrong.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::time::Duration;

use common::{
    IMPATIENCE, assert_down, assert_up, evidence, http, probe, prober,
    server::{answer, closed_port, read_head, serve, silent},
};
use estatus_core::{
    check::{Check, HttpCheck, TextAssertions},
    observation::{Cause, Observation, Phase},
};
use tokio::{io::AsyncWriteExt, time::sleep};

fn contains(texts: &[&str]) -> TextAssertions {
    TextAssertions { contains: texts.iter().map(|&text| text.to_owned()).collect(), ..TextAssertions::default() }
}

fn unproven(text: &str, within: u64) -> Cause {
    Cause::Unproven { text: text.to_owned(), within, key: "body_limit".to_owned() }
}

async fn impatient(check: HttpCheck) -> Observation {
    prober().probe(&Check::Http(Box::new(check)), IMPATIENCE).await
}

fn compressed(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

async fn encoded(coding: &str, text: &[u8]) -> Vec<u8> {
    use async_compression::tokio::write::{BrotliEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
    async fn run<E: tokio::io::AsyncWrite + Unpin>(mut encoder: E, text: &[u8]) -> E {
        encoder.write_all(text).await.unwrap();
        encoder.shutdown().await.unwrap();
        encoder
    }
    match coding {
        "gzip" => run(GzipEncoder::new(Vec::new()), text).await.into_inner(),
        "deflate" => run(ZlibEncoder::new(Vec::new()), text).await.into_inner(),
        "br" => run(BrotliEncoder::new(Vec::new()), text).await.into_inner(),
        "zstd" => run(ZstdEncoder::new(Vec::new()), text).await.into_inner(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn what_is_no_answer_is_told_by_what_it_is() {
    let check = async |bytes: &[u8], phase: Phase, cause: fn(&Cause) -> bool| {
        let url = format!("http://{}/", answer(bytes).await);
        let failure = probe(http(&url)).await.failure.unwrap();
        let shown = String::from_utf8_lossy(bytes.get(..40).unwrap_or(bytes)).into_owned();
        assert!(failure.phase == phase && cause(&failure.cause), "{shown}: {failure:?}");
    };
    let closed = |cause: &Cause| *cause == Cause::Closed;
    let protocol = |cause: &Cause| matches!(cause, Cause::Protocol { .. });
    check(b"", Phase::FirstByte, closed).await;
    check(b"HTTP/1.1 200 OK\r\nServ", Phase::Body, closed).await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this", Phase::Body, closed).await;
    check(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Phase::Body, closed).await;
    check(b"SSH-2.0-OpenSSH_9.2\r\n", Phase::Body, protocol).await;
    check(b"\x15\x03\x01\x00\x02\x02\x50", Phase::Body, protocol).await;
    check(b"HTTP/1.1 2x0 OK\r\n\r\n", Phase::Body, protocol).await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", Phase::Body, protocol).await;
    check(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Phase::Body, protocol).await;
    let endless_header = [b"HTTP/1.1 200 OK\r\nX: ", vec![b'x'; 1 << 20].as_slice()].concat();
    check(&endless_header, Phase::Body, protocol).await;
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(10_000));
    check(many_headers.as_bytes(), Phase::Body, protocol).await;
}

#[tokio::test]
async fn nobody_listens() {
    let observation = probe(http(&format!("http://127.0.0.1:{}/", closed_port()))).await;
    assert_down(&observation, Phase::Connect, &Cause::Refused);
    assert_eq!(observation.remote.unwrap().to_string(), "127.0.0.1");
}

#[tokio::test]
async fn a_connection_that_is_reset_is_broken() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    let failure = probe(http(&format!("http://{address}/"))).await.failure.unwrap();
    assert_eq!(failure.phase, Phase::FirstByte);
    assert!(matches!(failure.cause, Cause::Broken { .. }), "{failure:?}");
}

#[tokio::test]
async fn silence_times_out_in_the_phase_it_falls_into() {
    let check = async |said: &'static [u8], phase: Phase| {
        let address = serve(move |mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(said).await.unwrap();
            std::future::pending::<()>().await;
        })
        .await;
        let observation = impatient(http(&format!("http://{address}/"))).await;
        assert_down(&observation, phase, &Cause::TimedOut { after: IMPATIENCE });
        assert!(observation.phases.get(phase).unwrap() > IMPATIENCE / 2, "{observation:?}");
    };
    check(b"", Phase::FirstByte).await;
    check(b"HTTP/1.1 200 OK\r\n", Phase::Body).await;
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345", Phase::Body).await;
}

#[tokio::test]
async fn a_request_that_nobody_reads_times_out_while_it_is_sent() {
    let address = silent().await;
    let body = Some("x".repeat(32 << 20));
    let observation = impatient(HttpCheck { body, method: "POST".into(), ..http(&format!("http://{address}/")) }).await;
    assert_down(&observation, Phase::Send, &Cause::TimedOut { after: IMPATIENCE });
}

#[tokio::test]
async fn one_byte_at_a_time_times_out_in_the_body_and_shows_what_came() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nServer: slow\r\nContent-Length: 100000\r\n\r\n").await;
        while stream.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let observation = impatient(http(&format!("http://{address}/"))).await;
    assert_down(&observation, Phase::Body, &Cause::TimedOut { after: IMPATIENCE });
    assert!(evidence(&observation).starts_with("HTTP/1.1 200 OK\nserver: slow"));
    assert_eq!(observation.seen, "200 OK");
}

#[tokio::test]
async fn a_refused_status_is_said_though_its_body_never_ends() {
    let address = serve(|mut stream| async move {
        read_head(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nhalf").await;
        std::future::pending::<()>().await;
    })
    .await;
    let refused =
        Cause::Status { code: 500, reason: "Internal Server Error".to_owned(), accepted: "200-299".to_owned() };
    let check = http(&format!("http://{address}/"));
    assert_down(&probe(check.clone()).await, Phase::Assertion, &refused);
    assert_down(&impatient(check).await, Phase::Assertion, &refused);
}

#[tokio::test]
async fn ten_gigabytes_are_read_up_to_the_limit() {
    const TEN_GB: u64 = 10_000_000_000;
    let check = async |head: String, text: TextAssertions| {
        let address = serve(move |mut stream| {
            let head = head.clone();
            async move {
                read_head(&mut stream).await;
                let _ = stream.write_all(head.as_bytes()).await;
                let block = vec![b'x'; 1 << 16];
                while stream.write_all(&block).await.is_ok() {}
            }
        })
        .await;
        probe(HttpCheck { text, ..http(&format!("http://{address}/")) }).await
    };
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {TEN_GB}\r\n\r\n");
    let endless = "HTTP/1.1 200 OK\r\n\r\n".to_owned();
    assert_up(&check(announced.clone(), contains(&[])).await, "200 OK");
    assert_up(&check(endless.clone(), contains(&["xxx"])).await, "200 OK");
    let missing = unproven("y", 1 << 20);
    assert_down(&check(announced, contains(&["y"])).await, Phase::Assertion, &missing);
}

#[tokio::test]
async fn every_coding_is_understood() {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let body = encoded(coding, "¡Hola! ".repeat(1000).as_bytes()).await;
        let url = format!("http://{}/", answer(compressed(coding, &body)).await);
        let observation = probe(HttpCheck { text: contains(&["¡Hola! ¡Hola!"]), ..http(&url) }).await;
        assert_eq!(observation.failure, None, "{coding}");

        let whole = contains(&["never"]);
        let observation = probe(HttpCheck { text: whole.clone(), ..http(&url) }).await;
        assert_down(&observation, Phase::Assertion, &Cause::Missing { text: "never".into(), within: 8000 });
        let observation = probe(HttpCheck { text: whole, body_limit: 5000, ..http(&url) }).await;
        assert_down(&observation, Phase::Assertion, &unproven("never", 5000));
    }
}

#[tokio::test]
async fn a_compressed_bomb_is_unpacked_up_to_the_limit() {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let bomb = encoded(coding, &vec![0; 4 << 20]).await;
        assert!(bomb.len() < 16 << 10, "{}", bomb.len());
        let url = format!("http://{}/", answer(compressed(coding, &bomb)).await);
        let observation = probe(HttpCheck { text: contains(&["x"]), ..http(&url) }).await;
        assert_down(&observation, Phase::Assertion, &unproven("x", 1 << 20));
    }
}

#[tokio::test]
async fn what_cannot_be_decompressed_is_said() {
    let check = async |bytes: Vec<u8>, said: &str| {
        let url = format!("http://{}/", answer(bytes).await);
        let failure = probe(HttpCheck { text: contains(&["x"]), ..http(&url) }).await.failure.unwrap();
        assert_eq!(failure.phase, Phase::Body);
        assert!(matches!(&failure.cause, Cause::Compression { error } if error.contains(said)), "{failure:?}");
    };
    let whole = encoded("gzip", b"a text that is long enough to be cut").await;
    check(compressed("gzip", &whole[..whole.len() - 12]), "too early").await;
    check(compressed("gzip", b"this is no gzip at all"), "").await;
    check(compressed("br", b"\xff\xff\xff\xff\xff\xff"), "").await;
    check(compressed("zstd", b"neither is this zstd"), "").await;
}

#[tokio::test]
async fn what_is_compressed_into_nothing_is_nothing() {
    let url = format!("http://{}/", answer(compressed("gzip", b"")).await);
    let observation = probe(HttpCheck { text: contains(&["x"]), ..http(&url) }).await;
    assert_down(&observation, Phase::Assertion, &Cause::Missing { text: "x".into(), within: 0 });
}

#[tokio::test]
async fn evidence_cannot_command_a_terminal() {
    let address = answer("HTTP/1.1 500 No\r\nServer: \t\u{85}x\r\n\r\n\x1b]0;title\x07\x1b[2J").await;
    let observation = probe(http(&format!("http://{address}/"))).await;
    let evidence = evidence(&observation);
    assert!(evidence.ends_with("\u{fffd}]0;title\u{fffd}\u{fffd}[2J"), "{evidence:?}");
    assert!(!evidence.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{evidence:?}");
}

#[tokio::test]
async fn a_websocket_is_opened_where_the_check_asks_for_one() {
    let said = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let address = serve(move |mut stream| async move {
        let asked = read_head(&mut stream).await;
        assert!(asked.contains("Upgrade: websocket") && !asked.contains("close"), "{asked}");
        let _ = stream.write_all(said.as_bytes()).await;
        std::future::pending::<()>().await;
    })
    .await;
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![header("Connection", "Upgrade"), header("Upgrade", "websocket")];
    let accept = vec![estatus_core::check::CodeRange { first: 101, last: 101 }];
    let observation = probe(HttpCheck { headers, accept, ..http(&format!("http://{address}/")) }).await;
    assert_up(&observation, "101 Switching Protocols");
}
