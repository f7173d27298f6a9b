//! The keys of a check, wherever one is described: in a monitor, or as the readiness of a program.

use std::path::PathBuf;

use estatus_core::{
    check::{CodeRange, HostCheck, IpVersion, Kind, ProcessMatch, RecordType, Redirects, StartTls},
    command::Run,
    secret::SecretRef,
};
use regex::Regex;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Many, Timeout};
use crate::{
    json::JsonAssertions,
    net::{Address, Host, Page, Proxy},
    problem::Span,
    reason::reason,
    shape::{Node, Own, Reader, Shape, Whole},
    table::table,
    values::{Plain, Size, Valued},
};

table! {
    /// A check: exactly one of http, tcp, tls, dns, ping, process, command and host.
    struct Check requires [] {
        /// Asks for this web page.
        http: Page,
        /// Opens a TCP connection to this "host:port".
        tcp: Address<0>,
        /// Looks at the certificate of this "host:port".
        tls: Address<0>,
        /// Asks a name server for this name.
        dns: Plain,
        /// Sends an ICMP echo request to this host.
        ping: Host,
        /// Counts processes: the name of an executable, or { path = "…" }, or { command_line = "regular expression" }.
        process: ProcessBy,
        /// Runs this command and judges it: one line for the shell, or an array of the program and its arguments.
        command: Run,
        /// Measures this machine: { cpu = "< 90%", memory = "< 90%", load = "< 4", disk = { "/" = "> 10%" } }.
        host: HostCheck,
        /// How long one probe may take: "10s" where nothing is said.
        timeout: Timeout,
        /// The method of the request: "GET" where nothing is said.
        method: Plain,
        /// Headers of the request.
        headers: Own<String>,
        /// The body of the request.
        body: String,
        /// Who asks (basic authentication); needs `password`.
        username: String,
        /// Where the password is kept.
        password: SecretRef,
        /// Where the bearer token is kept.
        bearer: SecretRef,
        /// How many redirects are followed, or "refuse": 10 where nothing is said.
        redirects: Redirects,
        /// Codes that are well: status codes, ["200-299"] where nothing is said; exit codes, [0] where nothing is said.
        accept: Many<CodeRange>,
        /// Each of these is in the body or the output.
        contains: Many<String>,
        /// None of these is in the body or the output.
        lacks: Many<String>,
        /// Each of these regular expressions matches somewhere in the body or the output.
        matches: Many<Regex>,
        /// Values in the body, by path: { "status" = "ok", "queue.length" = "< 10", "items[0].id" = 3, "v" = "!= x" }.
        json: JsonAssertions,
        /// The latency, over all phases, must be below this.
        below: Timeout,
        /// The IP version to use, 4 or 6; both where nothing is said.
        ip: IpVersion,
        /// The proxy to go through: "http://…" or "socks5://…".
        proxy: Proxy,
        /// Whether the certificate must be trusted, be for this host and not have expired: true where nothing is said.
        verify_tls: bool,
        /// A file (PEM) with certificates that are trusted too: the server's own, whatever host it names, or an authority's.
        trust: PathBuf,
        /// Warn when any certificate of the chain has fewer days left: 14 where nothing is said, 0 never warns.
        certificate_days: Whole<0, 3650>,
        /// How much of the body is searched: "16MiB" where nothing is said. What is longer proves nothing by what it lacks.
        body_limit: Size<1, 100_000_000>,
        /// What to send once connected.
        send: String,
        /// What must come (tcp: a text; dns: each of these is among the answers).
        expect: Many<String>,
        /// The protocol in which TLS is begun.
        starttls: StartTls,
        /// The record type to ask for: "A" where nothing is said.
        record: RecordType,
        /// The name server to ask, "host" or "host:port"; the system's where nothing is said.
        server: Address<53>,
        /// At least so many processes: 1 where nothing is said.
        at_least: Whole<0, 1_000_000>,
        /// At most so many processes.
        at_most: Whole<0, 1_000_000>,
        /// Where the command runs.
        directory: PathBuf,
        /// Variables the command finds; a value may be a secret.
        env: Own<Valued>,
    }

    /// How a process is recognised: exactly one of these.
    struct ProcessTable requires [] like r#"{ command_line = "node .*web" }"# {
        /// By the full path of its executable.
        path: PathBuf,
        /// By a regular expression on its command line, the arguments joined by one space.
        command_line: Regex,
    }
}

/// The keys of a check that belong to some kinds only.
pub(crate) const BELONGS: [(&str, &[Kind]); 28] = [
    ("method", &[Kind::Http]),
    ("headers", &[Kind::Http]),
    ("body", &[Kind::Http]),
    ("username", &[Kind::Http]),
    ("password", &[Kind::Http]),
    ("bearer", &[Kind::Http]),
    ("redirects", &[Kind::Http]),
    ("accept", &[Kind::Http, Kind::Command]),
    ("contains", &[Kind::Http, Kind::Command]),
    ("lacks", &[Kind::Http, Kind::Command]),
    ("matches", &[Kind::Http, Kind::Command]),
    ("json", &[Kind::Http]),
    ("below", &[Kind::Http]),
    ("ip", &[Kind::Http, Kind::Tcp, Kind::Tls, Kind::Ping]),
    ("proxy", &[Kind::Http]),
    ("verify_tls", &[Kind::Http, Kind::Tls]),
    ("trust", &[Kind::Http, Kind::Tls]),
    ("certificate_days", &[Kind::Http, Kind::Tls]),
    ("body_limit", &[Kind::Http]),
    ("send", &[Kind::Tcp]),
    ("expect", &[Kind::Tcp, Kind::Dns]),
    ("starttls", &[Kind::Tls]),
    ("record", &[Kind::Dns]),
    ("server", &[Kind::Dns]),
    ("at_least", &[Kind::Process]),
    ("at_most", &[Kind::Process]),
    ("directory", &[Kind::Command]),
    ("env", &[Kind::Command]),
];

/// How a process is recognised.
#[derive(Clone, Debug)]
pub(crate) struct ProcessBy(pub(crate) ProcessMatch);

impl Shape for ProcessBy {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if node.text().is_some() {
            return Plain::read(node, at, reader).map(|name| Self(ProcessMatch::Name(name.0)));
        }
        let Node::Table(_) = node else { return reader.expected(reason!("a.process"), node, at) };
        let mut table = ProcessTable::read(node, at, reader)?;
        if table.present.len() != 1 {
            return reader.refuse(at, reason!("needs_one_process"));
        }
        let path = table.path.take().map(ProcessMatch::Path);
        path.or_else(|| table.command_line.take().map(ProcessMatch::CommandLine)).map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string", "minLength": 1 }, ProcessTable::schema(generator)] })
    }
}
