//! What a monitor does: the kinds of check and what each asks for, already validated.

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{command::CommandLine, secret::SecretRef, usage::Measure};

/// What a monitor does at each probe.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// Asks for a web page.
    Http(Box<HttpCheck>),
    /// Opens a TCP connection.
    Tcp(TcpCheck),
    /// Looks at a certificate.
    Tls(TlsCheck),
    /// Asks a name server.
    Dns(DnsCheck),
    /// Sends an ICMP echo request.
    Ping(PingCheck),
    /// Counts processes.
    Process(ProcessCheck),
    /// Runs a command.
    Command(CommandCheck),
    /// Measures this machine.
    Host(HostCheck),
    /// Counts the instances of a fleet.
    Fleet(FleetCheck),
}

/// The kind of a [`Check`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of Check")]
pub enum Kind {
    Http,
    Tcp,
    Tls,
    Dns,
    Ping,
    Process,
    Command,
    Host,
    Fleet,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Http,
        Self::Tcp,
        Self::Tls,
        Self::Dns,
        Self::Ping,
        Self::Process,
        Self::Command,
        Self::Host,
        Self::Fleet,
    ];

    /// The word that stands for it in `estatus.toml`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Dns => "dns",
            Self::Ping => "ping",
            Self::Process => "process",
            Self::Command => "command",
            Self::Host => "host",
            Self::Fleet => "fleet",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Check {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Http(_) => Kind::Http,
            Self::Tcp(_) => Kind::Tcp,
            Self::Tls(_) => Kind::Tls,
            Self::Dns(_) => Kind::Dns,
            Self::Ping(_) => Kind::Ping,
            Self::Process(_) => Kind::Process,
            Self::Command(_) => Kind::Command,
            Self::Host(_) => Kind::Host,
            Self::Fleet(_) => Kind::Fleet,
        }
    }

    /// What is checked, in the words of the configuration: a URL, `host:port`, a process name, a command, a fleet.
    /// Passwords in a URL are left out.
    pub fn target(&self) -> String {
        match self {
            Self::Http(check) => without_password(&check.url),
            Self::Tcp(check) => check.address.to_string(),
            Self::Tls(check) => check.address.to_string(),
            Self::Dns(check) => format!("{} {}", check.name, check.record.word()),
            Self::Ping(check) => check.host.clone(),
            Self::Process(check) => check.by.text().to_owned(),
            Self::Command(check) => check.command.to_string(),
            Self::Host(_) => "this machine".to_owned(),
            Self::Fleet(check) => check.fleet.to_string(),
        }
    }

    /// The host name or address it talks to, for checks that talk to one.
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Http(check) => check.url.host_str().map(|host| host.trim_matches(['[', ']'])),
            Self::Tcp(check) => Some(&check.address.host),
            Self::Tls(check) => Some(&check.address.host),
            Self::Dns(check) => check.server.as_ref().map(|server| server.host.as_str()).or(Some(&check.name)),
            Self::Ping(check) => Some(&check.host),
            Self::Process(_) | Self::Command(_) | Self::Host(_) | Self::Fleet(_) => None,
        }
    }
}

impl Check {
    /// The TCP port it talks to, for checks that talk to one.
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Http(check) => check.url.port_or_known_default(),
            Self::Tcp(check) => Some(check.address.port),
            Self::Tls(check) => Some(check.address.port),
            Self::Dns(_) | Self::Ping(_) | Self::Process(_) | Self::Command(_) | Self::Host(_) | Self::Fleet(_) => None,
        }
    }

    /// The secrets it takes.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::Http(check) => check.secrets().collect(),
            Self::Command(check) => check.command.secrets().collect(),
            Self::Tcp(_)
            | Self::Tls(_)
            | Self::Dns(_)
            | Self::Ping(_)
            | Self::Process(_)
            | Self::Host(_)
            | Self::Fleet(_) => Vec::new(),
        }
    }

    /// For how long what it measures must be beyond its limit before that counts; nothing where a failure is one at once.
    pub(crate) fn lasts(&self) -> Option<Duration> {
        if let Self::Host(check) = self { Some(check.lasts) } else { None }
    }

    /// Whether an answer may come from somebody else than the target without anybody noticing.
    pub(crate) fn is_plain_http(&self) -> bool {
        matches!(self, Self::Http(check) if check.url.scheme() == "http")
    }
}

fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() && url.set_password(None).is_err() {
        return url.host_str().unwrap_or_default().to_owned();
    }
    url.into()
}

/// A host, by name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPort {
    /// A name, or an address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

/// Which IP version a check uses; both where none is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpVersion {
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

/// What is asked of a text: a body, a command's output, a server's greeting.
#[derive(Clone, Debug, Default)]
pub struct TextAssertions {
    /// Each of these is in it.
    pub contains: Vec<String>,
    /// None of these is in it.
    pub lacks: Vec<String>,
    /// Each of these matches somewhere in it.
    pub matches: Vec<regex::Regex>,
}

impl TextAssertions {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.contains.is_empty() && self.lacks.is_empty() && self.matches.is_empty()
    }
}

impl PartialEq for TextAssertions {
    fn eq(&self, other: &Self) -> bool {
        self.contains == other.contains
            && self.lacks == other.lacks
            && self.matches.iter().map(regex::Regex::as_str).eq(other.matches.iter().map(regex::Regex::as_str))
    }
}

/// Asks for a web page.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpCheck {
    /// `http://…` or `https://…`, without user and password.
    pub url: Url,
    /// The method, in capitals.
    pub method: String,
    /// Headers to send, beside those that every request has.
    pub headers: Vec<(String, String)>,
    /// Headers whose values are secrets.
    pub secret_headers: Vec<(String, SecretRef)>,
    /// The body to send.
    pub body: Option<String>,
    /// Who asks.
    pub auth: Option<Auth>,
    /// What is done with a redirect.
    pub redirects: Redirects,
    /// The status codes that are well; never empty.
    pub accept: Vec<CodeRange>,
    /// What is asked of the body.
    pub text: TextAssertions,
    /// What is asked of the body as JSON.
    pub json: Vec<JsonAssertion>,
    /// The latency, over all phases, must be below this.
    pub below: Option<Duration>,
    /// The IP version to use.
    pub ip: Option<IpVersion>,
    /// The proxy to go through: `http://…` or `socks5://…`; user and password may stand in it.
    pub proxy: Option<Url>,
    /// What is asked of the certificate.
    pub certificate: CertificateAssertions,
    /// How many bytes of the body are searched, decompressed. Of what is not proven by then it is not known whether it
    /// is so, which is no reason to be up.
    pub body_limit: u64,
}

impl HttpCheck {
    /// Every place where a secret is kept that the request carries.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        carried(self.auth.as_ref(), &self.secret_headers)
    }
}

/// Every place where a secret is kept of a request with this login and these headers.
pub(crate) fn carried<'a>(
    auth: Option<&'a Auth>,
    secret_headers: &'a [(String, SecretRef)],
) -> impl Iterator<Item = &'a SecretRef> {
    auth.map(Auth::secret).into_iter().chain(secret_headers.iter().map(|(_, place)| place))
}

/// How a request says who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// User name and password (RFC 7617).
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: SecretRef,
    },
    /// A bearer token (RFC 6750).
    Bearer(SecretRef),
}

impl Auth {
    /// Where its secret is kept.
    pub const fn secret(&self) -> &SecretRef {
        match self {
            Self::Basic { password: secret, .. } | Self::Bearer(secret) => secret,
        }
    }
}

/// What an http check does with a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirects {
    /// Goes where it leads, so many times; one more is a failure.
    Follow {
        /// How many redirects are followed.
        at_most: u32,
    },
    /// Does not follow: the redirect's own status code is judged.
    Refuse,
}

/// Status or exit codes from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeRange {
    /// The lowest code.
    pub first: u32,
    /// The highest code.
    pub last: u32,
}

impl CodeRange {
    /// Whether `code` is in the range.
    pub const fn contains(self, code: u32) -> bool {
        self.first <= code && code <= self.last
    }
}

impl fmt::Display for CodeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last { write!(f, "{}", self.first) } else { write!(f, "{}-{}", self.first, self.last) }
    }
}

/// What is asked of a value in a JSON text.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonAssertion {
    /// The way to the value: names and indices from the root.
    pub path: Vec<JsonStep>,
    /// How the value is held against `value`.
    pub comparison: Comparison,
    /// What it is held against.
    pub value: serde_json::Value,
}

/// One step on the way to a JSON value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JsonStep {
    /// Into an object.
    Name(String),
    /// Into an array.
    Index(usize),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `≠`, also written `!=`
    NotEqual,
    /// `<`
    Less,
    /// `>`
    Greater,
}

/// Whose certificates are accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// Those for this host that this machine trusts and that have not run out.
    #[default]
    Machine,
    /// Those, and what is in this file: certificates of authorities, or servers' own, which may then name another host.
    File(PathBuf),
    /// Anybody's: nothing is verified.
    Anybody,
}

/// What is asked of a certificate chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateAssertions {
    /// Whose it must be.
    pub trust: Trust,
    /// Warn when any certificate of the chain has fewer days left than this; 0 never warns.
    pub warn_days: u32,
}

/// Opens a TCP connection and, if asked to, talks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpCheck {
    /// Where to.
    pub address: HostPort,
    /// The IP version to use.
    pub ip: Option<IpVersion>,
    /// What to send once connected.
    pub send: Option<String>,
    /// What must then come, within the monitor's timeout.
    pub expect: Option<String>,
}

/// Looks at the certificate behind a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsCheck {
    /// Where to.
    pub address: HostPort,
    /// The IP version to use.
    pub ip: Option<IpVersion>,
    /// The protocol in which TLS is begun; none where it begins at once.
    pub starttls: Option<StartTls>,
    /// What is asked of the certificate.
    pub certificate: CertificateAssertions,
}

/// A protocol in which a plain connection is turned into a TLS one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// RFC 3207.
    Smtp,
    /// RFC 9051.
    Imap,
    /// RFC 2595.
    Pop3,
    /// RFC 4217.
    Ftp,
}

/// Asks a name server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsCheck {
    /// The name to ask for.
    pub name: String,
    /// The record type to ask for.
    pub record: RecordType,
    /// The server to ask; the system's first one where none is named.
    pub server: Option<HostPort>,
    /// Each of these is among the answers; any answer will do where there is none.
    pub expect: Vec<String>,
}

/// A DNS record type that a dns check asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the DNS standards")]
pub enum RecordType {
    A,
    Aaaa,
    Caa,
    Cname,
    Mx,
    Ns,
    Ptr,
    Soa,
    Srv,
    Txt,
}

impl RecordType {
    /// Every type.
    pub const ALL: [Self; 10] =
        [Self::A, Self::Aaaa, Self::Caa, Self::Cname, Self::Mx, Self::Ns, Self::Ptr, Self::Soa, Self::Srv, Self::Txt];

    /// Its name in the DNS standards.
    pub const fn word(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Caa => "CAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Soa => "SOA",
            Self::Srv => "SRV",
            Self::Txt => "TXT",
        }
    }
}

/// Sends an ICMP echo request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PingCheck {
    /// A name or an address.
    pub host: String,
    /// The IP version to use.
    pub ip: Option<IpVersion>,
}

/// Counts processes.
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessCheck {
    /// Which processes count.
    pub by: ProcessMatch,
    /// There are at least so many.
    pub at_least: u32,
    /// There are at most so many.
    pub at_most: Option<u32>,
}

/// How a process is recognised.
#[derive(Clone, Debug)]
pub enum ProcessMatch {
    /// By the name of its executable, `.exe` or not, upper or lower case where the system does not tell them apart.
    Name(String),
    /// By the full path of its executable.
    Path(PathBuf),
    /// By a regular expression on its command line, the arguments joined by one space.
    CommandLine(regex::Regex),
}

impl ProcessMatch {
    /// What is looked for, as the user wrote it.
    pub fn text(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Path(path) => path.to_str().unwrap_or_default(),
            Self::CommandLine(pattern) => pattern.as_str(),
        }
    }
}

impl PartialEq for ProcessMatch {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.text() == other.text()
    }
}

/// Runs a command to its end and judges it.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandCheck {
    /// What is run.
    pub command: CommandLine,
    /// The exit codes that are well; never empty.
    pub accept: Vec<CodeRange>,
    /// What is asked of its output, standard output and standard error together.
    pub text: TextAssertions,
}

/// Measures this machine; each figure that has a limit is held against it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostCheck {
    /// CPU in use since the last probe, in percent of all cores, stays below this.
    pub cpu_below: Option<f64>,
    /// Memory in use, in percent, stays below this.
    pub memory_below: Option<f64>,
    /// The load average over one minute stays below this; Windows has none.
    pub load_below: Option<f64>,
    /// On the disk that holds this path, more than this is free.
    pub disk_free_above: BTreeMap<PathBuf, DiskLimit>,
    /// A figure that is beyond its limit counts when it has been at every probe for so long.
    pub lasts: Duration,
}

impl HostCheck {
    /// `for` where nothing is said.
    pub const LASTS: Duration = Duration::from_secs(60);

    /// The limits, each in its measure's unit.
    pub fn limits(&self) -> impl Iterator<Item = (Measure, f64)> + '_ {
        let below =
            [(Measure::Cpu, self.cpu_below), (Measure::Memory, self.memory_below), (Measure::Load, self.load_below)];
        let disks = self.disk_free_above.iter().map(|(path, limit)| (limit.measure(path), limit.amount()));
        below.into_iter().filter_map(|(measure, limit)| Some((measure, limit?))).chain(disks)
    }
}

/// Counts the instances of a fleet that run. It is the engine that knows them: nobody else can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetCheck {
    /// The name of the fleet.
    pub fleet: Arc<str>,
    /// At least so many run; at least 1.
    pub at_least: u32,
}

/// How much of a disk must be free.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DiskLimit {
    /// A share of the disk, in percent.
    Percent(f64),
    /// So many bytes.
    Bytes(u64),
}

impl DiskLimit {
    /// What is measured of the disk that holds `path`.
    pub fn measure(self, path: &Path) -> Measure {
        let path = path.display().to_string();
        match self {
            Self::Percent(_) => Measure::DiskFreePercent { path },
            Self::Bytes(_) => Measure::DiskFreeBytes { path },
        }
    }

    /// How much, in its measure's unit.
    pub fn amount(self) -> f64 {
        match self {
            Self::Percent(percent) => percent,
            Self::Bytes(bytes) => bytes as f64,
        }
    }
}
