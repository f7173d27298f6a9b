//! What stands in the configuration file already, so that nothing is imported twice.

use std::{cmp::Reverse, collections::BTreeMap};

use estatus_api::Section;
use estatus_core::check::Kind;
use serde_json::{Map, Value as Json, json};
use url::Url;

use crate::{channel::CHANNEL_FORMS, edit::key};

/// The keys and values of an entry, as in `estatus.toml`.
pub(super) type Table = Map<String, Json>;

/// The entries that stand in the file, by what they do. Each is the counterpart of one imported entry at the most.
#[derive(Default)]
pub(super) struct There(BTreeMap<(&'static str, String), Vec<Entry>>);

struct Entry {
    name: String,
    table: Table,
}

/// The names that are taken in the tables of a file, each with its section.
pub(super) fn names(tables: &Json) -> impl Iterator<Item = (&'static str, String)> {
    entries(tables).map(|(section, name, _)| (key(section), name.to_owned()))
}

/// The entries in the tables of a file, with their names.
fn entries(tables: &Json) -> impl Iterator<Item = (Section, &str, &Table)> {
    let listed = [Section::Monitor, Section::Program].into_iter().flat_map(move |section| {
        let entries = tables.get(key(section)).and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        entries.iter().filter_map(move |entry| Some((section, entry.get("name")?.as_str()?, entry.as_object()?)))
    });
    let named = [Section::Channel, Section::Flow, Section::Fleet].into_iter().flat_map(move |section| {
        let entries = tables.get(key(section)).and_then(Json::as_object).into_iter().flatten();
        entries.filter_map(move |(name, table)| Some((section, name.as_str(), table.as_object()?)))
    });
    listed.chain(named)
}

impl There {
    /// What stands in `tables`.
    pub(super) fn of(tables: &Json) -> Self {
        let mut there = Self::default();
        for (section, name, table) in entries(tables) {
            let Some(deed) = deed(section, table) else { continue };
            let entry = Entry { name: name.to_owned(), table: without_name(table) };
            there.0.entry((key(section), deed)).or_default().push(entry);
        }
        there
    }

    /// The name of the entry that does what `table` would do, best the one that says all the same, or that is called
    /// `name`.
    pub(super) fn counterpart(&mut self, section: Section, name: &str, table: &Table) -> Option<String> {
        let alike = self.0.get_mut(&(key(section), deed(section, table)?))?;
        let table = without_name(table);
        let likeness = |entry: &Entry| (entry.table == table, entry.name == name);
        // Of those that are equally like it, the first.
        let (at, _) = alike.iter().enumerate().max_by_key(|(at, entry)| (likeness(entry), Reverse(*at)))?;
        Some(alike.remove(at).name)
    }
}

fn without_name(table: &Table) -> Table {
    table.iter().filter(|(key, _)| *key != "name").map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What an entry checks, runs or tells, however it does it.
fn deed(section: Section, table: &Table) -> Option<String> {
    let of_keys = |keys: &[&str]| Some(json!(keys.iter().map(|key| table.get(*key)).collect::<Vec<_>>()).to_string());
    match section {
        Section::Program => of_keys(&["command", "directory"]),
        Section::Channel => of_keys(&CHANNEL_FORMS),
        Section::Flow => of_keys(&["step"]),
        Section::Fleet => of_keys(&["local", "command", "ec2", "asg"]),
        Section::Monitor => match Kind::ALL.into_iter().find(|kind| table.contains_key(kind.word()))? {
            Kind::Http => Some(Url::parse(table.get("http")?.as_str()?).ok()?.into()),
            Kind::Dns => of_keys(&["dns", "record", "server"]),
            Kind::Command => of_keys(&["command", "directory"]),
            kind => Some(format!("{} {}", kind.word(), table.get(kind.word())?)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_has_one_counterpart_and_the_likest_first() {
        let tables = json!({
            "monitor": [
                { "name": "a", "http": "https://example.com", "contains": "x" },
                { "name": "b", "http": "https://example.com/" },
                { "name": "c", "tcp": "h:1", "every": "5m" },
            ],
            "program": [{ "name": "web", "command": "npm start", "directory": "/srv" }],
            "channel": { "desk": { "webhook": "https://h/" } },
        });
        let mut there = There::of(&tables);
        let mut check = |section, name: &str, table: Json, expected: Option<&str>| {
            let Json::Object(table) = table else { panic!("{table}") };
            assert_eq!(there.counterpart(section, name, &table).as_deref(), expected, "{table:?}");
        };
        let page = json!({ "http": "https://example.com/" });
        check(Section::Monitor, "a", page.clone(), Some("b"));
        check(Section::Monitor, "z", page.clone(), Some("a"));
        check(Section::Monitor, "z", page, None);
        check(Section::Monitor, "z", json!({ "tcp": "h:2" }), None);
        check(Section::Monitor, "z", json!({ "tcp": "h:1" }), Some("c"));
        check(Section::Program, "web", json!({ "command": "npm start" }), None);
        check(Section::Program, "x", json!({ "command": "npm start", "directory": "/srv" }), Some("web"));
        check(Section::Channel, "x", json!({ "webhook": "https://h/", "template": "{}" }), Some("desk"));
    }
}
