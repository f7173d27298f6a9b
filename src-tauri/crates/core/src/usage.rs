//! What programs and this machine use, as it is kept: what was measured, minute by minute.
//!
//! A minute is kept as it was at its first reading, and again once it is over: so what is new is there soon, and a kill costs
//! less than a minute. Minutes in which nothing was measured are left out.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that is measured.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum Measure {
    /// CPU in use: of a program in percent of one core, of the host in percent of all cores.
    Cpu,
    /// Memory in use, in percent.
    Memory,
    /// Memory in use, in bytes.
    MemoryBytes,
    /// The load average over one minute, in waiting threads.
    Load,
    /// Free disk space, in percent.
    DiskFreePercent {
        /// A path on the disk.
        path: String,
    },
    /// Free disk space, in bytes.
    DiskFreeBytes {
        /// A path on the disk.
        path: String,
    },
}

/// What was measured of something over a while, in its measure's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The least that was measured.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// What was measured in one minute.
#[derive(Clone, Debug, PartialEq)]
pub struct UsedMinute {
    /// A moment in it.
    pub at: Timestamp,
    /// What was measured.
    pub measures: Vec<(Measure, Spread)>,
}

/// Makes minutes of readings.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// The minute since 1970 that the newest reading was in.
    minute: Option<i64>,
    sums: BTreeMap<Measure, Sum>,
    /// Whether all that was read is in `kept`.
    is_kept: bool,
    /// What is to be written down.
    kept: Vec<UsedMinute>,
}

/// What was read of one measure in a minute.
#[derive(Clone, Copy, Debug)]
struct Sum {
    weighted: f64,
    weight: f64,
    least: f64,
    most: f64,
}

impl Recorder {
    /// Takes what was read at `at`, which holds for the time `over` before.
    pub(crate) fn read(&mut self, at: Timestamp, over: Duration, readings: impl IntoIterator<Item = (Measure, f64)>) {
        let minute = at.as_second().div_euclid(60);
        let is_new = self.minute != Some(minute);
        if is_new {
            self.keep();
            self.minute = Some(minute);
            self.sums.clear();
        }
        for (measure, value) in readings.into_iter().filter(|(_, value)| value.is_finite()) {
            self.sums.entry(measure).and_modify(|sum| sum.add(value, over)).or_insert_with(|| Sum::of(value, over));
            self.is_kept = false;
        }
        if is_new {
            self.keep();
        }
    }

    /// Nothing is read for a while: what was read in this minute is to be written down.
    pub(crate) fn keep(&mut self) {
        let at = self.minute.and_then(|minute| Timestamp::from_second(minute * 60).ok());
        if let Some(at) = at.filter(|_| !self.sums.is_empty() && !self.is_kept) {
            let measures = self.sums.iter().map(|(measure, sum)| (measure.clone(), sum.spread())).collect();
            self.kept.push(UsedMinute { at, measures });
        }
        self.is_kept = true;
    }

    /// What is to be written down; a later one of the same minute takes the place of an earlier one.
    pub(crate) fn take(&mut self) -> Vec<UsedMinute> {
        std::mem::take(&mut self.kept)
    }
}

impl Sum {
    fn of(value: f64, over: Duration) -> Self {
        let weight = weight(over);
        Self { weighted: value * weight, weight, least: value, most: value }
    }

    fn add(&mut self, value: f64, over: Duration) {
        let weight = weight(over);
        self.weighted += value * weight;
        self.weight += weight;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
    }

    fn spread(&self) -> Spread {
        Spread { mean: self.weighted / self.weight, least: self.least, most: self.most }
    }
}

/// No reading counts for nothing, or for more than a minute.
fn weight(over: Duration) -> f64 {
    over.clamp(Duration::from_millis(1), Duration::from_secs(60)).as_millis() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written down of the CPU: seconds of the minute's beginning, and the spread.
    fn check(readings: &[(i64, u64, f64)], expected: &[(i64, f64, f64, f64)]) {
        let mut recorder = Recorder::default();
        for (at, over, value) in readings {
            recorder.read(Timestamp::from_second(*at).unwrap(), Duration::from_secs(*over), [(Measure::Cpu, *value)]);
        }
        recorder.keep();
        recorder.keep();
        let kept: Vec<_> = recorder
            .take()
            .iter()
            .flat_map(|minute| minute.measures.iter().map(|(_, spread)| (minute.at.as_second(), *spread)))
            .map(|(at, Spread { mean, least, most })| (at, mean, least, most))
            .collect();
        assert_eq!(kept, expected, "{readings:?}");
        assert_eq!(recorder.take(), []);
    }

    #[test]
    fn a_minute_is_kept_at_its_first_reading_and_when_it_is_over() {
        check(&[], &[]);
        check(&[(61, 15, 8.0)], &[(60, 8.0, 8.0, 8.0)]);
        check(&[(61, 15, 8.0), (76, 15, 4.0)], &[(60, 8.0, 8.0, 8.0), (60, 6.0, 4.0, 8.0)]);
        check(
            &[(61, 15, 8.0), (76, 15, 4.0), (200, 1, 1.0)],
            &[(60, 8.0, 8.0, 8.0), (60, 6.0, 4.0, 8.0), (180, 1.0, 1.0, 1.0)],
        );
    }

    #[test]
    fn the_mean_is_over_time() {
        let first = (60, 100.0, 100.0, 100.0);
        check(&[(60, 2, 100.0), (70, 8, 50.0)], &[first, (60, 60.0, 50.0, 100.0)]);
        // What is said to hold for hours holds for no more than the minute.
        check(&[(60, 7_200, 100.0), (70, 20, 20.0)], &[first, (60, 80.0, 20.0, 100.0)]);
        check(&[(60, 0, 100.0), (60, 0, 50.0)], &[first, (60, 75.0, 50.0, 100.0)]);
    }

    #[test]
    fn a_clock_that_is_set_back_begins_another_minute() {
        check(
            &[(600, 15, 1.0), (615, 15, 3.0), (30, 15, 5.0)],
            &[(600, 1.0, 1.0, 1.0), (600, 2.0, 1.0, 3.0), (0, 5.0, 5.0, 5.0)],
        );
    }

    #[test]
    fn what_is_no_number_is_not_measured() {
        check(&[(60, 15, f64::NAN), (75, 15, f64::INFINITY)], &[]);
    }
}
