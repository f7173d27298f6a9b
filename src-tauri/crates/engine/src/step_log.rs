//! What the command of a step wrote in one run, in a log that it shares with those of all others.

use std::path::{Path, PathBuf};

use estatus_api::{LogLine, StepStatus};
use estatus_core::{
    command::DurableCommand,
    flow::{
        StepAction,
        run::{RunRecord, StepRun},
    },
    secret::{Secret, SecretRef},
};
use estatus_program::{Line, LogReader, command_folder};
use jiff::Timestamp;

use crate::view::log_line;

/// Where it is found, and what of it is shown.
#[derive(Clone)]
pub(crate) struct StepLog {
    pub(crate) folder: PathBuf,
    pub(crate) span: Span,
    /// Whatever is hidden in it.
    pub(crate) secrets: Vec<(String, Secret)>,
}

impl StepLog {
    /// The log of the step at `place` of a run, and the secrets that have to be fetched for it; nothing if there is no such
    /// step.
    pub(crate) fn of(data: &Path, record: &RunRecord, place: usize) -> Option<(Self, Vec<(String, SecretRef)>)> {
        let step = record.run.definition.steps.get(place)?;
        let places = match &step.action {
            StepAction::Run { command, .. } => command.secret_env.clone(),
            _ => Vec::new(),
        };
        let folder = command_folder(data, &DurableCommand::owner_of_step(&record.run.flow, &step.name));
        let span = record.steps.get(place).map(Span::of_run).unwrap_or_default();
        Some((Self { folder, span, secrets: Vec::new() }, places))
    }

    /// The last `lines` of it, the oldest first.
    pub(crate) fn last(&self, lines: usize) -> std::io::Result<Vec<LogLine>> {
        let Some(from) = self.span.from() else { return Ok(Vec::new()) };
        let read = LogReader::open(&self.folder)?.last_within(from, self.span.ended, lines)?;
        Ok(read.into_iter().map(|line| self.shown(line)).collect())
    }

    /// A line of it as clients see it.
    pub(crate) fn shown(&self, line: Line) -> LogLine {
        log_line(line.without(&self.secrets))
    }
}

/// When a step was under way, all its attempts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Span {
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
}

impl Span {
    fn of_run(step: &StepRun) -> Self {
        Self { began: step.began, ended: step.ended }
    }

    /// The same, as clients know it.
    pub(crate) fn of_status(step: &StepStatus) -> Self {
        Self { began: step.began, ended: step.ended }
    }

    /// Whether what was written at `at` belongs to it.
    pub(crate) fn has(self, at: Timestamp) -> bool {
        self.from().is_some_and(|from| at >= from) && self.ended.is_none_or(|ended| at <= ended)
    }

    /// Since when; in a log there are whole milliseconds.
    fn from(self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.began?.as_millisecond()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_the_millisecond_in_which_a_step_begins_belongs_to_it() {
        let at = |text: &str| -> Timestamp { format!("2026-11-21T12:40:{text}Z").parse().unwrap() };
        let check = |began: Option<&str>, ended: Option<&str>, written: &str, has: bool| {
            let span = Span { began: began.map(at), ended: ended.map(at) };
            assert_eq!(span.has(at(written)), has, "{began:?} {ended:?} {written}");
        };
        check(None, None, "05.123", false);
        check(Some("05.1239"), None, "05.122", false);
        check(Some("05.1239"), None, "05.123", true);
        check(Some("05.1239"), Some("06.5"), "06.500", true);
        check(Some("05.1239"), Some("06.5"), "06.501", false);
    }
}
