//! The subject: all of it in one line.
//!
//! What changes from message to message of a conversation stands in brackets at the front, `[Down]`, `[Up again after
//! 5 min]`; what follows stays the same. RFC 5256 (2.1, base subject) does not count `Re:` and leading brackets as part
//! of the subject, so that also those clients thread that look at more than References.

use std::collections::BTreeMap;

use estatus_core::{
    Timestamp,
    incident::{Alert, Incident, Message, News},
    program::ProgramTrouble,
    words::Words,
};

use super::{AlertKind, FailedAt, Speech, fleet, state};
use crate::text::one_line;

/// The most bytes of a target, a cause, or a list of names in a subject.
const PART_LIMIT: usize = 120;
/// The most bytes of a subject that somebody has written himself.
const OWN_LIMIT: usize = 200;

/// The subject of `message`.
pub(super) fn of(message: &Message, words: &Words) -> String {
    let answer = if message.answers.is_empty() { "" } else { "Re: " };
    let subject = match message.alerts.as_slice() {
        [alert] => single(alert, message.created, words),
        alerts => {
            let names = names(alerts.iter().map(|alert| &*alert.subject), PART_LIMIT, words);
            format!("[{}] {names}", count(alerts, words))
        }
    };
    format!("{answer}{subject}")
}

/// How much of what: "3 monitors are down", "2 down, 1 up again".
pub(super) fn count(alerts: &[Alert], words: &Words) -> String {
    let mut counts = BTreeMap::<(AlertKind, &str), usize>::new();
    for alert in alerts {
        *counts.entry((AlertKind::of(&alert.news), counted_as(&alert.news))).or_default() += 1;
    }
    let family = if counts.len() == 1 { "count" } else { "tally" };
    let counted = counts
        .iter()
        .map(|((_, word), count)| words.text(&format!("mail.{family}.{word}"), &[("count", &count.to_string())]));
    counted.collect::<Vec<_>>().join(", ")
}

/// The end of the keys of the texts that count such news. What has too much of something is not down, and what is wrong with
/// fleets or programs has little in common.
fn counted_as(news: &News) -> &'static str {
    match news {
        News::FleetTrouble { trouble, .. } => return fleet::trouble_key(*trouble),
        News::Cooling { trouble: ProgramTrouble::CannotStart(_), .. } => return "cannot_start",
        _ => {}
    }
    let tidings = AlertKind::of(news);
    if !news.incident().is_some_and(Incident::is_over_limit) {
        return tidings.word();
    }
    match tidings {
        AlertKind::Down => "over.down",
        AlertKind::Reminder => "over.reminder",
        AlertKind::Recovered => "over.recovered",
        AlertKind::SettledUp => "over.settled_up",
        AlertKind::SettledDown => "over.settled_down",
        AlertKind::Escalated => "over.escalated",
        tidings => tidings.word(),
    }
}

/// `all`, each once, with commas; those that do not fit into `limit` bytes are counted.
pub(super) fn names<'a>(all: impl Iterator<Item = &'a str>, limit: usize, words: &Words) -> String {
    let mut each: Vec<String> = Vec::new();
    for name in all.map(|name| one_line(name, limit)) {
        if !each.contains(&name) {
            each.push(name);
        }
    }
    let mut length = 0;
    let fit = each.iter().take_while(|name| {
        length += name.len() + ", ".len();
        length <= limit + ", ".len()
    });
    let shown = fit.count();
    let (shown, rest) = each.split_at(shown);
    let shown = shown.join(", ");
    if rest.is_empty() {
        return shown;
    }
    words.text("mail.more_names", &[("names", &shown), ("count", &rest.len().to_string())])
}

fn single(alert: &Alert, created: Timestamp, words: &Words) -> String {
    let speech = Speech::of(&alert.news, false);
    if let (News::Told { .. }, Some(speech)) = (&alert.news, &speech) {
        return one_line(&speech.first_line, OWN_LIMIT);
    }
    let state = one_line(&state(alert, created, words), PART_LIMIT);
    let subject = one_line(&alert.subject, PART_LIMIT);
    let target = one_line(&alert.target, PART_LIMIT);
    let why = match &alert.news {
        News::Warning { warning } => words.warning(warning),
        News::Unsteady { failure, .. } => words.failure(failure),
        News::RunFailed { run } => FailedAt::of(run).and_then(|at| at.why(words)).unwrap_or_default(),
        News::Approval { .. } => speech.map(|speech| speech.first_line).unwrap_or_default(),
        News::Suppressed { runs, within } => {
            words.text("mail.budget", &[("count", &runs.to_string()), ("within", &words.span(*within))])
        }
        news => news.incident().map(|incident| words.failure(&incident.cause)).unwrap_or_default(),
    };
    let why = one_line(&why, PART_LIMIT);
    let subject = if target.is_empty() || target == subject { subject } else { format!("{subject} ({target})") };
    // What is told of a program or a fleet has its reason in the text alone: that it is well again would have none.
    if why.is_empty() { format!("[{state}] {subject}") } else { format!("[{state}] {subject}: {why}") }
}

#[cfg(test)]
mod tests {
    use estatus_core::config::Language;

    use super::*;

    #[test]
    fn names_that_do_not_fit_are_counted() {
        let words = Words::new(Language::English, jiff::tz::TimeZone::UTC);
        let check = |all: &[&str], expected: &str| assert_eq!(names(all.iter().copied(), 10, &words), expected);
        check(&["a"], "a");
        check(&["a", "b", "a"], "a, b");
        check(&["one", "two"], "one, two");
        check(&["one", "two", "three", "four"], "one, two and 2 more");
        check(&["much too long a name", "b"], "much to… and 1 more");
        check(&["a\r\nb"], "a b");
    }
}
