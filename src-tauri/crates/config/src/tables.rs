//! The tables of `estatus.toml` as they are written. Their keys, and what is said of each, are the JSON schema too.

mod check;
mod fleet;
mod flow;
mod monitor;
mod program;

use std::path::PathBuf;

use estatus_core::{
    command::Run,
    config::{AlertWhen, EmailSecurity, Language, WebhookUrl},
    secret::SecretRef,
};
use jiff::civil::{Time, Weekday};

pub(crate) use self::{
    check::{BELONGS, Check},
    fleet::{Fleet, InstanceCommands, Launch, LocalInstances, Planned, Region, Rule},
    flow::{AfterCrash, Every, FORMS, Flow, OF_FORMS, OnFailure, Retry, Step},
    monitor::{Maintenance, Monitor, OnDown},
    program::{CpuCeiling, Limit, MemoryCeiling, Program, Ready, Stop},
};
use crate::{
    listed::{All, ByKey},
    net::{Address, ChatId, Endpoint, Host, Mailbox, Topic},
    shape::{At, Own, Whole},
    table::table,
    times::{DAY, HOUR, Lasting, MINUTE, OrNever, YEAR, Zone},
    values::{Plain, Valued},
};

/// One value, or an array of them.
type Many<T> = Vec<At<T>>;

/// How long one probe or one delivery may take.
type Timeout = Lasting<1, DAY>;

/// From every second to once in a year.
type Interval = Lasting<1000, YEAR>;

table! {
    /// What Estatus checks, keeps running, runs step by step and scales, and where alerts go.
    struct File requires [] {
        /// The language of alerts. Default: the system's.
        language: Language,
        /// The time zone of maintenance windows and quiet hours. Default: the system's.
        zone: Zone,
        /// Email over SMTP. It is the channel "email".
        email: Email,
        /// More channels, by name.
        channel: Own<Channel>,
        /// How alerts are delayed, merged and repeated.
        alerts: Alerts,
        /// How the network of this machine is tested.
        network: Network,
        /// How long the history is kept.
        retention: Retention,
        /// A status page: an HTML file that tells others how things are.
        status_page: StatusPage,
        /// The monitors.
        monitor: All<Monitor>,
        /// The programs.
        program: All<Program>,
        /// The flows, by name.
        flow: ByKey<Flow>,
        /// The fleets, by name.
        fleet: ByKey<Fleet>,
    }

    /// Email over SMTP.
    struct Email requires [server, from, to]
        like r#"{ server = "smtp.example.com", from = "me@example.com", to = "me@example.com" }"# {
        /// The SMTP server.
        server: Host,
        /// Its port. Default: 587 with starttls, 465 with tls and 25 with none.
        port: Whole<1, 65535>,
        /// How the connection is secured: "starttls", "tls" or "none". Default: "starttls".
        security: EmailSecurity,
        /// Whether the server's certificate must be trusted, be for this host and not have expired. Default: true.
        verify_tls: bool,
        /// A PEM file with additional trusted certificates: the server's own, whatever host it names, or an
        /// authority's.
        trust: PathBuf,
        /// The EHLO name of this machine. Default: its name, if that is a full one, else its address.
        hello: Host,
        /// The username. Default: no login.
        username: Plain,
        /// Where the password is kept.
        password: SecretRef,
        /// The sender.
        from: Mailbox,
        /// The recipients.
        to: Many<Mailbox>,
        /// How long one delivery may take. Default: "30s".
        timeout: Timeout,
    }

    /// A channel: exactly one of webhook, telegram, discord, slack, teams, ntfy, gotify, pushover, command and email.
    struct Channel requires [] like r#"{ webhook = "https://example.com/hook" }"# {
        /// A URL to which the message is posted as JSON; it may be a secret.
        webhook: WebhookUrl,
        /// Headers of the webhook's request; a value may be a secret.
        headers: Own<Valued>,
        /// The body of the webhook's request, as a template that produces JSON.
        template: String,
        /// A chat of Telegram, to which a bot writes.
        telegram: Telegram,
        /// Where the URL of a Discord channel's webhook is kept.
        discord: SecretRef,
        /// Where the URL of an incoming webhook of Slack is kept.
        slack: SecretRef,
        /// Where the URL of a workflow of Microsoft Teams is kept that posts to a channel when it is called.
        teams: SecretRef,
        /// A topic of ntfy.
        ntfy: Ntfy,
        /// An application of a Gotify server.
        gotify: Gotify,
        /// A user or group of Pushover.
        pushover: Pushover,
        /// A command that receives the message in its environment and, as JSON, on its standard input.
        command: Run,
        /// Where the command runs.
        directory: PathBuf,
        /// Environment variables of the command; a value may be a secret.
        env: Own<Valued>,
        /// Other recipients, through the server of [email].
        email: Many<Mailbox>,
        /// How long one delivery may take. Default: "30s".
        timeout: Timeout,
    }

    /// A chat of Telegram, to which a bot writes.
    struct Telegram requires [token, chat]
        like r#"{ token = { keyring = "telegram" }, chat = "123456789" }"# {
        /// Where the bot's token is kept.
        token: SecretRef,
        /// The id of the chat, or "@" and the name of a channel.
        chat: ChatId,
        /// The Bot API server. Default: "https://api.telegram.org".
        server: Endpoint,
    }

    /// A topic of ntfy.
    struct Ntfy requires [topic] like r#"{ topic = "my-alerts-7f3a" }"# {
        /// The topic: letters, digits, "_" and "-".
        topic: Topic,
        /// The server. Default: "https://ntfy.sh".
        server: Endpoint,
        /// Where an access token is kept. Default: none, for a topic that is open to everybody.
        token: SecretRef,
    }

    /// An application of a Gotify server.
    struct Gotify requires [server, token]
        like r#"{ server = "https://gotify.example.com", token = { keyring = "gotify" } }"# {
        /// The server.
        server: Endpoint,
        /// Where the application's token is kept.
        token: SecretRef,
    }

    /// A user or group of Pushover.
    struct Pushover requires [token, user]
        like r#"{ token = { keyring = "pushover" }, user = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG" }"# {
        /// Where the application's API token is kept.
        token: SecretRef,
        /// The key of the user or the group.
        user: Plain,
    }

    /// How alerts are delayed, merged and repeated.
    struct Alerts requires [] like r#"{ remind_every = "6h" }"# {
        /// Names of the channels for monitors and programs that have none of their own. Default: all.
        channels: Many<String>,
        /// How long an alert waits for others to join its message. Default: "5s".
        merge_within: Lasting<0, HOUR>,
        /// The grace period: how long a target on this machine that has not been up since Estatus began to watch it is
        /// not judged. Default: "1m", which is the maximum.
        grace: Lasting<0, MINUTE>,
        /// How often alerts are repeated for an open incident that nobody has acknowledged. Default: "never".
        remind_every: OrNever<Lasting<MINUTE, YEAR>>,
        /// When no alerts are sent; a summary follows at the end.
        quiet_hours: Many<QuietHours>,
        /// When alerts are sent for incidents with a remedy: "always", or "unhealed", only if the remedy fails. It
        /// applies to monitors with `on_down` that do not set it. Default: "always".
        alert_when: AlertWhen,
    }

    /// Quiet hours, in which no alerts are sent; over midnight if they end before they start.
    struct QuietHours requires [from, to] like r#"{ from = "22:00", to = "07:00" }"# {
        /// When they start.
        from: Time,
        /// When they end.
        to: Time,
        /// The days on which they start. Default: every day.
        days: Many<Weekday>,
        /// Whose clock this is.
        zone: Zone,
    }

    /// How the network of this machine is tested.
    struct Network requires [] like r#"{ reference = ["1.1.1.1:443"] }"# {
        /// Hosts (host:port, TCP) that are reachable whenever the internet is; may be empty.
        reference: Many<Address<0>>,
    }

    /// How long the history is kept.
    struct Retention requires [] like r#"{ observations = "2d" }"# {
        /// Every single observation. Default: "2d".
        observations: Lasting<HOUR, { 100 * YEAR }>,
        /// Hourly figures. Default: "90d".
        hours: Lasting<DAY, { 100 * YEAR }>,
        /// Daily figures. Default: "1825d".
        days: Lasting<DAY, { 100 * YEAR }>,
        /// Incidents, with their remedy attempts and alerts. Default: "730d".
        incidents: Lasting<DAY, { 100 * YEAR }>,
    }

    /// A status page: an HTML file that tells others how things are. It is written on every change and at least every
    /// 5 minutes.
    struct StatusPage requires [file] like r#"{ file = "status.html" }"# {
        /// The file, ending with .html or .htm. A file that is not a status page of Estatus is never replaced.
        file: PathBuf,
        /// Only monitors with one of these tags are on it. Default: all.
        tags: Many<Plain>,
        /// Its title. Default: "System status".
        title: Plain,
        /// Whether it says why monitors are down. Error messages may contain internal addresses. Default: false.
        details: bool,
    }
}
