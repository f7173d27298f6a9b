//! `estatus probe`: one check, now, without an engine.

use std::time::Duration;

use estatus_api::LastSeen;
use estatus_config::Defaults;
use estatus_core::{
    check::Check,
    config::{Config, Language, Monitor},
    observation::{Observation, Verdict},
    words::Words,
};
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::{CommandError, Outcome, Result, configuration::Places, show};

/// What a probe saw, for `--json`.
#[derive(Serialize)]
struct Probed<'a> {
    target: String,
    kind: estatus_core::check::Kind,
    #[serde(flatten)]
    seen: LastSeen,
    remote: Option<std::net::IpAddr>,
    evidence: Option<&'a str>,
}

pub(crate) async fn probe(places: &Places, target: &str, json: bool) -> Result {
    let (check, timeout, mut config) = understand(places, target)?;
    config.language = Language::English;
    let observation = estatus_engine::probe(&check, timeout, &config, &places.data).await;
    let words = Words::new(Language::English, TimeZone::system());
    let detail =
        observation.failure.as_ref().map_or_else(|| observation.seen.clone(), |failure| words.failure(failure));
    let evidence = observation.failure.as_ref().and_then(|failure| failure.evidence.as_deref());
    let seen = LastSeen::new(&observation, detail);
    if json {
        let probed = Probed { target: check.target(), kind: check.kind(), seen, remote: observation.remote, evidence };
        show::json(&probed)?;
    } else {
        print(&check, &observation, &seen, &words);
    }
    Ok(if observation.verdict == Verdict::Up { Outcome::Well } else { Outcome::NotWell })
}

/// A monitor of the configuration by its name, or else a URL, or else HOST:PORT; and the configuration, as far as there is
/// one.
fn understand(places: &Places, target: &str) -> std::result::Result<(Check, Duration, Config), CommandError> {
    let known = places.load();
    if let Ok(config) = &known
        && let Some(monitor) = config.monitors.iter().find(|monitor| &*monitor.name == target)
    {
        return Ok((monitor.check.clone(), monitor.timeout, config.clone()));
    }
    let kind = if target.contains("://") { "http" } else { "tcp" };
    let looks_like_an_address = target.contains("://") || target.rsplit_once(':').is_some();
    if !looks_like_an_address {
        let neither = format!("“{target}” is neither a URL nor HOST:PORT");
        let file = places.config.display();
        return Err(CommandError::Wrong(match known {
            Ok(_) => format!("{neither} nor a monitor of {file}"),
            Err(CommandError::Wrong(why)) if places.config.exists() => {
                format!("{neither}, and the monitors are not known, because {file} is not valid:\n{why}")
            }
            Err(why) => format!("{neither}, and {why}"),
        }));
    }
    let check = one_monitor(kind, target)?.check.clone();
    Ok((check, Monitor::TIMEOUT, Config::default()))
}

/// The check that a configuration with just this target would make.
fn one_monitor(kind: &str, target: &str) -> std::result::Result<std::sync::Arc<Monitor>, CommandError> {
    let target = target.replace('\\', "\\\\").replace('"', "\\\"");
    let text = format!("[[monitor]]\nname = \"probe\"\n{kind} = \"{target}\"\n");
    let defaults = Defaults::of_system();
    let config = estatus_config::parse(&text, std::path::Path::new("target"), &defaults)
        .map_err(|problems| CommandError::Wrong(messages(&problems)))?;
    config.monitors.into_iter().next().ok_or_else(|| CommandError::Wrong("nothing to probe".to_owned()))
}

/// Lines and columns of a text that nobody wrote are left out.
fn messages(problems: &estatus_config::Problems) -> String {
    problems.0.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
}

fn print(check: &Check, observation: &Observation, seen: &LastSeen, words: &Words) {
    let paint = show::Paint::for_stdout();
    say!("{}  {}  {}", paint.verdict(observation.verdict), check.target(), show::one_line(&seen.detail));
    if let Some(remote) = observation.remote {
        say!("  {:<22} {remote}", "address");
    }
    for (phase, took) in observation.phases.iter() {
        let failed = if seen.failed_in == Some(phase) { "  failed here" } else { "" };
        say!("  {:<22} {:>10.3} ms{failed}", words.phase(phase), estatus_api::millis(took));
    }
    if let Some(latency) = seen.latency_ms {
        say!("  {:<22} {latency:>10.3} ms", "total");
    }
    if let Some(warning) = &observation.warning {
        say!("  {} {}", paint.warning("warning:"), words.warning(warning));
    }
    if let Some(evidence) = observation.failure.as_ref().and_then(|failure| failure.evidence.as_deref()) {
        say!();
        evidence.lines().take(12).for_each(|line| say!("  | {}", show::one_line(line)));
    }
}
