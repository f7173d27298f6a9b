//! Whether an instance that is silent is expected to come back.
//!
//! Accrual failure detection: N. Hayashibara, X. Défago, R. Yared and T. Katayama, “The φ Accrual Failure Detector”, SRDS
//! 2004. From how heartbeats came so far follows how likely it is that the next one comes later than now; φ is minus the
//! decimal logarithm of that, so at φ = 3 one in a thousand comes later. Gaps are taken as normally distributed, as there. Their
//! mean and variance are weighted towards the newest instead of kept in a window: a fleet has thousands of detectors.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::{Instant, Now};

/// Whether an instance is heard of as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// It is.
    Fresh,
    /// It has been silent for longer than it should.
    Suspect,
    /// It has been silent for so long that it is not expected to come back.
    Lost,
}

/// When an instance is suspect, or lost.
struct Limit {
    /// So many standard deviations after the mean, where φ is what it is to be.
    deviations: f64,
    /// But not before so many intervals, …
    earliest: f64,
    /// … and at the latest after so many.
    latest: f64,
    /// After so many, while too little has been heard to know how its heartbeats come.
    unknown: f64,
}

/// At φ = 3; but two heartbeats may be lost, and the third late.
const SUSPECT: Limit = Limit { deviations: 3.0902, earliest: 2.5, latest: 10.0, unknown: 3.5 };
/// At φ = 12; but a connection that was cut has time to be made again.
const LOST: Limit = Limit { deviations: 7.0345, earliest: 6.0, latest: 30.0, unknown: 12.0 };
/// After so many heartbeats it is known how they come.
const KNOWN_AFTER: u8 = 8;
/// So many of the newest heartbeats weigh the most.
const WEIGHTY: u8 = 32;
/// However evenly they came, the next may be late by this part of an interval: the deviation is not taken for less.
const LEAST_DEVIATION: f64 = 0.25;
/// A gap is not taken for longer than so many intervals: what was cut off for an hour is no less regular for it.
const LONGEST_GAP: f64 = 4.0;
/// Clocks are read one after the other: a machine that slept for less than this did not.
const NO_SLEEP: Duration = Duration::from_millis(500);

/// How heartbeats of an instance come, and when the last one came.
#[derive(Clone, Debug)]
pub struct Detector {
    /// How often they should come.
    interval: Duration,
    /// The longer of this interval and the one before it.
    patience: Duration,
    /// When the last one came, on the clock that stands still while the machine sleeps.
    last: Duration,
    /// How much the machine had slept then.
    slept: Duration,
    /// The mean of the gaps, in seconds.
    mean: f64,
    /// Their variance.
    variance: f64,
    /// How many there were, as far as it matters.
    gaps: u8,
}

impl Detector {
    /// Of an instance that has just announced itself, and sends a heartbeat at every `interval`.
    pub fn new(interval: Duration, now: Now) -> Self {
        Self {
            interval,
            patience: interval,
            last: now.awake(),
            slept: now.slept,
            mean: interval.as_secs_f64(),
            variance: 0.0,
            gaps: 0,
        }
    }

    /// A heartbeat came `ago`.
    pub fn heard(&mut self, ago: Duration, now: Now) {
        let at = now.awake().saturating_sub(ago);
        let Some(gap) = at.checked_sub(self.last) else { return };
        // What lies between two heartbeats of which one came before a sleep and one after it is no gap.
        if now.slept.saturating_sub(self.slept) < NO_SLEEP {
            self.learn(gap.as_secs_f64().min(self.interval.as_secs_f64() * LONGEST_GAP));
        }
        (self.last, self.slept) = (at, now.slept);
    }

    /// Weighs the newest gap by one of [`WEIGHTY`], or of all if there were fewer (West 1979).
    fn learn(&mut self, gap: f64) {
        self.gaps = (self.gaps + 1).min(WEIGHTY);
        let weight = 1.0 / f64::from(self.gaps);
        let off = gap - self.mean;
        self.mean += off * weight;
        self.variance = (1.0 - weight) * (self.variance + off * off * weight);
    }

    /// Heartbeats come at every `interval` from now on, or soon.
    pub fn set_interval(&mut self, interval: Duration) {
        if interval != self.interval {
            self.patience = interval.max(self.interval);
            self.interval = interval;
            self.gaps = 0;
        }
    }

    /// The machine has slept: the instance has to find it again before its silence means anything.
    pub fn woke(&mut self, now: Now) {
        (self.last, self.slept) = (now.awake(), now.slept);
    }

    /// For how long it has been silent; time asleep left out.
    pub fn silence(&self, now: Now) -> Duration {
        now.awake().saturating_sub(self.last)
    }

    /// Whether the instance is heard of as it should be.
    pub fn trust(&self, now: Now) -> Trust {
        let silence = self.silence(now);
        if silence >= self.reached(&LOST) {
            Trust::Lost
        } else if silence >= self.reached(&SUSPECT) {
            Trust::Suspect
        } else {
            Trust::Fresh
        }
    }

    /// When that changes if nothing is heard; nothing if it does not.
    pub fn due(&self, now: Now) -> Option<Instant> {
        let limit = match self.trust(now) {
            Trust::Fresh => &SUSPECT,
            Trust::Suspect => &LOST,
            Trust::Lost => return None,
        };
        Some(now.monotonic + self.reached(limit).saturating_sub(self.silence(now)))
    }

    /// φ, once enough was heard to know it.
    pub fn phi(&self, now: Now) -> Option<f64> {
        let deviations = (self.silence(now).as_secs_f64() - self.mean) / self.deviation();
        (self.gaps >= KNOWN_AFTER).then(|| phi(deviations))
    }

    fn deviation(&self) -> f64 {
        self.variance.sqrt().max(self.interval.as_secs_f64() * LEAST_DEVIATION)
    }

    /// A silence of this length reaches `limit`.
    fn reached(&self, limit: &Limit) -> Duration {
        if self.gaps < KNOWN_AFTER {
            return self.patience.mul_f64(limit.unknown);
        }
        let by_phi =
            Duration::try_from_secs_f64(self.mean + limit.deviations * self.deviation()).unwrap_or(Duration::MAX);
        by_phi.clamp(self.interval.mul_f64(limit.earliest), self.interval.mul_f64(limit.latest))
    }
}

/// Minus the decimal logarithm of how likely a normally distributed value lies so many deviations above its mean, or more.
fn phi(deviations: f64) -> f64 {
    if deviations < 0.0 {
        return -(1.0 - 10_f64.powf(-phi(-deviations))).log10();
    }
    // The tail is the density, times Mills' ratio: between its bounds of Birnbaum and Sampford, and exact at both ends.
    let root = (deviations * deviations + 8.0 / std::f64::consts::PI).sqrt();
    let ratio = 2.0 / (deviations + root);
    let density = -deviations * deviations / 2.0 - std::f64::consts::TAU.sqrt().ln();
    -(density + ratio.ln()) / std::f64::consts::LN_10
}
