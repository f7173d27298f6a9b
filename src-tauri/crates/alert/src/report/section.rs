//! One alert in words.

use estatus_core::{
    Timestamp,
    config::EmailChannel,
    fleet::Trouble,
    incident::{Alert, News},
    program::Ended,
    remedy::{Attempt, Outcome, RemedyError, RemedyKind},
    words::Words,
};
use serde::Serialize;

use super::{
    AlertKind, VALUE_LIMIT,
    rows::{Row, Rows},
    run::{self, FailedAt},
    speaking,
    speech::Speech,
    state, title,
};
use crate::text::{lines, one_line, tail};

/// The most bytes of evidence where an alert is alone in its message.
const EVIDENCE_LIMIT: usize = 4096;
/// The most bytes of a program's last lines where an alert is alone in its message: all that are remembered.
const OUTPUT_LIMIT: usize = Ended::TAIL_LINES * (Ended::TAIL_LINE_LIMIT + 1);
/// The most bytes of either where it is not.
const EVIDENCE_SHARED_LIMIT: usize = 500;
/// So many steps of a run are told, one by one, where an alert is alone in its message.
const STEPS_LIMIT: usize = 20;

/// One alert in words.
#[derive(Debug, Serialize)]
pub(super) struct Section {
    /// A background colour that white letters can be read on.
    colour: &'static str,
    state: String,
    title: String,
    /// What stands in the place of the title.
    speech: Option<Speech>,
    rows: Vec<Row>,
    evidence: Vec<Evidence>,
}

/// What the target said, or what a program wrote.
#[derive(Debug, Serialize)]
struct Evidence {
    label: String,
    text: String,
}

impl Section {
    /// Puts `alert` into `words`; it shares its message with others if there are `several`.
    pub(super) fn of(alert: &Alert, created: Timestamp, several: bool, words: &Words) -> Self {
        Self {
            colour: colour(&alert.news),
            state: state(alert, created, words),
            title: title(alert, created, words),
            speech: Speech::of(&alert.news, several),
            rows: Rows::of(alert, created, several, words),
            evidence: [
                seen(&alert.news, several, words),
                output(alert, several, words),
                output_of_undoing(alert, several, words),
                steps(alert, several, words),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }

    /// What a test mail tells: which settings work.
    pub(super) fn test_mail(channel: &EmailChannel, words: &Words) -> Self {
        let row = |key: &str, value: String| Row {
            label: words.text(&format!("mail.test.{key}"), &[]),
            value: one_line(&value, VALUE_LIMIT),
            is_link: false,
        };
        let rows = vec![
            row("server", channel.server.to_string()),
            row("from", channel.from.clone()),
            row("to", channel.to.join(", ")),
        ];
        Self::of_test(words.text("mail.test.title", &[]), rows, words)
    }

    /// What a test message through the channel that is called `name` tells.
    pub(super) fn test(name: &str, words: &Words) -> Self {
        let name = one_line(name, VALUE_LIMIT);
        Self::of_test(words.text("mail.test.channel", &[("channel", &name)]), Vec::new(), words)
    }

    fn of_test(title: String, rows: Vec<Row>, words: &Words) -> Self {
        let state = words.text("mail.test.state", &[]);
        Self { colour: GREEN, state, title, speech: None, rows, evidence: Vec::new() }
    }
}

const RED: &str = "#b3261e";
const AMBER: &str = "#8a5a00";
const GREEN: &str = "#1e6f3e";
const BLUE: &str = "#1f5fa8";

fn colour(news: &News) -> &'static str {
    match AlertKind::of(news) {
        AlertKind::Down
        | AlertKind::Reminder
        | AlertKind::SettledDown
        | AlertKind::Escalated
        | AlertKind::Cooling
        | AlertKind::RunFailed
        | AlertKind::Stale => RED,
        AlertKind::FleetTrouble if is_stuck(news) => RED,
        AlertKind::Flapping
        | AlertKind::Unsteady
        | AlertKind::FleetTrouble
        | AlertKind::Suppressed
        | AlertKind::Warning => AMBER,
        AlertKind::Approval | AlertKind::Told => BLUE,
        AlertKind::Recovered | AlertKind::SettledUp | AlertKind::Steady | AlertKind::FleetWell => GREEN,
    }
}

/// Whether a fleet cannot become what it is to be. What else is wrong with one it bears, or mends itself.
fn is_stuck(news: &News) -> bool {
    matches!(news, News::FleetTrouble { trouble: Trouble::CannotLaunch, .. })
}

fn seen(news: &News, several: bool, words: &Words) -> Option<Evidence> {
    let limit = if several { EVIDENCE_SHARED_LIMIT } else { EVIDENCE_LIMIT };
    let (label, text) = match news {
        News::Stale { error, .. } => ("mail.label.mistakes", error.as_str()),
        News::Unsteady { failure, .. } => ("mail.label.seen", failure.evidence.as_deref()?),
        news => ("mail.label.seen", news.incident()?.cause.evidence.as_deref()?),
    };
    let text = lines(text, limit);
    let shown = !text.trim().is_empty();
    shown.then(|| Evidence { label: words.text(label, &[]), text: text.trim_end().to_owned() })
}

fn output(alert: &Alert, several: bool, words: &Words) -> Option<Evidence> {
    let (label, all) = match &alert.news {
        News::Cooling { last_end, .. } => (of_program(&alert.subject, words), last_end.as_ref()?.tail.as_slice()),
        News::RunFailed { run } => {
            let at = FailedAt::of(run)?;
            (of_step(&at.step.name, words), at.output())
        }
        news => {
            let attempt = speaking(news.incident()?)?;
            (wrote(attempt, words), attempt.output.as_slice())
        }
    };
    written(label, all, several)
}

/// What the command wrote that was to undo a step and did not: that of the first one that wrote anything.
fn output_of_undoing(alert: &Alert, several: bool, words: &Words) -> Option<Evidence> {
    let News::RunFailed { run } = &alert.news else { return None };
    let not_undone = run::not_undone(run);
    let undoing = not_undone.iter().find(|undoing| !undoing.output().is_empty())?;
    let step = one_line(&undoing.step.name, VALUE_LIMIT);
    written(words.text("mail.label.output_of_undoing", &[("step", &step)]), undoing.output(), several)
}

fn written(label: String, all: &[String], several: bool) -> Option<Evidence> {
    let lines = tail(all, if several { EVIDENCE_SHARED_LIMIT } else { OUTPUT_LIMIT });
    let shown = !lines.is_empty();
    shown.then(|| Evidence { label, text: lines.join("\n") })
}

/// Who wrote what was written at a try to heal.
fn wrote(attempt: &Attempt, words: &Words) -> String {
    match &attempt.deed {
        RemedyKind::Restart { program } | RemedyKind::Start { program } | RemedyKind::Stop { program } => {
            of_program(program, words)
        }
        RemedyKind::Run { .. } => words.text("mail.label.output_of_command", &[]),
        RemedyKind::Flow { flow } => match &attempt.outcome {
            Some(Outcome::NotDone(RemedyError::FlowFailed { failed: Some(failed), .. })) => {
                of_step(&failed.step, words)
            }
            _ => words.text("mail.label.output_of_flow", &[("flow", &one_line(flow, VALUE_LIMIT))]),
        },
    }
}

fn of_program(program: &str, words: &Words) -> String {
    words.text("mail.label.output", &[("program", &one_line(program, VALUE_LIMIT))])
}

fn of_step(step: &str, words: &Words) -> String {
    words.text("mail.label.output_of_step", &[("step", &one_line(step, VALUE_LIMIT))])
}

/// What became of each step of a run, unless that would be too much to read.
fn steps(alert: &Alert, several: bool, words: &Words) -> Option<Evidence> {
    let News::RunFailed { run } = &alert.news else { return None };
    let steps = run::steps(run, words);
    let shown = !several && (2..=STEPS_LIMIT).contains(&steps.len());
    shown.then(|| Evidence { label: words.text("mail.label.steps", &[]), text: steps.join("\n") })
}
