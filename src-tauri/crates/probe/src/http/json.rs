//! Holds the values in a JSON answer against what is asked of them.

use std::{cmp::Ordering, fmt, fmt::Write as _};

use estatus_core::{
    check::{Comparison, JsonAssertion, JsonStep},
    flow::request::HttpRequest,
    observation::Cause,
    outside::cut,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value};

/// How many bytes of a value that is not as it should be are told.
const FOUND_LIMIT: usize = 200;

/// Judges `text` as JSON.
///
/// # Errors
/// The first assertion that does not hold.
pub(super) fn judge(asked: &[JsonAssertion], text: &str) -> Result<(), Cause> {
    asked.iter().try_for_each(|assertion| {
        let found = find(text, &assertion.path).map_err(|error| Cause::NotJson { error: error.to_string() })?;
        hold(assertion, found.as_ref())
    })
}

/// The value in `text`, which is JSON, at the end of `way`, to be kept: a text as it is, anything else as JSON.
///
/// # Errors
/// If it is not there, or longer than [`HttpRequest::SAVED_LIMIT`].
pub(super) fn value(way: &[JsonStep], text: &str) -> Result<String, Cause> {
    let found = find(text, way).map_err(|error| Cause::NotJson { error: error.to_string() })?;
    let not_saved = |longer_than| Cause::Save { path: path(way), longer_than };
    let value = match found.ok_or_else(|| not_saved(0))? {
        Value::String(text) => text,
        other => other.to_string(),
    };
    if value.len() <= HttpRequest::SAVED_LIMIT { Ok(value) } else { Err(not_saved(HttpRequest::SAVED_LIMIT)) }
}

fn hold(assertion: &JsonAssertion, found: Option<&Value>) -> Result<(), Cause> {
    if found.is_some_and(|found| holds(found, assertion.comparison, &assertion.value)) {
        return Ok(());
    }
    Err(Cause::Json {
        path: path(&assertion.path),
        wanted: format!("{} {}", sign(assertion.comparison), shown(&assertion.value)),
        found: found.map(|found| cut(shown(found), FOUND_LIMIT)),
    })
}

/// The value at the end of `path`. Of the rest it is only known that it is JSON: an answer may be long, and take many
/// times its length in memory.
fn find(text: &str, path: &[JsonStep]) -> Result<Option<Value>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let found = At(path).deserialize(&mut json)?;
    json.end()?;
    Ok(found)
}

/// Looks for what is at the end of a path.
#[derive(Clone, Copy)]
struct At<'a>(&'a [JsonStep]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        match self.0.split_first() {
            None => Value::deserialize(json).map(Some),
            Some((step, rest)) => json.deserialize_any(Into { step, rest: At(rest) }),
        }
    }
}

/// Takes one step into whatever comes; a path leads nowhere but into objects and arrays.
struct Into<'a> {
    step: &'a JsonStep,
    rest: At<'a>,
}

impl<'de> Visitor<'de> for Into<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    /// Where a name is there twice, the last one counts.
    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = object.next_key::<String>()? {
            if matches!(self.step, JsonStep::Name(wanted) if *wanted == name) {
                found = object.next_value_seed(self.rest)?;
            } else {
                object.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        for index in 0.. {
            let goes_on = if matches!(self.step, JsonStep::Index(wanted) if *wanted == index) {
                array.next_element_seed(self.rest)?.map(|value| found = value).is_some()
            } else {
                array.next_element::<IgnoredAny>()?.is_some()
            };
            if !goes_on {
                break;
            }
        }
        Ok(found)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

fn holds(found: &Value, comparison: Comparison, wanted: &Value) -> bool {
    let order = match (found, wanted) {
        (Value::Number(found), Value::Number(wanted)) => compare(found, wanted),
        (Value::String(found), Value::String(wanted)) => Some(found.cmp(wanted)),
        // Many write numbers and truths as texts.
        (Value::String(found), wanted) if *found == shown(wanted) => Some(Ordering::Equal),
        (Value::String(found), Value::Number(wanted)) => {
            let found = serde_json::from_str::<Number>(found.trim()).ok();
            // "1.10" may be a version, which is not 1.1.
            found.and_then(|found| compare(&found, wanted)).filter(|order| is_whole(wanted) || order.is_ne())
        }
        (found, wanted) => (found == wanted).then_some(Ordering::Equal),
    };
    match comparison {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::Greater => order == Some(Ordering::Greater),
    }
}

/// Whole numbers are compared exactly; others, so that 1 equals 1.0, as floating point.
fn compare(found: &Number, wanted: &Number) -> Option<Ordering> {
    match (found.as_i128(), wanted.as_i128()) {
        (Some(found), Some(wanted)) => Some(found.cmp(&wanted)),
        _ => found.as_f64()?.partial_cmp(&wanted.as_f64()?),
    }
}

fn is_whole(number: &Number) -> bool {
    number.as_i128().is_some()
}

fn sign(comparison: Comparison) -> char {
    match comparison {
        Comparison::Equal => '=',
        Comparison::NotEqual => '≠',
        Comparison::Less => '<',
        Comparison::Greater => '>',
    }
}

/// An empty text is shown in quotes, so that there is something to be seen.
fn shown(value: &Value) -> String {
    value.as_str().filter(|text| !text.is_empty()).map_or_else(|| value.to_string(), str::to_owned)
}

fn path(steps: &[JsonStep]) -> String {
    let mut path = String::new();
    for step in steps {
        let written = match step {
            JsonStep::Name(name) if path.is_empty() => write!(path, "{name}"),
            JsonStep::Name(name) => write!(path, ".{name}"),
            JsonStep::Index(index) => write!(path, "[{index}]"),
        };
        debug_assert!(written.is_ok(), "a String takes everything");
    }
    path
}

#[cfg(test)]
mod tests {
    use Comparison::{Equal, Greater, Less, NotEqual};
    use serde_json::json;

    use super::*;

    fn judged(asked: JsonAssertion, text: &str) -> Result<(), Cause> {
        judge(&[asked], text)
    }

    fn asked(path: &[JsonStep], comparison: Comparison, value: Value) -> JsonAssertion {
        JsonAssertion { path: path.to_vec(), comparison, value }
    }

    fn name(name: &str) -> JsonStep {
        JsonStep::Name(name.to_owned())
    }

    #[test]
    fn values_are_compared_by_what_they_say() {
        let check = |found: Value, comparison, wanted: Value, well: bool| {
            assert_eq!(holds(&found, comparison, &wanted), well, "{found} {comparison:?} {wanted}");
        };
        check(json!(1), Equal, json!(1.0), true);
        check(json!(10), Greater, json!(9), true);
        check(json!("10"), Greater, json!("9"), false);
        check(json!(9), Less, json!(10), true);
        check(json!(-1), Less, json!(u64::MAX), true);
        check(json!(u64::MAX - 1), Equal, json!(u64::MAX), false);
        check(json!(0.5), Less, json!(1), true);
        check(json!(1), Less, json!(1), false);
        check(json!(1), Greater, json!(1), false);
        check(json!("ok"), Equal, json!("ok"), true);
        check(json!("1"), Equal, json!(1), true);
        check(json!("1"), NotEqual, json!(1), false);
        check(json!("01"), Equal, json!(1), false);
        check(json!("9"), Less, json!(10), true);
        check(json!("soon"), Less, json!(10), false);
        check(json!("1.5"), Equal, json!(1.5), true);
        check(json!("1.10"), Equal, json!(1.1), false);
        check(json!("1.10"), Less, json!(1.2), true);
        check(json!("true"), Equal, json!(true), true);
        check(json!(true), Equal, json!(true), true);
        check(json!(null), Equal, json!(null), true);
        check(json!([1, 2]), NotEqual, json!([1]), true);
    }

    #[test]
    fn a_path_leads_through_objects_and_arrays() {
        let text = r#"{"jobs": [{"left": 3}, {"left": 0}], "state": "ok"}"#;
        let left = [name("jobs"), JsonStep::Index(1), name("left")];
        assert_eq!(judged(asked(&left, Equal, json!(0)), text), Ok(()));
        assert_eq!(
            judged(asked(&left, Greater, json!(5)), text),
            Err(Cause::Json { path: "jobs[1].left".into(), wanted: "> 5".into(), found: Some("0".into()) }),
        );
        assert_eq!(
            judged(asked(&[name("state")], NotEqual, json!("ok")), text),
            Err(Cause::Json { path: "state".into(), wanted: "≠ ok".into(), found: Some("ok".into()) }),
        );
        assert_eq!(
            judged(asked(&[name("state"), JsonStep::Index(0)], NotEqual, json!(1)), text),
            Err(Cause::Json { path: "state[0]".into(), wanted: "≠ 1".into(), found: None }),
        );
    }

    #[test]
    fn a_path_that_leads_nowhere_finds_nothing() {
        let check = |text: &str, path: &[JsonStep], found: Option<Value>| {
            assert_eq!(find(text, path).unwrap(), found, "{text}");
        };
        let (a, first) = ([name("a")], [JsonStep::Index(0)]);
        for scalar in ["true", "-1", "1", "0.5", "\"a\"", "null", "1e3"] {
            check(scalar, &a, None);
            check(scalar, &first, None);
        }
        check("[1]", &a, None);
        check("[[7], 8]", &[JsonStep::Index(0), JsonStep::Index(0)], Some(json!(7)));
        check("[]", &first, None);
        check("[7, 8, 9]", &first, Some(json!(7)));
        check(r#"{"a": 1, "\u0061": 2}"#, &a, Some(json!(2)));
        check(r#"{"a": {"b": 1}, "a": 2}"#, &[name("a"), name("b")], None);
        check("7", &[], Some(json!(7)));
    }

    #[test]
    fn a_value_is_kept_as_a_text_or_as_json() {
        let check = |text: &str, path: &[JsonStep], kept: Result<&str, Cause>| {
            assert_eq!(value(path, text), kept.map(str::to_owned), "{text}");
        };
        let not_saved = |path: &str, longer_than| Err(Cause::Save { path: path.to_owned(), longer_than });
        let a = [name("a")];
        check(r#"{"a": "it is \"so\""}"#, &a, Ok("it is \"so\""));
        check(r#"{"a": 7.50}"#, &a, Ok("7.5"));
        check(r#"{"a": [1, {"b": "c"}]}"#, &a, Ok(r#"[1,{"b":"c"}]"#));
        check(r#"{"a": null}"#, &a, Ok("null"));
        check("[true]", &[], Ok("[true]"));
        check(r#"{"b": 1}"#, &a, not_saved("a", 0));
        check("[]", &[JsonStep::Index(0), name("b")], not_saved("[0].b", 0));
        let long = format!(r#"{{"a": "{}"}}"#, "x".repeat(HttpRequest::SAVED_LIMIT + 1));
        check(&long, &a, not_saved("a", HttpRequest::SAVED_LIMIT));
        assert!(matches!(value(&a, "<html>"), Err(Cause::NotJson { .. })));
    }

    #[test]
    fn what_is_not_json_is_said() {
        for text in ["<html>", "", "{\"a\": 1", "[1] 2", "{\"b\": [1, }"] {
            let verdict = judged(asked(&[name("a")], NotEqual, json!(0)), text);
            assert!(matches!(verdict, Err(Cause::NotJson { .. })), "{text}: {verdict:?}");
        }
    }

    #[test]
    fn an_empty_text_can_be_seen() {
        let found = judged(asked(&[name("a")], Equal, json!("ok")), r#"{"a": ""}"#);
        let found = found.map_err(|cause| matches!(cause, Cause::Json { found: Some(found), .. } if found == "\"\""));
        assert_eq!(found, Err(true));
    }
}
