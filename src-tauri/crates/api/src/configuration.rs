//! The configuration file, and what may be changed in it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A change to the configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "edit")]
pub enum Edit {
    /// Adds an entry, or replaces one: keys that are the same stay as they were written.
    Put {
        /// What it is.
        section: Section,
        /// The entry that is replaced; a new one if none is named.
        name: Option<String>,
        /// Its keys and values as in the file; the name of a channel, a flow or a fleet is not among them.
        #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
        table: serde_json::Value,
        /// The name of a new channel, flow or fleet, or the new name of one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        called: Option<String>,
    },
    /// Removes an entry.
    Remove {
        /// What it is.
        section: Section,
        /// Its name.
        name: String,
    },
    /// Sets a value that belongs to no entry.
    Set {
        /// The keys that lead to it, like `alerts` and `quiet_hours`.
        path: Vec<String>,
        /// The value as in the file; it is removed if there is none.
        #[cfg_attr(test, ts(type = "unknown"))]
        value: Option<serde_json::Value>,
    },
}

/// A part of the configuration file that has named entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// `[[monitor]]`
    Monitor,
    /// `[[program]]`
    Program,
    /// `[channel.NAME]`
    Channel,
    /// `[flow.NAME]`
    Flow,
    /// `[fleet.NAME]`
    Fleet,
}

/// The configuration file as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Configuration {
    /// Where it is.
    pub file: PathBuf,
    /// Its tables, as they are written; empty if they cannot be read.
    #[cfg_attr(test, ts(type = "Record<string, unknown>"))]
    pub tables: serde_json::Value,
    /// What is wrong with it.
    pub problems: Vec<ConfigProblem>,
}

/// Something wrong with the configuration file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ConfigProblem {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, in characters, counted from 1.
    pub column: usize,
    /// The keys that lead to it, like `monitor`, `2` and `every`; as many of them as are there.
    pub path: Vec<String>,
    /// What is wrong and, where that is known, what would be right.
    pub message: String,
}

/// What the file of another tool would add.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Imported {
    /// What kind of file it is, like `Procfile`.
    pub from: String,
    /// What is added; no name in it is taken.
    pub edits: Vec<Edit>,
    /// What was left out and why, each with the entry and the key: text of the outside world is in it.
    pub notes: Vec<String>,
}
