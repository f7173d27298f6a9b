//! A world of programs: they crash, hang, are not ready, cannot be started; users stop and start them; Estatus dies in
//! the midst of it. What supervises a program outlives Estatus.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    Engine, Timestamp,
    check::{Check, HostPort, TcpCheck},
    command::{CommandLine, Run},
    config::{AlertWhen, Channel, CommandChannel, Config, Monitor, NetworkPolicy},
    engine::{Ask, Effect, EffectId, Input},
    exit::Exit,
    incident::DeliveryResult,
    observation::{Cause, Failure, Observation, Phase, Phases},
    program::{
        Ended, Found, ProcessId, Program, ProgramEvent, ProgramState, Ready, RestartPolicy, RestartWhen, StartFailure,
        StartId,
    },
    record::Record,
    remedy::{Remedy, RemedyAction},
    time::{Instant, Now, later},
};

use crate::{
    disk::Disk,
    script::{DAY, Dice, HOUR, MINUTE},
};

const MS: Duration = Duration::from_millis(1);
/// An incident that no remedy has healed has escalated within this.
const ESCALATES_WITHIN: Duration = Duration::from_secs(40 * 60);
/// No honest engine is woken so many times at one moment.
const WAKE_LIMIT: u32 = 100;

/// How a program behaves.
struct Nature {
    /// A start fails so often, one in so many.
    cannot_start: u64,
    /// It is never ready, one start in so many.
    never_ready: u64,
    /// It crashes soon, one start in so many.
    crashes_soon: u64,
    /// It runs at most so long.
    lasts: Duration,
    /// It hangs instead of ending, one time in so many.
    hangs: u64,
}

/// A process, and who watches it.
struct Live {
    start: StartId,
    pid: u32,
    ready_at: Duration,
    hangs_at: Option<Duration>,
}

#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "most are probes")]
enum Coming {
    /// Told to the life of the engine that asked, or that was attached.
    Told(Input),
    Dies {
        program: Arc<str>,
        start: StartId,
        exit: Exit,
    },
    Ready {
        program: Arc<str>,
        start: StartId,
    },
    User,
    Crash,
    Check,
}

pub(crate) struct World {
    seed: u64,
    dice: Dice,
    now: Duration,
    peace: Duration,
    end: Duration,
    crashes: bool,
    config: Arc<Config>,
    natures: BTreeMap<Arc<str>, Nature>,
    core: Option<Engine>,
    disk: Disk,
    live: BTreeMap<Arc<str>, Live>,
    ledger: BTreeMap<Arc<str>, Ended>,
    stopped_by_user: BTreeMap<Arc<str>, bool>,
    /// The starts of each program that its limit counts.
    starts: BTreeMap<Arc<str>, Vec<Duration>>,
    /// When a user or a new life of the engine may have begun the count anew.
    fresh: BTreeMap<Arc<str>, Duration>,
    coming: BinaryHeap<Reverse<(Duration, u64)>>,
    events: BTreeMap<u64, (Coming, u64)>,
    last_event: u64,
    life: u64,
    pids: u32,
    total_starts: u64,
}

impl World {
    pub(crate) fn new(seed: u64, days: u64, crashes: bool) -> Self {
        let mut dice = Dice::new(seed);
        let peace = DAY * u32::try_from(days).unwrap();
        let programs: Vec<Arc<Program>> = (0..8).map(|index| Arc::new(program(index, &mut dice))).collect();
        let monitors = programs.iter().map(|program| Arc::new(monitor(program, &mut dice))).collect();
        let natures = programs.iter().map(|program| (Arc::clone(&program.name), nature(&mut dice))).collect();
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
            peace,
            end: peace + DAY,
            crashes,
            config: Arc::new(config),
            natures,
            core: None,
            disk: Disk::default(),
            live: BTreeMap::new(),
            ledger: BTreeMap::new(),
            stopped_by_user: BTreeMap::new(),
            starts: BTreeMap::new(),
            fresh: BTreeMap::new(),
            coming: BinaryHeap::new(),
            events: BTreeMap::new(),
            last_event: 0,
            life: 0,
            pids: 100,
            total_starts: 0,
        };
        world.at(HOUR, Coming::User);
        world.at(MINUTE, Coming::Check);
        if crashes {
            world.at(MINUTE, Coming::Crash);
        }
        world.begin();
        world
    }

    pub(crate) fn run(&mut self) {
        while self.now < self.end {
            let event = self.coming.peek().map_or(self.end, |Reverse((at, _))| *at);
            let deadline = self.core().next_deadline().map_or(self.end, |(at, _)| at.since_boot());
            self.now = event.min(deadline).max(self.now);
            if deadline <= self.now {
                self.wake();
            }
            while let Some(Reverse((at, key))) = self.coming.peek().copied()
                && at <= self.now
            {
                self.coming.pop();
                let (coming, life) = self.events.remove(&key).expect("every key has an event");
                self.happen(coming, life);
            }
            self.disk.tick(self.now, false);
        }
        self.at_the_end();
    }

    pub(crate) fn summary(&self) -> String {
        let incidents = self.disk.incidents.len();
        let attempts: usize = self.disk.incidents.values().map(|incident| incident.attempts.len()).sum();
        let starts = self.total_starts;
        format!("seed {}: {starts} starts, {incidents} incidents, {attempts} attempts, {} lives", self.seed, self.life)
    }

    fn core(&self) -> &Engine {
        self.core.as_ref().expect("there is always a core")
    }

    fn clocks(&self) -> Now {
        Now { monotonic: Instant::from_boot(self.now), slept: Duration::ZERO, utc: self.wall() }
    }

    fn wall(&self) -> Timestamp {
        later(Timestamp::from_second(1_800_000_000).expect("a year of ours"), self.now)
    }

    fn begin(&mut self) {
        self.life += 1;
        let names: Vec<Arc<str>> = self.natures.keys().cloned().collect();
        for name in names {
            self.fresh.insert(name, self.now);
        }
        let restored = self.disk.restored();
        self.core = Some(Engine::new(Arc::clone(&self.config), restored, self.seed, self.clocks()));
        self.carry_out();
    }

    fn wake(&mut self) {
        for _ in 0..WAKE_LIMIT {
            let now = self.clocks();
            self.core.as_mut().expect("there is always a core").handle_timeout(now);
            self.carry_out();
            if self.core().next_deadline().is_none_or(|(at, _)| at > now.monotonic) {
                return;
            }
        }
        panic!("seed {}: the core is busy with nothing at {:?}", self.seed, self.now);
    }

    fn happen(&mut self, coming: Coming, life: u64) {
        match coming {
            Coming::Told(input) if life == self.life => self.input(input),
            Coming::Told(_) => {}
            Coming::Dies { program, start, exit } => self.dies(&program, start, exit),
            Coming::Ready { program, start } => {
                if self.live.get(&program).is_some_and(|live| live.start == start) {
                    self.input(Input::Program { program, event: ProgramEvent::Ready { start } });
                }
            }
            Coming::User => self.user(),
            Coming::Check => {
                self.check();
                self.at(self.now + Duration::from_secs(301), Coming::Check);
            }
            Coming::Crash => {
                if self.now < self.peace {
                    let again = self.now + self.dice.between(MS, HOUR * 6);
                    self.at(again, Coming::Crash);
                    self.begin();
                }
            }
        }
    }

    fn input(&mut self, input: Input) {
        let now = self.clocks();
        let core = self.core.as_mut().expect("there is always a core");
        core.handle(input, now).expect("only what a user asks can be refused");
        self.carry_out();
    }

    fn user(&mut self) {
        if self.now >= self.peace {
            // In peace, everything is wanted.
            let names: Vec<Arc<str>> = self.natures.keys().cloned().collect();
            for name in names {
                self.stopped_by_user.insert(Arc::clone(&name), false);
                self.fresh.insert(Arc::clone(&name), self.now);
                self.input(Input::Asked(Ask::RestartProgram { program: name.to_string() }));
            }
            return;
        }
        let index = usize::try_from(self.dice.below(8)).unwrap();
        let name = Arc::clone(&self.config.programs[index].name);
        let program = name.to_string();
        let ask = match self.dice.below(4) {
            0 => Ask::StopProgram { program },
            1 => Ask::RestartProgram { program },
            _ => Ask::StartProgram { program },
        };
        self.stopped_by_user.insert(Arc::clone(&name), matches!(ask, Ask::StopProgram { .. }));
        self.fresh.insert(name, self.now);
        self.input(Input::Asked(ask));
        self.disk.commit();
        let again = self.now + self.dice.between(MINUTE, HOUR * 8);
        self.at(again.min(self.peace), Coming::User);
    }

    fn dies(&mut self, program: &Arc<str>, start: StartId, exit: Exit) {
        if self.live.get(program).is_none_or(|live| live.start != start) {
            return;
        }
        self.live.remove(program);
        let ended = Ended { start, exit, at: self.wall(), left: Vec::new(), tail: vec!["the end".to_owned()] };
        self.ledger.insert(Arc::clone(program), ended.clone());
        self.tell(Input::Program { program: Arc::clone(program), event: ProgramEvent::Exited(ended) }, MS);
    }

    /// The engine that is there now will be told, if it lives to hear it.
    fn tell(&mut self, input: Input, after: Duration) {
        self.at(self.now + after, Coming::Told(input));
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.as_mut().and_then(Engine::poll_effect) {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::StartProbe { id, monitor } => self.probe(id, &monitor),
                Effect::SendAlert { id, .. } => {
                    self.tell(Input::Delivered { id, result: DeliveryResult::Delivered }, MS * 100);
                }
                Effect::LookForProgram { program } => {
                    let found = self.look(&program.name);
                    let event = ProgramEvent::Found(found);
                    self.tell(Input::Program { program: Arc::clone(&program.name), event }, MS);
                }
                Effect::StartProgram { program, start, .. } => self.start(&program, start),
                Effect::StopProgram { program, start } => {
                    let takes =
                        if self.dice.one_in(4) { self.dice.between(MS, Duration::from_secs(12)) } else { MS * 5 };
                    let exit = Exit::Signal(15);
                    self.at(self.now + takes, Coming::Dies { program: Arc::clone(&program.name), start, exit });
                }
                Effect::RunCommand { .. }
                | Effect::MeasureProgram { .. }
                | Effect::ReleaseProgram { .. }
                | Effect::AskNetwork { .. }
                | Effect::CancelProbe { .. }
                | Effect::Publish(_) => {}
            }
            // Between any two effects the power may go.
            if self.crashes && self.now < self.peace && self.dice.one_in(5_000) {
                return self.begin();
            }
        }
    }

    fn look(&self, name: &Arc<str>) -> Found {
        match (self.live.get(name), self.ledger.get(name)) {
            (Some(live), _) => Found::Running {
                start: live.start,
                process: ProcessId { pid: live.pid, started: 1 },
                since: self.wall(),
                ready: live.ready_at <= self.now,
            },
            (None, Some(ended)) => Found::Ended(ended.clone()),
            (None, None) => Found::Nothing,
        }
    }

    fn start(&mut self, program: &Arc<Program>, start: StartId) {
        let (seed, now, name) = (self.seed, self.now, &program.name);
        assert!(!self.live.contains_key(name), "seed {seed}: two copies of {name} at {now:?}");
        let stopped = self.stopped_by_user.get(name).copied().unwrap_or_default();
        assert!(!stopped, "seed {seed}: {name} is started at {now:?} although the user stopped it");
        self.count_start(program);
        let calm = self.now >= self.peace;
        let nature = &self.natures[name];
        let name = Arc::clone(name);
        if !calm && self.dice.one_in(nature.cannot_start) {
            let failure = match self.dice.below(3) {
                0 => StartFailure::ProgramMissing { program: name.to_string() },
                1 => StartFailure::PortHeld { port: 80, holder: None },
                _ => StartFailure::Refused { error: "no more processes".to_owned() },
            };
            return self
                .tell(Input::Program { program: name, event: ProgramEvent::CannotStart { start, failure } }, MS);
        }
        let never_ready = !calm && self.dice.one_in(nature.never_ready);
        let ready_at =
            if never_ready { Duration::MAX } else { self.now + self.dice.between(MS, Duration::from_secs(20)) };
        let lasts = if self.dice.one_in(nature.crashes_soon) {
            self.dice.between(Duration::ZERO, Duration::from_secs(30))
        } else {
            self.dice.between(MINUTE, nature.lasts)
        };
        let ends = self.now + lasts;
        let hangs = !calm && self.dice.one_in(nature.hangs);
        self.pids += 1;
        let live = Live { start, pid: self.pids, ready_at, hangs_at: hangs.then_some(ends) };
        let process = ProcessId { pid: live.pid, started: 1 };
        self.live.insert(Arc::clone(&name), live);
        self.tell(Input::Program { program: Arc::clone(&name), event: ProgramEvent::Started { start, process } }, MS);
        if !hangs && !calm {
            let exit = if self.dice.one_in(3) { Exit::Code(0) } else { Exit::Signal(11) };
            self.at(ends, Coming::Dies { program: Arc::clone(&name), start, exit });
        }
        if ready_at < Duration::MAX {
            self.at(ready_at + MS, Coming::Ready { program: name, start });
        }
    }

    /// Restarts never exceed the limit; what a user asks for and the first start of a life are none.
    fn count_start(&mut self, program: &Arc<Program>) {
        self.total_starts += 1;
        let name = &program.name;
        let fresh = self.fresh.get(name).copied().unwrap_or_default();
        let since = self.now.saturating_sub(program.limit.within).max(fresh);
        let starts = self.starts.entry(Arc::clone(name)).or_default();
        starts.retain(|at| *at > since);
        starts.push(self.now);
        let limit = usize::try_from(program.limit.restarts).unwrap();
        // The first start is no restart, and a port that is held is looked at again without one.
        assert!(
            starts.len() <= limit + 2,
            "seed {}: {name} was started {} times within {:?} at {:?}",
            self.seed,
            starts.len(),
            program.limit.within,
            self.now
        );
    }

    fn probe(&mut self, id: EffectId, monitor: &Arc<Monitor>) {
        let program: Arc<str> = monitor.name.trim_start_matches("page of ").into();
        let is_up = self
            .live
            .get(&program)
            .is_some_and(|live| live.ready_at <= self.now && live.hangs_at.is_none_or(|hangs_at| hangs_at > self.now));
        let at = self.wall();
        let observation = if is_up {
            Observation::up(at, Phases::default(), "")
        } else {
            Observation::down(at, Phases::default(), "", Failure::new(Phase::Connect, Cause::Refused))
        };
        self.tell(Input::Probed { id, observation }, MS * 40);
    }

    fn record(&mut self, records: Vec<Record>) {
        for record in &records {
            let Record::Incident(incident) = record else { continue };
            let budget = usize::try_from(Remedy::TRIES).unwrap();
            let (seed, tries) = (self.seed, incident.attempts.len());
            assert!(tries <= budget, "seed {seed}: {tries} tries of {incident:?}");
            let open = incident.attempts.iter().rev().skip(1).find(|attempt| attempt.outcome.is_none());
            assert!(open.is_none(), "seed {seed}: two tries at once: {incident:?}");
            let left = incident.closed.is_some() && incident.attempts.iter().any(|attempt| attempt.outcome.is_none());
            assert!(!left, "seed {seed}: a try without an outcome: {incident:?}");
        }
        self.disk.record(records, self.now, false);
    }

    /// Every incident is healed in time, or escalates.
    fn check(&self) {
        for incident in self.core().open_incidents() {
            let age = estatus_core::time::elapsed(incident.opened, self.wall());
            let program: &str = incident.monitor.trim_start_matches("page of ");
            let stopped = self.stopped_by_user.get(program).copied().unwrap_or_default();
            // A new life of the engine begins a try anew.
            let alive = self.now - self.fresh.get(program).copied().unwrap_or_default();
            assert!(
                stopped || incident.escalated.is_some() || age.min(alive) < ESCALATES_WITHIN,
                "seed {}: neither healed nor escalated at {:?}: {incident:?}",
                self.seed,
                self.now
            );
        }
    }

    /// After a day of peace everything runs and every incident is over.
    fn at_the_end(&self) {
        let seed = self.seed;
        for view in self.core().programs() {
            let name = &view.program.name;
            assert_eq!(view.state, ProgramState::Running, "seed {seed}: {name} at the end");
            assert!(view.trouble.is_none(), "seed {seed}: {name} at the end: {:?}", view.trouble);
            assert!(self.live.contains_key(name), "seed {seed}: {name} is not there at the end");
        }
        for incident in self.disk.incidents.values() {
            assert!(incident.closed.is_some(), "seed {seed}: {incident:?} at the end");
        }
    }

    fn at(&mut self, at: Duration, coming: Coming) {
        self.last_event += 1;
        self.coming.push(Reverse((at, self.last_event)));
        self.events.insert(self.last_event, (coming, self.life));
    }
}

fn line(command: &str) -> CommandLine {
    CommandLine { run: Run::Shell(command.to_owned()), directory: None, env: Vec::new(), secret_env: Vec::new() }
}

fn program(index: usize, dice: &mut Dice) -> Program {
    let when = match dice.below(4) {
        0 => RestartWhen::OnFailure,
        1 => RestartWhen::Never,
        _ => RestartWhen::Always,
    };
    let start_after = if index > 0 && dice.one_in(3) { vec!["p0".into()] } else { Vec::new() };
    Program {
        restart: RestartPolicy { when, ..RestartPolicy::default() },
        ready: dice.one_in(2).then_some(Ready::Notify),
        start_after,
        ..Program::new(&format!("p{index}"), line("serve"))
    }
}

fn monitor(program: &Arc<Program>, dice: &mut Dice) -> Monitor {
    let address = HostPort { host: "127.0.0.1".to_owned(), port: 80 };
    let check = Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None });
    let name = Arc::clone(&program.name);
    let action = if dice.one_in(4) { RemedyAction::Start(name) } else { RemedyAction::Restart(name) };
    Monitor {
        every: Duration::from_secs(10 + dice.below(100)),
        on_down: Some(Remedy::new(action)),
        alert_when: if dice.one_in(2) { AlertWhen::Always } else { AlertWhen::Unhealed },
        ..Monitor::new(&format!("page of {}", program.name), check)
    }
}

fn nature(dice: &mut Dice) -> Nature {
    Nature {
        cannot_start: 5 + dice.below(200),
        never_ready: 5 + dice.below(100),
        crashes_soon: 2 + dice.below(20),
        lasts: dice.between(HOUR, DAY),
        hangs: 2 + dice.below(10),
    }
}
