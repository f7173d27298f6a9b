//! Connections that Monit tests: `failed host H port P protocol https request "/x" …`.

use serde_json::json;

use super::{test::table, words::Word};
use crate::{
    import::{
        found::{Found, Table},
        line,
    },
    reason::{Reason, note},
};

/// A test of a connection, as it is read.
#[derive(Default)]
struct Connection<'w> {
    host: Option<&'w str>,
    port: Option<&'w str>,
    protocol: Option<String>,
    request: Option<&'w str>,
    url: Option<&'w str>,
    method: Option<&'w str>,
    status: Option<&'w str>,
    content: Vec<(bool, &'w str)>,
    timeout: Option<f64>,
    certificate_days: Option<u64>,
    send: Option<&'w str>,
    expect: Option<&'w str>,
    host_header: Option<&'w str>,
    is_ping: bool,
    is_encrypted: bool,
}

/// What the words behind `failed` test, in a word or two, and the keys of the check; or why it cannot be one.
pub(super) fn connection(
    host: &str,
    words: &[&Word],
    name: &str,
    found: &mut Found,
) -> Result<(String, Table), Reason> {
    let connection = Connection::of(words, name, found)?;
    let host = connection.host.unwrap_or(host);
    let (what, mut check) = connection.check(host, name, found)?;
    let timeout = connection.timeout.and_then(line::seconds);
    check.extend(timeout.map(|timeout| ("timeout".to_owned(), timeout)));
    Ok((what, check))
}

impl<'w> Connection<'w> {
    fn of(words: &[&'w Word], name: &str, found: &mut Found) -> Result<Self, Reason> {
        let mut connection = Self::default();
        let mut words = words.iter().copied().peekable();
        while let Some(word) = words.next() {
            let key = word.text.to_ascii_lowercase();
            let mut value = || words.next().map(|word| word.text.as_str());
            match key.as_str() {
                "host" | "address" => connection.host = value(),
                "port" => connection.port = value(),
                "protocol" | "proto" => connection.protocol = value().map(str::to_ascii_lowercase),
                "request" => connection.request = value(),
                "url" => connection.url = value(),
                "method" => connection.method = value(),
                "hostheader" => connection.host_header = value(),
                "send" => connection.send = value(),
                "expect" => connection.expect = value(),
                "timeout" => connection.timeout = value().and_then(|seconds| seconds.parse().ok()),
                "ping" | "ping4" | "ping6" | "icmp" => connection.is_ping = true,
                "ssl" => connection.is_encrypted = true,
                "type" => match value().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "tcpssl" => connection.is_encrypted = true,
                    "tcp" | "echo" => {}
                    other => return Err(note!("no_connection", other)),
                },
                "status" | "content" => {
                    let signs = ["=", "==", "!="];
                    let sign = words.next_if(|word| word.is(&signs)).map_or("==", |sign| sign.text.as_str());
                    let value = words.next().map(|word| word.text.as_str());
                    match (key.as_str(), sign, value) {
                        ("status", "=" | "==", status) => connection.status = status,
                        ("content", sign, Some(text)) => connection.content.push((sign != "!=", text)),
                        _ => return Err(note!("cannot_ask_this", key)),
                    }
                }
                "certificate" => {
                    let days = words.by_ref().find_map(|word| word.text.parse().ok());
                    connection.certificate_days = days;
                }
                "count" | "size" | "retry" => {
                    let given = value().unwrap_or_default();
                    found.left(name, &format!("{key} {given}"), note!("not_of_connection"));
                }
                "seconds" | "second" | "days" | "day" | "options" | "bytes" => {}
                "unixsocket" => return Err(note!("no_sockets")),
                _ => found.left(name, &word.text, note!("not_of_connection")),
            }
        }
        Ok(connection)
    }

    fn check(&self, host: &str, name: &str, found: &mut Found) -> Result<(String, Table), Reason> {
        if self.is_ping {
            return Ok(("ping".to_owned(), table(json!({ "ping": host }))));
        }
        if let Some(url) = self.url {
            return Ok(("page".to_owned(), self.page(url.to_owned())));
        }
        let port = self.port.ok_or_else(|| note!("names_no_port"))?;
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let what = format!("port {port}");
        let is_page = |protocol: &str| matches!(protocol, "http" | "https");
        let protocol = self.protocol.as_deref();
        if let Some(protocol) = protocol.filter(|protocol| is_page(protocol)) {
            let scheme = if self.is_encrypted { "https" } else { protocol };
            let path = self.request.unwrap_or("/");
            return Ok((what, self.page(format!("{scheme}://{bracketed}:{port}{path}"))));
        }
        let address = format!("{bracketed}:{port}");
        if let Some(protocol) = protocol.filter(|protocol| *protocol != "default") {
            found.left(name, &format!("protocol {protocol}"), note!("opens_port"));
        }
        if self.is_encrypted || self.certificate_days.is_some() {
            let mut check = table(json!({ "tls": address }));
            check.extend(self.certificate_days.map(|days| ("certificate_days".to_owned(), days.into())));
            return Ok((what, check));
        }
        let mut check = table(json!({ "tcp": address }));
        for (key, text) in [("send", self.send), ("expect", self.expect)] {
            check.extend(text.map(|text| (key.to_owned(), text.into())));
        }
        if self.expect.is_some() {
            found.note(note!("expect_is_text", name));
        }
        Ok((what, check))
    }

    fn page(&self, url: String) -> Table {
        let mut check = Table::new();
        check.insert("http".to_owned(), url.into());
        check.extend(self.method.map(|method| ("method".to_owned(), method.to_ascii_uppercase().into())));
        check.extend(self.host_header.map(|host| ("headers".to_owned(), json!({ "Host": host }))));
        // Monit takes every status below 400 for well.
        let accept = self.status.map_or_else(|| "100-399".to_owned(), str::to_owned);
        check.insert("accept".to_owned(), json!([accept]));
        check.extend(self.certificate_days.map(|days| ("certificate_days".to_owned(), days.into())));
        for (key, wanted) in [("matches", true), ("lacks", false)] {
            let texts: Vec<&str> = self.content.iter().filter(|(is, _)| *is == wanted).map(|(_, text)| *text).collect();
            if !texts.is_empty() {
                check.insert(key.to_owned(), json!(texts));
            }
        }
        check
    }
}
