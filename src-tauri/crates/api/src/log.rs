//! What programs and steps wrote.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A line that a program wrote, or a part of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LogLine {
    /// When it was taken from the program.
    pub at: Timestamp,
    /// Where it was written to; nothing if Estatus itself says what was lost.
    pub stream: Option<LogStream>,
    /// Text of the outside world.
    pub text: String,
    /// Whether the line goes on with the next of its stream.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub part: bool,
    /// Where it stands in the log; nothing if it stands in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional = nullable))]
    pub place: Option<LogPlace>,
}

/// One of the two that a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// A place in a log, which a line keeps for as long as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LogPlace {
    /// The number of the file.
    pub file: u64,
    /// How many bytes of it come before.
    pub at: u64,
}

/// From where on a log is read, and in which direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "from", content = "place")]
pub enum LogFrom {
    /// Backwards from its end.
    End,
    /// Backwards from a place: the lines before it.
    Before(LogPlace),
    /// Forwards: the lines after the one that begins there, or the first that is still there.
    After(LogPlace),
}

/// Lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct LogPage {
    /// The lines, the oldest first; perhaps fewer than there was to be read, even none.
    pub lines: Vec<LogLine>,
    /// Where to go on in the same direction; nothing if there is no more.
    pub rest: Option<LogPlace>,
}
