//! The time as C's ctime(3) writes it, in UTC: `Mon Sep 12 18:22:46 2022`.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// The first of January 1970 was a Thursday.
const FIRST_DAY: u64 = 3;
const SECONDS_A_DAY: u64 = 86_400;

/// `at` in words; a time before 1970 is taken for its beginning.
pub(crate) fn in_words(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (days, second) = (seconds / SECONDS_A_DAY, seconds % SECONDS_A_DAY);
    let (year, month, day) = date(days);
    let weekday = DAYS[usize::try_from((days + FIRST_DAY) % 7).unwrap_or_default()];
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{weekday} {} {day:>2} {hour:02}:{minute:02}:{:02} {year}", MONTHS[month], second % 60)
}

/// The year, the month from 0 and the day from 1, so many days after the first of January 1970.
fn date(mut days: u64) -> (u64, usize, u64) {
    let mut year = 1970;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let mut month = 0;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

fn days_of_year(year: u64) -> u64 {
    (0..12).map(|month| days_of_month(year, month)).sum()
}

fn days_of_month(year: u64, month: usize) -> u64 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 => 28 + u64::from(is_leap),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_time_is_said_as_c_says_it() {
        let check = |seconds, text: &str| assert_eq!(in_words(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        check(0, "Thu Jan  1 00:00:00 1970");
        check(951_782_400, "Tue Feb 29 00:00:00 2000");
        check(1_663_006_966, "Mon Sep 12 18:22:46 2022");
        check(1_735_689_599, "Tue Dec 31 23:59:59 2024");
        check(4_107_542_400, "Mon Mar  1 00:00:00 2100");
    }
}
