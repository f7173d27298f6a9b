//! What is asked, what is answered, what is told unasked, and the frames of that. What is spoken of is in a file for each
//! subject; none of them needs this one.

use std::sync::Arc;

use estatus_core::{
    engine::{Ask, Repeat},
    ids::{IncidentId, RunId},
    program::ProcessId,
    secret::StoredIn,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Adoptable, AlertState, Configuration, DecisionStatus, Document, Edit, Edited, EngineState, FileContent,
    FleetReplay, FleetSample, FleetStatus, FleetSummary, FlowPlan, FlowStatus, Hello, History, Imported, IncidentState,
    LogFrom, LogLine, LogPage, LogStream, MonitorState, OtherRule, ProgramChange, ProgramStatus, ReportFormat,
    ReportMonth, RunStatus, RunSummary, SecretState, SecretText, Section, Status, StepOf, StepStatus, Surveyed,
    TrialOf, Tried, TypedSecret, Uptime, Usage, UsageHistory, UsedBy, Version, VersionText,
};

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "request", content = "of")]
pub enum Request {
    /// How things are, with figures: [`Reply::Status`].
    Status,
    /// A monitor's past: [`Reply::History`].
    History {
        /// The monitor.
        monitor: String,
        /// The first moment.
        from: Timestamp,
        /// The first moment after the stretch.
        to: Timestamp,
        /// Into how many parts it is divided; at most 2,000.
        points: usize,
    },
    /// A monitor's uptime of 24 hours, 30 days and a year: [`Reply::Uptime`].
    Uptime {
        /// The monitor.
        monitor: String,
    },
    /// How monitors did in a month of the calendar, as a file: [`Reply::Report`].
    Report {
        /// The month, by the clock of the configuration's zone.
        month: ReportMonth,
        /// Only monitors with one of these tags; all if there are none.
        tags: Vec<String>,
        /// What kind of file.
        format: ReportFormat,
    },
    /// Incidents, the newest first: [`Reply::Incidents`].
    Incidents {
        /// Of one monitor only.
        monitor: Option<String>,
        /// Those that were open after this.
        since: Option<Timestamp>,
        /// At most so many; at most 10,000.
        limit: usize,
    },
    /// What the user wants done: [`Reply::Done`] once it is on disk, [`Reply::Begun`] where that is a run, or [`Reply::Launched`] where it
    /// is an instance.
    Do(Ask),
    /// The configuration file as it stands: [`Reply::Configuration`].
    Configuration,
    /// Changes the configuration file, keeping its comments: [`Reply::Edited`]; what is saved is in force then.
    Edit {
        /// What is changed, one after the other.
        edits: Vec<Edit>,
        /// Whether it is saved if nothing is wrong with it; otherwise it is only looked at.
        save: bool,
    },
    /// The last versions of the configuration file, the newest first; 20 at most: [`Reply::Versions`].
    Versions,
    /// What stands in a version of the configuration file: [`Reply::Version`].
    Version {
        /// Its number.
        id: u64,
    },
    /// Makes the configuration file say what it said in a version, and puts that in force: [`Reply::Edited`].
    PutBack {
        /// Its number.
        id: u64,
    },
    /// Takes back what a version changed of the one before it, and puts that in force: [`Reply::Edited`]. What was changed
    /// elsewhere in the file since stays; refused with [`ErrorCode::Overtaken`] if the same was changed again.
    Undo {
        /// The number of the version.
        id: u64,
    },
    /// An entry of the configuration file as it is written there, with its comments: [`Reply::EntryText`].
    EntryText {
        /// What it is.
        section: Section,
        /// Its name.
        name: String,
    },
    /// Puts the configuration file in force as it stands, even if it takes away nearly everything: [`Reply::Done`] once
    /// that is on disk.
    Apply,
    /// What the file of another tool would add to the configuration file, which stays as it is: [`Reply::Imported`].
    Import {
        /// The file's name, with its path if that is known: relative paths in the file start from its folder.
        name: String,
        /// What stands in it, whatever its encoding; at most 5,000,000 bytes once it is in UTF-8.
        #[cfg_attr(test, ts(type = "string"))]
        content: FileContent,
    },
    /// Tries what is typed in before it is saved, and saves nothing: [`Reply::Tried`] once that is over, or [`Reply::Edited`] if
    /// something is wrong with the file as it would be. Other requests are answered meanwhile. No history comes of it, no alert
    /// and no remedy, and it ends with its client.
    Try {
        /// What would be changed in the configuration file, one after the other.
        edits: Vec<Edit>,
        /// What is tried of that.
        of: TrialOf,
        /// The secrets that were typed in, in place of those that are stored under their names.
        #[serde(default)]
        secrets: Vec<TypedSecret>,
    },
    /// Ends a trial of this client before its time: [`Reply::Done`]. A program is stopped, and its trial is answered once that is
    /// done; any other is given up.
    EndTrial {
        /// Which.
        of: TrialOf,
    },
    /// Keeps a secret under a name, for `{ keyring = "NAME" }` in the configuration file: [`Reply::SecretStored`]. What was
    /// under it before is gone. It is used from then on, by a program from its next start on.
    StoreSecret {
        /// The name: at most 64 bytes, of letters and digits with `-`, `_`, `.`, `@` and spaces between them.
        name: String,
        /// The secret; at most 65,536 bytes.
        #[cfg_attr(test, ts(type = "string"))]
        value: SecretText,
    },
    /// Forgets the secret that is kept under a name: [`Reply::Done`].
    RemoveSecret {
        /// The name.
        name: String,
    },
    /// Whether secrets are stored, and where, never what they are: [`Reply::Secrets`].
    Secrets {
        /// The names, at most 1,000; nothing for all that the configuration file names or that are stored.
        names: Option<Vec<String>>,
    },
    /// What listens and runs on this machine: [`Reply::Survey`].
    Survey,
    /// What is to be known of a process before a program becomes it: [`Reply::Adoptable`]; an error if that cannot be.
    Adoptable {
        /// The process.
        process: ProcessId,
    },
    /// Has the engine end and be started again by whoever hosts it, perhaps in another version: [`Reply::Done`].
    Relaunch {
        /// Whether it stops programs as when it quits; otherwise whatever it keeps running runs on meanwhile, and so does
        /// the command of a remedy.
        stop_programs: bool,
    },
    /// The last lines that a program wrote: [`Reply::Log`].
    Log {
        /// The program.
        program: String,
        /// At most so many; at most 10,000.
        lines: usize,
    },
    /// Lines of the whole log of a program, or those that are looked for in it: [`Reply::LogPage`]. A search takes the place of
    /// the one before of the same client, if that goes on: it is answered by [`ErrorCode::Gone`].
    ReadLog {
        /// The program.
        program: String,
        /// From where on, and in which direction.
        from: LogFrom,
        /// A text that stands in the lines, in upper or lower case, at most 1,000 bytes; empty for all lines.
        #[serde(default)]
        text: String,
        /// What the lines were written to; nothing for both.
        #[serde(default)]
        #[cfg_attr(test, ts(optional = nullable))]
        stream: Option<LogStream>,
        /// At most so many; at most 10,000.
        limit: usize,
    },
    /// How a program has stood: [`Reply::ProgramHistory`].
    ProgramHistory {
        /// The program.
        program: String,
        /// Since when; how it stood then is told too.
        since: Timestamp,
        /// The newest so many changes at most; at most 10,000.
        limit: usize,
    },
    /// What a program, or the machine that a `host` monitor measures, has used: [`Reply::Usage`].
    Usage {
        /// Whose.
        by: UsedBy,
        /// The first moment.
        from: Timestamp,
        /// The first moment after the stretch.
        to: Timestamp,
        /// Into about how many pieces it is divided; at most 2,000.
        points: usize,
    },
    /// The runs of flows, the newest first: [`Reply::Runs`].
    Runs {
        /// Of one flow only.
        flow: Option<String>,
        /// At most so many; at most 10,000.
        limit: usize,
    },
    /// The newest runs of each flow that is configured, flow by flow, the newest first: [`Reply::Runs`].
    LastRuns {
        /// At most so many of each; at most 100.
        limit: usize,
    },
    /// A run with its steps: [`Reply::Run`].
    Run {
        /// Its number.
        run: RunId,
    },
    /// Repeats a run that is over, as a whole or from some step on: [`Reply::Begun`].
    Repeat {
        /// The run.
        run: RunId,
        /// How.
        how: Repeat,
    },
    /// What a run of a flow would do: probes the monitors and looks for the programs, folders and secrets of its steps, and
    /// does nothing else: [`Reply::Plan`].
    Plan {
        /// The flow.
        flow: String,
    },
    /// A fleet with its instances: [`Reply::Fleet`].
    Fleet {
        /// Its name.
        fleet: String,
    },
    /// What was decided of a fleet, the newest first: [`Reply::Decisions`].
    Decisions {
        /// The fleet.
        fleet: String,
        /// At most so many; at most 10,000.
        limit: usize,
    },
    /// How a fleet stood, minute by minute, the oldest first: [`Reply::FleetHistory`].
    FleetHistory {
        /// The fleet.
        fleet: String,
        /// From when on.
        since: Timestamp,
    },
    /// What another rule would have done with a fleet's load, beside what was done: [`Reply::Replay`].
    Replay {
        /// The fleet.
        fleet: String,
        /// The other rule.
        other: OtherRule,
        /// From when on; nothing for the last week.
        since: Option<Timestamp>,
    },
    /// Sets the load of an instance whose agent has it set by hand: [`Reply::Done`].
    SetLoad {
        /// The fleet.
        fleet: String,
        /// The instance, by its name.
        instance: String,
        /// Its load, from 0 to 1.
        load: f32,
    },
    /// The last lines of what the command of a step wrote in a run, as it goes on too: [`Reply::Log`].
    StepLog {
        /// The step.
        of: StepOf,
        /// At most so many; at most 10,000.
        lines: usize,
    },
    /// From now on tells this client what is not told to everybody: [`Reply::Done`]. The next such request takes the
    /// place of this one.
    Follow {
        /// The program whose log is told, by [`Event::Log`].
        log_of: Option<String>,
        /// The step whose log is told, by [`Event::StepLog`].
        #[serde(default)]
        #[cfg_attr(test, ts(optional = nullable))]
        step: Option<StepOf>,
        /// Whether it is told what programs use, by [`Event::Usage`].
        usage: bool,
    },
}

/// What the engine answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "reply", content = "of")]
pub enum Reply {
    /// It is done.
    Done,
    /// How things are.
    Status(Status),
    /// A monitor's past.
    History(History),
    /// A monitor's uptime.
    Uptime(Uptime),
    /// How monitors did.
    Report(Document),
    /// Incidents.
    Incidents(Vec<IncidentState>),
    /// The configuration file.
    Configuration(Configuration),
    /// What has become of an edit.
    Edited(Edited),
    /// The last versions of the configuration file.
    Versions(Vec<Version>),
    /// A version of the configuration file.
    Version(VersionText),
    /// An entry of the configuration file: TOML.
    EntryText(String),
    /// What the file of another tool would add.
    Imported(Imported),
    /// How a trial went.
    Tried(Tried),
    /// Where the secret is now.
    SecretStored(StoredIn),
    /// Whether the secrets are stored, in the order in which they were asked for, or by name.
    Secrets(Vec<SecretState>),
    /// What listens on this machine, by its ports, and then what else its user runs, the newest first.
    Survey(Vec<Surveyed>),
    /// What is to be known of a process before a program becomes it.
    Adoptable(Adoptable),
    /// The last lines of a log, the oldest first.
    Log(Vec<LogLine>),
    /// Lines of the log of a program.
    LogPage(LogPage),
    /// How a program has stood, the oldest first.
    ProgramHistory(Vec<ProgramChange>),
    /// What was used.
    Usage(UsageHistory),
    /// The run that has begun, or waits for its turn.
    Begun(RunId),
    /// The instance that is launched.
    Launched(Arc<str>),
    /// Runs.
    Runs(Vec<RunSummary>),
    /// A run.
    Run(RunStatus),
    /// What a run would do.
    Plan(FlowPlan),
    /// A fleet.
    Fleet(FleetStatus),
    /// What was decided of a fleet.
    Decisions(Vec<DecisionStatus>),
    /// How a fleet stood.
    FleetHistory(Vec<FleetSample>),
    /// What another rule would have done.
    Replay(FleetReplay),
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[error("{message}")]
pub struct ApiError {
    /// What consumers tell apart.
    pub code: ErrorCode,
    /// What happened, to what, and what to do about it.
    pub message: String,
}

impl ApiError {
    /// Whether nothing more comes over the connection: attach again.
    pub fn is_of_connection(&self) -> bool {
        matches!(self.code, ErrorCode::Gone | ErrorCode::Silent)
    }
}

/// The kinds of [`ApiError`] that a consumer tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// A name that nobody has, or a value out of range: the user's mistake.
    Wrong,
    /// This client may not have it done: [`crate::Permission`].
    Denied,
    /// What was to be undone has been changed again since.
    Overtaken,
    /// The engine could not do it.
    Failed,
    /// The connection is gone; attach again.
    Gone,
    /// The engine hangs: it owes the answer, and greets no other client either. What was asked may be done or not.
    Silent,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "event", content = "of")]
pub enum Event {
    /// A monitor, new or as it is now.
    Monitor(MonitorState),
    /// A monitor is gone.
    MonitorGone(Arc<str>),
    /// A program, new or as it is now.
    Program(ProgramStatus),
    /// A program is gone.
    ProgramGone(Arc<str>),
    /// A flow, new or as it is now.
    Flow(FlowStatus),
    /// A flow is gone.
    FlowGone(Arc<str>),
    /// A fleet, new or as it is now.
    Fleet(FleetSummary),
    /// A fleet is gone.
    FleetGone(Arc<str>),
    /// A run as it is now.
    Run(RunSummary),
    /// A step of a run as it is now.
    Step {
        /// The run.
        run: RunId,
        /// The step, by its place.
        place: usize,
        /// It.
        step: StepStatus,
    },
    /// An open incident as it is now.
    Incident(IncidentState),
    /// An incident is over.
    IncidentClosed {
        /// Which.
        incident: IncidentId,
        /// When the first good probe began.
        closed: Timestamp,
        /// See [`IncidentState::lasted`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lasted: Option<f64>,
    },
    /// An alert about an incident, be it open or over, has come further.
    Told {
        /// The incident.
        incident: IncidentId,
        /// All that was told of it, the first first.
        alerts: Vec<AlertState>,
    },
    /// Everything that is no single monitor's.
    Engine(EngineState),
    /// What a program wrote; for those who follow it.
    Log {
        /// The program.
        program: Arc<str>,
        /// Its lines, the oldest first.
        lines: Vec<LogLine>,
    },
    /// What the command of a step wrote; for those who follow it.
    StepLog {
        /// The step.
        of: StepOf,
        /// Its lines, the oldest first.
        lines: Vec<LogLine>,
    },
    /// A program is tried although others are not ready after which Estatus starts it; for the client that tries it.
    TrialUnready {
        /// The trial.
        of: TrialOf,
        /// Those others.
        unready: Vec<Arc<str>>,
    },
    /// What a program wrote that is being tried; for the client that tries it.
    TrialLog {
        /// The trial.
        of: TrialOf,
        /// Its lines, the oldest first.
        lines: Vec<LogLine>,
    },
    /// What the programs that run use; for those who follow that.
    Usage(Vec<Usage>),
    /// The engine ends, to be started again ([`Request::Relaunch`]).
    Relaunching,
}

/// A frame from a client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ClientFrame {
    /// Comes back with the answer.
    pub id: u64,
    /// What is asked for.
    pub request: Request,
}

/// A frame from the engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "frame", content = "of")]
#[expect(clippy::large_enum_variant, reason = "a frame is made, sent and gone")]
pub enum Frame {
    /// The first.
    Hello(Box<Hello>),
    /// The answer to a request.
    Answer {
        /// The request's number.
        id: u64,
        /// The answer.
        result: Result<Reply, ApiError>,
    },
    /// Something that changed.
    Event(Arc<Event>),
}
