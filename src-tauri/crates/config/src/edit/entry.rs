//! The entries of a file, one by one.

use estatus_api::Section;
use serde_json::Value as Json;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

use super::{entries, has_keys, key, position};

const SECTIONS: [Section; 5] = [Section::Monitor, Section::Program, Section::Channel, Section::Flow, Section::Fleet];

/// What the tables of a file say, entry by entry: its section and its name; or, of what belongs to none, its key.
pub(crate) fn entries_of(tables: Json) -> impl Iterator<Item = (Option<Section>, String, Json)> {
    let Json::Object(tables) = tables else { return Vec::new().into_iter() };
    let mut found = Vec::new();
    for (of, said) in tables {
        let section = section_of(&of);
        match (section, said) {
            (Some(section), Json::Array(list)) => {
                found.extend(list.into_iter().map(|said| (Some(section), name(&said), said)));
            }
            (Some(section), Json::Object(named)) => {
                found.extend(named.into_iter().map(|(name, said)| (Some(section), name, said)));
            }
            (_, said) => found.push((None, of, said)),
        }
    }
    found.into_iter()
}

/// The section whose entries stand under `of`, if some do.
pub(super) fn section_of(of: &str) -> Option<Section> {
    SECTIONS.into_iter().find(|section| key(*section) == of)
}

fn name(said: &Json) -> String {
    said.get("name").and_then(Json::as_str).unwrap_or_default().to_owned()
}

/// What there is in a file under a name: an entry of a section, or a key that belongs to none.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// A table in the array of its section.
    Listed(Table),
    /// What stands under its own key.
    Keyed(Item),
}

impl Found {
    /// The entry `name` of `section`, or the key `name` of the file itself, with its comments.
    pub(super) fn of(document: &mut DocumentMut, section: Option<Section>, name: &str) -> Option<Self> {
        let Some(section) = section else { return document.get(name).cloned().map(Self::Keyed) };
        let there = document.get(key(section)).filter(|item| !item.is_none())?;
        if has_keys(section) {
            return there.as_table_like()?.get(name).filter(|item| !item.is_none()).cloned().map(Self::Keyed);
        }
        let entries = entries(document, section).ok()?;
        entries.get(position(entries, section, name).ok()?).cloned().map(Self::Listed)
    }

    /// It as it stands in the file, by itself.
    pub(super) fn text(self, section: Option<Section>, name: &str) -> String {
        let mut alone = DocumentMut::new();
        let item = match self {
            Self::Listed(table) => Item::ArrayOfTables([table].into_iter().collect::<ArrayOfTables>()),
            Self::Keyed(item) if section.is_some() => {
                let mut named = Table::new();
                named.set_implicit(true);
                named.insert(name, item);
                Item::Table(named)
            }
            Self::Keyed(item) => item,
        };
        match section {
            Some(section) => alone.insert(key(section), item),
            None => alone.insert(name, item),
        };
        format!("{}\n", alone.to_string().trim())
    }
}
