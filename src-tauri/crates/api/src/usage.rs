//! What programs and this machine use, now and over time.

use std::sync::Arc;

use estatus_core::{program::ProgramState, usage::Measure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whose use of the machine is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "kind", content = "name")]
pub enum UsedBy {
    /// A program's.
    Program(String),
    /// That of the machine, as a `host` monitor has measured it.
    Monitor(String),
}

/// What was used over a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UsageHistory {
    /// The length of a piece, in seconds: a multiple of minutes, hours or days of UTC.
    pub piece: f64,
    /// Each measure of which something is known.
    pub series: Vec<UsageSeries>,
    /// When a program was started, and why, the oldest first; the newest ones if they are very many.
    pub starts: Vec<ProgramChange>,
}

/// What is known of one measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UsageSeries {
    /// The measure.
    pub measure: Measure,
    /// Its limit in the configuration: of free space the least, of all else the most.
    pub limit: Option<f64>,
    /// The pieces in which it was measured, the oldest first; others are left out.
    pub points: Vec<UsagePoint>,
}

/// What was measured in a piece, in the measure's unit: percent, bytes or waiting threads.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct UsagePoint {
    /// When the piece begins.
    pub at: Timestamp,
    /// The mean.
    pub mean: f64,
    /// The least that was measured.
    pub least: f64,
    /// The most.
    pub most: f64,
}

/// A program came to stand differently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ProgramChange {
    /// When.
    pub at: Timestamp,
    /// How it stood from then on.
    pub to: ProgramState,
    /// Why, in the language that was chosen then.
    pub why: Option<String>,
}

/// What the processes of a program use together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Usage {
    /// The program.
    pub program: Arc<str>,
    /// Its resident memory, in bytes.
    pub memory: u64,
    /// Its CPU since it was last looked at, in percent of one core; nothing at the first look.
    pub cpu: Option<f64>,
}
