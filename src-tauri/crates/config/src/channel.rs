//! Channels and the way alerts go, as the core wants them.

use std::{collections::BTreeMap, time::Duration};

use estatus_core::{
    check::HostPort,
    config::{
        AlertPolicy, AlertWhen, Channel, CommandChannel, EmailChannel, EmailSecurity, Login, Receiver, WebhookChannel,
    },
    maintenance::DailySpan,
};
use jiff::tz::TimeZone;

use crate::{
    check::{command_line, headers, login, trust},
    net::{Endpoint, Mailbox},
    problem::Span,
    reason::reason,
    shape::{At, Field, Reader, plain},
    tables,
    values::Name,
};

/// How long one delivery may take where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The channel of the table `[email]`.
const EMAIL: &str = "email";

/// The channels of a file.
pub(crate) fn channels(file: &mut tables::File, reader: &mut Reader<'_>) -> BTreeMap<String, Channel> {
    let defined = !file.email.is_absent();
    let email = file.email.take().and_then(|table| reader.within(EMAIL, |reader| email(table, reader)));
    let mut channels = BTreeMap::new();
    for (name, table) in file.channel.take().map_or_else(Vec::new, |channels| channels.0) {
        let channel = reader.within("channel", |reader| {
            if let Some(reason) = Name::wrong(&name.value) {
                return reader.refuse(&name.at, reason);
            }
            reader.within(&name.value, |reader| {
                if name.value == EMAIL {
                    return reader.refuse(&name.at, reason!("channel_called_email"));
                }
                channel(table, &name.at, email.as_ref(), defined, reader)
            })
        });
        channels.extend(channel.map(|channel| (name.value, channel)));
    }
    channels.extend(email.map(|email| (EMAIL.to_owned(), Channel::Email(email))));
    channels
}

fn email(mut table: tables::Email, reader: &mut Reader<'_>) -> Option<EmailChannel> {
    let security = table.security.take().unwrap_or(EmailSecurity::StartTls);
    // RFC 6409, RFC 8314 and RFC 5321, in this order.
    let usual = match security {
        EmailSecurity::StartTls => 587,
        EmailSecurity::Tls => 465,
        EmailSecurity::None => 25,
    };
    let port = table.port.take().and_then(|port| u16::try_from(port.0).ok()).unwrap_or(usual);
    let trust = trust(&mut table.verify_tls, &mut table.trust, reader);
    let login = login(&mut table.username, &mut table.password, |username| username.0, reader);
    let to = recipients(&mut table.to, "to", reader);
    Some(EmailChannel {
        server: HostPort { host: table.server.take()?.0, port },
        security,
        trust,
        hello: table.hello.take().map(|host| host.0),
        login: login.map(|(username, password)| Login { username, password }),
        from: table.from.take()?.0,
        to: to?,
        timeout: table.timeout.take().map_or(TIMEOUT, |timeout| timeout.0),
    })
}

fn recipients(field: &mut Field<Vec<At<Mailbox>>>, key: &str, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let At { value, at } = field.take_placed()?;
    if value.is_empty() {
        reader.problem_with(key, &at, reason!("names_no_recipient"));
    }
    Some(value.into_iter().map(|mailbox| mailbox.value.0).collect())
}

/// The forms of channels, by the keys that make them.
pub(crate) const CHANNEL_FORMS: [&str; 10] =
    ["webhook", "telegram", "discord", "slack", "teams", "ntfy", "gotify", "pushover", "command", EMAIL];

/// Keys that belong to one form of channel.
pub(crate) const OF_CHANNELS: [(&str, &str); 4] =
    [("headers", "webhook"), ("template", "webhook"), ("directory", "command"), ("env", "command")];

fn channel(
    mut table: tables::Channel,
    at: &Span,
    email: Option<&EmailChannel>,
    email_is_defined: bool,
    reader: &mut Reader<'_>,
) -> Option<Channel> {
    let forms: Vec<&str> =
        table.present.iter().map(|key| key.value).filter(|key| CHANNEL_FORMS.contains(key)).collect();
    let [form] = forms.as_slice() else {
        let (last, rest) = CHANNEL_FORMS.split_last()?;
        let first = rest.iter().map(|form| format!("`{form}`")).collect::<Vec<_>>().join(", ");
        return reader.refuse(at, reason!("needs_one_channel", first, last = *last));
    };
    for key in &table.present {
        if let Some((name, owner)) = OF_CHANNELS.iter().find(|(name, owner)| *name == key.value && owner != form) {
            reader.problem(&key.at, reason!("belongs_to_channel", name = *name, owner = *owner, form = *form));
        }
    }
    let timeout = table.timeout.take().map(|timeout| timeout.0);
    match *form {
        "command" => {
            let (directory, env) = (table.directory.take(), table.env.take());
            let command = command_line(table.command.take()?, directory, env, reader);
            Some(Channel::Command(CommandChannel { command, timeout: timeout.unwrap_or(TIMEOUT) }))
        }
        EMAIL => {
            let to = recipients(&mut table.email, EMAIL, reader);
            if !email_is_defined {
                return reader.refuse(at, reason!("needs_email"));
            }
            let server = email?.clone();
            let timeout = timeout.unwrap_or(server.timeout);
            Some(Channel::Email(EmailChannel { to: to?, timeout, ..server }))
        }
        _ => {
            let receiver = receiver(form, &mut table, reader)?;
            Some(Channel::Webhook(WebhookChannel { receiver, timeout: timeout.unwrap_or(TIMEOUT) }))
        }
    }
}

/// Where Telegram is, where nothing else is said.
const TELEGRAM: &str = "https://api.telegram.org/";
/// Where ntfy is, where nothing else is said.
const NTFY: &str = "https://ntfy.sh/";

/// Who takes the request of a channel of this form.
fn receiver(form: &str, table: &mut tables::Channel, reader: &mut Reader<'_>) -> Option<Receiver> {
    let server = |server: Option<Endpoint>, usual: &str| server.map_or_else(|| usual.parse().ok(), |at| Some(at.0));
    match form {
        "telegram" => {
            let mut telegram = table.telegram.take()?;
            let server = server(telegram.server.take(), TELEGRAM)?;
            Some(Receiver::Telegram { server, token: telegram.token.take()?, chat: telegram.chat.take()?.0 })
        }
        "discord" => Some(Receiver::Discord { url: table.discord.take()? }),
        "slack" => Some(Receiver::Slack { url: table.slack.take()? }),
        "teams" => Some(Receiver::Teams { url: table.teams.take()? }),
        "ntfy" => {
            let mut ntfy = table.ntfy.take()?;
            let server = server(ntfy.server.take(), NTFY)?;
            Some(Receiver::Ntfy { server, topic: ntfy.topic.take()?.0, token: ntfy.token.take() })
        }
        "gotify" => {
            let mut gotify = table.gotify.take()?;
            Some(Receiver::Gotify { server: gotify.server.take()?.0, token: gotify.token.take()? })
        }
        "pushover" => {
            let mut pushover = table.pushover.take()?;
            Some(Receiver::Pushover { token: pushover.token.take()?, user: pushover.user.take()?.0 })
        }
        _ => {
            let (headers, secret_headers) = headers(&mut table.headers, reader);
            let (url, template) = (table.webhook.take()?, table.template.take());
            Some(Receiver::Json { url, headers, secret_headers, template })
        }
    }
}

/// What `[alerts]` says.
pub(crate) struct Alerts {
    /// How alerts are held, merged and repeated.
    pub(crate) policy: AlertPolicy,
    /// The channels it names, with their places.
    pub(crate) channels: Vec<At<String>>,
    /// Whether an incident is told that a remedy heals, where its monitor does not say.
    pub(crate) when: AlertWhen,
}

/// What `[alerts]` says.
pub(crate) fn alerts(field: &mut Field<tables::Alerts>, zone: &TimeZone) -> Alerts {
    let mut table = field.take().unwrap_or_default();
    let default = AlertPolicy::default();
    let channels = table.channels.take();
    let names = channels.clone().unwrap_or_default();
    let quiet = table.quiet_hours.take().unwrap_or_default();
    let policy = AlertPolicy {
        channels: channels.map(plain),
        grace: table.grace.take().map_or(default.grace, |span| span.0),
        merge_within: table.merge_within.take().map_or(default.merge_within, |span| span.0),
        remind_every: table.remind_every.take().map_or(default.remind_every, |span| span.0.map(|span| span.0)),
        quiet_hours: quiet.into_iter().filter_map(|hours| quiet_hours(hours.value, zone)).collect(),
    };
    Alerts { policy, channels: names, when: table.alert_when.take().unwrap_or_default() }
}

fn quiet_hours(mut table: tables::QuietHours, zone: &TimeZone) -> Option<DailySpan> {
    let days = table.days.take().map_or_else(Vec::new, plain);
    let zone = table.zone.take().map_or_else(|| zone.clone(), |zone| zone.0);
    Some(DailySpan { from: table.from.take()?, to: table.to.take()?, days, zone })
}
