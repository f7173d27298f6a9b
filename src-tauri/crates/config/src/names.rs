//! Names that stand for something else in the file: each is defined, once, and no chain of them is a circle.

use std::collections::{BTreeSet, HashMap};

use crate::{
    monitor::named,
    problem::{advice, shown},
    shape::{At, Field, Reader},
    tables,
};

/// Says what is wrong with the names of `monitors`, and with the channels they and `alerts` name, if these are known.
pub(crate) fn check(
    monitors: &[tables::Monitor],
    channels: Option<&BTreeSet<String>>,
    alerts: &[At<String>],
    reader: &mut Reader<'_>,
) {
    reader.within("alerts", |reader| channels_exist(alerts, channels, reader));
    let by_name = unique(monitors, reader);
    for (index, monitor) in monitors.iter().enumerate() {
        reader.section(called(monitor, index), |reader| {
            channels_exist(named(&monitor.channels), channels, reader);
            parents_exist(monitor, &by_name, reader);
        });
    }
    refuse_circles(monitors, &by_name, reader);
}

/// What a monitor is called in messages.
pub(crate) fn called(monitor: &tables::Monitor, index: usize) -> String {
    tables::called(name(monitor), index)
}

type ByName<'m> = HashMap<&'m str, usize>;

fn name(monitor: &tables::Monitor) -> Option<&str> {
    if let Field::Set(name) = &monitor.name { Some(&name.value.0) } else { None }
}

/// The monitors by name; says which names are taken twice.
fn unique<'m>(monitors: &'m [tables::Monitor], reader: &mut Reader<'_>) -> ByName<'m> {
    let mut by_name = ByName::new();
    for (index, monitor) in monitors.iter().enumerate() {
        let Field::Set(name) = &monitor.name else { continue };
        if by_name.contains_key(name.value.0.as_str()) {
            let name_is = shown(&name.value.0);
            reader.problem(&name.at, format_args!("there is already a monitor with the name \"{name_is}\""));
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
            let unknown = std::fmt::from_fn(|f| {
                let near = advice(&name.value, channels.iter().map(String::as_str));
                write!(f, "no channel is called \"{}\"{near}", shown(&name.value))
            });
            reader.problem(&name.at, unknown);
        }
    });
}

fn parents_exist(monitor: &tables::Monitor, by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    reader.within("depends_on", |reader| {
        for name in named(&monitor.depends_on).iter().filter(|name| !by_name.contains_key(name.value.as_str())) {
            let unknown = std::fmt::from_fn(|f| {
                let near = advice(&name.value, by_name.keys().copied());
                write!(f, "no monitor is called \"{}\"{near}", shown(&name.value))
            });
            reader.problem(&name.at, unknown);
        }
    });
}

/// How far the search for circles has come with a monitor.
#[derive(Clone, Copy, PartialEq)]
enum Search {
    NotYet,
    OnTheWay,
    Done,
}

/// Says which monitors depend on themselves, each circle once: a depth-first search that keeps its own stack, because
/// a chain may be as long as the file.
fn refuse_circles(monitors: &[tables::Monitor], by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    let parents: Vec<Vec<(usize, &At<String>)>> = monitors
        .iter()
        .map(|monitor| {
            let parents = named(&monitor.depends_on).iter();
            parents.filter_map(|parent| Some((*by_name.get(parent.value.as_str())?, parent))).collect()
        })
        .collect();
    let mut search = vec![Search::NotYet; monitors.len()];
    for start in 0..monitors.len() {
        let mut way = vec![(start, 0)];
        while let Some((at, next)) = way.last_mut() {
            let (here, turn) = (*at, *next);
            let state = search.get(here).copied().unwrap_or(Search::Done);
            let step = parents.get(here).and_then(|parents| parents.get(turn)).filter(|_| state != Search::Done);
            *next += 1;
            match step {
                None => {
                    mark(&mut search, here, Search::Done);
                    way.pop();
                }
                Some((parent, named)) => {
                    mark(&mut search, here, Search::OnTheWay);
                    match search.get(*parent) {
                        Some(Search::NotYet) => way.push((*parent, 0)),
                        Some(Search::OnTheWay) => refuse_circle(&way, *parent, named, monitors, reader),
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

/// Shows the circle that closes at `closing`, where the last monitor on the way names `first`.
fn refuse_circle(
    way: &[(usize, usize)],
    first: usize,
    closing: &At<String>,
    monitors: &[tables::Monitor],
    reader: &mut Reader<'_>,
) {
    /// A longer circle is shown in part.
    const SHOWN: usize = 10;
    let circle = std::fmt::from_fn(|f| {
        let indices = way.iter().map(|(index, _)| *index).skip_while(|index| *index != first);
        let names: Vec<&str> =
            indices.filter_map(|index| name(monitors.get(index)?)).chain([closing.value.as_str()]).collect();
        let text = match names.as_slice() {
            [first, second, .., before, last] if names.len() > SHOWN => {
                format!("{first} -> {second} -> … {} more … -> {before} -> {last}", names.len() - 4)
            }
            names => names.join(" -> "),
        };
        write!(f, "comes back to where it began: {text}")
    });
    let section = way.last().and_then(|(last, _)| Some(called(monitors.get(*last)?, *last))).unwrap_or_default();
    reader.section(section, |reader| reader.problem_with("depends_on", &closing.at, circle));
}
