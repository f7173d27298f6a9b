//! `estatus doctor`: what is different for Estatus as a service, each with its remedy. Nothing is changed by looking.

mod commands;
mod lookup;
mod ports;
mod rights;
mod secrets;
mod variables;

use std::{io, path::Path};

use estatus_config::Problems;
use estatus_core::config::Config;
use serde::Serialize;

use super::{
    handover::Rival,
    platform::{self, Wanted},
};
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

    /// What is different, and what to do about it.
    pub(super) fn in_one_line(&self) -> String {
        format!("{}. {}", self.what, self.remedy)
    }

    /// Whether something has to be done about it.
    pub(super) fn is_problem(&self) -> bool {
        self.problem
    }
}

/// Everything that is different for the service that is wanted, beside which `rivals` run: first what has to be done
/// something about.
pub(super) fn examine(wanted: &Wanted, rivals: &[Rival]) -> Result<Vec<Finding>, CommandError> {
    let mut findings = Vec::new();
    // What others have written there is not read.
    match wanted.shared() {
        Some(why) if why.kind() == io::ErrorKind::PermissionDenied => findings.push(Finding::problem(
            "security",
            why.to_string(),
            "Close it to others as is said, or say another --config or --data.",
        )),
        Some(why) => findings.push(Finding::note(
            "security",
            why.to_string(),
            "Run this as administrator (on Linux as root), who sees more.",
        )),
        None => {}
    }
    if !findings.is_empty() {
        return Ok(findings);
    }
    held(wanted, rivals, &mut findings);
    rights::of_estatus(wanted, &mut findings);
    if wanted.config_now().exists() {
        match config_of(wanted, &mut findings) {
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

/// The configuration as the service is going to read it, wherever it stands now.
fn config_of(wanted: &Wanted, findings: &mut Vec<Finding>) -> Result<Config, Problems> {
    let now = wanted.config_now();
    let config = estatus_config::load(now, &defaults())?;
    if now == wanted.config {
        return Ok(config);
    }
    let moved = estatus_config::parse(&estatus_config::text(now, &defaults())?, &wanted.config, &defaults())?;
    let folder = |file: &Path| file.parent().unwrap_or(Path::new("")).display().to_string();
    if moved != config {
        findings.push(Finding::problem(
            "configuration",
            format!(
                "it is moved to {}, and has relative paths, which start from there then and not from {}",
                folder(&wanted.config),
                folder(now)
            ),
            format!("Write them whole in {}.", now.display()),
        ));
    }
    Ok(moved)
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

/// What an engine that is not the service's runs, or has left running, of what the service is to run.
fn held(wanted: &Wanted, rivals: &[Rival], findings: &mut Vec<Finding>) {
    findings.extend(rivals.iter().map(Rival::finding));
    let runs = |data: &Path| rivals.iter().any(|rival| rival.data == data);
    // What was left running on the service's own folder is found again by it.
    let others = wanted.rivals().into_iter().filter(|data| *data != wanted.data && !runs(data));
    findings.extend(others.filter_map(left));
}

/// What an engine on `data` has left running, which one on another folder does not find.
pub(super) fn left(data: &Path) -> Option<Finding> {
    let left = estatus_program::left_running(data);
    (!left.is_empty()).then(|| {
        Finding::problem(
            "engine",
            format!("Estatus has left these running on {}: {}", data.display(), left.join(", ")),
            "Start Estatus as before, stop them with `estatus stop`, and quit it; the service starts its own.",
        )
    })
}

pub(super) use commands::Started;
