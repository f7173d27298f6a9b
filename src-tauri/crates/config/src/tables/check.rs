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
    /// A check: exactly one of http, tcp, tls, dns, ping, process, command, host and fleet.
    struct Check requires [] {
        /// Requests this web page.
        http: Page,
        /// Opens a TCP connection to this "host:port".
        tcp: Address<0>,
        /// Checks the TLS certificate of this "host:port".
        tls: Address<0>,
        /// Looks up this name in DNS.
        dns: Plain,
        /// Sends an ICMP echo request to this host.
        ping: Host,
        /// Counts processes: the name of an executable, or { path = "…" }, or { command_line = "regular expression" }.
        process: ProcessBy,
        /// Runs this command and checks its result: one line for the shell, or an array of the program and its
        /// arguments.
        command: Run,
        /// Measures this machine: { cpu = "< 90%", memory = "< 90%", load = "< 4", disk = { "/" = "> 10%" } }.
        host: HostCheck,
        /// Counts the running instances of this fleet.
        fleet: String,
        /// How long one probe may take. Default: "10s".
        timeout: Timeout,
        /// The method of the request. Default: "GET".
        method: Plain,
        /// Headers of the request; a value may be a secret.
        headers: Own<Valued>,
        /// The body of the request.
        body: String,
        /// The username (basic authentication); needs `password`.
        username: String,
        /// Where the password is kept.
        password: SecretRef,
        /// Where the bearer token is kept.
        bearer: SecretRef,
        /// How many redirects are followed, or "refuse". Default: 10.
        redirects: Redirects,
        /// Expected codes. Default: ["200-299"] for status codes, [0] for exit codes.
        accept: Many<CodeRange>,
        /// The body or the output must contain each of these.
        contains: Many<String>,
        /// The body or the output must contain none of these.
        lacks: Many<String>,
        /// Each of these regular expressions must match in the body or the output.
        matches: Many<Regex>,
        /// Expected values in the JSON body, by path: { "status" = "ok", "queue.length" = "< 10", "items[0].id" = 3,
        /// "v" = "!= x" }.
        json: JsonAssertions,
        /// The latency, over all phases, must be below this.
        below: Timeout,
        /// The IP version to use, 4 or 6. Default: both.
        ip: IpVersion,
        /// The proxy to go through: "http://…" or "socks5://…".
        proxy: Proxy,
        /// Whether the certificate must be trusted, be for this host and not have expired. Default: true.
        verify_tls: bool,
        /// A PEM file with additional trusted certificates: the server's own, whatever host it names, or an
        /// authority's.
        trust: PathBuf,
        /// Warns when any certificate of the chain has fewer days left; 0 disables the warning. Default: 14.
        certificate_days: Whole<0, 3650>,
        /// How much of the body is searched; what a longer body lacks proves nothing. Default: "16MiB".
        body_limit: Size<1, 100_000_000>,
        /// What to send once connected.
        send: String,
        /// The expected response (tcp: a text; dns: each of these must be among the answers).
        expect: Many<String>,
        /// The protocol in which STARTTLS is used.
        starttls: StartTls,
        /// The record type to look up. Default: "A".
        record: RecordType,
        /// The DNS server to use, "host" or "host:port". Default: the system's.
        server: Address<53>,
        /// The minimum number of processes, or of running instances of a fleet. Default: 1; for a fleet its `min`, if that is
        /// more.
        at_least: Whole<0, 1_000_000>,
        /// The maximum number of processes.
        at_most: Whole<0, 1_000_000>,
        /// Where the command runs.
        directory: PathBuf,
        /// Environment variables of the command; a value may be a secret.
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
    ("at_least", &[Kind::Process, Kind::Fleet]),
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
