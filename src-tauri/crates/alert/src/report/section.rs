//! One alert in words.

use estatus_core::{
    Timestamp,
    config::EmailChannel,
    incident::{Alert, Before, Incident, News},
    maintenance::in_words,
    words::Words,
};
use serde::Serialize;

use super::{Tidings, elapsed, lasted};
use crate::text::{lines, one_line};

/// The most bytes of one row's value.
const VALUE_LIMIT: usize = 1000;
/// The most bytes of evidence where an alert is alone in its message.
const EVIDENCE_LIMIT: usize = 4096;
/// The most bytes of evidence where it is not.
const EVIDENCE_SHARED_LIMIT: usize = 500;

/// One alert in words.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    /// A background colour that white letters can be read on.
    colour: &'static str,
    state: String,
    title: String,
    rows: Vec<Row>,
    evidence: Option<Evidence>,
}

/// A fact and its name.
#[derive(Debug, Serialize)]
struct Row {
    label: String,
    value: String,
    /// Whether the value is a web address that may be followed.
    is_link: bool,
}

/// What the target said.
#[derive(Debug, Serialize)]
struct Evidence {
    label: String,
    text: String,
}

/// An alert in one sentence without a full stop.
pub(crate) fn title(alert: &Alert, created: Timestamp, words: &Words) -> String {
    let (times, within) = match &alert.news {
        News::Flapping { times, within, .. } => (times.to_string(), in_words(*within)),
        _ => Default::default(),
    };
    let values = [
        ("monitor", one_line(&alert.monitor, VALUE_LIMIT)),
        ("lasted", lasted(&alert.news, created)),
        ("times", times),
        ("within", within),
    ];
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    words.text(&format!("mail.title.{}", Tidings::of(&alert.news).word()), &values)
}

impl Section {
    /// Puts `alert` into `words`; it shares its message with others if there are `several`.
    pub(super) fn of(alert: &Alert, created: Timestamp, several: bool, words: &Words) -> Self {
        let tidings = Tidings::of(&alert.news);
        let mut rows = Rows { words, rows: Vec::new() };
        rows.target(alert);
        match &alert.news {
            News::Warning { warning } => rows.add("warning", &words.warning(warning)),
            news => {
                if let Some(incident) = news.incident() {
                    rows.incident(incident, tidings, created);
                }
            }
        }
        Self {
            colour: colour(tidings),
            state: words.text(&format!("mail.state.{}", tidings.word()), &[("lasted", &lasted(&alert.news, created))]),
            title: title(alert, created, words),
            rows: rows.rows,
            evidence: evidence(&alert.news, several, words),
        }
    }

    /// What a test mail tells: which settings work.
    pub(super) fn test(channel: &EmailChannel, words: &Words) -> Self {
        let row = |key: &str, value: String| Row {
            label: words.text(&format!("mail.test.{key}"), &[]),
            value: one_line(&value, VALUE_LIMIT),
            is_link: false,
        };
        Self {
            colour: GREEN,
            state: words.text("mail.test.state", &[]),
            title: words.text("mail.test.title", &[]),
            rows: vec![
                row("server", channel.server.to_string()),
                row("from", channel.from.clone()),
                row("to", channel.to.join(", ")),
            ],
            evidence: None,
        }
    }
}

const RED: &str = "#b3261e";
const AMBER: &str = "#8a5a00";
const GREEN: &str = "#1e6f3e";

fn colour(tidings: Tidings) -> &'static str {
    match tidings {
        Tidings::Down | Tidings::Reminder | Tidings::SettledDown => RED,
        Tidings::Flapping | Tidings::Warning => AMBER,
        Tidings::Recovered | Tidings::SettledUp => GREEN,
    }
}

fn evidence(news: &News, several: bool, words: &Words) -> Option<Evidence> {
    let limit = if several { EVIDENCE_SHARED_LIMIT } else { EVIDENCE_LIMIT };
    let text = lines(news.incident()?.cause.evidence.as_deref()?, limit);
    let shown = !text.trim().is_empty();
    shown.then(|| Evidence { label: words.text("mail.label.seen", &[]), text: text.trim_end().to_owned() })
}

/// The facts of an alert, one after the other.
struct Rows<'a> {
    words: &'a Words,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn add(&mut self, label: &str, value: &str) {
        let label = self.words.text(&format!("mail.label.{label}"), &[]);
        self.rows.push(Row { label, value: one_line(value, VALUE_LIMIT), is_link: false });
    }

    fn target(&mut self, alert: &Alert) {
        self.add("target", &alert.target);
        let is_web = url::Url::parse(&alert.target).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if let Some(row) = self.rows.last_mut() {
            row.is_link = is_web && row.value == alert.target;
        }
    }

    fn incident(&mut self, incident: &Incident, tidings: Tidings, created: Timestamp) {
        let words = self.words;
        self.add("cause", &words.failure(&incident.cause));
        self.add("phase", &words.phase(incident.cause.phase));
        if incident.last.cause != incident.cause.cause {
            self.add("last_cause", &words.failure(&incident.last));
        }
        self.add("since", &words.time(incident.opened));
        if let Some(closed) = incident.closed {
            self.add("until", &words.time(closed));
        }
        if incident.closed.is_some() || tidings == Tidings::Reminder {
            self.add("lasted", &in_words(elapsed(incident.opened, incident.closed.unwrap_or(created))));
        }
        if let Some(acknowledged) = incident.acknowledged {
            self.add("acknowledged", &words.time(acknowledged));
        }
        self.add("before", &before(&incident.before, incident.opened, words));
        if tidings == Tidings::Flapping {
            self.add("note", &words.text("mail.note.flapping", &[]));
        }
    }
}

fn before(before: &Before, opened: Timestamp, words: &Words) -> String {
    let mut parts = Vec::new();
    if let Some(since) = before.up_since {
        let values = [("since", words.time(since)), ("lasted", in_words(elapsed(since, opened)))];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        parts.push(words.text("mail.before.up", &values));
    }
    if let Some(at) = before.last_good {
        parts.push(words.text("mail.before.last_good", &[("at", &words.time(at))]));
    }
    if let Some(latency) = before.usual_latency {
        parts.push(words.text("mail.before.usual", &[("latency", &in_words(latency))]));
    }
    if parts.is_empty() { words.text("mail.before.never", &[]) } else { parts.join("; ") }
}
