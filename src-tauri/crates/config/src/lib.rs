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
    collections::BTreeSet,
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use estatus_core::{
    config::{Config, Language, Retention, StatusPage},
    network::NetworkPolicy,
};
use jiff::tz::TimeZone;
use toml_edit::Document;

pub use crate::{
    edit::{EditError, Saving, configuration, edit, entry_text, preview_edits, put, put_back, undo},
    example::example,
    import::{ImportError, import, import_nssm, preview, text_of},
    problem::{Problem, Problems},
    schema::schema,
    secret::{fits_to_store, is_secret_in_file, remove_secret, secret, secret_states, store_secret},
    units::{UnitError, duration, size},
};
use crate::{
    listed::{Listed, called},
    names::Defined,
    problem::Findings,
    reason::{Reason, reason},
    shape::{Field, Node, Reader, Shape, plain},
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
    let config = config(&document, defaults, &mut reader);
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

/// The configuration, which means nothing if there are findings.
fn config(document: &Document<&str>, defaults: &Defaults, reader: &mut Reader<'_>) -> Config {
    let root = Node::Table(document.as_table());
    let Some(mut file) = tables::File::read(root, &(0..0), reader) else { return Config::default() };
    let zone = file.zone.take().map_or_else(|| defaults.zone.clone(), |zone| zone.0);
    let channel_names = channel_names(&file);
    let channels = channel::channels(&mut file, reader);
    let alerts = channel::alerts(&mut file.alerts, &zone);
    let (monitors, programs) = (listed(&mut file.monitor, |all| all.0), listed(&mut file.program, |all| all.0));
    let flows = listed(&mut file.flow, |all| all.0);
    let fleets = listed(&mut file.fleet, |all| all.0);
    let defined = Defined {
        channels: channel_names.as_ref(),
        programs: programs.as_deref(),
        monitors: monitors.as_deref(),
        flows: flows.as_deref(),
        fleets: fleets.as_deref(),
    };
    names::check(&defined, &alerts.channels, reader);
    let fleets = fleet::fleets(fleets.unwrap_or_default(), &zone, reader);
    let monitors = monitors.unwrap_or_default();
    let monitors = each(monitors, reader, |table, reader| monitor::monitor(table, &zone, alerts.when, &fleets, reader));
    let programs = programs.unwrap_or_default();
    let programs = each(programs, reader, |table, reader| program::program(table, &zone, &fleets, reader));
    let flows = flow::flows(flows.unwrap_or_default(), &zone, reader);
    let language = file.language.take().unwrap_or(defaults.language);
    let (network, retention) = (network(&mut file), retention(&mut file));
    let status_page = status_page(&mut file, reader).map(Arc::new);
    let secret_variables = std::mem::take(&mut reader.secret_variables);
    let alerts = alerts.policy;
    Config {
        language,
        zone,
        monitors,
        programs,
        flows,
        fleets,
        channels,
        alerts,
        network,
        retention,
        status_page,
        secret_variables,
    }
}

/// All tables of a kind; nothing where they cannot even be listed.
fn listed<A, T>(field: &mut Field<A>, tables: impl FnOnce(A) -> Vec<T>) -> Option<Vec<T>> {
    match std::mem::take(field) {
        Field::Absent => Some(Vec::new()),
        Field::Bad => None,
        Field::Set(set) => Some(tables(set.value)),
    }
}

/// What `convert` makes of each table.
fn each<T: Listed, C>(
    tables: Vec<T>,
    reader: &mut Reader<'_>,
    convert: impl Fn(&mut T, &mut Reader<'_>) -> Option<C>,
) -> Vec<Arc<C>> {
    let mut converted = Vec::with_capacity(tables.len());
    // Collected one by one, as `collect` would keep the room of the tables, many times as large, for what comes of them.
    for (index, mut table) in tables.into_iter().enumerate() {
        let section = called(&table, index);
        converted.extend(reader.section(section, |reader| convert(&mut table, reader)).map(Arc::new));
    }
    converted
}

/// The names of all channels, be these right or wrong; nothing where they cannot even be listed.
fn channel_names(file: &tables::File) -> Option<BTreeSet<String>> {
    let email = (!file.email.is_absent()).then(|| "email".to_owned());
    let others = match &file.channel {
        Field::Absent => &[],
        Field::Bad => return None,
        Field::Set(set) => set.value.0.as_slice(),
    };
    Some(others.iter().map(|(name, _)| name.value.clone()).chain(email).collect())
}

fn network(file: &mut tables::File) -> NetworkPolicy {
    let reference = file.network.take().and_then(|mut network| network.reference.take());
    reference.map_or_else(NetworkPolicy::default, |reference| NetworkPolicy {
        reference: plain(reference).into_iter().map(|host| host.0).collect(),
    })
}

fn retention(file: &mut tables::File) -> Retention {
    let mut table = file.retention.take().unwrap_or_default();
    let default = Retention::default();
    Retention {
        observations: table.observations.take().map_or(default.observations, |span| span.0),
        hours: table.hours.take().map_or(default.hours, |span| span.0),
        days: table.days.take().map_or(default.days, |span| span.0),
        incidents: table.incidents.take().map_or(default.incidents, |span| span.0),
    }
}

fn status_page(file: &mut tables::File, reader: &mut Reader<'_>) -> Option<StatusPage> {
    let mut table = file.status_page.take()?;
    let written = table.file.take_placed()?;
    let is_page = |name: &str| ["html", "htm"].iter().any(|ending| name.eq_ignore_ascii_case(ending));
    if !written.value.extension().and_then(OsStr::to_str).is_some_and(is_page) {
        reader.within("status_page", |reader| reader.problem_with("file", &written.at, reason!("no_page_file")));
    }
    Some(StatusPage {
        file: written.value,
        tags: table.tags.take().map_or_else(Vec::new, |tags| plain(tags).into_iter().map(|tag| tag.0).collect()),
        title: table.title.take().map(|title| title.0),
        details: table.details.take().unwrap_or_default(),
    })
}
