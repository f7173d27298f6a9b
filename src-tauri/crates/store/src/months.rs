//! Months of the calendar, of which figures are wanted to the hour long after only days are kept. Wherever on earth a month
//! begins, that is on the last day of the month before or on its first, by UTC.

use std::ops::Range;

use jiff::{civil::Date, tz::TimeZone};

use crate::keys::{DAY, Millis, millis, timestamp};

/// Whether months begin somewhere on the day of UTC that begins at `day`.
pub(crate) fn begin_on(day: Millis) -> bool {
    let date = date(day);
    date.day() == 1 || date.day() == date.days_in_month()
}

/// The days between `from` and `to` on which no month begins, in order.
pub(crate) fn within_months(from: Millis, to: Millis) -> impl Iterator<Item = Range<Millis>> {
    let begins =
        std::iter::successors(Some(date(from).first_of_month()), |first| first.last_of_month().tomorrow().ok());
    let months = begins.map_while(move |first| {
        let [second, last] = [first.tomorrow().ok()?, first.last_of_month()].map(begin_of);
        Some(second?..last?).filter(|days| days.start - DAY < to)
    });
    months.map(move |days| days.start.max(from)..days.end.min(to)).filter(|days| !days.is_empty())
}

fn date(at: Millis) -> Date {
    timestamp(at).to_zoned(TimeZone::UTC).date()
}

fn begin_of(day: Date) -> Option<Millis> {
    day.to_zoned(TimeZone::UTC).ok().map(|begin| millis(begin.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        millis(text.parse().unwrap())
    }

    #[test]
    fn months_begin_on_the_first_and_the_last_day_and_on_none_between() {
        let check = |from: &str, to: &str, wanted: &[(&str, &str)]| {
            let wanted: Vec<Range<Millis>> = wanted.iter().map(|(from, to)| at(from)..at(to)).collect();
            assert_eq!(within_months(at(from), at(to)).collect::<Vec<_>>(), wanted, "{from} {to}");
            let mut day = at(from);
            while day < at(to) {
                assert_eq!(begin_on(day), !wanted.iter().any(|days| days.contains(&day)), "{day}");
                day += DAY;
            }
        };
        let [jan, feb] = [("2027-01-02T00:00Z", "2027-01-31T00:00Z"), ("2027-02-02T00:00Z", "2027-02-28T00:00Z")];
        check("2027-01-01T00:00Z", "2027-03-01T00:00Z", &[jan, feb]);
        check("2027-01-10T00:00Z", "2027-02-10T00:00Z", &[("2027-01-10T00:00Z", jan.1), (feb.0, "2027-02-10T00:00Z")]);
        check("2027-01-31T00:00Z", "2027-02-02T00:00Z", &[]);
        check("2027-01-05T00:00Z", "2027-01-05T00:00Z", &[]);
    }
}
