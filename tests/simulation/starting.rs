//! A world in which monitors look at ports and processes and name no remedy: some of them are those of programs of ours,
//! others belong to whatever else starts with the machine. It is booted, Estatus dies, users stop and restart programs; now and then a
//! port falls silent of itself.
//!
//! The rule: nobody is told of what a start of Estatus, a start of a program or a wished stop explains; what nothing
//! explains is known to be down.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_core::{
    Engine, Timestamp,
    check::{Check, HostPort, ProcessCheck, ProcessMatch, TcpCheck},
    config::{Channel, CommandChannel, Config, Monitor},
    engine::{Ask, Effect, Input},
    exit::Exit,
    ids::{EffectId, StartId},
    incident::{DeliveryResult, Health},
    network::NetworkPolicy,
    observation::{Cause, Failure, Observation, Phase, Phases},
    program::{Ended, Found, ProcessId, Program, ProgramCommand, ProgramEvent, Ready},
    record::Record,
    time::{Instant, Now, later},
};

use crate::{
    agenda::Agenda,
    changes::line,
    disk::Disk,
    script::{DAY, Dice, HOUR, MINUTE},
    waking::wake,
};

const MS: Duration = Duration::from_millis(1);
/// No honest engine is woken so many times at one moment.
const WAKE_LIMIT: u32 = 100;
/// Whatever starts listens within this.
const LISTENS_WITHIN: Duration = Duration::from_secs(50);
/// The ports of programs; those after them are others'.
const PROGRAMS: u16 = 5;
const PORTS: u16 = 8;
/// What is silent for so long is known to be down.
const KNOWN_WITHIN: Duration = Duration::from_secs(5 * 60);

/// What listens on a port, or will.
#[derive(Clone, Copy)]
struct Listener {
    start: StartId,
    listens_at: Duration,
    /// It falls silent of itself for a while.
    silent: Option<(Duration, Duration)>,
}

#[expect(clippy::large_enum_variant, reason = "most are probes, and few are under way")]
enum Coming {
    Told(Input),
    Probed { id: EffectId, port: u16 },
    Dies { port: u16, start: StartId },
    User,
    Crash,
    Boot,
    Check,
}

pub(crate) struct World {
    seed: u64,
    dice: Dice,
    now: Duration,
    end: Duration,
    config: Arc<Config>,
    core: Option<Engine>,
    disk: Disk,
    listeners: BTreeMap<u16, Listener>,
    ended: BTreeMap<u16, Ended>,
    agenda: Agenda<Coming>,
    life: u64,
    began: Duration,
    incidents: u64,
}

impl World {
    pub(crate) fn new(seed: u64, days: u64) -> Self {
        let mut dice = Dice::new(seed);
        let programs = (1..=PROGRAMS).map(|port| Arc::new(program(port, &mut dice))).collect();
        let monitors = (1..=PORTS).map(|port| Arc::new(monitor(port, &mut dice))).collect();
        let command = CommandChannel { command: line("tell"), timeout: MINUTE };
        let config = Config {
            programs,
            monitors,
            channels: [("desk".to_owned(), Channel::Command(command))].into(),
            network: NetworkPolicy { reference: Vec::new() },
            ..Config::default()
        };
        let mut world = Self {
            seed,
            dice,
            now: Duration::ZERO,
            end: DAY * u32::try_from(days).unwrap(),
            config: Arc::new(config),
            core: None,
            disk: Disk::default(),
            listeners: BTreeMap::new(),
            ended: BTreeMap::new(),
            agenda: Agenda::default(),
            life: 0,
            began: Duration::ZERO,
            incidents: 0,
        };
        world.at(HOUR, Coming::User);
        world.at(HOUR * 2, Coming::Crash);
        world.at(HOUR * 9, Coming::Boot);
        world.at(MINUTE, Coming::Check);
        world.boot();
        world
    }

    pub(crate) fn run(&mut self) {
        while self.now < self.end {
            let event = self.agenda.next_at().unwrap_or(self.end);
            let deadline = self.core().next_deadline().map_or(self.end, |(at, _)| at.since_boot());
            self.now = event.min(deadline).max(self.now);
            if deadline <= self.now {
                self.wake();
            }
            while let Some((coming, life)) = self.agenda.take_due(self.now) {
                self.happen(coming, life);
            }
            self.disk.tick(self.now, false);
        }
    }

    fn wake(&mut self) {
        wake(self, (self.seed, WAKE_LIMIT), |world| &mut world.core, Self::clocks, Self::carry_out);
    }

    pub(crate) fn summary(&self) -> String {
        format!("seed {}: {} incidents, {} lives", self.seed, self.incidents, self.life)
    }

    fn core(&self) -> &Engine {
        self.core.as_ref().expect("there is always a core")
    }

    fn clocks(&self) -> Now {
        Now { monotonic: Instant::from_boot(self.now), slept: Duration::ZERO, utc: self.wall(self.now) }
    }

    fn wall(&self, at: Duration) -> Timestamp {
        later(Timestamp::from_second(1_800_000_000).expect("a year of ours"), at)
    }

    /// The machine starts: nothing of before is there, and what is not ours starts beside Estatus.
    fn boot(&mut self) {
        self.listeners.clear();
        self.ended.clear();
        for port in PROGRAMS + 1..=PORTS {
            self.listens(port, StartId(0));
        }
        self.begin();
    }

    fn begin(&mut self) {
        self.life += 1;
        self.began = self.now;
        let restored = self.disk.restored();
        self.core = Some(Engine::new(Arc::clone(&self.config), restored, self.seed, self.clocks()));
        self.carry_out();
    }

    fn listens(&mut self, port: u16, start: StartId) {
        let listens_at = self.now + self.dice.between(MS, LISTENS_WITHIN);
        let silent_at = listens_at + self.dice.between(MINUTE * 10, HOUR * 20);
        let silent = self.dice.one_in(2).then(|| (silent_at, silent_at + self.dice.between(MINUTE * 6, HOUR)));
        self.listeners.insert(port, Listener { start, listens_at, silent });
    }

    fn is_silent(&self, port: u16, at: Duration) -> bool {
        let silent = self.listeners.get(&port).and_then(|listener| listener.silent);
        silent.is_some_and(|(from, to)| (from..to).contains(&at))
    }

    fn happen(&mut self, coming: Coming, life: u64) {
        match coming {
            Coming::Told(input) if life == self.life => self.input(input),
            Coming::Probed { id, port } if life == self.life => {
                let observation = self.probe(port);
                self.input(Input::Probed { id, observation });
            }
            Coming::Told(_) | Coming::Probed { .. } => {}
            Coming::Dies { port, start } => self.dies(port, start),
            Coming::User => self.user(),
            Coming::Check => {
                self.check();
                self.at(self.now + Duration::from_secs(61), Coming::Check);
            }
            Coming::Crash => {
                let again = self.now + self.dice.between(MINUTE, HOUR * 8);
                self.at(again, Coming::Crash);
                self.begin();
            }
            Coming::Boot => {
                let again = self.now + self.dice.between(HOUR, HOUR * 20);
                self.at(again, Coming::Boot);
                self.boot();
            }
        }
    }

    fn input(&mut self, input: Input) {
        let now = self.clocks();
        self.core.as_mut().expect("there is always a core").handle(input, now).expect("nothing is refused");
        self.carry_out();
    }

    fn user(&mut self) {
        let program = format!("p{}", 1 + self.dice.below(u64::from(PROGRAMS)));
        let ask = match self.dice.below(4) {
            0 => Ask::StopProgram { program },
            1 => Ask::StartProgram { program },
            _ => Ask::RestartProgram { program },
        };
        self.input(Input::Asked(ask));
        self.disk.commit();
        let again = self.now + self.dice.between(MINUTE * 2, HOUR * 4);
        self.at(again, Coming::User);
    }

    fn dies(&mut self, port: u16, start: StartId) {
        if self.listeners.get(&port).is_none_or(|listener| listener.start != start) {
            return;
        }
        self.listeners.remove(&port);
        let at = self.wall(self.now);
        let ended = Ended::new(start, Exit::Signal(15), at);
        self.ended.insert(port, ended.clone());
        self.tell(port, ProgramEvent::Exited(ended));
    }

    fn tell(&mut self, port: u16, event: ProgramEvent) {
        let program = format!("p{port}").into();
        self.at(self.now + MS, Coming::Told(Input::Program { program, event }));
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.as_mut().and_then(Engine::poll_effect) {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::StartProbe { id, monitor } => {
                    let port = port_of(&monitor.name);
                    self.at(self.now + MS * 5, Coming::Probed { id, port });
                }
                Effect::SendAlert { id, .. } => {
                    let delivered = Input::Delivered { id, result: DeliveryResult::Delivered };
                    self.at(self.now + MS, Coming::Told(delivered));
                }
                Effect::Program { program, command: ProgramCommand::Look } => {
                    let port = port_of(&program.name);
                    let found = self.look(port);
                    self.tell(port, ProgramEvent::Found(found));
                }
                Effect::Program { program, command: ProgramCommand::Start { start, .. } } => {
                    let port = port_of(&program.name);
                    self.listens(port, start);
                    self.tell(port, ProgramEvent::Started { start, process: process(port) });
                }
                Effect::Program { program, command: ProgramCommand::Stop { start } } => {
                    let takes = self.dice.between(MS, Duration::from_secs(8));
                    self.at(self.now + takes, Coming::Dies { port: port_of(&program.name), start });
                }
                Effect::Program { program, command: ProgramCommand::Measure { start, ports } } => {
                    let port = port_of(&program.name);
                    let held = self.listeners.get(&port).filter(|listener| listener.listens_at <= self.now);
                    let ports = ports.then(|| held.map(|_| port).into_iter().collect());
                    self.tell(port, ProgramEvent::Measured { start, memory: 1, cpu: None, ports });
                }
                Effect::Fleet { .. }
                | Effect::RunCommand { .. }
                | Effect::Confirm { .. }
                | Effect::SendRequest { .. }
                | Effect::EndCommand { .. }
                | Effect::Program { command: ProgramCommand::Release, .. }
                | Effect::AskNetwork { .. }
                | Effect::Cancel { .. }
                | Effect::Publish(_) => {}
            }
        }
    }

    fn look(&self, port: u16) -> Found {
        match (self.listeners.get(&port), self.ended.get(&port)) {
            (Some(listener), _) => Found::Running {
                start: listener.start,
                process: process(port),
                since: self.wall(self.now),
                ready: listener.listens_at <= self.now,
            },
            (None, Some(ended)) => Found::Ended(ended.clone()),
            (None, None) => Found::Nothing,
        }
    }

    fn probe(&self, port: u16) -> Observation {
        let at = self.wall(self.now - MS * 5);
        let is_up = self.listeners.get(&port).is_some_and(|listener| listener.listens_at <= self.now);
        if is_up && !self.is_silent(port, self.now) {
            Observation::up(at, Phases::default(), "")
        } else {
            Observation::down(at, Phases::default(), "", Failure::new(Phase::Connect, Cause::Refused))
        }
    }

    /// An incident begins only where a port has fallen silent of itself.
    fn record(&mut self, records: Vec<Record>) {
        for record in &records {
            let Record::Incident(incident) = record else { continue };
            if incident.closed.is_some() || self.disk.incidents.contains_key(&incident.id) {
                continue;
            }
            self.incidents += 1;
            let port = port_of(&incident.monitor);
            assert!(
                self.is_silent(port, self.now),
                "seed {}: a false alarm at {:?}, {:?} after the start: {incident:?}",
                self.seed,
                self.now,
                self.now - self.began
            );
        }
        self.disk.record(records, self.now, false);
    }

    /// What has been silent of itself for a while is down.
    fn check(&self) {
        for port in 1..=PORTS {
            let since =
                self.listeners.get(&port).and_then(|listener| listener.silent).map_or(self.now, |(from, _)| from);
            let since = since.max(self.began);
            if !self.is_silent(port, self.now) || self.now.saturating_sub(since) < KNOWN_WITHIN {
                continue;
            }
            let health = self.core().monitor(&format!("m{port}")).expect("a configured monitor").health;
            assert_eq!(health, Health::Down, "seed {}: m{port} at {:?}, silent since {since:?}", self.seed, self.now);
        }
    }

    fn at(&mut self, at: Duration, coming: Coming) {
        self.agenda.at(at, self.life, coming);
    }
}

/// The port that is in the name of a program or a monitor.
fn port_of(name: &str) -> u16 {
    name.get(1..).and_then(|port| port.parse().ok()).expect("a port")
}

fn process(port: u16) -> ProcessId {
    ProcessId { pid: 100 + u32::from(port), started: 1 }
}

fn check(port: u16) -> Check {
    let address = HostPort { host: "127.0.0.1".to_owned(), port };
    Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None })
}

fn program(port: u16, dice: &mut Dice) -> Program {
    let ready = Ready::Check { check: Box::new(check(port)), timeout: Duration::from_secs(1) };
    let start_after = if port > 1 && dice.one_in(3) { vec!["p1".into()] } else { Vec::new() };
    // Before its port is known, one that starts after another has more to wait for than the grace covers.
    let ready = (dice.one_in(2) || !start_after.is_empty()).then_some(ready);
    Program { ready, start_after, ..Program::new(&format!("p{port}"), line(&format!("serve{port}"))) }
}

fn monitor(port: u16, dice: &mut Dice) -> Monitor {
    let every = Duration::from_secs(5 + dice.below(60));
    let by = ProcessMatch::Name(format!("serve{port}"));
    let process = Check::Process(ProcessCheck { by, at_least: 1, at_most: None });
    let check = if dice.one_in(3) { process } else { check(port) };
    Monitor { every, retry_every: every, ..Monitor::new(&format!("m{port}"), check) }
}
