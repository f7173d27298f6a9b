//! What is wrong with a program.

use estatus_core::{
    Timestamp,
    incident::{Alert, News},
    program::ProgramTrouble,
    words::Words,
};
use serde::Serialize;

use super::tag;
use crate::{report::LEFT_LIMIT, text::tail};

/// A program that does not stay up, or cannot be started.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadProgram {
    /// Why it is only tried now and then, in one sentence without a full stop.
    pub trouble: String,
    /// The same as one word: `too_many_restarts`, or why it cannot be started (`port_held`, `program_missing`, …).
    pub trouble_kind: String,
    /// When it is tried again, and how it is at once, in one sentence without a full stop.
    pub next: String,
    /// How it ended the last time, as in `ESTATUS_LAST_EXIT`: the exit code, `SIGKILL`, or `unseen`.
    pub last_exit: Option<String>,
    /// What that means, in words.
    pub last_exit_told: Option<String>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What of it could not be ended, in one sentence each.
    pub left: Vec<String>,
    /// The last lines it wrote.
    pub output: Vec<String>,
}

impl PayloadProgram {
    /// What is wrong with the program that `alert` tells of, if it does.
    pub(super) fn new(alert: &Alert, words: &Words) -> Option<Self> {
        let News::Cooling { trouble, last_end } = &alert.news else { return None };
        let end = last_end.as_ref();
        let left = end.into_iter().flat_map(|end| &end.left);
        Some(Self {
            trouble: words.program_trouble(trouble),
            trouble_kind: match trouble {
                ProgramTrouble::CannotStart(failure) => tag(failure, "kind"),
                ProgramTrouble::TooManyRestarts(_) | ProgramTrouble::Daemon(_) | ProgramTrouble::NoAnswer => {
                    tag(trouble, "trouble")
                }
            },
            next: words.cooling(&alert.subject),
            last_exit: end.map(|end| end.exit.to_string()),
            last_exit_told: end.map(|end| words.exit(end.exit)),
            ended: end.map(|end| end.at),
            left: left.take(LEFT_LIMIT).map(|left| words.leftover(left)).collect(),
            output: end.map(|end| tail(&end.tail, usize::MAX)).unwrap_or_default(),
        })
    }
}
