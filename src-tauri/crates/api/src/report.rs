//! How a month went, as a file.

use serde::{Deserialize, Serialize};

/// A month of the calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ReportMonth {
    /// The one that goes on.
    Current,
    /// The one before it.
    Last,
    /// A month like `2026-10`, which must have begun.
    Of(String),
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// One page that needs no other file, in the configuration's language.
    Html,
    /// Comma-separated values (RFC 4180): a line for each monitor, spans in seconds, times in UTC.
    Csv,
    /// The same: a line for each incident.
    IncidentsCsv,
    /// All of it as JSON.
    Json,
}

/// A file that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Document {
    /// What it may be called, like `estatus-2026-10.html`.
    pub name: String,
    /// What stands in it.
    pub text: String,
}
