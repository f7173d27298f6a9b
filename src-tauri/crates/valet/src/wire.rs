//! What is said between a test and its valet: lines of JSON. A test says one, and then nothing until it hangs up.

use serde::{Deserialize, Serialize};

/// What is to be started.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Order {
    /// What only those know who may ask.
    pub(crate) token: String,
    pub(crate) program: String,
    pub(crate) args: Vec<String>,
    pub(crate) folder: Option<String>,
    pub(crate) env: Vec<(String, String)>,
    /// All of its standard input; without it, that stays open.
    pub(crate) input: Option<String>,
}

/// What is told of it. The first is that it was started, or not.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Told {
    Started,
    /// For this reason.
    CannotStart(String),
    /// A line of its standard output.
    Out(String),
    /// A line of its standard error.
    Err(String),
    /// With this exit code, if it was not killed.
    Ended(Option<i32>),
}
