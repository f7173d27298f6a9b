//! Reads `estatus.toml` into the validated [`Config`] of the core.
//!
//! Everything that is wrong with a file is found at once, each with line, column, reason and, where one can guess, what
//! was meant ([`Problems`]). The tables that are read ([`schema`] shows them to editors) are declared once, in
//! `tables.rs`. Further: the first file of a new user ([`example`]), the folders of the platform ([`places`]), and the
//! secrets that the file only points to ([`secret`], [`store_secret`]). [`edit`] changes a file and keeps its comments;
//! [`import`] tells what the files of other tools would add; [`versions`] keeps what the file said before.
//!
//! Architecture invariant: a configuration that comes out of here needs no further check, and no secret is ever in it.

mod argv;
mod channel;
mod check;
mod edit;
mod example;
mod exit;
mod failures;
mod file;
mod fleet;
mod flow;
mod import;
mod json;
pub mod last_good;
mod limits;
mod listed;
mod monitor;
mod names;
mod net;
pub mod places;
mod problem;
mod program;
mod reason;
mod remedy;
mod schema;
mod secret;
mod shape;
mod synonyms;
mod syntax;
mod table;
mod tables;
mod times;
mod units;
mod values;
pub mod versions;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use estatus_core::config::{Config, Language};
use jiff::tz::TimeZone;
use toml_edit::Document;

pub use crate::{
    edit::{EditError, Saving, configuration, edit, entry_text, preview_edits, put_back, undo},
    example::example,
    import::{ImportError, import, import_nssm, preview},
    problem::{Problem, Problems},
    schema::schema,
    secret::{fits_to_store, is_secret_in_file, remove_secret, secret, secret_states, store_secret},
    units::{UnitError, duration, size},
};
use crate::{
    problem::Findings,
    reason::{Reason, reason},
    shape::Reader,
};

/// The longest file that is read, in bytes.
pub const FILE_MAX: usize = 5_000_000;

/// What holds where the file does not say.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The language of what is told.
    pub language: Language,
    /// The time zone of maintenance windows, quiet hours and what is told.
    pub zone: TimeZone,
}

impl Defaults {
    /// The system's language and zone.
    pub fn of_system() -> Self {
        let language = sys_locale::get_locale().map_or_else(Language::default, |locale| Language::of_locale(&locale));
        Self { language, zone: TimeZone::system() }
    }
}

/// Reads the configuration file `file`.
///
/// # Errors
/// Everything that is wrong with it; that it cannot be read is a problem too.
pub fn load(file: &Path, defaults: &Defaults) -> Result<Config, Problems> {
    parse(&text(file, defaults)?, file, defaults)
}

/// The text of the configuration file `file`.
///
/// # Errors
/// That it cannot be read, or is no text, as the one problem it has.
pub fn text(file: &Path, defaults: &Defaults) -> Result<String, Problems> {
    let refused = |reason: Reason| Problems::of_file(file, &reason, defaults.language);
    let bytes = read(file).map_err(|error| refused(reason!("unreadable", error = error.to_string())))?;
    String::from_utf8(bytes).map_err(|_| refused(reason!("no_text")))
}

/// At most one byte more than is allowed.
fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(FILE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads `text`, the content of `file`. The file is named in problems, and relative paths in the text start from its
/// folder.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(text: &str, file: &Path, defaults: &Defaults) -> Result<Config, Problems> {
    if text.len() > FILE_MAX {
        return Err(Problems::of_file(file, &reason!("too_long_file", most = FILE_MAX), defaults.language));
    }
    let document = Document::parse(text).map_err(|error| syntax(&error, text, file, defaults.language))?;
    let mut reader = Reader::new(text, file.parent().unwrap_or(Path::new("")), home());
    let config = file::config(&document, defaults, &mut reader);
    match reader.findings.located(file, text, config.language) {
        Some(problems) => Err(problems),
        None => Ok(config),
    }
}

fn home() -> Option<PathBuf> {
    etcetera::home_dir().ok()
}

/// A syntax error as the one problem of a file: the rest of the text may mean anything.
fn syntax(error: &toml_edit::TomlError, text: &str, file: &Path, language: Language) -> Problems {
    let (at, reason) = syntax::mistake(error, text);
    let mut findings = Findings::default();
    findings.add(at, || reason.clone());
    findings.located(file, text, language).unwrap_or_else(|| Problems::of_file(file, &reason, language))
}
