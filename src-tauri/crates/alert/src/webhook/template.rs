//! The body of a webhook.

use estatus_core::{incident::DeliveryResult, words::Words};
use minijinja::{Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value, value::Serde};
use serde::de::IgnoredAny;

use crate::{
    payload::Payload,
    text::{SAID_LIMIT, one_line},
    undelivered::permanent,
};

/// The body: what `template` makes of `payload`, which must be JSON; `payload` itself where there is none.
///
/// A template is written in minijinja, a dialect of Jinja2. Its variables are the fields of [`Payload`]. A text put
/// between quotation marks, `"text": "{{ subject }}"`, is escaped as JSON asks for; `{{ alerts | tojson }}` puts a value
/// as a whole. A name that does not exist is an error.
pub(super) fn body(template: Option<&str>, payload: &Payload, words: &Words) -> Result<String, DeliveryResult> {
    let fail = |key: &str, error: String| {
        let values = [("channel", payload.channel.as_str()), ("error", &one_line(&error, SAID_LIMIT))];
        permanent(words.text(key, &values))
    };
    let Some(template) = template else {
        return serde_json::to_string(payload).map_err(|error| fail("delivery.template_json", error.to_string()));
    };
    let body = render(template, payload).map_err(|error| fail("delivery.template", error.to_string()))?;
    match serde_json::from_str::<IgnoredAny>(&body) {
        Ok(_) => Ok(body),
        Err(error) => Err(fail("delivery.template_json", error.to_string())),
    }
}

fn render(template: &str, payload: &Payload) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_formatter(write_as_json);
    environment.render_named_str("template", template, Serde(payload))
}

/// Writes a text so that it may stand between quotation marks, and anything else as JSON. What a filter has made safe
/// is written as it is.
fn write_as_json(out: &mut Output, _state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let text = match value.as_str() {
        Some(text) if value.is_safe() => text.to_owned(),
        _ => {
            let json = serde_json::to_string(value)
                .map_err(|error| Error::new(ErrorKind::BadSerialization, "this is no JSON").with_source(error))?;
            let is_text = value.as_str().is_some();
            let between = json.strip_prefix('"').and_then(|json| json.strip_suffix('"')).filter(|_| is_text);
            between.unwrap_or(&json).to_owned()
        }
    };
    Ok(out.write_str(&text)?)
}
