//! The conditions of an endpoint: `[STATUS] == 200`, `[BODY].state == ok`, `[RESPONSE_TIME] < 300`.

use serde_json::{Value as Json, json};

use crate::{
    import::{
        asked_of_value,
        found::{Found, Table},
        said,
    },
    reason::{Reason, note},
};

/// What an endpoint asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Page,
    Port,
    Certificate,
    Name,
    Host,
}

/// The status codes that there are.
const CODES: std::ops::RangeInclusive<u32> = 100..=999;

/// Puts what `list` asks into the keys of a check; what cannot be asked is told.
pub(super) fn conditions(name: &str, subject: Subject, list: &[Json], table: &mut Table, found: &mut Found) {
    let mut statuses = Vec::new();
    for condition in list {
        let Some(text) = condition.as_str() else {
            found.left(name, "conditions", note!("no_text_among"));
            continue;
        };
        let understood = Condition::of(text).ok_or_else(|| note!("cannot_ask"));
        let taken = understood.and_then(|condition| match (condition.of, subject) {
            ("[STATUS]", Subject::Page) => statuses_of(&condition).map(|asked| statuses.push(asked)),
            _ => condition.put(subject, table),
        });
        match taken {
            Err(why) => found.left(name, "conditions", note!("of_what", what = said(text), why)),
            Ok(()) if text.contains("[CERTIFICATE_EXPIRATION]") => {
                let then = note!("days_left");
                found.note(note!("condition", name, text = said(text), then));
            }
            Ok(()) => {}
        }
    }
    if subject == Subject::Page {
        // Gatus looks at the status only where it is asked to.
        let well =
            ranges(CODES.filter(|code| statuses.iter().all(|asked| asked.iter().any(|range| range.holds(*code)))));
        if well != ["200-299"] {
            table.insert("accept".to_owned(), well.into());
        }
    }
}

/// A condition, taken apart.
struct Condition<'t> {
    /// What is looked at, like `[STATUS]` or `[BODY]`.
    of: &'t str,
    /// Where in it, like `.items[0].id`.
    path: &'t str,
    sign: &'t str,
    value: &'t str,
}

impl<'t> Condition<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let signs = [" == ", " != ", " <= ", " >= ", " < ", " > "];
        let (at, sign) = signs.iter().filter_map(|sign| Some((text.find(sign)?, *sign))).min()?;
        let (left, right) = (text.get(..at)?.trim(), text.get(at + sign.len()..)?.trim());
        let (of, path) = left.split_at(left.find(']')? + 1);
        of.starts_with('[').then_some(Self { of, path, sign: sign.trim(), value: right })
    }

    fn put(&self, subject: Subject, table: &mut Table) -> Result<(), Reason> {
        match (self.of, self.sign, subject) {
            ("[CONNECTED]", "==", _) if self.value == "true" => Ok(()),
            ("[DNS_RCODE]", "==", Subject::Name) if self.value == "NOERROR" => Ok(()),
            ("[RESPONSE_TIME]", "<" | "<=", Subject::Page) => {
                let millis: u64 = self.value.parse().map_err(|_| note!("no_time"))?;
                put(table, "below", format!("{millis}ms").into())
            }
            ("[RESPONSE_TIME]", ..) => Err(note!("only_pages_fast")),
            ("[CERTIFICATE_EXPIRATION]", ">" | ">=", Subject::Page | Subject::Certificate) => {
                let left = crate::duration(self.value).map_err(|_| note!("no_time"))?;
                put(table, "certificate_days", left.as_secs().div_ceil(24 * 60 * 60).into())
            }
            ("[BODY]", "==", Subject::Name) if self.path.is_empty() && !self.value.contains(['(', '*']) => {
                put(table, "expect", self.value.into())
            }
            ("[BODY]", _, Subject::Page) if self.path.is_empty() => self.body(table),
            ("[BODY]", _, Subject::Page) => self.json(table),
            _ => Err(note!("cannot_ask")),
        }
    }

    /// The body as a whole: the text itself, or a pattern in which `*` stands for anything.
    fn body(&self, table: &mut Table) -> Result<(), Reason> {
        let pattern = self.value.strip_prefix("pat(").and_then(|rest| rest.strip_suffix(')'));
        if self.value.starts_with("any(") {
            return Err(note!("one_of_several"));
        }
        let pattern = pattern.unwrap_or(self.value);
        let inner =
            pattern.strip_prefix('*').and_then(|rest| rest.strip_suffix('*')).filter(|inner| !inner.contains('*'));
        match (self.sign, inner) {
            ("==", Some(inner)) => add(table, "contains", inner),
            ("!=", Some(inner)) => add(table, "lacks", inner),
            ("==", None) => add(table, "matches", &format!("(?s)^{}$", regex::escape(pattern).replace("\\*", ".*"))),
            _ => Err(note!("not_of_page")),
        }
    }

    /// A value in the body.
    fn json(&self, table: &mut Table) -> Result<(), Reason> {
        let sign = match self.sign {
            "==" => "=",
            "!=" | "<" | ">" => self.sign,
            _ => return Err(note!("signs_in_body")),
        };
        if ["pat(", "any(", "["].iter().any(|function| self.value.starts_with(function)) {
            return Err(note!("one_value"));
        }
        let path = self.path.trim_start_matches('.');
        if crate::json::path(path).is_none() {
            return Err(note!("cannot_ask"));
        }
        let wanted = asked_of_value(sign, self.value)?;
        let asked = table.entry("json").or_insert_with(|| json!({}));
        let asked = asked.as_object_mut().ok_or_else(|| note!("cannot_ask"))?;
        if asked.contains_key(path) {
            return Err(note!("one_thing"));
        }
        asked.insert(path.to_owned(), wanted.into());
        Ok(())
    }
}

/// Sets a key, once.
fn put(table: &mut Table, key: &str, value: Json) -> Result<(), Reason> {
    if table.contains_key(key) {
        return Err(note!("asked_twice"));
    }
    table.insert(key.to_owned(), value);
    Ok(())
}

/// Adds to the list under a key.
fn add(table: &mut Table, key: &str, value: &str) -> Result<(), Reason> {
    let list = table.entry(key).or_insert_with(|| json!([])).as_array_mut().ok_or_else(|| note!("cannot_ask"))?;
    list.push(value.into());
    Ok(())
}

/// Status codes from the first to the last.
struct Codes {
    first: u32,
    last: u32,
}

impl Codes {
    const fn holds(&self, code: u32) -> bool {
        self.first <= code && code <= self.last
    }
}

/// The codes that a condition on the status leaves.
fn statuses_of(condition: &Condition<'_>) -> Result<Vec<Codes>, Reason> {
    let no_code = || note!("no_status");
    let one = |text: &str| text.trim().parse::<u32>().ok().filter(|code| CODES.contains(code)).ok_or_else(no_code);
    let any = condition.value.strip_prefix("any(").and_then(|rest| rest.strip_suffix(')'));
    let (least, most) = (*CODES.start(), *CODES.end());
    if let Some(any) = any {
        let listed = any.split(',').map(one).collect::<Result<Vec<u32>, _>>()?;
        return match condition.sign {
            "==" | "!=" => {
                let is_well = |code: &u32| listed.contains(code) == (condition.sign == "==");
                Ok(CODES.filter(is_well).map(|code| Codes { first: code, last: code }).collect())
            }
            _ => Err(no_code()),
        };
    }
    let code = one(condition.value)?;
    Ok(match condition.sign {
        "==" => vec![Codes { first: code, last: code }],
        "!=" => vec![Codes { first: least, last: code - 1 }, Codes { first: code + 1, last: most }],
        "<" => vec![Codes { first: least, last: code - 1 }],
        "<=" => vec![Codes { first: least, last: code }],
        ">" => vec![Codes { first: code + 1, last: most }],
        _ => vec![Codes { first: code, last: most }],
    })
}

/// Codes in their order as ranges, like `200-299`.
fn ranges(codes: impl Iterator<Item = u32>) -> Vec<String> {
    let mut ranges: Vec<Codes> = Vec::new();
    for code in codes {
        match ranges.last_mut() {
            Some(range) if range.last + 1 == code => range.last = code,
            _ => ranges.push(Codes { first: code, last: code }),
        }
    }
    let written = |range: &Codes| match range {
        Codes { first, last } if first == last => first.to_string(),
        Codes { first, last } => format!("{first}-{last}"),
    };
    ranges.iter().map(written).collect()
}
