//! Pages for people who do not use Estatus: the report of a month and the status page, each one file of HTML that needs
//! nothing else.
//!
//! Architecture invariant: a page runs no script and fetches nothing, and everything in it that comes from outside is
//! escaped. Nothing here reads a file or a clock.

mod csv;
pub(crate) mod report;
pub(crate) mod status;
#[cfg(test)]
mod tests;

use std::time::Duration;

use estatus_core::{incident::Incident, time::elapsed, words::Words};
use jiff::Timestamp;
use minijinja::{Environment, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

/// Stands in each page, so that Estatus knows its own.
pub(crate) const GENERATOR: &str = "<meta name=\"generator\" content=\"Estatus\">";

/// Fills in a template, in which `t` gives the texts of the language of `words`. The end of `name` decides how values are
/// escaped.
///
/// # Errors
/// That the template is wrong: it is part of the program, and a test renders all that it has.
fn render(name: &str, template: &str, words: &Words, page: &impl Serialize) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?;
    environment.set_syntax(syntax);
    let said = words.clone();
    environment.add_function("t", move |key: String| said.text(&key, &[]));
    environment.add_global("language", words.language().code());
    environment.add_global("generator", minijinja::Value::from_safe_string(GENERATOR.to_owned()));
    environment.add_global("style", minijinja::Value::from_safe_string(include_str!("pages/style.css").to_owned()));
    environment.render_named_str(name, template, Serde(page))
}

/// How well it was where it was up for this share of the time.
fn class_of(share: f64) -> &'static str {
    match share {
        1.0.. => "well",
        0.95.. => "some",
        _ => "bad",
    }
}

/// How long it lasted, or has until `now`.
fn lasted(incident: &Incident, now: Timestamp) -> Duration {
    // What was measured of an open one was measured when it was last written down.
    if incident.closed.is_some() { incident.lasted(now) } else { elapsed(incident.opened, now) }
}
