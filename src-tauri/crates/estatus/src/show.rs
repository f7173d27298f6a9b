//! How facts look in a terminal, and as JSON.

pub(crate) mod fleets;
pub(crate) mod flows;
mod paint;
mod programs;
mod usage;

use std::time::Duration;

use comfy_table::{Cell, ContentArrangement, Table, presets};
use estatus_api::{
    AlertState, AttemptState, EngineState, Figures, History, IncidentState, MonitorStatus, Point, Status,
};
use estatus_core::{
    Timestamp,
    config::Language,
    incident::{Delivery, Health},
    maintenance::in_words,
    observation::Verdict,
    time::elapsed,
    words::{exact_percent, whole_percent},
};
use jiff::tz::TimeZone;
pub(crate) use paint::Paint;
use serde::Serialize;
pub(crate) use usage::usage;

use crate::CommandError;

/// A point in time on this machine's clock.
pub(crate) fn time(at: Timestamp) -> String {
    at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Text from outside, so that it cannot move the cursor or span lines.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// `name` as a word of a command that is shown: as it is, or in quotation marks.
pub(crate) fn word(name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(is_plain) && !name.is_empty() && !name.starts_with('-') {
        name.to_owned()
    } else {
        quoted(name)
    }
}

/// `name` in quotation marks, for a command that is shown.
pub(crate) fn quoted(name: &str) -> String {
    // Whatever shell reads it: within double ones only these mean something to one of them.
    let name = one_line(name);
    if cfg!(unix) && name.contains(['"', '$', '`', '\\', '!']) {
        format!("'{}'", name.replace('\'', r"'\''"))
    } else {
        format!("\"{}\"", name.replace('"', "\\\""))
    }
}

/// Prints `fact` as JSON.
pub(crate) fn json(fact: &impl Serialize) -> Result<(), CommandError> {
    say!("{}", serde_json::to_string_pretty(fact).map_err(CommandError::failed)?);
    Ok(())
}

/// "1 monitor", "2 monitors".
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Prints how everything is.
pub(crate) fn status(status: &Status) {
    let paint = Paint::for_stdout();
    if !status.programs.is_empty() {
        programs::print(&status.programs, &paint);
        say!();
    }
    if !status.monitors.is_empty() || status.programs.is_empty() {
        monitors(&status.monitors, &paint);
    }
    flows::in_progress(&status.flows, &paint);
    engine(&status.engine, &paint);
    for open in &status.incidents {
        say!();
        incident(open, &paint);
    }
}

fn monitors(monitors: &[MonitorStatus], paint: &Paint) {
    let mut table = table(&["HEALTH", "MONITOR", "SINCE", "LATENCY", "UPTIME 24H", "P50", "P95", "P99", "LAST SEEN"]);
    for monitor in monitors {
        table.add_row(monitor_row(monitor, paint));
    }
    say!("{table}");
}

fn monitor_row(monitor: &MonitorStatus, paint: &Paint) -> Vec<Cell> {
    let state = &monitor.state;
    let last = state.last.as_ref();
    let inconclusive = last.is_some_and(|last| last.verdict == Verdict::Inconclusive);
    let seen = last.map(|last| one_line(&last.detail)).unwrap_or_default();
    let seen = if inconclusive { format!("inconclusive: {seen}") } else { seen };
    let health = match state.health {
        _ if state.flapping => "flapping",
        Health::Up if state.unsteady => "unstable",
        Health::Down if state.over_limit => "over limit",
        health => health.word(),
    };
    let mut row = vec![
        paint.health_cell(state.health, health),
        Cell::new(one_line(&state.name)),
        Cell::new(state.since.map(ago).unwrap_or_default()),
        Cell::new(last.and_then(|last| last.latency_ms).map(millis).unwrap_or_default()),
    ];
    row.extend(figures(&monitor.figures));
    row.push(Cell::new(seen));
    row
}

fn figures(figures: &Figures) -> [Cell; 4] {
    let latency = |value: Option<f64>| Cell::new(value.map(millis).unwrap_or_default());
    [Cell::new(uptime(figures.uptime)), latency(figures.p50_ms), latency(figures.p95_ms), latency(figures.p99_ms)]
}

fn engine(state: &EngineState, paint: &Paint) {
    let say = |text: String| say!("{} {text}", paint.warning("!"));
    if !state.network_off.is_empty() {
        say("this machine's own network is down; monitors that depend on it are not judged".to_owned());
    }
    if let Some(until) = state.snoozed_until.filter(|until| *until > Timestamp::now()) {
        say(format!("alerts are paused until {}", time(until)));
    }
    if let Some(trouble) = &state.store_trouble {
        say(trouble.clone());
    }
    if let Some(trouble) = &state.status_page_trouble {
        say(trouble.clone());
    }
    if let Some(refused) = &state.config_refused {
        say(format!("the configuration file has errors, so its last valid version is in use:\n{refused}"));
    }
    for message in state.waiting.iter().filter(|message| message.failed > 0) {
        let why = message.error.as_deref().unwrap_or("being sent");
        say(format!("a message to {} has been waiting since {}: {why}", message.channel, time(message.created)));
    }
}

/// Prints a monitor's past.
pub(crate) fn history(history: &History) {
    let whole = &history.figures;
    say!(
        "{}: observed for {}, uptime {}, p50 {}, p95 {}, p99 {}",
        history.monitor,
        in_words(Duration::try_from_secs_f64(whole.observed).unwrap_or_default()),
        or_dash(uptime(whole.uptime)),
        or_dash(whole.p50_ms.map(millis).unwrap_or_default()),
        or_dash(whole.p95_ms.map(millis).unwrap_or_default()),
        or_dash(whole.p99_ms.map(millis).unwrap_or_default()),
    );
    let seen = seen(&history.points);
    if seen.is_empty() {
        say!("no data in this period");
        return;
    }
    let mut table = table(&["FROM", "UPTIME", "P50", "P95", "P99", "OBSERVED", "INCONCLUSIVE"]);
    for point in seen {
        let span = elapsed(point.from, point.to).as_secs_f64().max(0.001);
        let share = |part: f64| {
            Cell::new(if part > 0.0 { whole_percent(Language::English, part / span) } else { String::new() })
        };
        let mut row = vec![Cell::new(time(point.from))];
        row.extend(figures(&point.figures));
        row.extend([share(point.figures.observed), share(point.figures.inconclusive)]);
        table.add_row(row);
    }
    say!("{table}");
}

/// The points from the first to the last of which there is anything to tell.
fn seen(points: &[Point]) -> &[Point] {
    let is_seen = |point: &Point| point.figures.observed > 0.0 || point.figures.inconclusive > 0.0;
    let first = points.iter().position(is_seen).unwrap_or(points.len());
    let end = points.iter().rposition(is_seen).map_or(first, |last| last + 1);
    points.get(first..end).unwrap_or_default()
}

/// Prints incidents.
pub(crate) fn incidents(incidents: &[IncidentState]) {
    let paint = Paint::for_stdout();
    if incidents.is_empty() {
        say!("no incidents");
    }
    incidents.iter().for_each(|found| incident(found, &paint));
}

/// Prints an incident, what was done about it and who was told.
fn incident(incident: &IncidentState, paint: &Paint) {
    say!("{}", incident_line(incident, paint));
    for attempt in &incident.attempts {
        say!("  {}", attempt_line(attempt, paint));
        if incident.closed.is_none() {
            last_lines(&attempt.output);
        }
    }
    if let Some(escalated) = incident.escalated {
        say!("  {} {}", paint.warning("remedy failed"), time(escalated));
    }
    incident.alerts.iter().for_each(|alert| say!("  {}", alert_line(alert)));
}

/// Prints the last of some lines that a program wrote.
pub(crate) fn last_lines(lines: &[String]) {
    const SHOWN: usize = 10;
    let skipped = lines.len().saturating_sub(SHOWN);
    lines.iter().skip(skipped).for_each(|line| say!("  | {}", one_line(line)));
}

fn incident_line(incident: &IncidentState, paint: &Paint) -> String {
    let opened = time(incident.opened);
    let (word, span) = match incident.closed {
        Some(closed) => {
            let measured = incident.lasted.and_then(|lasted| Duration::try_from_secs_f64(lasted).ok());
            let lasted = measured.unwrap_or_else(|| elapsed(incident.opened, closed));
            ("resolved".to_owned(), format!("{opened} for {}", in_words(lasted)))
        }
        None if incident.over_limit => (paint.bad("over its limit"), format!("{opened}, {}", ago(incident.opened))),
        None => (paint.health(Health::Down, 0), format!("{opened}, {}", ago(incident.opened))),
    };
    let known = if incident.acknowledged.is_some() { ", acknowledged" } else { "" };
    format!("{word}  {}  {span}{known}: {}", one_line(&incident.monitor), one_line(&incident.cause))
}

fn attempt_line(attempt: &AttemptState, paint: &Paint) -> String {
    let began = time(attempt.began);
    let outcome = one_line(attempt.outcome.as_deref().unwrap_or("in progress"));
    let outcome = match attempt.healed {
        Some(true) => paint.good(&outcome),
        Some(false) => paint.warning(&outcome),
        None => outcome,
    };
    format!("{began}  {}: {outcome}", one_line(&attempt.deed))
}

fn alert_line(alert: &AlertState) -> String {
    let how = match &alert.delivery {
        Delivery::Waiting { error: Some(error), .. } => format!("will be retried: {error}"),
        Delivery::Waiting { error: None, .. } => "waiting".to_owned(),
        Delivery::Sending { .. } => "being sent".to_owned(),
        Delivery::Delivered { at } => format!("delivered {}", time(*at)),
        Delivery::Merged { into } => format!("sent with message {}", into.0),
        Delivery::Withdrawn { .. } => "not sent, since it was over before".to_owned(),
        Delivery::Abandoned { error, .. } => format!("not delivered: {error}"),
    };
    format!("{} to {}: {}", alert.news, alert.channel, one_line(&how))
}

/// An empty table.
pub(crate) fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(heads);
    table
}

fn millis(value: f64) -> String {
    if value < 10.0 { format!("{value:.2} ms") } else { format!("{value:.0} ms") }
}

fn uptime(share: Option<f64>) -> String {
    share.map(|share| exact_percent(Language::English, share)).unwrap_or_default()
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "–".to_owned() } else { text }
}

fn ago(at: Timestamp) -> String {
    format!("for {}", in_words(elapsed(at, Timestamp::now())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_begins_and_ends_where_something_was_seen() {
        let point = |observed: f64| Point {
            from: Timestamp::UNIX_EPOCH,
            to: Timestamp::UNIX_EPOCH,
            figures: Figures { observed, ..Figures::default() },
            phases_ms: Vec::new(),
        };
        let check = |observed: &[f64], wanted: usize| {
            let points: Vec<Point> = observed.iter().map(|observed| point(*observed)).collect();
            assert_eq!(seen(&points).len(), wanted, "{observed:?}");
        };
        check(&[0.0, 0.0, 1.0, 0.0, 2.0, 0.0], 3);
        check(&[0.0, 0.0], 0);
        check(&[], 0);
        check(&[1.0], 1);
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!(
            (counted(1, "program", "programs"), counted(0, "program", "programs")),
            ("1 program".into(), "0 programs".into())
        );
    }

    #[test]
    fn a_name_in_a_command_is_one_word_in_every_shell() {
        let check = |name: &str, wanted: &str| assert_eq!(word(name), wanted);
        check("heal-web_2.año", "heal-web_2.año");
        check("clear the cache", "\"clear the cache\"");
        check("it's up?", "\"it's up?\"");
        check("-x", "\"-x\"");
        if cfg!(unix) {
            check("$HOME isn't here", r"'$HOME isn'\''t here'");
            check("a\\", r"'a\'");
        } else {
            check("say \"x\"", r#""say \"x\"""#);
        }
    }

    #[test]
    fn text_from_outside_cannot_move_the_cursor() {
        assert_eq!(one_line("a\u{1b}[2Jb\nc"), "a [2Jb c");
    }
}
