//! Both pages, as whoever opens them sees them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_api::ReportMonth;
use estatus_core::{
    check::{Check, HostPort, TcpCheck},
    config::{Config, Language, Monitor, StatusPage},
    engine::MonitorView,
    ids::IncidentId,
    incident::{Before, Health, Incident},
    maintenance::Maintenance,
    observation::{Cause, Failure, Phase},
    time::later,
    words::Words,
};
use estatus_store::Figures;
use jiff::{Timestamp, tz::TimeZone};

use super::{
    GENERATOR,
    report::{Found, ProgramRow, Report, stretch},
    status::{Look, Observed, Past},
};

const HOUR: Duration = Duration::from_secs(3600);
/// Text of the outside world that would be markup, and a formula.
const HOSTILE: &str = "=<script>alert(\"1\")</script>&'";

fn at(text: &str) -> Timestamp {
    format!("{text}:00Z").parse().unwrap()
}

fn now() -> Timestamp {
    at("2026-10-25T11:03")
}

fn words(language: Language) -> Words {
    Words::new(language, zone())
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Madrid").unwrap()
}

fn incident(id: u64, monitor: &str, opened: &str, lasted: Option<Duration>) -> Incident {
    let cause = || {
        let cause = Cause::Status { code: 503, reason: HOSTILE.to_owned(), accepted: "200-299".to_owned() };
        Failure::new(Phase::Assertion, cause)
    };
    Incident {
        id: IncidentId(id),
        monitor: monitor.into(),
        opened: at(opened),
        closed: lasted.map(|lasted| later(at(opened), lasted)),
        cause: cause(),
        last: cause(),
        acknowledged: None,
        before: Before::default(),
        attempts: Vec::new(),
        earlier_attempts: 0,
        escalated: None,
        measured: None,
    }
}

fn figures(up: Duration, down: Duration, latencies: &[u64]) -> Figures {
    let mut figures = Figures { up, down, samples: latencies.len() as u64, ..Figures::default() };
    latencies.iter().for_each(|latency| figures.latency.add(Duration::from_millis(*latency)));
    figures
}

fn report() -> Report {
    let names: Vec<Arc<str>> = ["shop", "api", "mail", HOSTILE].map(Arc::from).to_vec();
    let all = BTreeMap::from([
        ("shop".into(), figures(HOUR * 580, Duration::ZERO, &[80, 84, 90, 120])),
        ("api".into(), figures(HOUR * 570, HOUR * 3 + Duration::from_secs(720), &[20, 30, 40, 1500])),
        (HOSTILE.into(), figures(HOUR * 90, HOUR * 10, &[])),
    ]);
    let incidents = vec![
        incident(9, "api", "2026-10-25T10:51", None),
        incident(7, "elsewhere", "2026-10-20T10:00", Some(HOUR)),
        incident(5, HOSTILE, "2026-10-12T01:00", Some(HOUR * 10)),
        incident(3, "api", "2026-10-03T18:00", Some(HOUR * 3)),
        incident(2, "api", "2026-09-30T21:50", Some(Duration::from_secs(1200))),
    ];
    let programs =
        vec![ProgramRow { program: "worker".into(), restarts: 3 }, ProgramRow { program: HOSTILE.into(), restarts: 0 }];
    let found = Found { monitors: names, figures: all, incidents, more_incidents: false, programs };
    let stretch = stretch(&ReportMonth::Current, &zone(), now()).unwrap();
    let cause = |incident: &Incident| words(Language::English).failure(&incident.cause);
    Report::new(&stretch, vec!["public".to_owned()], found, &words(Language::English), now(), cause)
}

fn view(name: &str, health: Health) -> MonitorView {
    let check = Check::Tcp(TcpCheck {
        address: HostPort { host: "internal.example.net".to_owned(), port: 8443 },
        ip: None,
        send: None,
        expect: None,
    });
    let mut monitor = Monitor::new(name, check);
    monitor.tags = vec!["public".to_owned()];
    if name == "shop" {
        monitor.maintenance = vec![
            Maintenance::Once { from: at("2026-10-27T01:00"), to: at("2026-10-27T03:00") },
            Maintenance::Once { from: at("2026-12-01T01:00"), to: at("2026-12-01T03:00") },
        ];
    }
    MonitorView {
        monitor: Arc::new(monitor),
        health,
        since: None,
        last: None,
        flapping: name == "search",
        unsteady: false,
        incident: None,
        paused_until: None,
        snoozed_until: None,
    }
}

fn look(language: Language, details: bool, views: Vec<MonitorView>) -> Look {
    let page = StatusPage {
        file: "status.html".into(),
        tags: vec!["public".to_owned()],
        title: Some(format!("Status of Example {HOSTILE}")),
        details,
    };
    let config = Config { language, zone: zone(), status_page: Some(Arc::new(page)), ..Config::default() };
    Look::new(&Arc::new(config), views.into_iter()).unwrap()
}

fn views() -> Vec<MonitorView> {
    let mut private = view("private", Health::Down);
    Arc::make_mut(&mut private.monitor).tags = vec!["internal".to_owned()];
    let shown = [
        view("shop", Health::Up),
        view("api", Health::Down),
        view("search", Health::Suspect),
        view(HOSTILE, Health::Up),
        view("mail", Health::Unknown),
        view("old site", Health::Paused),
    ];
    shown.into_iter().chain([private]).collect()
}

fn past(look: &Look) -> Past {
    let days = look.days(now()).len();
    let day = |index: usize, of: fn(usize) -> Figures| if index < 30 { Figures::default() } else { of(index) };
    let all = |of: fn(usize) -> Figures| (0..days).map(|index| Observed::from(&day(index, of))).collect::<Vec<_>>();
    let up = |_: usize| figures(HOUR * 24, Duration::ZERO, &[]);
    let sometimes = |index: usize| match index {
        41 => figures(HOUR * 20, HOUR * 4, &[]),
        60 | 75 => figures(HOUR * 24 - Duration::from_secs(300), Duration::from_secs(300), &[]),
        _ => figures(HOUR * 24, Duration::ZERO, &[]),
    };
    let of_days = BTreeMap::from([
        ("shop".into(), all(up)),
        ("api".into(), all(sometimes)),
        ("search".into(), all(up)),
        (HOSTILE.into(), all(up)),
        ("mail".into(), vec![Observed::default(); days]),
    ]);
    let incidents = vec![
        incident(8, "private", "2026-10-24T10:51", None),
        incident(7, "api", "2026-10-20T10:00", Some(Duration::from_secs(1234))),
        incident(6, "api", "2026-10-25T10:51", None),
    ];
    Past { days: of_days, incidents: Some(incidents) }
}

/// That nothing of the outside world is markup, no text is missing, and nothing is fetched or run.
#[track_caller]
fn check_page(html: &str, language: Language) {
    assert!(html.starts_with(&format!("<!doctype html>\n<html lang=\"{}\">", language.code())), "{html}");
    assert!(html[..512].contains(GENERATOR), "{html}");
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script") && !html.contains("{{"), "{html}");
    for fetched in ["src=", "href=", "@import", "url(", "http:", "https:", "internal.example.net"] {
        assert!(!html.contains(fetched), "{fetched}: {html}");
    }
    let body = html.split_once("<body>").unwrap().1;
    for key in ["report.", "page.", "month."] {
        let missing = body
            .match_indices(key)
            .find(|(at, _)| body[at + key.len()..].starts_with(|c: char| c.is_ascii_lowercase()));
        assert_eq!(missing, None, "a text is missing: {body}");
    }
}

#[test]
fn the_report_is_one_page_that_runs_nothing_in_either_language() {
    for language in Language::ALL {
        let html = report().html(&words(language)).unwrap();
        check_page(&html, language);
        insta::assert_snapshot!(format!("report_{}", language.code()), html);
    }
}

#[test]
fn the_figures_of_a_report_are_those_of_its_month_and_monitors() {
    let json: serde_json::Value = serde_json::from_str(&report().json().unwrap()).unwrap();
    assert_eq!(
        (&json["month"], &json["complete"], &json["zone"]),
        (&"2026-10".into(), &false.into(), &"Europe/Madrid".into())
    );
    assert_eq!(json["incidents"].as_array().unwrap().len(), 4, "that of another monitor is none of its");
    let api = &json["monitors"][1];
    // Open for 12 minutes, and two that took 3 h and 20 min.
    assert_eq!((&api["incidents"], &api["longest_seconds"]), (&3.into(), &10_800.0.into()));
    assert_eq!(api["mean_recovery_seconds"], 6000.0);
    assert_eq!(json["incidents"][0]["lasted_seconds"], 720.0);
    let shop = &json["monitors"][0];
    assert_eq!((&shop["uptime"], &shop["incidents"], &shop["checks"]), (&1.0.into(), &0.into(), &4.into()));
    assert!(shop["mean_recovery_seconds"].is_null() && shop["longest_seconds"].is_null());
    assert!(json["monitors"][2]["uptime"].is_null(), "nothing was seen of it");
}

#[test]
fn the_tables_of_a_report_can_be_opened_in_a_spreadsheet() {
    let csv = report().csv();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert!(lines[0].starts_with("month,monitor,uptime_percent,"), "{csv}");
    assert_eq!(lines[1], "2026-10,shop,100,2088000,0,0,4,0,,,83.038,117.844");
    assert_eq!(lines[3], "2026-10,mail,,0,0,0,0,0,,,,");
    assert!(lines[4].starts_with("2026-10,\"'=<script>alert(\"\"1\"\")</script>&'\",90,"), "{csv}");
    let csv = report().incidents_csv();
    assert_eq!(csv.lines().count(), 5);
    assert!(csv.contains("9,api,2026-10-25T10:51:00Z,,720,"), "{csv}");
}

#[test]
fn the_status_page_tells_others_no_more_than_they_are_to_know() {
    for language in Language::ALL {
        let look = look(language, false, views());
        let html = look.html(&past(&look), now()).unwrap();
        check_page(&html, language);
        assert!(!html.contains("private") && !html.contains("503"), "{html}");
        insta::assert_snapshot!(format!("status_{}", language.code()), html);
    }
    let look = look(Language::English, true, views());
    assert!(look.html(&past(&look), now()).unwrap().contains("status 503"), "the cause, where it is wished");
}

#[test]
fn once_monitoring_is_stopped_the_status_page_says_so_and_when_and_claims_nothing_else() {
    let check = |language: Language, stopped: &str, at: &str, unknown: &str| {
        let look = look(language, false, views()).stopped();
        let html = look.html(&past(&look), now()).unwrap();
        check_page(&html, language);
        assert!(
            html.contains(&format!(": {stopped}</title>")) && html.contains(&format!("<p class=\"when\">{at}")),
            "{html}"
        );
        assert_eq!(html.matches(&format!("<b class=\"idle\">{unknown}</b>")).count(), 6, "{html}");
        assert!(!html.contains("<footer>"), "nothing else is to be told by it: {html}");
    };
    check(
        Language::English,
        "Monitoring is stopped",
        "Monitoring was stopped on 2026-10-25 12:03 Europe&#x2f;Madrid.",
        "Not monitored",
    );
    check(
        Language::Spanish,
        "La supervisión está detenida",
        "La supervisión se detuvo el 2026-10-25 12:03 Europe&#x2f;Madrid.",
        "No se supervisa",
    );
}

#[test]
fn a_cause_on_the_status_page_is_what_whoever_sees_least_is_told() {
    let look = look(Language::English, true, views());
    let mut past = past(&look);
    let to = "https://ana:5ec7e7@example.com/in?key=5ec7e7".to_owned();
    let cause = Failure::new(Phase::Assertion, Cause::Redirects { at_most: 2, to });
    past.incidents.iter_mut().flatten().for_each(|incident| incident.cause = cause.clone());
    let html = look.html(&past, now()).unwrap();
    assert!(html.contains("example.com") && !html.contains("5ec7e7"), "{html}");
}

/// That the page of `views` says of all that `said`.
#[track_caller]
fn check_overall(views: Vec<MonitorView>, now: Timestamp, said: &str) {
    let html = look(Language::English, false, views).html(&Past::default(), now).unwrap();
    let overall = html.split_once("<i aria-hidden=\"true\"></i><span>").unwrap().1;
    assert!(overall.starts_with(&format!("{said}<")), "{overall}");
}

#[test]
fn what_is_under_maintenance_is_told_of_as_that_and_is_no_outage() {
    let check = |shop: Health, api: Option<Health>, said: &str| {
        let views = [view("shop", shop)].into_iter().chain(api.map(|api| view("api", api))).collect();
        check_overall(views, at("2026-10-27T01:30"), said);
    };
    check(Health::Down, None, "Under maintenance");
    check(Health::Up, None, "Under maintenance");
    check(Health::Down, Some(Health::Up), "All systems operational");
    check(Health::Down, Some(Health::Unknown), "No data yet");
    check(Health::Up, Some(Health::Down), "Partial outage");
    check(Health::Paused, Some(Health::Down), "Major outage");
}

#[test]
fn how_all_is_follows_from_what_is_watched() {
    let check = |healths: &[Health], said: &str| {
        let views = healths.iter().enumerate().map(|(number, health)| view(&format!("m{number}"), *health)).collect();
        check_overall(views, now(), said);
    };
    check(&[Health::Up, Health::Suspect], "All systems operational");
    check(&[Health::Up, Health::Unknown, Health::Paused], "All systems operational");
    check(&[Health::Up, Health::Down], "Partial outage");
    check(&[Health::Recovering, Health::Up], "Some systems are recovering");
    check(&[Health::Recovering, Health::Down], "Partial outage");
    check(&[Health::Down, Health::Paused], "Major outage");
    check(&[Health::Unknown, Health::Unknown], "No data yet");
    check(&[Health::Paused], "Not monitored");
    check(&[], "Not monitored");
}

#[test]
fn a_page_tells_the_same_until_a_monitor_stands_differently() {
    let of = |health| look(Language::English, false, vec![view("a", health)]);
    let one = of(Health::Up);
    let again = one.clone();
    assert!(one.tells_the_same_as(&again));
    assert!(!one.tells_the_same_as(&of(Health::Up)), "another configuration is in force");
    let page = Past::default();
    assert!(one.html(&page, now()).unwrap().contains("The incidents cannot be read"), "none is not unknown");
}

#[test]
fn the_days_of_the_bars_are_those_of_the_clock_on_the_wall() {
    let look = look(Language::English, false, views());
    let days = look.days(now());
    assert_eq!(days.len(), 90);
    // Midnight in Madrid, on the day on which the clock is set back, which has 25 hours.
    assert_eq!(days[89], at("2026-10-24T22:00")..now());
    assert_eq!(days[88], at("2026-10-23T22:00")..at("2026-10-24T22:00"));
    assert!(days.windows(2).all(|pair| pair[0].end == pair[1].start));
    let tomorrow = look.days(at("2026-10-26T09:00"));
    assert_eq!(tomorrow[88], at("2026-10-24T22:00")..at("2026-10-25T23:00"));
}

#[test]
fn a_window_that_begins_or_ends_changes_the_page() {
    let look = look(Language::English, false, views());
    assert_eq!(look.changes_at(now()), Some(at("2026-10-27T01:00")));
    assert_eq!(look.changes_at(at("2026-10-27T01:00")), Some(at("2026-10-27T03:00")));
    assert_eq!(look.changes_at(at("2026-12-01T03:00")), None);
    let html = look.html(&past(&look), at("2026-10-27T01:30")).unwrap();
    assert!(html.contains("Under maintenance") && html.contains("in progress"), "{html}");
}
