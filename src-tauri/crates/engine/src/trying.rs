//! What is tried before it is saved: a probe, a test message, a start of a program that is stopped again.
//!
//! A trial belongs to the connection that wants it: where that is gone, so is the trial. The core hears of none.

mod program;

use std::{collections::BTreeMap, future::ready, sync::Arc};

use estatus_alert::Courier;
use estatus_api::{ApiError, Edit, ErrorCode, Reply, TrialOf, Tried, TypedSecret};
use estatus_core::{
    config::{Channel, Config, Monitor},
    engine::{Judge, Judged},
    incident::DeliveryResult,
    observation::{Observation, Verdict},
    ports::BoxFuture,
    secret::Secret,
    words::Words,
};
use estatus_probe::Prober;
use jiff::Timestamp;
use tokio::sync::oneshot;

pub(crate) use self::program::ProgramTrial;
use crate::{
    TESTER,
    bounded::{GRACE, bounded},
    clock,
    log_lines::Lines,
    ports::EnginePorts,
    tasks::{DELIVERS_WITHIN, broken, delivery_lost, nothing_seen},
    view,
};

/// What a client wants to be tried.
pub(crate) struct Wanted {
    pub(crate) edits: Vec<Edit>,
    pub(crate) of: TrialOf,
    pub(crate) secrets: Vec<TypedSecret>,
    /// How many trials of this client are under way.
    pub(crate) beside: usize,
}

/// The same, with the configuration as it would be.
pub(crate) struct ToTry {
    pub(crate) config: Box<Config>,
    pub(crate) wanted: Wanted,
    pub(crate) answer: TryAnswer,
}

/// Where a trial goes that begins.
pub(crate) type TryAnswer = oneshot::Sender<Result<Trying, ApiError>>;

/// So many trials of one client may be under way.
pub(crate) const TRIALS_LIMIT: usize = 4;

/// A trial that is under way. When this is dropped, it ends.
pub(crate) struct Trying {
    pub(crate) outcome: BoxFuture<'static, Result<Reply, ApiError>>,
    /// Of a program.
    pub(crate) program: Option<TriedProgram>,
    /// What is said where it is given up.
    pub(crate) given_up: ApiError,
}

/// A program that is being tried.
pub(crate) struct TriedProgram {
    /// When this is dropped, it is stopped.
    pub(crate) stop: Option<oneshot::Sender<()>>,
    /// Those that are not ready after which it is started otherwise.
    pub(crate) unready: Vec<Arc<str>>,
    /// What it writes, once it is there to be read.
    pub(crate) log: Option<oneshot::Receiver<LiveLog>>,
}

/// What a program writes that is being tried.
pub(crate) struct LiveLog {
    pub(crate) lines: Lines,
    /// What was written before is another's.
    pub(crate) began: Timestamp,
}

impl Trying {
    /// One that is given up when nobody polls it any more.
    pub(crate) fn new(outcome: BoxFuture<'static, Result<Reply, ApiError>>, words: &Words) -> Self {
        let given_up = ApiError { code: ErrorCode::Failed, message: words.text("trial.given_up", &[]) };
        Self { outcome, program: None, given_up }
    }

    /// One of which all is known already.
    pub(crate) fn known(reply: Reply, words: &Words) -> Self {
        Self::new(Box::pin(ready(Ok(reply))), words)
    }
}

/// What trials of one configuration have in common.
pub(crate) struct Trier {
    pub(crate) words: Words,
    pub(crate) ports: EnginePorts,
}

impl Trier {
    /// What `config` says of secrets and of the language holds, and `secrets` are those that were typed in.
    pub(crate) fn new(config: &Config, ports: EnginePorts, secrets: Vec<TypedSecret>) -> Self {
        let typed: BTreeMap<String, Secret> =
            secrets.into_iter().map(|TypedSecret { name, value }| (name, value.0)).collect();
        Self { words: view::words(config), ports: ports.with_typed(typed) }
    }

    /// Probes `monitor` once. A failure that may be our own network's is put to `judge`, as one of a monitor is to the core.
    pub(crate) async fn probe(self, monitor: Arc<Monitor>, mut judge: Judge) -> Tried {
        let prober = Prober::new(Arc::new(self.ports));
        let began = clock::now().monotonic;
        let probed = bounded(monitor.timeout + GRACE, prober.probe(&monitor.check, monitor.timeout)).await;
        let observation = probed.unwrap_or_else(|| broken(&monitor));
        let observation = match judge.probed(&monitor.check, observation, began, clock::now().monotonic) {
            Judged::Known(observation) => observation,
            Judged::Asks(unjudged, question) => {
                let answer = bounded(GRACE, prober.ask_network(&question)).await.unwrap_or_else(nothing_seen);
                judge.answered(*unjudged, &answer)
            }
        };
        seen(&self.words, &observation)
    }

    /// Sends a test message to the channel that is called `name`.
    pub(crate) async fn send(self, name: String, channel: Channel) -> Tried {
        let courier = Courier::new(Arc::new(self.ports), TESTER.to_owned());
        let sent = bounded(DELIVERS_WITHIN, courier.test(&name, &channel, &self.words)).await;
        match sent.unwrap_or_else(|| delivery_lost(&self.words)) {
            DeliveryResult::Delivered => told(Verdict::Up, accepted(&self.words, &channel)),
            DeliveryResult::Failed { error, .. } => {
                told(Verdict::Down, self.words.text("trial.not_delivered", &[("error", &error)]))
            }
        }
    }
}

/// What was observed of a monitor.
pub(crate) fn seen(words: &Words, observation: &Observation) -> Tried {
    let seen = view::last_seen(words, observation);
    Tried { verdict: observation.verdict, text: seen.detail.clone(), seen: Some(seen), lines: Vec::new() }
}

fn told(verdict: Verdict, text: String) -> Tried {
    Tried { verdict, text, seen: None, lines: Vec::new() }
}

/// That a channel has taken a message.
fn accepted(words: &Words, channel: &Channel) -> String {
    match channel {
        Channel::Email(email) => {
            let (server, to) = (email.server.to_string(), email.to.join(", "));
            words.text("trial.accepted.email", &[("server", &server), ("to", &to)])
        }
        Channel::Webhook(webhook) => webhook.receiver.service().map_or_else(
            || words.text("trial.accepted.secret_webhook", &[]),
            |service| words.text("trial.accepted.webhook", &[("host", service)]),
        ),
        Channel::Command(_) => words.text("trial.accepted.command", &[]),
    }
}
