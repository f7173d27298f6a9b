//! Durations and sizes as people write them.

use std::time::Duration;

use crate::reason::{Reason, reason};

/// The longest duration there is here: a hundred years.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

const DURATION_UNITS: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0)];

/// Decimal and binary prefixes as in IEC 80000-13.
const SIZE_UNITS: [(&str, u64); 9] = [
    ("B", 1),
    ("KB", 1000),
    ("MB", 1000 * 1000),
    ("GB", 1000 * 1000 * 1000),
    ("TB", 1000 * 1000 * 1000 * 1000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Why a text is no duration or size.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// No number with a unit.
    #[error("expected a {what} like \"{like}\", found \"{found}\"")]
    Unreadable {
        /// Duration or size.
        what: &'static str,
        /// A good one.
        like: &'static str,
        /// What was there instead.
        found: String,
    },
    /// A number alone.
    #[error("\"{found}\" has no unit: write \"{found}{unit}\", or another of {units}")]
    NoUnit {
        /// What was there.
        found: String,
        /// A unit that would do.
        unit: &'static str,
        /// All units.
        units: &'static str,
    },
    /// Below zero.
    #[error("\"{0}\" is negative")]
    Negative(String),
    /// More than anybody can mean.
    #[error("\"{0}\" is too large")]
    TooMuch(String),
}

impl UnitError {
    /// The same as a reason of a file.
    pub(crate) fn reason(&self) -> Reason {
        match self {
            Self::Unreadable { what: DURATION, found, .. } => {
                reason!("expected_instead_of_text", what = reason!("a.duration"), found = found.clone())
            }
            Self::Unreadable { found, .. } => {
                reason!("expected_instead_of_text", what = reason!("a.size"), found = found.clone())
            }
            Self::NoUnit { found, unit, units } => {
                reason!("no_unit", found = found.clone(), unit = *unit, units = *units)
            }
            Self::Negative(found) => reason!("negative", found = found.clone()),
            Self::TooMuch(found) => reason!("too_much", found = found.clone()),
        }
    }
}

const DURATION: &str = "duration";

/// Reads a duration: one or more numbers with a unit each (`ms`, `s`, `m`, `h`, `d`), as in `500ms`, `1.5s`, `5m`, `1h30m`.
///
/// # Errors
/// If it is not written so, is negative, or is longer than a hundred years.
pub fn duration(text: &str) -> Result<Duration, UnitError> {
    let (what, like) = (DURATION, "5m");
    let unreadable = || UnitError::Unreadable { what, like, found: crate::problem::shown(text) };
    let mut rest = signless(text)?;
    if rest.is_empty() {
        return Err(unreadable());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, unit, after) = first_part(rest).ok_or_else(unreadable)?;
        if unit.is_empty() && after.is_empty() {
            return Err(UnitError::NoUnit { found: crate::problem::shown(text), unit: "s", units: "ms, s, m, h, d" });
        }
        let (_, seconds) = DURATION_UNITS.iter().find(|(word, _)| *word == unit).ok_or_else(unreadable)?;
        let part = Duration::try_from_secs_f64(number * seconds);
        total = part
            .ok()
            .and_then(|part| total.checked_add(part))
            .filter(|total| *total <= LONGEST)
            .ok_or_else(|| UnitError::TooMuch(crate::problem::shown(text)))?;
        rest = after.trim_start();
    }
    Ok(total)
}

/// Reads a size: a number with one of `B`, `KB`, `MB`, `GB`, `TB` (decimal) or `KiB`, `MiB`, `GiB`, `TiB` (binary).
///
/// # Errors
/// If it is not written so, is negative, or does not fit into 64 bits.
pub fn size(text: &str) -> Result<u64, UnitError> {
    let (what, like) = ("size", "1MB");
    let unreadable = || UnitError::Unreadable { what, like, found: crate::problem::shown(text) };
    let (number, unit, after) = first_part(signless(text)?).ok_or_else(unreadable)?;
    if !after.is_empty() {
        return Err(unreadable());
    }
    if unit.is_empty() {
        return Err(UnitError::NoUnit { found: crate::problem::shown(text), unit: "MB", units: "B, KB, MB, GB, TB" });
    }
    let (_, bytes) = SIZE_UNITS.iter().find(|(word, _)| word.eq_ignore_ascii_case(unit)).ok_or_else(unreadable)?;
    let total = number * (*bytes as f64);
    if total >= u64::MAX as f64 {
        return Err(UnitError::TooMuch(crate::problem::shown(text)));
    }
    Ok(total as u64)
}

fn signless(text: &str) -> Result<&str, UnitError> {
    let text = text.trim();
    if text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return Err(UnitError::Negative(crate::problem::shown(text)));
    }
    Ok(text)
}

/// Splits `1.5h30m` into 1.5, `h` and `30m`.
fn first_part(text: &str) -> Option<(f64, &str, &str)> {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len()));
    let rest = rest.trim_start();
    let (unit, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len()));
    number.starts_with(|c: char| c.is_ascii_digit()).then_some(())?;
    Some((number.parse().ok()?, unit, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        #[track_caller]
        fn check(text: &str, expected: Result<u128, &str>) {
            let read = duration(text).map(|read| read.as_millis()).map_err(|error| error.to_string());
            assert_eq!(read, expected.map_err(str::to_owned), "{text:?}");
        }
        check("500ms", Ok(500));
        check("10s", Ok(10_000));
        check("5m", Ok(300_000));
        check("1h", Ok(3_600_000));
        check("2d", Ok(172_800_000));
        check("1h30m", Ok(5_400_000));
        check(" 1h 30m ", Ok(5_400_000));
        check("1.5 s", Ok(1500));
        check("0s", Ok(0));
        check("0.1s", Ok(100));
        check("", Err("expected a duration like \"5m\", found \"\""));
        check("5 minutes", Err("expected a duration like \"5m\", found \"5 minutes\""));
        check("m", Err("expected a duration like \"5m\", found \"m\""));
        check("1..5s", Err("expected a duration like \"5m\", found \"1..5s\""));
        check("10", Err("\"10\" has no unit: write \"10s\", or another of ms, s, m, h, d"));
        check("-5m", Err("\"-5m\" is negative"));
        check("99999999999999999999999d", Err("\"99999999999999999999999d\" is too large"));
        check("101000d", Err("\"101000d\" is too large"));
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        #[track_caller]
        fn check(text: &str, expected: Result<u64, &str>) {
            assert_eq!(size(text).map_err(|error| error.to_string()), expected.map_err(str::to_owned), "{text:?}");
        }
        check("1MB", Ok(1_000_000));
        check("1 MiB", Ok(1 << 20));
        check("1.5KB", Ok(1500));
        check("10kb", Ok(10_000));
        check("7B", Ok(7));
        check("7", Err("\"7\" has no unit: write \"7MB\", or another of B, KB, MB, GB, TB"));
        check("7 apples", Err("expected a size like \"1MB\", found \"7 apples\""));
        check("1MB2KB", Err("expected a size like \"1MB\", found \"1MB2KB\""));
        check("-1MB", Err("\"-1MB\" is negative"));
        check("99999999999TB", Err("\"99999999999TB\" is too large"));
    }
}
