//! Texts that name what came of earlier steps: `{{ steps.NAME.output }}`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use minijinja::{
    Environment, UndefinedBehavior, Value,
    syntax::SyntaxConfig,
    value::{Enumerator, Object},
};
use serde::{Deserialize, Serialize};

/// So many instructions of the template library may be spent on a text: none is ever without end.
const FUEL: u64 = 100_000;

/// A text in which the results of earlier steps have their places, written in minijinja, a dialect of Jinja2. Of a step
/// called `NAME` there are `steps.NAME.output`, `steps.NAME.exit` and `steps.NAME.state`; one whose name is no identifier
/// is `steps["its name"]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

/// Why a text cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// It names a step that does not stand above.
    #[error("no step above is called {name:?}")]
    NoSuchStep {
        /// The name.
        name: String,
    },
    /// It cannot be read or filled.
    #[error("{error}")]
    Wrong {
        /// What is wrong, in English, as the template library has it.
        error: String,
    },
}

/// What came of a step, for later ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepResult {
    /// The value that it saved, or the last line that its command wrote; empty if there is none.
    pub output: String,
    /// The exit code of its command, or 128 and the number of the signal that ended it.
    pub exit: Option<i32>,
    /// The word for how it stands.
    pub state: &'static str,
}

impl Text {
    /// A text as it was written.
    pub fn new(template: impl Into<String>) -> Self {
        Self(template.into())
    }

    /// It as it was written.
    pub fn as_written(&self) -> &str {
        &self.0
    }

    /// Whether it can be filled where the steps called `above` have come to something.
    ///
    /// # Errors
    /// If it cannot be read, or names another step.
    pub fn check<'a>(&self, above: impl IntoIterator<Item = &'a str>) -> Result<(), TextError> {
        // Whatever is done with a number may be done.
        let result = || StepResult { output: "0".to_owned(), exit: Some(0), state: "succeeded" };
        self.fill(above.into_iter().map(|name| (Arc::from(name), result())).collect()).map(drop)
    }

    /// It with every result in its place.
    ///
    /// # Errors
    /// If it cannot be read, or names another step.
    pub fn fill(&self, results: BTreeMap<Arc<str>, StepResult>) -> Result<String, TextError> {
        // Most have no places.
        if !self.0.contains('{') {
            return Ok(self.0.clone());
        }
        let missed = Arc::default();
        let steps = Steps { results, missed: Arc::clone(&missed) };
        let mut environment = Environment::new();
        let wrong = |error: minijinja::Error| TextError::Wrong { error: error.to_string() };
        environment.set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).build().map_err(wrong)?);
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let filled = environment.render_str(&self.0, Value::from_pairs([("steps", Value::from_object(steps))]));
        let missed: Option<String> = missed.lock().unwrap_or_else(PoisonError::into_inner).take();
        filled.map_err(|error| match missed {
            Some(name) => TextError::NoSuchStep { name },
            None => wrong(error),
        })
    }
}

/// `steps` as a template sees them.
#[derive(Debug)]
struct Steps {
    results: BTreeMap<Arc<str>, StepResult>,
    /// The first name that was asked for in vain.
    missed: Arc<Mutex<Option<String>>>,
}

impl Object for Steps {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        let name = name.as_str()?;
        let Some(StepResult { output, exit, state }) = self.results.get(name) else {
            self.missed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| name.to_owned());
            return None;
        };
        Some(Value::from_pairs([
            ("output", Value::from(output.as_str())),
            ("exit", Value::from(*exit)),
            ("state", Value::from(*state)),
        ]))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.results.keys().map(|name| Value::from(&**name)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results() -> BTreeMap<Arc<str>, StepResult> {
        let result = StepResult { output: "{{ 42 }}".to_owned(), exit: Some(3), state: "failed" };
        BTreeMap::from([(Arc::from("look at it"), result.clone()), (Arc::from("look"), result)])
    }

    #[track_caller]
    fn check(template: &str, expected: Result<&str, TextError>) {
        assert_eq!(Text::new(template).fill(results()), expected.map(str::to_owned), "{template}");
    }

    #[test]
    fn what_came_of_steps_is_put_in_its_place() {
        check("nothing to see", Ok("nothing to see"));
        check("it said {{ steps.look.output }}\n", Ok("it said {{ 42 }}\n"));
        check("{{ steps['look at it'].exit + 1 }} {{ steps.look.state }}", Ok("4 failed"));
        check("<{{ steps.look.output }}> \"&\"", Ok("<{{ 42 }}> \"&\""));
    }

    #[test]
    fn a_step_that_does_not_exist_is_named() {
        let no_such_step = |name: &str| Err(TextError::NoSuchStep { name: name.to_owned() });
        check("{{ steps.other.output }}", no_such_step("other"));
        check("{{ steps['an other'].output }}", no_such_step("an other"));
        assert_eq!(Text::new("{{ steps.a.output }}{{ steps.b.exit }}").check(["a", "b"]), Ok(()));
        assert!(Text::new("{{ steps.b.exit }}").check(["a"]).is_err());
    }

    #[test]
    fn a_template_that_is_none_is_refused() {
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        for wrong in [endless, "{{", "{{ steps.look.nothing }}", "{% if %}", "{{ monitor }}"] {
            let refused = Text::new(wrong).check(["look"]);
            assert!(matches!(refused, Err(TextError::Wrong { .. })), "{wrong}: {refused:?}");
        }
    }
}
