//! Changes a configuration file: what is not concerned stays as it was written, comments and order included.

mod batch;
mod entry;
mod list;
mod lock;
mod merge;
mod place;
mod save;
mod undo;

use std::{io, path::Path};

pub(crate) use entry::entries_of;
use estatus_access::write_atomically;
use estatus_api::{ConfigProblem, Configuration, Edit, Edited, Section};
use estatus_core::config::{Config, Language};
pub(crate) use merge::json_of_table;
use serde_json::Value as Json;
use toml_edit::{ArrayOfTables, Document, DocumentMut, Item, Table};

use self::{
    entry::Found,
    undo::{NotUndone, undone},
};
use crate::{
    Defaults, Problems, listed, parse, read,
    reason::{Reason, reason},
    syntax, versions,
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
    /// What was to be undone has been changed again since.
    #[error("{0}")]
    Overtaken(String),
}

impl EditError {
    pub(crate) fn file(file: &Path, error: std::io::Error) -> Self {
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

/// The tables of `file` as they are written; nothing if they cannot be read. One that is not there has none.
pub(crate) fn tables(file: &Path) -> Option<Json> {
    let bytes = match read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(_) => return None,
    };
    let text = String::from_utf8(bytes).ok()?;
    Document::parse(text.as_str()).ok().map(|document| merge::json_of_table(document.as_table()))
}

/// What is done with what becomes of a file.
#[derive(Clone, Copy, Debug)]
pub enum Saving<'a> {
    /// It is only looked at.
    No,
    /// It is saved if nothing is wrong with it.
    Yes,
    /// It is saved if nothing is wrong with it, and it and what stood there before are versions that are kept in this data
    /// folder from then on.
    AsVersion(&'a Path),
}

/// Makes `edits` in `file`, one after the other, and gives back what is wrong with it then. Two that save at once do it one
/// after the other, whatever their processes. Blocks, for ten seconds if somebody else does not let go of the file.
///
/// # Errors
/// If it cannot be read or saved, or what is to be changed is not there.
pub fn edit(file: &Path, edits: &[Edit], saving: Saving<'_>, defaults: &Defaults) -> Result<Edited, EditError> {
    let _lock = lock(file, saving)?;
    let before = text_of(file, defaults)?;
    match edited(&before, edits, file, defaults)? {
        Ok(text) => change(file, &before, &text, saving, defaults),
        Err(problems) => Ok(Edited { problems, version: None }),
    }
}

/// Makes `file` say what it said in the version `id` that is kept in the data folder `data`, as [`edit`] would. A file that is
/// gone is made anew.
///
/// # Errors
/// If there is no such version, or the file cannot be read or saved.
pub fn put_back(id: u64, file: &Path, data: &Path, defaults: &Defaults) -> Result<Edited, EditError> {
    let text = versions::text(id, data, defaults)?;
    if !file.exists() {
        let problems = problems(&text, file, defaults);
        if problems.is_empty() {
            write_atomically(file, &text, None).map_err(|error| EditError::file(file, error))?;
        }
        return Ok(Edited { problems, version: None });
    }
    let saving = Saving::AsVersion(data);
    let _lock = lock(file, saving)?;
    // What is no text is nothing that could be kept.
    let bytes = read(file).map_err(|error| EditError::file(file, error))?;
    change(file, &String::from_utf8_lossy(&bytes), &text, saving, defaults)
}

/// Takes back what the version `id` that is kept in the data folder `data` changed of the one before it, as [`edit`] would.
/// What else was changed in `file` since stays.
///
/// # Errors
/// [`EditError::Overtaken`] if the same was changed again since. If there is no such version or none before it, or the file
/// cannot be read or saved.
pub fn undo(id: u64, file: &Path, data: &Path, defaults: &Defaults) -> Result<Edited, EditError> {
    let (after, before) = versions::text_and_before(id, data, defaults)?;
    let saving = Saving::AsVersion(data);
    let _lock = lock(file, saving)?;
    let now = text_of(file, defaults)?;
    let language = now.parse::<DocumentMut>().map_or(defaults.language, |document| language_of(&document, defaults));
    let text = undone(&before, &after, &now).map_err(|why| match why {
        NotUndone::Overtaken(name) => EditError::Overtaken(reason!("overtaken", name).in_words(language)),
        NotUndone::Refused(reason) => EditError::Unknown(reason.in_words(language)),
        NotUndone::NoToml => EditError::Overtaken(reason!("overtaken_by_mistake").in_words(language)),
    })?;
    change(file, &now, &text, saving, defaults)
}

/// The entry `name` of `section` as it is written in `file`, with its comments.
///
/// # Errors
/// If there is none, or the file cannot be read.
pub fn entry_text(file: &Path, section: Section, name: &str, defaults: &Defaults) -> Result<String, EditError> {
    let text = text_of(file, defaults)?;
    let mut document: DocumentMut = text.parse().unwrap_or_default();
    let found = Found::of(&mut document, Some(section), name);
    let none = || EditError::Unknown(nobody(key(section), name).in_words(language_of(&document, defaults)));
    found.map(|found| found.text(Some(section), name)).ok_or_else(none)
}

fn lock(file: &Path, saving: Saving<'_>) -> Result<Option<lock::Lock>, EditError> {
    let taken = match saving {
        Saving::No => Ok(None),
        Saving::Yes | Saving::AsVersion(_) => lock::take(file).map(Some),
    };
    taken.map_err(|error| EditError::file(file, error))
}

/// Has `file`, which says `before`, say `text`, if nothing is wrong with that.
fn change(file: &Path, before: &str, text: &str, saving: Saving<'_>, defaults: &Defaults) -> Result<Edited, EditError> {
    let problems = problems(text, file, defaults);
    if !problems.is_empty() {
        return Ok(Edited { problems, version: None });
    }
    let save = || save::save(file, text).map_err(|error| EditError::file(file, error));
    match saving {
        Saving::No => {}
        Saving::Yes => save()?,
        Saving::AsVersion(data) => {
            // Before it is overwritten. An edit that cannot be taken back is better than none.
            let is_kept: io::Result<u64> = versions::keep(before, data);
            save()?;
            let kept = is_kept.and_then(|_| versions::keep_edit(before, text, data)).ok();
            return Ok(Edited { problems, version: kept.filter(|_| before != text) });
        }
    }
    Ok(Edited { problems, version: None })
}

fn language_of(document: &DocumentMut, defaults: &Defaults) -> Language {
    language(document.get("language").and_then(Item::as_str), defaults.language)
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
    let text = match edited(&text_of(file, defaults)?, edits, file, defaults)? {
        Ok(text) => text,
        Err(problems) => return Ok(Err(problems)),
    };
    Ok(parse(&text, file, defaults).map_err(|problems| located(&text, problems)))
}

/// What `edits` would make of `text`, which `file` says, or what is wrong with it as it is, so that nothing can be made of it.
fn edited(
    text: &str,
    edits: &[Edit],
    file: &Path,
    defaults: &Defaults,
) -> Result<Result<String, Vec<ConfigProblem>>, EditError> {
    let mut document: DocumentMut = match text.parse() {
        Ok(document) => document,
        Err(error) => return Ok(Err(located(text, syntax(&error, text, file, defaults.language)))),
    };
    let language = language_of(&document, defaults);
    batch::apply(&mut document, edits).map_err(|reason| EditError::Unknown(reason.in_words(language)))?;
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
    drop_emptied(document, section);
    Ok(())
}

/// Leaves no list of a section behind that nothing is in.
fn drop_emptied(document: &mut DocumentMut, section: Section) {
    let key = key(section);
    if document.get(key).and_then(Item::as_array_of_tables).is_some_and(ArrayOfTables::is_empty) {
        document.remove(key);
    }
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
