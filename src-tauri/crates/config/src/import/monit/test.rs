//! What Monit tests, as the keys of a check.

use serde_json::{Value as Json, json};

use super::{
    comparison::{Comparison, table},
    connection::{Tls, connection},
    line::Line,
    words::Word,
};
use crate::{
    import::{
        found::{Found, Table},
        line::{quoted, seconds, words},
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
    /// What a check of the type `kind` is about, by the words behind its name.
    pub(super) fn of(kind: &Word, line: &mut Line<'_>) -> Option<Self> {
        /// What Monit gives a program where nothing is said.
        const PROGRAM_TIMEOUT: f64 = 300.0;
        let text = |word: Option<&Word>| word.map(|word| word.text.clone());
        match kind.text.to_ascii_lowercase().as_str() {
            "process" => match (text(line.after(&["pidfile"])), text(line.after(&["matching", "match"]))) {
                // Fails unless the file is there and the process it names runs.
                (Some(file), _) => Some(json!({ "command": format!("ps -p \"$(cat {})\"", quoted(&file)) })),
                (None, Some(pattern)) => Some(json!({ "process": { "command_line": pattern } })),
                (None, None) => None,
            }
            .map(|check| Self::Process(table(check))),
            "host" => text(line.after(&["address"])).map(Self::Host),
            "system" => Some(Self::System),
            "filesystem" | "device" => text(line.after(&["path"])).map(Self::Disk),
            "program" => {
                let words = words(&line.after(&["path"])?.text);
                let given = line.after(&["timeout"]).and_then(|timeout| timeout.text.parse().ok());
                Some(Self::Program { words, timeout: seconds(given.unwrap_or(PROGRAM_TIMEOUT)) })
            }
            _ => None,
        }
    }

    /// The check that it is there, for what can be away, and whether Monit starts it then by itself.
    pub(super) fn existence(&self) -> Option<(Table, bool)> {
        if let Self::Process(check) = self { Some((check.clone(), true)) } else { None }
    }
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

    /// The words that say what is tested, and those that say how often it must fail.
    fn parts(&self) -> (&'w [Word], &'w [Word]) {
        let often = self.condition.iter().position(|word| word.is(&["cycle", "cycles", "times"]));
        let begins = often.map_or(self.condition.len(), |at| at.saturating_sub(1));
        self.condition.split_at(begins)
    }

    /// How many failures in a row it takes: the number before `cycles` or `times`.
    pub(super) fn failures(&self) -> Option<u32> {
        self.parts().1.first()?.text.parse().ok()
    }

    /// Whether it takes so many failures among more cycles.
    pub(super) fn has_window(&self) -> bool {
        matches!(self.parts().1, [_, times, within, ..] if times.is(&["times"]) && within.is(&["within"]))
    }

    /// The words that say what is tested, without those that say nothing.
    fn tested(&self) -> Vec<&'w Word> {
        let noise = ["and", "with", "within", "has", "using", "use", "on", "only", "usage"];
        let mut tested: Vec<&Word> = self.parts().0.iter().filter(|word| !word.is(&noise)).collect();
        if tested.last().is_some_and(|word| word.is(&["for"])) {
            tested.pop();
        }
        tested
    }

    /// What it tests in a word or two, and the keys of the check; or why it cannot be one.
    pub(super) fn check(
        &self,
        subject: &Subject,
        tls: Tls,
        name: &str,
        found: &mut Found,
    ) -> Result<(String, Table), Reason> {
        let is_known = match self.parts().1 {
            [] | [_, _] => true,
            [_, times, within, _, cycles] => {
                times.is(&["times"]) && within.is(&["within"]) && cycles.is(&["cycle", "cycles"])
            }
            _ => false,
        };
        let tested = self.tested();
        match (tested.split_first(), subject) {
            _ if !is_known => Err(note!("no_check_like_it")),
            (Some((first, rest)), Subject::Process(_)) if first.is(&["failed"]) => {
                connection("127.0.0.1", tls, rest, name, found)
            }
            (Some((first, rest)), Subject::Host(host)) if first.is(&["failed"]) => {
                connection(host, tls, rest, name, found)
            }
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

/// A figure of this machine that must not be above a limit.
fn system(figure: &str, rest: &[&Word]) -> Result<(String, Table), Reason> {
    if rest.windows(2).any(|pair| pair[0].is(&["per"]) && pair[1].is(&["core"])) {
        return Err(note!("load_per_core"));
    }
    let (part, rest) = match rest.split_first() {
        Some((part, rest_of_it)) if Comparison::of(rest).is_none() => (part.text.as_str(), rest_of_it),
        _ => ("", rest),
    };
    let limit =
        Comparison::of(rest).filter(|limit| matches!(limit.sign, ">" | ">=")).ok_or_else(|| note!("no_upper_limit"))?;
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
        (false, ">" | ">=", "%") if number <= 100.0 => format!("> {}%", 100.0 - number),
        (true, "<" | "<=", "%") => format!("> {number}%"),
        // Monit's units are binary.
        (true, "<" | "<=", unit) if unit.len() == 2 => format!("> {number}{}iB", unit.get(..1).unwrap_or_default()),
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
        ">=" => json!([format!("0-{}", code.checked_sub(1).ok_or_else(|| note!("no_exit_code"))?)]),
        "<=" => json!([format!("{}-{}", code.checked_add(1).ok_or_else(|| note!("no_exit_code"))?, u32::MAX)]),
        _ => {
            let below = code.checked_sub(1).map(|last| format!("0-{last}"));
            let above = code.checked_add(1).map(|first| format!("{first}-{}", u32::MAX));
            json!(below.into_iter().chain(above).collect::<Vec<_>>())
        }
    })
}
