//! Health, incidents and the messages about them: what is remembered of a monitor.

use std::{fmt, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    check::Kind,
    fleet::{Trouble, command::ProviderErrorKind},
    flow::{Otherwise, run::RunRecord},
    ids::{IncidentId, MessageId, RunId},
    observation::{Failure, Warning},
    program::{Ended, ProgramTrouble},
    remedy::Attempt,
    time::elapsed,
};

/// A monitor's state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// No probe has said anything yet.
    #[default]
    Unknown,
    /// The last conclusive probes were good.
    Up,
    /// Some were bad, but not yet enough in a row.
    Suspect,
    /// Enough were bad in a row; an incident is open.
    Down,
    /// It was Down and some were good, but not yet enough in a row.
    Recovering,
    /// It is not being checked.
    Paused,
}

impl Health {
    /// Its word, in lower case.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Up => "up",
            Self::Suspect => "suspect",
            Self::Down => "down",
            Self::Recovering => "recovering",
            Self::Paused => "paused",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One stretch of Down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// Whose it is.
    pub monitor: Arc<str>,
    /// When the first failed probe of the stretch began.
    pub opened: Timestamp,
    /// When the first good probe after it began; `None` while it is open.
    pub closed: Option<Timestamp>,
    /// Why the first probe failed.
    pub cause: Failure,
    /// Why the last probe failed.
    pub last: Failure,
    /// When the user said to know of it.
    pub acknowledged: Option<Timestamp>,
    /// How it was before.
    pub before: Before,
    /// What was done to heal it, the first try first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// So many of the tries were those of a remedy that the configuration no longer has: the one in force has tries of
    /// its own.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub earlier_attempts: usize,
    /// When its remedy was given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated: Option<Timestamp>,
    /// How long it lasted, or had lasted when this was said, by a clock that nobody sets: what the wall clock showed at its
    /// ends is `opened` and `closed`. Nothing where it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<Duration>,
}

impl Incident {
    /// How long it lasted, or has at `now`.
    pub fn lasted(&self, now: Timestamp) -> Duration {
        self.measured.unwrap_or_else(|| elapsed(self.opened, self.closed.unwrap_or(now)))
    }

    /// Whether it began with a figure that was beyond its limit, and not with something that was not there.
    pub const fn is_over_limit(&self) -> bool {
        self.cause.cause.is_beyond_limit()
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How a monitor was before it went down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// Since when it had been Up.
    pub up_since: Option<Timestamp>,
    /// When the last good probe began.
    pub last_good: Option<Timestamp>,
    /// The median latency of the last good probes.
    pub usual_latency: Option<Duration>,
}

/// One message to one channel: the alerts that went out, or will go out, together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// The channel's name.
    pub channel: String,
    /// What it tells, in the order in which it happened; at least one.
    pub alerts: Vec<Alert>,
    /// When its first alert arose.
    pub created: Timestamp,
    /// The messages of this conversation before it, the first one first.
    pub answers: Vec<MessageId>,
    /// How far it has come.
    pub delivery: Delivery,
}

impl Message {
    /// Whether it is neither delivered nor given up.
    pub fn is_pending(&self) -> bool {
        matches!(self.delivery, Delivery::Waiting { .. } | Delivery::Sending { .. })
    }
}

/// How far a message has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Delivery {
    /// It waits: for others to join, for quiet hours to end, or for the next try.
    Waiting {
        /// How many tries have failed.
        failed: u32,
        /// Why the last one did.
        error: Option<String>,
        /// Whether the receiver may have got it all the same, so that it must stay as it is.
        perhaps_received: bool,
    },
    /// A try is under way.
    Sending {
        /// How many tries have failed before.
        failed: u32,
        /// Whether the receiver may have got it at one of those.
        perhaps_received: bool,
    },
    /// The channel took it.
    Delivered {
        /// When.
        at: Timestamp,
    },
    /// Another message tells what it had to tell.
    Merged {
        /// The other message.
        into: MessageId,
    },
    /// It was not sent: what it asks was answered before, or is not asked any more.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
    /// It was given up.
    Abandoned {
        /// When.
        at: Timestamp,
        /// Why the last try failed.
        error: String,
    },
}

/// One thing to tell of one monitor or program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The name of the monitor, or of the program if there is no `check`.
    #[serde(alias = "monitor")]
    pub subject: Arc<str>,
    /// The kind of the monitor's check; none if a program is told of.
    pub check: Option<Kind>,
    /// What is checked (a URL, `host:port`, a process name, a command), or what the program runs.
    pub target: String,
    /// What there is to tell.
    pub news: News,
}

/// What there is to tell of a monitor, a program or the configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum News {
    /// It is down.
    Down {
        /// The incident as it stands.
        incident: Incident,
    },
    /// It is still down.
    Reminder {
        /// The incident as it stands.
        incident: Incident,
    },
    /// It was down and is up again. In a message that had no chance to tell the beginning, this tells both.
    Recovered {
        /// The incident from end to end.
        incident: Incident,
    },
    /// It goes up and down; single incidents are not told until it has settled.
    Flapping {
        /// How many times it went down.
        times: u32,
        /// Within how long.
        within: Duration,
        /// The newest incident.
        incident: Incident,
    },
    /// It fails now and then, though never often enough in a row to be down.
    Unsteady {
        /// How many times it was suspected in vain.
        times: u32,
        /// Within how long.
        within: Duration,
        /// Why the last of those probes failed.
        failure: Failure,
    },
    /// It no longer goes up and down, or is no longer unsteady.
    Settled {
        /// What it has settled to: Up or Down.
        health: Health,
        /// The newest incident; none where it was only unsteady.
        #[serde(default)]
        incident: Option<Incident>,
    },
    /// It is up, but not for long.
    Warning {
        /// What will happen.
        warning: Warning,
    },
    /// It is still down: its remedy did not heal it and is given up.
    Escalated {
        /// The incident as it stands.
        incident: Incident,
    },
    /// A program was started too many times, or cannot be started: it is tried only every five minutes now.
    Cooling {
        /// Why.
        trouble: ProgramTrouble,
        /// How it ended the last time, if it ever ran.
        last_end: Option<Ended>,
    },
    /// A program that was cooling has run well for a while.
    Steady,
    /// A run of a flow that was to heal nothing has failed.
    RunFailed {
        /// The run with its steps.
        run: Box<RunRecord>,
    },
    /// A run of a flow was not begun, since as many began as its budget allows.
    Suppressed {
        /// So many.
        runs: u32,
        /// Within this.
        within: Duration,
    },
    /// A step of a flow asks whether it may go on.
    Approval {
        /// The run.
        run: RunId,
        /// The step's name.
        step: Arc<str>,
        /// What it asks.
        question: String,
        /// Until when.
        until: Timestamp,
        /// What it comes to if nobody answers.
        otherwise: Otherwise,
    },
    /// A step of a flow has something to tell.
    Told {
        /// The run.
        run: RunId,
        /// The step's name.
        step: Arc<str>,
        /// What it tells.
        text: String,
    },
    /// Something is wrong with a fleet.
    FleetTrouble {
        /// What.
        trouble: Trouble,
        /// What the provider said, or which instance it is; nothing where there is no more to say.
        #[serde(default)]
        why: Option<String>,
        /// What kind of reason the provider has not to launch.
        #[serde(default)]
        reason: Option<ProviderErrorKind>,
    },
    /// What was wrong with a fleet is no more.
    FleetWell {
        /// What it was.
        trouble: Trouble,
    },
    /// The configuration file is refused, and Estatus has started with its last good version.
    Stale {
        /// What is wrong with it: a line for each problem.
        error: String,
        /// Where the last good version is kept.
        kept: String,
    },
}

impl News {
    /// The incident it is about.
    pub fn incident(&self) -> Option<&Incident> {
        match self {
            Self::Down { incident }
            | Self::Reminder { incident }
            | Self::Recovered { incident }
            | Self::Flapping { incident, .. }
            | Self::Escalated { incident } => Some(incident),
            Self::Settled { incident, .. } => incident.as_ref(),
            Self::Unsteady { .. }
            | Self::Warning { .. }
            | Self::Cooling { .. }
            | Self::Steady
            | Self::RunFailed { .. }
            | Self::Suppressed { .. }
            | Self::Approval { .. }
            | Self::Told { .. }
            | Self::FleetTrouble { .. }
            | Self::FleetWell { .. }
            | Self::Stale { .. } => None,
        }
    }

    /// The conversation about its monitor that it belongs to.
    pub(crate) fn conversation(&self) -> Option<IncidentId> {
        match self {
            Self::Unsteady { .. } | Self::Settled { incident: None, .. } => Some(IncidentId::UNSTEADY),
            news => news.incident().map(|incident| incident.id),
        }
    }

    /// The trouble of a fleet that it is about.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::FleetTrouble { trouble, .. } | Self::FleetWell { trouble } => Some(*trouble),
            _ => None,
        }
    }

    /// Whether it is bad news.
    pub fn is_bad(&self) -> bool {
        match self {
            Self::Down { .. }
            | Self::Reminder { .. }
            | Self::Flapping { .. }
            | Self::Unsteady { .. }
            | Self::Warning { .. }
            | Self::Escalated { .. }
            | Self::Cooling { .. }
            | Self::RunFailed { .. }
            | Self::Suppressed { .. }
            | Self::FleetTrouble { .. }
            | Self::Stale { .. } => true,
            Self::Recovered { .. }
            | Self::Steady
            | Self::FleetWell { .. }
            | Self::Approval { .. }
            | Self::Told { .. } => false,
            Self::Settled { health, .. } => *health == Health::Down,
        }
    }
}

/// How one try to deliver a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The channel took it.
    Delivered,
    /// The channel did not take it.
    Failed {
        /// What happened, to what, and what to do about it, in one sentence; holds no secret.
        error: String,
        /// Whether the receiver may have got it all the same: the connection broke after the whole message was sent.
        perhaps_received: bool,
        /// Whether trying again is of no use while the configuration stays as it is (a refused login, an unknown host).
        permanent: bool,
    },
}
