//! Takes back what an edit changed, and leaves what was changed elsewhere since.

use std::collections::BTreeMap;

use estatus_api::Section;
use serde_json::Value as Json;
use toml_edit::{DocumentMut, Item, Table, TableLike};

use super::{
    entries,
    entry::{Found, entries_of, section_of},
    has_keys, key, list,
    merge::json_of_table,
    position,
};
use crate::reason::{Reason, reason};

/// Why an edit is not taken back.
#[derive(Debug)]
pub(super) enum NotUndone {
    /// This was changed again since: an entry, or a key of the file.
    Overtaken(String),
    /// The file cannot be changed so.
    Refused(Reason),
    /// One of the texts is no TOML.
    NoToml,
}

impl From<Reason> for NotUndone {
    fn from(reason: Reason) -> Self {
        Self::Refused(reason)
    }
}

type Name = (Option<Section>, String);

/// What `now` becomes when what led from `before` to `after` is taken back.
pub(super) fn undone(before: &str, after: &str, now: &str) -> Result<String, NotUndone> {
    if now == after {
        return Ok(before.to_owned());
    }
    let parse = |text: &str| text.parse::<DocumentMut>().map_err(|_| NotUndone::NoToml);
    let (mut old, mut new, mut document) = (parse(before)?, parse(after)?, parse(now)?);
    let mut wanted = Vec::new();
    for (section, name) in touched(&old, &new) {
        let [was, became, is] = [&mut old, &mut new, &mut document].map(|document| Found::of(document, section, &name));
        let text = |found: &Option<Found>| found.clone().map(|found| found.text(section, &name));
        if text(&is) == text(&was) {
            continue;
        }
        if text(&is) != text(&became) {
            return Err(NotUndone::Overtaken(name));
        }
        wanted.push((section, name, was));
    }
    for (section, name, was) in wanted {
        match (section, was) {
            (Some(section), Some(Found::Listed(table))) => put_listed(&mut document, &mut old, section, &name, table)?,
            (Some(section), None) if !has_keys(section) => super::remove_entry(&mut document, section, &name)?,
            (section, was) => put_keyed(&mut document, &mut old, section, &name, was)?,
        }
    }
    Ok(document.to_string())
}

/// The entries that say something else in the one and the other.
fn touched(old: &DocumentMut, new: &DocumentMut) -> Vec<Name> {
    let said = |document: &DocumentMut| -> BTreeMap<Name, Json> {
        let entries = entries_of(json_of_table(document.as_table()));
        entries.map(|(section, name, said)| ((section, name), said)).collect()
    };
    let (old, new) = (said(old), said(new));
    let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(name)));
    names.filter(|name| old.get(name) != new.get(name)).cloned().collect()
}

/// Has `table` stand in its array again: in its own place, or where it stood in `old`.
fn put_listed(
    document: &mut DocumentMut,
    old: &mut DocumentMut,
    section: Section,
    name: &str,
    mut table: Table,
) -> Result<(), Reason> {
    list::lift(&mut table);
    let own = entries(document, section)?;
    if let Ok(at) = position(own, section, name) {
        table.set_position(own.get(at).and_then(Table::position));
        own.replace(at, table);
        return Ok(());
    }
    let place = make_room(document, old, (Some(section), name));
    table.set_position(place);
    let entries = entries(document, section)?;
    let above = entries.iter().take_while(|other| other.position() < place).count();
    entries.insert(above, table);
    Ok(())
}

/// Has `name` say under its own key what it said, or be gone.
fn put_keyed(
    document: &mut DocumentMut,
    old: &mut DocumentMut,
    section: Option<Section>,
    name: &str,
    was: Option<Found>,
) -> Result<(), Reason> {
    let Some(Found::Keyed(mut item)) = was else {
        parent(document, section)?.remove(name);
        return Ok(());
    };
    list::lift_item(&mut item);
    let own = parent(document, section)?.get_mut(name).and_then(Item::as_table_mut).map(list::begin);
    let place = own.unwrap_or_else(|| make_room(document, old, (section, name)));
    if let Some(table) = item.as_table_mut() {
        table.set_position(place);
    }
    let parent = parent(document, section)?;
    match parent.get_mut(name).filter(|there| !there.is_none()) {
        Some(there) => *there = item,
        None => drop(parent.insert(name, item)),
    }
    Ok(())
}

/// What holds the entries of a section by their names, or all that belongs to none.
fn parent(document: &mut DocumentMut, section: Option<Section>) -> Result<&mut dyn TableLike, Reason> {
    let Some(section) = section else { return Ok(document.as_table_mut()) };
    let key = key(section);
    let there = document.entry(key).or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    there.as_table_like_mut().ok_or_else(|| reason!("no_table", key))
}

/// The position of an entry that is to stand in `document` behind what it stood behind in `old`, as far as that is still
/// there; what stands behind that gives way.
fn make_room(
    document: &mut DocumentMut,
    old: &mut DocumentMut,
    (section, name): (Option<Section>, &str),
) -> Option<isize> {
    let order = places(old);
    let own = order.iter().position(|(_, of, called, _)| *of == section && called == name)?;
    let now = places(document);
    let above = order.get(..own)?.iter().rev();
    let behind = above
        .filter_map(|(_, of, called, _)| now.iter().find(|(_, section, name, _)| section == of && name == called))
        .map(|(_, _, _, end)| *end)
        .next();
    let place = behind.or_else(|| now.first().map(|(begin, ..)| begin - 1))? + 1;
    list::below(document.as_table_mut(), &mut |table| {
        if let Some(later) = table.position().filter(|position| *position >= place) {
            table.set_position(Some(later + 1));
        }
    });
    Some(place)
}

/// Where an entry that has a header begins, its section and name, and where it ends.
type Place = (isize, Option<Section>, String, isize);

/// The entries that have headers, as they stand in the file.
fn places(document: &mut DocumentMut) -> Vec<Place> {
    let mut found = Vec::new();
    let mut note = |section, name: &str, table: &mut Table| {
        let place = list::begin(table).zip(list::end(table));
        found.extend(place.map(|(begin, end)| (begin, section, name.to_owned(), end)));
    };
    for (key, item) in document.iter_mut() {
        let section = section_of(&key);
        match item {
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|table| note(section, &called(table), table)),
            Item::Table(named) if section.is_some() => {
                let tables = named.iter_mut().filter_map(|(name, item)| Some((name.to_string(), item.as_table_mut()?)));
                tables.for_each(|(name, table)| note(section, &name, table));
            }
            Item::Table(table) => note(None, &key, table),
            Item::None | Item::Value(_) => {}
        }
    }
    found.sort_by_key(|(begin, ..)| *begin);
    found
}

fn called(table: &Table) -> String {
    table.get("name").and_then(Item::as_str).unwrap_or_default().to_owned()
}
