//! The last versions of the configuration file.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{ConfigProblem, Section};

/// What has become of an edit of the configuration file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Edited {
    /// What is wrong with the file as it would be; nothing, and it has been saved if that was wanted.
    pub problems: Vec<ConfigProblem>,
    /// The version that was saved, for [`crate::Request::Undo`]; nothing if the file says what it said before, or no
    /// version of it could be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

/// A version of the configuration file that is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Version {
    /// Its number; a later version has a higher one.
    pub id: u64,
    /// When it was saved or put in force.
    pub at: Timestamp,
    /// Whether the file says just this now.
    pub is_present: bool,
    /// What it changed of the version before it; nothing where that is not known, as of the oldest. Where it is empty, only
    /// comments and layout differ.
    pub changes: Option<Vec<VersionChange>>,
}

/// What a version changed of the entries of a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VersionChange {
    /// What was done with them.
    pub change: EntryChange,
    /// What they are; nothing for values that belong to no entry, like `alerts`.
    pub section: Option<Section>,
    /// How many there are.
    pub count: usize,
    /// The names of the first of them; five at most.
    pub names: Vec<String>,
}

/// What was done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum EntryChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

/// The text of a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VersionText {
    /// All of it.
    pub text: String,
    /// What putting it back would change in the file as it stands: 2,000 lines at most.
    pub difference: Vec<Hunk>,
    /// Whether there is more than that.
    pub is_cut: bool,
}

/// Lines of the file in which something differs, with those around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Hunk {
    /// The line of the file at which it begins, counted from 1.
    pub line: usize,
    /// Its lines.
    pub lines: Vec<HunkLine>,
}

/// A line, or what would become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HunkLine {
    /// Whether it would come or go; nothing if it would stay.
    pub change: Option<LineChange>,
    /// What it says, without its end.
    pub text: String,
}

/// What would become of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LineChange {
    /// It would come.
    Added,
    /// It would go.
    Removed,
}
