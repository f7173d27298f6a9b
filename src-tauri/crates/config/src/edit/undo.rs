//! Takes back what an edit changed, and leaves what was changed elsewhere since.

use std::collections::BTreeMap;

use estatus_api::Section;
use serde_json::Value as Json;
use toml_edit::{DocumentMut, Item, Table};

use super::{
    entries,
    entry::{Found, entries_of},
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
        let [was, became, is] =
            [&mut old, &mut new, &mut document].map(|document| Found::of(document, section, &name));
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
            (section, was) => put_keyed(&mut document, section, &name, was)?,
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

/// Has `table` stand in its array again: in its own place, or behind the one that it stood behind in `old`.
fn put_listed(
    document: &mut DocumentMut,
    old: &mut DocumentMut,
    section: Section,
    name: &str,
    mut table: Table,
) -> Result<(), Reason> {
    let called = |table: &Table| table.get("name").and_then(Item::as_str).unwrap_or_default().to_owned();
    let above: Vec<String> = entries(old, section)?.iter().map(called).take_while(|other| other != name).collect();
    let entries = entries(document, section)?;
    list::lift(&mut table);
    if let Ok(at) = position(entries, section, name) {
        table.set_position(entries.get(at).and_then(Table::position));
        entries.replace(at, table);
        return Ok(());
    }
    let behind = above.iter().rev().find_map(|other| position(entries, section, other).ok());
    table.set_position(match behind {
        Some(behind) => entries.get_mut(behind).and_then(list::end),
        None => entries.get(0).and_then(Table::position),
    });
    entries.insert(behind.map_or(0, |behind| behind + 1), table);
    Ok(())
}

/// Has `name` say under its own key what it said, or be gone.
fn put_keyed(
    document: &mut DocumentMut,
    section: Option<Section>,
    name: &str,
    was: Option<Found>,
) -> Result<(), Reason> {
    let parent = match section {
        Some(section) => {
            let key = key(section);
            let there = document.entry(key).or_insert_with(|| {
                let mut table = Table::new();
                table.set_implicit(true);
                Item::Table(table)
            });
            there.as_table_like_mut().ok_or_else(|| reason!("no_table", key))?
        }
        None => document.as_table_mut(),
    };
    let Some(Found::Keyed(mut item)) = was else {
        parent.remove(name);
        return Ok(());
    };
    list::lift_item(&mut item);
    match parent.get_mut(name).filter(|there| !there.is_none()) {
        Some(there) => {
            if let (Some(table), Some(there)) = (item.as_table_mut(), there.as_table_mut()) {
                table.set_position(list::begin(there));
            }
            *there = item;
        }
        None => drop(parent.insert(name, item)),
    }
    Ok(())
}
