//! Values that name something on a network: URLs, hosts, ports, mailboxes.

use std::net::Ipv6Addr;

use email_address::EmailAddress;
use estatus_core::check::HostPort;
use schemars::{Schema, SchemaGenerator, json_schema};
use url::Url;

use crate::{
    problem::{Span, shown},
    reason::{Reason, reason},
    shape::{Node, Reader, Shape},
};

/// An `http` or `https` URL without user and password.
#[derive(Clone, Debug)]
pub(crate) struct Page(pub(crate) Url);

impl Shape for Page {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let url = url(node, at, ["http", "https"], reader)?;
        if !url.username().is_empty() || url.password().is_some() {
            return reader.refuse(at, reason!("url_with_login"));
        }
        Some(Self(url))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "uri", "pattern": "^[hH][tT][tT][pP][sS]?://" })
    }
}

/// Where something is asked: an `http` or `https` URL that says nothing but where.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint(pub(crate) Url);

impl Shape for Endpoint {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let url = url(node, at, ["http", "https"], reader)?;
        let says_who = !url.username().is_empty() || url.password().is_some();
        if says_who || url.query().is_some() || url.fragment().is_some() {
            return reader.refuse(at, reason!("endpoint_with_more"));
        }
        Some(Self(url))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Page::schema(generator)
    }
}

/// The URL of a proxy.
#[derive(Clone, Debug)]
pub(crate) struct Proxy(pub(crate) Url);

impl Shape for Proxy {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        url(node, at, ["http", "socks5"], reader).map(Self)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "uri", "pattern": "^(http|socks5)://" })
    }
}

/// Reads a URL. What was found is in no message: it may hold a password or a token.
fn url(node: Node<'_>, at: &Span, schemes: [&str; 2], reader: &mut Reader<'_>) -> Option<Url> {
    let begins = reason!("a.url", one = format!("{}://", schemes[0]), other = format!("{}://", schemes[1]));
    let Some(text) = node.text() else { return reader.expected(begins, node, at) };
    let read = match Url::parse(text.trim()) {
        Err(url::ParseError::RelativeUrlWithoutBase) => Err(reason!("expected", what = begins)),
        Err(error) => Err(reason!("no_url", reason = error.to_string())),
        Ok(url) if !schemes.contains(&url.scheme()) => Err(reason!("expected", what = begins)),
        Ok(url) if url.host_str().is_none_or(str::is_empty) => Err(reason!("url_without_host")),
        Ok(url) => Ok(url),
    };
    read.map_err(|reason| reader.problem(at, reason)).ok()
}

/// A chat of Telegram: its id, which is a number, or `@` and the name of a channel.
#[derive(Clone, Debug)]
pub(crate) struct ChatId(pub(crate) String);

impl Shape for ChatId {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if let Some(number) = node.integer() {
            return Some(Self(number.to_string()));
        }
        let Some(text) = node.text() else { return reader.expected(reason!("a.chat"), node, at) };
        let is_name = text.strip_prefix('@').is_some_and(|name| !name.is_empty() && name.chars().all(is_of_name));
        if is_name || text.parse::<i64>().is_ok() {
            return Some(Self(text.to_owned()));
        }
        reader.unreadable(reason!("a.chat"), text, at)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": "integer" },
            { "type": "string", "pattern": "^(@[A-Za-z0-9_]+|-?[0-9]+)$", "examples": ["123456789", "@alerts"] },
        ] })
    }
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// A topic of ntfy, as its server takes it.
#[derive(Clone, Debug)]
pub(crate) struct Topic(pub(crate) String);

impl Topic {
    const LONGEST: usize = 64;
}

impl Shape for Topic {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else { return reader.expected(reason!("a.topic"), node, at) };
        let is_topic = |text: &str| text.chars().all(|letter| is_of_name(letter) || letter == '-');
        if !text.is_empty() && text.len() <= Self::LONGEST && is_topic(text) {
            return Some(Self(text.to_owned()));
        }
        reader.unreadable(reason!("a.topic"), text, at)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" })
    }
}

/// A host by name or address.
#[derive(Clone, Debug)]
pub(crate) struct Host(pub(crate) String);

impl Shape for Host {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else { return reader.expected(reason!("a.host"), node, at) };
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if is_host(bare) {
            return Some(Self(bare.to_owned()));
        }
        reader.unreadable(reason!("a.host"), text, at)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["example.com", "192.0.2.1"] })
    }
}

/// `host:port`; without the port it is `PORT`, or an error where that is 0.
#[derive(Clone, Debug)]
pub(crate) struct Address<const PORT: u16>(pub(crate) HostPort);

impl<const PORT: u16> Shape for Address<PORT> {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else { return reader.expected(reason!("a.host_port"), node, at) };
        host_port(text, PORT).map(Self).map_err(|reason| reader.problem(at, reason)).ok()
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["example.com:443", "[2001:db8::1]:53"] })
    }
}

fn host_port(text: &str, default: u16) -> Result<HostPort, Reason> {
    let expected = || reason!("expected_instead_of_text", what = reason!("a.host_port"), found = shown(text));
    if text.contains("://") {
        return Err(reason!("expected_instead", what = reason!("a.host_port"), found = reason!("is.url")));
    }
    let (host, port) = if is_ipv6(text) {
        (text, None)
    } else if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        (host, (!rest.is_empty()).then(|| rest.strip_prefix(':').ok_or_else(expected)).transpose()?)
    } else {
        text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
    };
    if !is_host(host) {
        return Err(expected());
    }
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port != 0),
        None => Some(default).filter(|port| *port != 0),
    };
    match port {
        Some(port) => Ok(HostPort { host: host.to_owned(), port }),
        None if is_ipv6(text) => Err(reason!("port_missing", text)),
        None => Err(expected()),
    }
}

/// An address of version 6, with or without a scope as in `fe80::1%eth0`.
fn is_ipv6(text: &str) -> bool {
    text.split_once('%').map_or(text, |(address, _)| address).parse::<Ipv6Addr>().is_ok()
}

/// Whether this may be a name (RFC 1123, and whatever local names systems give) or is an address.
fn is_host(text: &str) -> bool {
    const NAME_MAX: usize = 253;
    let wrong = |c: char| c.is_whitespace() || c.is_control() || "/@[]:?#\\\"<>%,;".contains(c);
    is_ipv6(text) || (!text.is_empty() && text.len() <= NAME_MAX && !text.contains(wrong))
}

/// A mailbox of RFC 5322: `me@example.com` or `Me <me@example.com>`.
#[derive(Clone, Debug)]
pub(crate) struct Mailbox(pub(crate) String);

impl Shape for Mailbox {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let what = reason!("a.mailbox");
        let Some(text) = node.text() else { return reader.expected(what, node, at) };
        if is_mailbox(text.trim()) {
            return Some(Self(text.trim().to_owned()));
        }
        reader.unreadable(what, text, at)
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "@", "examples": ["me@example.com", "Me <me@example.com>"] })
    }
}

fn is_mailbox(text: &str) -> bool {
    let address = match text.strip_suffix('>') {
        Some(text) => match text.split_once('<') {
            Some((name, address)) if is_display_name(name.trim()) => address,
            _ => return false,
        },
        None => text,
    };
    address.rsplit_once('@').is_some_and(|(local, domain)| {
        EmailAddress::is_valid_local_part(local) && EmailAddress::is_valid_domain(domain)
    })
}

/// Words without the marks that RFC 5322 gives a meaning, or anything between quotes.
fn is_display_name(name: &str) -> bool {
    let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    match quoted {
        Some(name) => !name.contains(|c: char| c.is_control() || c == '"' || c == '\\'),
        None => !name.contains(|c: char| c.is_control() || "()<>[]:;@\\,\"".contains(c)),
    }
}

#[cfg(test)]
mod tests {
    use estatus_core::config::Language;

    use super::*;

    #[test]
    fn hosts_and_ports_are_told_apart() {
        #[track_caller]
        fn check(text: &str, default: u16, expected: Result<&str, &str>) {
            let read = host_port(text, default).map(|read| format!("{} {}", read.host, read.port));
            let read = read.map_err(|reason| reason.in_words(Language::English));
            assert_eq!(read, expected.map(str::to_owned).map_err(str::to_owned), "{text:?}");
        }
        check("localhost:80", 0, Ok("localhost 80"));
        check("1.1.1.1", 53, Ok("1.1.1.1 53"));
        check("[::1]:80", 0, Ok("::1 80"));
        check("[::1]", 53, Ok("::1 53"));
        check("::1", 53, Ok("::1 53"));
        check("[fe80::1%eth0]:80", 0, Ok("fe80::1%eth0 80"));
        check("::1", 0, Err("the port is missing: write \"[::1]:PORT\""));
        check("localhost", 0, Err("expected \"host:port\", found \"localhost\""));
        check("localhost:0", 0, Err("expected \"host:port\", found \"localhost:0\""));
        check("localhost:65536", 0, Err("expected \"host:port\", found \"localhost:65536\""));
        check("local host:1", 0, Err("expected \"host:port\", found \"local host:1\""));
        check(":80", 0, Err("expected \"host:port\", found \":80\""));
        check("[::1]80", 0, Err("expected \"host:port\", found \"[::1]80\""));
        check("https://localhost:80", 0, Err("expected \"host:port\", found a URL"));
    }

    #[test]
    fn mailboxes_are_those_of_the_standard() {
        #[track_caller]
        fn check(text: &str, expected: bool) {
            assert_eq!(is_mailbox(text), expected, "{text:?}");
        }
        check("me@example.com", true);
        check("root@localhost", true);
        check("Me Myself <me@example.com>", true);
        check("Ñandú <me@example.com>", true);
        check("\"Me, Myself\" <me@example.com>", true);
        check("Me, Myself <me@example.com>", false);
        check("me", false);
        check("me@", false);
        check("@example.com", false);
        check("me@exa mple.com", false);
        check("a@b@c", false);
        check("me@example.com>", false);
        check("me\r\nBcc: you@example.com <me@example.com>", false);
    }
}
