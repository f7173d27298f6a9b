//! What is left out of what is told to whoever may not see the configuration: what may be as good as a password, and whom the
//! alerts reach.
//!
//! Everything that goes to a client passes here, and every cause on a page.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use estatus_api::{
    AlertState, EngineState, Event, FleetSummary, FlowStatus, IncidentState, MonitorState, Permission, ProgramStatus,
    Reply, RunSummary, Snapshot, StepStatus,
};
use estatus_core::{check::Kind, incident::Delivery};

/// Stands for what is left out.
const LEFT_OUT: &str = "…";

/// How things are, for whoever has `permission`.
pub(crate) fn snapshot(mut snapshot: Snapshot, permission: Permission) -> Snapshot {
    if permission < Permission::Edit {
        snapshot.monitors.iter_mut().for_each(monitor);
        snapshot.programs.iter_mut().for_each(program);
        snapshot.flows.iter_mut().for_each(flow);
        snapshot.fleets.iter_mut().for_each(fleet);
        snapshot.incidents.iter_mut().for_each(incident);
        engine(&mut snapshot.engine);
    }
    snapshot
}

/// What is said of a failure, for whoever has `permission`.
pub(crate) fn said(text: &str, permission: Permission) -> String {
    if permission < Permission::Edit { words(text) } else { text.to_owned() }
}

/// An answer, for whoever has `permission`.
pub(crate) fn reply(mut reply: Reply, permission: Permission) -> Reply {
    if permission < Permission::Edit {
        match &mut reply {
            Reply::Status(status) => {
                status.monitors.iter_mut().for_each(|status| monitor(&mut status.state));
                status.programs.iter_mut().for_each(program);
                status.flows.iter_mut().for_each(flow);
                status.fleets.iter_mut().for_each(fleet);
                status.incidents.iter_mut().for_each(incident);
                engine(&mut status.engine);
            }
            Reply::Incidents(incidents) => incidents.iter_mut().for_each(incident),
            Reply::Runs(runs) => runs.iter_mut().for_each(run),
            Reply::Run(status) => {
                run(&mut status.summary);
                status.steps.iter_mut().for_each(step);
            }
            Reply::Fleet(status) => {
                fleet(&mut status.summary);
                status.instances.iter_mut().for_each(|one| one.error = one.error.as_deref().map(words));
            }
            Reply::Done
            | Reply::SecretStored(_)
            | Reply::Secrets(_)
            | Reply::Begun(_)
            | Reply::Decisions(_)
            | Reply::FleetHistory(_)
            | Reply::Replay(_)
            | Reply::History(_)
            | Reply::Uptime(_)
            // It was put into words for this client.
            | Reply::Report(_)
            | Reply::Launched(_)
            | Reply::Log(_)
            | Reply::LogPage(_)
            | Reply::ProgramHistory(_)
            | Reply::Usage(_)
            // These are for those who may edit.
            | Reply::Configuration(_)
            | Reply::Edited(_)
            | Reply::Versions(_)
            | Reply::Version(_)
            | Reply::EntryText(_)
            | Reply::Imported(_)
            | Reply::Tried(_)
            | Reply::Plan(_)
            | Reply::Survey(_)
            | Reply::Adoptable(_) => {}
        }
    }
    reply
}

/// An event, for whoever has `permission`.
pub(crate) fn event(event: Arc<Event>, permission: Permission) -> Arc<Event> {
    if permission == Permission::Edit {
        return event;
    }
    let mut event = Arc::unwrap_or_clone(event);
    match &mut event {
        Event::Monitor(state) => monitor(state),
        Event::Program(status) => program(status),
        Event::Flow(status) => flow(status),
        Event::Fleet(summary) => fleet(summary),
        Event::Run(summary) => run(summary),
        Event::Step { step: status, .. } => step(status),
        Event::Incident(state) => incident(state),
        Event::Told { alerts, .. } => alerts.iter_mut().for_each(alert),
        Event::Engine(state) => engine(state),
        Event::MonitorGone(_)
        | Event::ProgramGone(_)
        | Event::FlowGone(_)
        | Event::FleetGone(_)
        | Event::IncidentClosed { .. }
        | Event::Log { .. }
        | Event::StepLog { .. }
        // This is for those who may edit.
        | Event::TrialUnready { .. }
        | Event::TrialLog { .. }
        | Event::Usage(_)
        | Event::Relaunching => {}
    }
    Arc::new(event)
}

fn monitor(state: &mut MonitorState) {
    match state.kind {
        Kind::Http => state.target = address(&state.target),
        Kind::Command => state.target = executable(&state.target),
        Kind::Tcp | Kind::Tls | Kind::Dns | Kind::Ping | Kind::Process | Kind::Host | Kind::Fleet => {}
    }
    if let Some(last) = &mut state.last {
        last.detail = words(&last.detail);
        last.evidence = last.evidence.as_deref().map(evidence);
        last.redirected_to = last.redirected_to.as_deref().map(address);
    }
}

fn program(status: &mut ProgramStatus) {
    status.command = executable(&status.command);
}

fn flow(status: &mut FlowStatus) {
    status.run.iter_mut().for_each(run);
}

fn fleet(summary: &mut FleetSummary) {
    summary.troubles.iter_mut().for_each(|trouble| *trouble = words(trouble));
}

fn run(summary: &mut RunSummary) {
    summary.why = summary.why.as_deref().map(words);
}

fn step(status: &mut StepStatus) {
    status.why = status.why.as_deref().map(words);
    if let Some(command) = status.command.take() {
        status.does = status.does.replace(&command, &executable(&command));
    }
    if let Some(url) = status.address.take() {
        status.does = status.does.replace(&url, &address(&url));
    }
    if let Some(undo) = &mut status.undo {
        undo.why = undo.why.as_deref().map(words);
    }
}

fn incident(state: &mut IncidentState) {
    state.cause = words(&state.cause);
    state.evidence = state.evidence.as_deref().map(evidence);
    state.redirected_to = state.redirected_to.as_deref().map(address);
    for attempt in &mut state.attempts {
        attempt.outcome = attempt.outcome.as_deref().map(words);
        if let Some(command) = attempt.command.take() {
            attempt.deed = attempt.deed.replace(&command, &executable(&command));
        }
    }
    state.alerts.iter_mut().for_each(alert);
}

/// What a server says of a mail that it does not take has the address.
fn alert(state: &mut AlertState) {
    match &mut state.delivery {
        Delivery::Waiting { error, .. } => *error = error.take().map(|_| LEFT_OUT.to_owned()),
        Delivery::Abandoned { error, .. } => LEFT_OUT.clone_into(error),
        Delivery::Sending { .. }
        | Delivery::Delivered { .. }
        | Delivery::Merged { .. }
        | Delivery::Withdrawn { .. } => {}
    }
}

fn engine(state: &mut EngineState) {
    for message in &mut state.waiting {
        message.error = message.error.take().map(|_| LEFT_OUT.to_owned());
    }
}

/// What a command line runs, without its variables and arguments.
fn executable(command: &str) -> String {
    // A word in quotation marks may have blanks, and only its beginning is shown then.
    match command.split_whitespace().find(|word| !is_variable(word)) {
        Some(first) if first.contains('=') => LEFT_OUT.to_owned(),
        Some(first) if first == command => first.to_owned(),
        Some(first) => format!("{first} {LEFT_OUT}"),
        None => LEFT_OUT.to_owned(),
    }
}

/// Whether `word` sets a variable for the command, and its value ends with the word.
fn is_variable(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, value)| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !value.contains(['"', '\'', '\\', '$', '`'])
    })
}

/// What was found, with every address in it as [`address`] shows it: a redirect often carries the query on.
fn words(text: &str) -> String {
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_after = |c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>');
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(found) = rest.find("://") {
        let begin = rest[..found].trim_end_matches(is_of_scheme).len();
        let end = rest[found..].find(is_after).map_or(rest.len(), |after| found + after);
        shown.push_str(&rest[..begin]);
        shown.push_str(&address(&rest[begin..end]));
        rest = &rest[end..];
    }
    shown + rest
}

/// The same of what a target said, where a redirect may name its target without a host.
fn evidence(text: &str) -> String {
    const LOCATION: &str = "location: ";
    let line = |line: &str| match line.strip_prefix(LOCATION) {
        Some(place) => format!("{LOCATION}{}", address(place)),
        None => words(line),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// The address of a page, without the user, the query and the fragment.
fn address(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (before, after) = url[..end].split_once("://").unwrap_or(("", &url[..end]));
    let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let separator = if before.is_empty() { "" } else { "://" };
    let left_out = if end < url.len() { format!("?{LEFT_OUT}") } else { String::new() };
    format!("{before}{separator}{host}{path}{left_out}")
}
