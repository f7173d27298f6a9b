//! What is known of the service.

use std::path::PathBuf;

use estatus_core::Timestamp;
use serde::Serialize;

use crate::{Outcome, Result, show};

/// What is known of the service.
#[derive(Debug, Default, Serialize)]
pub(super) struct Facts {
    /// Whether there is one.
    pub(super) installed: bool,
    /// Whether it starts at boot.
    pub(super) enabled: bool,
    /// Whether its engine runs.
    pub(super) running: bool,
    /// How it is in the service manager's own word.
    pub(super) state: Option<String>,
    /// The process of the engine.
    pub(super) pid: Option<u32>,
    /// Since when it is so.
    pub(super) since: Option<Timestamp>,
    /// How often the service manager has started it again.
    pub(super) restarts: Option<u64>,
    /// What the engine says of itself, or the service manager of how it ended.
    pub(super) says: Option<String>,
    /// As whom it runs.
    pub(super) account: Option<String>,
    /// Where the service manager has it from.
    pub(super) definition: Option<String>,
    /// The configuration file.
    pub(super) config: Option<PathBuf>,
    /// The data folder.
    pub(super) data: Option<PathBuf>,
}

/// `estatus service status`
pub(super) fn show(facts: &Facts, json: bool) -> Result {
    if json {
        show::json(facts)?;
    } else if facts.installed {
        for (name, value) in lines(facts) {
            say!("{name:<14} {}", show::one_line(&value));
        }
    } else {
        say!("The service is not installed: `estatus service install` does it.");
    }
    Ok(if facts.running { Outcome::Well } else { Outcome::NotWell })
}

fn lines(facts: &Facts) -> Vec<(&'static str, String)> {
    let path = |path: &PathBuf| path.display().to_string();
    let state = facts.state.clone().unwrap_or_else(|| "unknown".into());
    let pid = facts.pid.map(|pid| format!(", process {pid}")).unwrap_or_default();
    let since = facts.since.map(|since| format!(", since {}", show::time(since))).unwrap_or_default();
    let restarts = facts
        .restarts
        .filter(|count| *count > 0)
        .map(|count| format!("{count} by the service manager since it was started"));
    let known = [
        ("state", Some(format!("{state}{pid}{since}"))),
        ("says", facts.says.clone()),
        ("restarts", restarts),
        ("starts at boot", Some(if facts.enabled { "yes" } else { "no" }.to_owned())),
        ("account", facts.account.clone()),
        ("defined in", facts.definition.clone()),
        ("configuration", facts.config.as_ref().map(path)),
        ("data", facts.data.as_ref().map(path)),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
