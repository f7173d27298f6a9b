//! What was done to heal an incident.

use estatus_core::{
    Timestamp,
    incident::Incident,
    remedy::{Attempt, Outcome, RemedyKind},
    words::Words,
};
use serde::Serialize;

use super::tag;
use crate::{report::speaking, text::tail};

/// One try to heal an incident.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadAttempt {
    /// What was done: `restart`, `start` or `stop` for a program, `flow` for a flow, or `run` for a command.
    pub deed: String,
    /// The program.
    pub program: Option<String>,
    /// The command.
    pub command: Option<String>,
    /// The flow.
    pub flow: Option<String>,
    /// When it began.
    pub began: Timestamp,
    /// When its outcome was known.
    pub ended: Option<Timestamp>,
    /// How it went: `healed`, `still_down` or `not_done`; `null` while it is under way.
    pub outcome: Option<String>,
    /// That in words, without a full stop.
    pub told: Option<String>,
}

impl PayloadAttempt {
    fn new(attempt: &Attempt, words: &Words) -> Self {
        let (program, command, flow) = match &attempt.deed {
            RemedyKind::Restart { program } | RemedyKind::Start { program } | RemedyKind::Stop { program } => {
                (Some(program), None, None)
            }
            RemedyKind::Run { command } => (None, Some(command), None),
            RemedyKind::Flow { flow } => (None, None, Some(flow)),
        };
        let outcome = attempt.outcome.as_ref();
        Self {
            deed: tag(&attempt.deed, "deed"),
            program: program.cloned(),
            command: command.cloned(),
            flow: flow.cloned(),
            began: attempt.began,
            ended: attempt.ended,
            outcome: outcome.map(|outcome: &Outcome| tag(outcome, "outcome")),
            told: outcome.map(|outcome| words.outcome(outcome)),
        }
    }
}

/// The last `limit` of `attempts`.
pub(super) fn newest(attempts: &[Attempt], limit: usize, words: &Words) -> Vec<PayloadAttempt> {
    let before = attempts.len().saturating_sub(limit);
    attempts.iter().skip(before).map(|attempt| PayloadAttempt::new(attempt, words)).collect()
}

/// The last lines that what was done about `incident` wrote.
pub(super) fn output(incident: &Incident) -> Vec<String> {
    speaking(incident).map(|attempt| tail(&attempt.output, usize::MAX)).unwrap_or_default()
}
