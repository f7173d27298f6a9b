//! A message put into words: what the parts of a mail, a webhook and a command have in common.

mod section;
mod subject;

use std::time::Duration;

use estatus_core::{
    Timestamp,
    config::{EmailChannel, Language},
    incident::{Health, Message, News},
    maintenance::in_words,
    words::Words,
};
use minijinja::{Environment, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

pub(crate) use self::section::title;
use self::{section::Section, subject::names};

/// So many alerts are told in full; of the rest the monitors are named.
const FULL_LIMIT: usize = 50;

/// A message in words, ready for the templates.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// One line.
    pub(crate) subject: String,
    language: Language,
    /// Above the sections, where there are several.
    heading: Option<String>,
    sections: Vec<Section>,
    /// What is not told in full.
    more: Option<String>,
    footer: String,
}

impl Report {
    /// Puts `message` into `words`.
    pub(crate) fn of(message: &Message, words: &Words) -> Self {
        let (full, rest) = message.alerts.split_at(message.alerts.len().min(FULL_LIMIT));
        let several = message.alerts.len() > 1;
        let more = (!rest.is_empty()).then(|| {
            let count = rest.len().to_string();
            let names = names(rest.iter().map(|alert| &*alert.monitor), 2000, words);
            words.text("mail.more", &[("count", &count), ("names", &names)])
        });
        Self {
            subject: subject::of(message, words),
            language: words.language(),
            heading: several.then(|| subject::count(&message.alerts, words)),
            sections: full.iter().map(|alert| Section::of(alert, message.created, several, words)).collect(),
            more,
            footer: words.text("mail.footer", &[("channel", &message.channel)]),
        }
    }

    /// What a test mail through `channel` says.
    pub(crate) fn test(channel: &EmailChannel, words: &Words) -> Self {
        Self {
            subject: words.text("mail.test.subject", &[]),
            language: words.language(),
            heading: None,
            sections: vec![Section::test(channel, words)],
            more: None,
            footer: words.text("mail.test.footer", &[]),
        }
    }

    /// In plain text.
    pub(crate) fn text(&self) -> String {
        self.render("mail.txt", include_str!("../templates/mail.txt"))
    }

    /// In HTML: everything from outside is escaped, and nothing is fetched to show it.
    pub(crate) fn html(&self) -> String {
        // minijinja also escapes the slash, which means nothing between tags and quotes; addresses stay readable.
        self.render("mail.html", include_str!("../templates/mail.html")).replace("&#x2f;", "/")
    }

    /// The templates are part of the program and a test renders all they have, so what a reader would get in place of a
    /// failure is never more than a last resort.
    fn render(&self, name: &str, template: &str) -> String {
        self.try_render(name, template).unwrap_or_else(|error| {
            tracing::error!(template = name, error = &error as &dyn std::error::Error, "a template failed");
            self.subject.clone()
        })
    }

    /// The end of the name decides how values are escaped.
    fn try_render(&self, name: &str, template: &str) -> Result<String, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.render_named_str(name, template, Serde(self))
    }
}

/// The kinds of news, as the texts tell them apart; in the order in which a mixed message counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tidings {
    Down,
    Reminder,
    Flapping,
    SettledDown,
    Warning,
    SettledUp,
    Recovered,
}

impl Tidings {
    pub(crate) fn of(news: &News) -> Self {
        match news {
            News::Down { .. } => Self::Down,
            News::Reminder { .. } => Self::Reminder,
            News::Recovered { .. } => Self::Recovered,
            News::Flapping { .. } => Self::Flapping,
            News::Settled { health: Health::Down, .. } => Self::SettledDown,
            News::Settled { .. } => Self::SettledUp,
            News::Warning { .. } => Self::Warning,
        }
    }

    /// The word that stands for it in keys of texts and in JSON.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Reminder => "reminder",
            Self::Recovered => "recovered",
            Self::Flapping => "flapping",
            Self::SettledUp => "settled_up",
            Self::SettledDown => "settled_down",
            Self::Warning => "warning",
        }
    }
}

/// The time from `from` to `to`; zero if `to` is earlier.
pub(crate) fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

/// How long the news' incident has lasted, or had when its message arose at `created`.
fn lasted(news: &News, created: Timestamp) -> String {
    let lasted = news.incident().map(|incident| elapsed(incident.opened, incident.closed.unwrap_or(created)));
    in_words(lasted.unwrap_or_default())
}
