//! Comparisons, and the table of a check.

use serde_json::Value as Json;

use super::words::Word;
use crate::import::found::Table;

/// A comparison: `> 80%`, `greater than 4`.
pub(super) struct Comparison<'w> {
    pub(super) sign: &'static str,
    pub(super) number: &'w str,
    pub(super) unit: &'w str,
}

impl<'w> Comparison<'w> {
    /// What `words` compare, if they say nothing else.
    pub(super) fn of(words: &[&'w Word]) -> Option<Self> {
        let (comparison, rest) = Self::begin(words)?;
        rest.is_empty().then_some(comparison)
    }

    /// What `words` compare, and the words behind it.
    pub(super) fn begin<'s>(words: &'s [&'w Word]) -> Option<(Self, &'s [&'w Word])> {
        let known: [(&str, &[&str]); 6] = [
            (">=", &[">=", "ge"]),
            ("<=", &["<=", "le"]),
            (">", &[">", "gt", "greater"]),
            ("<", &["<", "lt", "less"]),
            ("!=", &["!=", "ne", "notequal"]),
            ("==", &["==", "=", "eq", "equal"]),
        ];
        let (first, mut rest) = words.split_first()?;
        let (sign, _) = known.iter().find(|(_, names)| first.is(names))?;
        while let Some((_, behind)) = rest.split_first().filter(|(word, _)| word.is(&["than", "to"])) {
            rest = behind;
        }
        let (value, mut rest) = rest.split_first()?;
        let value = value.text.as_str();
        let (number, mut unit) =
            value.split_at(value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len()));
        if let (true, Some((word, behind))) = (unit.is_empty(), rest.split_first())
            && is_unit(&word.text)
        {
            (unit, rest) = (&word.text, behind);
        }
        (!number.is_empty()).then_some((Self { sign, number, unit }, rest))
    }
}

/// Whether a word is a unit of what Monit measures.
fn is_unit(word: &str) -> bool {
    const UNITS: [&str; 17] = [
        "%",
        "b",
        "kb",
        "mb",
        "gb",
        "tb",
        "byte",
        "bytes",
        "day",
        "days",
        "s",
        "second",
        "seconds",
        "ms",
        "millisecond",
        "milliseconds",
        "percent",
    ];
    UNITS.iter().any(|unit| word.eq_ignore_ascii_case(unit))
}

/// The keys of a check, which are written as an object.
pub(super) fn table(check: Json) -> Table {
    if let Json::Object(table) = check { table } else { Table::new() }
}
