//! Who does what the loop has done by others. The loop knows them by these traits alone, and its tests play them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use estatus_alert::Courier;
use estatus_core::{
    command::{CommandOutcome, DurableCommand},
    config::{Channel, Config, Monitor},
    engine::Input,
    flow::request::{HttpRequest, RequestOutcome},
    incident::{DeliveryResult, Message},
    network::{NetworkAnswer, NetworkQuestion},
    observation::Observation,
    program::{Program, ProgramCommand},
    secret::Secret,
    words::Words,
};
use estatus_probe::Prober;
use estatus_program::{Commands, Supervisor, SupervisorEvent, Trials};
use tokio::sync::{mpsc, watch};

use crate::{
    Options,
    fleets::{FleetRooms, Scale},
    ports::{Customs, EnginePorts, cannot_start},
};

/// So many events of programs wait to be taken; whoever brings more waits.
const EVENTS_LIMIT: usize = 1024;
/// So many results wait to be taken; whoever brings more waits.
pub(crate) const RESULTS_LIMIT: usize = 1024;

/// Does what takes time.
pub(crate) trait Workers: Send + Sync + 'static {
    /// Probes a monitor once.
    fn probe(&self, monitor: &Monitor) -> impl Future<Output = Observation> + Send;

    /// Looks at the own network.
    fn ask_network(&self, question: &NetworkQuestion) -> impl Future<Output = NetworkAnswer> + Send;

    /// Runs a command, or learns how it ended; it is to end once `ended` holds true.
    fn run_command(
        &self,
        command: &DurableCommand,
        ended: watch::Receiver<bool>,
    ) -> impl Future<Output = CommandOutcome> + Send;

    /// Sends the request of a step.
    fn send_request(&self, request: &HttpRequest) -> impl Future<Output = RequestOutcome> + Send;

    /// Has the command of `owner` end, if it runs; whoever waits for it learns its end.
    fn end_command(&self, owner: &str);

    /// Ends every such command. Whether they have ended, `within` that time.
    fn cancel_commands(&self, within: Duration) -> impl Future<Output = bool> + Send;

    /// Tries to deliver a message.
    fn deliver(
        &self,
        channel: &Channel,
        message: &Message,
        words: &Words,
    ) -> impl Future<Output = DeliveryResult> + Send;
}

/// Carries out commands on the processes of programs, and tells by [`SupervisorEvent`] what comes of them.
pub(crate) trait Supervise: Send {
    /// Begins to carry out `command`.
    fn carry_out(
        &mut self,
        program: &Arc<Program>,
        command: ProgramCommand,
        secret_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
    );
}

impl Supervise for Supervisor {
    fn carry_out(
        &mut self,
        program: &Arc<Program>,
        command: ProgramCommand,
        secret_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
    ) {
        Self::carry_out(self, program, command, secret_env, hidden);
    }
}

/// What a loop has beside the core and the store.
pub(crate) struct Parts<W> {
    pub(crate) workers: W,
    pub(crate) supervisor: Box<dyn Supervise>,
    /// The programs that are tried.
    pub(crate) trials: Trials,
    pub(crate) fleets: Box<dyn Scale>,
    /// What comes of what is done beside the loop.
    pub(crate) result_sender: mpsc::Sender<Input>,
    pub(crate) results: mpsc::Receiver<Input>,
    /// What happens to programs.
    pub(crate) happened: mpsc::Receiver<SupervisorEvent>,
    pub(crate) ports: EnginePorts,
    /// What the configuration in force says of the ports.
    pub(crate) customs: watch::Sender<Customs>,
}

/// The rooms below the engine.
pub(crate) struct Rooms {
    prober: Prober,
    courier: Courier,
    commands: Commands,
    ports: EnginePorts,
}

impl Parts<Rooms> {
    /// The rooms below the engine, for a data folder of the name `installation`.
    pub(crate) fn new(options: &Options, config: &Config, installation: &str) -> Self {
        let (sender, happened) = mpsc::channel(EVENTS_LIMIT);
        let supervisor = Supervisor::new(&options.data, options.shim.clone(), sender);
        let (customs, observed) = watch::channel(Customs::of(config));
        let ports = EnginePorts::new(observed, &options.data);
        let workers = Rooms {
            prober: Prober::new(Arc::new(ports.clone())),
            courier: Courier::new(Arc::new(ports.clone()), installation.to_owned()),
            commands: Commands::new(&options.data, &supervisor),
            ports: ports.clone(),
        };
        let (result_sender, results) = mpsc::channel(RESULTS_LIMIT);
        let fleets = FleetRooms::new(options, installation, &supervisor, &ports, result_sender.clone());
        let trials = Trials::new(&options.data, &supervisor);
        let (supervisor, fleets) = (Box::new(supervisor), Box::new(fleets));
        Self { workers, supervisor, trials, fleets, result_sender, results, happened, ports, customs }
    }
}

impl Workers for Rooms {
    fn probe(&self, monitor: &Monitor) -> impl Future<Output = Observation> + Send {
        self.prober.probe(&monitor.check, monitor.timeout)
    }

    fn ask_network(&self, question: &NetworkQuestion) -> impl Future<Output = NetworkAnswer> + Send {
        self.prober.ask_network(question)
    }

    async fn run_command(&self, command: &DurableCommand, ended: watch::Receiver<bool>) -> CommandOutcome {
        let secrets = match self.ports.secrets(&command.command.secret_env).await {
            Ok(secrets) => secrets,
            Err(error) => return cannot_start(&error),
        };
        self.commands.run(command, &secrets, &self.ports.hidden(), ended).await
    }

    fn send_request(&self, request: &HttpRequest) -> impl Future<Output = RequestOutcome> + Send {
        self.prober.send(request)
    }

    fn end_command(&self, owner: &str) {
        self.commands.cancel(owner);
    }

    fn cancel_commands(&self, within: Duration) -> impl Future<Output = bool> + Send {
        self.commands.cancel_all(within)
    }

    fn deliver(
        &self,
        channel: &Channel,
        message: &Message,
        words: &Words,
    ) -> impl Future<Output = DeliveryResult> + Send {
        self.courier.deliver(channel, message, words)
    }
}
