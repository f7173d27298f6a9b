//! When a flow is due by its schedule, and what was missed.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    flow::{CatchUp, Schedule},
    time::{earlier, elapsed, later},
};

/// A time of a schedule that has passed by more than this was missed.
const LATE: Duration = Duration::from_secs(60);
/// Where the clock was set back by less than this, nothing is due a second time by a cron expression, as cron(8) has it.
const SET_BACK: Duration = Duration::from_secs(3 * 60 * 60);

/// What is due of a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DueTimes {
    /// The times for which a run is to begin, the oldest first.
    pub(super) times: Vec<Timestamp>,
    /// All up to here has been seen to.
    pub(super) seen_to: Timestamp,
}

/// The first time after `after`, if there ever is one.
pub(super) fn next(schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    match schedule {
        Schedule::Interval(every) => Some(later(after, *every)),
        Schedule::Cron(cron) => cron.next_after(after),
    }
}

/// Up to when a schedule has been seen to, as it was noted before the clock was set: an interval is no longer than it is,
/// and what lies in a far future was noted by a clock that was wrong.
pub(super) fn believed(schedule: &Schedule, seen_to: Timestamp, now: Timestamp) -> Timestamp {
    match schedule {
        Schedule::Interval(_) => seen_to.min(now),
        Schedule::Cron(_) if seen_to > later(now, SET_BACK) => now,
        Schedule::Cron(_) => seen_to,
    }
}

/// What is due at `now`, where all up to `seen_to` has been seen to; nothing if nothing is.
pub(super) fn due(schedule: &Schedule, catch_up: CatchUp, seen_to: Timestamp, now: Timestamp) -> Option<DueTimes> {
    let count = if catch_up == CatchUp::All { CatchUp::ALL_MAX } else { 1 };
    let mut times = newest(schedule, seen_to, now, count);
    let seen_to = *times.last()?;
    if catch_up == CatchUp::None {
        times.retain(|at| elapsed(*at, now) <= LATE);
    }
    Some(DueTimes { times, seen_to })
}

/// The newest `count` times after `seen_to` and up to `now`, the oldest of them first.
fn newest(schedule: &Schedule, seen_to: Timestamp, now: Timestamp, count: usize) -> Vec<Timestamp> {
    match schedule {
        Schedule::Interval(every) => {
            let passed = elapsed(seen_to, now).as_nanos() / every.as_nanos().max(1);
            let first = passed.saturating_sub(count as u128 - 1).max(1);
            (first..=passed).map(|times| later(seen_to, multiple(*every, times))).collect()
        }
        Schedule::Cron(cron) => {
            let mut looked_back = LATE;
            loop {
                let from = earlier(now, looked_back).max(seen_to);
                let times = std::iter::successors(cron.next_after(from), |before| cron.next_after(*before));
                let mut times: Vec<Timestamp> = times.take_while(|at| *at <= now).collect();
                if times.len() >= count || from == seen_to {
                    times.drain(..times.len().saturating_sub(count));
                    return times;
                }
                looked_back = looked_back.saturating_mul(2);
            }
        }
    }
}

fn multiple(every: Duration, times: u128) -> Duration {
    Duration::from_nanos(u64::try_from(every.as_nanos().saturating_mul(times)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maintenance::Cron;

    fn at(text: &str) -> Timestamp {
        format!("2026-{text}:00Z").parse().unwrap()
    }

    fn cron(fields: &str, zone: &str) -> Schedule {
        Schedule::Cron(Cron::parse(fields, zone).unwrap())
    }

    #[track_caller]
    fn check(schedule: &Schedule, catch_up: CatchUp, seen_to: &str, now: &str, expected: &[&str]) {
        let due = due(schedule, catch_up, at(seen_to), at(now));
        let expected: Vec<Timestamp> = expected.iter().map(|text| at(text)).collect();
        assert_eq!(due.map(|due| due.times).unwrap_or_default(), expected, "{catch_up:?} from {seen_to} to {now}");
    }

    #[test]
    fn what_was_missed_is_caught_up_as_asked() {
        let at_four = cron("0 4 * * *", "UTC");
        for catch_up in [CatchUp::None, CatchUp::Latest, CatchUp::All] {
            check(&at_four, catch_up, "03-01T04:00", "03-02T03:59", &[]);
            check(&at_four, catch_up, "03-01T04:00", "03-02T04:00", &["03-02T04:00"]);
        }
        check(&at_four, CatchUp::None, "03-01T04:00", "03-05T09:00", &[]);
        check(&at_four, CatchUp::None, "03-01T04:00", "03-05T04:00", &["03-05T04:00"]);
        check(&at_four, CatchUp::Latest, "03-01T04:00", "03-05T09:00", &["03-05T04:00"]);
        let all = ["03-02T04:00", "03-03T04:00", "03-04T04:00", "03-05T04:00"];
        check(&at_four, CatchUp::All, "03-01T04:00", "03-05T09:00", &all);
    }

    #[test]
    fn an_interval_keeps_its_grid_whatever_was_missed() {
        let hourly = Schedule::Interval(Duration::from_secs(3600));
        check(&hourly, CatchUp::Latest, "03-01T00:10", "03-01T01:09", &[]);
        check(&hourly, CatchUp::Latest, "03-01T00:10", "03-01T01:10", &["03-01T01:10"]);
        check(&hourly, CatchUp::Latest, "03-01T00:10", "03-02T05:30", &["03-02T05:10"]);
        check(&hourly, CatchUp::None, "03-01T00:10", "03-02T05:30", &[]);
        check(&hourly, CatchUp::All, "03-01T00:10", "03-01T03:30", &["03-01T01:10", "03-01T02:10", "03-01T03:10"]);
    }

    #[test]
    fn a_year_that_was_missed_is_bounded() {
        for schedule in [cron("* * * * *", "UTC"), Schedule::Interval(Duration::from_secs(1))] {
            let due = due(&schedule, CatchUp::All, at("01-01T00:00"), at("12-31T00:00")).unwrap();
            assert_eq!((due.times.len(), due.seen_to), (CatchUp::ALL_MAX, at("12-31T00:00")));
        }
    }

    /// In Madrid 02:30 does not exist on 29 March and exists twice on 25 October.
    #[test]
    fn a_time_that_the_clock_skips_or_shows_twice_is_due_once() {
        let at_night = cron("30 2 * * *", "Europe/Madrid");
        check(&at_night, CatchUp::All, "03-28T01:30", "03-30T12:00", &["03-29T01:00", "03-30T00:30"]);
        check(&at_night, CatchUp::All, "10-24T00:30", "10-26T12:00", &["10-25T00:30", "10-26T01:30"]);
    }

    #[test]
    fn a_clock_that_was_ahead_holds_nothing_up() {
        let now = at("03-01T12:00");
        let check = |schedule: &Schedule, seen_to: &str, expected: &str| {
            assert_eq!(believed(schedule, at(seen_to), now), at(expected), "{schedule:?}, {seen_to}");
        };
        let nightly = cron("0 4 * * *", "UTC");
        check(&nightly, "03-01T11:00", "03-01T11:00");
        check(&nightly, "03-01T14:00", "03-01T14:00");
        check(&nightly, "09-01T14:00", "03-01T12:00");
        let hourly = Schedule::Interval(Duration::from_secs(3600));
        check(&hourly, "03-01T11:00", "03-01T11:00");
        check(&hourly, "03-01T12:30", "03-01T12:00");
    }
}
