//! Connections that Monit tests: `failed host H port P protocol https request "/x" …`.

use std::iter::Peekable;

use serde_json::json;

use super::{
    comparison::{Comparison, table},
    words::Word,
};
use crate::{
    import::{
        found::{Found, Table},
        line::seconds,
        said,
    },
    reason::{Reason, note},
    secret::fitting,
};

/// How Monit looks at certificates: not at all, unless it is told to.
#[derive(Clone, Copy, Default)]
pub(super) struct Tls {
    verifies: bool,
    takes_self_signed: bool,
}

impl Tls {
    /// Takes an option, and says whether it is known.
    pub(super) fn take(&mut self, key: &str, value: &str) -> bool {
        match (key.to_ascii_lowercase().as_str(), value.to_ascii_lowercase().as_str()) {
            ("verify", "enable" | "true") => self.verifies = true,
            ("verify", "disable" | "false") => self.verifies = false,
            ("selfsigned", "allow") => self.takes_self_signed = true,
            ("selfsigned", "reject") => self.takes_self_signed = false,
            // Which of them a server speaks is tried out.
            ("version", "auto") => {}
            _ => return false,
        }
        true
    }
}

/// What is sent to a port, and what must come.
enum Step<'w> {
    Send(&'w str),
    Expect(&'w str),
}

/// A test of a connection, as it is read.
#[derive(Default)]
struct Connection<'w> {
    host: Option<&'w str>,
    port: Option<&'w str>,
    protocol: Option<String>,
    request: Option<&'w str>,
    url: Option<&'w str>,
    method: Option<&'w str>,
    username: Option<&'w str>,
    status: Option<(&'static str, u32)>,
    content: Vec<(bool, &'w str)>,
    timeout: Option<f64>,
    below: Option<f64>,
    certificate_days: Option<u64>,
    steps: Vec<Step<'w>>,
    headers: Table,
    is_ping: bool,
    is_encrypted: bool,
    tls: Tls,
}

/// What the words behind `failed` test, in a word or two, and the keys of the check; or why it cannot be one.
pub(super) fn connection(
    host: &str,
    tls: Tls,
    words: &[&Word],
    name: &str,
    found: &mut Found,
) -> Result<(String, Table), Reason> {
    let connection = Connection::of(tls, words, name, found)?;
    let host = connection.host.unwrap_or(host);
    let (what, mut check) = connection.check(host, name, found)?;
    let timeout = connection.timeout.and_then(seconds);
    check.extend(timeout.map(|timeout| ("timeout".to_owned(), timeout)));
    Ok((what, check))
}

impl<'w> Connection<'w> {
    fn of(tls: Tls, words: &[&'w Word], name: &str, found: &mut Found) -> Result<Self, Reason> {
        let mut connection = Self { tls, ..Self::default() };
        let mut words = words.iter().copied().peekable();
        while let Some(word) = words.next() {
            if !word.is_text() {
                connection.options(word, name, found);
                continue;
            }
            let key = word.text.to_ascii_lowercase();
            let mut value = || words.next().map(|word| word.text.as_str());
            match key.as_str() {
                "host" | "address" => connection.host = value(),
                "port" => connection.port = value(),
                "protocol" | "proto" => connection.protocol = value().map(str::to_ascii_lowercase),
                "request" => connection.request = value(),
                "url" => connection.url = value(),
                "method" => connection.method = value(),
                "hostheader" => connection.headers.extend(value().map(|host| ("Host".to_owned(), host.into()))),
                "send" => connection.steps.extend(value().map(Step::Send)),
                "expect" => connection.steps.extend(value().map(Step::Expect)),
                "timeout" => connection.timeout = value().and_then(|seconds| seconds.parse().ok()),
                "username" => connection.username = value(),
                "password" => drop(value()),
                "ping" | "ping4" | "ping6" | "icmp" => connection.is_ping = true,
                "ssl" | "tls" => connection.is_encrypted = true,
                "type" => match value().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "tcpssl" => connection.is_encrypted = true,
                    "tcp" | "echo" => {}
                    other => return Err(note!("no_connection", other)),
                },
                "http" | "headers" => {
                    for (key, value) in words.next_if(|word| !word.is_text()).into_iter().flat_map(Word::pairs) {
                        connection.headers.insert(key.to_owned(), value.into());
                    }
                }
                "content" => {
                    let signs = ["=", "==", "!="];
                    let is_wanted = words.next_if(|word| word.is(&signs)).is_none_or(|sign| sign.text != "!=");
                    let text = words.next().ok_or_else(|| note!("cannot_ask_this", key))?;
                    connection.content.push((is_wanted, &text.text));
                }
                "status" | "responsetime" => connection.compared(&key, &mut words)?,
                "certificate" => connection.certificate(&mut words, name, found),
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

    /// `ssl options { verify: enable }`.
    fn options(&mut self, list: &'w Word, name: &str, found: &mut Found) {
        for (key, value) in list.pairs() {
            if !self.tls.take(key, value) {
                found.left(name, &format!("ssl options {key}"), note!("not_of_connection"));
            }
        }
    }

    /// `status = 200`, `responsetime > 100 ms`.
    fn compared(
        &mut self,
        key: &str,
        words: &mut Peekable<impl Iterator<Item = &'w Word> + Clone>,
    ) -> Result<(), Reason> {
        let ahead: Vec<&Word> = words.clone().take(5).collect();
        // Without a sign it must be equal.
        let equal = Word { text: "=".to_owned(), form: super::words::Form::Plain };
        let with_sign: Vec<&Word> = std::iter::once(&equal).chain(ahead.iter().copied()).collect();
        let (read, left) = match (Comparison::begin(&ahead), Comparison::begin(&with_sign)) {
            (Some((read, rest)), _) | (None, Some((read, rest))) => ((read.sign, read.number, read.unit), rest.len()),
            (None, None) => return Err(note!("cannot_ask_this", key)),
        };
        for _ in 0..ahead.len() - left {
            words.next();
        }
        let (sign, number, unit) = read;
        if key == "status" {
            let code = number.parse().map_err(|_| note!("no_status"))?;
            self.status = Some((sign, code));
            return Ok(());
        }
        let is_millis = unit.to_ascii_lowercase().starts_with(['m', 'M']);
        let number: f64 = number.parse().map_err(|_| note!("no_time"))?;
        if !matches!(sign, ">" | ">=") {
            return Err(note!("cannot_ask_this", key));
        }
        self.below = Some(if is_millis { number / 1000.0 } else { number });
        Ok(())
    }

    /// `certificate valid > 30 days`, `certificate checksum = "…"`.
    fn certificate(&mut self, words: &mut Peekable<impl Iterator<Item = &'w Word>>, name: &str, found: &mut Found) {
        let what = words.next().map(|word| word.text.as_str()).unwrap_or_default();
        let _ = words.next_if(|word| word.is(&[">", ">=", "=", "==", "gt", "greater"]));
        let _ = words.next_if(|word| word.is(&["than", "MD5", "SHA1"]));
        let value = words.next().map(|word| word.text.as_str()).unwrap_or_default();
        let days = value.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse().ok();
        match days.filter(|_| what.eq_ignore_ascii_case("valid")) {
            Some(days) => {
                self.certificate_days = Some(days);
                found.note(note!("only_warns", name, text = said(&format!("certificate valid > {days} days"))));
            }
            None => found.left(name, &format!("certificate {what}"), note!("not_of_connection")),
        }
    }

    fn check(&self, host: &str, name: &str, found: &mut Found) -> Result<(String, Table), Reason> {
        if self.is_ping {
            return Ok(("ping".to_owned(), table(json!({ "ping": host }))));
        }
        if let Some(url) = self.url {
            return Ok(("page".to_owned(), self.page(url.to_owned(), name, found)));
        }
        let port = self.port.ok_or_else(|| note!("names_no_port"))?;
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let what = format!("port {port}");
        let is_page = |protocol: &str| matches!(protocol, "http" | "https");
        let protocol = self.protocol.as_deref();
        if let Some(protocol) = protocol.filter(|protocol| is_page(protocol)) {
            let scheme = if self.is_encrypted { "https" } else { protocol };
            let path = self.request.unwrap_or("/");
            return Ok((what, self.page(format!("{scheme}://{bracketed}:{port}{path}"), name, found)));
        }
        let address = format!("{bracketed}:{port}");
        if let Some(protocol) = protocol.filter(|protocol| *protocol != "default") {
            found.left(name, &format!("protocol {protocol}"), note!("opens_port"));
        }
        if self.below.is_some() {
            found.left(name, "responsetime", note!("only_pages_fast"));
        }
        if self.is_encrypted || self.certificate_days.is_some() {
            let mut check = table(json!({ "tls": address }));
            self.certificates(&mut check, name, found);
            self.left_steps(&self.steps, name, found);
            return Ok((what, check));
        }
        let mut check = table(json!({ "tcp": address }));
        self.dialogue(&mut check, name, found);
        Ok((what, check))
    }

    /// What is sent, and what must come: Estatus sends once and waits for one text.
    fn dialogue(&self, check: &mut Table, name: &str, found: &mut Found) {
        let mut rest = self.steps.as_slice();
        if let [Step::Send(text), behind @ ..] = rest {
            check.insert("send".to_owned(), unescaped(text).into());
            rest = behind;
        }
        if let [Step::Expect(pattern), behind @ ..] = rest {
            match sure_text(pattern) {
                Some(text) => {
                    if text != *pattern {
                        found.note(note!("expect_is_text", name, pattern = said(pattern), text = said(&text)));
                    }
                    check.insert("expect".to_owned(), unescaped(&text).into());
                }
                None => found.left(name, &format!("expect {}", said(pattern)), note!("no_pattern")),
            }
            rest = behind;
        }
        self.left_steps(rest, name, found);
    }

    fn left_steps(&self, steps: &[Step<'_>], name: &str, found: &mut Found) {
        for step in steps {
            let (key, text) = match step {
                Step::Send(text) => ("send", text),
                Step::Expect(text) => ("expect", text),
            };
            found.left(name, &format!("{key} {}", said(text)), note!("one_exchange"));
        }
    }

    fn page(&self, url: String, name: &str, found: &mut Found) -> Table {
        let mut check = Table::new();
        let is_encrypted = url.starts_with("https:");
        check.insert("http".to_owned(), url.into());
        check.extend(self.method.map(|method| ("method".to_owned(), method.to_ascii_uppercase().into())));
        if !self.headers.is_empty() {
            check.insert("headers".to_owned(), self.headers.clone().into());
        }
        if let Some(username) = self.username {
            check.insert("username".to_owned(), username.into());
            let secret = fitting(name);
            check.insert("password".to_owned(), json!({ "keyring": secret }));
            found.left(name, "password", note!("password_in_keyring", name = said(&secret)));
        }
        // Monit takes every status below 400 for well, and goes nowhere else.
        check.insert("accept".to_owned(), json!(self.status.map_or_else(|| vec!["100-399".to_owned()], accepted)));
        check.insert("redirects".to_owned(), "refuse".into());
        let below = self.below.and_then(seconds);
        check.extend(below.map(|below| ("below".to_owned(), below)));
        if is_encrypted {
            self.certificates(&mut check, name, found);
        }
        self.contents(&mut check, name, found);
        self.left_steps(&self.steps, name, found);
        check
    }

    fn certificates(&self, check: &mut Table, name: &str, found: &mut Found) {
        if self.tls.verifies && self.tls.takes_self_signed {
            found.left(name, "ssl options verify", note!("or_not_verified"));
        }
        if !self.tls.verifies || self.tls.takes_self_signed {
            check.insert("verify_tls".to_owned(), false.into());
        }
        check.extend(self.certificate_days.map(|days| ("certificate_days".to_owned(), days.into())));
    }

    fn contents(&self, check: &mut Table, name: &str, found: &mut Found) {
        let (mut wanted, mut lacked) = (Vec::new(), Vec::new());
        for (is_wanted, pattern) in &self.content {
            match sure_text(pattern).filter(|text| text == pattern) {
                _ if *is_wanted => wanted.push((*pattern).to_owned()),
                Some(text) => lacked.push(text),
                None => found.left(name, &format!("content != {}", said(pattern)), note!("no_pattern")),
            }
        }
        for (key, texts) in [("matches", wanted), ("lacks", lacked)] {
            if !texts.is_empty() {
                check.insert(key.to_owned(), json!(texts));
            }
        }
    }
}

/// The status codes that a comparison takes for well.
fn accepted((sign, code): (&str, u32)) -> Vec<String> {
    const LAST: u32 = 999;
    let range = |first: u32, last: u32| {
        (first.max(100) <= last.min(LAST)).then(|| format!("{}-{}", first.max(100), last.min(LAST)))
    };
    let (below, above) = (range(0, code.saturating_sub(1)), range(code.saturating_add(1), LAST));
    let own = code.to_string();
    match sign {
        "==" => vec![own],
        "!=" => below.into_iter().chain(above).collect(),
        "<" => below.into_iter().collect(),
        ">" => above.into_iter().collect(),
        "<=" => below.into_iter().chain([own]).collect(),
        _ => [own].into_iter().chain(above).collect(),
    }
}

/// The text that is surely in whatever the pattern matches, if it can be told: without anchors and what follows at will.
fn sure_text(pattern: &str) -> Option<String> {
    let plain = pattern.trim_start_matches('^').trim_end_matches('$').trim_end_matches(".*");
    let is_plain = |c: char| !".*+?()[]{}|^$".contains(c);
    (!plain.is_empty() && plain.chars().all(is_plain)).then(|| plain.to_owned())
}

/// A text in which Monit's escapes stand for what they mean: `\r`, `\n`, `\t`, `\0x41`.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let byte =
            after.strip_prefix("0x").and_then(|hex| Some((u8::from_str_radix(hex.get(..2)?, 16).ok()?, hex.get(2..)?)));
        let known = [("r", '\r'), ("n", '\n'), ("t", '\t'), ("\\", '\\'), ("\"", '"'), (" ", ' ')];
        let known = known.iter().find_map(|(letter, meant)| Some((*meant, after.strip_prefix(letter)?)));
        let (meant, behind) = byte.map(|(byte, behind)| (char::from(byte), behind)).or(known).unwrap_or(('\\', after));
        plain.push(meant);
        rest = behind;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_what_they_mean() {
        let check = |text: &str, expected: &str| assert_eq!(unescaped(text), expected, "{text}");
        check(r"QUIT\r\n", "QUIT\r\n");
        check(r"a\\b\tc\0x41\0x\q", "a\\b\tcA\\0x\\q");
        check("", "");
        check(r"ends in \", "ends in \\");
        check(r"\é", r"\é");
    }

    #[test]
    fn a_pattern_gives_the_text_that_is_surely_there() {
        let check = |pattern: &str, expected: Option<&str>| assert_eq!(sure_text(pattern).as_deref(), expected);
        check("Please enter", Some("Please enter"));
        check("^220.*", Some("220"));
        check("[0-9]+", None);
        check("", None);
        check(".*", None);
    }
}
