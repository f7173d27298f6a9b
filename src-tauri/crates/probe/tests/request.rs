//! The request of a step: what is kept of its answer, and how often it is sent.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use common::{PATIENCE, prober, server};
use estatus_core::{
    check::{Auth, JsonStep},
    flow::{
        request::{HttpRequest, RequestOutcome},
        text::Text,
    },
    observation::Cause,
    program::Ended,
    secret::SecretRef,
};
use tokio::io::AsyncWriteExt;

fn request(method: &str, address: SocketAddr) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        timeout: PATIENCE,
        ..HttpRequest::new(format!("http://{address}/deploy").parse().unwrap())
    }
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

async fn sent(request: &HttpRequest) -> RequestOutcome {
    prober().send(request).await
}

fn cause(outcome: &RequestOutcome) -> &Cause {
    &outcome.failure.as_ref().expect("it failed").cause
}

/// Answers each request with the next of `answers` and closes; the last is for all that follow. With the first line and the
/// body's length of each.
async fn in_turn(answers: Vec<String>) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&heard);
    let address = server::serve(move |mut stream| {
        let (answers, heard) = (answers.clone(), Arc::clone(&told));
        async move {
            let head = server::read_head(&mut stream).await;
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            let said = {
                let mut heard = heard.lock().unwrap();
                let first = head.lines().next().unwrap_or_default();
                heard.push(format!("{first} {}", length.unwrap_or_default()).trim().to_owned());
                answers[(heard.len() - 1).min(answers.len() - 1)].clone()
            };
            let _ = stream.write_all(said.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    (address, heard)
}

#[tokio::test]
async fn the_value_and_the_last_lines_of_the_answer_are_kept() {
    let body = "{\"job\": {\"id\": 17,\n\"tags\": [\"a\", \"b\"]},\n\"token\": \"it is \\\"so\\\"\"}\n";
    let address = server::answer(answer("200 OK", body)).await;
    let check = async |path: &[&str], saved: Result<&str, Cause>| {
        let save = path.iter().map(|name| name.parse().map_or(JsonStep::Name((*name).to_owned()), JsonStep::Index));
        let outcome = sent(&HttpRequest { save: Some(save.collect()), ..request("POST", address) }).await;
        let found = outcome.saved.as_deref().ok_or_else(|| cause(&outcome).clone());
        assert_eq!(found, saved, "{path:?}");
        assert_eq!(outcome.output, body.lines().collect::<Vec<_>>());
    };
    check(&["token"], Ok("it is \"so\"")).await;
    check(&["job", "id"], Ok("17")).await;
    check(&["job", "tags"], Ok(r#"["a","b"]"#)).await;
    check(&["job", "tags", "1"], Ok("b")).await;
    check(&["job", "gone"], Err(Cause::Save { path: "job.gone".to_owned(), longer_than: 0 })).await;

    let address = server::answer(answer("200 OK", "<html>done")).await;
    let outcome = sent(&HttpRequest { save: Some(Vec::new()), ..request("GET", address) }).await;
    assert!(matches!(cause(&outcome), Cause::NotJson { .. }), "{outcome:?}");
    assert_eq!((outcome.saved, outcome.output), (None, vec!["<html>done".to_owned()]));
}

#[tokio::test]
async fn an_answer_that_is_not_well_is_kept_too_but_no_value_of_it() {
    let save = Some(vec![JsonStep::Name("a".to_owned())]);
    let address = server::answer(answer("500 Internal Server Error", "{\"a\": 1}\nno space left\n")).await;
    let outcome = sent(&HttpRequest { save: save.clone(), ..request("POST", address) }).await;
    assert!(matches!(cause(&outcome), Cause::Status { code: 500, .. }), "{outcome:?}");
    assert_eq!((outcome.saved, outcome.output), (None, vec!["{\"a\": 1}".to_owned(), "no space left".to_owned()]));

    let address = server::answer(answer("200 OK", "{\"a\": 1}")).await;
    let outcome = sent(&HttpRequest { save, contains: vec!["queued".to_owned()], ..request("POST", address) }).await;
    assert!(matches!(cause(&outcome), Cause::Missing { .. }), "{outcome:?}");
    assert_eq!((outcome.saved, outcome.output), (None, vec!["{\"a\": 1}".to_owned()]));
}

#[tokio::test]
async fn a_long_answer_is_read_to_its_end_and_its_last_lines_are_kept() {
    let lines: Vec<String> = (0..200_000).map(|number| format!("line {number}")).collect();
    let address = server::answer(answer("200 OK", &lines.join("\n"))).await;
    let outcome = sent(&request("GET", address)).await;
    assert_eq!(outcome.failure, None);
    assert_eq!(outcome.output, lines[lines.len() - Ended::TAIL_LINES..]);

    // Of a value in it nothing is known where not all of it is read.
    let address = server::answer(answer("200 OK", &format!("[\"{}\"]", "x".repeat(17 << 20)))).await;
    let outcome = sent(&HttpRequest { save: Some(vec![JsonStep::Index(0)]), ..request("GET", address) }).await;
    let Cause::NotJson { error } = cause(&outcome) else { panic!("{:?}", outcome.failure) };
    assert_eq!(error, "it is longer than the 16777216 bytes that are read");
}

#[tokio::test]
async fn a_secret_that_comes_back_is_hidden() {
    let auth = Some(Auth::Bearer(SecretRef::Env("SECRET".to_owned())));
    let save = Some(vec![JsonStep::Name("you".to_owned())]);
    for status in ["200 OK", "403 Forbidden"] {
        let address = server::answer(answer(status, "{\"you\": \"Bearer hunter22\",\n\"me\": \"hunter22\"}")).await;
        let outcome = sent(&HttpRequest { auth: auth.clone(), save: save.clone(), ..request("POST", address) }).await;
        assert!(!format!("{outcome:?}").contains("hunter22"), "{outcome:?}");
        assert_eq!(outcome.output, ["{\"you\": \"Bearer ***\",", "\"me\": \"***\"}"]);
    }
    let auth = Some(Auth::Bearer(SecretRef::Env("NONE".to_owned())));
    let (address, heard) = in_turn(vec![answer("200 OK", "")]).await;
    let outcome = sent(&HttpRequest { auth, ..request("POST", address) }).await;
    assert!(matches!(cause(&outcome), Cause::Setup { .. }), "{outcome:?}");
    assert!(heard.lock().unwrap().is_empty(), "without its secret it is not sent");
}

#[tokio::test]
async fn a_request_that_does_something_is_sent_once_whatever_comes_of_it() {
    let check = async |answers: &[&str], expected: &[&str]| {
        let (address, heard) = in_turn(answers.iter().map(|&answer| answer.to_owned()).collect()).await;
        let outcome = sent(&HttpRequest { body: Some(Text::new("{}")), ..request("POST", address) }).await;
        assert_eq!(*heard.lock().unwrap(), expected, "{answers:?}: {outcome:?}");
    };
    let done = answer("200 OK", "done");
    let to = |status: &str| format!("HTTP/1.1 {status}\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n");
    check(&[&done], &["POST /deploy HTTP/1.1 2"]).await;
    // Nobody knows whether it was done.
    check(&["", &done], &["POST /deploy HTTP/1.1 2"]).await;
    check(&["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", &done], &["POST /deploy HTTP/1.1 2"]).await;
    check(&["HTTP/1.1 503 Busy\r\nRetry-After: 0\r\n\r\n", &done], &["POST /deploy HTTP/1.1 2"]).await;
    for looks in ["301 Moved", "302 Found", "303 See Other"] {
        check(&[&to(looks), &done], &["POST /deploy HTTP/1.1 2", "GET /next HTTP/1.1"]).await;
    }
    // The server asks for it.
    check(&[&to("307 Moved"), &done], &["POST /deploy HTTP/1.1 2", "POST /next HTTP/1.1 2"]).await;
}
