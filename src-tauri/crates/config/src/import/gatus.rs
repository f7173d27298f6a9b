//! Configurations of Gatus: YAML with `endpoints`, each with conditions.

mod conditions;

use estatus_api::Section;
use serde_json::{Map, Value as Json, json};

use self::conditions::{Subject, conditions};
use super::{
    found::{Found, Table},
    keys::Keys,
    line::variables,
    yaml,
};
use crate::reason::{Part, Reason, note};

/// Keys of the file that are about Gatus itself.
const OF_GATUS: [&str; 12] = [
    "metrics",
    "storage",
    "web",
    "ui",
    "security",
    "debug",
    "disable-monitoring-lock",
    "concurrency",
    "skip-invalid-config-update",
    "remote",
    "announcements",
    "tunneling",
];

/// Why keys are left out.
static WHY: [(&str, Reason); 6] = [
    ("ui", note!("of_pages_of_gatus")),
    ("extra-labels", note!("of_metrics_of_gatus")),
    ("maintenance-windows", note!("say_maintenance")),
    ("graphql", note!("say_body")),
    ("ssh", note!("no_ssh")),
    ("store", note!("no_store")),
];

pub(super) fn read(text: &str, found: &mut Found) -> Result<(), Reason> {
    let file = yaml::read(text)?;
    let file = file.as_object().ok_or_else(|| note!("no_table"))?;
    for (index, endpoint) in list(file, "endpoints").iter().enumerate() {
        match endpoint.as_object() {
            Some(endpoint) => monitor(endpoint, found),
            None => found.note(note!("endpoint_no_table", index)),
        }
    }
    for endpoint in list(file, "external-endpoints") {
        let name = endpoint.get("name").and_then(Json::as_str).map_or_else(|| note!("nameless").into(), Part::from);
        found.without(name, "external-endpoints", note!("asks"));
    }
    alerting(file, found);
    let imported = ["endpoints", "external-endpoints", "alerting"];
    for key in file.keys().filter(|key| !imported.contains(&key.as_str())) {
        let is_own = OF_GATUS.contains(&key.as_str());
        found.left(note!("the_file"), key, if is_own { note!("of_gatus") } else { note!("not_imported") });
    }
    found.note(note!("all_channels"));
    Ok(())
}

fn list<'j>(file: &'j Map<String, Json>, key: &str) -> &'j [Json] {
    file.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// Adds the channels that can be made.
fn alerting(file: &Map<String, Json>, found: &mut Found) {
    for (kind, settings) in file.get("alerting").and_then(Json::as_object).into_iter().flatten() {
        let url = settings.get("webhook-url").and_then(Json::as_str);
        let made = match (kind.as_str(), url) {
            ("slack", Some(url)) => super::slack(url),
            ("discord", Some(url)) => super::discord(url),
            ("email", _) => {
                found.left(note!("the_file"), "alerting.email", note!("say_email"));
                continue;
            }
            _ => {
                let why = note!("no_channel");
                found.left(note!("the_file"), &format!("alerting.{kind}"), why);
                continue;
            }
        };
        let name = found.name(Section::Channel, kind);
        match made {
            _ if has_variable(settings) => found.without(&name, "webhook-url", note!("variable")),
            Json::Object(table) => drop(found.add(Section::Channel, &name, table)),
            _ => {}
        }
    }
}

/// Whether a text below `value` holds a variable, which Gatus fills in when it starts.
fn has_variable(value: &Json) -> bool {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Json::String(text) if holds_variable(text) => return true,
            Json::Array(list) => waiting.extend(list),
            Json::Object(map) => waiting.extend(map.values()),
            _ => {}
        }
    }
    false
}

fn holds_variable(text: &str) -> bool {
    let begins = |after: &str| after.starts_with(|c: char| c == '{' || c == '_' || c.is_ascii_alphabetic());
    text.replace("$$", "").split('$').skip(1).any(begins)
}

fn monitor(endpoint: &Map<String, Json>, found: &mut Found) {
    let mut keys = Keys::new(endpoint);
    let name = found.name(Section::Monitor, keys.text("name").unwrap_or_default());
    for (key, value) in endpoint {
        if has_variable(value) {
            return found.without(&name, key, note!("variable_like", example = "`${NAME}`"));
        }
    }
    let (subject, mut table) = match check(&mut keys) {
        Ok(check) => check,
        Err((key, why)) => return found.without(&name, key, why),
    };
    conditions(&name, subject, keys.list("conditions").unwrap_or_default(), &mut table, found);
    if subject == Subject::Page {
        request(&name, &mut keys, &mut table, found);
    }
    client(&name, subject, &mut keys, &mut table, found);
    let every = keys.text("interval");
    table.extend(every.map(|every| ("every".to_owned(), every.into())));
    let group = keys.text("group");
    table.extend(group.map(|group| ("tags".to_owned(), json!([group]))));
    if keys.truth("enabled") == Some(false) {
        table.insert("enabled".to_owned(), false.into());
    }
    alerts(&name, &mut keys, &mut table, found);
    keys.rest(&name, &WHY, found);
    found.add(Section::Monitor, &name, table);
}

/// What an endpoint asks, by the beginning of its URL.
fn check(keys: &mut Keys<'_>) -> Result<(Subject, Table), (&'static str, Reason)> {
    let url = keys.text("url").ok_or_else(|| ("url", note!("not_there")))?;
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.trim_end_matches('/');
    let (subject, check) = match scheme {
        _ if keys.object("dns").is_some() => return dns(rest, keys),
        "http" | "https" => (Subject::Page, json!({ "http": url })),
        "tcp" => (Subject::Port, json!({ "tcp": rest })),
        "tls" => (Subject::Certificate, json!({ "tls": rest })),
        "starttls" => (Subject::Certificate, json!({ "tls": rest, "starttls": "smtp" })),
        "icmp" => (Subject::Host, json!({ "ping": rest })),
        _ => return Err(("url", note!("no_check_like", scheme = super::said(scheme)))),
    };
    Ok((subject, if let Json::Object(table) = check { table } else { Table::new() }))
}

fn dns(server: &str, keys: &mut Keys<'_>) -> Result<(Subject, Table), (&'static str, Reason)> {
    let mut query = keys.object("dns").map(Keys::new).ok_or_else(|| ("dns", note!("no_table")))?;
    let name = query.text("query-name").ok_or_else(|| ("dns", note!("no_query_name")))?;
    let mut table = Table::new();
    table.insert("dns".to_owned(), name.trim_end_matches('.').into());
    table.insert("server".to_owned(), server.into());
    let record = query.text("query-type");
    table.extend(record.map(|record| ("record".to_owned(), record.into())));
    Ok((Subject::Name, table))
}

fn request(name: &str, keys: &mut Keys<'_>, table: &mut Table, found: &mut Found) {
    for key in ["method", "body"] {
        let text = keys.text(key).filter(|text| *text != "GET");
        table.extend(text.map(|text| (key.to_owned(), text.into())));
    }
    if let Some(headers) = keys.object("headers").filter(|headers| !headers.is_empty()) {
        table.insert("headers".to_owned(), variables(name, "headers", headers, found));
    }
}

fn client(name: &str, subject: Subject, keys: &mut Keys<'_>, table: &mut Table, found: &mut Found) {
    let Some(client) = keys.object("client") else { return };
    let mut client = Keys::new(client);
    let timeout = client.text("timeout");
    table.extend(timeout.map(|timeout| ("timeout".to_owned(), timeout.into())));
    if matches!(subject, Subject::Page | Subject::Certificate) && client.truth("insecure") == Some(true) {
        table.insert("verify_tls".to_owned(), false.into());
    }
    if subject == Subject::Page {
        if client.truth("ignore-redirect") == Some(true) {
            table.insert("redirects".to_owned(), "refuse".into());
        }
        let proxy = client.text("proxy-url");
        table.extend(proxy.map(|proxy| ("proxy".to_owned(), proxy.into())));
    }
    client.rest(name, &[("oauth2", note!("no_oauth")), ("tls", note!("no_certificate"))], found);
}

/// How many failures in a row are told: that of the first alert.
fn alerts(name: &str, keys: &mut Keys<'_>, table: &mut Table, found: &mut Found) {
    let alerts = keys.list("alerts").unwrap_or_default();
    let Some(first) = alerts.first() else { return };
    // What Gatus takes where nothing is said.
    for (theirs, ours, usual) in [("failure-threshold", "failures", 3), ("success-threshold", "successes", 2)] {
        let count = |alert: &Json| alert.get(theirs).and_then(Json::as_i64).unwrap_or(usual);
        table.insert(ours.to_owned(), count(first).into());
        if alerts.iter().any(|alert| count(alert) != count(first)) {
            found.left(name, theirs, note!("alerts_differ"));
        }
    }
}
