//! What the tray shows of how things are: the icon, the state in words and the counts.

use estatus_core::{program::ProgramState, standing::Standing};
use jiff::Timestamp;

use super::{
    desktop::{Icon, NotificationTrouble},
    view::{EngineConnection, FleetShown, View},
    words::{Texts, outside},
};

/// The worst of all.
pub(crate) fn icon(view: &View, now: Timestamp) -> Icon {
    if !view.is_attached() {
        return Icon::Gone;
    }
    let broken = view.broken();
    if broken.iter().any(|broken| broken.standing == Standing::Down) {
        return Icon::Down;
    }
    if !view.engine.network_off.is_empty() {
        return Icon::Offline;
    }
    if !broken.is_empty() {
        return Icon::Suspect;
    }
    let all_paused = !view.monitors.is_empty() && view.count(Standing::Idle) == view.monitors.len();
    if all_paused || view.snoozed_until(now).is_some() { Icon::Paused } else { Icon::Well }
}

/// The state in words.
pub(crate) fn state(view: &View, icon: Icon, words: &Texts) -> String {
    let nothing = view.monitors.is_empty() && view.programs.is_empty() && view.fleets.is_empty();
    match (&view.link, icon) {
        (EngineConnection::Starting, _) => words.plain("tray.state.starting"),
        (EngineConnection::Quitting { .. }, _) => words.plain("tray.state.quitting"),
        (EngineConnection::Gone { .. }, _) | (_, Icon::Gone) => words.plain("tray.state.gone"),
        (_, Icon::Well) if nothing => words.plain("tray.state.nothing"),
        (_, Icon::Well) => words.plain("tray.state.well"),
        (_, Icon::Suspect) if view.broken().iter().all(|broken| broken.standing == Standing::Recovering) => {
            words.plain("tray.state.recovering")
        }
        (_, Icon::Suspect) => words.plain("tray.state.suspect"),
        (_, Icon::Down) => words.plain("tray.state.down"),
        (_, Icon::Offline) => words.plain("tray.state.offline"),
        (_, Icon::Paused) if view.count(Standing::Idle) < view.monitors.len() => words.plain("tray.snoozed"),
        (_, Icon::Paused) => words.plain("tray.state.paused"),
    }
}

/// How many monitors are how, the worst first, and how many programs and instances of fleets run.
pub(crate) fn counts(view: &View, words: &Texts) -> String {
    let monitors = [
        (view.count(Standing::Down), "tray.count.down"),
        (view.count(Standing::Doubtful), "tray.count.suspect"),
        (view.count(Standing::Recovering), "tray.count.recovering"),
        (view.count(Standing::Well), "tray.count.up"),
        (view.count(Standing::Unknown), "tray.count.unknown"),
        (view.count(Standing::Idle), "tray.count.paused"),
    ];
    let told = monitors.into_iter().filter(|(count, _)| *count > 0).map(|(count, key)| words.count(key, count));
    told.chain(programs(view, words)).chain(instances(view, words)).collect::<Vec<_>>().join(" · ")
}

fn programs(view: &View, words: &Texts) -> Option<String> {
    let running = view.programs.iter().filter(|program| program.state == ProgramState::Running).count().to_string();
    match view.programs.len() {
        0 => None,
        1 => Some(words.say("tray.count.one_program", &[("running", &running)])),
        count => Some(words.say("tray.count.programs", &[("running", &running), ("count", &count.to_string())])),
    }
}

fn instances(view: &View, words: &Texts) -> Option<String> {
    let sum = |of: fn(&FleetShown) -> usize| view.fleets.iter().map(of).sum::<usize>().to_string();
    let (running, count) = (sum(|fleet| fleet.running), sum(|fleet| fleet.count));
    let all = [("running", running.as_str()), ("count", &count)];
    (!view.fleets.is_empty()).then(|| words.say("tray.count.instances", &all))
}

/// What is shown beside the icon when it is pointed at: the state, and on a second line what there is to know of it.
pub(crate) fn tool_tip(view: &View, icon: Icon, words: &Texts) -> String {
    let detail = match &view.link {
        EngineConnection::Starting => String::new(),
        EngineConnection::Attached { .. } => counts(view, words),
        EngineConnection::Gone { why } => outside(why),
        EngineConnection::Quitting { stopped } => stopping(stopped, words),
    };
    let state = state(view, icon, words);
    if detail.is_empty() { state } else { format!("{state}\n{detail}") }
}

/// Which programs are being stopped.
pub(crate) fn stopping(stopped: &[std::sync::Arc<str>], words: &Texts) -> String {
    let names: Vec<&str> = stopped.iter().map(AsRef::as_ref).collect();
    if names.is_empty() {
        return String::new();
    }
    words.say("tray.quitting.stops", &[("stopped", &words.list(&names))])
}

/// Why notifications cannot be shown.
pub(crate) fn no_notifications(trouble: &NotificationTrouble, words: &Texts) -> String {
    match trouble {
        NotificationTrouble::NoBus(why) => words.say("tray.no_notifications.bus", &[("why", &outside(why))]),
        NotificationTrouble::NoService(why) => words.say("tray.no_notifications.service", &[("why", &outside(why))]),
        NotificationTrouble::SwitchedOff => words.plain("tray.no_notifications.off"),
        NotificationTrouble::Refused(why) => words.say("tray.no_notifications.refused", &[("why", &outside(why))]),
    }
}
