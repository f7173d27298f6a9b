//! What the tests of deliveries share: the house around the courier, and examples of messages.
#![allow(dead_code, unreachable_pub, reason = "each test program uses its part")]

pub mod authority;
pub mod fleets;
pub mod flows;
pub mod programs;
pub mod scripted;
pub mod smtpd;
pub mod web;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_alert::Courier;
use estatus_core::{
    Timestamp,
    check::Kind,
    command::{CommandEnd, CommandOutcome, CommandRun, Run},
    config::Language,
    ids::{IncidentId, MessageId},
    incident::{Alert, Before, Delivery, DeliveryResult, Incident, Message, News},
    observation::{Cause, Failure, Phase, Warning},
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
    words::Words,
};
use estatus_valet::Fixture;
use jiff::tz::{Offset, TimeZone};

pub const PASSWORD: &str = "CONTRASEÑA_SUPER_SECRETA123";
pub const TOKEN: &str = "Bearer 7f3a9c51d0";

/// The house around the courier: secrets by name, commands run by `sh`.
pub struct TestPorts {
    secrets: BTreeMap<&'static str, String>,
}

impl Ports for TestPorts {
    fn run(&self, run: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        Box::pin(execute(run))
    }

    fn secret<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        Box::pin(async move {
            let SecretRef::Env(name) = place else { panic!("the tests keep secrets in the environment") };
            let secret = self.secrets.get(name.as_str()).map(|secret| Secret::new(secret.as_str()));
            secret.ok_or_else(|| SecretError(format!("the variable {name} is not set: set it")))
        })
    }
}

async fn execute(run: CommandRun) -> CommandOutcome {
    let Run::Shell(line) = run.command.run else { panic!("the tests run lines of the shell") };
    let shell = Fixture::new("sh").args(["-c".to_owned(), line]).envs(run.env).input(run.stdin.unwrap_or_default());
    let outcome = |end, stdout, stderr| CommandOutcome { end, stdout, stderr, took: Duration::ZERO, program: None };
    match tokio::task::spawn_blocking(move || shell.start().output_within(run.timeout)).await.unwrap() {
        None => outcome(CommandEnd::TimedOut { left: Vec::new() }, String::new(), String::new()),
        Some(output) => outcome(CommandEnd::Exited(output.code.unwrap()), output.out, output.err),
    }
}

pub fn courier() -> Courier {
    courier_with([("PASSWORD", PASSWORD.to_owned()), ("TOKEN", TOKEN.to_owned()), ("LINES", "a\nb".to_owned())])
}

/// A courier in a house that keeps `secrets`.
pub fn courier_with<const COUNT: usize>(secrets: [(&'static str, String); COUNT]) -> Courier {
    let secrets = BTreeMap::from(secrets);
    Courier::new(Arc::new(TestPorts { secrets }), "k3v9".to_owned())
}

pub fn secret(name: &str) -> SecretRef {
    SecretRef::Env(name.to_owned())
}

/// Words as they are read in Guadalajara.
pub fn words(language: Language) -> Words {
    Words::new(language, TimeZone::fixed(Offset::constant(-6)))
}

/// The failure that `result` is: the error, whether it was perhaps received, whether it is permanent. No secret is in it.
pub fn failure(result: DeliveryResult) -> (String, bool, bool) {
    let DeliveryResult::Failed { error, perhaps_received, permanent } = result else { panic!("it was delivered") };
    for secret in [PASSWORD, "Q09OVFJBU0XDkUFfU1VQRVJfU0VDUkVUQTEyMw", TOKEN] {
        assert!(!error.contains(secret), "a secret is in: {error}");
    }
    (error, perhaps_received, permanent)
}

pub fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

pub fn message(id: u64, alerts: Vec<Alert>) -> Message {
    Message {
        id: MessageId(id),
        channel: "email".to_owned(),
        alerts,
        created: at("2026-03-01T18:00:07Z"),
        answers: Vec::new(),
        delivery: Delivery::Sending { failed: 0, perhaps_received: false },
    }
}

pub fn alert(monitor: &str, target: &str, news: News) -> Alert {
    Alert { subject: monitor.into(), check: Some(Kind::Http), target: target.to_owned(), news }
}

/// The monitor of the first source document.
pub fn portfolio(news: News) -> Alert {
    alert("portfolio", "https://isaac-bh.github.io/", news)
}

/// Its incident: a status outside 200-299, twice.
pub fn incident() -> Incident {
    let cause = Cause::Status { code: 503, reason: "Service Unavailable".to_owned(), accepted: "200-299".to_owned() };
    let failure = Failure::new(Phase::Assertion, cause).with_evidence("<h1>Back soon</h1>\r\nTry again & again.");
    Incident {
        id: IncidentId(7),
        monitor: "portfolio".into(),
        opened: at("2026-03-01T18:00:00Z"),
        closed: None,
        cause: failure.clone(),
        last: failure,
        acknowledged: None,
        before: Before {
            up_since: Some(at("2026-02-27T17:00:00Z")),
            last_good: Some(at("2026-03-01T17:00:00Z")),
            usual_latency: Some(Duration::from_millis(120)),
        },
        attempts: Vec::new(),
        earlier_attempts: 0,
        escalated: None,
        measured: None,
    }
}

/// The same after it is over; at last it failed otherwise, and somebody knew.
pub fn closed_incident() -> Incident {
    Incident {
        closed: Some(at("2026-03-01T18:05:03Z")),
        last: Failure::new(Phase::FirstByte, Cause::TimedOut { after: Duration::from_secs(10) }),
        acknowledged: Some(at("2026-03-01T18:02:00Z")),
        ..incident()
    }
}

pub fn refused(monitor: &str) -> Alert {
    let failure = Failure::new(Phase::Connect, Cause::Refused);
    let incident = Incident { cause: failure.clone(), last: failure, before: Before::default(), ..incident() };
    alert(monitor, "127.0.0.1:5173", News::Down { incident })
}

pub fn warning() -> Alert {
    let warning =
        Warning::CertificateExpires { subject: "isaac-bh.github.io".to_owned(), not_after: at("2026-03-11T23:59:59Z") };
    portfolio(News::Warning { warning })
}
