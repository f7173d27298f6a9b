//! A message as JSON, for programs.

mod fleet;
mod program;
mod question;
mod remedy;
mod run;

use std::time::Duration;

use estatus_core::{
    Timestamp,
    check::Kind,
    config::Language,
    incident::{Alert, Before, Incident, Message, News},
    observation::{Cause, Failure, Phase, Warning},
    words::Words,
};
use serde::Serialize;

pub use self::{
    fleet::PayloadFleet,
    program::PayloadProgram,
    question::{PayloadApproval, PayloadTold},
    remedy::PayloadAttempt,
    run::{PayloadFailedStep, PayloadRun, PayloadSuccess, PayloadUndoing},
};
use crate::report::{AlertKind, Report, healing};

/// A message as JSON: the body of a webhook that has no template, the variables of one that has, and what a command
/// reads from its standard input.
///
/// Times are RFC 3339 in UTC, durations are in seconds. A field that does not apply is `null`, never absent. Fields may
/// be added, and readers should pass over those they do not know.
#[derive(Clone, Debug, Serialize)]
pub struct Payload {
    /// The same at every try to deliver this message, and of no other: `estatus-{installation}-{number}`.
    pub message_id: String,
    /// The channel's name.
    pub channel: String,
    /// The language of the texts: `en` or `es`.
    pub language: Language,
    /// When the first alert of the message arose.
    pub created: Timestamp,
    /// The [`Payload::message_id`]s of the earlier messages of this conversation, the first one first.
    pub answers: Vec<String>,
    /// The whole in one line, as in the subject of a mail.
    pub subject: String,
    /// The whole in words, as in the text part of a mail.
    pub text: String,
    /// Whether any of it is bad news.
    pub bad: bool,
    /// What it tells, in the order in which it happened; at least one.
    pub alerts: Vec<PayloadAlert>,
}

/// One thing that is told.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadAlert {
    /// The name of the monitor, program, flow or fleet that is told of, or `estatus.toml`; `Estatus` of a test message.
    pub monitor: String,
    /// What that is: `monitor`, `program`, `flow`, `fleet`, `configuration` or, of a test message, `test`.
    pub subject_kind: &'static str,
    /// The kind of the monitor's check: `http`, `tcp`, …; `null` for anything else.
    pub check: Option<Kind>,
    /// What is checked (a URL, `host:port`, a process name, a command), what the program runs, or where the file is;
    /// empty for a flow and a fleet.
    pub target: String,
    /// Of a monitor `down`, `reminder`, `escalated` (its remedy was given up), `recovered`, `flapping`, `unsteady`,
    /// `settled_up`, `settled_down` or `warning`; of a program `cooling` (it does not stay up, or cannot be started) or `steady` (it
    /// runs well again); of a flow `run_failed` (a run that was to heal nothing failed, had not ended at its deadline, or
    /// crashed), `suppressed` (it was not begun again: its budget is used up), `approval` (a step asks whether it may go on) or
    /// `told` (a step has something to tell); of a fleet `fleet_trouble` (something is wrong with it) or `fleet_well` (that is
    /// over); of the configuration `stale` (it is wrong, and Estatus started with its last
    /// good version); and `test`, of a test message.
    pub news: &'static str,
    /// Whether it is bad news.
    pub bad: bool,
    /// It in one sentence without a full stop.
    pub title: String,
    /// The incident it is about; `null` for a warning, a program, a flow, a fleet and the configuration.
    pub incident: Option<PayloadIncident>,
    /// How many times it went down, if it is flapping, or failed, if it is unsteady; how many runs its budget allows, if
    /// it is `suppressed`.
    pub times: Option<u32>,
    /// Within how long it did, or may, in seconds.
    pub within_seconds: Option<f64>,
    /// What will happen, if it is a warning.
    pub warning: Option<String>,
    /// When that will happen.
    pub warning_at: Option<Timestamp>,
    /// What is wrong with the program, if it is `cooling`.
    pub program: Option<PayloadProgram>,
    /// The run that failed, if it is `run_failed`.
    pub run: Option<PayloadRun>,
    /// What is asked, if it is `approval`.
    pub approval: Option<PayloadApproval>,
    /// What is told, if it is `told`.
    pub told: Option<PayloadTold>,
    /// What is wrong with the fleet, or was, if it is `fleet_trouble` or `fleet_well`.
    pub fleet: Option<PayloadFleet>,
    /// What is wrong with the configuration, if it is `stale`: a line for each problem.
    pub mistakes: Option<String>,
}

/// The incident that is told of.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadIncident {
    /// Its number, unique in a data folder.
    pub id: u64,
    /// Since when it is, or was, down.
    pub opened: Timestamp,
    /// Since when it is up again; `null` while it is down.
    pub closed: Option<Timestamp>,
    /// How long it was down; while it is down, how long it had been when the message arose.
    pub lasted_seconds: f64,
    /// The phase in which the first probe failed: `dns`, `connect`, `tls`, `send`, `first_byte`, `body`, `run` or
    /// `assertion`.
    pub phase: Phase,
    /// Why the first probe failed, in one sentence without a full stop.
    pub cause: String,
    /// The same as one word: `status`, `timed_out`, `refused`, …
    pub cause_kind: String,
    /// The HTTP status code, if that is the cause.
    pub status: Option<u16>,
    /// What the target said, as far as it helps.
    pub evidence: Option<String>,
    /// The page where the first probe failed, if a redirect led there.
    pub redirected_to: Option<String>,
    /// Why the last probe failed, in one sentence without a full stop.
    pub last_cause: String,
    /// When the user said to know of it.
    pub acknowledged: Option<Timestamp>,
    /// How many times its remedy was tried.
    pub tries: usize,
    /// The last [`PayloadIncident::ATTEMPTS`] of these tries, the newest one at the end.
    pub attempts: Vec<PayloadAttempt>,
    /// The last lines that the remedy's program or command, or the step by which its flow failed, wrote, of the last try
    /// of which there are some.
    pub output: Vec<String>,
    /// When its remedy was given up.
    pub escalated: Option<Timestamp>,
    /// What healed it, like `restarting web`.
    pub healed_by: Option<String>,
    /// How it was before.
    pub before: PayloadBefore,
}

/// How a monitor was before it went down.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadBefore {
    /// Since when it had been up.
    pub up_since: Option<Timestamp>,
    /// When the last good probe began.
    pub last_good: Option<Timestamp>,
    /// The median latency of the last good probes, in seconds.
    pub usual_latency_seconds: Option<f64>,
}

impl Payload {
    pub(crate) fn new(installation: &str, message: &Message, report: &Report, words: &Words) -> Self {
        let id = |number: u64| format!("estatus-{installation}-{number}");
        Self {
            message_id: id(message.id.0),
            channel: message.channel.clone(),
            language: words.language(),
            created: message.created,
            answers: message.answers.iter().map(|answered| id(answered.0)).collect(),
            subject: report.subject.clone(),
            text: report.text(),
            bad: message.alerts.iter().any(|alert| alert.news.is_bad()),
            alerts: message.alerts.iter().map(|alert| PayloadAlert::new(alert, message.created, words)).collect(),
        }
    }

    /// A test message for the channel that is called `channel`.
    pub(crate) fn test(installation: &str, channel: &str, report: &Report, words: &Words) -> Self {
        let created = Timestamp::now();
        Self {
            message_id: format!("estatus-{installation}-test-{}", created.as_nanosecond()),
            channel: channel.to_owned(),
            language: words.language(),
            created,
            answers: Vec::new(),
            subject: report.subject.clone(),
            text: report.text(),
            bad: false,
            alerts: vec![PayloadAlert::test(words.text("mail.test.channel", &[("channel", channel)]))],
        }
    }
}

impl PayloadAlert {
    fn test(title: String) -> Self {
        Self {
            monitor: "Estatus".to_owned(),
            subject_kind: "test",
            check: None,
            target: String::new(),
            news: "test",
            bad: false,
            title,
            incident: None,
            times: None,
            within_seconds: None,
            warning: None,
            warning_at: None,
            program: None,
            run: None,
            approval: None,
            told: None,
            fleet: None,
            mistakes: None,
        }
    }

    fn new(alert: &Alert, created: Timestamp, words: &Words) -> Self {
        let (times, within) = match &alert.news {
            News::Flapping { times, within, .. } | News::Unsteady { times, within, .. } => {
                (Some(*times), Some(within.as_secs_f64()))
            }
            News::Suppressed { runs, within } => (Some(*runs), Some(within.as_secs_f64())),
            _ => (None, None),
        };
        let warning = match &alert.news {
            News::Warning { warning } => Some(warning),
            _ => None,
        };
        Self {
            monitor: alert.subject.to_string(),
            subject_kind: match &alert.news {
                News::Stale { .. } => "configuration",
                News::RunFailed { .. } | News::Suppressed { .. } | News::Approval { .. } | News::Told { .. } => "flow",
                News::FleetTrouble { .. } | News::FleetWell { .. } => "fleet",
                _ if alert.check.is_some() => "monitor",
                _ => "program",
            },
            check: alert.check,
            target: alert.target.clone(),
            news: AlertKind::of(&alert.news).word(),
            bad: alert.news.is_bad(),
            title: crate::report::title(alert, created, words),
            incident: alert.news.incident().map(|incident| PayloadIncident::new(incident, created, words)),
            times,
            within_seconds: within,
            warning: warning.map(|warning| words.warning(warning)),
            warning_at: warning.map(|Warning::CertificateExpires { not_after, .. }| *not_after),
            program: PayloadProgram::new(alert, words),
            run: match &alert.news {
                News::RunFailed { run } => Some(PayloadRun::new(run, created, words)),
                _ => None,
            },
            approval: PayloadApproval::new(&alert.news),
            told: PayloadTold::new(&alert.news),
            fleet: PayloadFleet::new(alert, words),
            mistakes: match &alert.news {
                News::Stale { error, .. } => Some(error.clone()),
                _ => None,
            },
        }
    }
}

impl PayloadIncident {
    /// The most tries that are told.
    pub const ATTEMPTS: usize = 50;

    fn new(incident: &Incident, created: Timestamp, words: &Words) -> Self {
        let Failure { phase, cause, evidence, redirected_to } = &incident.cause;
        Self {
            id: incident.id.0,
            opened: incident.opened,
            closed: incident.closed,
            lasted_seconds: incident.lasted(created).as_secs_f64(),
            phase: *phase,
            cause: words.failure(&incident.cause),
            cause_kind: tag(cause, "kind"),
            status: match cause {
                Cause::Status { code, .. } | Cause::RedirectFollowed { code, .. } => Some(*code),
                _ => None,
            },
            evidence: evidence.clone(),
            redirected_to: redirected_to.clone(),
            last_cause: words.failure(&incident.last),
            acknowledged: incident.acknowledged,
            tries: incident.attempts.len(),
            attempts: remedy::newest(&incident.attempts, Self::ATTEMPTS, words),
            output: remedy::output(incident),
            escalated: incident.escalated,
            healed_by: healing(incident).map(|attempt| words.doing(&attempt.deed)),
            before: incident.before.into(),
        }
    }
}

impl From<Before> for PayloadBefore {
    fn from(before: Before) -> Self {
        Self {
            up_since: before.up_since,
            last_good: before.last_good,
            usual_latency_seconds: before.usual_latency.as_ref().map(Duration::as_secs_f64),
        }
    }
}

/// The word that serde writes into the field `name` to tell variants apart.
fn tag(variant: &impl Serialize, name: &str) -> String {
    let tagged = serde_json::to_value(variant).unwrap_or_default();
    tagged.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
