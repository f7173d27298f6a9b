//! Holds the values in a JSON answer against what is asked of them.

use std::{cmp::Ordering, fmt::Write as _};

use estatus_core::{
    check::{Comparison, JsonAssertion, JsonStep},
    observation::{Cause, cut},
};
use serde_json::{Number, Value};

use super::body::Body;

/// How many bytes of a value that is not as it should be are told.
const FOUND_LIMIT: usize = 200;

/// Judges `body` as JSON.
///
/// # Errors
/// The first assertion that does not hold.
pub(super) fn judge(asked: &[JsonAssertion], body: &Body) -> Result<(), Cause> {
    if asked.is_empty() {
        return Ok(());
    }
    if let Some(limit) = body.cut_at {
        let error = format!("it is longer than the {limit} bytes that are read (body_limit)");
        return Err(Cause::NotJson { error });
    }
    let root: Value =
        serde_json::from_slice(&body.bytes).map_err(|error| Cause::NotJson { error: error.to_string() })?;
    asked.iter().try_for_each(|assertion| hold(assertion, &root))
}

fn hold(assertion: &JsonAssertion, root: &Value) -> Result<(), Cause> {
    let found = find(root, &assertion.path);
    if found.is_some_and(|found| holds(found, assertion.comparison, &assertion.value)) {
        return Ok(());
    }
    Err(Cause::Json {
        path: path(&assertion.path),
        wanted: format!("{} {}", sign(assertion.comparison), text(&assertion.value)),
        found: found.map(|found| cut(text(found), FOUND_LIMIT)),
    })
}

fn find<'a>(root: &'a Value, path: &[JsonStep]) -> Option<&'a Value> {
    path.iter().try_fold(root, |value, step| match step {
        JsonStep::Name(name) => value.as_object()?.get(name),
        JsonStep::Index(index) => value.as_array()?.get(*index),
    })
}

fn holds(found: &Value, comparison: Comparison, wanted: &Value) -> bool {
    let order = match (found, wanted) {
        (Value::Number(found), Value::Number(wanted)) => compare(found, wanted),
        (Value::String(found), Value::String(wanted)) => Some(found.cmp(wanted)),
        // Many write numbers and truths as texts.
        (Value::String(found), wanted) if *found == text(wanted) => Some(Ordering::Equal),
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

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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
        judge(&[asked], &Body { bytes: text.into(), cut_at: None })
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
    fn what_is_not_json_or_not_all_of_it_is_said() {
        let any = || asked(&[], NotEqual, json!(0));
        assert!(matches!(judged(any(), "<html>"), Err(Cause::NotJson { .. })));
        let half = Body { bytes: b"[1]".to_vec(), cut_at: Some(3) };
        let Err(Cause::NotJson { error }) = judge(&[any()], &half) else { panic!("half a text was judged") };
        assert!(error.contains("3 bytes"), "{error}");
    }
}
