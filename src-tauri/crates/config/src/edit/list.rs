//! Lists of tables: what stays in one keeps what belongs to it, comments and all, wherever it is moved.

use std::collections::VecDeque;

use serde_json::Value as Json;
use toml_edit::{Array, ArrayOfTables, Decor, Item, RawString, Table, Value};

use super::merge::{json_of_table, json_of_value, merge, value};
use crate::reason::Reason;

/// New tables, each with a header of its own.
pub(super) fn of(wanted: &[Json]) -> Result<ArrayOfTables, Reason> {
    let mut tables = ArrayOfTables::new();
    merge_tables(&mut tables, wanted)?;
    Ok(tables)
}

/// Makes tables that each have a header say what `wanted` says.
pub(super) fn merge_tables(tables: &mut ArrayOfTables, wanted: &[Json]) -> Result<(), Reason> {
    let said: Vec<Json> = tables.iter().map(|table| json_of_table(table)).collect();
    let mut old: Vec<Option<Table>> = std::mem::take(tables).into_iter().map(Some).collect();
    let mut behind = old.iter().flatten().filter_map(Table::position).min();
    for (wanted, place) in wanted.iter().zip(counterparts(&said, wanted)) {
        let kept = place.and_then(|place| old.get_mut(place)?.take());
        let mut table = kept.unwrap_or_default();
        merge(&mut table, wanted)?;
        stand(&mut table, &mut behind);
        tables.push(table);
    }
    Ok(())
}

/// The place of the table that goes on as each of `wanted`: the one of that name; or else the one that says the same under
/// another name; or else, where there are as many as before, the one in the same place.
fn counterparts(said: &[Json], wanted: &[Json]) -> Vec<Option<usize>> {
    let mut places = vec![None; wanted.len()];
    let mut is_taken = vec![false; said.len()];
    let mut pair = |is_same: &dyn Fn(usize, usize) -> bool| {
        for (new, place) in places.iter_mut().enumerate().filter(|(_, place)| place.is_none()) {
            *place = is_taken.iter().enumerate().position(|(old, is_taken)| !is_taken && is_same(old, new));
            if let Some(is_taken) = place.and_then(|place| is_taken.get_mut(place)) {
                *is_taken = true;
            }
        }
    };
    let name = |table: &Json| table.get("name").cloned();
    let (old_names, names) = (said.iter().map(name).collect::<Vec<_>>(), wanted.iter().map(name).collect::<Vec<_>>());
    let (old_rests, rests) =
        (said.iter().map(unnamed).collect::<Vec<_>>(), wanted.iter().map(unnamed).collect::<Vec<_>>());
    pair(&|old, new| names[new].is_some() && names[new] == old_names[old]);
    pair(&|old, new| rests[new] == old_rests[old]);
    pair(&|old, new| said.len() == wanted.len() && old == new);
    places
}

/// A table without its name.
fn unnamed(table: &Json) -> Json {
    let mut table = table.clone();
    table.as_object_mut().and_then(|table| table.remove("name"));
    table
}

/// Has `table` stand in the file no further up than `behind`, with all that belongs to it; what comes next stands behind it.
fn stand(table: &mut Table, behind: &mut Option<isize>) {
    if table.position().is_none_or(|own| behind.is_some_and(|behind| own < behind)) {
        lift(table);
        table.set_position(*behind);
    }
    *behind = (*behind).max(end(table));
}

/// Has a table, with all that belongs to it, stand nowhere in particular: where what comes before it ends.
pub(super) fn lift(table: &mut Table) {
    below(table, &mut |table| table.set_position(None));
}

/// The same of whatever stands under a key.
pub(super) fn lift_item(item: &mut Item) {
    below_item(item, &mut |table| table.set_position(None));
}

/// Where a table begins in its file, with all that belongs to it.
pub(super) fn begin(table: &mut Table) -> Option<isize> {
    let mut begins: Option<isize> = None;
    below(table, &mut |table| begins = begins.into_iter().chain(table.position()).min());
    begins
}

/// Where it ends.
pub(super) fn end(table: &mut Table) -> Option<isize> {
    let mut ends = None;
    below(table, &mut |table| ends = ends.max(table.position()));
    ends
}

/// Has `each` see a table, and all tables in it that have a header.
pub(super) fn below(table: &mut Table, each: &mut impl FnMut(&mut Table)) {
    each(table);
    for (_, item) in table.iter_mut() {
        below_item(item, each);
    }
}

fn below_item(item: &mut Item, each: &mut impl FnMut(&mut Table)) {
    match item {
        Item::Table(table) => below(table, each),
        Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|table| below(table, each)),
        Item::None | Item::Value(_) => {}
    }
}

/// Makes tables in braces say what `wanted` says.
pub(super) fn merge_array(array: &mut Array, wanted: &[Json]) -> Result<(), Reason> {
    let said: Vec<Json> = array.iter().map(json_of_value).collect();
    let layout = Layout::of(array);
    let mut old: Vec<Option<Value>> = array.iter().cloned().map(Some).collect();
    array.clear();
    let mut behind = layout.opening.clone();
    for (wanted, place) in wanted.iter().zip(counterparts(&said, wanted)) {
        let mut entry = match place.and_then(|place| old.get_mut(place)?.take()) {
            Some(Value::InlineTable(mut table)) => {
                merge(&mut table, wanted)?;
                Value::InlineTable(table)
            }
            _ => value(wanted)?,
        };
        let around = place.and_then(|place| layout.around.get(place)).unwrap_or(&layout.of_new);
        let above = match around.above.as_str() {
            above if above.contains('\n') => above,
            // A comment ends with its line.
            _ if behind.contains('#') => "\n",
            _ if array.is_empty() => &layout.first,
            _ => " ",
        };
        *entry.decor_mut() = Decor::new(format!("{behind}{above}"), "");
        array.push_formatted(entry);
        behind.clone_from(&around.behind);
    }
    let closing = if behind.contains('#') && !layout.closing.contains('\n') { "\n" } else { &layout.closing };
    array.set_trailing(format!("{behind}{closing}"));
    Ok(())
}

/// What is written between the entries of an array, apart from commas.
struct Layout {
    /// What stands behind the opening bracket, on its line.
    opening: String,
    /// What stands above the first entry.
    first: String,
    around: Vec<Around>,
    of_new: Around,
    /// What stands above the closing bracket, or before it.
    closing: String,
}

/// What belongs to an entry of an array.
#[derive(Default)]
struct Around {
    /// What stands above it, from the end of the line before, or before it on its line.
    above: String,
    /// What stands behind it, up to the end of its line.
    behind: String,
}

impl Layout {
    fn of(array: &Array) -> Self {
        let text = |text: Option<&RawString>| text.and_then(RawString::as_str).unwrap_or_default().to_owned();
        // Before each entry, and before the closing bracket; each is behind what stands there too.
        let before = array.iter().map(|entry| text(entry.decor().prefix())).chain([text(Some(array.trailing()))]);
        let suffixes = array.iter().map(|entry| text(entry.decor().suffix()));
        let gaps = [String::new()].into_iter().chain(suffixes).zip(before).map(|(behind, before)| behind + &before);
        let parts = gaps.map(|gap| match gap.split_once('\n') {
            Some((line, below)) => (line.trim_end_matches('\r').to_owned(), format!("\n{below}")),
            None => (String::new(), gap),
        });
        let (mut lines, mut aboves): (VecDeque<String>, VecDeque<String>) = parts.unzip();
        let (opening, closing) = (lines.pop_front().unwrap_or_default(), aboves.pop_back().unwrap_or_default());
        let first = aboves.front().cloned().unwrap_or_default();
        let indent = first.rsplit_once('\n').map(|(_, indent)| format!("\n{indent}"));
        let around = aboves.into_iter().zip(lines).map(|(above, behind)| Around { above, behind });
        let of_new = Around { above: indent.unwrap_or_default(), behind: String::new() };
        Self { opening, first, around: around.collect(), of_new, closing }
    }
}
