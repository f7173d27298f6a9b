//! Decisions: what was done with a fleet, why, and what was not done and why not, as data. [`crate::words`] puts it in the
//! reader's language.

use std::{mem::discriminant, sync::Arc};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is decided of a fleet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// So many instances are launched; or removed, where it is negative.
    pub change: i32,
    /// So many of those that are launched take the place of failed and lost ones.
    #[serde(default)]
    pub replaced: u32,
    /// Those that are removed, the first first. Beside the `-change` of them there may be failed and lost ones, which are
    /// replaced.
    pub victims: Vec<Arc<str>>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What was not done, and why not.
    pub rejected: Vec<Rejected>,
    /// The load needs so many instances now, within no bounds; what the rule goes by later. As many as there are, where the load
    /// is near enough to what it is to be; nothing where too little is known.
    pub need: Option<u32>,
}

impl Decision {
    /// Whether anything is done.
    pub fn acts(&self) -> bool {
        self.change != 0 || !self.victims.is_empty()
    }

    /// Whether nothing is done because so little is heard of the fleet.
    pub fn is_held(&self) -> bool {
        self.rejected.iter().any(|rejected| rejected.what == Rejection::Change)
    }

    /// Whether it says the same as `other`: reasons and rejections of the same kinds, whatever their figures are.
    pub fn says_what(&self, other: &Self) -> bool {
        let kinds = |decision: &Self| {
            let reasons: Vec<_> = decision.reasons.iter().map(discriminant).collect();
            let rejected = decision.rejected.iter();
            let rejected: Vec<_> = rejected.map(|no| (discriminant(&no.what), discriminant(&no.why))).collect();
            (reasons, rejected)
        };
        kinds(self) == kinds(other)
    }
}

/// A decision that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Its number in its fleet.
    pub number: u64,
    /// Its fleet.
    pub fleet: Arc<str>,
    /// When it was made.
    pub at: Timestamp,
    /// How many instances counted, then.
    pub instances: u32,
    /// The mean of the loads that were known, then; nothing where none was.
    pub mean: Option<f64>,
    /// What was decided.
    pub decision: Decision,
}

/// Why something is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Reason {
    /// There are fewer than there should be at any time.
    Refill {
        /// So many are there.
        count: u32,
        /// So many should be.
        desired: u32,
    },
    /// There are more than there may be.
    OverMax {
        /// So many are there.
        count: u32,
        /// So many may be.
        max: u32,
    },
    /// The mean load is above what it is to be.
    Above {
        /// The mean load.
        mean: f64,
        /// What it is to be.
        load: f64,
        /// So many instances are needed.
        need: u32,
    },
    /// The mean load is below what it is to be.
    Below {
        /// The mean load.
        mean: f64,
        /// What it is to be.
        load: f64,
        /// So many instances are needed.
        need: u32,
    },
    /// The mean load is as it is to be, or near enough.
    Within {
        /// The mean load.
        mean: f64,
        /// What it is to be.
        load: f64,
    },
    /// By the clock, so many are wanted.
    Scheduled {
        /// So many.
        desired: u32,
    },
    /// An instance is replaced that was lost.
    ReplacesLost {
        /// Which.
        instance: Arc<str>,
    },
    /// An instance is replaced that failed to boot, or removed where no rule wants another in its place.
    ReplacesFailed {
        /// Which.
        instance: Arc<str>,
    },
    /// A user wants it.
    Asked,
    /// No load is known yet.
    NothingKnown,
}

/// Something that was not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// What.
    pub what: Rejection,
    /// Why not.
    pub why: Objection,
}

/// What was not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Rejection {
    /// Anything at all.
    Change,
    /// So many more were not launched.
    Launch {
        /// So many.
        count: u32,
    },
    /// So many were not removed.
    Shrink {
        /// So many.
        count: u32,
    },
    /// This one was not removed.
    Remove {
        /// Which.
        instance: Arc<str>,
    },
    /// This one was not replaced.
    Replace {
        /// Which.
        instance: Arc<str>,
    },
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Objection {
    /// There would be more than there may be.
    Max {
        /// So many may be.
        max: u32,
    },
    /// There would be fewer than there must be.
    Floor {
        /// So many must be.
        floor: u32,
    },
    /// It would change the mean load to this.
    Mean {
        /// The mean load without it.
        mean: f64,
    },
    /// Within the last minutes more were needed.
    Needed {
        /// So many.
        need: u32,
        /// So many seconds ago.
        seconds: u64,
    },
    /// Others boot still.
    Booting {
        /// So many.
        count: u32,
    },
    /// More launches than the budget allows.
    Budget {
        /// So many launches.
        launches: u32,
        /// Within so many seconds.
        seconds: u64,
    },
    /// It has turned from growing to shrinking and back too often.
    Flapping {
        /// So many times.
        turns: u32,
        /// Within so many seconds.
        seconds: u64,
    },
    /// Fewer than half of the instances are heard of.
    FewKnown {
        /// So many are.
        known: u32,
        /// Of so many.
        count: u32,
    },
    /// Many instances fell silent at once: perhaps it is the own network.
    ManySilent {
        /// So many.
        silent: u32,
        /// Of so many.
        count: u32,
    },
    /// It is protected.
    Protected,
    /// A user has launched it.
    ByUser,
    /// The fleet is switched off, or only a user may.
    OnlyUser,
}
