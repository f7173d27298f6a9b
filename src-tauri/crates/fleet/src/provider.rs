//! Where instances come from: three commands of a user's, EC2, or an Auto Scaling group.
//!
//! [`Providers`] is told what is to be done with a fleet, and tells what came of it. Whatever it is told is answered, once
//! and within a bound: a launch by [`FleetEvent::Launched`] or [`FleetEvent::CannotLaunch`], and so on. What is said of one
//! instance is done in the order in which it was said; different instances do not wait for each other, but for a turn.
//!
//! Architecture invariant: nothing here decides whether, when or how often an instance is launched or terminated. What is
//! tried again here is one request whose answer was lost, where it does no more the second time.
//!
//! Whatever happens to Estatus, one name is one instance. How that is so with each provider is said in its module.

mod asg;
mod aws;
mod command;
mod ec2;
mod fault;
mod pace;
#[cfg(test)]
mod tests;
mod token_file;

use std::{collections::BTreeMap, panic::AssertUnwindSafe, path::Path, sync::Arc, time::Duration};

use estatus_core::{
    fleet::{
        Fleet, Provider,
        command::{FleetCommand, FleetEvent, ProviderError, ProviderErrorKind as Kind},
    },
    maintenance::in_words,
    ports::Ports,
    secret::Secret,
    words::Words,
};
use futures_util::FutureExt as _;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, timeout},
};

use self::{
    asg::Keeper,
    aws::{Aws, credentials::Environment},
    command::CommandWork,
    ec2::{Ec2Memory, Ec2Work},
    fault::{not_done, perhaps_done},
    pace::Pace,
    token_file::TokenFolder,
};

/// So many things are done with one fleet at once. EC2 lets itself be asked for two launches a second.
const TURNS: usize = 8;
/// Beyond its own timeout a command has so long to be begun, to be ended, and for its secrets to be fetched.
const COMMAND_GRACE: Duration = Duration::from_secs(60);

/// Something happened to a fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderEvent {
    /// The fleet's name.
    pub fleet: Arc<str>,
    /// What happened.
    pub event: FleetEvent,
}

/// What an instance needs so that its agent can enrol.
///
/// The token goes into the user data of an instance of EC2, or into a private file that a command is told of, and
/// nowhere else. An Auto Scaling group takes neither: its instances have what their template gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The single-use token.
    pub token: Secret,
    /// Where agents reach Estatus: a host and a port.
    pub server: String,
}

/// Launches, lists and terminates the instances of fleets that are not local.
///
/// What is under way is cut off when this is dropped: a command is ended, and what became of a request shows the next time
/// that the same is wanted.
pub struct Providers {
    world: Arc<World>,
    events: mpsc::Sender<ProviderEvent>,
    fleets: BTreeMap<Arc<str>, FleetTasks>,
    tasks: JoinSet<()>,
}

/// What everybody here needs.
struct World {
    aws: Aws,
    ports: Arc<dyn Ports>,
    /// This data folder's random name, by which instances are known to be its own.
    installation: String,
    tokens: TokenFolder,
    pace: Pace,
}

/// What is under way with a fleet, and remembered of it.
struct FleetTasks {
    ec2: Arc<Ec2Memory>,
    turns: Arc<Semaphore>,
    /// By the instances' names: closed when what was last said of one is done.
    last: BTreeMap<Arc<str>, oneshot::Receiver<()>>,
    /// How many things were begun since those that are done were left out of it.
    begun: usize,
    /// Leads to whoever keeps its Auto Scaling group. The core waits for what becomes of one instance before it says more of it,
    /// so that there are no more in it than the fleet has instances.
    keeper: Option<mpsc::UnboundedSender<Job>>,
}

/// Something that is to be done with a fleet.
struct Job {
    fleet: Arc<Fleet>,
    order: Order,
    words: Words,
    handed: Instant,
}

enum Order {
    Launch { instance: Arc<str>, attempt: u32, enrolment: Option<Enrolment> },
    Terminate { instance: Arc<str>, id: Option<String> },
    List,
}

impl Providers {
    /// Providers for the engine of the data folder `data`, which is called `installation`: letters, digits and `-`. What
    /// comes of what they are told is told to `events`.
    ///
    /// Makes *ring* the process's provider of cryptography for TLS, unless there is one already.
    pub fn new(data: &Path, installation: String, ports: Arc<dyn Ports>, events: mpsc::Sender<ProviderEvent>) -> Self {
        Self::at_pace(Pace::default(), Environment::of_process(), data, installation, ports, events)
    }

    fn at_pace(
        pace: Pace,
        environment: Environment,
        data: &Path,
        installation: String,
        ports: Arc<dyn Ports>,
        events: mpsc::Sender<ProviderEvent>,
    ) -> Self {
        let (aws, tokens) = (Aws::new(&pace, environment), TokenFolder::new(data));
        let world = Arc::new(World { aws, ports, installation, tokens, pace });
        Self { world, events, fleets: BTreeMap::new(), tasks: JoinSet::new() }
    }

    /// Carries out `command` with the instances of `fleet`: [`FleetCommand::Launch`], [`FleetCommand::Terminate`] or
    /// [`FleetCommand::List`]. Anything else, and everything of a fleet whose instances are local, is no matter of
    /// providers, and nothing is done.
    ///
    /// `enrolment` is what an instance is launched with; without it, it has what its template or its command gives it. What
    /// comes of the command is told in `words`.
    ///
    /// # Panics
    /// Outside of tokio.
    pub fn carry_out(
        &mut self,
        fleet: &Arc<Fleet>,
        command: FleetCommand,
        enrolment: Option<Enrolment>,
        words: &Words,
    ) {
        let order = match command {
            FleetCommand::Launch { instance, attempt } => Order::Launch { instance, attempt, enrolment },
            FleetCommand::Terminate { instance, id } => Order::Terminate { instance, id },
            FleetCommand::List => Order::List,
            _ => return,
        };
        let job = Job { fleet: Arc::clone(fleet), order, words: words.clone(), handed: Instant::now() };
        while self.tasks.try_join_next().is_some() {}
        match fleet.provider {
            Provider::Local { .. } => {}
            Provider::Asg { .. } => self.hand_to_keeper(job),
            Provider::Command(_) | Provider::Ec2(_) => self.begin(job),
        }
    }

    /// Forgets what is remembered of a fleet that is not there any more. What is under way with it goes on.
    pub fn forget(&mut self, fleet: &str) {
        self.fleets.remove(fleet);
    }

    fn tasks_of(&mut self, fleet: &Arc<str>) -> &mut FleetTasks {
        let pace = &self.world.pace;
        self.fleets.entry(Arc::clone(fleet)).or_insert_with(|| FleetTasks {
            ec2: Arc::new(Ec2Memory::new(pace)),
            turns: Arc::new(Semaphore::new(TURNS)),
            last: BTreeMap::new(),
            begun: 0,
            keeper: None,
        })
    }

    fn begin(&mut self, job: Job) {
        let (world, events) = (Arc::clone(&self.world), self.events.clone());
        let tasks = self.tasks_of(&job.fleet.name);
        let (ec2, turns) = (Arc::clone(&tasks.ec2), Arc::clone(&tasks.turns));
        let (done, after) = oneshot::channel();
        tasks.begun += 1;
        // All are looked at only so often that it costs no more for each, however many there are.
        if tasks.begun > tasks.last.len() {
            tasks.last.retain(|_, last| !is_closed(last));
            tasks.begun = 0;
        }
        let before = job.order.instance().and_then(|instance| tasks.last.insert(Arc::clone(instance), after));
        self.tasks.spawn(async move {
            if let Some(before) = before {
                // It ends by being dropped.
                let _ = before.await;
            }
            let within = match &job.fleet.provider {
                Provider::Command(commands) => commands.timeout.saturating_add(COMMAND_GRACE),
                _ => world.pace.all_within,
            };
            let work = async {
                // Nobody closes it.
                let _turn = turns.acquire().await;
                // It takes 10 KB, and ten thousand may wait for their turn.
                Box::pin(job.carry_out(&world, &ec2)).await
            };
            let told = job.bounded(within, work).await;
            for event in told {
                // Nobody listens to an engine that has stopped.
                let _ = events.send(ProviderEvent { fleet: Arc::clone(&job.fleet.name), event }).await;
            }
            drop(done);
        });
    }

    fn hand_to_keeper(&mut self, job: Job) {
        let (world, events) = (Arc::clone(&self.world), self.events.clone());
        let name = Arc::clone(&job.fleet.name);
        let handed = match &self.tasks_of(&name).keeper {
            Some(keeper) => keeper.send(job).map_err(|unsent| unsent.0),
            None => Err(job),
        };
        // There is none yet, or it has failed in itself.
        if let Err(job) = handed {
            let (sender, orders) = mpsc::unbounded_channel();
            self.tasks.spawn(Keeper::new(world, events).keep(orders));
            // Its other end has just been made.
            let _ = sender.send(job);
            self.tasks_of(&name).keeper = Some(sender);
        }
    }
}

fn is_closed(last: &mut oneshot::Receiver<()>) -> bool {
    !matches!(last.try_recv(), Err(oneshot::error::TryRecvError::Empty))
}

impl Order {
    fn instance(&self) -> Option<&Arc<str>> {
        match self {
            Self::Launch { instance, .. } | Self::Terminate { instance, .. } => Some(instance),
            Self::List => None,
        }
    }

    /// That it was not done.
    fn failed(&self, error: ProviderError) -> FleetEvent {
        match self {
            Self::Launch { instance, .. } => FleetEvent::CannotLaunch { instance: Arc::clone(instance), error },
            Self::Terminate { instance, .. } => FleetEvent::CannotTerminate { instance: Arc::clone(instance), error },
            Self::List => FleetEvent::CannotList(error),
        }
    }
}

impl Job {
    /// What comes of `work`, or that it has taken too long or has failed in itself: the core is never left waiting.
    async fn bounded(
        &self,
        within: Duration,
        work: impl Future<Output = Result<Vec<FleetEvent>, ProviderError>>,
    ) -> Vec<FleetEvent> {
        let (key, after) = match timeout(within, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(done)) => return done.unwrap_or_else(|error| vec![self.order.failed(error)]),
            Ok(Err(_)) => ("provider.failed_in_itself", String::new()),
            Err(_) => ("provider.too_long", in_words(within)),
        };
        let error = self.words.text(key, &[("after", &after)]);
        vec![self.order.failed(perhaps_done(Kind::Other, error))]
    }

    async fn carry_out(&self, world: &World, ec2: &Ec2Memory) -> Result<Vec<FleetEvent>, ProviderError> {
        let terminated =
            |instance: &Arc<str>, why| vec![FleetEvent::Terminated { instance: Arc::clone(instance), why }];
        let (fleet, words) = (&*self.fleet, &self.words);
        match &fleet.provider {
            Provider::Command(commands) => {
                let work = CommandWork { world, fleet, commands, words };
                match &self.order {
                    Order::Launch { instance, enrolment, .. } => {
                        let id = work.launch(instance, enrolment.as_ref()).await?;
                        Ok(vec![FleetEvent::Launched { instance: Arc::clone(instance), id }])
                    }
                    Order::Terminate { instance, id } => {
                        work.terminate(instance, id.clone()).await?;
                        Ok(terminated(instance, None))
                    }
                    Order::List => Ok(vec![FleetEvent::Listed(work.list().await?)]),
                }
            }
            Provider::Ec2(own) => {
                let work = Ec2Work { world, fleet, ec2: own, words, memory: ec2 };
                match &self.order {
                    Order::Launch { instance, attempt, enrolment } => {
                        work.launch(instance, *attempt, enrolment.as_ref()).await
                    }
                    Order::Terminate { instance, id } => {
                        let why = work.terminate(instance, id.clone()).await?;
                        Ok(terminated(instance, why))
                    }
                    Order::List => work.list().await,
                }
            }
            Provider::Local { .. } | Provider::Asg { .. } => {
                Err(not_done(Kind::Other, words.text("provider.failed_in_itself", &[])))
            }
        }
    }
}
