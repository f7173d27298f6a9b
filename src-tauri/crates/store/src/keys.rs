//! Keys of the tables, and the calendar of the rollups: hours and days of UTC, in milliseconds since 1970.

use std::time::Duration;

use estatus_core::Timestamp;

/// Milliseconds since 1970, by the wall clock.
pub(crate) type Millis = i64;

pub(crate) const MINUTE: Millis = 60 * 1000;
pub(crate) const HOUR: Millis = 60 * MINUTE;
pub(crate) const DAY: Millis = 24 * HOUR;
/// The stretch of one chunk of observations.
pub(crate) const QUARTER: Millis = HOUR / 4;

/// The year 2248; later times count as this one, so that a key has room for time and monitor.
const LAST: Millis = (1 << 43) - 1;
const NUMBER_BITS: u32 = 20;

/// A monitor's number in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MonitorId(i64);

impl MonitorId {
    /// The lowest number.
    pub(crate) const FIRST: Self = Self(0);

    /// `None` for a number that no key has room for.
    pub(crate) fn new(number: i64) -> Option<Self> {
        (0..1 << NUMBER_BITS).contains(&number).then_some(Self(number))
    }

    pub(crate) fn number(self) -> i64 {
        self.0
    }
}

/// The number of a series of what is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeriesId(i64);

impl SeriesId {
    /// `None` for a number that no key has room for.
    pub(crate) fn new(number: i64) -> Option<Self> {
        (0..1 << NUMBER_BITS).contains(&number).then_some(Self(number))
    }

    /// Key of `usage_minute`, `usage_hour` and `usage_day`: first by time (number of the minute, hour or day), as [`by_time`].
    pub(crate) fn at(self, time: i64) -> i64 {
        first_at(time) | self.0
    }
}

/// Key of `log`, `hour` and `day`: first by time (milliseconds, number of the hour, number of the day), so that what
/// is new goes to the end of the table and what is old leaves at its beginning.
pub(crate) fn by_time(time: i64, monitor: MonitorId) -> i64 {
    first_at(time) | monitor.0
}

/// The first key of [`by_time`] that `time` can have.
pub(crate) fn first_at(time: i64) -> i64 {
    time.clamp(0, LAST) << NUMBER_BITS
}

/// Time and monitor of a key of [`by_time`].
pub(crate) fn split_by_time(key: i64) -> (i64, MonitorId) {
    (key >> NUMBER_BITS, MonitorId(key & ((1 << NUMBER_BITS) - 1)))
}

/// Key of `chunk`: first by monitor, so that the chunk before another is found at once.
pub(crate) fn by_monitor(monitor: MonitorId, at: Millis) -> i64 {
    (monitor.0 << 32) | (at.clamp(0, LAST) / QUARTER)
}

/// The start of the chunk with a key of [`by_monitor`].
pub(crate) fn chunk_start(key: i64) -> Millis {
    (key & ((1 << 32) - 1)) * QUARTER
}

pub(crate) fn millis(at: Timestamp) -> Millis {
    at.as_millisecond().clamp(0, LAST)
}

pub(crate) fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::MAX)
}

/// A length in milliseconds, at most the whole of time.
pub(crate) fn length(of: Duration) -> Millis {
    Millis::try_from(of.as_millis()).unwrap_or(LAST).min(LAST)
}

pub(crate) fn duration(of: Millis) -> Duration {
    Duration::from_millis(u64::try_from(of).unwrap_or(0))
}

/// The last multiple of `unit` that is not later than `at`.
pub(crate) fn floor(at: Millis, unit: Millis) -> Millis {
    at - at.rem_euclid(unit)
}

/// The first multiple of `unit` that is not earlier than `at`.
pub(crate) fn ceil(at: Millis, unit: Millis) -> Millis {
    floor(at.saturating_add(unit - 1), unit)
}

/// Numbers beyond what SQLite can hold do not arise: they count incidents, runs and messages.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
