//! Changes a configuration file: what is not concerned stays as it was written, comments and order included.

mod list;
mod lock;
mod merge;
mod place;
mod save;

use std::path::Path;

use estatus_api::{ConfigProblem, Configuration, Edit, Section};
use estatus_core::config::{Config, Language};
pub(crate) use save::put;
use serde_json::Value as Json;
use toml_edit::{ArrayOfTables, Document, DocumentMut, Item, Table};

use crate::{
    Defaults, Problems, listed, parse, read,
    reason::{Reason, reason},
    syntax,
};

/// Why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file cannot be read or written.
    #[error("{file}: {error}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// There is no such thing in it.
    #[error("{0}")]
    Unknown(String),
}

impl EditError {
    fn file(file: &Path, error: std::io::Error) -> Self {
        Self::File { file: file.display().to_string(), error }
    }
}

/// What stands in `file`, and what is wrong with it.
///
/// # Errors
/// If it cannot be read.
pub fn configuration(file: &Path, defaults: &Defaults) -> Result<Configuration, EditError> {
    let text = text_of(file, defaults)?;
    let tables = Document::parse(text.as_str()).map(|document| merge::json_of_table(document.as_table()));
    Ok(Configuration {
        file: file.to_owned(),
        tables: tables.unwrap_or_else(|_| Json::Object(serde_json::Map::new())),
        problems: problems(&text, file, defaults),
    })
}

/// Makes `edits` in `file`, one after the other, and gives back what is wrong with it then. It is saved if `save` and
/// nothing is; two that save at once do it one after the other, whatever their processes. Blocks, for ten seconds if
/// somebody else does not let go of the file.
///
/// # Errors
/// If it cannot be read or saved, or what is to be changed is not there.
pub fn edit(file: &Path, edits: &[Edit], save: bool, defaults: &Defaults) -> Result<Vec<ConfigProblem>, EditError> {
    let _lock = save.then(|| lock::take(file)).transpose().map_err(|error| EditError::file(file, error))?;
    let text = match edited(file, edits, defaults)? {
        Ok(text) => text,
        Err(problems) => return Ok(problems),
    };
    let problems = problems(&text, file, defaults);
    if save && problems.is_empty() {
        save::save(file, &text).map_err(|error| EditError::file(file, error))?;
    }
    Ok(problems)
}

/// The configuration that `edits`, made in `file` one after the other, would lead to, or what would be wrong with it; the
/// file stays as it is. Blocks.
///
/// # Errors
/// If the file cannot be read, or what is to be changed is not there.
pub fn preview_edits(
    file: &Path,
    edits: &[Edit],
    defaults: &Defaults,
) -> Result<Result<Config, Vec<ConfigProblem>>, EditError> {
    let text = match edited(file, edits, defaults)? {
        Ok(text) => text,
        Err(problems) => return Ok(Err(problems)),
    };
    Ok(parse(&text, file, defaults).map_err(|problems| located(&text, problems)))
}

/// What `edits` would make of `file`, or what is wrong with the file as it is, so that nothing can be made of it.
fn edited(file: &Path, edits: &[Edit], defaults: &Defaults) -> Result<Result<String, Vec<ConfigProblem>>, EditError> {
    let text = text_of(file, defaults)?;
    let mut document: DocumentMut = match text.parse() {
        Ok(document) => document,
        Err(error) => return Ok(Err(located(&text, syntax(&error, &text, file, defaults.language)))),
    };
    let language = language(document.get("language").and_then(Item::as_str), defaults.language);
    for edit in edits {
        apply(&mut document, edit).map_err(|reason| EditError::Unknown(reason.in_words(language)))?;
    }
    Ok(Ok(document.to_string()))
}

fn text_of(file: &Path, defaults: &Defaults) -> Result<String, EditError> {
    let bytes = read(file).map_err(|error| EditError::file(file, error))?;
    let no_text = |_| EditError::Unknown(reason!("no_text").in_words(defaults.language));
    String::from_utf8(bytes).map_err(no_text)
}

/// The language that a file asks for by this word, or else `usual`.
pub(crate) fn language(asked: Option<&str>, usual: Language) -> Language {
    match asked {
        Some("en") => Language::English,
        Some("es") => Language::Spanish,
        _ => usual,
    }
}

fn problems(text: &str, file: &Path, defaults: &Defaults) -> Vec<ConfigProblem> {
    parse(text, file, defaults).err().map(|problems| located(text, problems)).unwrap_or_default()
}

fn located(text: &str, problems: Problems) -> Vec<ConfigProblem> {
    let document = Document::parse(text).ok();
    let at = |line, column| document.as_ref().map(|document| place::path(document, text, line, column));
    let located = problems.0.into_iter().map(|problem| ConfigProblem {
        line: problem.line,
        column: problem.column,
        path: at(problem.line, problem.column).unwrap_or_default(),
        message: problem.message,
    });
    located.collect()
}

/// Makes `edit` in `document`.
pub(crate) fn apply(document: &mut DocumentMut, edit: &Edit) -> Result<(), Reason> {
    match edit {
        Edit::Put { section, name, table, called } if has_keys(*section) => {
            put_named(document, *section, name.as_deref(), table, called.as_deref())
        }
        Edit::Put { section, name, table, .. } => put_entry(document, *section, name.as_deref(), table),
        Edit::Remove { section, name } if has_keys(*section) => {
            let key = key(*section);
            let entries = document.get_mut(key).and_then(Item::as_table_like_mut);
            entries.and_then(|entries| entries.remove(name)).map(drop).ok_or_else(|| nobody(key, name))
        }
        Edit::Remove { section, name } => remove_entry(document, *section, name),
        Edit::Set { path, value } => set(document, path, value.as_ref()),
    }
}

#[cfg(test)]
pub(crate) use merge::json_of_table as json_of;

/// The key under which the entries of a section stand.
pub(crate) const fn key(section: Section) -> &'static str {
    match section {
        Section::Monitor => "monitor",
        Section::Program => "program",
        Section::Channel => "channel",
        Section::Flow => "flow",
        Section::Fleet => "fleet",
    }
}

/// Whether the name of an entry of a section is its key, and no value of its own.
pub(crate) const fn has_keys(section: Section) -> bool {
    match section {
        Section::Channel | Section::Flow | Section::Fleet => true,
        Section::Monitor | Section::Program => false,
    }
}

fn nobody(what: &str, name: &str) -> Reason {
    reason!("gone", word = listed::word(what), name)
}

/// The entries of a section, which is made if there is none.
fn entries(document: &mut DocumentMut, section: Section) -> Result<&mut ArrayOfTables, Reason> {
    let key = key(section);
    let item = document.entry(key).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if !item.is_array_of_tables() {
        let written = std::mem::take(item);
        *item = written.into_array_of_tables().map(Item::ArrayOfTables).unwrap_or_else(|written| written);
    }
    item.as_array_of_tables_mut().ok_or_else(|| reason!("no_list", key))
}

fn position(entries: &ArrayOfTables, section: Section, name: &str) -> Result<usize, Reason> {
    let is_called = |table: &Table| table.get("name").and_then(Item::as_str) == Some(name);
    entries.iter().position(is_called).ok_or_else(|| nobody(key(section), name))
}

fn put_entry(document: &mut DocumentMut, section: Section, name: Option<&str>, wanted: &Json) -> Result<(), Reason> {
    let entries = entries(document, section)?;
    let Some(name) = name else {
        let mut table = Table::new();
        merge::merge(&mut table, wanted)?;
        table.decor_mut().set_prefix("\n");
        entries.push(table);
        return Ok(());
    };
    let at = position(entries, section, name)?;
    let table = entries.get_mut(at).ok_or_else(|| nobody(key(section), name))?;
    merge::merge(table, wanted)
}

fn remove_entry(document: &mut DocumentMut, section: Section, name: &str) -> Result<(), Reason> {
    let entries = entries(document, section)?;
    let at = position(entries, section, name)?;
    entries.remove(at);
    if entries.is_empty() {
        document.remove(key(section));
    }
    Ok(())
}

/// Puts an entry whose name is the key of its table.
fn put_named(
    document: &mut DocumentMut,
    section: Section,
    name: Option<&str>,
    wanted: &Json,
    called: Option<&str>,
) -> Result<(), Reason> {
    let key = key(section);
    let new = called.or(name).ok_or_else(|| reason!("entry_without_name", word = listed::word(key)))?;
    let entries = document.entry(key).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let entries = entries.as_table_like_mut().ok_or_else(|| reason!("no_table", key))?;
    let mut item = match name {
        Some(name) if new == name => entries.get_mut(name).map(std::mem::take).ok_or_else(|| nobody(key, name))?,
        Some(name) => entries.remove(name).ok_or_else(|| nobody(key, name))?,
        None => Item::Table(Table::new()),
    };
    let is_taken = entries.get(new).is_some_and(|other| !other.is_none());
    if is_taken {
        return Err(reason!("name_taken", word = listed::word(key), name = new));
    }
    merge::merge(item.as_table_like_mut().ok_or_else(|| reason!("no_table", key = format!("{key}.{new}")))?, wanted)?;
    if let Item::Table(table) = &mut item {
        head(table);
    }
    entries.insert(new, item);
    Ok(())
}

/// Gives a table a header where it needs one: if it says something itself, or nothing at all, and not only in tables
/// below it.
fn head(table: &mut Table) {
    let below = table.iter().flat_map(|(_, item)| match item {
        Item::Table(table) => vec![table],
        Item::ArrayOfTables(tables) => tables.iter().collect(),
        Item::None | Item::Value(_) => Vec::new(),
    });
    let headed: Vec<Option<isize>> = below.filter(|table| !table.is_dotted()).map(Table::position).collect();
    if table.position().is_none() && !headed.is_empty() {
        // It has had none so far, and stands where what is below it begins.
        let says_something = table.iter().any(|(_, item)| item.is_value());
        table.set_implicit(!says_something);
        table.set_position(headed.into_iter().flatten().min());
    } else if table.is_empty() {
        table.set_implicit(false);
    }
}

fn set(document: &mut DocumentMut, path: &[String], value: Option<&Json>) -> Result<(), Reason> {
    let (last, above) = path.split_last().ok_or_else(|| reason!("value_without_name"))?;
    let mut table = document.as_table_mut() as &mut dyn toml_edit::TableLike;
    for key in above {
        let item = table.entry(key).or_insert_with(|| Item::Table(Table::new()));
        table = item.as_table_like_mut().ok_or_else(|| reason!("no_table", key = key.as_str()))?;
    }
    match value {
        Some(value) => merge::put(table, last, value),
        None => {
            table.remove(last);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
