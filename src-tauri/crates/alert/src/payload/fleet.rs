//! What is wrong with a fleet, or was.

use estatus_core::{
    fleet::{Trouble, command::ProviderErrorKind},
    incident::{Alert, News},
    words::Words,
};
use serde::Serialize;

use crate::report::fleet::{lost, remedy, said};

/// Something that is wrong with a fleet, or no longer is.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadFleet {
    /// What: `cannot_launch` (instances cannot be launched), `at_max` (it has needed more instances than its `max` for long),
    /// `lost` (an instance has been silent for so long that it is given up) or `held` (too many are silent at once, so none is
    /// launched or removed).
    pub trouble: &'static str,
    /// What the provider said, in one line, if instances cannot be launched.
    pub why: Option<String>,
    /// What kind of reason that is: `credentials`, `configuration`, `capacity`, `throttled`, `unreachable` or `other`.
    pub why_kind: Option<ProviderErrorKind>,
    /// The instance that was lost; where there are several, one of them.
    pub instance: Option<String>,
    /// What to do about it, or what Estatus does, in one sentence without a full stop; `null` once it is over.
    pub next: Option<String>,
}

impl PayloadFleet {
    /// What is wrong, or was, with the fleet that `alert` tells of, if it does.
    pub(super) fn new(alert: &Alert, words: &Words) -> Option<Self> {
        let (trouble, why_kind, next) = match &alert.news {
            News::FleetTrouble { trouble, reason, .. } => {
                (*trouble, *reason, Some(remedy(*trouble, *reason, &alert.subject, words)))
            }
            News::FleetWell { trouble } => (*trouble, None, None),
            _ => return None,
        };
        Some(Self { trouble: word(trouble), why: said(&alert.news), why_kind, instance: lost(&alert.news), next })
    }
}

const fn word(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::CannotLaunch => "cannot_launch",
        Trouble::AtMax => "at_max",
        Trouble::Lost => "lost",
        Trouble::Held => "held",
    }
}
