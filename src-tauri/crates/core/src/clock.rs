//! What the clocks tell of the machine: that it slept, that somebody set the wall clock.

use std::time::Duration;

use crate::{observation::Cause, time::Now};

/// A sleep or a step of the wall clock that is shorter than this is not worth a word: clocks are read one after the
/// other, and time servers slew.
pub(crate) const THRESHOLD: Duration = Duration::from_secs(2);

/// What has happened to the clocks since they were last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClockChange {
    /// Time went by, and nothing else.
    Nothing,
    /// The machine slept for so long.
    Slept(Duration),
    /// The wall clock was set by so many seconds, forwards or backwards.
    Set(i64),
}

/// The clocks as last read.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    last: Now,
    steps: u64,
    last_step: Cause,
}

impl Clock {
    pub(crate) fn new(now: Now) -> Self {
        Self { last: now, steps: 0, last_step: Cause::Slept }
    }

    /// Takes a reading. A sleep is told before a step; both at once are told one after the other.
    pub(crate) fn read(&mut self, now: Now) -> ClockChange {
        let before = self.last;
        let slept = now.slept.saturating_sub(before.slept);
        let passed = now.monotonic.since(before.monotonic);
        let set = offset_change(before, now, passed);
        self.last = now;
        if slept >= THRESHOLD {
            self.steps += 1;
            self.last_step = Cause::Slept;
            ClockChange::Slept(slept)
        } else if set.unsigned_abs() >= THRESHOLD.as_secs() {
            self.steps += 1;
            self.last_step = Cause::ClockSet;
            ClockChange::Set(set)
        } else {
            ClockChange::Nothing
        }
    }

    /// How many sleeps and steps there have been; a probe during which this changed is not to be trusted.
    pub(crate) fn steps(&self) -> u64 {
        self.steps
    }

    /// What the last of them was, as the cause of a probe that says nothing.
    pub(crate) fn last_step(&self) -> Cause {
        self.last_step.clone()
    }
}

/// By how many whole seconds the wall clock moved more than the boot clock did.
fn offset_change(before: Now, now: Now, passed: Duration) -> i64 {
    let wall = now.utc.duration_since(before.utc);
    let passed = jiff::SignedDuration::try_from(passed).unwrap_or(jiff::SignedDuration::MAX);
    wall.saturating_sub(passed).as_secs()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::time::Instant;

    fn reading(boot: u64, slept: u64, utc: i64) -> Now {
        Now {
            monotonic: Instant::from_boot(Duration::from_secs(boot)),
            slept: Duration::from_secs(slept),
            utc: Timestamp::from_second(utc).unwrap(),
        }
    }

    #[test]
    fn sleep_and_steps_are_told_apart_from_time_going_by() {
        let check = |later: Now, wanted: ClockChange| {
            assert_eq!(Clock::new(reading(100, 10, 5000)).read(later), wanted);
        };
        check(reading(160, 10, 5060), ClockChange::Nothing);
        check(reading(160, 11, 5060), ClockChange::Nothing);
        check(reading(3700, 3600, 8600), ClockChange::Slept(Duration::from_secs(3590)));
        check(reading(160, 10, 8660), ClockChange::Set(3600));
        check(reading(160, 10, 1460), ClockChange::Set(-3600));
        check(reading(160, 10, 5061), ClockChange::Nothing);
    }
}
