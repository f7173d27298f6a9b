//! How the load of a fleet is to what it should be.

use super::tally::Tally;
use crate::fleet::decision::Reason;

/// A load that is by no more than this part of it off what it is to be is as it is to be.
pub const BAND: f64 = 0.1;
/// So much of an instance is not worth one: loads are not exact.
const SPECK: f64 = 1e-3;

/// How the load is to what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// No load is known.
    Unknown,
    /// There are too few, even when those that boot are there and those that are not heard of are idle.
    Above,
    /// As it is to be, or near enough, or it will be.
    Within,
    /// There are more than needed, even if those that are not heard of are full.
    Below,
}

/// The load of a fleet, measured by what it is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measure {
    pub(super) level: Level,
    /// The mean of the loads that are known.
    pub(super) mean: Option<f64>,
    /// The load needs so many instances.
    pub(super) need: Option<u32>,
    /// The sum of all loads, those that are not known taken as full.
    pub(super) full: f64,
}

impl Measure {
    pub(super) fn of(tally: &Tally, load: f64) -> Self {
        let size = f64::from(tally.size());
        let full = tally.load + f64::from(tally.unknown());
        let mean = tally.mean();
        let (level, need) = match mean {
            None => (Level::Unknown, None),
            Some(_) if tally.load > size * load * (1.0 + BAND) => (Level::Above, Some(needed(tally.load, load))),
            Some(_) if full < size * load * (1.0 - BAND) => (Level::Below, Some(needed(full, load))),
            Some(_) => (Level::Within, Some(tally.size())),
        };
        Self { level, mean, need, full }
    }

    /// What there is to say of it, `load` being what it is to be.
    pub(super) fn reason(&self, load: f64) -> Reason {
        let (Some(mean), Some(need)) = (self.mean, self.need) else { return Reason::NothingKnown };
        if mean > load * (1.0 + BAND) {
            Reason::Above { mean, load, need }
        } else if mean < load * (1.0 - BAND) {
            Reason::Below { mean, load, need }
        } else {
            Reason::Within { mean, load }
        }
    }
}

/// So many instances make the mean of a load `sum` at most `load`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast saturates, and a sum is not negative"
)]
pub(super) fn needed(sum: f64, load: f64) -> u32 {
    (sum / load - SPECK).ceil() as u32
}
