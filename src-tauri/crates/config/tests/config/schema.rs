//! What editors are told is what is read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::valid::EVERYTHING;

/// Walks a document along the schema and collects `Table.key` of what it uses; panics where the schema does not know
/// a key.
struct Walk<'s> {
    root: &'s Value,
    used: BTreeSet<String>,
}

impl Walk<'_> {
    fn resolve<'v>(&'v self, schema: &'v Value) -> (&'v str, &'v Value) {
        match schema["$ref"].as_str() {
            Some(reference) => {
                let target = self.root.pointer(reference.trim_start_matches('#')).unwrap();
                (reference.trim_start_matches("#/$defs/"), target)
            }
            None => ("File", schema),
        }
    }

    /// The schemas that may describe a value: the schema itself, or one of its alternatives.
    fn alternatives(schema: &Value) -> Vec<Value> {
        schema["anyOf"].as_array().cloned().unwrap_or_else(|| vec![schema.clone()])
    }

    fn walk(&mut self, schema: &Value, value: &Value) {
        match value {
            Value::Object(table) => {
                for alternative in Self::alternatives(schema) {
                    self.walk_table(&alternative, table);
                }
            }
            Value::Array(elements) => {
                let arrays: Vec<Value> =
                    Self::alternatives(schema).into_iter().filter(|schema| schema["items"].is_object()).collect();
                assert!(!arrays.is_empty(), "no array in {schema}");
                for (element, array) in elements.iter().flat_map(|e| arrays.iter().map(move |a| (e, a))) {
                    self.walk(&array["items"], element);
                }
            }
            _ => {}
        }
    }

    fn walk_table(&mut self, schema: &Value, table: &serde_json::Map<String, Value>) {
        let (name, schema) = self.resolve(schema);
        let (name, schema) = (name.to_owned(), schema.clone());
        for (key, value) in table {
            if let Some(property) = schema["properties"].get(key) {
                self.used.insert(format!("{name}.{key}"));
                self.walk(property, value);
            } else if schema["additionalProperties"].is_object() {
                self.walk(&schema["additionalProperties"], value);
            } else {
                assert_ne!(schema["additionalProperties"], false, "{name} has no `{key}`");
            }
        }
    }
}

/// `Table.key` of everything in the schema.
fn declared(schema: &Value) -> BTreeSet<String> {
    let keys = |name: &str, table: &Value| -> Vec<String> {
        table["properties"].as_object().unwrap().keys().map(|key| format!("{name}.{key}")).collect()
    };
    let tables = schema["$defs"].as_object().unwrap().iter();
    tables.flat_map(|(name, table)| keys(name, table)).chain(keys("File", schema)).collect()
}

/// Counts the keys of a check as those of a monitor, wherever they stand: they are described, and read, alike.
fn checks_are_alike(schema: &Value, keys: BTreeSet<String>) -> BTreeSet<String> {
    let [monitor, ready] = ["Monitor", "Ready"].map(|table| &schema["$defs"][table]["properties"]);
    let alike = |key: &str| ready.get(key).is_some() && ready.get(key) == monitor.get(key);
    let of_monitor = |key: String| match key.strip_prefix("Ready.") {
        Some(bare) if alike(bare) => format!("Monitor.{bare}"),
        _ => key,
    };
    keys.into_iter().map(of_monitor).collect()
}

#[test]
fn every_key_that_is_read_is_in_the_schema_and_the_other_way_round() {
    let schema = estatus_config::schema();
    let document: Value = toml_edit::de::from_str(EVERYTHING).unwrap();
    let mut walk = Walk { root: &schema, used: BTreeSet::new() };
    walk.walk(&schema, &document);
    assert_eq!(checks_are_alike(&schema, walk.used), checks_are_alike(&schema, declared(&schema)));
}

#[test]
fn the_schema_says_what_each_key_means_and_allows_no_other() {
    let schema = estatus_config::schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for (name, table) in schema["$defs"].as_object().unwrap().iter().chain([(&"File".to_owned(), &schema)]) {
        assert_eq!(table["additionalProperties"], false, "{name}");
        for (key, property) in table["properties"].as_object().unwrap() {
            assert!(property["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name}.{key}");
        }
    }
}

#[test]
fn the_schema_knows_that_a_monitor_has_one_kind_and_which_keys_belong_to_it() {
    let schema = estatus_config::schema();
    let monitor = &schema["$defs"]["Monitor"];
    let kinds: Vec<&str> =
        monitor["oneOf"].as_array().unwrap().iter().map(|kind| kind["required"][0].as_str().unwrap()).collect();
    assert_eq!(kinds, ["http", "tcp", "tls", "dns", "ping", "process", "command", "host", "fleet"]);
    let common = [
        "name",
        "every",
        "timeout",
        "failures",
        "successes",
        "confirm_after",
        "retry_every",
        "tags",
        "enabled",
        "depends_on",
        "channels",
        "maintenance",
        "on_down",
        "alert_when",
    ];
    for key in monitor["properties"].as_object().unwrap().keys().map(String::as_str) {
        let belongs = monitor["dependentSchemas"].get(key).is_some();
        assert_eq!(belongs, !kinds.contains(&key) && !common.contains(&key), "{key}");
    }
}

#[test]
fn the_schema_knows_that_a_step_does_one_thing_and_which_keys_belong_to_it() {
    let schema = estatus_config::schema();
    let step = &schema["$defs"]["Step"];
    let forms: Vec<&str> =
        step["oneOf"].as_array().unwrap().iter().map(|form| form["required"][0].as_str().unwrap()).collect();
    let expected =
        ["run", "check", "wait_until", "restart", "start", "stop", "wait", "http", "tell", "approve", "flow"];
    assert_eq!(forms, expected);
    let one_of = |owners: &[&str]| {
        let owners: Vec<Value> = owners.iter().map(|owner| serde_json::json!({ "required": [owner] })).collect();
        serde_json::json!({ "anyOf": owners })
    };
    let mut belongs = serde_json::json!({
        "directory": one_of(&["run", "undo"]),
        "env": one_of(&["run", "undo"]),
        "timeout": one_of(&["run", "http"]),
        "after_crash": one_of(&["run", "http"]),
        "within": one_of(&["wait_until", "approve"]),
        "channels": one_of(&["tell", "approve"]),
        "otherwise": one_of(&["approve"]),
    });
    for key in ["method", "headers", "body", "username", "password", "bearer", "accept", "contains", "save"] {
        belongs[key] = one_of(&["http"]);
    }
    assert_eq!(step["dependentSchemas"], belongs);
    assert_eq!(schema["$defs"]["Flow"]["required"], serde_json::json!(["step"]));
    assert_eq!(schema["$defs"]["Budget"]["required"], serde_json::json!(["runs", "within"]));
}

#[test]
fn the_schema_knows_that_the_instances_of_a_fleet_come_from_one_place_and_which_rule_has_a_schedule() {
    let schema = estatus_config::schema();
    let fleet = &schema["$defs"]["Fleet"];
    let is = |key: &str, word: &str| serde_json::json!({ key: { "const": word } });
    for launch in ["local", "command", "ec2", "asg"] {
        let of_table = &fleet["dependentSchemas"][launch];
        assert_eq!(of_table["properties"], is("launch", launch));
        let others: Vec<&str> = of_table["not"]["anyOf"]
            .as_array()
            .unwrap()
            .iter()
            .map(|other| other["required"][0].as_str().unwrap())
            .collect();
        assert!(others.len() == 3 && !others.contains(&launch), "{launch}: {others:?}");
    }
    let by_schedule = serde_json::json!({ "properties": is("policy", "schedule"), "required": ["policy"] });
    assert_eq!(fleet["dependentSchemas"]["schedule"], by_schedule);
    let needs: Vec<(&Value, &Value)> =
        fleet["allOf"].as_array().unwrap().iter().map(|rule| (&rule["if"]["properties"], &rule["then"])).collect();
    let required = |key: &str| serde_json::json!({ "required": [key] });
    let expected = [("launch", "command"), ("launch", "ec2"), ("launch", "asg"), ("policy", "schedule")]
        .map(|(key, word)| (is(key, word), required(word)));
    assert_eq!(needs, expected.iter().map(|(says, then)| (says, then)).collect::<Vec<_>>());
    assert_eq!(schema["$defs"]["Ec2"]["required"], serde_json::json!(["region", "template"]));
    assert_eq!(schema["$defs"]["Asg"]["required"], serde_json::json!(["region", "group"]));
}

#[test]
fn the_schema_knows_that_a_program_is_ready_in_one_way_and_what_it_needs() {
    let schema = estatus_config::schema();
    let ready = &schema["$defs"]["Ready"];
    let forms: Vec<&str> =
        ready["oneOf"].as_array().unwrap().iter().map(|form| form["required"][0].as_str().unwrap()).collect();
    assert_eq!(forms, ["http", "tcp", "tls", "dns", "ping", "process", "command", "host", "fleet", "log", "notify"]);
    assert_eq!(ready["dependentSchemas"], schema["$defs"]["Monitor"]["dependentSchemas"]);
    assert_eq!(schema["$defs"]["Program"]["required"], serde_json::json!(["name", "command"]));
    assert!(schema["$defs"]["MemoryCeiling"]["properties"]["for"].is_object(), "a key may be a keyword of Rust");
}
