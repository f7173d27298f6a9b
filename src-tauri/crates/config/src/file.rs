//! The whole file as the core wants it.

use std::{collections::BTreeSet, ffi::OsStr, sync::Arc};

use estatus_core::{
    config::{Config, Retention, StatusPage},
    network::NetworkPolicy,
};
use toml_edit::Document;

use crate::{
    Defaults, channel, fleet, flow,
    listed::{Listed, called},
    monitor,
    names::{self, Defined},
    program,
    reason::reason,
    shape::{Field, Node, Reader, Shape, plain},
    tables,
};

/// The configuration, which means nothing if there are findings.
pub(crate) fn config(document: &Document<&str>, defaults: &Defaults, reader: &mut Reader<'_>) -> Config {
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
