//! Configurations of Gatus: YAML with `endpoints`, each with conditions.

mod alerts;
mod conditions;

use estatus_api::Section;
use serde_json::{Map, Value as Json, json};

use self::{
    alerts::{Providers, alerting, alerts},
    conditions::{Subject, conditions},
};
use super::{
    found::{Found, Table},
    keys::{Keys, Whose},
    line::variables,
    yaml,
};
use crate::reason::{Part, Reason, note};

const OF_GATUS: Reason = note!("of_gatus");

/// Why keys of the file are left out.
static WHY_OF_FILE: [(&str, Reason); 14] = [
    ("metrics", OF_GATUS),
    ("storage", OF_GATUS),
    ("web", OF_GATUS),
    ("ui", OF_GATUS),
    ("security", OF_GATUS),
    ("debug", OF_GATUS),
    ("disable-monitoring-lock", OF_GATUS),
    ("concurrency", OF_GATUS),
    ("skip-invalid-config-update", OF_GATUS),
    ("remote", OF_GATUS),
    ("announcements", OF_GATUS),
    ("tunneling", OF_GATUS),
    ("maintenance", note!("say_maintenance")),
    ("connectivity", note!("say_reference")),
];

/// Why keys of an endpoint are left out.
static WHY: [(&str, Reason); 6] = [
    ("ui", note!("of_pages_of_gatus")),
    ("extra-labels", note!("of_metrics_of_gatus")),
    ("maintenance-windows", note!("say_maintenance")),
    ("graphql", note!("say_body")),
    ("ssh", note!("no_ssh")),
    ("store", note!("no_store")),
];

/// Why keys of an endpoint's client are left out.
static WHY_OF_CLIENT: [(&str, Reason); 2] = [("oauth2", note!("no_oauth")), ("tls", note!("no_certificate"))];

pub(super) fn read(text: &str, found: &mut Found) -> Result<(), Reason> {
    let file = yaml::read(text)?;
    let file = file.as_object().ok_or_else(|| note!("no_table"))?;
    let whose = Whose::of(note!("the_file"), &WHY_OF_FILE);
    Keys::read(file, &whose, found, |keys, found| {
        let providers = alerting(keys.object("alerting"), found);
        for (index, endpoint) in keys.list("endpoints").unwrap_or_default().iter().enumerate() {
            match endpoint.as_object() {
                Some(endpoint) => monitor(endpoint, &providers, found),
                None => found.note(note!("endpoint_no_table", index)),
            }
        }
        for endpoint in keys.list("external-endpoints").unwrap_or_default() {
            let name = endpoint.get("name").and_then(Json::as_str);
            let name = name.map_or_else(|| note!("nameless").into(), Part::from);
            found.without(name, "external-endpoints", note!("asks"));
        }
        Some(())
    });
    found.note(note!("all_channels"));
    Ok(())
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

fn monitor(endpoint: &Map<String, Json>, providers: &Providers<'_>, found: &mut Found) {
    let name = endpoint.get("name").and_then(Json::as_str).unwrap_or_default();
    let name = found.name(Section::Monitor, name);
    if let Some((key, _)) = endpoint.iter().find(|(_, value)| has_variable(value)) {
        return found.without(&name, key, note!("variable_like", example = "`${NAME}`"));
    }
    let table = Keys::read(endpoint, &Whose::of(name.as_str(), &WHY), found, |keys, found| {
        keys.pass_over(&["name"]);
        let check = check(&name, keys, found);
        let (subject, mut table) = check.map_err(|(key, why)| found.without(&name, key, why)).ok()?;
        conditions(&name, subject, keys.list("conditions").unwrap_or_default(), &mut table, found);
        if subject == Subject::Page {
            request(&name, keys, &mut table, found);
        }
        client(&name, subject, keys, &mut table, found);
        let every = keys.text("interval");
        table.extend(every.map(|every| ("every".to_owned(), every.into())));
        let group = keys.text("group");
        table.extend(group.map(|group| ("tags".to_owned(), json!([group]))));
        if keys.truth("enabled") == Some(false) {
            table.insert("enabled".to_owned(), false.into());
        }
        alerts(&name, keys.list("alerts").unwrap_or_default(), providers, &mut table, found);
        Some(table)
    });
    if let Some(table) = table {
        found.add(Section::Monitor, &name, table);
    }
}

/// What an endpoint asks, by the beginning of its URL.
fn check(name: &str, keys: &mut Keys<'_>, found: &mut Found) -> Result<(Subject, Table), (&'static str, Reason)> {
    let url = keys.text("url").ok_or_else(|| ("url", note!("not_there")))?;
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.trim_end_matches('/');
    let (subject, check) = match scheme {
        _ if keys.object("dns").is_some() => return dns(rest, name, keys, found),
        "http" | "https" => (Subject::Page, json!({ "http": url })),
        "tcp" => (Subject::Port, json!({ "tcp": rest })),
        "tls" => (Subject::Certificate, json!({ "tls": rest })),
        "starttls" => (Subject::Certificate, json!({ "tls": rest, "starttls": "smtp" })),
        "icmp" => (Subject::Host, json!({ "ping": rest })),
        _ => return Err(("url", note!("no_check_like", scheme = super::said(scheme)))),
    };
    Ok((subject, if let Json::Object(table) = check { table } else { Table::new() }))
}

fn dns(
    server: &str,
    entry: &str,
    keys: &mut Keys<'_>,
    found: &mut Found,
) -> Result<(Subject, Table), (&'static str, Reason)> {
    let query = keys.object("dns").ok_or_else(|| ("dns", note!("no_table")))?;
    let table = Keys::read(query, &Whose::below(entry, "dns.", &[]), found, |query, _| {
        let mut table = Table::new();
        table.insert("dns".to_owned(), query.text("query-name")?.trim_end_matches('.').into());
        table.insert("server".to_owned(), server.into());
        let record = query.text("query-type");
        table.extend(record.map(|record| ("record".to_owned(), record.into())));
        Some(table)
    });
    table.map(|table| (Subject::Name, table)).ok_or_else(|| ("dns", note!("no_query_name")))
}

fn request(name: &str, keys: &mut Keys<'_>, table: &mut Table, found: &mut Found) {
    for key in ["method", "body"] {
        let text = keys.text(key).filter(|text| *text != "GET");
        table.extend(text.map(|text| (key.to_owned(), text.into())));
    }
    if let Some(headers) = keys.object("headers").filter(|headers| !headers.is_empty()) {
        table.insert("headers".to_owned(), variables(name, "headers", headers, found).into());
    }
}

fn client(name: &str, subject: Subject, keys: &mut Keys<'_>, table: &mut Table, found: &mut Found) {
    let Some(client) = keys.object("client") else { return };
    Keys::read(client, &Whose::below(name, "client.", &WHY_OF_CLIENT), found, |client, _| {
        let timeout = client.text("timeout");
        table.extend(timeout.map(|timeout| ("timeout".to_owned(), timeout.into())));
        client.usual("insecure", false);
        client.usual("ignore-redirect", false);
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
        Some(())
    });
}
