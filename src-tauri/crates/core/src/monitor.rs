//! The health of one monitor.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    incident::{Health, IncidentId, MessageId},
    observation::Warning,
};

/// All that must be known of a monitor to go on after a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MonitorMemory {
    /// Its health.
    pub health: Health,
    /// Since when it has been in that health.
    pub since: Option<Timestamp>,
    /// Since when it has been Up without an incident.
    pub up_since: Option<Timestamp>,
    /// When the last good probe began.
    pub last_good: Option<Timestamp>,
    /// The incident that is open.
    pub incident: Option<IncidentId>,
    /// Whether the user paused it, and until when.
    pub paused: Option<Pause>,
    /// Nothing is told of it before this.
    pub snoozed_until: Option<Timestamp>,
    /// When it went down lately, as far as that matters for flapping.
    pub downs: Vec<Timestamp>,
    /// Whether it has been told to be flapping.
    pub flapping: bool,
    /// By channel, the messages that told of the open incident or of the flapping, the first one first.
    pub conversations: BTreeMap<String, Vec<MessageId>>,
    /// When the open incident is told again.
    pub remind_at: Option<Timestamp>,
    /// The warning that has been told.
    pub warned: Option<Warning>,
}

/// A pause that the user asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// When it ends by itself; `None` if the user must end it.
    pub until: Option<Timestamp>,
}

/// The good latencies lately seen, for what is usual.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent(Vec<Duration>);
