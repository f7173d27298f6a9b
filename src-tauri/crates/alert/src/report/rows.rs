//! The facts of an alert, one after the other.

use estatus_core::{
    Timestamp,
    fleet::{Trouble, command::ProviderErrorKind},
    flow::{
        Otherwise,
        run::{Run, RunRecord, StepRun},
    },
    ids::RunId,
    incident::{Alert, Before, Incident, News},
    observation::Failure,
    program::{Ended, ProgramTrouble},
    remedy::Attempt,
    time::elapsed,
    words::Words,
};
use serde::Serialize;

use super::{
    AlertKind, LEFT_LIMIT, VALUE_LIMIT,
    fleet::remedy,
    run::{FailedAt, Undoing, skipped, took},
    subject::names,
};
use crate::text::one_line;

/// So many tries are told where an alert is alone in its message; those before are counted.
const ATTEMPTS_LIMIT: usize = 10;
/// So many are where it is not.
const ATTEMPTS_SHARED_LIMIT: usize = 3;

/// A fact and its name.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) value: String,
    /// Whether the value is a web address that may be followed.
    pub(super) is_link: bool,
}

/// The facts of an alert, one after the other.
pub(super) struct Rows<'a> {
    words: &'a Words,
    rows: Vec<Row>,
}

impl<'a> Rows<'a> {
    /// The facts of `alert`, which shares its message with others if there are `several`.
    pub(super) fn of(alert: &Alert, created: Timestamp, several: bool, words: &'a Words) -> Vec<Row> {
        let mut rows = Self { words, rows: Vec::new() };
        rows.target(alert);
        match &alert.news {
            News::Warning { warning } => rows.add("warning", &words.warning(warning)),
            News::Cooling { trouble, last_end } => rows.cooling(alert, trouble, last_end.as_ref()),
            News::Unsteady { failure, .. } => rows.unsteady(failure),
            News::RunFailed { run } => rows.run(run, created),
            News::Suppressed { .. } => rows.suppressed(alert),
            News::Approval { run, step, until, otherwise, .. } => rows.approval(*run, step, *until, *otherwise),
            News::Told { run, step, .. } => {
                rows.add("step", step);
                rows.add("run", &run.to_string());
            }
            News::FleetTrouble { trouble, reason, .. } => rows.fleet(alert, *trouble, *reason),
            News::Steady | News::FleetWell { .. } | News::Settled { incident: None, .. } => {}
            News::Stale { kept, .. } => rows.add("next", &words.text("mail.stale", &[("kept", kept)])),
            News::Down { incident }
            | News::Reminder { incident }
            | News::Recovered { incident }
            | News::Flapping { incident, .. }
            | News::Settled { incident: Some(incident), .. }
            | News::Escalated { incident } => {
                rows.incident(incident, AlertKind::of(&alert.news), created);
                rows.attempts(incident, if several { ATTEMPTS_SHARED_LIMIT } else { ATTEMPTS_LIMIT });
                rows.background(incident, &alert.news);
            }
        }
        rows.rows
    }

    fn add(&mut self, label: &str, value: &str) {
        let label = self.words.text(&format!("mail.label.{label}"), &[]);
        self.rows.push(Row { label, value: one_line(value, VALUE_LIMIT), is_link: false });
    }

    fn target(&mut self, alert: &Alert) {
        let label = match &alert.news {
            News::RunFailed { .. } | News::Suppressed { .. } | News::Approval { .. } | News::Told { .. } => {
                return self.add("flow", &alert.subject);
            }
            News::FleetTrouble { .. } | News::FleetWell { .. } => return self.add("fleet", &alert.subject),
            News::Stale { .. } => "file",
            _ if alert.check.is_some() => "target",
            _ => "command",
        };
        self.add(label, &alert.target);
        let is_web = url::Url::parse(&alert.target).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if let Some(row) = self.rows.last_mut() {
            row.is_link = is_web && row.value == alert.target;
        }
    }

    fn incident(&mut self, incident: &Incident, tidings: AlertKind, created: Timestamp) {
        let words = self.words;
        self.add("cause", &words.failure(&incident.cause));
        self.add("phase", &words.phase(incident.cause.phase));
        if incident.last.cause != incident.cause.cause {
            self.add("last_cause", &words.failure(&incident.last));
        }
        let over = if incident.is_over_limit() { "over." } else { "" };
        self.add(&format!("{over}since"), &words.time(incident.opened));
        if let Some(closed) = incident.closed {
            self.add(&format!("{over}until"), &words.time(closed));
        }
        if incident.closed.is_some() || matches!(tidings, AlertKind::Reminder | AlertKind::Escalated) {
            self.add("lasted", &words.span(incident.lasted(created)));
        }
        if let Some(acknowledged) = incident.acknowledged {
            self.add("acknowledged", &words.time(acknowledged));
        }
    }

    fn unsteady(&mut self, failure: &Failure) {
        let words = self.words;
        self.add("last_cause", &words.failure(failure));
        self.add("phase", &words.phase(failure.phase));
        self.add("note", &words.text("mail.note.unsteady", &[]));
    }

    /// What was done about it, at most the last `limit` tries.
    fn attempts(&mut self, incident: &Incident, limit: usize) {
        let words = self.words;
        let before = incident.attempts.len().saturating_sub(limit);
        if before > 0 {
            self.add("tried", &words.text("mail.tried.before", &[("count", &before.to_string())]));
        }
        let is_over = incident.closed.is_some() || incident.escalated.is_some();
        for (index, attempt) in incident.attempts.iter().enumerate().skip(before) {
            match attempt.outcome {
                None if !is_over => self.add("trying", &trying(index + 1, attempt, incident.opened, words)),
                _ => self.add("tried", &tried(attempt, incident.opened, words)),
            }
        }
        if let Some(at) = incident.escalated {
            let at = words.time(at);
            let is_open = incident.closed.is_none();
            self.add("gave_up", &if is_open { words.text("mail.gave_up", &[("at", &at)]) } else { at });
        }
    }

    fn background(&mut self, incident: &Incident, news: &News) {
        let words = self.words;
        self.add("before", &before(&incident.before, incident.opened, words));
        if matches!(news, News::Flapping { .. }) {
            self.add("note", &words.text("mail.note.flapping", &[]));
        }
    }

    /// Why a program is only tried now and then, and how it ended when it ran last.
    fn cooling(&mut self, alert: &Alert, trouble: &ProgramTrouble, last_end: Option<&Ended>) {
        let words = self.words;
        self.add("why", &words.program_trouble(trouble));
        if let Some(ended) = last_end {
            self.add("ended", &format!("{}, {}", words.exit(ended.exit), words.time(ended.at)));
            ended.left.iter().take(LEFT_LIMIT).for_each(|left| self.add("left", &words.leftover(left)));
        }
        self.add("next", &words.cooling(&one_line(&alert.subject, VALUE_LIMIT)));
    }

    /// Where a run failed and why, and what is to be known of the run as a whole.
    fn run(&mut self, record: &RunRecord, created: Timestamp) {
        let (words, run) = (self.words, &record.run);
        if let Some(at) = FailedAt::of(record) {
            self.add("at_step", &at.step.name);
            self.add("action", &words.step_action(&at.step.action));
            at.why(words).iter().for_each(|why| self.add("why", why));
            if let Some((took, usual)) = at.seen.and_then(StepRun::unusual) {
                let values = [("took", words.span(took)), ("usual", words.span(usual))];
                let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
                self.add("step_took", &words.text("mail.step_took", &values));
            }
        }
        self.undoings(record);
        let skipped = skipped(record, words);
        if !skipped.is_empty() {
            self.add("skipped", &names(skipped.into_iter(), VALUE_LIMIT, words));
        }
        self.since_success(run);
        self.add("began", &words.time(run.began));
        self.add("trigger", &words.run_cause(&run.cause));
        self.add("lasted", &words.span(took(run, created)));
        self.add("do", &words.text("mail.run.show", &[("run", &run.id.to_string())]));
    }

    /// What was undone; what was not comes first.
    fn undoings(&mut self, record: &RunRecord) {
        let (undone, not_undone): (Vec<_>, Vec<_>) = Undoing::all(record).into_iter().partition(Undoing::is_well);
        for (label, undoings) in [("not_undone", not_undone), ("undone", undone)] {
            undoings.iter().take(LEFT_LIMIT).for_each(|undoing| self.add(label, &undoing.told(self.words)));
            self.more(label, undoings.len());
        }
    }

    /// What is different from the last run that succeeded.
    fn since_success(&mut self, run: &Run) {
        let words = self.words;
        let Some(compared) = &run.compared else {
            return self.add("last_success", &words.text("mail.last_success.none", &[]));
        };
        let (run, at) = (compared.run.to_string(), words.time(compared.ended));
        self.add("last_success", &words.text("mail.last_success", &[("run", &run), ("at", &at)]));
        let changes = words.differences(compared);
        if changes.is_empty() {
            self.add("changed", &words.text("mail.changed.nothing", &[]));
        }
        changes.iter().take(LEFT_LIMIT).for_each(|change| self.add("changed", change));
        self.more("changed", changes.len());
    }

    /// How many there are beyond those that are told, if there are so many in all.
    fn more(&mut self, label: &str, all: usize) {
        let beyond = all.saturating_sub(LEFT_LIMIT);
        if beyond > 0 {
            self.add(label, &self.words.text("mail.more_rows", &[("count", &beyond.to_string())]));
        }
    }

    /// How, and until when, a question is answered, and what becomes of the run if it is not.
    fn approval(&mut self, run: RunId, step: &str, until: Timestamp, otherwise: Otherwise) {
        let words = self.words;
        self.add("step", step);
        self.add("answer_by", &words.time(until));
        let key = match otherwise {
            Otherwise::Fail => "mail.unanswered.fail",
            Otherwise::Continue => "mail.unanswered.continue",
        };
        self.add("unanswered", &words.text(key, &[]));
        self.add("do", &words.text("mail.approval", &[("run", &run.to_string())]));
    }

    /// What to do about what is wrong with a fleet; or what Estatus does, where it can help itself.
    fn fleet(&mut self, alert: &Alert, trouble: Trouble, reason: Option<ProviderErrorKind>) {
        let label = if trouble == Trouble::Lost { "next" } else { "do" };
        self.add(label, &remedy(trouble, reason, &alert.subject, self.words));
    }

    /// What to do about a flow that is begun too often.
    fn suppressed(&mut self, alert: &Alert) {
        let flow = argument(&one_line(&alert.subject, VALUE_LIMIT));
        self.add("do", &self.words.text("mail.suppressed", &[("flow", &flow)]));
    }
}

/// A name as it is typed after a command.
fn argument(name: &str) -> String {
    let is_one_word = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'));
    if is_one_word { name.to_owned() } else { format!("\"{name}\"") }
}

/// A try, and how it went where that is known.
fn tried(attempt: &Attempt, opened: Timestamp, words: &Words) -> String {
    let [deed, at] = [words.deed(&attempt.deed), words.time_beside(attempt.began, opened)];
    match &attempt.outcome {
        None => words.text("mail.tried.begun", &[("deed", &deed), ("at", &at)]),
        Some(outcome) => {
            let values = [("deed", deed.as_str()), ("at", &at), ("outcome", &words.outcome(outcome))];
            words.text("mail.tried.ended", &values)
        }
    }
}

/// The try with this number, which is under way.
fn trying(number: usize, attempt: &Attempt, opened: Timestamp, words: &Words) -> String {
    let [doing, at] = [words.doing(&attempt.deed), words.time_beside(attempt.began, opened)];
    words.text("mail.trying", &[("doing", &doing), ("at", &at), ("number", &number.to_string())])
}

fn before(before: &Before, opened: Timestamp, words: &Words) -> String {
    let mut parts = Vec::new();
    if let Some(since) = before.up_since {
        let values = [("since", words.time(since)), ("lasted", words.span(elapsed(since, opened)))];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        parts.push(words.text("mail.before.up", &values));
    }
    if let Some(at) = before.last_good {
        parts.push(words.text("mail.before.last_good", &[("at", &words.time(at))]));
    }
    if let Some(latency) = before.usual_latency {
        parts.push(words.text("mail.before.usual", &[("latency", &words.span(latency))]));
    }
    if parts.is_empty() { words.text("mail.before.never", &[]) } else { parts.join("; ") }
}
