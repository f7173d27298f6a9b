//! Maintenance windows and other times of the clock and the calendar.

use std::time::Duration;

use jiff::{
    SpanRound, Timestamp, ToSpan, Unit,
    civil::{Date, DateTime, Time, Weekday},
    tz::{AmbiguousOffset, Offset, TimeZone},
};

use crate::time::{earlier, elapsed, later};

/// A time in which a monitor is looked at but not judged.
#[derive(Clone, Debug, PartialEq)]
pub enum Maintenance {
    /// Once, from a point in time to another.
    Once {
        /// The first moment.
        from: Timestamp,
        /// The first moment after it.
        to: Timestamp,
    },
    /// Every day, or on some days of the week.
    Daily(DailySpan),
    /// Whenever a cron expression says so, for a while.
    Cron {
        /// The expression, five fields in a zone.
        schedule: Cron,
        /// For how long.
        lasts: Duration,
    },
}

impl Maintenance {
    /// Whether `at` lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        match self {
            Self::Once { from, to } => (*from..*to).contains(&at),
            Self::Daily(span) => span.contains(at),
            Self::Cron { schedule, lasts } => schedule.fired_within(at, *lasts),
        }
    }

    /// When the one that goes on at `at`, or else the next one, begins and ends.
    pub fn next(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Once { from, to } => (*to > at).then_some((*from, *to)),
            Self::Daily(span) => span.next(at),
            Self::Cron { schedule, lasts } => {
                schedule.next_after(earlier(at, *lasts)).map(|from| (from, later(from, *lasts)))
            }
        }
    }
}

/// A stretch of the day, over midnight if it ends before it begins, on some days of the week.
#[derive(Clone, Debug, PartialEq)]
pub struct DailySpan {
    /// When it begins.
    pub from: Time,
    /// When it ends; the same as `from` is a whole day.
    pub to: Time,
    /// The days on which it begins; empty means every day.
    pub days: Vec<Weekday>,
    /// Whose clock this is.
    pub zone: TimeZone,
}

impl DailySpan {
    /// Whether `at` lies in it.
    pub fn contains(&self, at: Timestamp) -> bool {
        self.end_after(at) > at
    }

    /// The first moment after `at` that is not in it; `at` itself if it is not in it.
    pub fn end_after(&self, at: Timestamp) -> Timestamp {
        let today = at.to_zoned(self.zone.clone()).date();
        // The one of yesterday may last over midnight.
        let begun = [today.yesterday().ok(), Some(today)].into_iter().flatten().filter_map(|day| self.on(day));
        begun.filter(|(from, to)| (*from..*to).contains(&at)).map(|(_, to)| to).max().unwrap_or(at)
    }

    /// When the one that goes on at `at`, or else the next one, begins and ends.
    fn next(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let today = at.to_zoned(self.zone.clone()).date();
        let days = std::iter::successors(today.yesterday().ok(), |day| day.tomorrow().ok());
        // Some day of the week is among the next seven.
        days.take(9).filter_map(|day| self.on(day)).find(|(_, to)| *to > at)
    }

    /// When the one that begins on `day` begins and ends.
    fn on(&self, day: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days.is_empty() && !self.days.contains(&day.weekday()) {
            return None;
        }
        let last = if self.from < self.to { Some(day) } else { day.tomorrow().ok() };
        let from = day.to_datetime(self.from);
        let to = last.map(|last| last.to_datetime(self.to));
        let begins = moment_of(from, &self.zone)?;
        let ends = to.and_then(|to| moment_of(to, &self.zone)).unwrap_or(Timestamp::MAX);
        // What lies all in a gap of the clock is as long as on any other day.
        let lasts = || to.and_then(|to| Duration::try_from(to.duration_since(from)).ok()).unwrap_or_default();
        Some((begins, if ends > begins { ends } else { later(begins, lasts()) }))
    }
}

/// The moment at which the clock of `zone` shows `local`: the first one where it does so twice, the first one after the
/// gap where it never does, as cron and systemd have it.
fn moment_of(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
        AmbiguousOffset::Gap { before, .. } => {
            let in_the_gap = before.to_timestamp(local).ok()?;
            let after = in_the_gap.saturating_add(1.nanosecond()).ok()?;
            Some(zone.preceding(after).next().map_or(in_the_gap, |change| change.timestamp()))
        }
    }
}

/// A cron expression in a zone.
#[derive(Clone, Debug)]
pub struct Cron {
    text: String,
    /// What the clock shows, as if it never were set.
    shown: cronexpr::Crontab,
    /// The same in the zone, where it names minutes of every hour.
    in_every_hour: Option<cronexpr::Crontab>,
    zone: TimeZone,
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// An expression names at most so many times that have been once already when the clock shows them again: each minute of
/// a day.
const SHOWN_TWICE: usize = 24 * 60;

/// A cron expression that cannot be read; says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CronError(String);

impl Cron {
    /// So long there may be nothing between two times: from one 29 February to the next, over a year like 2100.
    const PAST: Duration = Duration::from_secs(9 * 366 * 86_400);

    /// Reads five cron fields (minute, hour, day of the month, month, day of the week), to be held against the clock of
    /// the zone with the IANA name `zone`.
    ///
    /// # Errors
    /// If a field is wrong or there are more or fewer than five, or nobody knows the zone.
    pub fn parse(fields: &str, zone: &str) -> Result<Self, CronError> {
        let text = format!("{} {zone}", fields.trim());
        let read = |text: &str| cronexpr::parse_crontab(text).map_err(|error| CronError(error.to_string()));
        let in_zone = read(&text)?;
        let is_in_every_hour = fields.split_whitespace().nth(1) == Some("*");
        Ok(Self {
            text,
            shown: read(&format!("{} UTC", fields.trim()))?,
            in_every_hour: is_in_every_hour.then_some(in_zone),
            zone: TimeZone::get(zone).map_err(|error| CronError(error.to_string()))?,
        })
    }

    /// The first time after `at` that it names, if there ever is one. A time that the clock never shows is the first one
    /// after the gap; one that it shows twice is the first of the two. Where every hour is meant, it is every hour that
    /// goes by, as cron has it.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let next = |expression: &cronexpr::Crontab, at: Timestamp| {
            expression.find_next(at).ok().map(|zoned| zoned.timestamp())
        };
        if let Some(expression) = &self.in_every_hour {
            return next(expression, at);
        }
        let local = Offset::UTC.to_timestamp(at.to_zoned(self.zone.clone()).datetime()).ok()?;
        let shown = std::iter::successors(next(&self.shown, local), |before| next(&self.shown, *before));
        let mut moments =
            shown.take(SHOWN_TWICE).filter_map(|shown| moment_of(Offset::UTC.to_datetime(shown), &self.zone));
        moments.find(|moment| *moment > at)
    }

    /// The last time that it names up to `at`, if there was one in the last nine years.
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        let named = |since: Timestamp| self.next_after(since).filter(|named| *named <= at);
        let doubled = std::iter::successors(Some(Duration::from_secs(60)), |span| Some(*span * 2));
        let spans = doubled.take_while(|span| *span < Self::PAST).chain([Self::PAST]);
        let mut last = spans.into_iter().find_map(|span| named(earlier(at, span)))?;
        let mut none_since = at;
        // What is named after `last`, up to `at`, is named after the middle of the two or before it.
        while elapsed(last, none_since) > Duration::from_secs(1) {
            let middle = later(last, elapsed(last, none_since) / 2);
            match named(middle) {
                Some(named) => last = named,
                None => none_since = middle,
            }
        }
        Some(last)
    }

    /// Whether it named a time in the stretch of `lasts` that ends at `at`, `at` included.
    fn fired_within(&self, at: Timestamp, lasts: Duration) -> bool {
        self.next_after(earlier(at, lasts)).is_some_and(|fired| fired <= at && at < later(fired, lasts))
    }
}

/// A span in words that a person uses: at most two units, the larger first ("3 d 4 h", "1 min 15 s", "1.4 s"). The decimal mark is
/// that of English: [`crate::words::Words::span`] has the reader's.
pub fn in_words(span: Duration) -> String {
    if span < Duration::from_secs(1) {
        return format!("{} ms", span.as_millis());
    }
    if span < Duration::from_secs(10) {
        return format!("{:.1} s", span.as_secs_f64());
    }
    let seconds = i64::try_from(span.as_secs()).unwrap_or(i64::MAX).min(100_000 * 86_400);
    let smallest = match seconds {
        ..3_600 => Unit::Second,
        3_600..86_400 => Unit::Minute,
        _ => Unit::Hour,
    };
    let rounded = SpanRound::new().largest(Unit::Day).smallest(smallest).days_are_24_hours();
    let Ok(span) = seconds.seconds().round(rounded) else { return format!("{seconds} s") };
    let parts = [
        (i64::from(span.get_days()), "d"),
        (i64::from(span.get_hours()), "h"),
        (span.get_minutes(), "min"),
        (span.get_seconds(), "s"),
    ];
    let words: Vec<String> =
        parts.iter().filter(|(count, _)| *count != 0).take(2).map(|(count, unit)| format!("{count} {unit}")).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    /// In Madrid, 02:00 to 03:00 is not on 2026-03-29, and is twice on 2026-10-25.
    const MADRID: &str = "Europe/Madrid";

    fn utc(text: &str) -> Timestamp {
        format!("{text}:00Z").parse().unwrap()
    }

    #[test]
    fn what_cron_names_happens_once_on_every_day_whatever_the_clock_skips_or_shows_twice() {
        let check = |fields: &str, after: &str, wanted: &[&str]| {
            let cron = Cron::parse(fields, MADRID).unwrap();
            let mut at = utc(after);
            for wanted in wanted {
                at = cron.next_after(at).unwrap();
                assert_eq!(at, utc(wanted), "{fields} after {after}");
            }
        };
        // Skipped: at 03:00 summer time, which is 01:00 UTC.
        check("30 2 * * *", "2026-03-28T12:00", &["2026-03-29T01:00", "2026-03-30T00:30"]);
        check("0 2 * * *", "2026-03-28T12:00", &["2026-03-29T01:00", "2026-03-30T00:00"]);
        check("0,30 2 * * *", "2026-03-28T12:00", &["2026-03-29T01:00", "2026-03-30T00:00", "2026-03-30T00:30"]);
        check("0 3 * * *", "2026-03-28T12:00", &["2026-03-29T01:00", "2026-03-30T01:00"]);
        check("0 */2 * * *", "2026-03-28T22:30", &["2026-03-28T23:00", "2026-03-29T01:00", "2026-03-29T02:00"]);
        check("*/30 * * * *", "2026-03-29T00:00", &["2026-03-29T00:30", "2026-03-29T01:00", "2026-03-29T01:30"]);
        check("30 2 29 3 *", "2026-01-01T00:00", &["2026-03-29T01:00", "2027-03-29T00:30"]);
        // Twice: the first time, which is at 00:30 UTC.
        check("30 2 * * *", "2026-10-24T12:00", &["2026-10-25T00:30", "2026-10-26T01:30"]);
        check("30 2 * * *", "2026-10-25T00:45", &["2026-10-26T01:30"]);
        check("30 2 * * *", "2026-10-25T01:15", &["2026-10-26T01:30"]);
        check("0 3 * * *", "2026-10-24T12:00", &["2026-10-25T02:00"]);
        // Every hour is every hour.
        check("30 * * * *", "2026-10-24T23:45", &["2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"]);
        check("30 * * * *", "2026-03-28T23:45", &["2026-03-29T00:30", "2026-03-29T01:30"]);
    }

    #[test]
    fn the_last_time_that_cron_has_named_is_found_however_long_ago_it_was() {
        let check = |fields: &str, at: &str, wanted: Option<&str>| {
            assert_eq!(Cron::parse(fields, MADRID).unwrap().last_until(utc(at)), wanted.map(utc), "{fields} at {at}");
        };
        check("* * * * *", "2026-05-06T10:07", Some("2026-05-06T10:07"));
        check("*/5 * * * *", "2026-05-06T10:07", Some("2026-05-06T10:05"));
        check("0 8 * * 1-5", "2026-05-04T05:59", Some("2026-05-01T06:00"));
        check("0 8 * * 1-5", "2026-05-04T06:00", Some("2026-05-04T06:00"));
        check("30 2 * * *", "2026-03-29T12:00", Some("2026-03-29T01:00"));
        check("30 2 * * *", "2026-10-25T12:00", Some("2026-10-25T00:30"));
        check("0 0 29 2 *", "2107-01-01T00:00", Some("2104-02-28T23:00"));
        check("0 0 29 2 *", "2103-01-01T00:00", Some("2096-02-28T23:00"));
        check("0 0 30 2 *", "2026-05-06T10:07", None);
    }

    #[test]
    fn a_part_of_an_hour_that_is_skipped_skips_nothing() {
        // On Lord Howe Island, the clock goes from 02:00 to 02:30 on 2026-10-04, at 15:30 UTC the day before.
        let cron = Cron::parse("15 2 * * *", "Australia/Lord_Howe").unwrap();
        let first = cron.next_after(utc("2026-10-03T12:00")).unwrap();
        assert_eq!(first, utc("2026-10-03T15:30"));
        assert_eq!(cron.next_after(first), Some(utc("2026-10-04T15:15")));
    }

    #[test]
    fn a_daily_window_is_there_once_on_every_day_whatever_the_clock_skips_or_shows_twice() {
        let check = |from: (i8, i8), to: (i8, i8), day: &str, wanted: (&str, &str)| {
            let zone = TimeZone::get(MADRID).unwrap();
            let span =
                DailySpan { from: time(from.0, from.1, 0, 0), to: time(to.0, to.1, 0, 0), days: Vec::new(), zone };
            let (begins, ends) = span.on(day.parse().unwrap()).unwrap();
            assert_eq!((begins, ends), (utc(wanted.0), utc(wanted.1)), "{span:?}");
            let inside = |at: Timestamp, seconds: i64| span.contains(at.saturating_add(seconds.seconds()).unwrap());
            assert!(inside(begins, 0) && inside(ends, -1) && !inside(begins, -1) && !inside(ends, 0), "{span:?}");
            assert_eq!(span.end_after(begins), ends);
        };
        let (spring, autumn) = ("2026-03-29", "2026-10-25");
        check((2, 0), (4, 0), spring, ("2026-03-29T01:00", "2026-03-29T02:00"));
        check((2, 0), (3, 0), spring, ("2026-03-29T01:00", "2026-03-29T02:00"));
        check((2, 15), (2, 45), spring, ("2026-03-29T01:00", "2026-03-29T01:30"));
        check((1, 0), (2, 30), spring, ("2026-03-29T00:00", "2026-03-29T01:00"));
        check((22, 0), (2, 30), "2026-03-28", ("2026-03-28T21:00", "2026-03-29T01:00"));
        check((2, 0), (3, 0), autumn, ("2026-10-25T00:00", "2026-10-25T02:00"));
        check((2, 15), (2, 45), autumn, ("2026-10-25T00:15", "2026-10-25T00:45"));
        check((22, 0), (7, 0), "2026-10-24", ("2026-10-24T20:00", "2026-10-25T06:00"));
        check((4, 0), (5, 0), "2026-06-01", ("2026-06-01T02:00", "2026-06-01T03:00"));
    }

    #[test]
    fn the_next_window_is_the_one_that_goes_on_or_the_first_to_begin() {
        let zone = || TimeZone::get(MADRID).unwrap();
        let (from, to) = (time(22, 0, 0, 0), time(2, 30, 0, 0));
        let daily = Maintenance::Daily(DailySpan { from, to, days: Vec::new(), zone: zone() });
        let sundays = Maintenance::Daily(DailySpan { from, to, days: vec![Weekday::Sunday], zone: zone() });
        let schedule = Cron::parse("30 2 * * *", MADRID).unwrap();
        let cron = Maintenance::Cron { schedule, lasts: Duration::from_secs(3600) };
        let once = Maintenance::Once { from: utc("2026-03-28T10:00"), to: utc("2026-03-28T11:00") };
        let check = |window: &Maintenance, at: &str, wanted: Option<(&str, &str)>| {
            assert_eq!(window.next(utc(at)), wanted.map(|(from, to)| (utc(from), utc(to))), "{window:?} at {at}");
        };
        check(&daily, "2026-03-28T12:00", Some(("2026-03-28T21:00", "2026-03-29T01:00")));
        check(&daily, "2026-03-29T00:59", Some(("2026-03-28T21:00", "2026-03-29T01:00")));
        check(&daily, "2026-03-29T01:00", Some(("2026-03-29T20:00", "2026-03-30T00:30")));
        check(&sundays, "2026-03-30T12:00", Some(("2026-04-05T20:00", "2026-04-06T00:30")));
        check(&sundays, "2026-03-30T00:29", Some(("2026-03-29T20:00", "2026-03-30T00:30")));
        check(&cron, "2026-03-29T01:30", Some(("2026-03-29T01:00", "2026-03-29T02:00")));
        check(&cron, "2026-03-29T02:00", Some(("2026-03-30T00:30", "2026-03-30T01:30")));
        check(&once, "2026-03-28T09:00", Some(("2026-03-28T10:00", "2026-03-28T11:00")));
        check(&once, "2026-03-28T11:00", None);
    }

    #[test]
    fn a_window_that_cron_begins_is_not_skipped_either() {
        let schedule = Cron::parse("30 2 * * *", MADRID).unwrap();
        let window = Maintenance::Cron { schedule, lasts: Duration::from_secs(3600) };
        let check = |at: &str, inside: bool| assert_eq!(window.contains(utc(at)), inside, "{at}");
        check("2026-03-29T00:59", false);
        check("2026-03-29T01:00", true);
        check("2026-03-29T01:59", true);
        check("2026-03-29T02:00", false);
        check("2026-10-25T00:30", true);
        check("2026-10-25T01:45", false);
    }
}
