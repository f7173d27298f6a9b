//! What is wrong with a text that is no TOML, in the words of somebody who sees what was meant.

use std::str::FromStr;

use toml_edit::TomlError;

use crate::{
    problem::shown,
    reason::{Reason, reason},
};

/// Quotation marks of word processors, chat programs and web pages.
const TYPOGRAPHIC: &str = "“”„‟‘’‚‛«»‹›＂";

/// Characters that nobody sees, or takes for a space.
const INVISIBLE: [char; 9] =
    ['\u{a0}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{202f}', '\u{2060}', '\u{feff}', '\u{3000}', '\u{ad}'];

/// Where `text` stops being TOML, in bytes, and why.
pub(crate) fn mistake(error: &TomlError, text: &str) -> (usize, Reason) {
    let mut at = error.span().map_or(0, |span| span.start).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let meant = match error.message() {
        message if message.starts_with("duplicate key") => double(error, text, at),
        message => of_file(text).or_else(|| Line::of(text, at).mistake(message)),
    };
    let told = || reason!("syntax", error = error.message().lines().collect::<Vec<_>>().join(", "));
    (at, meant.unwrap_or_else(told))
}

/// A file in another language.
fn of_file(text: &str) -> Option<Reason> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'))?;
    match first {
        "---" => Some(reason!("other_language", language = "YAML")),
        _ if first.starts_with('{') => Some(reason!("other_language", language = "JSON")),
        _ => None,
    }
}

/// A key or a table that stands there twice, and where the first is.
fn double(error: &TomlError, text: &str, at: usize) -> Option<Reason> {
    let key = text.get(error.span()?).filter(|key| !key.is_empty())?;
    let line = Line::of(text, at);
    let before = text.get(..line.begins)?;
    let is_header = |line: &str| line.trim_start().starts_with('[');
    let own = table_of(line.text);
    let same = |(_, other): &(usize, &str)| match is_header(line.text) {
        true => is_header(other) && table_of(other) == own,
        false => other.split_once('=').is_some_and(|(other, _)| other.trim() == key),
    };
    // A key belongs to the table whose line is the last before it.
    let of_table = |(_, other): &(usize, &str)| is_header(line.text) || !is_header(other);
    let lines: Vec<(usize, &str)> = before.lines().enumerate().collect();
    let first = lines.into_iter().rev().take_while(of_table).filter(same).last();
    Some(match first {
        Some((index, _)) if is_header(line.text) && is_list(own) => {
            reason!("double_list", key = own, line = index + 1)
        }
        Some((index, _)) => reason!("double_key", key = shown(key), line = index + 1),
        None => reason!("double", key = shown(key)),
    })
}

/// Whether there may be several tables of this name, each in two brackets: monitors, programs, the steps of a flow, the
/// schedule of a fleet.
fn is_list(table: &str) -> bool {
    ["monitor", "program"].contains(&table) || list_of(table).is_some()
}

/// The parts of the name of a table of which there may be several in one that has a name itself: what that is, its name,
/// and what they are in it.
fn list_of(table: &str) -> Option<(&str, &str, &str)> {
    const LISTS: [(&str, &str); 2] = [("flow", "step"), ("fleet", "schedule")];
    let (whole, (name, list)) =
        table.split_once('.').and_then(|(whole, rest)| Some((whole, rest.rsplit_once('.')?)))?;
    (LISTS.contains(&(whole, list)) && !name.is_empty()).then_some((whole, name, list))
}

/// What stands between the brackets of the line of a table.
fn table_of(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim().trim_matches(['[', ']']).trim()
}

/// The line in which something is wrong.
struct Line<'t> {
    text: &'t str,
    /// Where it begins in the whole text.
    begins: usize,
    /// Where in it something is wrong.
    at: usize,
}

/// A text in quotation marks on one line, from the first mark.
struct Quoted {
    mark: char,
    from: usize,
    /// Behind the last mark, or the end of the line.
    to: usize,
    is_closed: bool,
}

impl<'t> Line<'t> {
    fn of(text: &'t str, at: usize) -> Self {
        let (before, after) = text.split_at(at);
        let begins = before.rfind('\n').map_or(0, |end| end + 1);
        let ends = after.find('\n').map_or(text.len(), |end| at + end);
        let line = text.get(begins..ends).unwrap_or_default();
        let text = line.strip_suffix('\r').unwrap_or(line);
        Self { text, begins, at: (at - begins).min(text.len()) }
    }

    /// What was probably meant; nothing where nobody can tell.
    fn mistake(&self, message: &str) -> Option<Reason> {
        if ["\"\"\"", "'''"].iter().any(|mark| self.text.contains(mark)) {
            return None;
        }
        let quoted = self.quoted();
        self.of_marks(&quoted).or_else(|| self.of_strings(&quoted)).or_else(|| self.of_words(&quoted, message))
    }

    /// The texts in quotation marks, up to a comment.
    fn quoted(&self) -> Vec<Quoted> {
        let mut found: Vec<Quoted> = Vec::new();
        let mut open: Option<(char, usize, bool)> = None;
        for (at, c) in self.text.char_indices() {
            match open {
                None if c == '#' => break,
                None if c == '"' || c == '\'' => open = Some((c, at, false)),
                None => {}
                Some((mark, from, is_escaped)) if c == mark && !is_escaped => {
                    found.push(Quoted { mark, from, to: at + 1, is_closed: true });
                    open = None;
                }
                Some((mark, from, is_escaped)) => open = Some((mark, from, mark == '"' && c == '\\' && !is_escaped)),
            }
        }
        let unclosed = open.map(|(mark, from, _)| Quoted { mark, from, to: self.text.len(), is_closed: false });
        found.into_iter().chain(unclosed).collect()
    }

    /// Characters that look like others.
    fn of_marks(&self, quoted: &[Quoted]) -> Option<Reason> {
        let is_outside = |at: usize| !quoted.iter().any(|text| text.is_closed && text.from < at && at < text.to);
        let outside = || self.text.char_indices().filter(|(at, _)| is_outside(*at)).map(|(_, c)| c);
        if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| self.text.starts_with(mark)) {
            return Some(reason!("merge_marks"));
        }
        if let Some(mark) = outside().find(|c| TYPOGRAPHIC.contains(*c)) {
            return Some(reason!("typographic", mark = mark.to_string()));
        }
        let invisible = outside().find(|c| INVISIBLE.contains(c));
        invisible.map(|c| reason!("invisible", code = format!("U+{:04X}", u32::from(c))))
    }

    /// A text that is wrong between its quotation marks.
    fn of_strings(&self, quoted: &[Quoted]) -> Option<Reason> {
        let text = quoted.iter().find(|text| text.from <= self.at && self.at <= text.to)?;
        let inner = self.text.get(text.from + 1..text.to)?;
        if let (Some(escape), '"') = (inner.find('\\'), text.mark) {
            let wrong = self.text.get(..self.at).filter(|before| before.ends_with('\\')).map(|_| self.at - 1);
            let from = wrong.filter(|at| *at > text.from).unwrap_or(text.from + 1 + escape);
            let escape: String = self.text.get(from..)?.chars().take(2).collect();
            let literal = literally(inner.strip_suffix('"').unwrap_or(inner));
            return Some(reason!("no_escape", escape, literal));
        }
        (!text.is_closed).then(|| reason!("not_closed", mark = text.mark.to_string()))
    }

    /// What stands outside quotation marks and should not, or not so.
    fn of_words(&self, quoted: &[Quoted], message: &str) -> Option<Reason> {
        let line = self.text.trim();
        if let Some(mark) = ["//", "/*", ";", "--"].iter().find(|mark| line.starts_with(**mark)) {
            return Some(reason!("comment_mark", mark = *mark));
        }
        if line.starts_with('[') && !message.starts_with("string values") {
            return header(line);
        }
        let sign = self
            .text
            .char_indices()
            .find(|(at, c)| *c == '=' && !quoted.iter().any(|text| text.from < *at && *at < text.to));
        match sign.and_then(|(at, _)| Some((self.text.get(..at)?.trim(), self.text.get(at + 1..)?))) {
            Some((key, value)) => self.of_value(key, value, quoted),
            None if message.starts_with("string values") => Some(reason!("bare", like = quote(self.word()))),
            None => without_sign(line),
        }
    }

    fn of_value(&self, key: &str, value: &str, quoted: &[Quoted]) -> Option<Reason> {
        let words: Vec<&str> = key.split_whitespace().collect();
        if words.len() > 1 && !key.contains(['"', '\'', '.']) {
            return Some(reason!("key_of_words", like = words.join("_")));
        }
        let begins = self.text.len() - value.len();
        let comment = value
            .char_indices()
            .find(|(at, c)| *c == '#' && !quoted.iter().any(|text| text.from < begins + at && begins + at < text.to));
        let value = comment.map_or(value, |(at, _)| &value[..at]).trim();
        let like = |value: String| format!("{} = {value}", shown(key));
        let parts: Vec<&str> = value.split(',').map(str::trim).collect();
        if parts.len() > 1 && parts.iter().all(|part| toml_edit::Value::from_str(part).is_ok()) {
            return Some(reason!("list", like = like(format!("[{}]", shown_plain(value)))));
        }
        match value.chars().next() {
            None => Some(reason!("no_value", like = like("\"…\"".to_owned()))),
            Some('=') => Some(reason!("one_sign")),
            Some('"' | '\'') => {
                let behind = quoted.iter().find(|text| text.from >= begins).and_then(|text| self.text.get(text.to..));
                let behind = behind.map(str::trim).filter(|behind| !behind.is_empty());
                let inner = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                if let Some(inner) = inner.filter(|inner| inner.contains('\'')) {
                    return Some(reason!("bare", like = like(quote(inner))));
                }
                behind.map(|behind| reason!("behind_value", found = shown(behind)))
            }
            Some('[' | '{') => {
                let before = self.text.get(..self.at).and_then(|before| before.trim_end().strip_suffix(':'));
                if let Some(key) = before.and_then(|before| before.rsplit([' ', '{', ',']).next()) {
                    return Some(reason!("colon", like = format!("{} = …", shown_plain(key))));
                }
                if let Some(reason) = self.without_comma(begins, quoted) {
                    return Some(reason);
                }
                let word = self.word();
                let is_bare = word.chars().next().is_some_and(char::is_alphabetic);
                is_bare.then(|| reason!("bare", like = quote(word)))
            }
            Some(_) => Some(match value.trim_end_matches([',', ';']) {
                plain if plain.len() < value.len() && toml_edit::Value::from_str(plain).is_ok() => {
                    reason!("behind_value", found = shown(&value[plain.len()..]))
                }
                plain => match plain.to_ascii_lowercase().as_str() {
                    "yes" | "on" | "true" => reason!("bare", like = like("true".to_owned())),
                    "no" | "off" | "false" => reason!("bare", like = like("false".to_owned())),
                    "null" | "nil" | "none" => reason!("no_null", key = shown(key)),
                    _ => reason!("bare", like = like(quote(plain))),
                },
            }),
        }
    }

    /// Two values, or a value and a key, with nothing but a space between them, in a list or table that begins at `begins`.
    fn without_comma(&self, begins: usize, quoted: &[Quoted]) -> Option<Reason> {
        let rest = self.text.get(self.at..)?.trim_start();
        let at = self.text.len() - rest.len();
        let part = |from: usize| {
            let text = quoted.iter().find(|text| text.from == from).and_then(|text| self.text.get(from..text.to));
            text.or_else(|| self.text.get(from..)?.split([' ', ',', ']', '}']).next())
        };
        let before = self.text.get(begins..at)?;
        let end = begins + before.trim_end().len();
        let (last, next) = if end < at && before.trim_end().ends_with(ends_value) {
            let text = quoted.iter().find(|text| text.to == end).map(|text| text.from);
            let from = text.or_else(|| Some(self.text.get(..end)?.rfind([' ', ',', '[', '{'])? + 1))?;
            (part(from)?, part(at)?)
        } else {
            let last = part(at)?;
            let behind = rest.get(last.len()..)?.trim_start();
            (last, part(self.text.len() - behind.len())?)
        };
        let is_value = |text: &str| toml_edit::Value::from_str(text).is_ok();
        let is_key = next.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        let is_missing = is_value(last) && !next.is_empty() && (is_value(next) || is_key);
        is_missing.then(|| reason!("no_comma", last = shown_plain(last), next = shown_plain(next)))
    }

    /// The word that stands where something is wrong.
    fn word(&self) -> &'t str {
        let ends = |c: char| c.is_whitespace() || ",[]{}=#\"'".contains(c);
        let from = self.text.get(..self.at).and_then(|before| before.rfind(ends)).map_or(0, |at| at + 1);
        let word = self.text.get(from..).unwrap_or_default();
        word.split(ends).next().unwrap_or_default()
    }
}

fn ends_value(c: char) -> bool {
    c.is_alphanumeric() || "\"'])}".contains(c)
}

/// The line of a table as it should be.
fn header(line: &str) -> Option<Reason> {
    let inner = table_of(line);
    if inner.is_empty() || inner.contains(['=', '"', '\'', ',']) {
        return None;
    }
    let is_bare = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let name = match (list_of(inner), inner.split_once('.')) {
        (Some((whole, name, list)), _) if !is_bare(name) => format!("{whole}.{}.{list}", quote(name.trim())),
        (None, Some((table, name))) if is_bare(table) && !is_bare(name) => format!("{table}.{}", quote(name.trim())),
        _ => inner.to_owned(),
    };
    let name = shown_plain(&name);
    let like = if line.starts_with("[[") || is_list(inner) { format!("[[{name}]]") } else { format!("[{name}]") };
    (like != line).then(|| reason!("header", like))
}

/// A line that is neither `key = value`, nor the name of a table, nor a comment.
fn without_sign(line: &str) -> Option<Reason> {
    if line.is_empty() {
        return None;
    }
    let with_colon = line.split_once(':').map(|(key, value)| (key.trim(), value.trim()));
    let is_key = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    Some(match with_colon.filter(|(key, _)| is_key(key)) {
        Some((key, "")) => reason!("colon", like = format!("{key} = …")),
        Some((key, value)) if value.starts_with(['"', '\'', '[', '{']) || toml_edit::Value::from_str(value).is_ok() => {
            reason!("colon", like = format!("{key} = {}", shown_plain(value)))
        }
        Some((key, value)) => reason!("colon", like = format!("{key} = {}", quote(value))),
        None => reason!("no_sign"),
    })
}

/// A text as it stands in a file.
fn quote(text: &str) -> String {
    if text.contains(['"', '\\']) { literally(text) } else { format!("\"{}\"", shown_plain(text)) }
}

/// A text that holds backslashes as it stands in a file: between single quotation marks, if it can.
pub(crate) fn literally(text: &str) -> String {
    if text.contains('\'') {
        return format!("\"{}\"", shown_plain(&text.replace('\\', "\\\\")));
    }
    format!("'{}'", shown_plain(text))
}

/// A text from the file, short and on one line, with its backslashes as they are.
fn shown_plain(text: &str) -> String {
    const SHOWN: usize = 60;
    let short: String = text.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
    if text.chars().count() > SHOWN { format!("{short}…") } else { short }
}
