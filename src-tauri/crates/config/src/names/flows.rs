//! The names in flows: monitors, programs, channels and other flows, and what a step says of others.

use std::collections::{BTreeSet, HashMap};

use estatus_core::flow::{self, text::TextError};

use super::{ByName, Named, channels_exist, circles::each_circle, exists, missing, unique};
use crate::{
    listed::{Listed, called, keyed, name, named},
    problem::{Span, shown},
    reason::{Reason, reason},
    shape::{At, Reader},
    tables::{AfterCrash, Flow, OnFailure, Step},
};

/// Says what is wrong with the names that `flows` have and use.
pub(super) fn check(
    flows: &[(At<String>, Flow)],
    others: &Named<'_>,
    channels: Option<&BTreeSet<String>>,
    reader: &mut Reader<'_>,
) {
    for (name, flow) in flows {
        reader.section(keyed::<Flow>(&name.value), |reader| {
            channels_exist(named(&flow.channels), channels, reader);
            OfFlow { name: &name.value, others, channels }.steps(steps_of(flow), reader);
        });
    }
    if let Some(by_name) = others.flows {
        refuse_circles_of_flows(flows, by_name, reader);
    }
}

fn steps_of(flow: &Flow) -> &[Step] {
    flow.step.get().map_or(&[], |steps| &steps.value.0)
}

/// What is there for the steps of the flow called `name`.
struct OfFlow<'t> {
    name: &'t str,
    others: &'t Named<'t>,
    channels: Option<&'t BTreeSet<String>>,
}

impl OfFlow<'_> {
    fn steps(&self, steps: &[Step], reader: &mut Reader<'_>) {
        let by_name = unique(steps, reader);
        refuse_same_variables(steps, reader);
        for (place, step) in steps.iter().enumerate() {
            reader.section(called(step, place), |reader| {
                self.others_exist(step, reader);
                let needs = named(&step.needs).iter();
                reader.within("needs", |reader| needs.for_each(|needed| exists(Step::WORD, needed, &by_name, reader)));
                looks_back(step, place, &by_name, reader);
                texts_can_be_filled(steps, place, &by_name, reader);
            });
        }
        refuse_circles(steps, &by_name, reader);
    }

    /// Says which monitors, programs, channels and flows do not exist that a step names.
    fn others_exist(&self, step: &Step, reader: &mut Reader<'_>) {
        let mut exist = |key, what, name: Option<&At<String>>, there: Option<&ByName<'_>>| {
            if let (Some(name), Some(there)) = (name, there) {
                reader.within(key, |reader| exists(what, name, there, reader));
            }
        };
        let &Named { monitors, programs, flows, .. } = self.others;
        for (key, monitor) in [("check", &step.check), ("wait_until", &step.wait_until)] {
            exist(key, "monitor", monitor.get(), monitors);
        }
        for (key, program) in [("restart", &step.restart), ("start", &step.start), ("stop", &step.stop)] {
            exist(key, "program", program.get(), programs);
        }
        exist("flow", "flow", step.flow.get(), flows);
        channels_exist(named(&step.channels), self.channels, reader);
        if let Some(At { value: AfterCrash::Check(monitor), .. }) = step.after_crash.get() {
            reader.within("after_crash", |reader| {
                let Some(monitors) = monitors else { return };
                reader.within("check", |reader| exists("monitor", monitor, monitors, reader));
            });
        }
        if let Some(At { value: OnFailure::Flow(flow), .. }) = step.on_failure.get() {
            reader.within("on_failure", |reader| {
                reader.within("flow", |reader| match flows {
                    _ if flow.value == self.name => reader.problem(&flow.at, reason!("handles_itself")),
                    Some(flows) => exists("flow", flow, flows, reader),
                    None => {}
                });
            });
        }
    }
}

/// Says which steps have names of which the same environment variables are made.
fn refuse_same_variables(steps: &[Step], reader: &mut Reader<'_>) {
    let mut first: HashMap<String, &str> = HashMap::new();
    for (place, step) in steps.iter().enumerate() {
        let Some(name) = step.name() else { continue };
        let variable = flow::Step::variable(&name.value.0);
        match first.get(&variable) {
            None => {
                first.insert(variable, &name.value.0);
            }
            // That is told already.
            Some(other) if *other == name.value.0 => {}
            Some(other) => reader.section(called(step, place), |reader| {
                let (name_shown, variable) = (shown(&name.value.0), shown(&format!("ESTATUS_STEP_{variable}")));
                let same = reason!("same_variable", name = name_shown, other = shown(other), variable);
                reader.problem_with("name", &name.at, same);
            }),
        }
    }
}

/// Says what is wrong with the texts of the step at `place` in which results of others have their places.
fn texts_can_be_filled(steps: &[Step], place: usize, by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    let Some((step, above)) = steps.get(place).zip(steps.get(..place)) else { return };
    let texts = [
        ("body", step.body.get().map(|body| (&body.value, &body.at))),
        ("tell", step.tell.get().map(|tell| (&tell.value.0, &tell.at))),
        ("approve", step.approve.get().map(|approve| (&approve.value.0, &approve.at))),
    ];
    for (key, text) in texts {
        // Most have no places.
        let Some((text, at)) = text.filter(|(text, _)| text.as_written().contains('{')) else { continue };
        let Err(error) = text.check(above.iter().filter_map(name)) else { continue };
        reader.within(key, |reader| match error {
            TextError::Wrong { error } => reader.problem(at, || {
                // It stands in no file of its own.
                let error = error.split(" (in <string>").next().unwrap_or_default().replace(char::is_control, " ");
                reason!("no_template", error, like = "{{ steps.NAME.output }}")
            }),
            TextError::NoSuchStep { name } => {
                let name = At { value: name, at: at.clone() };
                match cannot_be_seen(key, &name, by_name.get(name.value.as_str()).copied(), place) {
                    Some(reason) => reader.problem(at, reason),
                    None => missing(Step::WORD, &name, by_name.keys().copied(), reader),
                }
            }
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
                if let Some(reason) = cannot_be_seen("when", name, by_name.get(name.value.as_str()).copied(), place) {
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

/// Why the step at `place` cannot look back, under `key`, at the one called `name`, which stands at `seen`.
fn cannot_be_seen(key: &'static str, name: &At<String>, seen: Option<usize>, place: usize) -> Option<Reason> {
    match seen? {
        seen if seen == place => Some(reason!("looks_at_itself")),
        seen if seen > place => Some(reason!("looks_ahead", name = shown(&name.value), key)),
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

/// Says which flows come back to themselves by the flows that their steps run. What is run because a step has failed runs
/// nothing for that, so it leads nowhere.
fn refuse_circles_of_flows(flows: &[(At<String>, Flow)], by_name: &ByName<'_>, reader: &mut Reader<'_>) {
    let runs = |flow: &'_ Flow| -> Vec<(usize, usize)> {
        let names = steps_of(flow).iter().enumerate().filter_map(|(place, step)| Some((place, step.flow.get()?)));
        names.filter_map(|(place, name)| Some((place, *by_name.get(name.value.as_str())?))).collect()
    };
    let runs: Vec<Vec<(usize, usize)>> = flows.iter().map(|(_, flow)| runs(flow)).collect();
    let links: Vec<Vec<usize>> = runs.iter().map(|runs| runs.iter().map(|(_, flow)| *flow).collect()).collect();
    each_circle(&links, |circle| {
        let Some((last, link)) = circle.closes() else { return };
        let place = runs.get(last).and_then(|runs| runs.get(link)).map(|(place, _)| *place);
        let (Some((name, flow)), Some(place)) = (flows.get(last), place) else { return };
        let Some(step) = steps_of(flow).get(place) else { return };
        let Some(at) = step.flow.at() else { return };
        let circle = || {
            let circle = circle.shown(|place| flows.get(place).map(|(name, _)| name.value.as_str()));
            reason!("flows_in_a_circle", circle)
        };
        reader.section(keyed::<Flow>(&name.value), |reader| {
            reader.section(called(step, place), |reader| reader.problem_with("flow", at, circle));
        });
    });
}
