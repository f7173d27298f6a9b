//! The JSON schema of the file, made from the tables that are read.

use estatus_core::check::Kind;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::tables::{BELONGS, FORMS, File, OF_FORMS};

/// The JSON schema of `estatus.toml` (draft 2020-12), for editors that complete and check it.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "estatus.toml".into());
    let mut schema = Value::from(schema);
    let tables = [("Monitor", kinds(&[])), ("Ready", kinds(&["log", "notify"])), ("Step", forms())];
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

fn any_of(these: impl Iterator<Item = Value>) -> Value {
    json!({ "anyOf": these.collect::<Vec<_>>() })
}

fn needs(key: &str) -> Value {
    json!({ "required": [key] })
}

fn one_of_these(one_of: Vec<Value>, dependent: Map<String, Value>) -> Map<String, Value> {
    Map::from_iter([("oneOf".to_owned(), one_of.into()), ("dependentSchemas".to_owned(), dependent.into())])
}
