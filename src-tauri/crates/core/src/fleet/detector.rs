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
    /// But not before so many intervals.
    earliest: f64,
    /// After so many, while too little has been heard to know how its heartbeats come.
    unknown: f64,
}

/// At φ = 3; but two heartbeats may be lost, and the third late.
const SUSPECT: Limit = Limit { deviations: 3.0902, earliest: 2.5, unknown: 3.5 };
/// At φ = 12; but a connection that was cut has time to be made again.
const LOST: Limit = Limit { deviations: 7.0345, earliest: 6.0, unknown: 12.0 };
/// After so many heartbeats it is known how they come.
const KNOWN_AFTER: u8 = 8;
/// So many of the newest heartbeats weigh the most.
const WEIGHTY: u8 = 32;
/// However evenly they came, the next may be late by this part of an interval: the deviation is not taken for less.
const LEAST_DEVIATION: f64 = 0.25;
/// A gap is not taken for longer than so many intervals: what was cut off for an hour is no less regular for it, and however
/// heartbeats come, one that is silent for 17 intervals is lost.
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
        let by_phi = self.mean + limit.deviations * self.deviation();
        Duration::from_secs_f64(by_phi.max(0.0)).max(self.interval.mul_f64(limit.earliest))
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    const EVERY: Duration = Duration::from_secs(5);

    fn at(awake: f64, slept: f64) -> Now {
        Now {
            monotonic: Instant::from_boot(Duration::from_secs_f64(1000.0 + awake + slept)),
            slept: Duration::from_secs_f64(slept),
            utc: Timestamp::UNIX_EPOCH,
        }
    }

    /// A detector that has heard heartbeats with these gaps, and when the last one came.
    fn heard(every: Duration, gaps: &[f64]) -> (Detector, f64) {
        let (mut detector, mut awake) = (Detector::new(every, at(0.0, 0.0)), 0.0);
        for gap in gaps {
            awake += gap;
            detector.heard(Duration::ZERO, at(awake, 0.0));
        }
        (detector, awake)
    }

    /// When it is suspect, and when lost, in seconds since the last heartbeat.
    fn limits(detector: &Detector, last: f64) -> (f64, f64) {
        let now = at(last, 0.0);
        let after = |now: Now| detector.due(now).unwrap().since_boot().as_secs_f64() - 1000.0 - last;
        let suspect = after(now);
        (suspect, after(at(last + suspect + 0.001, 0.0)))
    }

    #[test]
    fn how_long_it_may_be_silent_follows_from_how_its_heartbeats_came() {
        let check = |gaps: &[f64], suspect: f64, lost: f64| {
            let (detector, last) = heard(EVERY, gaps);
            let (found, then) = limits(&detector, last);
            assert!((found - suspect).abs() < 0.6 && (then - lost).abs() < 0.6, "{found} and {then} after {gaps:?}");
        };
        // Little is known.
        check(&[], 17.5, 60.0);
        check(&[5.0; 7], 17.5, 60.0);
        // As even as they can be: at least two may be lost.
        check(&[5.0; 8], 12.5, 30.0);
        check(&[5.0; 500], 12.5, 30.0);
        check(&[4.0, 6.0].repeat(50), 12.5, 30.0);
        // One in two comes late by a whole one, and the next makes up for it.
        check(&[9.0, 1.0].repeat(50), 17.5, 33.5);
        check(&[1.0, 1.0, 1.0, 17.0].repeat(50), 26.9, 54.7);
        // However wild they come, there is an end to it.
        check(&[0.1, 60.0, 0.1, 60.0, 60.0].repeat(20), 42.2, 80.5);
        // What was cut off for an hour is no less regular for it, after a while.
        let mut gaps = vec![5.0; 100];
        gaps.push(3600.0);
        gaps.extend([5.0; 100]);
        check(&gaps, 12.5, 30.0);
    }

    #[test]
    fn it_is_fresh_then_suspect_then_lost_and_fresh_again_once_it_is_heard() {
        let (mut detector, last) = heard(EVERY, &[5.0; 20]);
        let check = |detector: &Detector, silent: f64, wanted: Trust| {
            assert_eq!(detector.trust(at(last + silent, 0.0)), wanted, "after {silent} s");
        };
        check(&detector, 12.4, Trust::Fresh);
        check(&detector, 12.6, Trust::Suspect);
        check(&detector, 29.9, Trust::Suspect);
        check(&detector, 30.1, Trust::Lost);
        assert_eq!(detector.due(at(last + 31.0, 0.0)), None);
        // One that comes too late to be the last one changes nothing.
        detector.heard(Duration::from_secs(60), at(last + 31.0, 0.0));
        check(&detector, 31.0, Trust::Lost);
        detector.heard(Duration::from_secs(2), at(last + 31.0, 0.0));
        check(&detector, 31.0, Trust::Fresh);
        assert_eq!(detector.silence(at(last + 31.0, 0.0)), Duration::from_secs(2));
    }

    #[test]
    fn time_asleep_is_no_silence_and_what_was_cut_by_it_may_come_back() {
        let (mut detector, last) = heard(EVERY, &[5.0; 20]);
        let hour = 3600.0;
        assert_eq!(detector.trust(at(last + 4.0, hour)), Trust::Fresh);
        assert_eq!(detector.trust(at(last + 13.0, hour)), Trust::Suspect);
        detector.woke(at(last + 13.0, hour));
        assert_eq!(detector.trust(at(last + 25.0, hour)), Trust::Fresh);
        // What lies over a sleep teaches nothing.
        let mut other = detector.clone();
        other.heard(Duration::ZERO, at(last + 33.0, 2.0 * hour));
        let before = limits(&detector, last + 13.0);
        assert_eq!(limits(&other, last + 33.0), before);
    }

    #[test]
    fn an_interval_that_changes_makes_nobody_suspect() {
        for (old, new) in [(5.0, 60.0), (60.0, 5.0)] {
            let (mut detector, mut last) = heard(Duration::from_secs_f64(old), &[old; 50]);
            detector.set_interval(Duration::from_secs_f64(new));
            // It is told only with its next heartbeat.
            for gap in [vec![old], vec![new; 40]].concat() {
                assert_eq!(detector.trust(at(last + gap, 0.0)), Trust::Fresh, "from {old} to {new}");
                last += gap;
                detector.heard(Duration::ZERO, at(last, 0.0));
            }
            let (suspect, lost) = limits(&detector, last);
            assert!(
                (suspect - 2.5 * new).abs() < 0.1 * new && (lost - 6.0 * new).abs() < 0.1 * new,
                "{suspect} {lost}"
            );
            let known = limits(&detector, last);
            detector.set_interval(Duration::from_secs_f64(new));
            assert_eq!(limits(&detector, last), known);
        }
    }

    #[test]
    fn phi_is_minus_the_logarithm_of_how_likely_it_still_comes() {
        // From tables of the normal distribution.
        for (deviations, wanted) in
            [(-2.0, 0.00999), (-1.0, 0.07506), (0.5, 0.51069), (1.0, 0.79955), (3.0902, 3.0), (7.0345, 12.0)]
        {
            assert!((phi(deviations) - wanted).abs() < 0.025, "{} at {deviations}", phi(deviations));
        }
        let (detector, last) = heard(EVERY, &[9.0, 1.0].repeat(50));
        let (suspect, lost) = limits(&detector, last);
        let phi = |silent: f64| detector.phi(at(last + silent, 0.0)).unwrap();
        assert!((phi(suspect) - 3.0).abs() < 0.05 && (phi(lost) - 12.0).abs() < 0.05);
        assert_eq!(heard(EVERY, &[5.0; 7]).0.phi(at(99.0, 0.0)), None);
    }

    proptest! {
        #[test]
        fn whoever_is_late_by_less_than_an_interval_is_never_suspect(
            every in 1.0..120.0_f64,
            lateness in proptest::collection::vec(0.0..1.0_f64, 2..200),
        ) {
            let mut detector = Detector::new(Duration::from_secs_f64(every), at(0.0, 0.0));
            for (beat, late) in (1..).zip(lateness) {
                let now = at(every * (f64::from(beat) + late), 0.0);
                prop_assert_eq!(detector.trust(now), Trust::Fresh);
                detector.heard(Duration::ZERO, now);
            }
        }

        #[test]
        fn it_changes_when_it_is_due_and_not_before(gaps in proptest::collection::vec(0.0..60.0_f64, 0..60), silent in 0.0..200.0_f64) {
            let (detector, last) = heard(EVERY, &gaps);
            let now = at(last + silent, 0.0);
            if let Some(due) = detector.due(now) {
                let after = due.since_boot().as_secs_f64() - 1000.0;
                let before = (after - 0.001).max(last + silent);
                prop_assert_eq!(detector.trust(at(before, 0.0)), detector.trust(now));
                prop_assert!(detector.trust(at(after + 0.001, 0.0)) > detector.trust(now));
            }
        }
    }
}
