//! What Monit tests, as the keys of a check.

use serde_json::{Value as Json, json};

use super::{connection::connection, words::Word};
use crate::{
    import::{
        found::{Found, Table},
        line,
    },
    reason::{Reason, note},
};

/// What a `check` is about.
pub(super) enum Subject {
    /// A process, by the keys of a check that looks whether it is there.
    Process(Table),
    /// A host, by its address.
    Host(String),
    /// This machine.
    System,
    /// The disk that holds a path.
    Disk(String),
    /// A command.
    Program { words: Vec<String>, timeout: Option<Json> },
}

impl Subject {
    /// What the words `check TYPE NAME …` are about.
    pub(super) fn of(header: &[Word]) -> Option<Self> {
        let after = |keywords: &[&str]| {
            let at = header.iter().position(|word| word.is(keywords))?;
            header.get(at + 1).map(|word| word.text.as_str())
        };
        match header.get(1)?.text.to_ascii_lowercase().as_str() {
            "process" => match (after(&["pidfile"]), after(&["matching", "match"])) {
                // Fails unless the file is there and the process it names runs.
                (Some(file), _) => Some(json!({ "command": format!("ps -p \"$(cat {})\"", line::quoted(file)) })),
                (None, Some(pattern)) => Some(json!({ "process": { "command_line": pattern } })),
                (None, None) => None,
            }
            .map(|check| Self::Process(table(check))),
            "host" => after(&["address"]).map(|address| Self::Host(address.to_owned())),
            "system" => Some(Self::System),
            "filesystem" | "device" => after(&["path"]).map(|path| Self::Disk(path.to_owned())),
            "program" => {
                let words = line::words(after(&["path"])?);
                let timeout = after(&["timeout"]).and_then(|seconds| line::seconds(seconds.parse().ok()?));
                Some(Self::Program { words, timeout })
            }
            _ => None,
        }
    }

    /// The check that it is there, for what can be away, and whether Monit starts it then by itself.
    pub(super) fn existence(&self) -> Option<(Table, bool)> {
        if let Self::Process(check) = self { Some((check.clone(), true)) } else { None }
    }
}

pub(super) fn table(check: Json) -> Table {
    if let Json::Object(table) = check { table } else { Table::new() }
}

/// An `if … then …`.
pub(super) struct Test<'w> {
    pub(super) condition: &'w [Word],
    pub(super) action: &'w [Word],
}

impl<'w> Test<'w> {
    /// Of the words behind `if`.
    pub(super) fn of(words: &'w [Word]) -> Option<Self> {
        let then = words.iter().position(|word| word.is(&["then"]))?;
        let (condition, action) = (words.get(..then)?, words.get(then + 1..)?);
        (!condition.is_empty() && !action.is_empty()).then_some(Self { condition, action })
    }

    /// Whether it asks whether the process is there.
    pub(super) fn is_of_existence(&self) -> bool {
        self.condition.iter().any(|word| word.is(&["exist"])) && self.condition.iter().any(|word| word.is(&["not"]))
    }

    /// How many failures in a row it takes: the number before `cycles` or `times`.
    pub(super) fn failures(&self) -> Option<u32> {
        let at = self.condition.iter().position(|word| word.is(&["cycle", "cycles", "times"]))?;
        self.condition.get(at.checked_sub(1)?)?.text.parse().ok()
    }

    /// Whether it takes so many failures among more cycles.
    pub(super) fn has_window(&self) -> bool {
        let is_count =
            |pair: &[Word]| matches!(pair, [times, within] if times.is(&["times"]) && within.is(&["within"]));
        self.condition.windows(2).any(is_count)
    }

    /// The words that say what is tested, without those that say how often and those that say nothing.
    fn tested(&self) -> Vec<&'w Word> {
        let noise = ["and", "with", "within", "has", "using", "use", "on", "only", "usage"];
        let often = self.condition.iter().position(|word| word.is(&["cycle", "cycles", "times"]));
        let end = often.map_or(self.condition.len(), |at| at.saturating_sub(1));
        let tested = self.condition.iter().take(end).filter(|word| !word.is(&noise));
        let mut tested: Vec<&Word> = tested.collect();
        if tested.last().is_some_and(|word| word.is(&["for"])) {
            tested.pop();
        }
        tested
    }

    /// What it tests in a word or two, and the keys of the check; or why it cannot be one.
    pub(super) fn check(&self, subject: &Subject, name: &str, found: &mut Found) -> Result<(String, Table), Reason> {
        let tested = self.tested();
        match (tested.split_first(), subject) {
            (Some((first, rest)), Subject::Process(_)) if first.is(&["failed"]) => {
                connection("127.0.0.1", rest, name, found)
            }
            (Some((first, rest)), Subject::Host(host)) if first.is(&["failed"]) => connection(host, rest, name, found),
            (Some((first, rest)), Subject::System) => system(&first.text.to_ascii_lowercase(), rest),
            (Some((first, rest)), Subject::Disk(path)) if first.is(&["space"]) => space(path, rest),
            (Some((first, rest)), Subject::Program { words, timeout }) if first.is(&["status"]) => {
                let mut check = table(json!({ "command": words }));
                check.insert("accept".to_owned(), codes(rest)?);
                check.extend(timeout.clone().map(|timeout| ("timeout".to_owned(), timeout)));
                Ok((String::new(), check))
            }
            _ => Err(note!("no_check_like_it")),
        }
    }
}

/// A comparison: `> 80%`, `greater than 4`.
struct Comparison<'w> {
    sign: &'static str,
    number: &'w str,
    unit: &'w str,
}

impl<'w> Comparison<'w> {
    fn of(words: &[&'w Word]) -> Option<Self> {
        let sign = words.first()?.text.to_ascii_lowercase();
        let known: [(&str, &[&str]); 4] = [
            (">", &[">", "gt", "greater"]),
            ("<", &["<", "lt", "less"]),
            ("!=", &["!=", "ne", "notequal"]),
            ("==", &["==", "=", "eq", "equal"]),
        ];
        let (sign, _) = known.iter().find(|(_, names)| names.contains(&sign.as_str()))?;
        let mut rest = words.iter().skip(1).filter(|word| !word.is(&["than", "to"]));
        let value = rest.next()?.text.as_str();
        let (number, unit) =
            value.split_at(value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len()));
        let unit = if unit.is_empty() { rest.next().map_or("", |word| word.text.as_str()) } else { unit };
        (!number.is_empty()).then_some(Self { sign, number, unit })
    }
}

/// A figure of this machine that must not be above a limit.
fn system(figure: &str, rest: &[&Word]) -> Result<(String, Table), Reason> {
    let (part, rest) = match rest.split_first() {
        Some((part, rest_of_it)) if Comparison::of(rest).is_none() => (part.text.as_str(), rest_of_it),
        _ => ("", rest),
    };
    let limit = Comparison::of(rest).filter(|limit| limit.sign == ">").ok_or_else(|| note!("no_upper_limit"))?;
    let percent = format!("< {}%", limit.number);
    let limits = match (figure, part, limit.unit) {
        ("loadavg", "1min", "") => json!({ "load": format!("< {}", limit.number) }),
        ("loadavg", ..) => return Err(note!("load_over_minute")),
        ("memory", "", "%") => json!({ "memory": percent }),
        ("cpu", "", "%") => json!({ "cpu": percent }),
        ("memory" | "cpu", ..) => return Err(note!("in_percent", figure)),
        _ => return Err(note!("not_measured")),
    };
    Ok((figure.to_owned(), table(json!({ "host": limits }))))
}

/// How full a disk may be.
fn space(path: &str, rest: &[&Word]) -> Result<(String, Table), Reason> {
    if path.starts_with("/dev/") {
        return Err(note!("no_device"));
    }
    let is_free = rest.first().is_some_and(|word| word.is(&["free"]));
    let limit = Comparison::of(if is_free { &rest[1..] } else { rest }).ok_or_else(|| note!("no_limit"))?;
    let number: f64 = limit.number.parse().map_err(|_| note!("no_limit"))?;
    let free = match (is_free, limit.sign, limit.unit) {
        (false, ">", "%") if number <= 100.0 => format!("> {}%", 100.0 - number),
        (true, "<", "%") => format!("> {number}%"),
        // Monit's units are binary.
        (true, "<", unit) if unit.len() == 2 => format!("> {number}{}iB", unit.get(..1).unwrap_or_default()),
        _ => return Err(note!("free_space")),
    };
    Ok(("space".to_owned(), table(json!({ "host": { "disk": { path: free } } }))))
}

/// The exit codes that are well, where those of the comparison are not.
fn codes(rest: &[&Word]) -> Result<Json, Reason> {
    let limit = Comparison::of(rest).ok_or_else(|| note!("status_number"))?;
    let code: u32 = limit.number.parse().map_err(|_| note!("no_exit_code"))?;
    Ok(match limit.sign {
        "!=" => json!([code]),
        ">" => json!([format!("0-{code}")]),
        "<" => json!([format!("{code}-{}", u32::MAX)]),
        _ => {
            let below = code.checked_sub(1).map(|last| format!("0-{last}"));
            let above = code.checked_add(1).map(|first| format!("{first}-{}", u32::MAX));
            json!(below.into_iter().chain(above).collect::<Vec<_>>())
        }
    })
}
