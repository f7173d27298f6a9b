//! The JSON schema of the file, made from the tables that are read.

use estatus_core::check::Kind;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::tables::{BELONGS, File};

/// The JSON schema of `estatus.toml` (draft 2020-12), for editors that complete and check it.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "estatus.toml".into());
    let mut schema = Value::from(schema);
    for (table, others) in [("Monitor", [].as_slice()), ("Ready", &["log", "notify"])] {
        if let Some(Value::Object(table)) = schema.pointer_mut(&format!("/$defs/{table}")) {
            table.extend(kinds(others));
        }
    }
    schema
}

/// What a table of keys cannot say: there is exactly one kind of check, or one of `others`, and some keys belong to some
/// kinds.
fn kinds(others: &[&str]) -> Map<String, Value> {
    let needs = |kind: &Kind| json!({ "required": [kind.word()] });
    let others = others.iter().map(|key| json!({ "required": [key] }));
    let one_of: Vec<Value> = Kind::ALL.iter().map(needs).chain(others).collect();
    let belongs = |(key, kinds): (&str, &[Kind])| {
        let any_of: Vec<Value> = kinds.iter().map(needs).collect();
        (key.to_owned(), json!({ "anyOf": any_of }))
    };
    let dependent: Map<String, Value> = BELONGS.into_iter().map(belongs).collect();
    Map::from_iter([("oneOf".to_owned(), one_of.into()), ("dependentSchemas".to_owned(), dependent.into())])
}
