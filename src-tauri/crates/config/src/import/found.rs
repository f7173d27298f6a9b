//! What is found in a file: entries that the reader of `estatus.toml` takes, and notes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use estatus_api::{Edit, Imported, Section};
use estatus_core::config::Language;
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use toml_edit::DocumentMut;

pub(super) use super::there::Table;
use super::there::{self, There};
use crate::{
    Defaults,
    edit::{apply, has_keys, key},
    listed::{Keyed, Listed},
    parse,
    reason::{Part, Reason, note},
    tables::{Fleet, Flow, Monitor, Program},
    values::Name,
};

/// So many notes are told one by one; how many more there are is told in one line.
const NOTES_MAX: usize = 1000;
/// More channels than anybody reads.
const CHANNELS_MAX: usize = 200;

/// What is found in a file, while it is read.
#[derive(Default)]
pub(super) struct Found {
    /// What stands in the configuration file already.
    there: There,
    /// The entry that was named last.
    begun: Option<Begun>,
    /// The names that are taken, by the key of their section.
    taken: BTreeSet<(&'static str, String)>,
    /// The numbers up to which names are taken, where a name alone does not do.
    numbers: BTreeMap<(&'static str, String), u64>,
    /// How many entries of each section there are.
    counts: BTreeMap<&'static str, usize>,
    edits: Vec<Edit>,
    notes: Vec<String>,
    more: usize,
    /// The language of the notes.
    language: Language,
}

/// An entry that has a name, and is not added yet.
struct Begun {
    name: String,
    wanted: String,
    /// The number that names like it had come to before.
    number: ((&'static str, String), u64),
    /// How many notes there were before.
    notes: usize,
    more: usize,
}

impl Found {
    /// What is found for a file that holds `tables` already, with notes in `language`.
    pub(super) fn beside(tables: &Json, language: Language) -> Self {
        let taken = there::names(tables).chain([(key(Section::Channel), "email".to_owned())]).collect();
        Self { there: There::of(tables), taken, language, ..Self::default() }
    }

    /// A name for an entry, as near to `wanted` as may be, and free. A name that cannot be had is told.
    pub(super) fn name(&mut self, section: Section, wanted: &str) -> String {
        /// Room for a number behind it.
        const ROOM: usize = Name::LONGEST - 10;
        let plain: String = wanted.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(ROOM).collect();
        let plain = if plain.trim().is_empty() { key(section) } else { plain.trim() };
        let number = self.numbers.entry((key(section), plain.to_owned())).or_insert(0);
        let before = *number;
        let name = loop {
            *number += 1;
            let name = if *number == 1 { plain.to_owned() } else { format!("{plain} {number}") };
            if self.taken.insert((key(section), name.clone())) {
                break name;
            }
        };
        let number = ((key(section), plain.to_owned()), before);
        self.begun = Some(Begun {
            name: name.clone(),
            wanted: plain.to_owned(),
            number,
            notes: self.notes.len(),
            more: self.more,
        });
        if name != wanted {
            self.note(note!("name_was", name = name.as_str(), wanted = super::said(wanted)));
        }
        name
    }

    /// Adds an entry under the name that [`Found::name`] gave last, or says that there is one like it already, or why it
    /// cannot be added. The name under which it is then there.
    pub(super) fn add(&mut self, section: Section, name: &str, mut table: Table) -> Option<String> {
        let begun = self.begun.take().filter(|begun| begun.name == name);
        let wanted = begun.as_ref().map_or(name, |begun| &begun.wanted);
        if let Some(there) = self.there.counterpart(section, wanted, &table) {
            self.note_there(section, begun, &there);
            return Some(there);
        }
        let most = match section {
            Section::Monitor => Monitor::MOST,
            Section::Program => Program::MOST,
            Section::Channel => CHANNELS_MAX,
            Section::Flow => Flow::MOST,
            Section::Fleet => Fleet::MOST,
        };
        if self.counts.get(key(section)).is_some_and(|count| *count >= most) {
            self.note(note!("most_entries", name, most, section = key(section)));
            return None;
        }
        let is_named_table = has_keys(section);
        if !is_named_table {
            table.insert("name".to_owned(), name.into());
        }
        let called = is_named_table.then(|| name.to_owned());
        let edit = Edit::Put { section, name: None, table: Json::Object(table), called };
        if let Err(reason) = accepted(&edit, self.language) {
            self.note(note!("refused", name, reason));
            return None;
        }
        self.edits.push(edit);
        *self.counts.entry(key(section)).or_default() += 1;
        Some(name.to_owned())
    }

    /// Says that what has begun is there already, in place of all that was said of it.
    fn note_there(&mut self, section: Section, begun: Option<Begun>, there: &str) {
        let mut name = there.to_owned();
        if let Some(begun) = begun {
            self.taken.remove(&(key(section), begun.name));
            let (of, number) = begun.number;
            self.numbers.insert(of, number);
            self.notes.truncate(begun.notes);
            self.more = begun.more;
            name = begun.wanted;
        }
        self.note(note!("there_already", name, there = super::said(there)));
    }

    /// Says that an entry is left out as a whole, because of what stands under one of its keys.
    pub(super) fn without(&mut self, entry: impl Into<Part>, key: &str, why: Reason) {
        self.note(note!("left_out_because", entry = entry.into(), key, why));
    }

    /// Says that an entry is taken without one of its keys.
    pub(super) fn left(&mut self, entry: impl Into<Part>, key: &str, why: Reason) {
        self.note(note!("key_left_out", entry = entry.into(), key, why));
    }

    /// Says what the user should know, in one line whatever stands in the file.
    pub(super) fn note(&mut self, note: Reason) {
        if self.notes.len() < NOTES_MAX {
            self.notes.push(note.in_words(self.language).replace(char::is_control, " "));
        } else {
            self.more += 1;
        }
    }

    /// Everything that was found in a file `from` a tool.
    pub(super) fn imported(mut self, from: &Reason) -> Imported {
        if self.more > 0 {
            self.notes.push(note!("more_notes", count = self.more).in_words(self.language));
        }
        Imported { from: from.in_words(self.language), edits: self.edits, notes: self.notes }
    }
}

/// Whether the reader of `estatus.toml` takes the entry, looked at alone: channels that it names exist.
fn accepted(edit: &Edit, language: Language) -> Result<(), String> {
    let mut alone = edit.clone();
    if let Edit::Put { table: Json::Object(table), .. } = &mut alone {
        table.remove("channels");
    }
    let mut document = DocumentMut::new();
    apply(&mut document, &alone).map_err(|reason| reason.in_words(language))?;
    let defaults = Defaults { language, zone: TimeZone::UTC };
    let read = parse(&document.to_string(), Path::new("estatus.toml"), &defaults);
    read.map(drop).map_err(|problems| problems.0.into_iter().next().map(|problem| problem.message).unwrap_or_default())
}
