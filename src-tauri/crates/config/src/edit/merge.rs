//! Tables as JSON and back, where what is the same stays as it was written.

use serde_json::{Map, Value as Json};
use toml_edit::{Array, InlineTable, Item, RawString, TableLike, Value};

use super::list;
use crate::reason::{Reason, reason};

/// The keys that people write first, in their order.
const FIRST: [&str; 24] = [
    "name",
    "http",
    "tcp",
    "tls",
    "dns",
    "ping",
    "process",
    "host",
    "fleet",
    "command",
    "run",
    "check",
    "wait_until",
    "tell",
    "approve",
    "flow",
    "from",
    "min",
    "desired",
    "max",
    "policy",
    "directory",
    "every",
    "timeout",
];

/// The keys of lists whose tables each have a header of their own.
const HEADED: [&str; 2] = ["step", "schedule"];

/// Makes `table` say what `wanted` says.
pub(super) fn merge(table: &mut dyn TableLike, wanted: &Json) -> Result<(), Reason> {
    let Json::Object(wanted) = wanted else { return Err(reason!("expected", what = reason!("a.table"))) };
    let last = last_space(table);
    let gone: Vec<String> =
        table.iter().map(|(key, _)| key.to_owned()).filter(|key| !wanted.contains_key(key)).collect();
    for key in gone {
        table.remove(&key);
    }
    let mut pairs: Vec<_> = wanted.iter().filter(|(_, value)| !value.is_null()).collect();
    pairs.sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
    pairs.into_iter().try_for_each(|(key, value)| put(table, key, value))?;
    if let Some((key, space)) = last {
        move_space(table, &key, &space);
    }
    Ok(())
}

/// The last key of a table, and the space behind its value: in braces, that before the closing one.
fn last_space(table: &dyn TableLike) -> Option<(String, String)> {
    let (key, item) = table.iter().last()?;
    let space = item.as_value()?.decor().suffix().and_then(RawString::as_str).filter(|text| text.trim().is_empty())?;
    Some((key.to_owned(), space.to_owned()))
}

/// Has `space` stand behind the last value of a table, where before it stood behind that of `key`.
fn move_space(table: &mut dyn TableLike, key: &str, space: &str) {
    let Some(last) = table.iter().last().map(|(last, _)| last.to_owned()).filter(|last| last != key) else { return };
    for (key, space) in [(key, ""), (last.as_str(), space)] {
        let value = table.get_mut(key).and_then(Item::as_value_mut);
        let decor = value.map(Value::decor_mut).filter(|decor| {
            let behind = decor.suffix().and_then(RawString::as_str).unwrap_or_default();
            behind.trim().is_empty()
        });
        decor.into_iter().for_each(|decor| decor.set_suffix(space));
    }
}

/// Makes `key` of `table` say what `wanted` says.
pub(super) fn put(table: &mut dyn TableLike, key: &str, wanted: &Json) -> Result<(), Reason> {
    let Some(item) = table.get_mut(key).filter(|item| !item.is_none()) else {
        let item = match tables(wanted) {
            Some(wanted) if HEADED.contains(&key) => Item::ArrayOfTables(list::of(wanted)?),
            _ => Item::Value(value(wanted)?),
        };
        table.insert(key, item);
        return Ok(());
    };
    if json(item) == *wanted {
        return Ok(());
    }
    if let (Some(below), true) = (item.as_table_like_mut(), wanted.is_object()) {
        return merge(below, wanted);
    }
    match (&mut *item, tables(wanted)) {
        (Item::ArrayOfTables(tables), Some(wanted)) => return list::merge_tables(tables, wanted),
        (Item::Value(Value::Array(array)), Some(wanted)) if array.iter().all(Value::is_inline_table) => {
            return list::merge_array(array, wanted);
        }
        _ => {}
    }
    let mut new = value(wanted)?;
    if let Some(old) = item.as_value() {
        *new.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(new);
    Ok(())
}

/// The tables in a list of nothing else.
fn tables(wanted: &Json) -> Option<&[Json]> {
    wanted.as_array().map(Vec::as_slice).filter(|list| !list.is_empty() && list.iter().all(Json::is_object))
}

pub(super) fn value(wanted: &Json) -> Result<Value, Reason> {
    Ok(match wanted {
        Json::Null => return Err(reason!("empty_place")),
        Json::Bool(truth) => (*truth).into(),
        Json::String(text) => text.as_str().into(),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Json::Array(list) => list.iter().map(value).collect::<Result<Array, _>>()?.into(),
        Json::Object(table) => {
            let pairs = table.iter().filter(|(_, value)| !value.is_null());
            pairs.map(|(key, below)| Ok((key.as_str(), value(below)?))).collect::<Result<InlineTable, Reason>>()?.into()
        }
    })
}

/// What a table says.
pub(crate) fn json_of_table(table: &dyn TableLike) -> Json {
    Json::Object(table.iter().map(|(key, item)| (key.to_owned(), json(item))).collect::<Map<_, _>>())
}

fn json(item: &Item) -> Json {
    match item {
        Item::None => Json::Null,
        Item::Value(value) => json_of_value(value),
        Item::Table(table) => json_of_table(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| json_of_table(table)).collect(),
    }
}

pub(super) fn json_of_value(value: &Value) -> Json {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(whole) => (*whole.value()).into(),
        Value::Float(number) => (*number.value()).into(),
        Value::Boolean(truth) => (*truth.value()).into(),
        Value::Datetime(time) => time.value().to_string().into(),
        Value::Array(list) => list.iter().map(json_of_value).collect(),
        Value::InlineTable(table) => json_of_table(table),
    }
}
