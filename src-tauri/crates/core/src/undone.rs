//! Why something was not done that Estatus was to do: what a remedy was to do, and a step, each of which may be the other's.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    exit::Exit,
    observation::{Cause, Failure},
    program::StartFailure,
};

/// Why a remedy could not be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum RemedyError {
    /// The program could not be started.
    CannotStart {
        /// Why not.
        failure: StartFailure,
    },
    /// The program was not ready in time.
    NotReady {
        /// The time it had.
        within: Duration,
    },
    /// The program ended before it was ready.
    Ended {
        /// How.
        exit: Exit,
    },
    /// The program has been started too many times and is cooling.
    Cooling,
    /// The user stopped the program, and that holds.
    StoppedByUser,
    /// The program has ended as its restart policy wants.
    Finished,
    /// The command could not be run.
    Command {
        /// Why not, in English, or as the operating system said it.
        error: String,
    },
    /// The command ended, but not well.
    CommandEnded {
        /// How.
        exit: Exit,
    },
    /// The command had not ended when it had had its time.
    CommandTimedOut {
        /// Its time.
        within: Duration,
    },
    /// Estatus was restarted meanwhile.
    Interrupted,
    /// The configuration no longer names it.
    Gone,
    /// Its monitor was paused meanwhile, or is not enabled any more.
    Paused,
    /// The configuration has another remedy now.
    Changed,
    /// The flow is disabled, or taken out of the configuration.
    FlowOff {
        /// Which.
        flow: String,
    },
    /// The flow has begun as many runs as its budget allows.
    FlowSuppressed {
        /// Which.
        flow: String,
    },
    /// The flow is run by the very run that was to run it.
    FlowCircle {
        /// Which.
        flow: String,
    },
    /// The run of the flow did not succeed.
    FlowFailed {
        /// Which.
        flow: String,
        /// The step whose failure made it fail; nothing if the run was cancelled.
        failed: Option<Box<StepFailure>>,
    },
}

/// How a step failed that made its run fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepFailure {
    /// Its name.
    pub step: String,
    /// How many times it was begun.
    pub attempt: u32,
    /// How many times it could be.
    pub attempts: u32,
    /// Why it failed the last time.
    pub error: StepError,
}

/// Why a step failed. [`crate::words::Words::step_error`] puts it in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StepError {
    /// Its command ended so.
    Ended {
        /// How.
        exit: Exit,
    },
    /// Its command had not ended when it had had its time, and was ended.
    TimedOut {
        /// Its time.
        within: Duration,
    },
    /// Processes of its command could not be ended at its timeout.
    Left {
        /// Their pids.
        pids: Vec<u32>,
    },
    /// Its command could not be started.
    CannotStart {
        /// Why not, in English, or as the operating system said it.
        error: String,
    },
    /// The check did not pass.
    Down {
        /// Why not.
        failure: Failure,
    },
    /// Whether the check passes cannot be said.
    Inconclusive {
        /// Why not.
        cause: Option<Cause>,
    },
    /// The check did not pass in time.
    NeverUp {
        /// The time it had.
        within: Duration,
        /// Why it did not pass the last time.
        failure: Option<Failure>,
    },
    /// The program did not do what was wanted.
    Program {
        /// Why not.
        error: RemedyError,
    },
    /// The answer to its request was not as it should be, or there was none.
    Request {
        /// Why not.
        failure: Failure,
    },
    /// A text of it could not be filled with the results of earlier steps.
    Text {
        /// Why not, in English.
        error: String,
    },
    /// There is no channel to tell or ask anybody by.
    NoChannel,
    /// Somebody said no.
    Denied,
    /// Nobody answered in time.
    Unanswered {
        /// The time there was.
        within: Duration,
    },
    /// The flow that it runs did not do its work.
    Flow {
        /// Why not.
        error: RemedyError,
    },
    /// The configuration has no such monitor any more.
    NoSuchMonitor {
        /// Its name.
        monitor: Arc<str>,
    },
    /// Nobody saw how it ended: Estatus and what supervised it were killed.
    Unseen,
    /// Estatus was quit, or the machine was switched off, before it had ended.
    Interrupted,
    /// It had not ended at the deadline of its run.
    Deadline,
    /// Nothing was heard of it for too long.
    Lost,
}
