//! What is written down, and what is read back at the next start.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    config::Channel,
    fleet::{decision::DecisionRecord, instance::Instance, replay::Sample},
    flow::run::{Run, RunRecord, RunState, StepRun},
    ids::{IncidentId, Key, MessageId, RunId},
    incident::{Health, Incident, Message},
    memory::Memory,
    network::NetworkMemory,
    observation::{Cause, Observation},
    program::ProgramState,
    remedy::Attempt,
    usage::UsedMinute,
};

/// One fact to be written down. What is not on disk has not happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A probe's observation. It holds until the next one, but at most until `holds_until`.
    Observation {
        /// Whose it is.
        monitor: Arc<str>,
        /// How long after the one before it its probe began, by the boot clock; not known of the first one in a life of
        /// the engine. The one before held for so long, whatever the wall clock was set to meanwhile.
        after: Option<Duration>,
        /// When it stops counting if nothing else is seen.
        holds_until: Timestamp,
        /// What was seen.
        observation: Arc<Observation>,
    },
    /// What is remembered of an entry; takes the place of what was there. Nothing once it is forgotten: its history stays.
    Memory {
        /// Whose it is.
        of: Key,
        /// What is known.
        memory: Option<Memory>,
    },
    /// An incident as it stands; takes the place of what was there.
    Incident(Box<Incident>),
    /// A run as it stands, without its steps; takes the place of what was there.
    Run(Box<Run>),
    /// A step of a run as it stands; takes the place of what was there.
    Step {
        /// The run.
        run: RunId,
        /// The step, by its place.
        place: usize,
        /// How it stands.
        step: Box<StepRun>,
    },
    /// An instance of a fleet as it stands; takes the place of what was there.
    Instance(Box<Instance>),
    /// What was decided of a fleet.
    Decision(Box<DecisionRecord>),
    /// How a fleet stands; takes the place of what was there of the same minute.
    Sample {
        /// Which fleet.
        fleet: Arc<str>,
        /// How it stands.
        sample: Sample,
    },
    /// What a program used, or the host that a monitor measures, in a minute; takes the place of what was there of the same minute.
    Used {
        /// Whose it is.
        by: Key,
        /// What was used.
        minute: UsedMinute,
    },
    /// A message as it stands; takes the place of what was there.
    Message(Message),
    /// What must be known of everything else; takes the place of what was there.
    Engine(EngineMemory),
    /// An entry in the journal.
    Journal {
        /// When.
        at: Timestamp,
        /// What happened.
        entry: JournalEntry,
    },
}

impl Record {
    /// Whether it must be safely on disk, power cut included, before anything that follows from it is done.
    pub fn must_be_durable(&self) -> bool {
        matches!(self, Self::Message(_) | Self::Incident(_) | Self::Run(_) | Self::Step { .. } | Self::Instance(_))
    }
}

/// What happened, for the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum JournalEntry {
    /// The engine started.
    Started {
        /// Its version.
        version: String,
    },
    /// The engine was asked to stop and did.
    Stopped,
    /// A monitor's health changed.
    Health {
        /// Whose.
        monitor: Arc<str>,
        /// What it was.
        from: Health,
        /// What it is.
        to: Health,
        /// Why, where a probe failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
    },
    /// A program stands differently.
    Program {
        /// Which.
        program: Arc<str>,
        /// How it stands now.
        to: ProgramState,
        /// Why, in the language of that time: how it ended, why it could not be started, who asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A try to heal an incident began or ended.
    Remedy {
        /// Whose incident it is.
        monitor: Arc<str>,
        /// The try.
        attempt: Attempt,
    },
    /// A run of a flow began, ended, or came to nothing.
    Run {
        /// Which.
        run: RunId,
        /// Of which flow.
        flow: Arc<str>,
        /// How it stands now.
        to: RunState,
        /// The step whose failure made it fail, and why, in the language of that time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A configuration came into force.
    Configured {
        /// How many monitors it has.
        monitors: usize,
        /// How many programs it has.
        #[serde(default)]
        programs: usize,
        /// How many flows it has.
        #[serde(default)]
        flows: usize,
    },
    /// A configuration was refused; the old one stays in force.
    Refused {
        /// Why, with file, line and column.
        error: String,
    },
    /// Our own network went off.
    NetworkOff {
        /// Which part of it.
        scope: crate::network::Scope,
    },
    /// Our own network is back.
    NetworkOn {
        /// Which part of it.
        scope: crate::network::Scope,
    },
    /// The machine slept.
    Slept {
        /// For how many seconds.
        seconds: u64,
    },
    /// The wall clock was set.
    ClockSet {
        /// By how many seconds; negative where it was set back.
        seconds: i64,
    },
    /// The user said or asked something.
    Asked {
        /// What, as a command line.
        what: String,
    },
    /// The store, the file system or another part of the house failed and goes on.
    Trouble {
        /// What happened, and what is done about it.
        what: String,
    },
}

/// What must be known of everything that is no single monitor's to go on after a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineMemory {
    /// Nothing is told before this.
    pub snoozed_until: Option<Timestamp>,
    /// What is known of the own network.
    pub network: NetworkMemory,
    /// What was told to be wrong with the configuration file, until it is right again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_stale: Option<String>,
}

/// What is read back at the next start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// What is remembered of the entries.
    pub memories: BTreeMap<Key, Memory>,
    /// The incidents that are open.
    pub incidents: Vec<Incident>,
    /// The runs that are not over, the oldest first.
    pub runs: Vec<RunRecord>,
    /// The instances of fleets that are not gone.
    pub instances: Vec<Instance>,
    /// The messages that are neither delivered nor given up, in the order of their numbers.
    pub messages: Vec<Message>,
    /// What is known of everything else.
    pub engine: EngineMemory,
    /// The channels that were configured at last: what waits for one that was renamed since goes to its new name.
    pub channels: BTreeMap<String, Channel>,
    /// The number of the newest run ever.
    pub last_run: Option<RunId>,
    /// The number of the newest incident ever.
    pub last_incident: Option<IncidentId>,
    /// The number of the newest message ever.
    pub last_message: Option<MessageId>,
}
