//! A world of programs: they crash, hang, are not ready, cannot be started; users stop and start them; Estatus dies in
//! the midst of it. What supervises a program outlives Estatus.

mod cast;
mod user;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    Engine, Timestamp,
    command::{CommandEnd, CommandOutcome, DurableCommand},
    config::{Channel, CommandChannel, Config, Monitor},
    engine::{Effect, Input},
    exit::Exit,
    ids::{EffectId, IncidentId, Key, StartId},
    incident::{DeliveryResult, Health, Incident},
    network::NetworkPolicy,
    observation::{Cause, Failure, Observation, Phase, Phases},
    program::{Ended, Found, ProcessId, Program, ProgramCommand, ProgramEvent, ProgramState, StartFailure},
    record::Record,
    remedy::{Outcome, Remedy, RemedyError, RemedyKind},
    time::{Instant, Now, later},
    usage::{Measure, UsedMinute},
};

use crate::{
    agenda::Agenda,
    changes::line,
    disk::Disk,
    script::{DAY, Dice, HOUR, MINUTE},
    waking::wake,
};
use cast::Nature;
use user::program_of;

const MS: Duration = Duration::from_millis(1);
/// An incident that no remedy has healed has escalated within this.
const ESCALATES_WITHIN: Duration = Duration::from_secs(40 * 60);
/// Programs are measured until then: what is written down of that depends on nothing that comes later.
const MEASURED_UNTIL: Duration = Duration::from_secs(2 * 24 * 60 * 60);
/// No honest engine is woken so many times at one moment.
const WAKE_LIMIT: u32 = 100;

/// The minute since 1970.
fn minute(at: Timestamp) -> i64 {
    at.as_second().div_euclid(60)
}

/// A process, and who watches it.
struct Live {
    start: StartId,
    pid: u32,
    ready_at: Duration,
    hangs_at: Option<Duration>,
}

/// The command of a remedy, and its end, which comes whoever is there to see it.
struct RunningCommand {
    command: DurableCommand,
    /// The life of the engine that began it.
    life: u64,
    took: Duration,
    ends: Duration,
    end: CommandEnd,
}

impl RunningCommand {
    fn outcome(&self) -> CommandOutcome {
        let (end, took) = (self.end.clone(), self.took);
        CommandOutcome { end, stdout: String::new(), stderr: String::new(), took, program: None }
    }
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
    /// The user changes something about the program of this index, and more right after.
    Meddle {
        index: usize,
        more: u64,
    },
    Crash,
    Check,
}

/// What goes on around the programs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Troubles {
    /// Estatus dies every now and then.
    pub(crate) crashes: bool,
    /// The user edits the file, pauses and snoozes.
    pub(crate) edits: bool,
    /// Some orders are never heard of again.
    pub(crate) silence: bool,
}

impl Troubles {
    pub(crate) const NONE: Self = Self { crashes: false, edits: false, silence: false };
}

pub(crate) struct World {
    seed: u64,
    dice: Dice,
    now: Duration,
    peace: Duration,
    end: Duration,
    troubles: Troubles,
    /// The file with everything in it.
    whole: Arc<Config>,
    /// The file as it is.
    config: Arc<Config>,
    natures: BTreeMap<Arc<str>, Nature>,
    core: Option<Engine>,
    disk: Disk,
    live: BTreeMap<Arc<str>, Live>,
    ledger: BTreeMap<Arc<str>, Ended>,
    stopped_by_user: BTreeMap<Arc<str>, bool>,
    /// When programs were taken out of the file.
    removed: BTreeMap<Arc<str>, Duration>,
    /// The newest command of each owner; a command goes on when the engine is killed.
    commands: BTreeMap<String, RunningCommand>,
    /// The incidents that somebody was told of.
    told: BTreeSet<IncidentId>,
    /// The starts of each program that its limit counts.
    starts: BTreeMap<Arc<str>, Vec<Duration>>,
    /// When a user or a new life of the engine may have begun the count anew.
    fresh: BTreeMap<Arc<str>, Duration>,
    /// When a monitor was last seen to be paused.
    paused: BTreeMap<Arc<str>, Duration>,
    /// The minutes in which programs were measured, as far as they have to be looked up.
    measured: BTreeSet<(Arc<str>, i64)>,
    agenda: Agenda<Coming>,
    life: u64,
    pids: u32,
    total_starts: u64,
}

impl World {
    pub(crate) fn new(seed: u64, days: u64, troubles: Troubles) -> Self {
        let mut dice = Dice::new(seed);
        let peace = DAY * u32::try_from(days).unwrap();
        let programs: Vec<Arc<Program>> = (0..8).map(|index| Arc::new(cast::program(index, &mut dice))).collect();
        let monitors = programs.iter().map(|program| Arc::new(cast::monitor(program, &mut dice))).collect();
        let natures = programs.iter().map(|program| (Arc::clone(&program.name), cast::nature(&mut dice))).collect();
        let command = CommandChannel { command: line("tell"), timeout: MINUTE };
        let config = Config {
            programs,
            monitors,
            channels: [("desk".to_owned(), Channel::Command(command))].into(),
            network: NetworkPolicy { reference: Vec::new() },
            ..Config::default()
        };
        let config = Arc::new(config);
        let mut world = Self {
            seed,
            dice,
            now: Duration::ZERO,
            peace,
            end: peace + DAY,
            troubles,
            whole: Arc::clone(&config),
            config,
            natures,
            core: None,
            disk: Disk::default(),
            live: BTreeMap::new(),
            ledger: BTreeMap::new(),
            stopped_by_user: BTreeMap::new(),
            removed: BTreeMap::new(),
            commands: BTreeMap::new(),
            measured: BTreeSet::new(),
            told: BTreeSet::new(),
            starts: BTreeMap::new(),
            fresh: BTreeMap::new(),
            paused: BTreeMap::new(),
            agenda: Agenda::default(),
            life: 0,
            pids: 100,
            total_starts: 0,
        };
        world.at(HOUR, Coming::User);
        world.at(MINUTE, Coming::Check);
        if troubles.crashes {
            world.at(MINUTE, Coming::Crash);
        }
        world.begin();
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
        self.wall_after(Duration::ZERO)
    }

    /// What the wall clock will show after `span`.
    fn wall_after(&self, span: Duration) -> Timestamp {
        later(Timestamp::from_second(1_800_000_000).expect("a year of ours"), self.now + span)
    }

    fn begin(&mut self) {
        self.life += 1;
        for command in self.commands.values_mut().filter(|command| command.ends > self.now) {
            if self.dice.one_in(4) {
                // Whoever supervised it was killed too: it goes on, and nobody sees how it ends.
                command.end = CommandEnd::Unseen;
            }
        }
        let names: Vec<Arc<str>> = self.natures.keys().cloned().collect();
        for name in names {
            self.fresh.insert(name, self.now);
        }
        let restored = self.disk.restored();
        self.core = Some(Engine::new(Arc::clone(&self.config), restored, self.seed, self.clocks()));
        self.carry_out();
    }

    fn wake(&mut self) {
        wake(self, (self.seed, WAKE_LIMIT), |world| &mut world.core, Self::clocks, Self::carry_out);
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
            Coming::Meddle { index, more } => self.meddle(index, more),
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

    fn dies(&mut self, program: &Arc<str>, start: StartId, exit: Exit) {
        if self.live.get(program).is_none_or(|live| live.start != start) {
            return;
        }
        self.live.remove(program);
        let ended = Ended { tail: vec!["the end".to_owned()], ..Ended::new(start, exit, self.wall()) };
        self.ledger.insert(Arc::clone(program), ended.clone());
        self.tell(Input::Program { program: Arc::clone(program), event: ProgramEvent::Exited(ended) }, MS);
    }

    /// The engine that is there now will be told, if it lives to hear it.
    fn tell(&mut self, input: Input, after: Duration) {
        self.at(self.now + after, Coming::Told(input));
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.as_mut().and_then(Engine::poll_effect) {
            if self.is_lost(&effect) {
                continue;
            }
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::StartProbe { id, monitor } => self.probe(id, &monitor),
                Effect::SendAlert { id, message } => {
                    self.told
                        .extend(message.alerts.iter().filter_map(|alert| alert.news.incident()).map(|told| told.id));
                    self.tell(Input::Delivered { id, result: DeliveryResult::Delivered }, MS * 100);
                }
                Effect::Program { program, command: ProgramCommand::Look } => {
                    let found = self.look(&program.name);
                    let event = ProgramEvent::Found(found);
                    self.tell(Input::Program { program: Arc::clone(&program.name), event }, MS);
                }
                Effect::Program { program, command: ProgramCommand::Start { start, .. } } => {
                    self.start(&program, start)
                }
                Effect::Program { program, command: ProgramCommand::Stop { start } } => {
                    let takes =
                        if self.dice.one_in(4) { self.dice.between(MS, Duration::from_secs(12)) } else { MS * 5 };
                    self.may_meddle(&program.name, takes * 2);
                    let exit = Exit::Signal(15);
                    self.at(self.now + takes, Coming::Dies { program: Arc::clone(&program.name), start, exit });
                }
                Effect::RunCommand { id, command } => self.run_command(id, &command),
                Effect::Fleet { .. }
                | Effect::SendRequest { .. }
                | Effect::Confirm { .. }
                | Effect::EndCommand { .. } => {
                    panic!("no flow is configured: {effect:?}")
                }
                Effect::Program { program, command: ProgramCommand::Measure { start, ports: false } }
                    if self.now < MEASURED_UNTIL =>
                {
                    self.measure(&program.name, start);
                }
                Effect::Program { command: ProgramCommand::Measure { .. } | ProgramCommand::Release, .. }
                | Effect::AskNetwork { .. }
                | Effect::Cancel { .. }
                | Effect::Publish(_) => {}
            }
            // Between any two effects the power may go.
            if self.troubles.crashes && self.now < self.peace && self.dice.one_in(5_000) {
                return self.begin();
            }
        }
    }

    /// Now and then nobody carries out what is asked for, and nobody says so.
    fn is_lost(&mut self, effect: &Effect) -> bool {
        let concerns = matches!(effect, Effect::Program { command, .. } if !matches!(command, ProgramCommand::Measure { .. } | ProgramCommand::Release));
        concerns && self.troubles.silence && self.now < self.peace && self.dice.one_in(100)
    }

    /// It is measured, if it lives: with each start it uses more, and by the second.
    fn measure(&mut self, program: &Arc<str>, start: StartId) {
        if self.live.get(program).is_none_or(|live| live.start != start) {
            return;
        }
        let memory = 1_000_000 + self.now.as_secs();
        let event = ProgramEvent::Measured { start, memory, cpu: Some(12.5), ports: None };
        self.measured.insert((Arc::clone(program), minute(self.wall_after(MS))));
        self.tell(Input::Program { program: Arc::clone(program), event }, MS);
    }

    /// What is written down of what a program uses was measured in that minute, and lies within what was.
    fn is_measured(&self, by: &Key, used: &UsedMinute) {
        let (seed, now) = (self.seed, self.now);
        let Key::Program(program) = by else { panic!("seed {seed}: no monitor measures anything: {by:?}") };
        let known = self.measured.contains(&(Arc::clone(program), minute(used.at)));
        assert!(known, "seed {seed}: {program} was not measured in {} at {now:?}", used.at);
        for (measure, spread) in &used.measures {
            let most = if *measure == Measure::Cpu { 12.5 } else { 1e6 + now.as_secs_f64() };
            let ordered = spread.least <= spread.mean && spread.mean <= spread.most && spread.most <= most;
            assert!(ordered, "seed {seed}: {program} used {spread:?} at {now:?}");
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
        let configured = self.config.programs.iter().any(|known| known.name == *name);
        assert!(configured, "seed {seed}: {name} is started at {now:?} although it is not in the file");
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
        let program = program_of(&monitor.name);
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

    /// The command of a remedy: it takes a while, and may help against what hangs. It goes on when the engine is killed, and
    /// the next one asks for its end.
    fn run_command(&mut self, id: EffectId, command: &DurableCommand) {
        let monitor =
            command.env.iter().find(|(name, _)| name == "ESTATUS_MONITOR").expect("told whom it heals").1.clone();
        if let Some(known) = self.commands.get(&command.owner) {
            let runs = known.ends > self.now;
            let (seed, is_same) = (self.seed, known.command.start == command.start);
            assert!(
                is_same || !runs || known.life != self.life,
                "seed {seed}: the remedy of {monitor} runs twice at once at {:?}",
                self.now
            );
            if is_same || runs && known.command.command == command.command {
                assert!(!is_same || known.life != self.life, "seed {seed}: {monitor} is asked to begin the same twice");
                let (outcome, wait) = (known.outcome(), known.ends.saturating_sub(self.now).max(MS));
                return self.tell(Input::CommandRan { id, outcome }, wait);
            }
        }
        let took = self.dice.between(MS, Duration::from_secs(20));
        let (ends, end) = (self.now + took, CommandEnd::Exited(i32::from(self.dice.one_in(4))));
        let running = RunningCommand { command: command.clone(), life: self.life, took, ends, end };
        let outcome = running.outcome();
        self.commands.insert(command.owner.clone(), running);
        if self.dice.one_in(2)
            && let Some(live) = self.live.get_mut(&program_of(&monitor))
        {
            live.hangs_at = None;
        }
        self.tell(Input::CommandRan { id, outcome }, took);
        self.may_meddle(&program_of(&monitor), took);
    }

    /// A command that was being run when the engine was killed is the same try for the next one.
    fn is_not_cut_off(&self, incident: &Incident) {
        let Some(attempt) = incident.attempts.last() else { return };
        let is_cut_off = attempt.outcome == Some(Outcome::NotDone(RemedyError::Interrupted));
        let remedy = self.config.monitors.iter().find(|monitor| monitor.name == incident.monitor);
        let remedy = remedy.and_then(|monitor| monitor.on_down.as_ref()).map(|remedy| remedy.action.kind());
        let is_command = matches!(attempt.deed, RemedyKind::Run { .. });
        let is_new = attempt.ended == Some(self.clocks().utc);
        assert!(
            !(is_cut_off && is_command && is_new && remedy.as_ref() == Some(&attempt.deed)),
            "seed {}: a try was cut off at {:?} although its command goes on: {incident:?}",
            self.seed,
            self.now
        );
    }

    fn record(&mut self, records: Vec<Record>) {
        for record in &records {
            if let Record::Used { by, minute } = record {
                self.is_measured(by, minute);
            }
            let Record::Incident(incident) = record else { continue };
            self.is_not_cut_off(incident);
            let budget = usize::try_from(Remedy::TRIES).unwrap();
            let (seed, tries) = (self.seed, incident.attempts.len() - incident.earlier_attempts);
            assert!(tries <= budget, "seed {seed}: {tries} tries of {incident:?}");
            let open = incident.attempts.iter().rev().skip(1).find(|attempt| attempt.outcome.is_none());
            assert!(open.is_none(), "seed {seed}: two tries at once: {incident:?}");
            let left = incident.closed.is_some() && incident.attempts.iter().any(|attempt| attempt.outcome.is_none());
            assert!(!left, "seed {seed}: a try without an outcome: {incident:?}");
        }
        self.disk.record(records, self.now, false);
    }

    fn check(&mut self) {
        for program in &self.config.programs {
            self.is_kept(program);
        }
        let paused: Vec<Arc<str>> = self
            .core()
            .monitors()
            .filter(|view| view.health == Health::Paused)
            .map(|view| Arc::clone(&view.monitor.name))
            .collect();
        self.paused.extend(paused.into_iter().map(|name| (name, self.now)));
        for incident in self.core().open_incidents() {
            self.is_seen_to(incident);
        }
        // What one program's end causes for each monitor that it heals, and no more.
        let (seed, signals, bound) = (self.seed, self.core().signals_at_most(), 4 + 2 * self.config.monitors.len());
        assert!(signals <= bound, "seed {seed}: {signals} signals wait at the same time");
    }

    /// What is configured, enabled and not stopped is alive, or due to start, or has ended as its policy wants.
    fn is_kept(&self, program: &Arc<Program>) {
        let (seed, now, name) = (self.seed, self.now, &program.name);
        let view = self.core().program(name).unwrap_or_else(|| panic!("seed {seed}: {name} is lost at {now:?}"));
        let stopped = self.stopped_by_user.get(name).copied().unwrap_or_default();
        if stopped || !program.enabled {
            return;
        }
        let exit = view.last_end.as_ref().map(|ended| ended.exit);
        let rests = match view.state {
            ProgramState::Stopped => true,
            ProgramState::Finished => exit.is_some_and(|exit| program.restart.restarts(exit)),
            _ => false,
        };
        assert!(!rests, "seed {seed}: {name} is {} at {now:?}, though nobody stopped it", view.state);
    }

    /// An open incident is being healed, has escalated, or is told.
    fn is_seen_to(&self, incident: &Incident) {
        let (seed, now) = (self.seed, self.now);
        let Some(monitor) = self.config.monitors.iter().find(|monitor| monitor.name == incident.monitor) else {
            return;
        };
        let view = self.core().monitor(&monitor.name).expect("a configured monitor");
        let program = program_of(&incident.monitor);
        let stopped = self.stopped_by_user.get(&program).copied().unwrap_or_default();
        if stopped || view.health == Health::Paused {
            return;
        }
        let age = estatus_core::time::elapsed(incident.opened, self.wall());
        // A new life of the engine begins a try anew, and so do the end of a pause and whatever else the user changes.
        let disturbed = self.fresh.get(&program).max(self.paused.get(&monitor.name));
        let undisturbed = self.now - disturbed.copied().unwrap_or_default();
        if age.min(undisturbed) < ESCALATES_WITHIN {
            return;
        }
        let heals = monitor.on_down.is_some();
        assert!(
            !heals || incident.escalated.is_some(),
            "seed {seed}: neither healed nor escalated at {now:?}: {incident:?}"
        );
        let told = self.told.contains(&incident.id) || view.flapping || view.snoozed_until.is_some();
        assert!(told, "seed {seed}: neither being healed nor told at {now:?}: {incident:?}");
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
        self.agenda.at(at, self.life, coming);
    }
}
