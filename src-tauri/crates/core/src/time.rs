//! Time as the core sees it: handed in, never read.

use std::{
    ops::{Add, Sub},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A point on the boot clock: the time since this machine started, sleep included.
///
/// It never goes back and no clock correction moves it, so every schedule and bound stands on it.
/// It means nothing after a restart of the machine, so it is never stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Instant(Duration);

impl Instant {
    /// The point that lies `since_boot` after the start of the machine.
    pub const fn from_boot(since_boot: Duration) -> Self {
        Self(since_boot)
    }

    /// The time from the start of the machine to this point.
    pub const fn since_boot(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to this point; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;
    fn add(self, rhs: Duration) -> Self {
        Self(self.0.saturating_add(rhs))
    }
}

impl Sub<Duration> for Instant {
    type Output = Self;
    fn sub(self, rhs: Duration) -> Self {
        Self(self.0.saturating_sub(rhs))
    }
}

/// A stretch that goes on, measured by the boot clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lasting {
    since: Instant,
    /// How long it had lasted then.
    before: Duration,
}

impl Lasting {
    /// One that begins at `at`.
    pub(crate) const fn begun(at: Instant) -> Self {
        Self { since: at, before: Duration::ZERO }
    }

    /// One that began in an earlier life of the engine, when the wall clock showed `began`: that clock is all that is
    /// known of the time until now.
    pub(crate) fn resumed(began: Timestamp, now: Now) -> Self {
        Self { since: now.monotonic, before: elapsed(began, now.utc) }
    }

    /// How long it has lasted at `at`.
    pub(crate) const fn until(self, at: Instant) -> Duration {
        self.before.saturating_add(at.since(self.since))
    }
}

/// One reading of all three clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The boot clock, sleep included.
    pub monotonic: Instant,
    /// How much of the time since boot the machine was asleep.
    pub slept: Duration,
    /// The wall clock.
    pub utc: Timestamp,
}

impl Now {
    /// How long this machine has been awake since it started.
    pub const fn awake(&self) -> Duration {
        self.monotonic.since_boot().saturating_sub(self.slept)
    }

    /// The wall-clock time that belongs to the boot-clock point `at`, by today's offset between the two.
    pub fn utc_of(&self, at: Instant) -> Timestamp {
        if at >= self.monotonic {
            later(self.utc, at.since(self.monotonic))
        } else {
            earlier(self.utc, self.monotonic.since(at))
        }
    }

    /// The boot-clock point that belongs to the wall-clock time `at`, by today's offset between the two.
    pub fn instant_of(&self, at: Timestamp) -> Instant {
        if at >= self.utc { self.monotonic + elapsed(self.utc, at) } else { self.monotonic - elapsed(at, self.utc) }
    }
}

/// `at + by`, stopping at the end of what a timestamp can hold.
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// `at - by`, stopping at the beginning of what a timestamp can hold.
pub fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

/// The time from `from` to `to`; zero if `to` is not later.
pub fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
