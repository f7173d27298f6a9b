//! Values in a JSON text: what is asked of them, `json = { "queue.length" = "< 10" }`, and which is kept, `save = "data.id"`.

use estatus_core::check::{Comparison, JsonAssertion, JsonStep};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value as Json;
use toml_edit::Value;

use crate::{
    problem::{Span, shown},
    reason::reason,
    shape::{Node, Reader, Shape, entries},
};

/// Assertions on values, by path, in the order of the file.
#[derive(Debug)]
pub(crate) struct JsonAssertions(pub(crate) Vec<JsonAssertion>);

impl Shape for JsonAssertions {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let mut assertions = Vec::new();
        read_table(node, at, &[], reader, &mut assertions)?;
        Some(Self(assertions))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "additionalProperties": { "type": ["string", "number", "boolean", "object"] },
            "examples": [{ "status": "ok", "queue.length": "< 10", "items[0].id": 3 }],
        })
    }
}

/// The way to one value.
#[derive(Debug)]
pub(crate) struct JsonPath(pub(crate) Vec<JsonStep>);

impl Shape for JsonPath {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text() else { return reader.expected(reason!("a.path"), node, at) };
        path(text).map(Self).or_else(|| reader.unreadable(reason!("a.path"), text, at))
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "examples": ["data.id", "items[0].id"] })
    }
}

/// Reads a table of paths. A key with dots that stands outside quotes is a table in TOML and means the same path.
fn read_table(
    node: Node<'_>,
    at: &Span,
    parent: &[JsonStep],
    reader: &mut Reader<'_>,
    assertions: &mut Vec<JsonAssertion>,
) -> Option<()> {
    let like = "{ \"queue.length\" = \"< 10\" }".to_owned();
    for entry in entries(node, at, Some(like), reader)? {
        reader.within(entry.key, |reader| {
            let Some(steps) = path(entry.key) else {
                return reader.refuse(&entry.key_at, reason!("expected", what = reason!("a.path")));
            };
            let path = [parent, &steps].concat();
            if let Node::Table(_) = entry.node {
                return read_table(entry.node, &entry.at, &path, reader, assertions);
            }
            let (comparison, value) = comparison(entry.node, &entry.at, reader)?;
            assertions.push(JsonAssertion { path, comparison, value });
            Some(())
        })?;
    }
    Some(())
}

/// Reads `items[0].id`; a name with dots of its own stands in brackets and quotes: `["a.b"].c`.
pub(crate) fn path(text: &str) -> Option<Vec<JsonStep>> {
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let after = if let Some(inner) = rest.strip_prefix("[\"") {
            let (name, after) = inner.split_once("\"]")?;
            steps.push(JsonStep::Name(name.to_owned()));
            after
        } else if let Some(inner) = rest.strip_prefix('[') {
            let (index, after) = inner.split_once(']')?;
            steps.push(JsonStep::Index(index.trim().parse().ok()?));
            after
        } else {
            let (name, after) = rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()));
            steps.push(JsonStep::Name(Some(name).filter(|name| !name.is_empty())?.to_owned()));
            after
        };
        rest = match after.strip_prefix('.') {
            Some("") => return None,
            Some(next) => next,
            None if after.is_empty() || after.starts_with('[') => after,
            None => return None,
        };
    }
    (!steps.is_empty()).then_some(steps)
}

fn comparison(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<(Comparison, Json)> {
    let what = reason!("a.json_value");
    let Node::Value(value) = node else { return reader.expected(what, node, at) };
    let equal = match value {
        Value::String(text) => return comparison_text(text.value(), at, reader),
        Value::Integer(number) => Json::from(*number.value()),
        Value::Float(number) if number.value().is_finite() => Json::from(*number.value()),
        Value::Boolean(value) => Json::from(*value.value()),
        _ => return reader.expected(what, node, at),
    };
    Some((Comparison::Equal, equal))
}

/// Reads `ok`, `= ok`, `!= ok`, `≠ ok`, `< 10` and `> 10`. After a sign, what reads as a number, `true`, `false` or
/// `null` is one.
fn comparison_text(text: &str, at: &Span, reader: &mut Reader<'_>) -> Option<(Comparison, Json)> {
    let signs = [
        ("!=", Comparison::NotEqual),
        ("≠", Comparison::NotEqual),
        ("=", Comparison::Equal),
        ("<", Comparison::Less),
        (">", Comparison::Greater),
    ];
    let signed = signs.iter().find_map(|(sign, comparison)| Some((*comparison, text.trim_start().strip_prefix(sign)?)));
    let Some((comparison, rest)) = signed else { return Some((Comparison::Equal, Json::from(text))) };
    let rest = rest.trim();
    let literal = serde_json::from_str::<Json>(rest).ok().filter(|value| !value.is_object() && !value.is_array());
    let value = literal.unwrap_or_else(|| Json::from(rest));
    if matches!(comparison, Comparison::Less | Comparison::Greater) && !value.is_number() {
        return reader.refuse(at, reason!("sign_without_number", text = shown(text)));
    }
    Some((comparison, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_names_and_indices() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            let read = path(text).map(|steps| {
                let words = steps.iter().map(|step| match step {
                    JsonStep::Name(name) => format!("{name:?}"),
                    JsonStep::Index(index) => index.to_string(),
                });
                words.collect::<Vec<_>>().join(" ")
            });
            assert_eq!(read.as_deref(), expected, "{text:?}");
        }
        check("status", Some("\"status\""));
        check("queue.length", Some("\"queue\" \"length\""));
        check("items[0].id", Some("\"items\" 0 \"id\""));
        check("[3][4]", Some("3 4"));
        check("[\"a.b\"].c", Some("\"a.b\" \"c\""));
        check("", None);
        check("a..b", None);
        check("a.", None);
        check(".a", None);
        check("a[", None);
        check("a[x]", None);
        check("a[-1]", None);
        check("a[0]b", None);
        check("a[99999999999999999999999]", None);
    }
}
