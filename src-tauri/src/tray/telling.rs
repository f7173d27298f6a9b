//! Puts what is told into notifications.

use estatus_api::{ApiError, ErrorCode, Question};
use estatus_core::{engine::Ask, flow::run::RunState};
use jiff::{SignedDuration, Zoned};

use super::{
    desktop::{About, Action, Button, Icon, Notification, Page},
    news::NewsItem,
    questions,
    runs::Asking,
    span::Span,
    view::View,
    words::{Texts, outside, outside_lines},
};

/// Of what happened while nothing was told, so much is listed.
const LISTED: usize = 6;

/// Of one that is wrong, or no longer is.
pub(crate) fn one(trouble: &NewsItem, view: &View, words: &Texts, now: &Zoned) -> Notification {
    let click = Action::Open(page(trouble));
    let (title, body, buttons) = match (trouble.over, &trouble.about) {
        (Some(_), About::Program(name)) => {
            (words.say("tray.program.runs", &[("program", &outside(name))]), String::new(), Vec::new())
        }
        (_, About::Flow(_)) => flow(trouble, view, words),
        (Some(_), About::Fleet(name)) => {
            (words.say("tray.fleet.well", &[("fleet", &outside(name))]), String::new(), Vec::new())
        }
        (None, About::Fleet(name)) => (
            words.say("tray.fleet.trouble", &[("fleet", &outside(name))]),
            outside(&trouble.why),
            vec![open(page(trouble), words)],
        ),
        (Some(_), _) => {
            let key = if trouble.over_limit { "tray.within" } else { "tray.up" };
            (words.say(key, &[("monitor", &outside(&trouble.name))]), recovered(trouble, words, now), Vec::new())
        }
        (None, About::Program(name)) => (
            words.say(
                if trouble.cannot_start { "tray.program.cannot_start" } else { "tray.program.cooling" },
                &[("program", &outside(name))],
            ),
            lines([outside(&trouble.why), words.plain("tray.program.cooling.retries")]),
            buttons(trouble, view, words),
        ),
        (None, _) => (
            words.say(
                if trouble.over_limit { "tray.over" } else { "tray.down" },
                &[("monitor", &outside(&trouble.name))],
            ),
            down(trouble, view, words, now),
            buttons(trouble, view, words),
        ),
    };
    let icon = worst(std::slice::from_ref(trouble));
    Notification { about: trouble.about.clone(), icon, title, body, urgent: trouble.is_urgent(), click, buttons }
}

/// Of a run that did not go well, or was not begun.
fn flow(trouble: &NewsItem, view: &View, words: &Texts) -> (String, String, Vec<Button>) {
    let key = match trouble.run.as_ref().map(|run| run.state) {
        Some(RunState::TimedOut) => "tray.flow.timed_out",
        Some(RunState::Crashed) => "tray.flow.crashed",
        Some(RunState::Suppressed) => "tray.flow.suppressed",
        _ => "tray.flow.failed",
    };
    let body = if trouble.is_suppressed() { words.plain("tray.flow.suppressed.why") } else { outside(&trouble.why) };
    (words.say(key, &[("flow", &outside(&trouble.name))]), body, buttons(trouble, view, words))
}

/// Of many at once.
pub(crate) fn many(troubles: &[NewsItem], words: &Texts) -> Notification {
    let told = |key, those: fn(&NewsItem) -> bool| {
        let some = troubles.iter().filter(|trouble| those(trouble));
        let names = words.list(&some.map(|trouble| trouble.name.as_ref()).collect::<Vec<_>>());
        if names.is_empty() { names } else { words.say(key, &[("names", &names)]) }
    };
    Notification {
        about: About::Many,
        icon: worst(troubles),
        title: words.count("tray.many", troubles.len()),
        body: lines([
            told("tray.many.down", |it| it.run.is_none() && it.over.is_none()),
            told("tray.many.flows", |it| it.run.is_some()),
            told("tray.many.up", |it| it.over.is_some()),
        ]),
        urgent: troubles.iter().any(NewsItem::is_urgent),
        click: Action::Open(Page::Incidents),
        buttons: vec![open(Page::Incidents, words)],
    }
}

/// Of what happened while nothing was told.
pub(crate) fn meanwhile(troubles: &[NewsItem], words: &Texts, now: &Zoned) -> Notification {
    let mut told: Vec<String> =
        troubles.iter().take(LISTED).map(|trouble| happened_meanwhile(trouble, words, now)).collect();
    if troubles.len() > LISTED {
        told.push(words.count("tray.meanwhile.more", troubles.len() - LISTED));
    }
    Notification {
        about: About::Meanwhile,
        icon: worst(troubles),
        title: words.plain("tray.meanwhile"),
        body: told.join("\n"),
        urgent: false,
        click: Action::Open(Page::Incidents),
        buttons: vec![open(Page::Incidents, words)],
    }
}

/// What a step of a flow asks. It stays until it is seen, since a run waits.
pub(crate) fn question(asking: &Asking<'_>, words: &Texts, now: &Zoned) -> Notification {
    let page = Page::Run(asking.run);
    Notification {
        about: questions::about(asking),
        icon: Icon::Suspect,
        title: words.say("tray.question", &[("flow", &outside(asking.flow))]),
        body: lines([outside_lines(&asking.question.text), until(asking.question, words, now)]),
        urgent: true,
        click: Action::Open(page.clone()),
        buttons: answers(asking, words).into_iter().chain([open(page, words)]).collect(),
    }
}

/// The answers to what a step asks.
pub(crate) fn answers(asking: &Asking<'_>, words: &Texts) -> [Button; 2] {
    [("tray.button.approve", true), ("tray.button.deny", false)].map(|(key, approved)| {
        let action = Action::Answer { run: asking.run, step: asking.step.clone(), approved };
        Button { text: words.plain(key), action }
    })
}

/// Until when a question can be answered, and what happens otherwise.
pub(crate) fn until(question: &Question, words: &Texts, now: &Zoned) -> String {
    let key = if question.continues { "tray.question.continues" } else { "tray.question.fails" };
    words.say(key, &[("at", &words.at(question.until, now))])
}

/// That the engine did not do what the person chose.
pub(crate) fn not_done(asked: &Ask, error: &ApiError, words: &Texts) -> Notification {
    match asked {
        Ask::Approve { run, .. } if error.code == ErrorCode::Wrong => {
            failed(&words.say("tray.question.over", &[("run", &run.to_string())]), words)
        }
        _ => failed(&format!("{asked}: {error}"), words),
    }
}

/// That what the person chose could not be done: told whatever is quiet, for it answers them.
pub(crate) fn failed(why: &str, words: &Texts) -> Notification {
    Notification {
        about: About::Failure,
        icon: Icon::Suspect,
        title: words.plain("tray.failed"),
        body: outside(why),
        urgent: false,
        click: Action::Open(Page::Overview),
        buttons: vec![open(Page::Overview, words)],
    }
}

fn happened_meanwhile(trouble: &NewsItem, words: &Texts, now: &Zoned) -> String {
    let name = outside(&trouble.name);
    let since = words.at(trouble.since, now);
    match (trouble.over, &trouble.about) {
        (_, About::Flow(_)) if trouble.is_suppressed() => {
            words.say("tray.meanwhile.flow.suppressed", &[("name", &name)])
        }
        (_, About::Flow(_)) => words.say("tray.meanwhile.flow", &[("name", &name), ("at", &since)]),
        (None, About::Fleet(_)) => words.say("tray.meanwhile.fleet", &[("name", &name), ("at", &since)]),
        (Some(_), About::Fleet(_)) => words.say("tray.meanwhile.fleet_well", &[("name", &name)]),
        (None, About::Program(_)) if trouble.cannot_start => {
            words.say("tray.meanwhile.cannot_start", &[("name", &name)])
        }
        (Some(_), About::Program(_)) if trouble.cannot_start => {
            words.say("tray.meanwhile.could_not_start", &[("name", &name)])
        }
        (None, About::Program(_)) => words.say("tray.meanwhile.program", &[("name", &name)]),
        (Some(_), About::Program(_)) => words.say("tray.meanwhile.program_runs", &[("name", &name)]),
        (None, _) => {
            let key = if trouble.over_limit { "tray.meanwhile.over" } else { "tray.meanwhile.down" };
            words.say(key, &[("name", &name), ("at", &since)])
        }
        (Some(over), _) => {
            let to = words.at(over, now);
            let key = if trouble.over_limit { "tray.meanwhile.within" } else { "tray.meanwhile.up" };
            words.say(key, &[("name", &name), ("from", &since), ("to", &to)])
        }
    }
}

/// Why, since when, and what Estatus does about it.
fn down(trouble: &NewsItem, view: &View, words: &Texts, now: &Zoned) -> String {
    let since = words.say("tray.down.since", &[("at", &words.at(trouble.since, now))]);
    lines([outside(&trouble.why), since, doing(trouble, view, words)])
}

fn doing(trouble: &NewsItem, view: &View, words: &Texts) -> String {
    let Some(deed) = deed(trouble, words) else {
        let heals = view.monitors.get(&trouble.name).and_then(|watched| watched.heals.as_deref());
        return match heals {
            _ if trouble.given_up => words.plain("tray.doing.given_up"),
            Some(program) => words.say("tray.doing.heals", &[("program", &outside(program))]),
            None => words.plain("tray.doing.watches"),
        };
    };
    let ended = trouble.last_try.as_ref().is_some_and(|attempt| attempt.healed.is_some());
    let count = trouble.tries.to_string();
    let key = match trouble.tries {
        1 if trouble.given_up => "tray.doing.in_vain",
        _ if trouble.given_up => "tray.doing.in_vain.many",
        _ if ended => "tray.doing.again",
        _ => "tray.doing.trying",
    };
    words.say(key, &[("deed", &deed), ("count", &count)])
}

fn recovered(trouble: &NewsItem, words: &Texts, now: &Zoned) -> String {
    let over = trouble.over.unwrap_or(trouble.since);
    let lasted = trouble.lasted.and_then(|lasted| SignedDuration::try_from(lasted).ok());
    let took = took(lasted.unwrap_or_else(|| over.duration_since(trouble.since)));
    let (from, to) = (words.at(trouble.since, now), words.at(over, now));
    let key = if trouble.over_limit { "tray.within.after" } else { "tray.up.after" };
    let after = words.say(key, &[("from", &from), ("to", &to), ("took", &took)]);
    let done = trouble.last_try.as_ref().map(|attempt| words.say("tray.up.deed", &[("deed", &outside(&attempt.deed))]));
    lines([after, done.unwrap_or_default()])
}

/// How all of them are together.
fn worst(troubles: &[NewsItem]) -> Icon {
    let icon = |trouble: &NewsItem| match trouble.over {
        Some(_) => Icon::Well,
        None if trouble.is_suppressed() || matches!(trouble.about, About::Fleet(_)) => Icon::Suspect,
        None => Icon::Down,
    };
    troubles.iter().map(icon).max().unwrap_or(Icon::Well)
}

/// What was done last, and how it went where that is known.
fn deed(trouble: &NewsItem, words: &Texts) -> Option<String> {
    let attempt = trouble.last_try.as_ref()?;
    let deed = outside(&attempt.deed);
    Some(match &attempt.outcome {
        Some(outcome) => words.say("tray.deed", &[("deed", &deed), ("outcome", &outside(outcome))]),
        None => deed,
    })
}

fn buttons(trouble: &NewsItem, view: &View, words: &Texts) -> Vec<Button> {
    let program = match &trouble.about {
        About::Program(name) => Some(name),
        About::Flow(_) | About::Fleet(_) => None,
        _ => view.monitors.get(&trouble.name).and_then(|watched| watched.heals.as_ref()),
    };
    let restart = program.map(|program| Button {
        text: words.say("tray.button.restart", &[("program", &outside(program))]),
        action: Action::Restart(program.clone()),
    });
    let mut buttons: Vec<Button> = restart.into_iter().chain([open(page(trouble), words)]).collect();
    if matches!(trouble.about, About::Incident(_)) {
        let monitor = trouble.name.clone();
        let snooze = Action::Snooze { monitor: Some(monitor.clone()), span: Span::Hour };
        buttons.push(Button { text: words.plain("tray.button.snooze"), action: snooze });
        buttons.push(Button { text: words.plain("tray.button.acknowledge"), action: Action::Acknowledge(monitor) });
    }
    buttons
}

fn open(page: Page, words: &Texts) -> Button {
    Button { text: words.plain("tray.button.open"), action: Action::Open(page) }
}

fn page(trouble: &NewsItem) -> Page {
    match &trouble.about {
        About::Incident(id) => Page::Incident(*id),
        About::Program(name) => Page::Program(name.clone()),
        About::Flow(name) => match &trouble.run {
            Some(run) if run.state != RunState::Suppressed => Page::Run(run.run),
            _ => Page::Flow(name.clone()),
        },
        About::Fleet(name) => Page::Fleet(name.clone()),
        About::Question(run, _) => Page::Run(*run),
        About::Many | About::Meanwhile | About::Failure => Page::Incidents,
    }
}

/// A span in the two units that matter.
fn took(span: SignedDuration) -> String {
    let seconds = span.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

fn lines<const N: usize>(lines: [String; N]) -> String {
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
