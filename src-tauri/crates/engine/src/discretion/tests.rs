use estatus_api::{AttemptState, LastSeen};
use estatus_core::{
    ids::{IncidentId, MessageId},
    incident::Health,
    observation::{Phase, Verdict},
    standing::Standing,
};
use jiff::Timestamp;

use super::*;

#[test]
fn of_a_command_line_the_program_is_shown() {
    let check = |command: &str, shown: &str| assert_eq!(executable(command), shown, "{command}");
    check("caddy", "caddy");
    check("cloudflared tunnel run --token 5ec7e7", "cloudflared …");
    check("TOKEN=5ec7e7 cloudflared tunnel", "cloudflared …");
    check("A=1 TOKEN=5ec7e7 cloudflared", "cloudflared …");
    check("TOKEN='5ec 7e7' cloudflared", "…");
    check("TOKEN=\"5ec 7e7\" cloudflared", "…");
    check("TOKEN=5ec\\ 7e7 cloudflared", "…");
    check("TOKEN=$(cat 5ec 7e7) cloudflared", "…");
    check("./run=fast 5ec7e7", "…");
    check("TOKEN=5ec7e7", "…");
    check("", "…");
}

#[test]
fn of_an_address_no_secret_is_shown() {
    let check = |url: &str, shown: &str| assert_eq!(address(url), shown, "{url}");
    check("https://example.com/a", "https://example.com/a");
    check("https://example.com", "https://example.com");
    check("https://ana:pw@example.com:8443/a?key=5ec7e7#x", "https://example.com:8443/a?…");
    check("https://example.com?key=a@b", "https://example.com?…");
    check("https://example.com/@ana", "https://example.com/@ana");
    check("/next?key=5ec7e7", "/next?…");
}

#[test]
fn of_addresses_in_what_was_found_no_secret_is_shown() {
    let check = |text: &str, shown: &str| assert_eq!(words(text), shown, "{text}");
    check("connection refused", "connection refused");
    check("status 500, at https://ana:pw@example.com/?key=5ec7e7", "status 500, at https://example.com/?…");
    check("http://a/b?5ec7e7\nhttps://c/d#5ec7e7\nend", "http://a/b?…\nhttps://c/d?…\nend");
    check("{\"url\":\"https://a/?k=5ec7e7\",\"ok\":false}", "{\"url\":\"https://a/?…\",\"ok\":false}");
    check("(https://a/b), ¿https://a/?k=(5ec7e7)x", "(https://a/b), ¿https://a/?…");
}

#[test]
fn what_a_redirect_carries_on_is_shown_nowhere() {
    let at = Timestamp::UNIX_EPOCH;
    let in_words = "lost, after a redirect to https://example.com/?key=5ec7e7".to_owned();
    let said = Some("https://example.com/?key=5ec7e7\nHTTP/1.1 302 Found\nlocation: next?key=5ec7e7".to_owned());
    let page = Some("https://example.com/?key=5ec7e7".to_owned());
    let last = LastSeen {
        at,
        verdict: Verdict::Down,
        latency_ms: None,
        detail: in_words.clone(),
        phases_ms: Vec::new(),
        failed_in: None,
        warning: None,
        certificate_until: None,
        evidence: said.clone(),
        redirected_to: page.clone(),
        remote: None,
    };
    let mut seen = MonitorState {
        name: "page".into(),
        kind: Kind::Http,
        target: "http://example.com/?key=5ec7e7".to_owned(),
        tags: Vec::new(),
        health: Health::Down,
        standing: Standing::default(),
        since: None,
        over_limit: false,
        last: Some(last),
        flapping: false,
        unsteady: false,
        paused_until: None,
        snoozed_until: None,
        heals: None,
    };
    let tried = AttemptState {
        deed: "ran heal --token 5ec7e7".to_owned(),
        command: Some("heal --token 5ec7e7".to_owned()),
        began: at,
        ended: None,
        healed: Some(false),
        outcome: Some(in_words.clone()),
        output: Vec::new(),
        run: None,
    };
    let told = AlertState {
        message: MessageId(1),
        channel: "email".to_owned(),
        news: "down".to_owned(),
        created: at,
        delivery: Delivery::Abandoned { at, error: "no such mailbox: 5ec7e7@example.com".to_owned() },
    };
    let mut opened = IncidentState {
        id: IncidentId(1),
        monitor: "page".into(),
        opened: at,
        closed: None,
        lasted: None,
        over_limit: false,
        cause: in_words,
        phase: Phase::FirstByte,
        evidence: said,
        redirected_to: page,
        acknowledged: None,
        attempts: vec![tried],
        escalated: None,
        alerts: vec![told],
    };
    monitor(&mut seen);
    incident(&mut opened);
    let shown = format!("{seen:?}{opened:?}");
    assert!(!shown.contains("5ec7e7"), "{shown}");
    assert!(opened.cause.starts_with("lost, after a redirect to https://example.com/?"), "{}", opened.cause);
}

#[test]
fn whoever_may_edit_is_told_everything() {
    let told = Arc::new(Event::Engine(EngineState::default()));
    assert!(Arc::ptr_eq(&event(Arc::clone(&told), Permission::Edit), &told));
}
