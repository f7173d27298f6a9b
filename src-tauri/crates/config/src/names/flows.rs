//! The names in flows: monitors, programs and channels, and what a step says of others.

use std::collections::{BTreeSet, HashMap};

use super::{ByName, Named, channels_exist, circles::each_circle, exists, unique};
use crate::{
    listed::{Listed, called, name, named},
    problem::{Span, shown},
    reason::{Reason, reason},
    shape::{At, Reader},
    tables::{AfterCrash, Flow, Step, flow_called},
};

/// Says what is wrong with the names that `flows` have and use.
pub(super) fn check(
    flows: &[(At<String>, Flow)],
    others: &Named<'_>,
    channels: Option<&BTreeSet<String>>,
    reader: &mut Reader<'_>,
) {
    for (name, flow) in flows {
        reader.section(flow_called(&name.value), |reader| {
            channels_exist(named(&flow.channels), channels, reader);
            steps(flow.step.get().map_or(&[], |steps| &steps.value.0), others, reader);
        });
    }
}

fn steps(steps: &[Step], others: &Named<'_>, reader: &mut Reader<'_>) {
    let by_name = unique(steps, reader);
    for (place, step) in steps.iter().enumerate() {
        reader.section(called(step, place), |reader| {
            others_exist(step, others, reader);
            let needs = named(&step.needs).iter();
            reader.within("needs", |reader| needs.for_each(|needed| exists(Step::WORD, needed, &by_name, reader)));
            looks_back(step, place, &by_name, reader);
        });
    }
    refuse_circles(steps, &by_name, reader);
}

/// Says which monitors and programs do not exist that a step names.
fn others_exist(step: &Step, others: &Named<'_>, reader: &mut Reader<'_>) {
    let mut exist = |key, what, name: Option<&At<String>>, there: Option<&ByName<'_>>| {
        if let (Some(name), Some(there)) = (name, there) {
            reader.within(key, |reader| exists(what, name, there, reader));
        }
    };
    for (key, monitor) in [("check", &step.check), ("wait_until", &step.wait_until)] {
        exist(key, "monitor", monitor.get(), others.monitors);
    }
    for (key, program) in [("restart", &step.restart), ("start", &step.start), ("stop", &step.stop)] {
        exist(key, "program", program.get(), others.programs);
    }
    if let Some(At { value: AfterCrash::Check(monitor), .. }) = step.after_crash.get() {
        reader.within("after_crash", |reader| {
            let Some(monitors) = others.monitors else { return };
            reader.within("check", |reader| exists("monitor", monitor, monitors, reader));
        });
    }
}

/// Says which of the steps that stand under `when` do not exist, or cannot have ended when the one at `place` is to begin.
fn looks_back(step: &Step, place: usize, by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    let Some(when) = step.when.get() else { return };
    let mut asked: HashMap<&str, &str> = HashMap::new();
    reader.within("when", |reader| {
        for (key, names) in when.value.asked() {
            for name in names {
                reader.within(key, |reader| exists(Step::WORD, name, by_name, reader));
                if let Some(reason) = cannot_be_seen(name, by_name.get(name.value.as_str()).copied(), place) {
                    reader.problem_with(key, &name.at, reason);
                }
                let other = *asked.entry(&name.value).or_insert(key);
                if other != key {
                    reader.problem_with(key, &name.at, || reason!("ended_twice", name = shown(&name.value), other));
                }
            }
        }
    });
}

/// Why the step at `place` cannot look back at the one called `name`, which stands at `seen`.
fn cannot_be_seen(name: &At<String>, seen: Option<usize>, place: usize) -> Option<Reason> {
    match seen? {
        seen if seen == place => Some(reason!("looks_at_itself")),
        seen if seen > place => Some(reason!("looks_ahead", name = shown(&name.value))),
        _ => None,
    }
}

/// That a step does not begin before another one has ended: which, where this is said, and under which key, if any.
struct Wait<'t> {
    on: usize,
    at: &'t Span,
    key: Option<&'static str>,
}

/// Says which steps wait for themselves.
fn refuse_circles(steps: &[Step], by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    let waits: Vec<Vec<Wait<'_>>> = steps.iter().enumerate().map(|(place, step)| waits(step, place, by_name)).collect();
    let links: Vec<Vec<usize>> = waits.iter().map(|waits| waits.iter().map(|wait| wait.on).collect()).collect();
    each_circle(&links, |circle| {
        let wait_of = |(place, link): (usize, usize)| waits.get(place)?.get(link);
        let Some(closing) = circle.closes() else { return };
        let (Some(step), Some(wait)) = (steps.get(closing.0), wait_of(closing)) else { return };
        let why = || {
            let shown = circle.shown(|place| name(steps.get(place)?));
            let says_nothing = |link: &(usize, usize)| wait_of(*link).is_some_and(|wait| wait.key.is_none());
            match circle.links().find(says_nothing).and_then(|(place, _)| name(steps.get(place)?)) {
                Some(name) => reason!("circle_in_a_row", circle = shown, name),
                None => shown,
            }
        };
        reader.section(called(step, closing.0), |reader| match wait.key {
            Some(key) => reader.problem_with(key, wait.at, why),
            None => reader.problem(wait.at, why),
        });
    });
}

/// The steps that must have ended before the one at `place` begins.
fn waits<'t>(step: &'t Step, place: usize, by_name: &ByName<'_>) -> Vec<Wait<'t>> {
    let wait = |name: &'t At<String>, key| {
        let on = *by_name.get(name.value.as_str())?;
        Some(Wait { on, at: &name.at, key: Some(key) })
    };
    let needs = named(&step.needs).iter().filter_map(|name| wait(name, "needs"));
    let before = place.checked_sub(1).filter(|_| step.needs.is_absent());
    let before = before.map(|on| Wait { on, at: &step.at, key: None });
    let keys = ["when.failed", "when.succeeded", "when.skipped"];
    let when = step.when.get().into_iter().flat_map(|when| keys.into_iter().zip(when.value.asked()));
    let when = when.flat_map(|(key, (_, names))| names.iter().filter_map(move |name| wait(name, key)));
    // What looks ahead, or at itself, is refused for that.
    needs.chain(before).chain(when.filter(|wait| wait.on < place)).collect()
}
