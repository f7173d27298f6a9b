//! A message put into words: what the parts of a mail, a webhook and a command have in common.

pub(crate) mod fleet;
mod rows;
mod run;
mod section;
mod speech;
mod subject;

use estatus_core::{
    Timestamp,
    config::{EmailChannel, Language},
    fleet::Trouble,
    incident::{Alert, Health, Incident, Message, News},
    program::ProgramTrouble,
    remedy::{Attempt, Outcome},
    words::Words,
};
use minijinja::{Environment, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

pub(crate) use self::{
    run::{FailedAt, Undoing, took},
    speech::SPEECH_LIMIT,
};
use self::{section::Section, speech::Speech, subject::names};
use crate::text::one_line;

/// So many alerts are told in full; of the rest the names are told.
const FULL_LIMIT: usize = 50;

/// So many of the things that a stop has left are named.
pub(crate) const LEFT_LIMIT: usize = 10;
/// The most bytes of one value.
const VALUE_LIMIT: usize = 1000;

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
            let names = names(rest.iter().map(|alert| &*alert.subject), 2000, words);
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
    pub(crate) fn test_mail(channel: &EmailChannel, words: &Words) -> Self {
        Self::of_test(Section::test_mail(channel, words), words)
    }

    /// What a test message through any other channel says, which is called `name`.
    pub(crate) fn test(name: &str, words: &Words) -> Self {
        Self::of_test(Section::test(name, words), words)
    }

    fn of_test(section: Section, words: &Words) -> Self {
        Self {
            subject: words.text("mail.test.subject", &[]),
            language: words.language(),
            heading: None,
            sections: vec![section],
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
pub(crate) enum AlertKind {
    Stale,
    Escalated,
    Down,
    Reminder,
    Cooling,
    RunFailed,
    FleetTrouble,
    Flapping,
    Unsteady,
    SettledDown,
    Suppressed,
    Warning,
    Approval,
    Told,
    SettledUp,
    Recovered,
    Steady,
    FleetWell,
}

impl AlertKind {
    pub(crate) fn of(news: &News) -> Self {
        match news {
            News::Down { .. } => Self::Down,
            News::Reminder { .. } => Self::Reminder,
            News::Recovered { .. } => Self::Recovered,
            News::Flapping { .. } => Self::Flapping,
            News::Unsteady { .. } => Self::Unsteady,
            News::Settled { health: Health::Down, .. } => Self::SettledDown,
            News::Settled { .. } => Self::SettledUp,
            News::Warning { .. } => Self::Warning,
            News::Escalated { .. } => Self::Escalated,
            News::Cooling { .. } => Self::Cooling,
            News::Steady => Self::Steady,
            News::RunFailed { .. } => Self::RunFailed,
            News::Suppressed { .. } => Self::Suppressed,
            News::FleetTrouble { .. } => Self::FleetTrouble,
            News::FleetWell { .. } => Self::FleetWell,
            News::Approval { .. } => Self::Approval,
            News::Told { .. } => Self::Told,
            News::Stale { .. } => Self::Stale,
        }
    }

    /// The word that stands for it in JSON, and in keys of texts that count.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Reminder => "reminder",
            Self::Recovered => "recovered",
            Self::Flapping => "flapping",
            Self::Unsteady => "unsteady",
            Self::SettledUp => "settled_up",
            Self::SettledDown => "settled_down",
            Self::Warning => "warning",
            Self::Escalated => "escalated",
            Self::Cooling => "cooling",
            Self::Steady => "steady",
            Self::RunFailed => "run_failed",
            Self::Suppressed => "suppressed",
            Self::FleetTrouble => "fleet_trouble",
            Self::FleetWell => "fleet_well",
            Self::Approval => "approval",
            Self::Told => "told",
            Self::Stale => "stale",
        }
    }
}

/// The end of the keys of the texts that tell `news`; closer than its tidings. What has too much of something is not down.
fn telling_key(news: &News) -> String {
    let key = closer_key(news);
    if news.incident().is_some_and(Incident::is_over_limit) { format!("over.{key}") } else { key.to_owned() }
}

fn closer_key(news: &News) -> &'static str {
    match news {
        News::Recovered { incident } if healing(incident).is_some() => "healed",
        News::Escalated { incident } if incident.attempts.len() < 2 => "escalated_once",
        News::Down { incident } if incident.escalated.is_some() && incident.attempts.len() < 2 => "unhealed_once",
        News::Down { incident } if incident.escalated.is_some() => "unhealed",
        News::Cooling { trouble: ProgramTrouble::CannotStart(_), .. } => "cannot_start",
        News::RunFailed { run } => run::telling_key(run),
        News::FleetTrouble { trouble: Trouble::Lost, why: None, .. } => "fleet_trouble.lost.no_name",
        News::FleetTrouble { trouble, .. } => fleet::trouble_key(*trouble),
        News::FleetWell { trouble } => fleet::well_key(*trouble),
        _ => AlertKind::of(news).word(),
    }
}

/// What the texts of [`telling_key`] tell: a message about `news` arose at `created`.
fn telling_values(news: &News, created: Timestamp, words: &Words) -> [(&'static str, String); 8] {
    let (times, within) = match news {
        News::Flapping { times, within, .. } | News::Unsteady { times, within, .. } => {
            (times.to_string(), words.span(*within))
        }
        News::Suppressed { runs, within } => (runs.to_string(), words.span(*within)),
        News::RunFailed { run } => {
            (String::new(), run.run.definition.deadline.map(|deadline| words.span(deadline)).unwrap_or_default())
        }
        _ => Default::default(),
    };
    let step = match news {
        News::RunFailed { run } => run::failed_step(run),
        News::Approval { step, .. } | News::Told { step, .. } => one_line(step, VALUE_LIMIT),
        _ => String::new(),
    };
    let incident = news.incident();
    let how = incident.and_then(healing).map(|attempt| words.doing(&attempt.deed));
    [
        ("lasted", lasted(news, created, words)),
        ("count", times.clone()),
        ("times", times),
        ("within", within),
        ("tries", incident.map_or(0, |incident| incident.attempts.len()).to_string()),
        ("step", step),
        ("instance", fleet::lost(news).unwrap_or_default()),
        ("how", how.map(|how| one_line(&how, VALUE_LIMIT)).unwrap_or_default()),
    ]
}

/// `alert` in a few words, as it stands above its title.
fn state(alert: &Alert, created: Timestamp, words: &Words) -> String {
    let values = telling_values(&alert.news, created, words);
    let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
    let state = words.text(&format!("mail.state.{}", telling_key(&alert.news)), &values);
    match &alert.news {
        News::RunFailed { run } if !run::not_undone(run).is_empty() => {
            words.text("mail.state.not_undone", &[("state", &state)])
        }
        news => match fleet::reason(news, words) {
            Some(reason) => words.text("mail.state.because", &[("state", &state), ("reason", &reason)]),
            None => state,
        },
    }
}

/// An alert in one sentence without a full stop.
pub(crate) fn title(alert: &Alert, created: Timestamp, words: &Words) -> String {
    let subject = one_line(&alert.subject, VALUE_LIMIT);
    let values = telling_values(&alert.news, created, words);
    let values = values.iter().map(|(name, value)| (*name, value.as_str()));
    let values: Vec<_> = values.chain([("subject", subject.as_str())]).collect();
    let title = words.text(&format!("mail.title.{}", telling_key(&alert.news)), &values);
    let said = Speech::of(&alert.news, false).map(|speech| one_line(&speech.first_line, VALUE_LIMIT));
    let said = said.or_else(|| fleet::said(&alert.news)).or_else(|| fleet::reason(&alert.news, words));
    if let Some(said) = said {
        return format!("{title}: {said}");
    }
    let News::RunFailed { run } = &alert.news else { return title };
    let steps = run::not_undone(run);
    if steps.is_empty() {
        return title;
    }
    let steps = names(steps.iter().map(|undoing| &*undoing.step.name), VALUE_LIMIT, words);
    words.text("mail.title.not_undone", &[("title", &title), ("steps", &steps)])
}

/// The try that healed an incident.
pub(crate) fn healing(incident: &Incident) -> Option<&Attempt> {
    incident.attempts.iter().rev().find(|attempt| attempt.outcome == Some(Outcome::Healed))
}

/// The last lines that a remedy's program, command or flow wrote: of the last try of which there are some.
pub(crate) fn speaking(incident: &Incident) -> Option<&Attempt> {
    incident.attempts.iter().rev().find(|attempt| !attempt.output.is_empty())
}

/// How long the news' incident has lasted, or had when its message arose at `created`.
fn lasted(news: &News, created: Timestamp, words: &Words) -> String {
    let lasted = news.incident().map(|incident| incident.lasted(created));
    words.span(lasted.unwrap_or_default())
}
