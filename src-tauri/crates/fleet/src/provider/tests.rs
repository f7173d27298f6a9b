//! Providers against an AWS of our own that misbehaves, and commands.

mod asg;
mod command;
mod credentials;
mod ec2;
mod fake_aws;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use estatus_core::{
    command::{CommandEnd, CommandOutcome, CommandRun},
    config::Language,
    fleet::{
        Cloud, CommandProvider, Credentials, Ec2, Fleet, Provider,
        command::{FleetCommand, FleetEvent, Listed, ProviderError},
    },
    ports::{BoxFuture, Ports},
    secret::{Secret, SecretError, SecretRef},
    words::Words,
};
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{Enrolment, ProviderEvent, Providers, aws::credentials::Environment, pace::Pace};
use fake_aws::FakeAws;

/// Longer than anything takes that comes to an end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pace at which everything is over soon, and what is launched shows at once.
fn quick() -> Pace {
    Pace {
        visible_within: Duration::ZERO,
        look_every: Duration::from_millis(20),
        looks: 5,
        connect_within: Duration::from_secs(5),
        answer_within: Duration::from_millis(700),
        retry_after: Duration::from_millis(10),
        template_holds: Duration::ZERO,
        group_within: Duration::from_secs(20),
        group_every: Duration::from_millis(20),
        settled_after: Duration::ZERO,
        all_within: Duration::from_secs(30),
    }
}

/// What runs the commands of a test.
type Runs = Box<dyn Fn(&CommandRun) -> CommandOutcome + Send + Sync>;

/// Knows the secrets `SECRET` and `WRONG`, and runs commands as the test says.
struct TestPorts(Runs);

impl Ports for TestPorts {
    fn run(&self, run: CommandRun) -> BoxFuture<'_, CommandOutcome> {
        let outcome = (self.0)(&run);
        Box::pin(async { outcome })
    }

    fn secret<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, SecretError>> {
        let found = match place {
            SecretRef::Env(name) if name == "SECRET" => Ok(Secret::new("the secret key")),
            _ => Err(SecretError("it is not set".to_owned())),
        };
        Box::pin(async { found })
    }
}

fn no_commands() -> Runs {
    Box::new(|run| panic!("nothing runs {}", run.command))
}

fn outcome(end: CommandEnd, stdout: &str) -> CommandOutcome {
    CommandOutcome { end, stdout: stdout.to_owned(), stderr: String::new(), took: Duration::ZERO, program: None }
}

/// An Estatus, as far as it has to do with one fleet. A second one on the same folder comes after the first was killed.
struct Estatus {
    providers: Providers,
    events: mpsc::Receiver<ProviderEvent>,
    fleet: Arc<Fleet>,
}

impl Estatus {
    fn start(data: &Path, pace: Pace, environment: &[(&str, &str)], provider: Provider, runs: Runs) -> Self {
        let (sender, events) = mpsc::channel(100);
        let (environment, ports) = (Environment::of(environment), Arc::new(TestPorts(runs)));
        let providers = Providers::at_pace(pace, environment, data, "here-1".to_owned(), ports, sender);
        let fleet = Arc::new(Fleet { provider, ..Fleet::new("web") });
        Self { providers, events, fleet }
    }

    fn carry_out(&mut self, command: FleetCommand) {
        let words = Words::new(Language::English, TimeZone::UTC);
        self.providers.carry_out(&self.fleet, command, Some(enrolment()), &words);
    }

    fn launch(&mut self, instance: &str) {
        self.try_launch(instance, 0);
    }

    fn try_launch(&mut self, instance: &str, attempt: u32) {
        self.carry_out(FleetCommand::Launch { instance: instance.into(), attempt });
    }

    fn terminate(&mut self, instance: &str, id: Option<&str>) {
        self.carry_out(FleetCommand::Terminate { instance: instance.into(), id: id.map(str::to_owned) });
    }

    async fn next(&mut self) -> FleetEvent {
        let event = tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("something is told");
        let ProviderEvent { fleet, event } = event.expect("the providers are there");
        assert_eq!(&*fleet, "web");
        event
    }

    /// The id of what is launched next.
    async fn launched(&mut self) -> String {
        match self.next().await {
            FleetEvent::Launched { id, .. } => id,
            other => panic!("{other:?}"),
        }
    }

    /// Why what is done next is not.
    async fn undone(&mut self) -> ProviderError {
        match self.next().await {
            FleetEvent::CannotLaunch { error, .. }
            | FleetEvent::CannotTerminate { error, .. }
            | FleetEvent::CannotList(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// What there is, and what is told before it.
    async fn list(&mut self) -> (Vec<FleetEvent>, Vec<Listed>) {
        self.carry_out(FleetCommand::List);
        let mut before = Vec::new();
        loop {
            match self.next().await {
                FleetEvent::Listed(listed) => return (before, listed),
                event @ FleetEvent::Terminated { .. } => before.push(event),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Another one each time.
fn enrolment() -> Enrolment {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    Enrolment { token: Secret::new(format!("single-use-{number}")), server: "estatus.example:50051".to_owned() }
}

fn cloud(fake: &FakeAws) -> Cloud {
    let credentials = Credentials::Key { id: "AKIAFAKE".to_owned(), secret: SecretRef::Env("SECRET".to_owned()) };
    Cloud { region: "eu-west-1".to_owned(), endpoint: Some(fake.url.clone()), credentials }
}

/// Waits until `holds`, within a bound.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Numbers by chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
