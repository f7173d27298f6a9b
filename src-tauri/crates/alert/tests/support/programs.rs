//! Examples of what is told of programs and remedies.

use std::time::Duration;

use estatus_core::{
    exit::Exit,
    ids::StartId,
    incident::{Alert, Incident, News},
    observation::{Cause, Failure, Phase},
    program::{Ended, EndedBy, Leftover, ProgramTrouble, RestartCount, StartFailure},
    remedy::{Attempt, Outcome, RemedyError, RemedyKind},
};

use super::{alert, at, incident};

/// The monitor of the second source document.
pub fn web_answers(news: News) -> Alert {
    alert("web answers", "http://127.0.0.1:5173/", news)
}

/// A program that is told of.
pub fn program(name: &str, news: News) -> Alert {
    Alert { subject: name.into(), check: None, target: "npm run dev -- --port 5173".to_owned(), news }
}

pub fn attempt(deed: RemedyKind, second: u32, outcome: Option<Outcome>) -> Attempt {
    Attempt {
        deed,
        began: at(&format!("2026-03-01T18:00:{second:02}Z")),
        ended: outcome.as_ref().map(|_| at(&format!("2026-03-01T18:00:{:02}Z", second + 3))),
        outcome,
        output: Vec::new(),
        run: None,
    }
}

pub fn restart() -> RemedyKind {
    RemedyKind::Restart { program: "web".to_owned() }
}

pub fn run() -> RemedyKind {
    RemedyKind::Run { command: "./heal.sh <now>".to_owned() }
}

fn still_down() -> Option<Outcome> {
    Some(Outcome::StillDown(Failure::new(Phase::Connect, Cause::Refused)))
}

fn lines(all: &[&str]) -> Vec<String> {
    all.iter().map(|line| (*line).to_owned()).collect()
}

/// An incident of which `attempts` are all that is known.
pub fn tried(attempts: Vec<Attempt>) -> Incident {
    let failure = Failure::new(Phase::Connect, Cause::Refused);
    Incident {
        monitor: "web answers".into(),
        cause: failure.clone(),
        last: failure,
        before: Default::default(),
        attempts,
        ..incident()
    }
}

/// Two tries have failed and the third is under way.
pub fn being_healed() -> Incident {
    let mut first = attempt(restart(), 1, still_down());
    first.output = lines(&["> vite --port 5173", "\u{1b}[31merror\u{1b}[0m: <b>config</b> & \"plugins\"", ""]);
    let not_done = Some(Outcome::NotDone(RemedyError::Ended { exit: Exit::Code(1) }));
    tried(vec![first, attempt(restart(), 3, not_done), attempt(restart(), 6, None)])
}

/// The second try has healed it.
pub fn healed() -> Incident {
    let mut incident = tried(vec![attempt(restart(), 1, still_down()), attempt(restart(), 6, Some(Outcome::Healed))]);
    incident.closed = Some(at("2026-03-01T18:00:09Z"));
    incident
}

/// All three tries have failed.
pub fn given_up() -> Incident {
    let mut last = attempt(run(), 6, still_down());
    last.output = lines(&["nothing to heal"]);
    let failed = Some(Outcome::NotDone(RemedyError::Command { error: "exit code 3".to_owned() }));
    let mut incident = tried(vec![attempt(run(), 1, still_down()), attempt(run(), 3, failed), last]);
    incident.escalated = Some(at("2026-03-01T18:00:07Z"));
    incident
}

pub fn end() -> Ended {
    Ended {
        start: StartId(12),
        exit: Exit::Code(137),
        at: at("2026-03-01T18:00:05Z"),
        left: vec![Leftover::Process { pid: 4711, name: "node".to_owned() }],
        tail: lines(&["building 1 %\rbuilding 99 %", "<script>alert(1)</script>", "Killed"]),
        background: Vec::new(),
        by: EndedBy::Itself,
    }
}

/// A program that ends again and again.
pub fn cooling() -> Alert {
    let count = RestartCount { restarts: 5, within: Duration::from_secs(60) };
    program("web", News::Cooling { trouble: ProgramTrouble::TooManyRestarts(count), last_end: Some(end()) })
}

/// A program that has never run.
pub fn cannot_start() -> Alert {
    let failure = StartFailure::PortHeld { port: 5173, holder: Some("node (pid 4711)".to_owned()) };
    program("my web", News::Cooling { trouble: ProgramTrouble::CannotStart(failure), last_end: None })
}

/// A start with the last good version of the configuration.
pub fn stale() -> Alert {
    let error =
        "/home/me/estatus.toml:4:1: unknown key \"evry\"; did you mean \"every\"?\n/home/me/estatus.toml:9:9: <b>"
            .to_owned();
    let news = News::Stale { error, kept: "/home/me/data/last-good.toml".to_owned() };
    Alert { subject: "estatus.toml".into(), check: None, target: "/home/me/estatus.toml".to_owned(), news }
}
