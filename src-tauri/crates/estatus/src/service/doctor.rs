//! `estatus doctor`: what is different for Estatus as a service, each with its remedy. Nothing is changed by looking.

mod commands;
mod lookup;
mod ports;
mod rights;
mod secrets;
mod variables;

use estatus_core::config::Config;
use serde::Serialize;

use super::platform::{self, Wanted};
use crate::{CommandError, configuration::defaults, show};

/// Something that is different for the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// Whether something has to be done about it.
    problem: bool,
    /// What it is about.
    about: String,
    /// What is different.
    what: String,
    /// What to do about it, in one sentence.
    remedy: String,
}

impl Finding {
    /// Something that has to be done about, or it does not work.
    pub(super) fn problem(about: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: true, about: about.into(), what: what.into(), remedy: remedy.into() }
    }

    /// Something that is good to know.
    pub(super) fn note(about: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { problem: false, ..Self::problem(about, what, remedy) }
    }

    /// Whether something has to be done about it.
    pub(super) fn is_problem(&self) -> bool {
        self.problem
    }
}

/// Everything that is different for the service that is wanted: first what has to be done something about.
pub(super) fn examine(wanted: &Wanted) -> Result<Vec<Finding>, CommandError> {
    let mut findings = Vec::new();
    held(wanted, &mut findings);
    rights::of_estatus(wanted, &mut findings);
    if wanted.config.exists() {
        match estatus_config::load(&wanted.config, &defaults()) {
            Ok(config) => of_config(wanted, &config, &mut findings),
            Err(problems) => findings.push(Finding::problem(
                "configuration",
                format!("it cannot be used: {problems}"),
                "Correct it; until then the service runs with its last valid version, or not at all.",
            )),
        }
    }
    findings.sort_by_key(|finding| !finding.problem);
    findings.dedup();
    Ok(findings)
}

/// Prints what was found.
pub(super) fn print(findings: &[Finding]) {
    let paint = show::Paint::for_stdout();
    for Finding { problem, about, what, remedy } in findings {
        let mark = if *problem { paint.warning("!") } else { "·".to_owned() };
        say!("{mark} {}: {}", show::one_line(about), show::one_line(what));
        say!("    {}", show::one_line(remedy));
    }
}

fn of_config(wanted: &Wanted, config: &Config, findings: &mut Vec<Finding>) {
    let commands = commands::of(config);
    let environment = wanted.environment();
    lookup::missing(wanted, &environment, &commands, findings);
    rights::of_commands(wanted, &commands, findings);
    variables::missing(wanted, &environment, config, &commands, findings);
    secrets::out_of_reach(wanted, config, &commands, findings);
    ports::held(wanted, config, findings);
    platform::differences(wanted, config, &commands, findings);
}

/// An engine that is not the service's has the data folder.
fn held(wanted: &Wanted, findings: &mut Vec<Finding>) {
    if wanted.is_running() {
        return;
    }
    if let Some(holder) = estatus_engine::holder_of(&wanted.data) {
        findings.push(Finding::problem(
            "engine",
            format!("Estatus already runs on {}: {holder}", wanted.data.display()),
            "Quit it (the tray by its menu, `estatus run` by Ctrl-C), then start the service; the tray connects to it.",
        ));
    }
}

pub(super) use commands::Started;
