//! Maintenance windows and other times of the clock and the calendar.

use std::time::Duration;

use jiff::{
    SpanRound, Timestamp, ToSpan, Unit, Zoned,
    civil::{Time, Weekday},
    tz::TimeZone,
};

use crate::time::later;

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
        let local = at.to_zoned(self.zone.clone());
        let time = local.time();
        if self.from < self.to {
            self.begins_on(&local) && (self.from..self.to).contains(&time)
        } else {
            let evening = time >= self.from && self.begins_on(&local);
            let morning = time < self.to && local.yesterday().is_ok_and(|yesterday| self.begins_on(&yesterday));
            evening || morning
        }
    }

    /// The first moment after `at` that is not in it; `at` itself if it is not in it.
    pub fn end_after(&self, at: Timestamp) -> Timestamp {
        if !self.contains(at) {
            return at;
        }
        let local = at.to_zoned(self.zone.clone());
        let today = local.date();
        let date = if local.time() < self.to { Some(today) } else { today.tomorrow().ok() };
        date.and_then(|date| date.to_datetime(self.to).to_zoned(self.zone.clone()).ok())
            .map_or(Timestamp::MAX, |end| end.timestamp().max(at))
    }

    fn begins_on(&self, local: &Zoned) -> bool {
        self.days.is_empty() || self.days.contains(&local.weekday())
    }
}

/// A cron expression in a zone.
#[derive(Clone, Debug)]
pub struct Cron {
    text: String,
    expression: cronexpr::Crontab,
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// A cron expression that cannot be read; says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CronError(String);

impl Cron {
    /// Reads five cron fields (minute, hour, day of the month, month, day of the week), to be held against the clock of
    /// the zone with the IANA name `zone`.
    ///
    /// # Errors
    /// If a field is wrong or there are more or fewer than five, or nobody knows the zone.
    pub fn parse(fields: &str, zone: &str) -> Result<Self, CronError> {
        let text = format!("{} {zone}", fields.trim());
        let expression = cronexpr::parse_crontab(&text).map_err(|error| CronError(error.to_string()))?;
        Ok(Self { text, expression })
    }

    /// The first time after `at` that it names, if there ever is one.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.expression.find_next(at).ok().map(|zoned| zoned.timestamp())
    }

    /// Whether it named a time in the stretch of `lasts` that ends at `at`, `at` included.
    fn fired_within(&self, at: Timestamp, lasts: Duration) -> bool {
        self.next_after(crate::time::earlier(at, lasts)).is_some_and(|fired| fired <= at && at < later(fired, lasts))
    }
}

/// A span in words that a person uses: at most two units, the larger first ("3 d 4 h", "1 min 15 s", "0.4 s").
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
