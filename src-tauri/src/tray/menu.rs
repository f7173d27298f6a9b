//! The menu, made from how things are.

use std::sync::Arc;

use estatus_core::{program::ProgramState, standing::Standing};
use estatus_tray::DesktopSettings;
use jiff::{Timestamp, ToSpan, Zoned};

use super::{
    desktop::{Action, Button, Icon, Item, Menu, Page},
    face,
    runs::{Asking, Doing, RunInProgress},
    span::Span,
    telling,
    view::{Broken, EngineConnection, FleetShown, View, What},
    words::{Texts, outside},
};

/// Of what is broken, so much is listed.
const BROKEN: usize = 10;
/// Of the flows that are under way, so many are listed.
const RUNNING: usize = 5;
/// Of the questions that wait for an answer, so many are.
const ASKING: usize = 10;
/// Of the programs, so many can be restarted and stopped here.
const PROGRAMS: usize = 25;
/// Of the fleets, so many are listed.
const FLEETS: usize = 5;

/// The menu as it should be now.
pub(crate) fn menu(view: &View, icon: Icon, settings: &DesktopSettings, words: &Texts, now: &Zoned) -> Menu {
    let mut items = head(view, icon, words, now);
    let broken = broken(view, settings, words, now);
    if !broken.is_empty() {
        items.push(Item::Separator);
        items.extend(broken);
    }
    if matches!(view.link, EngineConnection::Quitting { .. }) {
        return Menu(items);
    }
    items.push(Item::Separator);
    items.extend(deeds(view, words, now));
    items.push(Item::Separator);
    items.push(choice(words.plain("tray.open"), Action::Open(Page::Overview)));
    items.push(Item::Switch {
        text: words.plain("tray.start_at_login"),
        action: Action::StartAtLogin(!settings.start_at_login),
        on: settings.start_at_login,
    });
    items.push(Item::Separator);
    items.push(choice(quit(view, words), Action::Quit));
    Menu(items)
}

fn head(view: &View, icon: Icon, words: &Texts, now: &Zoned) -> Vec<Item> {
    let mut items = vec![Item::Text(face::state(view, icon, words))];
    match &view.link {
        EngineConnection::Starting => {}
        EngineConnection::Attached { .. } => {
            let counts = face::counts(view, words);
            items.extend((!counts.is_empty()).then_some(Item::Text(counts)));
            items.extend(asking(view, words, now));
            items.extend(running(view, words));
            items.extend(some(view.fleets.iter().map(|fleet| size(fleet, words)).collect(), FLEETS, words));
        }
        EngineConnection::Gone { why } => {
            items.push(Item::Text(outside(why)));
            items.push(choice(words.plain("tray.try_again"), Action::StartEngine));
        }
        EngineConnection::Quitting { stopped } => {
            let stopping = face::stopping(stopped, words);
            items.extend((!stopping.is_empty()).then_some(Item::Text(stopping)));
        }
    }
    items
}

/// What flows ask, each with its answers.
fn asking(view: &View, words: &Texts, now: &Zoned) -> Vec<Item> {
    some(view.asking().map(|asking| question(&asking, words, now)).collect(), ASKING, words)
}

fn question(asking: &Asking<'_>, words: &Texts, now: &Zoned) -> Item {
    let values = [("flow", outside(asking.flow)), ("question", outside(&asking.question.text))];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    let answers = telling::answers(asking, words).map(|Button { text, action }| choice(text, action));
    let until = Item::Text(telling::until(asking.question, words, now));
    let open = choice(words.plain("tray.button.open"), Action::Open(Page::Run(asking.run)));
    Item::Submenu {
        text: words.say("tray.question.asks", &values),
        items: answers.into_iter().chain([Item::Separator, until, open]).collect(),
        enabled: true,
    }
}

/// What goes on. A run that only waits for an answer is told by its question, once that is known.
fn running(view: &View, words: &Texts) -> Vec<Item> {
    let is_shown = |flow: &Arc<str>, run: &RunInProgress| run.doing() != Doing::Waits || run.asking(flow).count() == 0;
    let shown = view.runs.iter().filter(|(flow, run)| is_shown(flow, run));
    some(shown.map(|(flow, run)| progress(flow, run, words)).collect(), RUNNING, words)
}

fn progress(flow: &str, run: &RunInProgress, words: &Texts) -> Item {
    let flow = outside(flow);
    let text = match run.doing() {
        Doing::Step(place, step) => {
            let (number, count, step) = ((place + 1).to_string(), run.count.to_string(), outside(step));
            let values = [("flow", flow.as_str()), ("number", &number), ("count", &count), ("step", &step)];
            words.say("tray.flow.step", &values)
        }
        Doing::Undoes(step) => words.say("tray.flow.undoing", &[("flow", &flow), ("step", &outside(step))]),
        Doing::Waits => words.say("tray.flow.waiting", &[("flow", &flow)]),
        Doing::Something => words.say("tray.flow.running", &[("flow", &flow)]),
    };
    choice(text, Action::Open(Page::Run(run.run)))
}

/// How large a fleet is, and is to be.
fn size(fleet: &FleetShown, words: &Texts) -> Item {
    let [running, count, desired] = [fleet.running.to_string(), fleet.count.to_string(), fleet.desired.to_string()];
    let name = outside(&fleet.name);
    let values = [("fleet", name.as_str()), ("running", &running), ("count", &count), ("desired", &desired)];
    let key = if fleet.running == fleet.count { "tray.fleet.all" } else { "tray.fleet.some" };
    choice(words.say(key, &values), Action::Open(Page::Fleet(fleet.name.clone())))
}

/// The first `limit` of `items`; the others are counted.
fn some(mut items: Vec<Item>, limit: usize, words: &Texts) -> Vec<Item> {
    let beyond = items.len().saturating_sub(limit);
    if beyond > 0 {
        items.truncate(limit);
        items.push(choice(words.count("tray.broken.more", beyond), Action::Open(Page::Overview)));
    }
    items
}

fn broken(view: &View, settings: &DesktopSettings, words: &Texts, now: &Zoned) -> Vec<Item> {
    let no_notifications = settings.notification_trouble.as_deref().map(|why| {
        choice(words.say("tray.broken.notifications", &[("why", &outside(why))]), Action::Open(Page::Settings))
    });
    if !view.is_attached() {
        return Vec::new();
    }
    let all = view.broken().iter().map(|broken| broken_item(broken, words, now)).collect();
    let mut items = some(all, BROKEN, words);
    items.extend(no_notifications);
    items
}

fn broken_item(broken: &Broken<'_>, words: &Texts, now: &Zoned) -> Item {
    let why = outside(broken.why);
    let (text, page) = match broken.what {
        What::Monitor(name) if broken.standing == Standing::Recovering => (
            standing(name, &words.plain("tray.broken.recovering"), broken.since, words, now),
            Page::Monitor(name.clone()),
        ),
        What::Monitor(name) => (standing(name, &why, broken.since, words, now), Page::Monitor(name.clone())),
        What::Program(name) => (standing(name, &why, broken.since, words, now), Page::Program(name.clone())),
        What::Fleet(name) => {
            let named = outside(name);
            let values = [("name", named.as_str()), ("why", &why)];
            (words.say("tray.broken.fleet", &values), Page::Fleet(name.clone()))
        }
        What::Channel(name) => {
            (words.say("tray.broken.mail", &[("name", &outside(name)), ("why", &why)]), Page::Settings)
        }
        What::Config => (words.say("tray.broken.config", &[("why", &why)]), Page::Settings),
        What::Store => (words.say("tray.broken.store", &[("why", &why)]), Page::Settings),
    };
    choice(text, Action::Open(page))
}

fn standing(name: &str, why: &str, since: Option<Timestamp>, words: &Texts, now: &Zoned) -> String {
    let since = since.map(|since| words.since(since, now)).unwrap_or_default();
    let why = if why.is_empty() { words.plain("tray.broken.flapping") } else { why.to_owned() };
    words.say("tray.broken", &[("name", &outside(name)), ("why", &why), ("since", &since)])
}

fn deeds(view: &View, words: &Texts, now: &Zoned) -> Vec<Item> {
    let attached = view.is_attached();
    let some = attached && !view.monitors.is_empty();
    let mut items = vec![Item::Choice { text: words.plain("tray.check_all"), action: Action::CheckAll, enabled: some }];
    if !view.programs.is_empty() {
        let text = words.plain("tray.restart");
        items.push(Item::Submenu { text, items: restarts(view, words), enabled: attached });
        let stops = stops(view);
        if !stops.is_empty() {
            items.push(Item::Submenu { text: words.plain("tray.stop"), items: stops, enabled: attached });
        }
    }
    match view.snoozed_until(now.timestamp()) {
        None => items.push(snoozes(words, attached)),
        Some(until) => {
            items.push(Item::Text(snoozed(until, words, now)));
            items.push(Item::Choice {
                text: words.plain("tray.end_snooze"),
                action: Action::EndSnooze,
                enabled: attached,
            });
        }
    }
    items
}

fn restarts(view: &View, words: &Texts) -> Vec<Item> {
    let item = |program: &estatus_api::ProgramStatus| {
        let name = outside(&program.name);
        let text = if rests(program) { words.say("tray.start_program", &[("program", &name)]) } else { name };
        choice(text, Action::Restart(program.name.clone()))
    };
    view.programs.iter().take(PROGRAMS).map(item).collect()
}

/// What runs, or is about to, can be stopped.
fn stops(view: &View) -> Vec<Item> {
    let all = view.programs.iter().filter(|program| is_stoppable(program)).take(PROGRAMS);
    all.map(|program| choice(outside(&program.name), Action::Stop(program.name.clone()))).collect()
}

fn is_stoppable(program: &estatus_api::ProgramStatus) -> bool {
    !rests(program) && program.state != ProgramState::Stopping
}

fn rests(program: &estatus_api::ProgramStatus) -> bool {
    matches!(program.state, ProgramState::Stopped | ProgramState::Finished)
}

fn snoozes(words: &Texts, enabled: bool) -> Item {
    let snooze = |span: Span| choice(span.text(words), Action::Snooze { monitor: None, span });
    Item::Submenu { text: words.plain("tray.snooze"), items: Span::ALL.map(snooze).into(), enabled }
}

/// A snooze of more than a year has no end that anybody would want to know.
fn snoozed(until: Timestamp, words: &Texts, now: &Zoned) -> String {
    let in_a_year = now.checked_add(1.year()).is_ok_and(|year| until < year.timestamp());
    if in_a_year {
        words.say("tray.snoozed_until", &[("at", &words.at(until, now))])
    } else {
        words.plain("tray.snoozed")
    }
}

/// What quitting does: an engine of this process ends with it, and with the engine the programs that do not outlive it.
fn quit(view: &View, words: &Texts) -> String {
    let ours = match view.link {
        EngineConnection::Attached { ours } => ours,
        EngineConnection::Starting | EngineConnection::Gone { .. } | EngineConnection::Quitting { .. } => {
            return words.plain("tray.quit");
        }
    };
    if !ours {
        return words.plain("tray.quit.elsewhere");
    }
    let (stopped, left): (Vec<_>, Vec<_>) =
        view.programs.iter().filter(|program| program.pid.is_some()).partition(|program| program.stops_with_estatus);
    let names = |programs: &[&estatus_api::ProgramStatus]| {
        words.list(&programs.iter().map(|program| program.name.as_ref()).collect::<Vec<_>>())
    };
    let (stops, leaves) = (names(&stopped), names(&left));
    let key = match (stopped.len(), left.len()) {
        (0, 0) => "tray.quit",
        (_, 0) => "tray.quit.stops",
        (0, 1) => "tray.quit.leaves",
        (0, _) => "tray.quit.leaves.many",
        (_, 1) => "tray.quit.stops_and_leaves",
        (_, _) => "tray.quit.stops_and_leaves.many",
    };
    words.say(key, &[("stopped", &stops), ("left", &leaves)])
}

fn choice(text: String, action: Action) -> Item {
    Item::Choice { text, action, enabled: true }
}

#[cfg(test)]
mod tests;
