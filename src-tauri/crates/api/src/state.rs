//! How things are.

use std::{path::PathBuf, sync::Arc, time::Duration};

use estatus_core::{
    check::Kind,
    config::Language,
    exit::Exit,
    ids::{IncidentId, MessageId, RunId, StartId},
    incident::{Delivery, Health, Incident, Message, News},
    network::Scope,
    observation::{Observation, Phase, Verdict, Warning},
    program::ProgramState,
    standing::Standing,
    time::later,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{fleet::FleetSummary, flow::FlowStatus, permission::Permission};

/// The version of this contract. A client of another version is told so and dropped.
pub const PROTOCOL: u32 = 16;

/// The first frame on every connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// The engine's version.
    pub version: String,
    /// Who hosts the engine.
    pub host: Host,
    /// What this client may do.
    pub permission: Permission,
    /// How things are.
    pub snapshot: Snapshot,
}

/// What hosts an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum HostKind {
    /// A terminal: `estatus run`.
    Terminal,
    /// The tray of a desktop.
    Tray,
    /// A service of the operating system.
    Service,
}

/// Who hosts the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Host {
    /// What it is.
    pub kind: HostKind,
    /// The process.
    pub pid: u32,
    /// When it started the engine.
    pub started: Timestamp,
    /// The configuration file in force.
    pub config: PathBuf,
    /// The data folder.
    pub data: PathBuf,
}

/// How things are, without figures over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Snapshot {
    /// Every monitor, in the order of the configuration.
    pub monitors: Vec<MonitorState>,
    /// Every program, in the order of the configuration.
    pub programs: Vec<ProgramStatus>,
    /// Every flow, in the order of the configuration.
    pub flows: Vec<FlowStatus>,
    /// Every fleet, in the order of the configuration.
    #[serde(default)]
    pub fleets: Vec<FleetSummary>,
    /// The open incidents, the oldest first.
    pub incidents: Vec<IncidentState>,
    /// Everything that is no single monitor's.
    pub engine: EngineState,
}

/// What there is to know of the engine itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct EngineState {
    /// The parts of the own network that are off.
    pub network_off: Vec<Scope>,
    /// Until when nothing is told.
    pub snoozed_until: Option<Timestamp>,
    /// Until when nothing is told for whatever reason, quiet hours among them, as far as that held when this was said; it
    /// is said anew with every incident that begins, changes or ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_until: Option<Timestamp>,
    /// Why the store does not write just now.
    pub store_trouble: Option<String>,
    /// Why the status page is not written just now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_page_trouble: Option<String>,
    /// Why the configuration file as it stands is not in force.
    pub config_refused: Option<String>,
    /// Whether that is only because it takes everything away: [`crate::Request::Apply`] puts it in force, if it is meant.
    #[serde(default)]
    pub config_emptied: bool,
    /// The messages that are not delivered yet.
    pub waiting: Vec<WaitingMessage>,
    /// The language of all that is put into words: causes, deeds, outcomes, exits, troubles.
    #[serde(default)]
    pub language: Language,
    /// What the engine runs on, and so what it watches and keeps running.
    #[serde(default)]
    pub platform: Platform,
}

/// An operating system that Estatus runs on. Where nothing is said, it is that of whoever reads: an engine and its clients
/// are on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Linux, and whatever else has POSIX signals.
    Linux,
    /// Windows.
    Windows,
}

impl Default for Platform {
    fn default() -> Self {
        if cfg!(windows) { Self::Windows } else { Self::Linux }
    }
}

/// A message that is not delivered yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WaitingMessage {
    /// Its number.
    pub id: MessageId,
    /// Its channel.
    pub channel: String,
    /// When its first alert arose.
    pub created: Timestamp,
    /// How many tries have failed.
    pub failed: u32,
    /// Why the last one did.
    pub error: Option<String>,
}

/// A monitor as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MonitorState {
    /// Its name.
    pub name: Arc<str>,
    /// The kind of its check.
    pub kind: Kind,
    /// What is checked.
    pub target: String,
    /// The user's own marks.
    pub tags: Vec<String>,
    /// Its health.
    pub health: Health,
    /// How well it is: whoever counts, counts this.
    #[serde(default)]
    pub standing: Standing,
    /// Since when it has been in that health.
    pub since: Option<Timestamp>,
    /// Whether what is wrong is a figure beyond its limit; it is there then, and not down.
    #[serde(default)]
    pub over_limit: bool,
    /// What was seen last.
    pub last: Option<LastSeen>,
    /// Whether it goes up and down.
    pub flapping: bool,
    /// Whether it fails now and then, though never often enough in a row to be down.
    #[serde(default)]
    pub unsteady: bool,
    /// When a pause ends by itself.
    pub paused_until: Option<Timestamp>,
    /// Until when nothing is told of it.
    pub snoozed_until: Option<Timestamp>,
    /// The program that its remedy starts or restarts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heals: Option<Arc<str>>,
}

/// A program as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ProgramStatus {
    /// Its name.
    pub name: Arc<str>,
    /// What it runs.
    pub command: String,
    /// How it stands.
    pub state: ProgramState,
    /// How well it is: whoever counts, counts this.
    #[serde(default)]
    pub standing: Standing,
    /// Since when it has stood so, in this life of the engine.
    pub since: Timestamp,
    /// Its first process, while it runs.
    pub pid: Option<u32>,
    /// The number of its newest start.
    pub start: StartId,
    /// How many times it has been started again since somebody started it.
    pub restarts: u64,
    /// How it ended the last time.
    pub last_exit: Option<LastExit>,
    /// Why it does not run, in [`EngineState::language`].
    pub trouble: Option<String>,
    /// What it last said of itself (`STATUS=` of sd_notify).
    pub says: Option<String>,
    /// When it is started next, while it waits for that.
    pub next_start: Option<Timestamp>,
    /// Whether it is stopped when its engine stops; otherwise it goes on, and the next engine finds it.
    #[serde(default)]
    pub stops_with_estatus: bool,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LastExit {
    /// When.
    pub at: Timestamp,
    /// How.
    pub exit: Exit,
    /// The same in words, with what it means.
    pub detail: String,
    /// What could not be ended of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
    /// The last lines it wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tail: Vec<String>,
}

/// One try to heal an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AttemptState {
    /// What was done.
    pub deed: String,
    /// The command that `deed` names, if it was one; not for clients, who may not be told it.
    #[serde(skip)]
    pub command: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// When its outcome was known.
    pub ended: Option<Timestamp>,
    /// Whether the monitor succeeded afterwards; nothing while it is under way.
    pub healed: Option<bool>,
    /// How it went; nothing while it is under way.
    pub outcome: Option<String>,
    /// The last lines that the program wrote before it ended, or that the command wrote: text of the outside world.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output: Vec<String>,
    /// The run of a flow that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub run: Option<RunId>,
}

/// What was seen last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LastSeen {
    /// When the probe began.
    pub at: Timestamp,
    /// What it says of the target.
    pub verdict: Verdict,
    /// How long the target took.
    pub latency_ms: Option<f64>,
    /// What was seen, or why that does not do.
    pub detail: String,
    /// How long each phase took, in milliseconds, in their order.
    pub phases_ms: Vec<(Phase, f64)>,
    /// The phase it failed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_in: Option<Phase>,
    /// Something that is well now and soon will not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<Warning>,
    /// The last moment of the certificate that runs out first, where one was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_until: Option<Timestamp>,
    /// What the target said, as far as it helps: text of the outside world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The page where it failed, if a redirect led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_to: Option<String>,
    /// The address that was talked to, or tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
}

impl LastSeen {
    /// What `observation` says, with `detail` to put its failure into words.
    pub fn new(observation: &Observation, detail: String) -> Self {
        Self {
            at: observation.at,
            verdict: observation.verdict,
            latency_ms: observation.latency.map(millis),
            detail,
            phases_ms: observation.phases.iter().map(|(phase, took)| (phase, millis(took))).collect(),
            failed_in: observation.failure.as_ref().map(|failure| failure.phase),
            warning: observation.warning.clone(),
            certificate_until: observation.holds_for.map(|span| later(observation.at, span)),
            evidence: observation.failure.as_ref().and_then(|failure| failure.evidence.clone()),
            redirected_to: observation.failure.as_ref().and_then(|failure| failure.redirected_to.clone()),
            remote: observation.remote.map(|remote| remote.to_string()),
        }
    }
}

/// A span in milliseconds, to a thousandth.
pub fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}

/// A span in seconds, to a thousandth.
pub fn seconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e3).round() / 1e3
}

/// An incident, with everything done about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct IncidentState {
    /// Its number.
    pub id: IncidentId,
    /// Whose it is.
    pub monitor: Arc<str>,
    /// When the first failed probe began.
    pub opened: Timestamp,
    /// When the first good probe after it began.
    pub closed: Option<Timestamp>,
    /// How long it lasted, in seconds, by a clock that nobody sets; nothing while it is open, or where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasted: Option<f64>,
    /// Whether it began with a figure beyond its limit, and not with something that was not there.
    #[serde(default)]
    pub over_limit: bool,
    /// Why the first probe failed.
    pub cause: String,
    /// The phase it failed in.
    pub phase: Phase,
    /// What the target said then, as far as it helps: text of the outside world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The page where it failed, if a redirect led there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirected_to: Option<String>,
    /// When the user said to know of it.
    pub acknowledged: Option<Timestamp>,
    /// What was done to heal it, the first try first.
    pub attempts: Vec<AttemptState>,
    /// When its remedy was given up.
    pub escalated: Option<Timestamp>,
    /// Who was told what.
    pub alerts: Vec<AlertState>,
}

impl IncidentState {
    /// An incident and what was told of it, with its cause and its attempts in words.
    pub fn new(incident: &Incident, cause: String, attempts: Vec<AttemptState>, alerts: Vec<AlertState>) -> Self {
        Self {
            id: incident.id,
            monitor: Arc::clone(&incident.monitor),
            opened: incident.opened,
            closed: incident.closed,
            lasted: incident.closed.and(incident.measured).map(|lasted| lasted.as_secs_f64()),
            over_limit: incident.is_over_limit(),
            cause,
            phase: incident.cause.phase,
            evidence: incident.cause.evidence.clone(),
            redirected_to: incident.cause.redirected_to.clone(),
            acknowledged: incident.acknowledged,
            attempts,
            escalated: incident.escalated,
            alerts,
        }
    }
}

/// One alert about an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AlertState {
    /// The message that carries it.
    pub message: MessageId,
    /// The channel.
    pub channel: String,
    /// `down`, `reminder`, `recovered`, `flapping`, `settled` or `escalated`.
    pub news: String,
    /// When it arose.
    pub created: Timestamp,
    /// How far it has come.
    pub delivery: Delivery,
}

impl AlertState {
    /// What `message` tells of `incident`.
    pub fn of(message: &Message, incident: IncidentId) -> impl Iterator<Item = Self> + '_ {
        let about = move |news: &&News| news.incident().is_some_and(|told| told.id == incident);
        message.alerts.iter().map(|alert| &alert.news).filter(about).map(|news| Self {
            message: message.id,
            channel: message.channel.clone(),
            news: news_word(news).to_owned(),
            created: message.created,
            delivery: message.delivery.clone(),
        })
    }
}

fn news_word(news: &News) -> &'static str {
    match news {
        News::Down { .. } => "down",
        News::Reminder { .. } => "reminder",
        News::Recovered { .. } => "recovered",
        News::Flapping { .. } => "flapping",
        News::Unsteady { .. } => "unsteady",
        News::Settled { .. } => "settled",
        News::Warning { .. } => "warning",
        News::Escalated { .. } => "escalated",
        News::Cooling { .. } => "cooling",
        News::Steady => "steady",
        News::RunFailed { .. } => "run_failed",
        News::Suppressed { .. } => "suppressed",
        News::FleetTrouble { .. } => "fleet_trouble",
        News::FleetWell { .. } => "fleet_well",
        News::Approval { .. } => "approval",
        News::Told { .. } => "told",
        News::Stale { .. } => "stale",
    }
}

/// How things are, with the figures of the last 24 hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Status {
    /// Every monitor, in the order of the configuration.
    pub monitors: Vec<MonitorStatus>,
    /// Every program, in the order of the configuration.
    pub programs: Vec<ProgramStatus>,
    /// Every flow, in the order of the configuration.
    pub flows: Vec<FlowStatus>,
    /// Every fleet, in the order of the configuration.
    #[serde(default)]
    pub fleets: Vec<FleetSummary>,
    /// The open incidents, the oldest first.
    pub incidents: Vec<IncidentState>,
    /// Everything that is no single monitor's.
    pub engine: EngineState,
    /// Who hosts the engine.
    pub host: Host,
}

/// A monitor as it is, with its figures of the last 24 hours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MonitorStatus {
    /// As it is.
    #[serde(flatten)]
    pub state: MonitorState,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures over a stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Figures {
    /// For how many seconds it was observed to be up or down.
    pub observed: f64,
    /// For how many seconds it was looked at in vain.
    pub inconclusive: f64,
    /// The share of the observed time in which it was up, from 0 to 1.
    pub uptime: Option<f64>,
    /// The median latency.
    pub p50_ms: Option<f64>,
    /// Of 100 probes, 95 took no longer.
    pub p95_ms: Option<f64>,
    /// Of 100 probes, 99 took no longer.
    pub p99_ms: Option<f64>,
}

/// A monitor's past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct History {
    /// Whose.
    pub monitor: Arc<str>,
    /// The whole stretch.
    #[serde(flatten)]
    pub figures: Figures,
    /// How long each phase took on average, in milliseconds, in their order; together they make the average latency.
    /// Nothing where no phases are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<(Phase, f64)>>"))]
    pub phases_ms: Vec<(Phase, f64)>,
    /// The stretch in equal parts, the oldest first.
    pub points: Vec<Point>,
}

/// A monitor's uptime up to now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Uptime {
    /// Whose.
    pub monitor: Arc<str>,
    /// Of the last 24 hours.
    pub day: Figures,
    /// Of the last 30 days.
    pub month: Figures,
    /// Of the last 365 days.
    pub year: Figures,
}

/// A part of a monitor's past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Point {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub to: Timestamp,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
    /// How long each phase took in it, as in [`History::phases_ms`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<(Phase, f64)>>"))]
    pub phases_ms: Vec<(Phase, f64)>,
}
