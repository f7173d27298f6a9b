//! For how long nothing is told: the spans that the window offers, too.

use jiff::{Timestamp, ToSpan, Zoned};

use crate::words::Texts;

/// The hour of the day at which people are back, by the clock on the wall.
const MORNING: i8 = 8;

/// For how long nothing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Hour,
    FourHours,
    /// Until the next morning: today's, if it is still to come.
    Morning,
    Week,
}

impl Span {
    /// All there are, the shortest first.
    pub(crate) const ALL: [Self; 4] = [Self::Hour, Self::FourHours, Self::Morning, Self::Week];

    /// What it is called.
    pub(crate) fn text(self, words: &Texts) -> String {
        match self {
            Self::Hour => words.plain("until.hour"),
            Self::FourHours => words.count("until.hours", 4),
            Self::Morning => words.plain("until.morning"),
            Self::Week => words.plain("until.week"),
        }
    }

    /// When it ends, if it begins now.
    pub(crate) fn end(self, now: &Zoned) -> Timestamp {
        let end = match self {
            Self::Hour => now.checked_add(1.hour()),
            Self::FourHours => now.checked_add(4.hours()),
            Self::Morning => morning(now),
            Self::Week => now.checked_add((7 * 24).hours()),
        };
        end.map_or(Timestamp::MAX, |end| end.timestamp())
    }
}

fn morning(now: &Zoned) -> Result<Zoned, jiff::Error> {
    let of = |day: &Zoned| day.start_of_day()?.with().hour(MORNING).build();
    let today = of(now)?;
    if today > *now { Ok(today) } else { of(&now.tomorrow()?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_ends_by_the_clock_on_the_wall() {
        let check = |span: Span, now: &str, end: &str| {
            let now: Zoned = now.parse().unwrap();
            assert_eq!(span.end(&now), end.parse().unwrap(), "{span:?} from {now}");
        };
        check(Span::Hour, "2026-11-21T15:02:00+01:00[Europe/Madrid]", "2026-11-21T15:02:00Z");
        check(Span::FourHours, "2026-11-21T15:02:00+01:00[Europe/Madrid]", "2026-11-21T18:02:00Z");
        check(Span::Morning, "2026-11-21T15:02:00+01:00[Europe/Madrid]", "2026-11-22T07:00:00Z");
        check(Span::Morning, "2026-11-22T02:30:00+01:00[Europe/Madrid]", "2026-11-22T07:00:00Z");
        check(Span::Morning, "2026-11-22T08:00:00+01:00[Europe/Madrid]", "2026-11-23T07:00:00Z");
        // The clock is put forward in the night.
        check(Span::Morning, "2026-03-28T22:00:00+01:00[Europe/Madrid]", "2026-03-29T06:00:00Z");
        check(Span::Week, "2026-11-21T15:02:00+01:00[Europe/Madrid]", "2026-11-28T14:02:00Z");
    }
}
