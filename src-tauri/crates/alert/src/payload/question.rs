//! What a step of a flow asks, or has to tell.

use estatus_core::{Timestamp, flow::Otherwise, incident::News};
use serde::Serialize;

use crate::{report::SPEECH_LIMIT, text::lines};

/// A step that asks whether it may go on: `estatus flow approve` and `estatus flow deny` answer it.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadApproval {
    /// The number of the run, as `estatus flow approve` takes it.
    pub run: u64,
    /// The step's name.
    pub step: String,
    /// What it asks, with its lines.
    pub question: String,
    /// Until when it can be answered.
    pub until: Timestamp,
    /// What becomes of the step if nobody answers: `fail`, or `continue` (it has succeeded).
    pub otherwise: Otherwise,
}

/// A step that has something to tell.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadTold {
    /// The number of the run, as `estatus flow show` takes it.
    pub run: u64,
    /// The step's name.
    pub step: String,
    /// What it tells, with its lines.
    pub text: String,
}

impl PayloadApproval {
    pub(super) fn new(news: &News) -> Option<Self> {
        let News::Approval { run, step, question, until, otherwise } = news else { return None };
        let question = lines(question, SPEECH_LIMIT);
        Some(Self { run: run.0, step: step.to_string(), question, until: *until, otherwise: *otherwise })
    }
}

impl PayloadTold {
    pub(super) fn new(news: &News) -> Option<Self> {
        let News::Told { run, step, text } = news else { return None };
        Some(Self { run: run.0, step: step.to_string(), text: lines(text, SPEECH_LIMIT) })
    }
}
