//! The tables of `estatus.toml` as they are written. Their keys, and what is said of each, are the JSON schema too.

use std::path::PathBuf;

use estatus_core::{
    check::{CodeRange, HostCheck, IpVersion, Kind, RecordType, Redirects, StartTls},
    command::Run,
    config::{EmailSecurity, Language},
    secret::SecretRef,
};
use jiff::civil::{Time, Weekday};
use regex::Regex;
use schemars::{Schema, SchemaGenerator, json_schema};

use crate::{
    json::JsonAssertions,
    net::{Address, Host, Mailbox, Page, Proxy},
    problem::{Span, shown},
    shape::{At, Node, Own, Reader, Shape, Whole, table},
    times::{DAY, HOUR, Lasting, MINUTE, Moment, OrNever, Stretch, YEAR, Zone},
    values::{Name, Plain, Size, Valued},
};

/// One value, or an array of them.
type Many<T> = Vec<At<T>>;

/// How long one probe or one delivery may take.
type Timeout = Lasting<1, DAY>;

/// From every second to once in a year.
type Interval = Lasting<1000, YEAR>;

table! {
    /// What Estatus checks, whom it tells, and how.
    struct File requires [] {
        /// The language of what is told; the system's where nothing is said.
        language: Language,
        /// The time zone of maintenance windows and quiet hours; the system's where nothing is said.
        zone: Zone,
        /// E-mail over SMTP. It is the channel "email".
        email: Email,
        /// Further ways to tell somebody, by name.
        channel: Own<Channel>,
        /// How alerts are held, merged and repeated.
        alerts: Alerts,
        /// How the own network is judged.
        network: Network,
        /// For how long what was seen is kept.
        retention: Retention,
        /// What is checked.
        monitor: Monitors,
    }

    /// E-mail over SMTP.
    struct Email requires [server, from, to] {
        /// The SMTP server.
        server: Host,
        /// Its port: 587 with starttls, 465 with tls and 25 with none, where nothing is said.
        port: Whole<1, 65535>,
        /// How the connection is made safe: "starttls" (where nothing is said), "tls" or "none".
        security: EmailSecurity,
        /// Who logs in; nobody where nothing is said.
        username: Plain,
        /// Where the password is kept.
        password: SecretRef,
        /// The sender.
        from: Mailbox,
        /// The recipients.
        to: Many<Mailbox>,
        /// How long one delivery may take: "30s" where nothing is said.
        timeout: Timeout,
    }

    /// A way to tell somebody: exactly one of webhook, command and email.
    struct Channel requires [] {
        /// A URL to which the message is posted as JSON.
        webhook: Page,
        /// Headers of the webhook's request; a value may be a secret.
        headers: Own<Valued>,
        /// The body of the webhook's request, as a template that yields JSON.
        template: String,
        /// A command that finds the message in its environment and, as JSON, on its standard input.
        command: Run,
        /// Where the command runs.
        directory: PathBuf,
        /// Variables the command finds; a value may be a secret.
        env: Own<Valued>,
        /// Other recipients, over the server of [email].
        email: Many<Mailbox>,
        /// How long one delivery may take: "30s" where nothing is said.
        timeout: Timeout,
    }

    /// How alerts are held, merged and repeated.
    struct Alerts requires [] {
        /// Names of the channels that are told where a monitor does not say; all where nothing is said.
        channels: Many<String>,
        /// An alert waits so long for others to join its message: "5s" where nothing is said.
        merge_within: Lasting<0, HOUR>,
        /// An open incident that nobody acknowledged is told again after this, or "never" (where nothing is said).
        remind_every: OrNever<Lasting<MINUTE, YEAR>>,
        /// When nothing is told; what waited is summed up at the end.
        quiet_hours: Many<QuietHours>,
    }

    /// A stretch of the day in which nothing is told, over midnight if it ends before it begins.
    struct QuietHours requires [from, to] {
        /// When it begins.
        from: Time,
        /// When it ends.
        to: Time,
        /// The days on which it begins; every day where nothing is said.
        days: Many<Weekday>,
        /// Whose clock this is.
        zone: Zone,
    }

    /// How the own network is judged.
    struct Network requires [] {
        /// Hosts (host:port, TCP) that answer whenever the internet is there; may be empty.
        reference: Many<Address<0>>,
    }

    /// For how long what was seen is kept.
    struct Retention requires [] {
        /// Every single observation: "2d" where nothing is said.
        observations: Lasting<HOUR, { 100 * YEAR }>,
        /// Figures by the hour: "90d" where nothing is said.
        hours: Lasting<DAY, { 100 * YEAR }>,
        /// Figures by the day: "1825d" where nothing is said.
        days: Lasting<DAY, { 100 * YEAR }>,
        /// Incidents, with all that was done about them: "730d" where nothing is said.
        incidents: Lasting<DAY, { 100 * YEAR }>,
    }

    /// Something to check, on a schedule: exactly one of http, tcp, tls, dns, ping, process, command and host.
    struct Monitor requires [name] {
        /// Its name, unique among monitors.
        name: Name,
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
        /// The time from one probe to the next while all is well: "1m" where nothing is said.
        every: Interval,
        /// How long one probe may take: "10s" where nothing is said.
        timeout: Timeout,
        /// So many bad probes in a row make it down: 2 where nothing is said.
        failures: Whole<1, 1000>,
        /// So many good probes in a row make it up again: 1 where nothing is said.
        successes: Whole<1, 1000>,
        /// The time from one probe to the next while all is not well: the shorter of `every` and "1m" where nothing is said.
        retry_every: Interval,
        /// Your own marks.
        tags: Many<Plain>,
        /// Whether it is checked at all.
        enabled: bool,
        /// Names of monitors without which this one cannot be up: while one of them is down, this one is not judged.
        depends_on: Many<String>,
        /// Names of the channels that are told; those of [alerts] where nothing is said.
        channels: Many<String>,
        /// When it is looked at, but not judged.
        maintenance: Many<Maintenance>,
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
        /// Warn when any certificate of the chain has fewer days left: 14 where nothing is said, 0 never warns.
        certificate_days: Whole<0, 3650>,
        /// How much of the body is read: "1MiB" where nothing is said.
        body_limit: Size<100_000_000>,
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

    /// A time in which a monitor is looked at but not judged: `from` and `to`, or `daily`, or `cron` and `lasts`.
    struct Maintenance requires [] {
        /// Once: the first moment, a date and time without quotes.
        from: Moment,
        /// Once: the first moment after it.
        to: Moment,
        /// On every day: "02:00-04:00"; over midnight if it ends before it begins.
        daily: Stretch,
        /// The days on which `daily` begins: ["sat", "sun"]; every day where nothing is said.
        days: Many<Weekday>,
        /// Whenever these five cron fields say: "0 4 * * *".
        cron: Plain,
        /// How long it lasts each time that `cron` says.
        lasts: Lasting<MINUTE, { 31 * DAY }>,
        /// Whose clock this is.
        zone: Zone,
    }

    /// How a process is recognised: exactly one of these.
    struct ProcessTable requires [] {
        /// By the full path of its executable.
        path: PathBuf,
        /// By a regular expression on its command line, the arguments joined by one space.
        command_line: Regex,
    }
}

/// The keys of a monitor that belong to some kinds only.
pub(crate) const BELONGS: [(&str, &[Kind]); 27] = [
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

/// All monitors, in the order of the file.
#[derive(Debug)]
pub(crate) struct Monitors(pub(crate) Vec<Monitor>);

impl Monitors {
    /// More than one machine can check.
    pub(crate) const MOST: usize = 20_000;
}

impl Shape for Monitors {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(elements) = node.elements(at) else {
            return match node {
                Node::Table(_) => {
                    reader.refuse(at, "expected an array of tables: write [[monitor]], with two brackets")
                }
                _ => reader.expected("an array of tables, [[monitor]]", node, at),
            };
        };
        if elements.len() > Self::MOST {
            return reader
                .refuse(at, format_args!("{} monitors are too many; the most is {}", elements.len(), Self::MOST));
        }
        let mut monitors = Vec::with_capacity(elements.len());
        for (index, (node, at)) in elements.into_iter().enumerate() {
            let section = section(node, index);
            monitors.extend(reader.section(section, |reader| Monitor::read(node, &at, reader)));
        }
        Some(Self(monitors))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": Monitor::schema(generator), "maxItems": Self::MOST })
    }
}

/// What a monitor is called in messages.
fn section(node: Node<'_>, index: usize) -> String {
    let name = if let Node::Table(table) = node { table.get("name").and_then(toml_edit::Item::as_str) } else { None };
    called(name, index)
}

/// What the monitor with this name, or else at this place of the file, is called in messages.
pub(crate) fn called(name: Option<&str>, index: usize) -> String {
    match name.filter(|name| !name.trim().is_empty()) {
        Some(name) => format!("monitor \"{}\"", shown(name)),
        None => format!("monitor number {}", index + 1),
    }
}

/// How a process is recognised.
#[derive(Clone, Debug)]
pub(crate) struct ProcessBy(pub(crate) estatus_core::check::ProcessMatch);

impl Shape for ProcessBy {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        use estatus_core::check::ProcessMatch;
        if node.text().is_some() {
            return Plain::read(node, at, reader).map(|name| Self(ProcessMatch::Name(name.0)));
        }
        let Node::Table(_) = node else { return reader.expected("a name or a table", node, at) };
        let mut table = ProcessTable::read(node, at, reader)?;
        if table.present.len() != 1 {
            return reader.refuse(at, "needs exactly one of `path` and `command_line`");
        }
        let path = table.path.take().map(ProcessMatch::Path);
        path.or_else(|| table.command_line.take().map(ProcessMatch::CommandLine)).map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string", "minLength": 1 }, ProcessTable::schema(generator)] })
    }
}
