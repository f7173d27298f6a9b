//! The configuration the core works by: validated, complete, every default filled in.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    check::{Check, HostPort, Trust},
    command::CommandLine,
    fleet::Fleet,
    flow::Flow,
    maintenance::{DailySpan, Maintenance},
    network::NetworkPolicy,
    program::Program,
    remedy::Remedy,
    secret::SecretRef,
};

/// Everything `estatus.toml` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The language of what is told.
    pub language: Language,
    /// The zone of the times that are told.
    pub zone: TimeZone,
    /// What is checked, in the order of the file; names are unique, every name in `depends_on` and `channels` and every
    /// fleet that a check names exists, and no chain of `depends_on` comes back to where it began.
    pub monitors: Vec<Arc<Monitor>>,
    /// What is kept running, in the order of the file; names are unique, every name in `start_after` and in a remedy
    /// exists, and no chain of `start_after` comes back to where it began.
    pub programs: Vec<Arc<Program>>,
    /// What is run step by step, in the order of the file; names are unique, and every monitor, program and channel that a
    /// flow names exists.
    pub flows: Vec<Arc<Flow>>,
    /// What is scaled, in the order of the file; names are unique, and every channel that a fleet names exists.
    pub fleets: Vec<Arc<Fleet>>,
    /// The ways to tell somebody, by name.
    pub channels: BTreeMap<String, Channel>,
    /// How alerts are held, merged and repeated.
    pub alerts: AlertPolicy,
    /// How the own network is judged.
    pub network: NetworkPolicy,
    /// For how long what was seen is kept.
    pub retention: Retention,
    /// The page that tells others how things are.
    pub status_page: Option<Arc<StatusPage>>,
    /// The variables of Estatus's own environment from which any secret is taken: nothing that Estatus starts inherits
    /// them, unless its own variables say so.
    pub secret_variables: BTreeSet<String>,
}

impl Default for Config {
    /// An empty configuration with every default.
    fn default() -> Self {
        Self {
            language: Language::English,
            zone: TimeZone::UTC,
            monitors: Vec::new(),
            programs: Vec::new(),
            flows: Vec::new(),
            fleets: Vec::new(),
            channels: BTreeMap::new(),
            alerts: AlertPolicy::default(),
            network: NetworkPolicy::default(),
            retention: Retention::default(),
            status_page: None,
            secret_variables: BTreeSet::new(),
        }
    }
}

/// A language that Estatus speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// What it is called in files and on command lines.
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// That of a system whose locale is called so, like `es_MX` or `en-GB`.
    pub fn of_locale(locale: &str) -> Self {
        if locale.to_ascii_lowercase().starts_with("es") { Self::Spanish } else { Self::English }
    }
}

/// A configured thing to check, on a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    /// Its name, unique among monitors.
    pub name: Arc<str>,
    /// What is done at each probe.
    pub check: Check,
    /// The time from one probe to the next while all is well.
    pub every: Duration,
    /// How long one probe may take.
    pub timeout: Duration,
    /// So many bad probes make it Down.
    pub failures: Failures,
    /// So many good probes in a row make it Up again; at least 1.
    pub successes: u32,
    /// The first bad probe is followed by another after this; a target that is back by then was not down.
    pub confirm_after: Duration,
    /// The time from one probe to the next while it is Suspect (after the first two), Down or Recovering.
    pub retry_every: Duration,
    /// The user's own marks.
    pub tags: Vec<String>,
    /// Whether it is checked at all.
    pub enabled: bool,
    /// Monitors without which this one cannot be up: while one of them is down, this one is inconclusive.
    pub depends_on: Vec<Arc<str>>,
    /// When it is looked at, but not judged.
    pub maintenance: Vec<Maintenance>,
    /// Who is told: names of channels. `None` leaves it to [`AlertPolicy::channels`].
    pub channels: Option<Vec<String>>,
    /// What is done when it goes down.
    pub on_down: Option<Remedy>,
    /// Whether an incident is told that a remedy heals.
    pub alert_when: AlertWhen,
}

/// So many bad probes make a monitor Down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failures {
    /// So many in a row; at least 1.
    InARow(u32),
    /// A rate: it is Down while at least `bad` of the newest `last` probes that say anything were bad.
    Of {
        /// So many; at least 1.
        bad: u32,
        /// Of so many; not fewer than `bad`, at most [`Failures::LAST_MAX`].
        last: u32,
    },
}

impl Failures {
    /// The most probes that a rate may look back on.
    pub const LAST_MAX: u32 = 100;
}

/// Whether an incident is told that a remedy may heal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlertWhen {
    /// It is told when it begins.
    #[default]
    Always,
    /// It is told when its remedy has not healed it.
    Unhealed,
}

impl Monitor {
    /// The least time between two probes that a configuration may ask for.
    pub const EVERY_MIN: Duration = Duration::from_secs(1);
    /// `every` where nothing is said.
    pub const EVERY: Duration = Duration::from_secs(60);
    /// `timeout` where nothing is said.
    pub const TIMEOUT: Duration = Duration::from_secs(10);
    /// `failures` where nothing is said.
    pub const FAILURES: Failures = Failures::InARow(2);
    /// `successes` where nothing is said.
    pub const SUCCESSES: u32 = 1;
    /// `confirm_after` where nothing is said, unless a remedy waits for it: then at once.
    pub const CONFIRM_AFTER: Duration = Duration::from_secs(2);
    /// `retry_every` where nothing is said, unless `every` is shorter.
    pub const RETRY_EVERY: Duration = Duration::from_secs(60);
    /// `certificate_days` where nothing is said.
    pub const CERTIFICATE_DAYS: u32 = 14;
    /// `body_limit` where nothing is said, in bytes: few pages are longer, and searching them takes no memory.
    pub const BODY_LIMIT: u64 = 16 << 20;
    /// How many redirects are followed where nothing is said.
    pub const REDIRECTS: u32 = 10;

    /// A monitor that does `check`, with every default.
    pub fn new(name: &str, check: Check) -> Self {
        Self {
            name: name.into(),
            check,
            every: Self::EVERY,
            timeout: Self::TIMEOUT,
            failures: Self::FAILURES,
            successes: Self::SUCCESSES,
            confirm_after: Self::CONFIRM_AFTER,
            retry_every: Self::RETRY_EVERY,
            tags: Vec::new(),
            enabled: true,
            depends_on: Vec::new(),
            maintenance: Vec::new(),
            channels: None,
            on_down: None,
            alert_when: AlertWhen::default(),
        }
    }

    /// Whether it has one of `tags`, or there are none to have.
    pub fn has_one_of(&self, tags: &[String]) -> bool {
        tags.is_empty() || self.tags.iter().any(|tag| tags.contains(tag))
    }
}

/// A way to tell somebody.
#[derive(Clone, Debug, PartialEq)]
pub enum Channel {
    /// E-mail over SMTP.
    Email(EmailChannel),
    /// An HTTP request.
    Webhook(WebhookChannel),
    /// A command.
    Command(CommandChannel),
}

/// E-mail over SMTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailChannel {
    /// The server and its port.
    pub server: HostPort,
    /// How the connection is made safe.
    pub security: EmailSecurity,
    /// Whose certificate the server may present.
    pub trust: Trust,
    /// What this machine calls itself in the greeting (RFC 5321, section 4.1.1.1), a name or an address: the name that the
    /// system knows where nothing is said, if it is fully qualified, else the connection's own address.
    pub hello: Option<String>,
    /// Who logs in; nobody where there is none.
    pub login: Option<Login>,
    /// The sender, as a mailbox of RFC 5322.
    pub from: String,
    /// The recipients, as mailboxes of RFC 5322; at least one.
    pub to: Vec<String>,
    /// How long one delivery may take.
    pub timeout: Duration,
}

/// How an SMTP connection is made safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailSecurity {
    /// It begins in the clear and must be turned into TLS (RFC 3207); never goes on without.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// Not at all.
    None,
}

/// A user name and where its password is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: SecretRef,
}

/// An HTTP request that tells somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct WebhookChannel {
    /// Who takes it, and how.
    pub receiver: Receiver,
    /// How long one delivery may take.
    pub timeout: Duration,
}

/// Who takes an HTTP request that tells somebody.
#[derive(Clone, Debug, PartialEq)]
pub enum Receiver {
    /// Whatever takes JSON.
    Json {
        /// Where it goes.
        url: WebhookUrl,
        /// Headers it carries, beside `Content-Type`.
        headers: Vec<(String, String)>,
        /// Headers whose values are secrets.
        secret_headers: Vec<(String, SecretRef)>,
        /// The body as a template that yields JSON; the whole message as JSON where there is none.
        template: Option<String>,
    },
    /// A bot of Telegram.
    Telegram {
        /// The Bot API server.
        server: Url,
        /// The bot's token.
        token: SecretRef,
        /// The id of the chat, or `@` and the name of a channel.
        chat: String,
    },
    /// A webhook of a Discord channel.
    Discord {
        /// Its URL, which lets whoever has it write there.
        url: SecretRef,
    },
    /// An incoming webhook of Slack, or of what speaks as Slack does.
    Slack {
        /// Its URL, which lets whoever has it write there.
        url: SecretRef,
    },
    /// A workflow of Microsoft Teams that posts what it is sent.
    Teams {
        /// Its URL, which lets whoever has it write there.
        url: SecretRef,
    },
    /// A topic of ntfy.
    Ntfy {
        /// The server.
        server: Url,
        /// The topic.
        topic: String,
        /// The access token; none for a topic that is open to everybody.
        token: Option<SecretRef>,
    },
    /// An application of a Gotify server.
    Gotify {
        /// The server.
        server: Url,
        /// The application's token.
        token: SecretRef,
    },
    /// Pushover.
    Pushover {
        /// The application's API token.
        token: SecretRef,
        /// The key of the user or the group.
        user: String,
    },
}

impl Receiver {
    /// What it is called by: the service or its host; nothing where that is a secret.
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Json { url: WebhookUrl::Plain(server), .. }
            | Self::Ntfy { server, .. }
            | Self::Gotify { server, .. } => server.host_str(),
            Self::Json { url: WebhookUrl::Secret(_), .. } => None,
            Self::Telegram { .. } => Some("Telegram"),
            Self::Discord { .. } => Some("Discord"),
            Self::Slack { .. } => Some("Slack"),
            Self::Teams { .. } => Some("Microsoft Teams"),
            Self::Pushover { .. } => Some("Pushover"),
        }
    }

    /// The secrets it takes to reach it.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::Json { url, secret_headers, .. } => {
                let url = if let WebhookUrl::Secret(place) = url { Some(place) } else { None };
                url.into_iter().chain(secret_headers.iter().map(|(_, place)| place)).collect()
            }
            Self::Discord { url } | Self::Slack { url } | Self::Teams { url } => vec![url],
            Self::Telegram { token, .. } | Self::Gotify { token, .. } | Self::Pushover { token, .. } => vec![token],
            Self::Ntfy { token, .. } => token.iter().collect(),
        }
    }
}

/// Where a webhook is.
#[derive(Clone, Debug, PartialEq)]
pub enum WebhookUrl {
    /// At this URL.
    Plain(Url),
    /// At a URL that is a secret as a whole.
    Secret(SecretRef),
}

/// A command that tells somebody: it finds the message in its environment and, as JSON, on its standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandChannel {
    /// What is run.
    pub command: CommandLine,
    /// When this has passed, the whole process tree is ended.
    pub timeout: Duration,
}

/// How alerts are held, merged and repeated.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertPolicy {
    /// Who is told where a monitor does not say; `None` means every channel.
    pub channels: Option<Vec<String>>,
    /// An alert waits so long for others to join its message.
    pub merge_within: Duration,
    /// An incident that is open and not acknowledged is told again after this.
    pub remind_every: Option<Duration>,
    /// When nothing is told; what waited is summed up at the end.
    pub quiet_hours: Vec<DailySpan>,
    /// What is on this machine and has not been well since Estatus began to watch it is not judged for so long.
    pub grace: Duration,
}

impl AlertPolicy {
    /// `grace` where nothing is said, and the longest there is.
    pub const GRACE: Duration = Duration::from_secs(60);
}

impl Default for AlertPolicy {
    fn default() -> Self {
        Self {
            channels: None,
            merge_within: Duration::from_secs(5),
            remind_every: None,
            quiet_hours: Vec::new(),
            grace: Self::GRACE,
        }
    }
}

/// A file of HTML that tells others how things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusPage {
    /// The file, which ends with `.html` or `.htm`.
    pub file: PathBuf,
    /// Monitors with one of these tags are on it; all if there are none.
    pub tags: Vec<String>,
    /// Its heading; the language's own where nothing is said.
    pub title: Option<String>,
    /// Whether it tells why monitors are down.
    pub details: bool,
}

impl StatusPage {
    /// Whether `monitor` is on it.
    pub fn shows(&self, monitor: &Monitor) -> bool {
        monitor.has_one_of(&self.tags)
    }
}

/// For how long what was seen is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Every single observation.
    pub observations: Duration,
    /// Figures by the hour, and how fleets stood by the minute. The hours of the last and the first day of each month are kept as
    /// long as figures by the day, for months of any zone.
    pub hours: Duration,
    /// Figures by the day.
    pub days: Duration,
    /// Incidents, with all that was done about them, runs of flows, instances of fleets that are gone, decisions, and the journal.
    pub incidents: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self { observations: DAY * 2, hours: DAY * 90, days: DAY * 365 * 5, incidents: DAY * 365 * 2 }
    }
}
