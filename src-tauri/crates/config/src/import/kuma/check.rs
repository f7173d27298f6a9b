//! What a monitor of Uptime Kuma checks.

use serde_json::{Map, Value as Json, json};

use crate::{
    import::{
        asked_of_value,
        found::{Found, Table},
        keys::{Keys, written},
        said,
    },
    reason::{Reason, note},
    secret::fitting,
};

/// The key because of which a monitor cannot be taken, and why.
type Refusal = (&'static str, Reason);

/// The keys of the check that a monitor of type `kind` is.
pub(super) fn check(kind: &str, name: &str, keys: &mut Keys<'_>, found: &mut Found) -> Result<Table, Refusal> {
    let check = match kind {
        "http" | "keyword" | "json-query" => return page(kind, name, keys, found),
        "port" => json!({ "tcp": format!("{}:{}", bracketed(host(keys)?), port(keys)?) }),
        "ping" => json!({ "ping": bare(host(keys)?) }),
        "dns" => return dns(keys),
        "push" => return Err(("type", note!("asks"))),
        _ => return Err(("type", note!("no_check_like", scheme = said(kind)))),
    };
    only_of_pages(keys);
    Ok(table(check))
}

fn table(check: Json) -> Table {
    if let Json::Object(table) = check { table } else { Table::new() }
}

/// Every monitor has the keys of pages, which mean nothing for other types.
fn only_of_pages(keys: &mut Keys<'_>) {
    keys.pass_over(&[
        "url",
        "method",
        "accepted_statuscodes",
        "maxredirects",
        "ignoreTls",
        "expiryNotification",
        "headers",
        "body",
        "keyword",
        "dns_resolve_type",
        "dns_resolve_server",
        "jsonPath",
        "jsonPathOperator",
        "expectedValue",
        "authMethod",
    ]);
}

fn host<'j>(keys: &mut Keys<'j>) -> Result<&'j str, Refusal> {
    keys.text("hostname").ok_or_else(|| ("hostname", note!("not_there")))
}

/// A host without the brackets of an address of version 6.
fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// A host as it stands before a port: an address of version 6 in brackets.
fn bracketed(host: &str) -> String {
    let bare = bare(host);
    if bare.contains(':') { format!("[{bare}]") } else { bare.to_owned() }
}

fn port(keys: &mut Keys<'_>) -> Result<i64, Refusal> {
    keys.whole("port").ok_or_else(|| ("port", note!("no_port")))
}

fn dns(keys: &mut Keys<'_>) -> Result<Table, Refusal> {
    let mut check = table(json!({ "dns": host(keys)? }));
    let record = keys.text("dns_resolve_type").map(|record| ("record".to_owned(), record.into()));
    check.extend(record);
    let port = keys.whole("port").filter(|port| *port != 53);
    let servers = keys.text("dns_resolve_server").unwrap_or_default();
    if let Some(server) = servers.split(',').map(str::trim).find(|server| !server.is_empty()) {
        let server = port.map_or_else(|| server.to_owned(), |port| format!("{}:{port}", bracketed(server)));
        check.insert("server".to_owned(), server.into());
    }
    if servers.split(',').count() > 1 {
        return Err(("dns_resolve_server", note!("one_name_server")));
    }
    only_of_pages(keys);
    Ok(check)
}

fn page(kind: &str, name: &str, keys: &mut Keys<'_>, found: &mut Found) -> Result<Table, Refusal> {
    let url = keys.text("url").ok_or_else(|| ("url", note!("not_there")))?;
    let mut check = table(json!({ "http": url }));
    authentication(name, keys, &mut check, found)?;
    let method = keys.text("method").filter(|method| *method != "GET");
    check.extend(method.map(|method| ("method".to_owned(), method.into())));
    let codes: Vec<Json> = keys.list("accepted_statuscodes").unwrap_or_default().to_vec();
    if !codes.is_empty() && codes != [json!("200-299")] {
        check.insert("accept".to_owned(), codes.into());
    }
    match keys.whole("maxredirects") {
        Some(0) => drop(check.insert("redirects".to_owned(), "refuse".into())),
        Some(10) | None => {}
        Some(most) => drop(check.insert("redirects".to_owned(), most.into())),
    }
    if keys.truth("ignoreTls") == Some(true) {
        check.insert("verify_tls".to_owned(), false.into());
    }
    if keys.truth("expiryNotification") == Some(false) && url.starts_with("https:") {
        check.insert("certificate_days".to_owned(), 0.into());
    }
    sent(name, keys, &mut check, found);
    match kind {
        "keyword" => {
            let keyword = keys.text("keyword").ok_or_else(|| ("keyword", note!("not_there")))?;
            let key = if keys.truth("invertKeyword") == Some(true) { "lacks" } else { "contains" };
            check.insert(key.to_owned(), keyword.into());
        }
        "json-query" => {
            let path = keys.text("jsonPath").unwrap_or_default();
            let Some(path) = plain_path(path) else {
                return Err(("jsonPath", note!("cannot_ask_for", path = said(path))));
            };
            let operator = keys.text("jsonPathOperator").unwrap_or("==");
            let signs = [("==", "="), ("!=", "!="), ("<", "<"), (">", ">")];
            let Some((_, sign)) = signs.iter().find(|(theirs, _)| *theirs == operator) else {
                return Err(("jsonPathOperator", note!("signs_in_body")));
            };
            let expected = keys.written("expectedValue").unwrap_or_default();
            let expected = asked_of_value(sign, &expected).map_err(|why| ("expectedValue", why))?;
            check.insert("json".to_owned(), json!({ path: expected }));
        }
        _ => {}
    }
    only_of_pages(keys);
    keys.pass_over(&["hostname", "port"]);
    Ok(check)
}

/// A path without anything to be worked out: `$.a.b[0]` as `a.b[0]`.
fn plain_path(path: &str) -> Option<&str> {
    let path = path.strip_prefix("$.").unwrap_or(path);
    let is_plain = |c: char| c.is_alphanumeric() || "_.[]".contains(c);
    (path.chars().all(is_plain) && crate::json::path(path).is_some()).then_some(path)
}

/// A password does not stand in the file: it is entered.
fn authentication(name: &str, keys: &mut Keys<'_>, check: &mut Table, found: &mut Found) -> Result<(), Refusal> {
    let method = keys.text("authMethod").unwrap_or("basic");
    let user = keys.text("basic_auth_user");
    if !["basic", "null"].contains(&method) {
        return Err(("authMethod", note!("no_login", method = said(method))));
    }
    keys.pass_over(&["basic_auth_pass", "authMethod"]);
    if let Some(user) = user {
        check.insert("username".to_owned(), user.into());
        let secret = fitting(name);
        check.insert("password".to_owned(), json!({ "keyring": secret }));
        found.left(name, "basic_auth_pass", note!("password_in_keyring", name = said(&secret)));
    }
    Ok(())
}

/// The headers and the body that are sent.
fn sent(name: &str, keys: &mut Keys<'_>, check: &mut Table, found: &mut Found) {
    let mut headers = Table::new();
    if let Some(text) = keys.text("headers") {
        match serde_json::from_str::<Map<String, Json>>(text) {
            Ok(map) => {
                headers.extend(map.iter().filter_map(|(key, value)| Some((key.clone(), written(value)?.into()))))
            }
            Err(_) => found.left(name, "headers", note!("no_json")),
        }
    }
    if let Some(body) = keys.text("body") {
        check.insert("body".to_owned(), body.into());
        let kind = match keys.text("httpBodyEncoding") {
            Some("xml") => "text/xml; charset=utf-8",
            Some("form") => "application/x-www-form-urlencoded",
            _ => "application/json",
        };
        let is_said = headers.keys().any(|header| header.eq_ignore_ascii_case("content-type"));
        if !is_said {
            headers.insert("Content-Type".to_owned(), kind.into());
        }
    }
    if !headers.is_empty() {
        check.insert("headers".to_owned(), Json::Object(headers));
    }
}
