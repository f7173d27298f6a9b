//! Command lines, variables and times, as they stand in other tools' files.

use std::time::Duration;

use serde_json::{Map, Value as Json};

use super::{
    found::{Found, Table},
    keys::written,
};
use crate::{reason::note, times::Written};

/// The words of a command line, where blanks divide and both kinds of quotation marks hold together.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match quote {
            Some(mark) if c == mark => quote = None,
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// A word as the shell of Unix wants it.
pub(super) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Seconds as `estatus.toml` writes them; nothing if nobody can mean them.
pub(super) fn seconds(seconds: f64) -> Option<Json> {
    let span = Duration::try_from_secs_f64(seconds).ok().filter(|span| !span.is_zero())?;
    Some(Written(span).to_string().into())
}

/// Variables with their values as texts; what is neither text, number nor truth is told.
pub(super) fn variables(entry: &str, key: &str, map: &Map<String, Json>, found: &mut Found) -> Table {
    let mut variables = Map::new();
    for (name, value) in map {
        match written(value) {
            Some(value) => drop(variables.insert(name.clone(), value.into())),
            None => found.left(entry, &format!("{key}.{name}"), note!("no_variable_value")),
        }
    }
    variables
}
