//! How the load of a fleet is to what it should be.

use super::tally::Tally;
use crate::fleet::decision::Reason;

/// The dead band: a load that is off by no more than this part of what it is to be is near enough.
pub const BAND: f64 = 0.1;
/// What is left by a shrinking fleet lies in the lower half of the band, so that not the next breath has it grow again.
const HEADROOM: f64 = BAND / 2.0;
/// No load is more than full: however full a fleet is to be, a mean above this is above the band.
const NEARLY_FULL: f64 = 0.98;
/// For so much of an instance there is none: loads are not exact.
const SPECK: f64 = 1e-3;
/// Loads come as 32 bits: two that differ by no more than this are the same.
const SAME: f64 = 1e-6;

/// How the load is to what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// No load is known.
    Unknown,
    /// There are too few, even when those that boot are there and those that are not heard of are idle.
    Above,
    /// Near enough, or it will be.
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
    full: f64,
    /// What the mean load is to be.
    load: f64,
}

impl Measure {
    pub(super) fn of(tally: &Tally, load: f64) -> Self {
        let size = f64::from(tally.size());
        let full = tally.load + f64::from(tally.unknown());
        let mean = tally.mean();
        let (level, need) = if mean.is_none() {
            (Level::Unknown, None)
        } else if is_above(tally.load, size, load, BAND) {
            (Level::Above, Some(needed(tally.load, load).max(tally.size() + 1)))
        } else if is_below(full, size * load, BAND) {
            (Level::Below, Some(needed(full, load * (1.0 - HEADROOM)).min(tally.size())))
        } else {
            (Level::Within, Some(tally.size()))
        };
        Self { level, mean, need, full, load }
    }

    /// What there is to say of the mean.
    pub(super) fn reason(&self) -> Reason {
        self.reason_beyond(BAND)
    }

    /// The same, where near enough is not enough.
    pub(super) fn exact_reason(&self) -> Reason {
        self.reason_beyond(0.0)
    }

    fn reason_beyond(&self, band: f64) -> Reason {
        let load = self.load;
        let (Some(mean), Some(need)) = (self.mean, self.need) else { return Reason::NothingKnown };
        if is_above(mean, 1.0, load, band) {
            Reason::Above { mean, load, need }
        } else if is_below(mean, load, band) {
            Reason::Below { mean, load, need }
        } else {
            Reason::Within { mean, load }
        }
    }

    /// The mean that so many would have, if that is more than a fleet may be left with.
    pub(super) fn too_much_for(&self, size: u32) -> Option<f64> {
        let mean = self.full / f64::from(size);
        (mean > self.load * (1.0 - HEADROOM)).then_some(mean)
    }
}

/// Whether the loads of `size` instances are, in sum, above a band about `wanted` each.
fn is_above(sum: f64, size: f64, wanted: f64, band: f64) -> bool {
    sum > size * upper_edge(wanted, band) * (1.0 + SAME)
}

/// The mean load above which there are too few, where it is to be `wanted` with a band of this width about it.
pub(crate) fn upper_edge(wanted: f64, band: f64) -> f64 {
    let edge = wanted * (1.0 + band);
    // A band of no width is the document's rule, which is kept to the letter.
    if band > 0.0 { edge.min(NEARLY_FULL) } else { edge }
}

/// Whether `load` is below a band about `wanted`.
fn is_below(load: f64, wanted: f64, band: f64) -> bool {
    load < wanted * (1.0 - band - SAME)
}

/// So many instances make the mean at most `load`, where the sum is `sum`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates, and no sum is negative")]
pub(super) fn needed(sum: f64, load: f64) -> u32 {
    (sum / load - SPECK).ceil() as u32
}
