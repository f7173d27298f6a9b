//! What is left out of what a client is told that may not see the configuration: what may be as good as a password, and
//! whom the alerts reach.
//!
//! Everything that goes to a client passes here.

use std::sync::Arc;

use estatus_api::{
    AlertState, EngineState, Event, IncidentState, MonitorState, Permission, ProgramStatus, Reply, Snapshot,
};
use estatus_core::{check::Kind, incident::Delivery};

/// Stands for what is left out.
const LEFT_OUT: &str = "…";

/// How things are, for whoever has `permission`.
pub(super) fn snapshot(mut snapshot: Snapshot, permission: Permission) -> Snapshot {
    if permission < Permission::Edit {
        snapshot.monitors.iter_mut().for_each(monitor);
        snapshot.programs.iter_mut().for_each(program);
        snapshot.incidents.iter_mut().for_each(incident);
        engine(&mut snapshot.engine);
    }
    snapshot
}

/// An answer, for whoever has `permission`.
pub(super) fn reply(mut reply: Reply, permission: Permission) -> Reply {
    if permission < Permission::Edit {
        match &mut reply {
            Reply::Status(status) => {
                status.monitors.iter_mut().for_each(|status| monitor(&mut status.state));
                status.programs.iter_mut().for_each(program);
                status.incidents.iter_mut().for_each(incident);
                engine(&mut status.engine);
            }
            Reply::Incidents(incidents) => incidents.iter_mut().for_each(incident),
            Reply::Done
            | Reply::History(_)
            | Reply::Log(_)
            | Reply::ProgramHistory(_)
            // These are for those who may edit.
            | Reply::Configuration(_)
            | Reply::Edited(_)
            | Reply::Imported(_)
            | Reply::MailTested(_)
            | Reply::Survey(_) => {}
        }
    }
    reply
}

/// An event, for whoever has `permission`.
pub(super) fn event(event: Arc<Event>, permission: Permission) -> Arc<Event> {
    if permission == Permission::Edit {
        return event;
    }
    let mut event = Arc::unwrap_or_clone(event);
    match &mut event {
        Event::Monitor(state) => monitor(state),
        Event::Program(status) => program(status),
        Event::Incident(state) => incident(state),
        Event::Told { alerts, .. } => alerts.iter_mut().for_each(alert),
        Event::Engine(state) => engine(state),
        Event::MonitorGone(_)
        | Event::ProgramGone(_)
        | Event::IncidentClosed { .. }
        | Event::Log { .. }
        | Event::Usage(_)
        | Event::Relaunching => {}
    }
    Arc::new(event)
}

fn monitor(state: &mut MonitorState) {
    match state.kind {
        Kind::Http => state.target = address(&state.target),
        Kind::Command => state.target = executable(&state.target),
        Kind::Tcp | Kind::Tls | Kind::Dns | Kind::Ping | Kind::Process | Kind::Host => {}
    }
}

fn program(status: &mut ProgramStatus) {
    status.command = executable(&status.command);
}

fn incident(state: &mut IncidentState) {
    state.redirected_to = state.redirected_to.as_deref().map(address);
    for attempt in &mut state.attempts {
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
        Delivery::Sending { .. } | Delivery::Delivered { .. } | Delivery::Merged { .. } => {}
    }
}

fn engine(state: &mut EngineState) {
    for message in &mut state.waiting {
        message.error = message.error.take().map(|_| LEFT_OUT.to_owned());
    }
}

/// What a command line runs, without its variables and arguments.
fn executable(command: &str) -> String {
    let words = command.split_whitespace();
    // A word in quotation marks may have blanks, and only its beginning is shown then.
    let first = words.clone().find(|word| !word.contains('='));
    match first {
        Some(first) if first == command => first.to_owned(),
        Some(first) => format!("{first} {LEFT_OUT}"),
        None => LEFT_OUT.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_command_line_the_program_is_shown() {
        let check = |command: &str, shown: &str| assert_eq!(executable(command), shown, "{command}");
        check("caddy", "caddy");
        check("cloudflared tunnel run --token 5ec7e7", "cloudflared …");
        check("TOKEN=5ec7e7 cloudflared tunnel", "cloudflared …");
        check("TOKEN=5ec7e7", "…");
        check("", "…");
    }

    #[test]
    fn of_an_address_no_secret_is_shown() {
        let check = |url: &str, shown: &str| assert_eq!(address(url), shown, "{url}");
        check("https://example.com/a", "https://example.com/a");
        check("https://example.com", "https://example.com");
        check("https://ana:pw@example.com:8443/a?key=5ec7e7#x", "https://example.com:8443/a?…");
        check("https://example.com?key=a@b", "https://example.com?…");
        check("https://example.com/@ana", "https://example.com/@ana");
        check("/next?key=5ec7e7", "/next?…");
    }

    #[test]
    fn whoever_may_edit_is_told_everything() {
        let told = Arc::new(Event::Engine(EngineState::default()));
        assert!(Arc::ptr_eq(&event(Arc::clone(&told), Permission::Edit), &told));
    }
}
