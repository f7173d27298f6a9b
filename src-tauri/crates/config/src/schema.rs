//! The JSON schema of the file, made from the tables that are read.

use estatus_core::check::Kind;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{
    channel::{CHANNEL_FORMS, OF_CHANNELS},
    tables::{BELONGS, FORMS, File, Launch, OF_FORMS},
};

/// The JSON schema of `estatus.toml` (draft 2020-12), for editors that complete and check it.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "estatus.toml".into());
    let mut schema = Value::from(schema);
    let tables = [
        ("Monitor", kinds(&[])),
        ("Ready", kinds(&["log", "notify"])),
        ("Step", forms()),
        ("Fleet", origins()),
        ("Channel", channels()),
    ];
    for (table, more) in tables {
        if let Some(Value::Object(table)) = schema.pointer_mut(&format!("/$defs/{table}")) {
            table.extend(more);
        }
    }
    schema
}

/// What a table of keys cannot say: there is exactly one kind of check, or one of `others`, and some keys belong to some
/// kinds.
fn kinds(others: &[&str]) -> Map<String, Value> {
    let needs = |kind: &Kind| needs(kind.word());
    let one_of = Kind::ALL.iter().map(needs).chain(others.iter().map(|key| self::needs(key)));
    let belongs = |(key, kinds): (&str, &[Kind])| (key.to_owned(), any_of(kinds.iter().map(needs)));
    one_of_these(one_of.collect(), BELONGS.into_iter().map(belongs).collect())
}

/// The same of a step.
fn forms() -> Map<String, Value> {
    let belongs = |(key, owners): (&str, &[&str])| (key.to_owned(), any_of(owners.iter().map(|owner| needs(owner))));
    one_of_these(FORMS.into_iter().map(needs).collect(), OF_FORMS.into_iter().map(belongs).collect())
}

/// The same of a channel.
fn channels() -> Map<String, Value> {
    let belongs = |(key, owner): (&str, &str)| (key.to_owned(), needs(owner));
    one_of_these(CHANNEL_FORMS.into_iter().map(needs).collect(), OF_CHANNELS.into_iter().map(belongs).collect())
}

/// The same of a fleet: its instances come from one of several origins, and only one rule has a schedule.
fn origins() -> Map<String, Value> {
    let is = |key: &str, word: &str| json!({ "properties": { key: { "const": word } } });
    let needs_table = |launch: Launch| {
        let mut says = is("launch", launch.word());
        says["required"] = json!(["launch"]);
        json!({ "if": says, "then": needs(launch.word()) })
    };
    let alone = |launch: Launch| {
        let mut schema = is("launch", launch.word());
        let others = Launch::ALL.into_iter().filter(|other| *other != launch);
        schema["not"] = any_of(others.map(|other| needs(other.word())));
        (launch.word().to_owned(), schema)
    };
    let mut by_schedule = is("policy", "schedule");
    by_schedule["required"] = json!(["policy"]);
    let needs_schedule = json!({ "if": by_schedule.clone(), "then": needs("schedule") });
    let with_table = Launch::ALL.into_iter().filter(|launch| *launch != Launch::Local);
    let all_of: Vec<Value> = with_table.map(needs_table).chain([needs_schedule]).collect();
    let mut dependent: Map<String, Value> = Launch::ALL.into_iter().map(alone).collect();
    dependent.insert("schedule".to_owned(), by_schedule);
    Map::from_iter([("allOf".to_owned(), all_of.into()), ("dependentSchemas".to_owned(), dependent.into())])
}

fn any_of(these: impl Iterator<Item = Value>) -> Value {
    json!({ "anyOf": these.collect::<Vec<_>>() })
}

fn needs(key: &str) -> Value {
    json!({ "required": [key] })
}

fn one_of_these(one_of: Vec<Value>, dependent: Map<String, Value>) -> Map<String, Value> {
    Map::from_iter([("oneOf".to_owned(), one_of.into()), ("dependentSchemas".to_owned(), dependent.into())])
}
