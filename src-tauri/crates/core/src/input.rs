//! What the core is told, and what it asks for.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    command::{CommandOutcome, DurableCommand},
    config::Monitor,
    fleet::{
        Fleet,
        command::{FleetCommand, FleetEvent},
    },
    flow::{
        Definition,
        request::{HttpRequest, RequestOutcome},
        run::{AnsweredBy, Run, RunRecord, StepRun},
    },
    ids::{EffectId, IncidentId, Key, MessageId, RunId},
    incident::{DeliveryResult, Incident, Message},
    network::{NetworkAnswer, NetworkQuestion},
    observation::Observation,
    program::{ProcessId, Program, ProgramCommand, ProgramEvent},
    record::Record,
};

/// Something that happened.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "most are observations, and none is kept")]
pub enum Input {
    /// A probe came to an end.
    Probed {
        /// The effect that asked for it.
        id: EffectId,
        /// What it saw.
        observation: Observation,
    },
    /// The own network was looked at.
    NetworkSeen {
        /// The effect that asked for it.
        id: EffectId,
        /// What was seen.
        answer: NetworkAnswer,
    },
    /// A try to deliver a message came to an end.
    Delivered {
        /// The effect that asked for it.
        id: EffectId,
        /// How it ended.
        result: DeliveryResult,
    },
    /// Something happened to a program.
    Program {
        /// Its name.
        program: Arc<str>,
        /// What happened.
        event: ProgramEvent,
    },
    /// Something happened to a fleet.
    Fleet {
        /// Its name.
        fleet: Arc<str>,
        /// What happened.
        event: FleetEvent,
    },
    /// Whatever was recorded before an [`Effect::Confirm`] is on disk, or as good as it will get.
    WrittenDown {
        /// The effect that asked for it.
        id: EffectId,
    },
    /// The request of a step came to an end.
    Answered {
        /// The effect that asked for it.
        id: EffectId,
        /// What came of it.
        outcome: RequestOutcome,
    },
    /// The command of a remedy or a step came to an end.
    CommandRan {
        /// The effect that asked for it.
        id: EffectId,
        /// How it ended.
        outcome: CommandOutcome,
    },
    /// Estatus is about to quit: programs that must not outlive it are stopped, and nothing is started any more.
    Quitting,
    /// A secret was entered under this name.
    SecretEntered(String),
    /// The user wants something.
    Asked(Ask),
    /// The user wants a run to be repeated.
    Repeat {
        /// The run, which is over.
        record: Box<RunRecord>,
        /// How.
        how: Repeat,
    },
    /// The store or another part of the house has something to say for the journal.
    Trouble(String),
    /// The configuration file as it stands is refused; the configuration in force stays.
    ConfigRefused(String),
    /// The configuration file was refused at the start, and its last good version is in force: somebody is to know.
    ConfigStale {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: String,
        /// Where its last good version is kept.
        kept: String,
    },
    /// The configuration in force is the file as it stands.
    ConfigTaken,
}

impl Input {
    /// The effect that it is the result of, if it is one's.
    pub fn effect(&self) -> Option<EffectId> {
        match self {
            Self::Probed { id, .. }
            | Self::NetworkSeen { id, .. }
            | Self::Delivered { id, .. }
            | Self::WrittenDown { id }
            | Self::Answered { id, .. }
            | Self::CommandRan { id, .. } => Some(*id),
            Self::Program { .. }
            | Self::Fleet { .. }
            | Self::Quitting
            | Self::SecretEntered(_)
            | Self::Asked(_)
            | Self::Repeat { .. }
            | Self::Trouble(_)
            | Self::ConfigRefused(_)
            | Self::ConfigStale { .. }
            | Self::ConfigTaken => None,
        }
    }
}

/// How a run is repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(default)]
pub struct Repeat {
    /// From the step of this name on: what came of those before it is kept. As a whole if none is named.
    pub from: Option<String>,
    /// By the definition that the run had, and not by the one in force.
    pub as_then: bool,
}

/// Something that the user wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum Ask {
    /// Probe now; every monitor if none is named.
    CheckNow {
        /// The monitor.
        monitor: Option<String>,
    },
    /// Stop checking.
    Pause {
        /// The monitor.
        monitor: String,
        /// Until when; until resumed if there is no end.
        until: Option<Timestamp>,
    },
    /// Check again.
    Resume {
        /// The monitor.
        monitor: String,
    },
    /// The open incident is known of: no reminders.
    Acknowledge {
        /// The monitor.
        monitor: String,
    },
    /// Tell nothing for a while: of one monitor, or of any.
    Snooze {
        /// The monitor; every one if none is named.
        monitor: Option<String>,
        /// Until when; `None` ends the snooze.
        until: Option<Timestamp>,
    },
    /// Start a program, whatever its limit says, and keep it running.
    StartProgram {
        /// The program.
        program: String,
    },
    /// Stop a program, and keep it stopped until it is started again.
    StopProgram {
        /// The program.
        program: String,
    },
    /// Stop a program if it runs, and start it, whatever its limit says.
    RestartProgram {
        /// The program.
        program: String,
    },
    /// Begin a run of a flow.
    RunFlow {
        /// The flow.
        flow: String,
    },
    /// End a run that goes on, or take one out of the queue.
    CancelRun {
        /// The run.
        run: RunId,
    },
    /// Answer a step that asks whether it may go on.
    Approve {
        /// The run.
        run: RunId,
        /// The step; the only one that asks if none is named.
        step: Option<String>,
        /// Whether it may.
        approved: bool,
        /// Who answers.
        #[serde(default)]
        by: AnsweredBy,
    },
    /// Launch an instance, which no rule removes.
    AddInstance {
        /// The fleet.
        fleet: String,
    },
    /// Remove an instance.
    RemoveInstance {
        /// The fleet.
        fleet: String,
        /// The instance, by its name or by what the provider calls it.
        instance: String,
    },
    /// Have an instance finish what it has to do, however long that takes, and remove it then.
    DrainInstance {
        /// The fleet.
        fleet: String,
        /// The instance, by its name or by what the provider calls it.
        instance: String,
    },
    /// Keep an instance from being removed, or let it be removed again.
    ProtectInstance {
        /// The fleet.
        fleet: String,
        /// The instance, by its name or by what the provider calls it.
        instance: String,
        /// Whether it is kept.
        protected: bool,
    },
    /// Keep a process that runs already as the one process of a program that does not run.
    AdoptProgram {
        /// The program.
        program: String,
        /// The process.
        process: ProcessId,
    },
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CheckNow { monitor: Some(monitor) } => write!(f, "check {monitor}"),
            Self::CheckNow { monitor: None } => f.write_str("check"),
            Self::Pause { monitor, until: Some(until) } => write!(f, "pause {monitor} until {until}"),
            Self::Pause { monitor, until: None } => write!(f, "pause {monitor}"),
            Self::Resume { monitor } => write!(f, "resume {monitor}"),
            Self::Acknowledge { monitor } => write!(f, "ack {monitor}"),
            Self::Snooze { monitor, until } => {
                f.write_str("snooze")?;
                monitor.as_ref().map_or(Ok(()), |monitor| write!(f, " {monitor}"))?;
                match until {
                    Some(until) => write!(f, " until {until}"),
                    None => f.write_str(" off"),
                }
            }
            Self::StartProgram { program } => write!(f, "start {program}"),
            Self::StopProgram { program } => write!(f, "stop {program}"),
            Self::RestartProgram { program } => write!(f, "restart {program}"),
            Self::RunFlow { flow } => write!(f, "flow run {flow}"),
            Self::CancelRun { run } => write!(f, "flow cancel {run}"),
            Self::Approve { run, step, approved, .. } => {
                write!(f, "flow {} {run}", if *approved { "approve" } else { "deny" })?;
                step.as_ref().map_or(Ok(()), |step| write!(f, " --step {step}"))
            }
            Self::AddInstance { fleet } => write!(f, "fleet add {fleet}"),
            Self::RemoveInstance { fleet, instance } => write!(f, "fleet remove {instance} --fleet {fleet}"),
            Self::DrainInstance { fleet, instance } => write!(f, "fleet drain {instance} --fleet {fleet}"),
            Self::ProtectInstance { fleet, instance, protected } => {
                let off = if *protected { "" } else { " --off" };
                write!(f, "fleet protect {instance} --fleet {fleet}{off}")
            }
            Self::AdoptProgram { program, process } => write!(f, "adopt {program} --pid {}", process.pid),
        }
    }
}

/// Why the core does not do what the user wants, as data: [`crate::words`] puts it in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskError {
    /// Nobody is called that.
    NoSuchMonitor(String),
    /// Nobody is called that.
    NoSuchProgram(String),
    /// There would be two of it.
    RunsAlready(String),
    /// Nobody is called that.
    NoSuchFlow(String),
    /// Another run of it goes on, and only one may.
    FlowRuns(String),
    /// No such run goes on.
    NoSuchRun(RunId),
    /// No step of it asks anything; or not the one that was named.
    NothingToApprove(RunId),
    /// Several of its steps ask.
    WhichStep {
        /// The run.
        run: RunId,
        /// Those steps.
        steps: Vec<Arc<str>>,
    },
    /// The flow has no such step.
    NoSuchStep {
        /// The flow.
        flow: Arc<str>,
        /// The step.
        step: String,
    },
    /// Of a run that never began nothing is known to repeat.
    NothingToRepeat(RunId),
    /// Nobody is called that.
    NoSuchFleet(String),
    /// The fleet has no such instance.
    NoSuchInstance {
        /// The fleet.
        fleet: String,
        /// The instance.
        instance: String,
    },
    /// The fleet has as many instances as it may have.
    FleetFull(String),
    /// The instance is protected.
    InstanceProtected(String),
    /// There is nothing to acknowledge.
    NoIncident(String),
    /// Estatus is about to quit.
    Quits,
}

/// Something that the core wants done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Write these down before anything that comes after is done.
    Record(Vec<Record>),
    /// Probe a monitor; the result comes back as [`Input::Probed`].
    StartProbe {
        /// Goes back with the result.
        id: EffectId,
        /// What is probed.
        monitor: Arc<Monitor>,
    },
    /// Nobody waits for that effect any more.
    Cancel {
        /// The effect that asked for it.
        id: EffectId,
    },
    /// Look at the own network; the result comes back as [`Input::NetworkSeen`].
    AskNetwork {
        /// Goes back with the result.
        id: EffectId,
        /// Who is asked, and who is waited for.
        question: NetworkQuestion,
    },
    /// Try to deliver a message; the result comes back as [`Input::Delivered`].
    SendAlert {
        /// Goes back with the result.
        id: EffectId,
        /// The message.
        message: Arc<Message>,
    },
    /// Do something with a program's process; what comes of it comes back as [`Input::Program`].
    Program {
        /// The program.
        program: Arc<Program>,
        /// What is to be done.
        command: ProgramCommand,
    },
    /// Do something with a fleet; what comes of it comes back as [`Input::Fleet`].
    Fleet {
        /// The fleet.
        fleet: Arc<Fleet>,
        /// What is to be done.
        command: FleetCommand,
    },
    /// Say by [`Input::WrittenDown`] when all that was to be recorded before is on disk.
    Confirm {
        /// Goes back with the result.
        id: EffectId,
    },
    /// End a command that is known over a restart; how it ended is told as if nobody had asked.
    EndCommand {
        /// Whose command it is.
        owner: String,
    },
    /// Send the request of a step, once all that was recorded before is on disk; the result comes back as
    /// [`Input::Answered`].
    SendRequest {
        /// Goes back with the result.
        id: EffectId,
        /// The request; its body is as it is sent.
        request: Box<HttpRequest>,
    },
    /// Run the command of a remedy or a step; the result comes back as [`Input::CommandRan`].
    RunCommand {
        /// Goes back with the result.
        id: EffectId,
        /// What is run; on disk, as far as it is known by it, before it is begun.
        command: DurableCommand,
    },
    /// Tell whoever watches.
    Publish(Change),
}

/// What has changed, for whoever watches.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An entry: how it stands.
    Changed(Key),
    /// An entry is gone.
    Gone(Key),
    /// A run: how it stands, without its steps.
    Run(Box<Run>),
    /// A step of a run.
    Step {
        /// The run.
        run: RunId,
        /// What that does.
        definition: Arc<Definition>,
        /// The step, by its place.
        place: usize,
        /// How it stands.
        step: Box<StepRun>,
    },
    /// An open incident.
    Incident(IncidentId),
    /// An incident is over.
    IncidentClosed(Arc<Incident>),
    /// A message.
    Message(Message),
    /// Whether the own network is there, whether alerts are snoozed.
    Engine,
}

/// Why the core wants to be woken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// A monitor is due.
    Probe(Arc<str>),
    /// A pause ends.
    PauseEnds(Arc<str>),
    /// A monitor's snooze ends.
    SnoozeEnds(Arc<str>),
    /// An open incident is to be told again.
    Remind(Arc<str>),
    /// A flapping monitor may have settled.
    Settle(Arc<str>),
    /// A remedy is to be tried, or has had its time.
    Heal(Arc<str>),
    /// A program is to be started, looked at, or has had its time.
    Program(Arc<str>),
    /// A run of a flow is to begin, or something is due of the one that goes on.
    Flow(Arc<str>),
    /// Something is due of a fleet.
    Fleet(Arc<str>),
    /// What was taken out of the configuration long ago is forgotten.
    Forget,
    /// A message is due.
    Message(MessageId),
    /// Nobody has answered for the own network yet.
    Peers,
    /// What runs is to be measured.
    Measure,
}
