//! `estatus doctor`: what is different for Estatus as a service, each with its remedy. Nothing is changed by looking.

mod commands;
mod lookup;
mod ports;
mod rights;
mod secrets;
mod variables;

use std::path::Path;

use estatus_config::{Defaults, Problems};
use estatus_core::{
    config::{Config, Language},
    words::{Part, Reason},
};
use serde::Serialize;

use super::{
    access::Shared,
    handover::Rival,
    platform::{self, Wanted},
};
use crate::{CommandError, show};

/// Something that is different for the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Whether something has to be done about it.
    problem: bool,
    /// What it is about.
    about: Part,
    /// What is different.
    what: Reason,
    /// What to do about it, in one sentence.
    remedy: Reason,
}

/// A finding in a reader's language.
#[derive(Debug, Serialize)]
pub(super) struct FindingInWords {
    problem: bool,
    about: String,
    what: String,
    remedy: String,
}

impl Finding {
    /// Something that has to be done about, or it does not work.
    pub(super) fn problem(about: impl Into<Part>, what: Reason, remedy: Reason) -> Self {
        Self { problem: true, about: about.into(), what, remedy }
    }

    /// Something that is good to know.
    pub(super) fn note(about: impl Into<Part>, what: Reason, remedy: Reason) -> Self {
        Self { problem: false, ..Self::problem(about, what, remedy) }
    }

    /// What is different, and what to do about it, in English.
    pub(super) fn in_one_line(&self) -> String {
        format!("{}. {}", self.what, self.remedy)
    }

    /// Whether something has to be done about it.
    pub(super) fn is_problem(&self) -> bool {
        self.problem
    }
}

/// Everything that is different for the service that is wanted, beside which `rivals` run: first what has to be done
/// something about. What is wrong with the configuration file is told in `language` if the file names none.
pub(super) fn examine(wanted: &Wanted, rivals: &[Rival], language: Language) -> Result<Vec<Finding>, CommandError> {
    // What others have written there is not read.
    if let Some(shared) = wanted.shared() {
        let (about, why) = (told!("security"), shared.why());
        return Ok(vec![match shared {
            Shared::ByOthers(_) => Finding::problem(about, why, told!("shared.close")),
            Shared::Unseen(..) => Finding::note(about, why, told!("unseen.see")),
        }]);
    }
    let mut findings = Vec::new();
    held(wanted, rivals, &mut findings);
    rights::of_estatus(wanted, &mut findings);
    platform::of_estatus(wanted, &mut findings);
    if wanted.config_now().exists() {
        match config_of(wanted, &Defaults { language, ..Defaults::of_system() }, &mut findings) {
            Ok(config) => of_config(wanted, &config, &mut findings),
            Err(problems) => findings.push(Finding::problem(
                told!("configuration"),
                told!("invalid", problems = problems.to_string()),
                told!("invalid.correct"),
            )),
        }
    }
    findings.sort_by_key(|finding| !finding.problem);
    findings.dedup();
    Ok(findings)
}

/// The configuration as the service is going to read it, wherever it stands now.
fn config_of(wanted: &Wanted, defaults: &Defaults, findings: &mut Vec<Finding>) -> Result<Config, Problems> {
    let now = wanted.config_now();
    let config = estatus_config::load(now, defaults)?;
    if now == wanted.config {
        return Ok(config);
    }
    let moved = estatus_config::parse(&estatus_config::text(now, defaults)?, &wanted.config, defaults)?;
    let folder = |file: &Path| file.parent().unwrap_or(Path::new("")).display().to_string();
    if moved != config {
        findings.push(Finding::problem(
            told!("configuration"),
            told!("moved", to = folder(&wanted.config), from = folder(now)),
            told!("moved.write", file = now.display()),
        ));
    }
    Ok(moved)
}

/// What was found, in `language`.
pub(super) fn in_words(findings: &[Finding], language: Language) -> Vec<FindingInWords> {
    let in_words = |finding: &Finding| FindingInWords {
        problem: finding.problem,
        about: finding.about.in_words(language),
        what: finding.what.in_words(language),
        remedy: finding.remedy.in_words(language),
    };
    findings.iter().map(in_words).collect()
}

/// Prints what was found.
pub(super) fn print(findings: &[Finding], language: Language) {
    let paint = show::Paint::for_stdout();
    for FindingInWords { problem, about, what, remedy } in in_words(findings, language) {
        let mark = if problem { paint.warning("!") } else { "·".to_owned() };
        say!("{mark} {}: {}", show::one_line(&about), show::one_line(&what));
        say!("    {}", show::one_line(&remedy));
    }
}

fn of_config(wanted: &Wanted, config: &Config, findings: &mut Vec<Finding>) {
    let commands = commands::of(config);
    let environment = wanted.environment();
    lookup::missing(wanted, &environment, &commands, findings);
    rights::of_commands(wanted, &commands, findings);
    variables::missing(wanted, &environment, config, &commands, findings);
    let secrets = secrets::of(config, &commands);
    secrets::out_of_reach(wanted, &secrets, findings);
    ports::held(wanted, config, findings);
    platform::of_paths(wanted, &commands, &secrets, findings);
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
            told!("engine"),
            told!("left", data = data.display(), names = left.join(", ")),
            told!("left.stop"),
        )
    })
}

pub(super) use commands::Started;
