//! What the tests of the network checks share.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod authority;
pub(crate) mod nginx;
pub(crate) mod openssl;
pub(crate) mod server;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_core::{
    check::{CertificateAssertions, Check, CodeRange, HttpCheck, Redirects, TextAssertions, Trust},
    command::{CommandOutcome, CommandRun},
    observation::{Cause, Observation, Phase, Verdict},
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
};
use estatus_probe::Prober;

/// Long enough for whatever works, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Short enough for whatever does not.
pub(crate) const IMPATIENCE: Duration = Duration::from_millis(300);

/// Knows the secrets that tests name by variables.
pub(crate) struct Secrets(pub BTreeMap<&'static str, &'static str>);

impl Ports for Secrets {
    fn run(&self, _: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        panic!("no command is run here")
    }

    fn secret<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        let found = match place {
            SecretRef::Env(name) => self.0.get(name.as_str()).map(|text| Secret::new(*text)),
            _ => None,
        };
        Box::pin(async { found.ok_or_else(|| SecretError("the variable is not set".to_owned())) })
    }
}

/// A prober that knows the secret `hunter22` by the name `SECRET`.
pub(crate) fn prober() -> Prober {
    Prober::new(Arc::new(Secrets(BTreeMap::from([("SECRET", "hunter22")]))))
}

/// A check of `url` that asks for nothing but a good status.
pub(crate) fn http(url: &str) -> HttpCheck {
    HttpCheck {
        url: url.parse().unwrap(),
        method: "GET".to_owned(),
        headers: Vec::new(),
        secret_headers: Vec::new(),
        body: None,
        auth: None,
        redirects: Redirects::Follow { at_most: 3 },
        accept: vec![CodeRange { first: 200, last: 299 }],
        text: TextAssertions::default(),
        json: Vec::new(),
        below: None,
        ip: None,
        proxy: None,
        certificate: CertificateAssertions { trust: Trust::Machine, warn_days: 14 },
        body_limit: 1 << 20,
    }
}

/// Runs `check` with time to spare.
pub(crate) async fn probe(check: HttpCheck) -> Observation {
    prober().probe(&Check::Http(Box::new(check)), PATIENCE).await
}

/// Expects an observation that all is well.
#[track_caller]
pub(crate) fn assert_up(observation: &Observation, seen: &str) {
    assert_eq!(observation.failure, None);
    assert_eq!((observation.verdict, observation.seen.as_str()), (Verdict::Up, seen));
}

/// Expects a failure.
#[track_caller]
pub(crate) fn assert_down(observation: &Observation, phase: Phase, cause: &Cause) {
    let failure = observation.failure.as_ref().expect("it failed");
    assert_eq!((failure.phase, &failure.cause), (phase, cause));
    assert_eq!(observation.verdict, Verdict::Down);
}

/// The evidence of a failure.
#[track_caller]
pub(crate) fn evidence(observation: &Observation) -> &str {
    observation.failure.as_ref().and_then(|failure| failure.evidence.as_deref()).expect("evidence was kept")
}
