//! Names that stand for something else in the file: each is defined, once, and no chain of them is a circle.

use std::collections::{BTreeSet, HashMap};

use crate::{
    listed::{Listed, called, name, word},
    problem::{advice, shown},
    reason::reason,
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
    pub(crate) monitors: &'f [tables::Monitor],
}

/// Says what is wrong with the names in a file, where `alerts` are the channels that its alert rules name.
pub(crate) fn check(defined: &Defined<'_>, alerts: &[At<String>], reader: &mut Reader<'_>) {
    reader.within("alerts", |reader| channels_exist(alerts, defined.channels, reader));
    check_kind(defined.monitors, defined.channels, reader);
    let Some(programs) = defined.programs else { return };
    let programs = check_kind(programs, defined.channels, reader);
    for (index, monitor) in defined.monitors.iter().enumerate() {
        reader.section(called(monitor, index), |reader| remedy_exists(monitor, &programs, reader));
    }
}

/// Says what is wrong with the names of `tables` and with those they name; returns the tables by name.
fn check_kind<'t, T: Listed>(
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

/// Says that the program does not exist which a monitor's `on_down` names.
fn remedy_exists(monitor: &tables::Monitor, programs: &ByName<'_>, reader: &mut Reader<'_>) {
    let Some(on_down) = monitor.on_down.get().map(|on_down| &on_down.value) else { return };
    reader.within("on_down", |reader| {
        for (key, program) in [("restart", &on_down.restart), ("start", &on_down.start), ("stop", &on_down.stop)] {
            let Some(program) = program.get() else { continue };
            reader.within(key, |reader| exists("program", program, programs, reader));
        }
    });
}

/// Says that nothing of this kind is called so, if that is how it is.
fn exists(what: &str, name: &At<String>, by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    if !by_name.contains_key(name.value.as_str()) {
        missing(what, name, by_name.keys().copied(), reader);
    }
}

fn missing<'k>(what: &str, name: &At<String>, known: impl Iterator<Item = &'k str>, reader: &mut Reader<'_>) {
    reader.problem(&name.at, || {
        reason!("nobody", word = word(what), name = shown(&name.value), advice = advice(&name.value, known))
    });
}

/// How far the search for circles has come with a table.
#[derive(Clone, Copy, PartialEq)]
enum Search {
    NotYet,
    OnTheWay,
    Done,
}

/// Says which tables lead back to themselves, each circle once: a depth-first search that keeps its own stack, because
/// a chain may be as long as the file.
fn refuse_circles<T: Listed>(tables: &[T], by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    let links: Vec<Vec<(usize, &At<String>)>> = tables
        .iter()
        .map(|table| {
            let links = table.links().iter();
            links.filter_map(|link| Some((*by_name.get(link.value.as_str())?, link))).collect()
        })
        .collect();
    let mut search = vec![Search::NotYet; tables.len()];
    for start in 0..tables.len() {
        let mut way = vec![(start, 0)];
        while let Some((at, next)) = way.last_mut() {
            let (here, turn) = (*at, *next);
            let state = search.get(here).copied().unwrap_or(Search::Done);
            let step = links.get(here).and_then(|links| links.get(turn)).filter(|_| state != Search::Done);
            *next += 1;
            match step {
                None => {
                    mark(&mut search, here, Search::Done);
                    way.pop();
                }
                Some((there, link)) => {
                    mark(&mut search, here, Search::OnTheWay);
                    match search.get(*there) {
                        Some(Search::NotYet) => way.push((*there, 0)),
                        Some(Search::OnTheWay) => refuse_circle(&way, *there, link, tables, reader),
                        _ => {}
                    }
                }
            }
        }
    }
}

fn mark(search: &mut [Search], index: usize, state: Search) {
    if let Some(mark) = search.get_mut(index) {
        *mark = state;
    }
}

/// Shows the circle that closes at `closing`, where the last table on the way names `first`.
fn refuse_circle<T: Listed>(
    way: &[(usize, usize)],
    first: usize,
    closing: &At<String>,
    tables: &[T],
    reader: &mut Reader<'_>,
) {
    /// A longer circle is shown in part.
    const SHOWN: usize = 10;
    let circle = || {
        let indices = way.iter().map(|(index, _)| *index).skip_while(|index| *index != first);
        let names: Vec<&str> =
            indices.filter_map(|index| name(tables.get(index)?)).chain([closing.value.as_str()]).collect();
        let text = match names.as_slice() {
            [first, second, .., before, last] if names.len() > SHOWN => {
                let (before, last) = (*before, *last);
                reason!("part_of_circle", first = *first, second = *second, more = names.len() - 4, before, last)
            }
            names => return reason!("circle", circle = names.join(" -> ")),
        };
        reason!("circle", circle = text)
    };
    let Some((last, table)) = way.last().and_then(|(last, _)| Some((*last, tables.get(*last)?))) else { return };
    reader.section(called(table, last), |reader| reader.problem_with(T::LINKS, &closing.at, circle));
}
