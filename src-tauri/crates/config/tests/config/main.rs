//! `estatus.toml` from outside: what is read, what is refused and how it is said, what editors are told.
#![allow(clippy::unwrap_used, clippy::panic, reason = "what the tests share is part of the tests")]

mod fleets;
mod flows;
mod newcomers;
mod problems;
mod programs;
mod random;
mod schema;
mod secrets;
mod valid;

use std::path::Path;

use estatus_config::{Defaults, Problems};
use estatus_core::config::{Config, Language};
use jiff::tz::TimeZone;

/// Reads `text` as the file `/etc/estatus/estatus.toml` of somebody who speaks English in Mexico City.
fn read(text: &str) -> Result<Config, Problems> {
    estatus_config::parse(text, Path::new("/etc/estatus/estatus.toml"), &defaults())
}

fn load(file: &Path) -> Result<Config, Problems> {
    estatus_config::load(file, &defaults())
}

fn defaults() -> Defaults {
    Defaults { language: Language::English, zone: TimeZone::get("America/Mexico_City").unwrap() }
}
