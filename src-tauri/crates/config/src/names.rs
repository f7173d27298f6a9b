//! Names that stand for something else in the file: each is defined, once, and no chain of them is a circle.

mod circles;
mod flows;

use std::collections::{BTreeSet, HashMap};

use crate::{
    listed::{self, Linked, Listed, called, keyed, name, word},
    names::circles::each_circle,
    problem::{advice, shown},
    reason::{Part, Reason, reason},
    shape::{At, Reader},
    tables,
};

/// What is defined in a file; nothing where it cannot even be listed.
pub(crate) struct Defined<'f> {
    /// The names of all channels.
    pub(crate) channels: Option<&'f BTreeSet<String>>,
    /// All programs.
    pub(crate) programs: Option<&'f [tables::Program]>,
    /// All monitors.
    pub(crate) monitors: Option<&'f [tables::Monitor]>,
    /// All flows, by name.
    pub(crate) flows: Option<&'f [(At<String>, tables::Flow)]>,
    /// All fleets, by name.
    pub(crate) fleets: Option<&'f [(At<String>, tables::Fleet)]>,
}

/// The places of all tables that can be named; nothing where they cannot even be listed.
struct Named<'t> {
    monitors: Option<&'t ByName<'t>>,
    programs: Option<&'t ByName<'t>>,
    flows: Option<&'t ByName<'t>>,
    fleets: Option<&'t ByName<'t>>,
}

/// Says what is wrong with the names in a file, where `alerts` are the channels that its alert rules name.
pub(crate) fn check(defined: &Defined<'_>, alerts: &[At<String>], reader: &mut Reader<'_>) {
    reader.within("alerts", |reader| channels_exist(alerts, defined.channels, reader));
    let monitors = defined.monitors.map(|monitors| check_kind(monitors, defined.channels, reader));
    let programs = defined.programs.map(|programs| check_kind(programs, defined.channels, reader));
    let flows = defined.flows.map(by_key);
    let fleets = defined.fleets.map(by_key);
    let (monitors, programs) = (monitors.as_ref(), programs.as_ref());
    let named = Named { monitors, programs, flows: flows.as_ref(), fleets: fleets.as_ref() };
    for (index, monitor) in defined.monitors.unwrap_or_default().iter().enumerate() {
        reader.section(called(monitor, index), |reader| {
            remedy_exists(monitor, &named, reader);
            fleet_exists(&monitor.check, &named, reader);
        });
    }
    for (index, program) in defined.programs.unwrap_or_default().iter().enumerate() {
        let Some(ready) = program.ready.get() else { continue };
        reader.section(called(program, index), |reader| {
            reader.within("ready", |reader| fleet_exists(&ready.value.check, &named, reader));
        });
    }
    flows::check(defined.flows.unwrap_or_default(), &named, defined.channels, reader);
    for (name, fleet) in defined.fleets.unwrap_or_default() {
        let section = keyed::<tables::Fleet>(&name.value);
        reader.section(section, |reader| channels_exist(listed::named(&fleet.channels), defined.channels, reader));
    }
}

/// The places of tables whose names are their keys.
fn by_key<T>(tables: &[(At<String>, T)]) -> ByName<'_> {
    tables.iter().map(|(name, _)| name.value.as_str()).zip(0..).collect()
}

/// Says what is wrong with the names of `tables` and with those they name; returns the tables by name.
fn check_kind<'t, T: Linked>(
    tables: &'t [T],
    channels: Option<&BTreeSet<String>>,
    reader: &mut Reader<'_>,
) -> ByName<'t> {
    let by_name = unique(tables, reader);
    for (index, table) in tables.iter().enumerate() {
        reader.section(called(table, index), |reader| {
            channels_exist(table.channels(), channels, reader);
            let links = table.links().iter();
            reader.within(T::LINKS, |reader| links.for_each(|link| exists(T::WORD, link, &by_name, reader)));
        });
    }
    refuse_circles(tables, &by_name, reader);
    by_name
}

/// The places of tables by their names.
type ByName<'t> = HashMap<&'t str, usize>;

/// The tables by name; says which names are taken twice.
fn unique<'t, T: Listed>(tables: &'t [T], reader: &mut Reader<'_>) -> ByName<'t> {
    let mut by_name = ByName::new();
    for (index, table) in tables.iter().enumerate() {
        let Some(name) = table.name() else { continue };
        if by_name.contains_key(name.value.0.as_str()) {
            reader.problem(&name.at, reason!("name_taken", word = word(T::WORD), name = shown(&name.value.0)));
        } else {
            by_name.insert(&name.value.0, index);
        }
    }
    by_name
}

fn channels_exist(names: &[At<String>], channels: Option<&BTreeSet<String>>, reader: &mut Reader<'_>) {
    let Some(channels) = channels else { return };
    reader.within("channels", |reader| {
        for name in names.iter().filter(|name| !channels.contains(&name.value)) {
            missing("channel", name, channels.iter().map(String::as_str), reader);
        }
    });
}

/// Says that the program or flow does not exist which a monitor's `on_down` names.
fn remedy_exists(monitor: &tables::Monitor, named: &Named<'_>, reader: &mut Reader<'_>) {
    let Some(on_down) = monitor.on_down.get().map(|on_down| &on_down.value) else { return };
    let &Named { programs, flows, .. } = named;
    let names = [
        ("restart", &on_down.restart, "program", programs, ("flow", flows)),
        ("start", &on_down.start, "program", programs, ("flow", flows)),
        ("stop", &on_down.stop, "program", programs, ("flow", flows)),
        ("flow", &on_down.flow, "flow", flows, ("restart", programs)),
    ];
    reader.within("on_down", |reader| {
        for (key, name, what, there, others) in names {
            let (Some(name), Some(there)) = (name.get(), there) else { continue };
            reader.within(key, |reader| match is_other(name, there, others) {
                Some(advice) => reader.problem(&name.at, || nobody(what, name, advice)),
                None => exists(what, name, there, reader),
            });
        }
    });
}

/// Says that the fleet does not exist which a check names.
fn fleet_exists(check: &tables::Check, named: &Named<'_>, reader: &mut Reader<'_>) {
    if let (Some(name), Some(fleets)) = (check.fleet.get(), named.fleets) {
        reader.within("fleet", |reader| exists("fleet", name, fleets, reader));
    }
}

/// That what is not there is one of the `others`, and so stands under another key.
fn is_other(name: &At<String>, there: &ByName<'_>, (key, others): (&str, Option<&ByName<'_>>)) -> Option<Part> {
    let is_in = |names: &ByName<'_>| names.contains_key(name.value.as_str());
    let is_other = !is_in(there) && others.is_some_and(is_in);
    is_other.then(|| reason!("meant", near = format!("{key} = \"{}\"", shown(&name.value))).into())
}

/// Says that nothing of this kind is called so, if that is how it is.
fn exists(what: &str, name: &At<String>, by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    if !by_name.contains_key(name.value.as_str()) {
        missing(what, name, by_name.keys().copied(), reader);
    }
}

fn missing<'k>(what: &str, name: &At<String>, known: impl Iterator<Item = &'k str>, reader: &mut Reader<'_>) {
    reader.problem(&name.at, || nobody(what, name, advice(&name.value, known)));
}

fn nobody(what: &str, name: &At<String>, advice: Part) -> Reason {
    reason!("nobody", word = word(what), name = shown(&name.value), advice)
}

/// Says which tables lead back to themselves.
fn refuse_circles<T: Linked>(tables: &[T], by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    let links: Vec<Vec<(usize, &At<String>)>> = tables
        .iter()
        .map(|table| {
            let links = table.links().iter();
            links.filter_map(|link| Some((*by_name.get(link.value.as_str())?, link))).collect()
        })
        .collect();
    let places: Vec<Vec<usize>> = links.iter().map(|links| links.iter().map(|(place, _)| *place).collect()).collect();
    each_circle(&places, |circle| {
        let Some((last, link)) = circle.closes() else { return };
        let (Some(table), Some((_, link))) = (tables.get(last), links.get(last).and_then(|links| links.get(link)))
        else {
            return;
        };
        let shown = || circle.shown(|place| name(tables.get(place)?));
        reader.section(called(table, last), |reader| reader.problem_with(T::LINKS, &link.at, shown));
    });
}
