//! Deliveries by webhook, at a web server on loopback.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test fails by them")]

mod support;

use std::{net::TcpListener, time::Duration};

use estatus_core::{
    config::{Channel, Language, Receiver, WebhookChannel, WebhookUrl},
    fleet::{Trouble, command::ProviderErrorKind},
    flow::Otherwise,
    ids::MessageId,
    incident::{DeliveryResult, Message, News},
    secret::SecretRef,
};
use serde_json::Value;
use support::{
    TOKEN, closed_incident, courier, failure, fleets,
    flows::{
        approval, long_run, not_healed_by_flow, run_crashed, run_failed, run_timed_out_at_no_step, run_undone,
        suppressed, told,
    },
    incident, message, portfolio,
    programs::{attempt, being_healed, cannot_start, cooling, healed, program, restart, stale, tried, web_answers},
    secret, warning,
    web::{Web, answer},
    words,
};
use tokio::io::AsyncWriteExt as _;
use url::Url;

/// A webhook that takes JSON.
struct Hook {
    url: Url,
    headers: Vec<(String, String)>,
    secret_headers: Vec<(String, SecretRef)>,
    template: Option<String>,
    timeout: Duration,
}

fn channel(url: &Url) -> Hook {
    Hook {
        url: url.clone(),
        headers: Vec::new(),
        secret_headers: Vec::new(),
        template: None,
        timeout: Duration::from_secs(20),
    }
}

fn down() -> Message {
    message(41, vec![portfolio(News::Down { incident: incident() })])
}

fn told_by(hook: Hook) -> Channel {
    let Hook { url, headers, secret_headers, template, timeout } = hook;
    let receiver = Receiver::Json { url: WebhookUrl::Plain(url), headers, secret_headers, template };
    Channel::Webhook(WebhookChannel { receiver, timeout })
}

async fn deliver(hook: Hook, message: &Message) -> DeliveryResult {
    courier().deliver(&told_by(hook), message, &words(Language::English)).await
}

#[tokio::test]
async fn a_test_message_goes_through_the_template_and_its_refusal_is_explained() {
    let test = async |url: &Url| {
        let template = Some("{\"text\": {{ alerts[0].title | tojson }}}".to_owned());
        let channel = told_by(Hook { template, ..channel(url) });
        courier().test("chat", &channel, &words(Language::English)).await
    };
    let web = Web::start(answer("200 OK", "", "")).await;
    assert_eq!(test(&web.url).await, DeliveryResult::Delivered);
    assert_eq!(web.request().await.1, r#"{"text": "Messages to the channel “chat” arrive"}"#);
    let web = Web::start(answer("403 Forbidden", "", "no such hook")).await;
    let (error, ..) = failure(test(&web.url).await);
    assert!(error.contains("403 Forbidden: no such hook") && error.contains("chat"), "{error}");
}

#[tokio::test]
async fn the_whole_message_is_posted_as_json_with_every_header() {
    let web = Web::start(answer("202 Accepted", "", "")).await;
    let mut channel = channel(&web.url);
    channel.headers = vec![("X-Team".to_owned(), "ops".to_owned())];
    channel.secret_headers = vec![("Authorization".to_owned(), secret("TOKEN"))];
    let mut told = message(58, vec![portfolio(News::Recovered { incident: closed_incident() }), warning()]);
    told.answers = vec![MessageId(41)];
    assert_eq!(deliver(channel, &told).await, DeliveryResult::Delivered);

    let (head, body) = web.request().await;
    assert!(head.starts_with("POST /hooks/T0K3N-in-the-path HTTP/1.1\r\n"), "{head}");
    let head = head.to_lowercase();
    for header in ["content-type: application/json", "x-team: ops", &format!("authorization: {}", TOKEN.to_lowercase())]
    {
        assert!(head.lines().any(|line| line == header), "{header} is not in {head}");
    }
    let body: Value = serde_json::from_str(&body).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap());
}

#[tokio::test]
async fn programs_and_remedies_are_told_to_programs_too() {
    let web = Web::start(answer("200 OK", "", "")).await;
    let alerts = vec![
        web_answers(News::Recovered { incident: healed() }),
        web_answers(News::Escalated { incident: being_healed() }),
        cooling(),
        cannot_start(),
        program("db", News::Steady),
        stale(),
    ];
    assert_eq!(deliver(channel(&web.url), &message(58, alerts)).await, DeliveryResult::Delivered);
    let body: Value = serde_json::from_str(&web.request().await.1).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&body["alerts"]).unwrap());
}

#[tokio::test]
async fn runs_are_told_to_programs_with_the_step_that_failed() {
    let web = Web::start(answer("200 OK", "", "")).await;
    let alerts = vec![
        run_failed(),
        run_timed_out_at_no_step(),
        run_crashed(),
        suppressed("heal-web", 3),
        web_answers(News::Escalated { incident: not_healed_by_flow() }),
    ];
    assert_eq!(deliver(channel(&web.url), &message(58, alerts)).await, DeliveryResult::Delivered);
    let body: Value = serde_json::from_str(&web.request().await.1).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&body["alerts"]).unwrap());
}

#[tokio::test]
async fn what_is_asked_told_and_undone_is_told_to_programs_too() {
    let web = Web::start(answer("200 OK", "", "")).await;
    let lines = "Deploy\r\n  <3>?\u{1b}[0m\n";
    let alerts =
        vec![approval(lines, Otherwise::Fail), approval("Now?", Otherwise::Continue), told(lines), run_undone()];
    assert_eq!(deliver(channel(&web.url), &message(58, alerts)).await, DeliveryResult::Delivered);
    let body: Value = serde_json::from_str(&web.request().await.1).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&body["alerts"]).unwrap());
}

#[tokio::test]
async fn what_is_wrong_with_a_fleet_and_no_longer_is_told_to_programs_too() {
    let web = Web::start(answer("200 OK", "", "")).await;
    let said = "UnauthorizedOperation: You are not authorized\r\nto perform <this>\u{1b}[0m";
    let alerts = vec![
        fleets::cannot_launch(Some(ProviderErrorKind::Credentials), said),
        fleets::trouble(Trouble::AtMax),
        fleets::lost(Some("web-3")),
        fleets::trouble(Trouble::Held),
        fleets::well(Trouble::CannotLaunch),
    ];
    assert_eq!(deliver(channel(&web.url), &message(58, alerts)).await, DeliveryResult::Delivered);
    let body: Value = serde_json::from_str(&web.request().await.1).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&body["alerts"]).unwrap());
}

#[tokio::test]
async fn of_what_a_step_wrote_the_last_lines_are_told() {
    let web = Web::start(answer("200 OK", "", "")).await;
    let alerts = vec![long_run(1000, vec!["x".repeat(10_000); 1000])];
    assert_eq!(deliver(channel(&web.url), &message(58, alerts)).await, DeliveryResult::Delivered);
    let (_, body) = web.request().await;
    assert!(body.len() < 100_000, "{}", body.len());
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["alerts"][0]["run"]["failed"]["output"].as_array().unwrap().len(), 40);
}

#[tokio::test]
async fn a_message_has_a_bound_whatever_was_tried() {
    let web = Web::start(answer("200 OK", "", "")).await;
    let mut long = attempt(restart(), 1, None);
    long.output = vec!["x".repeat(10_000); 1000];
    let alerts = vec![web_answers(News::Escalated { incident: tried(vec![long; 1000]) })];
    assert_eq!(deliver(channel(&web.url), &message(58, alerts)).await, DeliveryResult::Delivered);
    let (_, body) = web.request().await;
    assert!(body.len() < 100_000, "{}", body.len());
    let body: Value = serde_json::from_str(&body).unwrap();
    let incident = &body["alerts"][0]["incident"];
    assert_eq!((&incident["tries"], incident["attempts"].as_array().unwrap().len()), (&1000.into(), 50));
    assert_eq!(incident["output"].as_array().unwrap().len(), 40);
}

#[tokio::test]
async fn a_template_makes_json_of_whatever_a_message_holds() {
    let check = async |template: &str, expected: Value| {
        let web = Web::start(answer("200 OK", "", "ok")).await;
        let mut told = down();
        told.alerts[0].subject = "the \"web\"\n\\ of C:\\".into();
        let channel = Hook { template: Some(template.to_owned()), ..channel(&web.url) };
        assert_eq!(deliver(channel, &told).await, DeliveryResult::Delivered);
        assert_eq!(serde_json::from_str::<Value>(&web.request().await.1).unwrap(), expected);
    };
    let name = "the \"web\"\n\\ of C:\\";
    check(
        r#"{"text": "{{ alerts[0].monitor }}: {{ alerts[0].incident.status }}"}"#,
        serde_json::json!({ "text": format!("{name}: 503") }),
    )
    .await;
    check(r#"{"text": {{ alerts[0].monitor | tojson }}}"#, serde_json::json!({ "text": name })).await;
    check(
        r#"[{% for alert in alerts %}{{ alert.bad }}, {{ alert.times }}, "{{ alert.incident.opened }}"{% endfor %}]"#,
        serde_json::json!([true, null, "2026-03-01T18:00:00Z"]),
    )
    .await;
    check(
        r#"{"n": {{ alerts | length }}, "id": "{{ message_id }}", "to": "{{ channel }}"}"#,
        serde_json::json!({ "n": 1, "id": "estatus-k3v9-41", "to": "email" }),
    )
    .await;
}

#[tokio::test]
async fn a_template_that_fails_is_explained_before_anything_is_sent() {
    let nobody = "http://127.0.0.1:1/".parse().unwrap();
    let check = async |template: &str, begin: &str| {
        let channel = Hook { template: Some(template.to_owned()), ..channel(&nobody) };
        let (error, perhaps_received, permanent) = failure(deliver(channel, &down()).await);
        assert!(error.starts_with(begin) && error.ends_with("): correct it in estatus.toml"), "{error}");
        assert_eq!((perhaps_received, permanent), (false, true));
    };
    check("{{ subjet }}", "the template of the channel email fails (undefined value").await;
    check("{% for %}", "the template of the channel email fails (syntax error").await;
    let no_json = "the template of the channel email does not produce JSON";
    check(r#"{"text": {{ subject }}}"#, &format!("{no_json} (expected value")).await;
    check("", &format!("{no_json} (EOF")).await;
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_named() {
    let nobody = "http://127.0.0.1:1/".parse().unwrap();
    let check = async |channel: Hook, expected: &str, permanent: bool| {
        assert_eq!(failure(deliver(channel, &down()).await), (expected.to_owned(), false, permanent));
    };
    let error = "the header X-A cannot be sent: its name or value has characters that HTTP does not allow; correct it \
                 in estatus.toml";
    check(Hook { headers: vec![("X-A".into(), "a\r\nb".into())], ..channel(&nobody) }, error, true).await;
    check(Hook { secret_headers: vec![("X-A".into(), secret("LINES"))], ..channel(&nobody) }, error, true).await;
    check(
        Hook { secret_headers: vec![("X-A".into(), secret("NOWHERE"))], ..channel(&nobody) },
        "the secret for the header X-A is not available: the variable NOWHERE is not set: set it",
        false,
    )
    .await;
}

#[tokio::test]
async fn what_is_no_success_is_explained_and_was_not_received() {
    let check = async |status: &str, headers: &str, body: &str, expected: &str, permanent: bool| {
        let web = Web::start(answer(status, headers, body)).await;
        let mut channel = channel(&web.url);
        channel.secret_headers = vec![("Authorization".to_owned(), secret("TOKEN"))];
        let server = web.url.authority().to_owned();
        let (error, perhaps_received, stays) = failure(deliver(channel, &down()).await);
        assert_eq!(error, expected.replace("SERVER", &server));
        assert_eq!((perhaps_received, stays), (false, permanent));
        web.request().await;
    };
    let check_url = "check url, headers and template of the channel email";
    check("404 Not Found", "", "", &format!("SERVER refused the request with 404 Not Found: {check_url}"), true).await;
    check(
        "403 Forbidden",
        "",
        "Bearer 7f3a9c51d0 may not\r\n post to /hooks/T0K3N-in-the-path",
        &format!("SERVER refused the request with 403 Forbidden: *** may not post to /***: {check_url}"),
        true,
    )
    .await;
    let later = "try again later, or check its log";
    for status in ["408 Request Timeout", "425 Too Early", "429 Too Many Requests", "500 Internal Server Error"] {
        check(status, "", "", &format!("SERVER responded {status}: {later}"), false).await;
    }
    let long = "x".repeat(100_000);
    let shown = "x".repeat(397);
    check(
        "503 Service Unavailable",
        "",
        &long,
        &format!("SERVER responded 503 Service Unavailable: {shown}…: {later}"),
        false,
    )
    .await;
    let elsewhere = "and redirects elsewhere, where nothing is sent: set url to the final address";
    let location = "location: http://evil.example/?T0K3N\r\n";
    for (status, permanent) in [("301 Moved Permanently", true), ("302 Found", false), ("308 Permanent Redirect", true)]
    {
        check(status, location, "", &format!("SERVER responded {status} {elsewhere}"), permanent).await;
    }
}

#[tokio::test]
async fn a_request_that_did_not_get_there_was_not_received() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let check = async |url: String, expected: String| {
        let result = deliver(channel(&url.parse().unwrap()), &down()).await;
        assert_eq!(failure(result), (expected, false, false));
    };
    let refused = format!("{free} refused the connection: check the name and the port of the server");
    check(format!("http://{free}/T0K3N-in-the-path"), refused).await;

    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = plain.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(answer("400 Bad Request", "", "").as_bytes()).await.unwrap();
    });
    let no_tls = format!(
        "TLS with {server} failed (the response is not TLS): check the port, and whether the server supports TLS 1.2 \
         or 1.3"
    );
    check(format!("https://{server}/"), no_tls).await;
}

#[tokio::test]
async fn a_request_without_an_answer_was_perhaps_received() {
    let web = Web::start(String::new()).await;
    let (error, perhaps_received, permanent) = failure(deliver(channel(&web.url), &down()).await);
    assert!(error.contains("did not confirm the message"), "{error}");
    assert_eq!((perhaps_received, permanent), (true, false));
    web.request().await;

    // The kernel takes the connection and the request, and nobody reads it.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let url = format!("http://{address}/").parse().unwrap();
    let result = deliver(Hook { timeout: Duration::from_millis(300), ..channel(&url) }, &down()).await;
    let error =
        format!("{address} did not confirm the message (no response within 300 ms), so it may have arrived anyway");
    assert_eq!(failure(result), (error, true, false));
}
