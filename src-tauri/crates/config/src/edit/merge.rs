//! Tables as JSON and back, where what is the same stays as it was written.

use serde_json::{Map, Value as Json};
use toml_edit::{Array, InlineTable, Item, TableLike, Value};

use crate::reason::{Reason, reason};

/// The keys that people write first, in their order.
const FIRST: [&str; 12] =
    ["name", "http", "tcp", "tls", "dns", "ping", "process", "host", "command", "directory", "every", "timeout"];

/// Makes `table` say what `wanted` says.
pub(super) fn merge(table: &mut dyn TableLike, wanted: &Json) -> Result<(), Reason> {
    let Json::Object(wanted) = wanted else { return Err(reason!("expected", what = reason!("a.table"))) };
    let gone: Vec<String> =
        table.iter().map(|(key, _)| key.to_owned()).filter(|key| !wanted.contains_key(key)).collect();
    for key in gone {
        table.remove(&key);
    }
    let mut pairs: Vec<_> = wanted.iter().filter(|(_, value)| !value.is_null()).collect();
    pairs.sort_by_key(|(key, _)| FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()));
    pairs.into_iter().try_for_each(|(key, value)| put(table, key, value))
}

/// Makes `key` of `table` say what `wanted` says.
pub(super) fn put(table: &mut dyn TableLike, key: &str, wanted: &Json) -> Result<(), Reason> {
    let Some(item) = table.get_mut(key).filter(|item| !item.is_none()) else {
        table.insert(key, Item::Value(value(wanted)?));
        return Ok(());
    };
    if json(item) == *wanted {
        return Ok(());
    }
    if let (Some(below), true) = (item.as_table_like_mut(), wanted.is_object()) {
        return merge(below, wanted);
    }
    let mut new = value(wanted)?;
    if let Some(old) = item.as_value() {
        *new.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(new);
    Ok(())
}

fn value(wanted: &Json) -> Result<Value, Reason> {
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

fn json_of_value(value: &Value) -> Json {
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
