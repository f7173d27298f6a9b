//! Many edits at once, each entry found as fast among thousands as among a few.

use std::collections::{HashMap, HashSet};

use estatus_api::{Edit, Section};
use serde_json::Value as Json;
use toml_edit::{DocumentMut, Item, Table};

use super::{apply as apply_one, drop_emptied, entries, has_keys, key, merge, nobody};
use crate::reason::Reason;

/// Makes `edits` in `document`, one after the other.
pub(super) fn apply(document: &mut DocumentMut, edits: &[Edit]) -> Result<(), Reason> {
    let mut rest = edits;
    while let Some(first) = rest.first() {
        let alike = rest.iter().take_while(|edit| kind(edit).is_some() && kind(edit) == kind(first)).count();
        let (now, later) = rest.split_at(alike.max(1));
        match kind(first).filter(|_| alike > 1) {
            Some((section, Alike::Put)) => put_all(document, section, now)?,
            Some((section, Alike::Remove)) => remove_all(document, section, now)?,
            None => now.iter().try_for_each(|edit| apply_one(document, edit))?,
        }
        rest = later;
    }
    Ok(())
}

/// What is done alike with many entries of a section whose entries are a list.
#[derive(Clone, Copy, PartialEq)]
enum Alike {
    /// It stays in its place, under its name.
    Put,
    Remove,
}

fn kind(edit: &Edit) -> Option<(Section, Alike)> {
    let (section, alike) = match edit {
        Edit::Put { section, name: Some(name), table, .. } => {
            let stays = table.get("name").and_then(Json::as_str) == Some(name);
            (*section, stays.then_some(Alike::Put)?)
        }
        Edit::Remove { section, .. } => (*section, Alike::Remove),
        Edit::Put { .. } | Edit::Set { .. } => return None,
    };
    (!has_keys(section)).then_some((section, alike))
}

fn put_all(document: &mut DocumentMut, section: Section, edits: &[Edit]) -> Result<(), Reason> {
    let entries = entries(document, section)?;
    let mut places = HashMap::with_capacity(entries.len());
    for (at, name) in entries.iter().enumerate().filter_map(|(at, table)| Some((at, called(table)?))) {
        places.entry(name.to_owned()).or_insert(at);
    }
    for edit in edits {
        let Edit::Put { name: Some(name), table: wanted, .. } = edit else { continue };
        let place = places.get(name).and_then(|at| entries.get_mut(*at));
        merge::merge(place.ok_or_else(|| nobody(key(section), name))?, wanted)?;
    }
    Ok(())
}

fn remove_all(document: &mut DocumentMut, section: Section, edits: &[Edit]) -> Result<(), Reason> {
    let entries = entries(document, section)?;
    let mut names = HashSet::with_capacity(edits.len());
    for edit in edits {
        let Edit::Remove { name, .. } = edit else { continue };
        if !names.insert(name.as_str()) {
            return Err(nobody(key(section), name));
        }
    }
    // Of several of one name the first goes.
    entries.retain(|table| !called(table).is_some_and(|name| names.remove(name)));
    if let Some(missing) = names.iter().min() {
        return Err(nobody(key(section), missing));
    }
    drop_emptied(document, section);
    Ok(())
}

fn called(table: &Table) -> Option<&str> {
    table.get("name").and_then(Item::as_str)
}
