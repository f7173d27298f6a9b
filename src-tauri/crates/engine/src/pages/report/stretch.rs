//! Which time a month of the calendar is.

use estatus_api::ReportMonth;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// A month of the calendar, as far as it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    first_day: Date,
    /// Its first moment.
    pub(crate) from: Timestamp,
    /// The first moment after it, or now.
    pub(crate) to: Timestamp,
    /// Whether it is over.
    pub(crate) complete: bool,
}

impl Stretch {
    /// The month, like `2026-10`.
    pub(crate) fn month(&self) -> String {
        self.first_day.strftime("%Y-%m").to_string()
    }
}

/// The time of `month` by the clock of `zone`; nothing if that is no month, or has not begun.
pub(crate) fn stretch(month: &ReportMonth, zone: &TimeZone, now: Timestamp) -> Option<Stretch> {
    let this_month = now.to_zoned(zone.clone()).date().first_of_month();
    let first_day = match month {
        ReportMonth::Current => this_month,
        ReportMonth::Last => this_month.checked_sub(1.month()).ok()?,
        ReportMonth::Of(text) => first_day(text)?,
    };
    // Where the clock skips midnight, a day begins after the gap.
    let begins = |day: Date| Some(day.to_zoned(zone.clone()).ok()?.timestamp());
    let from = begins(first_day)?;
    let end = begins(first_day.checked_add(1.month()).ok()?)?;
    (from < now).then_some(Stretch { first_day, from, to: end.min(now), complete: end <= now })
}

fn first_day(month: &str) -> Option<Date> {
    let (year, number) = month.split_once('-')?;
    let is_number = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(year, 4) && is_number(number, 2)).then_some(())?;
    Date::new(year.parse().ok()?, number.parse().ok()?, 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_that_of_the_clock_on_the_wall_whatever_that_skips_or_shows_twice() {
        let now: Timestamp = "2026-11-15T12:00:00Z".parse().unwrap();
        let check = |zone: &str, month: ReportMonth, wanted: (&str, &str, &str, bool)| {
            let found = stretch(&month, &TimeZone::get(zone).unwrap(), now).unwrap();
            let [from, to] = [wanted.1, wanted.2].map(|text| format!("{text}:00Z").parse::<Timestamp>().unwrap());
            assert_eq!((found.month().as_str(), found.from, found.to, found.complete), (wanted.0, from, to, wanted.3));
        };
        let of = |text: &str| ReportMonth::Of(text.to_owned());
        // In Madrid, March is an hour shorter and October an hour longer.
        check("Europe/Madrid", of("2026-03"), ("2026-03", "2026-02-28T23:00", "2026-03-31T22:00", true));
        check("Europe/Madrid", of("2026-10"), ("2026-10", "2026-09-30T22:00", "2026-10-31T23:00", true));
        check("America/Mexico_City", ReportMonth::Last, ("2026-10", "2026-10-01T06:00", "2026-11-01T06:00", true));
        check("UTC", ReportMonth::Current, ("2026-11", "2026-11-01T00:00", "2026-11-15T12:00", false));
        check("Asia/Kathmandu", of("2026-01"), ("2026-01", "2025-12-31T18:15", "2026-01-31T18:15", true));
        // In Paraguay, the clock went from midnight to one on 2023-10-01.
        check("America/Asuncion", of("2023-10"), ("2023-10", "2023-10-01T04:00", "2023-11-01T03:00", true));
    }

    #[test]
    fn what_is_no_month_or_has_not_begun_is_none() {
        let now: Timestamp = "2026-11-30T23:30:00Z".parse().unwrap();
        for text in
            ["2026-12", "2027-01", "2026-13", "2026-00", "2026-1", "26-10", "2026-10-01", "October", "", "+026-10"]
        {
            assert_eq!(stretch(&ReportMonth::Of(text.to_owned()), &TimeZone::UTC, now), None, "{text}");
        }
        // It has begun in Madrid already.
        let madrid = TimeZone::get("Europe/Madrid").unwrap();
        assert!(stretch(&ReportMonth::Of("2026-12".to_owned()), &madrid, now).is_some());
    }
}
