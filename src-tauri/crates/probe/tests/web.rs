//! The http check against nginx.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod common;

use std::time::Duration;

use common::{assert_down, assert_up, evidence, http, nginx::Nginx, probe};
use estatus_core::{
    check::{Auth, CodeRange, Comparison, HttpCheck, IpVersion, JsonAssertion, JsonStep, Redirects, TextAssertions},
    observation::{Cause, Phase},
    secret::SecretRef,
};
use serde_json::json;

/// `/echo` answers with what it was asked; `/hop/N` leads to `/hop/N-1`.
const SITE: &str = r#"
    server {
        listen 127.0.0.1:PORT;
        gzip on; gzip_min_length 1; gzip_types text/plain application/json;
        location = /status/503 { add_header Retry-After 120 always; return 503 "out of order\n"; }
        location = /status/204 { return 204; }
        location = /status/599 { return 599 "odd"; }
        location = /echo {
            add_header X-Method $request_method;
            return 200 "$request_method $request_uri host=$http_host agent=$http_user_agent accept=$http_accept auth=$http_authorization key=$http_x_key type=$content_type length=$content_length";
        }
        location = /hop/3 { return 302 /hop/2; }
        location = /hop/2 { return 302 1?x; }
        location = /hop/1 { return 302 ../page; }
        location = /loop { return 302 /loop; }
        location = /see-other { return 303 /echo; }
        location = /moved { return 301 /echo; }
        location = /same-method { return 307 /echo; }
        location = /to-file { return 302 file:///etc/passwd; }
        location = /elsewhere { return 307 http://localhost:$server_port/echo; }
        location = /leaks { return 302 gopher://example.org/$http_x_key; }
        location = /refused { return 401 "no entry for $http_authorization"; }
        location = /empty { return 200; }
    }
"#;

fn site() -> Nginx {
    let state = br#"{"state": "ok", "jobs": {"waiting": 3, "names": ["a", "b"]}}"#;
    let page = "<h1>¡Hola!</h1> 12 workers\n".as_bytes();
    let large = vec![b'x'; 300_000];
    let files: [(&str, &[u8]); 3] = [("page", page), ("state.json", state), ("large", &large)];
    Nginx::start(&files, SITE, |_| {})
}

fn text(contains: &[&str], lacks: &[&str], matches: &[&str]) -> TextAssertions {
    let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
    let matches = matches.iter().map(|pattern| regex::Regex::new(pattern).unwrap()).collect();
    TextAssertions { contains: owned(contains), lacks: owned(lacks), matches }
}

#[tokio::test]
async fn an_accepted_status_is_up_and_every_phase_is_timed() {
    let site = site();
    let observation = probe(http(&site.url("/page"))).await;
    assert_up(&observation, "200 OK");
    let phases: Vec<Phase> = observation.phases.iter().map(|(phase, _)| phase).collect();
    assert_eq!(phases, [Phase::Connect, Phase::Send, Phase::FirstByte, Phase::Body, Phase::Assertion]);
    assert_eq!(observation.latency, Some(observation.phases.total()));
    assert_eq!(observation.remote.unwrap().to_string(), "127.0.0.1");
    assert_eq!((observation.warning, observation.holds_for), (None, None));
}

#[tokio::test]
async fn a_status_is_held_against_the_accepted_ranges() {
    let site = site();
    let ranges = |ranges: &[(u32, u32)]| -> Vec<CodeRange> {
        ranges.iter().map(|&(first, last)| CodeRange { first, last }).collect()
    };
    let check = async |path: &str, accept: &[(u32, u32)], found: Result<&str, (u16, &str, &str)>| {
        let observation = probe(HttpCheck { accept: ranges(accept), ..http(&site.url(path)) }).await;
        match found {
            Ok(seen) => assert_up(&observation, seen),
            Err((code, reason, accepted)) => {
                let cause = Cause::Status { code, reason: reason.into(), accepted: accepted.into() };
                assert_down(&observation, Phase::Assertion, &cause);
            }
        }
    };
    check("/status/204", &[(200, 299)], Ok("204 No Content")).await;
    check("/status/503", &[(200, 299)], Err((503, "Service Unavailable", "200-299"))).await;
    check("/status/503", &[(200, 299), (503, 503)], Ok("503 Service Unavailable")).await;
    check("/nowhere", &[(200, 204), (301, 301)], Err((404, "Not Found", "200-204, 301"))).await;
    check("/status/599", &[(200, 299)], Err((599, "", "200-299"))).await;
}

#[tokio::test]
async fn a_failure_keeps_the_status_line_helpful_headers_and_the_start_of_the_body() {
    let site = site();
    let observation = probe(http(&site.url("/status/503"))).await;
    let evidence = evidence(&observation);
    assert!(evidence.starts_with("HTTP/1.1 503 Service Unavailable\nserver: nginx"), "{evidence}");
    assert!(evidence.contains("retry-after: 120\n"), "{evidence}");
    assert!(evidence.ends_with("\n\nout of order\n"), "{evidence}");
    assert_eq!(observation.seen, "503 Service Unavailable");

    let text = text(&["never"], &[], &[]);
    let observation = probe(HttpCheck { text, ..http(&site.url("/large")) }).await;
    let evidence = common::evidence(&observation);
    assert!(evidence.len() <= 4096 && evidence.ends_with("xxx…"), "{}", evidence.len());
}

#[tokio::test]
async fn the_body_is_held_against_text_assertions() {
    let site = site();
    let check = async |asked: TextAssertions, cause: Option<Cause>| {
        let observation = probe(HttpCheck { text: asked, ..http(&site.url("/page")) }).await;
        match cause {
            None => assert_up(&observation, "200 OK"),
            Some(cause) => assert_down(&observation, Phase::Assertion, &cause),
        }
    };
    check(text(&["¡Hola!", "workers"], &["error"], &[r"\b\d+ workers$?"]), None).await;
    check(text(&["hola"], &[], &[]), Some(Cause::Missing { text: "hola".into(), within: 28 })).await;
    check(text(&[], &["Hola"], &[]), Some(Cause::Unwanted { text: "Hola".into() })).await;
    let pattern = "^workers";
    check(text(&[], &[], &[pattern]), Some(Cause::NoMatch { pattern: pattern.into(), within: 28 })).await;
}

#[tokio::test]
async fn the_body_is_held_against_json_assertions() {
    let site = site();
    let check = async |path: &[JsonStep], comparison, value, cause: Option<Cause>| {
        let json = vec![JsonAssertion { path: path.to_vec(), comparison, value }];
        let observation = probe(HttpCheck { json, ..http(&site.url("/state.json")) }).await;
        match cause {
            None => assert_up(&observation, "200 OK"),
            Some(cause) => assert_down(&observation, Phase::Assertion, &cause),
        }
    };
    let name = |name: &str| JsonStep::Name(name.to_owned());
    check(&[name("state")], Comparison::Equal, json!("ok"), None).await;
    check(&[name("jobs"), name("waiting")], Comparison::Less, json!(10), None).await;
    check(&[name("jobs"), name("names"), JsonStep::Index(1)], Comparison::NotEqual, json!("a"), None).await;
    let wrong = |path: &str, wanted: &str, found: Option<&str>| {
        Some(Cause::Json { path: path.into(), wanted: wanted.into(), found: found.map(str::to_owned) })
    };
    let waiting = [name("jobs"), name("waiting")];
    check(&waiting, Comparison::Greater, json!(3), wrong("jobs.waiting", "> 3", Some("3"))).await;
    check(&[name("jobs"), name("gone")], Comparison::Equal, json!(1), wrong("jobs.gone", "= 1", None)).await;

    let json = vec![JsonAssertion { path: vec![], comparison: Comparison::Equal, value: json!(1) }];
    let observation = probe(HttpCheck { json, ..http(&site.url("/page")) }).await;
    assert!(matches!(observation.failure.unwrap().cause, Cause::NotJson { .. }));
}

#[tokio::test]
async fn redirects_are_followed_counted_or_refused() {
    let site = site();
    let check = async |path: &str, redirects, found: Result<&str, Cause>| {
        let observation = probe(HttpCheck { redirects, ..http(&site.url(path)) }).await;
        match found {
            Ok(seen) => assert_up(&observation, seen),
            Err(cause) => assert_down(&observation, Phase::Assertion, &cause),
        }
    };
    let follow = |at_most| Redirects::Follow { at_most };
    check("/hop/1", follow(3), Ok("200 OK after 1 redirect")).await;
    check("/hop/3", follow(3), Ok("200 OK after 3 redirects")).await;
    check("/hop/3", follow(2), Err(Cause::Redirects { at_most: 2, to: site.url("/page") })).await;
    check("/hop/1", follow(0), Err(Cause::Redirects { at_most: 0, to: site.url("/page") })).await;
    check("/loop", follow(10), Err(Cause::Redirects { at_most: 10, to: site.url("/loop") })).await;
    check("/to-file", follow(3), Err(Cause::RedirectTarget { to: "file:///etc/passwd".into() })).await;
    let found = Cause::Status { code: 302, reason: "Found".into(), accepted: "200-299".into() };
    check("/hop/1", Redirects::Refuse, Err(found)).await;
    let accept = vec![CodeRange { first: 302, last: 302 }];
    let observation = probe(HttpCheck { redirects: Redirects::Refuse, accept, ..http(&site.url("/hop/1")) }).await;
    assert_up(&observation, "302 Found");
}

#[tokio::test]
async fn what_is_said_is_what_was_configured() {
    let site = site();
    let check = async |asked: HttpCheck, contains: &[&str], lacks: &[&str]| {
        let observation = probe(HttpCheck { text: text(contains, lacks, &[]), ..asked }).await;
        assert_eq!(observation.failure, None);
    };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let host = format!("host=127.0.0.1:{}", site.port);
    let agent = format!("agent=Estatus/{}", env!("CARGO_PKG_VERSION"));
    check(http(&site.url("/echo?a=b%20c#d")), &["GET /echo?a=b%20c host", &host, &agent, "accept=*/*"], &[]).await;

    let headers = vec![header("X-Key", "k"), header("user-agent", "me"), header("Host", "other.example")];
    let asked = HttpCheck { headers, ..http(&site.url("/echo")) };
    check(asked, &["key=k", "agent=me ", "host=other.example "], &["Estatus"]).await;

    let post = |path: &str| HttpCheck {
        method: "POST".into(),
        body: Some("{}".into()),
        headers: vec![header("Content-Type", "application/json"), header("X-Key", "k")],
        ..http(&site.url(path))
    };
    check(post("/echo"), &["POST", "type=application/json", "length=2"], &[]).await;
    check(post("/see-other"), &["GET", "key=k"], &["application/json", "length=2"]).await;
    check(post("/moved"), &["GET", "key=k"], &["application/json", "length=2"]).await;
    check(post("/same-method"), &["POST", "type=application/json", "length=2", "key=k"], &[]).await;
    check(post("/elsewhere"), &["POST", "length=2", "host=localhost", "key= "], &[]).await;

    let head = HttpCheck { method: "HEAD".into(), ..http(&site.url("/large")) };
    assert_up(&probe(head).await, "200 OK");
    assert_up(&probe(http(&site.url("/empty"))).await, "200 OK");
}

#[tokio::test]
async fn whoever_asks_says_so_but_only_to_the_host_it_is_meant_for() {
    let site = site();
    let secret = || SecretRef::Env("SECRET".into());
    let basic = Auth::Basic { username: "me".into(), password: secret() };
    let check = async |auth: &Auth, path: &str, contains: &str| {
        let asked = HttpCheck { auth: Some(auth.clone()), ..http(&site.url(path)) };
        let observation = probe(HttpCheck { text: text(&[contains], &[], &[]), ..asked }).await;
        assert_eq!(observation.failure, None);
    };
    check(&basic, "/echo", "auth=Basic bWU6aHVudGVyMjI=").await;
    check(&Auth::Bearer(secret()), "/echo", "auth=Bearer hunter22 ").await;
    check(&Auth::Bearer(secret()), "/same-method", "auth=Bearer hunter22 ").await;
    check(&Auth::Bearer(secret()), "/elsewhere", "auth= ").await;
}

#[tokio::test]
async fn a_header_with_a_secret_is_for_the_host_that_it_is_meant_for_whatever_it_is_called() {
    let site = site();
    let check = async |name: &str, path: &str, contains: &str| {
        let secret_headers = vec![(name.to_owned(), SecretRef::Env("SECRET".into()))];
        let text = text(&[contains], &[], &[]);
        let observation = probe(HttpCheck { secret_headers, text, ..http(&site.url(path)) }).await;
        assert_eq!(observation.failure, None, "{name} {path}");
    };
    check("X-Key", "/echo", "key=hunter22 ").await;
    check("X-Key", "/same-method", "key=hunter22 ").await;
    check("X-Key", "/elsewhere", "key= ").await;
    check("Authorization", "/echo", "auth=hunter22 ").await;
    check("Authorization", "/elsewhere", "auth= ").await;
    // Another host hears of what is asked by default, and not of this.
    check("User-Agent", "/echo", "agent=hunter22 ").await;
    check("User-Agent", "/elsewhere", "agent= ").await;
}

#[tokio::test]
async fn a_secret_is_nowhere_to_be_seen_even_if_the_server_echoes_it() {
    let site = site();
    let secret = SecretRef::Env("SECRET".into());
    let key = vec![("X-Key".to_owned(), "hunter22".to_owned())];
    let with_secret = |name: &str, path: &str| HttpCheck {
        secret_headers: vec![(name.to_owned(), secret.clone())],
        ..http(&site.url(path))
    };
    let checks = [
        HttpCheck { auth: Some(Auth::Bearer(secret.clone())), ..http(&site.url("/refused")) },
        HttpCheck {
            auth: Some(Auth::Basic { username: "me".into(), password: secret.clone() }),
            ..http(&site.url("/refused"))
        },
        HttpCheck { headers: key.clone(), text: text(&["never"], &[], &[]), ..http(&site.url("/echo")) },
        HttpCheck { headers: key, ..http(&site.url("/leaks")) },
        with_secret("X-Key", "/leaks"),
        // Nothing in this name tells that it is one.
        HttpCheck { text: text(&["never"], &[], &[]), ..with_secret("User-Agent", "/echo") },
        HttpCheck {
            headers: vec![("Authorization".to_owned(), "Bearer hunter22".to_owned())],
            ..http(&site.url("/refused"))
        },
    ];
    for check in checks {
        let observation = probe(check).await;
        let shown = format!("{observation:?}");
        assert!(evidence(&observation).contains("***"), "{shown}");
        assert!(!shown.contains("hunter22") && !shown.contains("bWU6aHVudGVyMjI="), "{shown}");
    }
}

#[tokio::test]
async fn a_secret_that_is_not_to_be_had_is_no_fault_of_the_target() {
    let auth = Some(Auth::Bearer(SecretRef::Env("MISSING".into())));
    let observation = probe(HttpCheck { auth, ..http("http://127.0.0.1:1/") }).await;
    assert_down(&observation, Phase::Run, &Cause::Setup { error: "the variable is not set".into() });
}

#[tokio::test]
async fn a_body_longer_than_the_limit_is_read_up_to_it() {
    let site = site();
    let check = async |limit: u64, contains: &str, cause: Option<Cause>| {
        let text = text(&[contains], &[], &[]);
        let observation = probe(HttpCheck { body_limit: limit, text, ..http(&site.url("/large")) }).await;
        match cause {
            None => assert_up(&observation, "200 OK"),
            Some(cause) => assert_down(&observation, Phase::Assertion, &cause),
        }
    };
    check(1000, "xxx", None).await;
    check(1000, "y", Some(Cause::Unproven { text: "y".into(), within: 1000, key: "body_limit".into() })).await;
    check(1 << 20, "y", Some(Cause::Missing { text: "y".into(), within: 300_000 })).await;
    let observation = probe(HttpCheck { body_limit: 10, ..http(&site.url("/large")) }).await;
    assert_up(&observation, "200 OK");
}

#[tokio::test]
async fn what_works_too_slowly_is_said_last() {
    let site = site();
    let below = Some(Duration::from_nanos(1));
    let observation = probe(HttpCheck { below, ..http(&site.url("/page")) }).await;
    let failure = observation.failure.unwrap();
    assert_eq!(failure.phase, Phase::Assertion);
    assert!(matches!(failure.cause, Cause::TooSlow { took, .. } if took > Duration::ZERO));

    let observation = probe(HttpCheck { below, ..http(&site.url("/status/503")) }).await;
    assert!(matches!(observation.failure.unwrap().cause, Cause::Status { code: 503, .. }));
    let below = Some(common::PATIENCE);
    assert_up(&probe(HttpCheck { below, ..http(&site.url("/page")) }).await, "200 OK");
}

#[tokio::test]
async fn a_name_leads_to_whichever_of_its_addresses_answers() {
    let site = site();
    let by_name = |ip| HttpCheck { ip, ..http(&site.url("/page").replace("127.0.0.1", "localhost")) };
    assert_up(&probe(by_name(None)).await, "200 OK");
    assert_up(&probe(by_name(Some(IpVersion::V4))).await, "200 OK");
    assert_down(&probe(by_name(Some(IpVersion::V6))).await, Phase::Connect, &Cause::Refused);
    let literal = HttpCheck { ip: Some(IpVersion::V6), ..http(&site.url("/page")) };
    let observation = probe(literal).await;
    assert_eq!(observation.failure.unwrap().cause, Cause::NoAddress { name: "127.0.0.1".into() });
}

#[tokio::test]
async fn a_name_that_cannot_exist_is_not_found() {
    // RFC 6761, section 6.4: resolvers answer so by themselves. One that asks a dead network cannot.
    let observation = probe(http("http://nobody.invalid/")).await;
    let failure = observation.failure.unwrap();
    assert_eq!(failure.phase, Phase::Dns);
    let name = "nobody.invalid".to_owned();
    match failure.cause {
        Cause::NameServer { name: asked, error } => assert!(asked == name && !error.is_empty()),
        cause => assert_eq!(cause, Cause::NameNotFound { name }),
    }
}
