//! The tables of `estatus.toml` as they are written. Their keys, and what is said of each, are the JSON schema too.

mod check;
mod monitor;
mod program;

use std::path::PathBuf;

use estatus_core::{
    command::Run,
    config::{AlertWhen, EmailSecurity, Language},
    secret::SecretRef,
};
use jiff::civil::{Time, Weekday};

pub(crate) use self::{
    check::{BELONGS, Check},
    monitor::{Maintenance, Monitor, OnDown},
    program::{CpuCeiling, Limit, MemoryCeiling, Program, Ready, Stop},
};
use crate::{
    listed::All,
    net::{Address, Host, Mailbox, Page},
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
    /// What Estatus checks and keeps running, whom it tells, and how.
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
        monitor: All<Monitor>,
        /// What is kept running.
        program: All<Program>,
    }

    /// E-mail over SMTP.
    struct Email requires [server, from, to]
        like r#"{ server = "smtp.example.com", from = "me@example.com", to = "me@example.com" }"# {
        /// The SMTP server.
        server: Host,
        /// Its port: 587 with starttls, 465 with tls and 25 with none, where nothing is said.
        port: Whole<1, 65535>,
        /// How the connection is made safe: "starttls" (where nothing is said), "tls" or "none".
        security: EmailSecurity,
        /// Whether the server's certificate must be trusted, be for this host and not have expired: true where nothing is
        /// said.
        verify_tls: bool,
        /// A file (PEM) with certificates that are trusted too: the server's own, whatever host it names, or an authority's.
        trust: PathBuf,
        /// What this machine calls itself to the server: its name where nothing is said, if that is a full one, else the
        /// address it has.
        hello: Host,
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
    struct Channel requires [] like r#"{ webhook = "https://example.com/hook" }"# {
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
    struct Alerts requires [] like r#"{ remind_every = "6h" }"# {
        /// Names of the channels that are told where a monitor or program does not say; all where nothing is said.
        channels: Many<String>,
        /// An alert waits so long for others to join its message: "5s" where nothing is said.
        merge_within: Lasting<0, HOUR>,
        /// What is on this machine and has not been up since Estatus began to watch it is not judged for so long: "1m"
        /// where nothing is said, which is the most.
        grace: Lasting<0, MINUTE>,
        /// An open incident that nobody acknowledged is told again after this, or "never" (where nothing is said).
        remind_every: OrNever<Lasting<MINUTE, YEAR>>,
        /// When nothing is told; what waited is summed up at the end.
        quiet_hours: Many<QuietHours>,
        /// Whether an incident that a remedy heals is told: "always" (where nothing is said) or "unhealed", only if it
        /// is not healed. It holds for monitors with `on_down` that do not say.
        alert_when: AlertWhen,
    }

    /// A stretch of the day in which nothing is told, over midnight if it ends before it begins.
    struct QuietHours requires [from, to] like r#"{ from = "22:00", to = "07:00" }"# {
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
    struct Network requires [] like r#"{ reference = ["1.1.1.1:443"] }"# {
        /// Hosts (host:port, TCP) that answer whenever the internet is there; may be empty.
        reference: Many<Address<0>>,
    }

    /// For how long what was seen is kept.
    struct Retention requires [] like r#"{ observations = "2d" }"# {
        /// Every single observation: "2d" where nothing is said.
        observations: Lasting<HOUR, { 100 * YEAR }>,
        /// Figures by the hour: "90d" where nothing is said.
        hours: Lasting<DAY, { 100 * YEAR }>,
        /// Figures by the day: "1825d" where nothing is said.
        days: Lasting<DAY, { 100 * YEAR }>,
        /// Incidents, with all that was done about them: "730d" where nothing is said.
        incidents: Lasting<DAY, { 100 * YEAR }>,
    }
}
