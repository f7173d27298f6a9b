//! The loop between a real store, a real socket and rooms that are played.

mod fleets;
mod flows;
mod pages;
mod usage;
mod versions;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use estatus_api::{Client, Endpoint, HostKind, Reply, Request, RunSummary};
use estatus_config::Defaults;
use estatus_core::{
    command::{CommandEnd, CommandOutcome, DurableCommand},
    config::{Channel, Language, Monitor, Retention},
    engine::Ask,
    exit::Exit,
    fleet::{
        Fleet,
        command::{FleetCommand, FleetEvent},
    },
    flow::{
        request::{HttpRequest, RequestOutcome},
        run::RunState,
    },
    ids::StartId,
    incident::{DeliveryResult, Health, Message},
    network::{NetworkAnswer, NetworkQuestion},
    observation::{Cause, Failure, Observation, Phase, Phases, Verdict},
    program::{Ended, Found, ProcessId, Program, ProgramCommand, ProgramState},
    secret::Secret,
    words::Words,
};
use estatus_program::ShimCommand;
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::{
    sync::{Notify, mpsc::UnboundedReceiver, oneshot, watch as tokio_watch},
    task::JoinHandle,
    time::timeout,
};

use super::*;
use crate::{
    fleets::Scale,
    workers::{Parts, RESULTS_LIMIT, Supervise, Workers},
};

/// Whatever is waited for comes within this.
const LONG: Duration = Duration::from_secs(30);

const BEGINNING: &str = "[alerts]\ngrace = \"0s\"\nmerge_within = \"0s\"\n[network]\nreference = []\n\
                         [channel.desk]\ncommand = \"tell\"\n";

/// What the played rooms do, and what was asked of them.
struct World {
    data: PathBuf,
    state: Mutex<Played>,
    /// Told when something was asked of a room.
    asked: Notify,
    /// Told when the command that is held may go on.
    released: Notify,
}

#[derive(Default)]
struct Played {
    /// The monitors whose targets are down.
    down: BTreeSet<String>,
    /// The monitors whose probes panic.
    broken: BTreeSet<String>,
    delivered: Vec<String>,
    commands: Vec<DurableCommand>,
    /// The commands that fail.
    failing: BTreeSet<String>,
    /// The next command goes on only once it is released.
    holds: bool,
    /// The owners whose commands were to be ended.
    ended: Vec<String>,
    /// The instances that were launched and not terminated.
    launched: BTreeSet<String>,
    /// The monitors that were probed.
    probed: BTreeSet<String>,
    /// Those that were seen to be down.
    seen_down: BTreeSet<String>,
    /// How often the loop has said that it turns.
    turned: u32,
}

impl World {
    fn played(&self) -> MutexGuard<'_, Played> {
        self.state.lock().unwrap()
    }

    /// Waits until `is_so`.
    async fn until(&self, is_so: impl Fn(&Played) -> bool) {
        while !is_so(&self.played()) {
            self.asked.notified().await;
        }
    }
}

struct Workshop(Arc<World>);

impl Workers for Workshop {
    async fn probe(&self, monitor: &Monitor) -> Observation {
        let name = &*monitor.name;
        assert!(!self.0.played().broken.contains(name), "this probe is broken");
        let (at, phases) = (Timestamp::now(), Phases::default());
        self.0.played().probed.insert(name.to_owned());
        let is_down = self.0.played().down.contains(name);
        if is_down {
            self.0.played().seen_down.insert(name.to_owned());
        }
        self.0.asked.notify_one();
        if is_down {
            Observation::down(at, phases, "", Failure::new(Phase::Connect, Cause::Refused))
        } else {
            Observation { measured: usage::measured(monitor), ..Observation::up(at, phases, "") }
        }
    }

    async fn ask_network(&self, _question: &NetworkQuestion) -> NetworkAnswer {
        NetworkAnswer { has_route: true, ..NetworkAnswer::default() }
    }

    async fn run_command(
        &self,
        command: &DurableCommand,
        _ended: tokio::sync::watch::Receiver<bool>,
    ) -> CommandOutcome {
        self.0.played().commands.push(command.clone());
        while self.0.played().holds {
            self.0.released.notified().await;
        }
        flows::write_log(&self.0.data, command);
        self.0.played().down.clear();
        self.0.asked.notify_one();
        let fails = self.0.played().failing.contains(&command.command.to_string());
        let end = CommandEnd::Exited(fails.into());
        CommandOutcome { end, stdout: String::new(), stderr: String::new(), took: Duration::ZERO, program: None }
    }

    async fn send_request(&self, _request: &HttpRequest) -> RequestOutcome {
        RequestOutcome::default()
    }

    fn end_command(&self, owner: &str) {
        self.0.played().ended.push(owner.to_owned());
        self.0.asked.notify_one();
    }

    async fn cancel_commands(&self, _within: Duration) -> bool {
        true
    }

    async fn deliver(&self, _channel: &Channel, message: &Message, _words: &Words) -> DeliveryResult {
        let told = message.alerts.iter().map(|alert| alert.subject.to_string());
        self.0.played().delivered.extend(told);
        self.0.asked.notify_one();
        DeliveryResult::Delivered
    }
}

struct Overseer(mpsc::UnboundedSender<(Arc<str>, ProgramCommand)>);

impl Supervise for Overseer {
    fn carry_out(
        &mut self,
        program: &Arc<Program>,
        command: ProgramCommand,
        _secret_env: &[(String, Secret)],
        _hidden: &BTreeSet<String>,
    ) {
        // A test that does not look has ended.
        let _ = self.0.send((Arc::clone(&program.name), command));
    }
}

/// Launches and terminates at once; every instance is called by its name.
struct Yard {
    world: Arc<World>,
    results: mpsc::Sender<Input>,
}

impl Scale for Yard {
    fn carry_out(&mut self, fleet: &Arc<Fleet>, command: FleetCommand, _words: &Words) {
        let mut played = self.world.played();
        let event = match command {
            FleetCommand::List => FleetEvent::Listed(Vec::new()),
            FleetCommand::Launch { instance, .. } => {
                let written = opened_instances(&self.world.data);
                assert!(written.contains(&instance.to_string()), "{instance} is not on disk: {written:?}");
                played.launched.insert(instance.to_string());
                FleetEvent::Launched { id: instance.to_string(), instance }
            }
            FleetCommand::Terminate { instance, .. } => {
                played.launched.remove(&*instance);
                FleetEvent::Terminated { instance, why: None }
            }
            _ => return,
        };
        self.world.asked.notify_one();
        self.results.try_send(Input::Fleet { fleet: Arc::clone(&fleet.name), event }).unwrap();
    }

    fn set_load(&self, _fleet: &str, instance: &str, _load: f32) -> bool {
        self.world.played().launched.contains(instance)
    }
}

/// Counts how often the loop says that it turns, and hears nothing else.
struct Watchdog(Arc<World>);

impl Audience for Watchdog {
    fn ready(&mut self, _host: &Host) {}
    fn journal(&mut self, _at: Timestamp, _entry: &JournalEntry) {}
    fn quitting(&mut self, _stopped: &[Arc<str>], _left: &[Arc<str>]) {}

    fn pulse(&self) -> Option<Duration> {
        Some(Duration::from_millis(20))
    }

    fn turned(&mut self) {
        self.0.played().turned += 1;
        self.0.asked.notify_one();
    }
}

/// A loop that runs.
struct Stage {
    folder: TempDir,
    world: Arc<World>,
    endpoint: Endpoint,
    commands: UnboundedReceiver<(Arc<str>, ProgramCommand)>,
    happened: mpsc::Sender<SupervisorEvent>,
    stop: Option<oneshot::Sender<()>>,
    ended: JoinHandle<EngineEnd>,
}

impl Stage {
    async fn start(config: &str) -> Self {
        Self::start_by(|_| format!("{BEGINNING}{config}")).await
    }

    /// One whose configuration `set_up` gives, given the folder that it is to be in.
    async fn start_by(set_up: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (file, data) = (folder.path().join("estatus.toml"), folder.path().join("data"));
        fs::write(&file, set_up(folder.path())).unwrap();
        let options = Options {
            config: file,
            data: data.clone(),
            defaults: Defaults { language: Language::English, zone: TimeZone::UTC },
            shim: ShimCommand { program: "/bin/false".into(), args: Vec::new() },
            host: HostKind::Terminal,
            admits: crate::Admits::ThisUser,
        };
        let first = watch::first(&options).await.unwrap();
        let opened = opened(&data);
        let (state, asked, released) = (Mutex::default(), Notify::new(), Notify::new());
        let world = Arc::new(World { data: data.clone(), state, asked, released });
        let (sender, commands) = mpsc::unbounded_channel();
        let (happened, heard) = mpsc::channel(16);
        let (customs, observed) = tokio_watch::channel(Customs::of(&first.config));
        let (result_sender, results) = mpsc::channel(RESULTS_LIMIT);
        let fleets = Box::new(Yard { world: Arc::clone(&world), results: result_sender.clone() });
        let parts = Parts {
            workers: Workshop(Arc::clone(&world)),
            supervisor: Box::new(Overseer(sender)),
            trials: estatus_program::Trials::new(&data, &nobody(&options)),
            fleets,
            result_sender,
            results,
            happened: heard,
            ports: EnginePorts::new(observed, &data),
            customs,
        };
        let endpoint = Endpoint::of(&data);
        let door = Door::open(endpoint.clone(), options.admits).unwrap();
        let (kind, config) = (options.host, options.config.clone());
        let host = Host { kind, pid: 1, started: Timestamp::now(), config, data };
        let event_loop = EventLoop::new(options, first, opened, host, Box::new(Watchdog(Arc::clone(&world))), parts);
        let (stop, stopped) = oneshot::channel();
        let run = event_loop.run(door, Timer::new().unwrap(), async { drop(stopped.await) });
        let ended = tokio::spawn(run);
        Self { folder, world, endpoint, commands, happened, stop: Some(stop), ended }
    }

    async fn client(&self) -> Client {
        Client::attach(&self.endpoint).await.unwrap()
    }

    /// What is asked of the supervisor next, but to measure what runs.
    async fn asked(&mut self) -> ProgramCommand {
        loop {
            let asked = timeout(LONG, self.commands.recv()).await.expect("nothing is asked of the supervisor");
            let (_, command) = asked.unwrap();
            if !matches!(command, ProgramCommand::Measure { .. }) {
                return command;
            }
        }
    }

    async fn happens(&self, event: ProgramEvent) {
        self.happened.send(SupervisorEvent { program: "web".into(), event }).await.unwrap();
    }

    /// Brings the program `web` to run.
    async fn begins(&mut self) {
        assert_eq!(self.asked().await, ProgramCommand::Look);
        self.happens(ProgramEvent::Found(Found::Nothing)).await;
        let asked = self.asked().await;
        assert!(matches!(asked, ProgramCommand::Start { start: StartId(1), .. }), "{asked:?}");
        self.happens(ProgramEvent::Started { start: StartId(1), process: ProcessId { pid: 7, started: 1 } }).await;
    }
}

/// A supervisor that has no shims.
fn nobody(options: &Options) -> estatus_program::Supervisor {
    estatus_program::Supervisor::new(&options.data, options.shim.clone(), mpsc::channel(1).0)
}

/// The instances that are on disk and not gone.
fn opened_instances(data: &Path) -> Vec<String> {
    let disk = rusqlite::Connection::open(data.join("estatus.db")).unwrap();
    let mut named = disk.prepare("SELECT name FROM instance WHERE ended IS NULL").unwrap();
    named.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn opened(data: &Path) -> Opened {
    estatus_store::open(data, Retention::default(), Timestamp::now()).unwrap()
}

/// Waits for the event that `wanted` takes something from.
async fn event<T>(client: &mut Client, wanted: impl Fn(&Event) -> Option<T>) -> T {
    let found = async {
        loop {
            let event = client.event().await.expect("the loop is there");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    timeout(LONG, found).await.expect("it is told")
}

fn is(name: &str, health: Health) -> impl Fn(&Event) -> Option<()> {
    move |event| match event {
        Event::Monitor(state) if &*state.name == name && state.health == health => Some(()),
        _ => None,
    }
}

fn monitor(name: &str, more: &str) -> String {
    format!(
        "[[monitor]]\nname = \"{name}\"\ntcp = \"127.0.0.1:1\"\nevery = \"1s\"\nretry_every = \"1s\"\n\
             confirm_after = \"0s\"\nfailures = 1\n{more}\n"
    )
}

const PROGRAM: &str = "[[program]]\nname = \"web\"\ncommand = \"web\"\n";

/// Brings the monitor `web` down while nothing can be written to disk, and looks that nothing `comes` of it before it can.
async fn waits_for_the_disk(stage: &Stage, client: &mut Client, comes: impl Fn(&Played) -> bool) {
    event(client, is("web", Health::Up)).await;
    let disk = rusqlite::Connection::open(stage.world.data.join("estatus.db")).unwrap();
    disk.execute_batch("BEGIN IMMEDIATE").unwrap();
    stage.world.played().down.insert("web".to_owned());
    timeout(LONG, stage.world.until(|played| played.seen_down.contains("web"))).await.expect("it is probed");
    let came = timeout(Duration::from_millis(500), stage.world.until(&comes)).await;
    assert!(came.is_err(), "it came of what was not on disk");
    disk.execute_batch("ROLLBACK").unwrap();
    timeout(LONG, stage.world.until(&comes)).await.expect("it comes once it is on disk");
}

#[tokio::test]
async fn what_is_down_is_on_disk_before_it_is_mailed_and_clients_see_it() {
    let stage = Stage::start(&monitor("web", "")).await;
    let mut client = stage.client().await;
    waits_for_the_disk(&stage, &mut client, |played| !played.delivered.is_empty()).await;
    let incident = event(&mut client, |event| match event {
        Event::Incident(incident) => Some(incident.clone()),
        _ => None,
    });
    let incident = incident.await;
    assert_eq!((&*incident.monitor, stage.world.played().delivered.clone()), ("web", vec!["web".to_owned()]));
    event(&mut client, |event| matches!(event, Event::Told { alerts, .. } if !alerts.is_empty()).then_some(())).await;
    stage.world.played().down.clear();
    event(&mut client, |event| matches!(event, Event::IncidentClosed { .. }).then_some(())).await;
}

#[tokio::test]
async fn that_a_remedy_is_tried_and_under_which_name_is_on_disk_before_it_runs() {
    let stage = Stage::start(&monitor("web", "on_down = { run = \"mend\" }")).await;
    let mut client = stage.client().await;
    waits_for_the_disk(&stage, &mut client, |played| !played.commands.is_empty()).await;
    let attempt = event(&mut client, |event| match event {
        Event::Incident(incident) => incident.attempts.first().cloned(),
        _ => None,
    });
    let began = attempt.await.began;
    let commands = stage.world.played().commands.clone();
    assert_eq!(commands.len(), 1);
    assert_eq!(commands[0].start.0, u64::try_from(began.as_microsecond()).unwrap());
}

/// Has the flow `mend` run while nothing can be written to disk. What is in its way comes back.
async fn runs_while_the_disk_is_locked(stage: &Stage, client: &mut Client) -> rusqlite::Connection {
    // What the start writes is written.
    client.request(Request::Do(Ask::CheckNow { monitor: None })).await.unwrap();
    let disk = rusqlite::Connection::open(stage.world.data.join("estatus.db")).unwrap();
    disk.execute_batch("BEGIN IMMEDIATE").unwrap();
    client.ask(Request::Do(Ask::RunFlow { flow: "mend".to_owned() })).await.unwrap();
    disk
}

#[tokio::test]
async fn that_a_step_has_begun_and_under_which_name_is_on_disk_before_its_command_runs() {
    let flow = "[[flow.mend.step]]\nname = \"first\"\nrun = \"mend\"\n";
    let stage = Stage::start(flow).await;
    let mut client = stage.client().await;
    let disk = runs_while_the_disk_is_locked(&stage, &mut client).await;
    let ran = timeout(Duration::from_millis(500), stage.world.until(|played| !played.commands.is_empty())).await;
    assert!(ran.is_err(), "it ran before it was on disk");
    disk.execute_batch("ROLLBACK").unwrap();
    let run = run_ends(&mut client).await;
    assert_eq!((run.state, run.why), (RunState::Succeeded, None));
    let Reply::Run(status) = client.request(Request::Run { run: run.run }).await.unwrap() else { panic!("no run") };
    let began = status.steps[0].began.unwrap();
    let commands = stage.world.played().commands.clone();
    assert_eq!(commands.len(), 1);
    assert_eq!(commands[0].start.0, u64::try_from(began.as_microsecond()).unwrap());
}

/// The next run that is over.
async fn run_ends(client: &mut Client) -> RunSummary {
    let over = event(client, |event| match event {
        Event::Run(run) if run.state.is_over() => Some(run.clone()),
        _ => None,
    });
    over.await
}

#[tokio::test]
async fn that_a_step_acts_on_a_program_is_on_disk_before_it_does() {
    let flow = "[[flow.mend.step]]\nname = \"again\"\nrestart = \"web\"\n";
    let mut stage = Stage::start(&format!("{PROGRAM}{flow}")).await;
    let mut client = stage.client().await;
    stage.begins().await;
    let disk = runs_while_the_disk_is_locked(&stage, &mut client).await;
    let stopped = timeout(Duration::from_millis(500), stage.commands.recv()).await;
    assert!(stopped.is_err(), "{stopped:?} before it was on disk");
    disk.execute_batch("ROLLBACK").unwrap();
    assert_eq!(stage.asked().await, ProgramCommand::Stop { start: StartId(1) });
}

#[tokio::test]
async fn a_file_is_the_last_good_one_once_what_follows_from_it_is_on_disk() {
    let stage = Stage::start(&monitor("web", "")).await;
    let mut client = stage.client().await;
    event(&mut client, is("web", Health::Up)).await;
    let kept = |name: &str| {
        let text = fs::read_to_string(stage.world.data.join("last-good.toml")).unwrap_or_default();
        text.contains(&format!("name = \"{name}\""))
    };
    let mut changes = crate::file_changes(stage.world.data.join("last-good.toml"));
    let mut until_kept = async |name: &str| {
        while !kept(name) {
            changes.recv().await.expect("it is watched");
        }
    };
    timeout(LONG, until_kept("web")).await.expect("it is kept");
    let disk = rusqlite::Connection::open(stage.world.data.join("estatus.db")).unwrap();
    disk.execute_batch("BEGIN IMMEDIATE").unwrap();
    let file = stage.folder.path().join("estatus.toml");
    fs::write(&file, format!("{BEGINNING}{}{}", monitor("web", ""), monitor("page", ""))).unwrap();
    let is_in_force = stage.world.until(|played| played.probed.contains("page"));
    timeout(LONG, is_in_force).await.expect("it is in force");
    assert!(timeout(Duration::from_millis(300), until_kept("page")).await.is_err(), "it was kept before");
    assert!(!kept("page"), "it was kept before");
    disk.execute_batch("ROLLBACK").unwrap();
    timeout(LONG, until_kept("page")).await.expect("it is kept then");
}

#[tokio::test]
async fn a_probe_that_breaks_in_itself_says_nothing_of_its_target_and_disturbs_no_other() {
    let stage = Stage::start(&format!("{}{}", monitor("web", ""), monitor("page", ""))).await;
    stage.world.played().broken.insert("web".to_owned());
    let mut client = stage.client().await;
    let seen = |name: &'static str| {
        move |event: &Event| match event {
            Event::Monitor(state) if &*state.name == name => state.last.clone().map(|last| (state.health, last)),
            _ => None,
        }
    };
    let (health, last) = event(&mut client, seen("web")).await;
    assert!(health != Health::Down && last.verdict == Verdict::Inconclusive, "{last:?}");
    for _ in 0..2 {
        event(&mut client, is("page", Health::Up)).await;
    }
    assert_eq!(stage.world.played().delivered, [""; 0]);
}

#[tokio::test]
async fn a_program_is_started_stopped_by_wish_and_seen() {
    let mut stage = Stage::start(PROGRAM).await;
    let mut client = stage.client().await;
    let stands = |wanted: ProgramState| {
        move |event: &Event| match event {
            Event::Program(state) if state.state == wanted => Some(()),
            _ => None,
        }
    };
    stage.begins().await;
    event(&mut client, stands(ProgramState::Running)).await;
    client.ask(Request::Do(Ask::StopProgram { program: "web".to_owned() })).await.unwrap();
    assert_eq!(stage.asked().await, ProgramCommand::Stop { start: StartId(1) });
    event(&mut client, stands(ProgramState::Stopping)).await;
    stage.happens(ProgramEvent::Exited(Ended::new(StartId(1), Exit::Signal(15), Timestamp::now()))).await;
    event(&mut client, stands(ProgramState::Stopped)).await;
    assert_eq!(stage.asked().await, ProgramCommand::Release);
}

#[tokio::test]
async fn a_program_whose_secret_is_missing_is_not_started_and_says_so() {
    let config = format!("{PROGRAM}env = {{ TOKEN = {{ env = \"ESTATUS_NEVER_SET\" }} }}\n");
    let mut stage = Stage::start(&config).await;
    let mut client = stage.client().await;
    assert_eq!(stage.asked().await, ProgramCommand::Look);
    stage.happens(ProgramEvent::Found(Found::Nothing)).await;
    let trouble = event(&mut client, |event| match event {
        Event::Program(state) => state.trouble.clone(),
        _ => None,
    });
    assert!(trouble.await.contains("ESTATUS_NEVER_SET"));
    assert!(stage.commands.try_recv().is_err(), "it was started all the same");
}

#[tokio::test]
async fn a_loop_that_is_to_stop_waits_for_the_programs_that_must_not_outlive_it() {
    let mut stage = Stage::start(PROGRAM).await;
    stage.begins().await;
    let mut client = stage.client().await;
    stage.stop.take().unwrap().send(()).unwrap();
    assert_eq!(stage.asked().await, ProgramCommand::Stop { start: StartId(1) });
    let mut ended = stage.ended;
    assert!(timeout(Duration::from_millis(100), &mut ended).await.is_err(), "it did not wait");
    let exited = ProgramEvent::Exited(Ended::new(StartId(1), Exit::Signal(15), Timestamp::now()));
    stage.happened.send(SupervisorEvent { program: "web".into(), event: exited }).await.unwrap();
    assert_eq!(timeout(LONG, ended).await.expect("it ends").unwrap(), EngineEnd::Stopped);
    assert!(client.request(Request::Status).await.is_err());
}

#[tokio::test]
async fn a_loop_that_is_to_be_started_again_leaves_its_programs_alone_and_says_so() {
    let mut stage = Stage::start(PROGRAM).await;
    stage.begins().await;
    let mut client = stage.client().await;
    assert_eq!(client.request(Request::Relaunch { stop_programs: false }).await, Ok(Reply::Done));
    event(&mut client, |event| (*event == Event::Relaunching).then_some(())).await;
    assert_eq!(timeout(LONG, stage.ended).await.expect("it ends").unwrap(), EngineEnd::Relaunching);
    assert!(stage.commands.try_recv().is_err(), "something was done to the program");
}

#[tokio::test]
async fn an_engine_that_is_started_elsewhere_stops_programs_first_if_that_is_asked() {
    let mut stage = Stage::start(PROGRAM).await;
    stage.begins().await;
    let mut client = stage.client().await;
    assert_eq!(client.request(Request::Relaunch { stop_programs: true }).await, Ok(Reply::Done));
    let asked = stage.asked().await;
    assert!(matches!(asked, ProgramCommand::Stop { start: StartId(1), .. }), "{asked:?}");
    stage.happens(ProgramEvent::Exited(Ended::new(StartId(1), Exit::Signal(15), Timestamp::now()))).await;
    assert_eq!(timeout(LONG, stage.ended).await.expect("it ends").unwrap(), EngineEnd::Relaunching);
}

#[tokio::test]
async fn the_loop_says_that_it_turns_while_nothing_happens_and_while_a_program_is_stopped() {
    let mut stage = Stage::start(PROGRAM).await;
    stage.begins().await;
    let turns = async || {
        let before = stage.world.played().turned;
        timeout(LONG, stage.world.until(|played| played.turned > before + 2)).await.expect("it turns");
    };
    turns().await;
    drop(stage.stop.take());
    let asked = timeout(LONG, stage.commands.recv()).await.expect("it is stopped").unwrap().1;
    assert!(matches!(asked, ProgramCommand::Stop { .. }), "{asked:?}");
    turns().await;
}
