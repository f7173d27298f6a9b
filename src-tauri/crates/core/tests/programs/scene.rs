//! The stage: an engine, and programs that do as they are told.

use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Duration};

use estatus_core::{
    Engine, Timestamp,
    check::{Check, HostPort, TcpCheck},
    command::{CommandEnd, CommandLine, CommandOutcome, DurableCommand, Run},
    config::{AlertPolicy, Channel, CommandChannel, Config, Monitor},
    engine::{Ask, Change, Effect, Input},
    exit::Exit,
    fleet::command::FleetCommand,
    flow::{Definition, request::RequestOutcome, run::RunRecord},
    ids::{EffectId, Key, RunId, StartId},
    incident::{DeliveryResult, News},
    memory::Memory,
    network::NetworkAnswer,
    network::NetworkPolicy,
    observation::{Cause, Failure, Observation, Phase, Phases},
    program::{Ended, Found, ProcessId, Program, ProgramCommand, ProgramEvent, ProgramMemory, StartFailure},
    record::{JournalEntry, Record, Restored},
    remedy::{Remedy, RemedyAction},
    time::{Instant, Now, later},
    usage::{Measure, UsedMinute},
};

pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub(crate) fn line(command: &str) -> CommandLine {
    let run = Run::Program { program: command.to_owned(), args: Vec::new() };
    CommandLine::new(run)
}

pub(crate) fn program(name: &str) -> Program {
    Program::new(name, line(name))
}

pub(crate) fn tcp(port: u16) -> Check {
    let address = HostPort { host: "127.0.0.1".to_owned(), port };
    Check::Tcp(TcpCheck { address, ip: None, send: None, expect: None })
}

pub(crate) fn monitor(name: &str, remedy: Option<Remedy>) -> Monitor {
    let confirm_after = if remedy.is_some() { Duration::ZERO } else { Monitor::CONFIRM_AFTER };
    Monitor {
        every: seconds(10.0),
        confirm_after,
        retry_every: seconds(10.0),
        on_down: remedy,
        ..Monitor::new(name, tcp(1))
    }
}

pub(crate) fn restart(name: &str) -> Option<Remedy> {
    Some(Remedy::new(RemedyAction::Restart(name.into())))
}

/// An engine in a world where programs do as they are told, until the scene says otherwise.
pub(crate) struct Scene {
    pub(crate) core: Engine,
    pub(crate) config: Arc<Config>,
    pub(crate) now: Duration,
    /// Whether a probe succeeds now.
    pub(crate) is_up: bool,
    /// The ports that programs are seen to listen on while they run.
    pub(crate) ports: Vec<u16>,
    /// What a start comes to.
    pub(crate) cannot_start: Option<StartFailure>,
    /// What is asked for of programs is not done, and nobody says so.
    pub(crate) silent: bool,
    /// A probe that is begun does not come to an end.
    pub(crate) probes_last: bool,
    /// A remedy's command that runs goes on until the scene ends it.
    pub(crate) command_lasts: bool,
    pub(crate) commands: Vec<(EffectId, DurableCommand)>,
    /// What a command ends with that is called so; any other as `command_exit` says.
    pub(crate) exits: BTreeMap<&'static str, i32>,
    /// What a command writes that is called so.
    pub(crate) writes: BTreeMap<&'static str, &'static str>,
    /// What was to be done with fleets.
    pub(crate) fleet_commands: Vec<FleetCommand>,
    /// The requests that are not answered.
    pub(crate) requests: Vec<EffectId>,
    /// What its commands are known by.
    pub(crate) executions: Vec<StartId>,
    /// What a remedy's command ends with.
    pub(crate) command_exit: i32,
    pub(crate) running: BTreeMap<Arc<str>, StartId>,
    pub(crate) pids: u32,
    pub(crate) story: String,
    pub(crate) published: Vec<Change>,
    /// The memory and the CPU that programs use.
    pub(crate) uses: (u64, f64),
    /// What probes measure.
    pub(crate) measures: Vec<(Measure, f64)>,
    /// What was written down of what is used.
    pub(crate) used: Vec<(Key, UsedMinute)>,
    /// What the runs do that were written down.
    pub(crate) definitions: BTreeMap<RunId, Arc<Definition>>,
}

impl Scene {
    pub(crate) fn new(programs: Vec<Program>, monitors: Vec<Monitor>) -> Self {
        let mut config = Config {
            programs: programs.into_iter().map(Arc::new).collect(),
            monitors: monitors.into_iter().map(Arc::new).collect(),
            network: NetworkPolicy { reference: Vec::new() },
            alerts: AlertPolicy { grace: Duration::ZERO, ..AlertPolicy::default() },
            ..Config::default()
        };
        let command = CommandChannel { command: line("tell"), timeout: seconds(5.0) };
        config.channels.insert("desk".to_owned(), Channel::Command(command));
        Self::with(Arc::new(config), Restored::default(), Duration::ZERO)
    }

    pub(crate) fn with(config: Arc<Config>, restored: Restored, now: Duration) -> Self {
        let definition = |record: &RunRecord| (record.run.id, Arc::clone(&record.run.definition));
        let definitions = restored.runs.iter().map(definition).collect();
        let core = Engine::new(Arc::clone(&config), restored, 1, at(now));
        Self {
            core,
            config,
            now,
            is_up: true,
            ports: Vec::new(),
            cannot_start: None,
            silent: false,
            probes_last: false,
            command_lasts: false,
            commands: Vec::new(),
            exits: BTreeMap::new(),
            writes: BTreeMap::new(),
            fleet_commands: Vec::new(),
            requests: Vec::new(),
            definitions,
            executions: Vec::new(),
            command_exit: 0,
            running: BTreeMap::new(),
            pids: 100,
            story: String::new(),
            published: Vec::new(),
            uses: (2_000_000_000, 1.0),
            measures: Vec::new(),
            used: Vec::new(),
        }
    }

    fn tell(&mut self, what: &str) {
        let now = self.now.as_secs_f64();
        writeln!(self.story, "{now:.1} {what}").unwrap();
    }

    /// What was done since it was last asked for.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.story)
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.core.handle(input, at(self.now)).unwrap();
        self.carry_out();
    }

    pub(crate) fn happens(&mut self, program: &str, event: ProgramEvent) {
        self.input(Input::Program { program: program.into(), event });
    }

    pub(crate) fn exits(&mut self, program: &str, exit: Exit) {
        let start = self.running.remove(program).expect("it runs");
        let tail = vec!["last words".to_owned()];
        let ended = Ended { tail, ..Ended::new(start, exit, at(self.now).utc) };
        self.happens(program, ProgramEvent::Exited(ended));
    }

    pub(crate) fn asks(&mut self, ask: Ask) {
        self.input(Input::Asked(ask));
    }

    /// Time goes by.
    pub(crate) fn passes(&mut self, span: f64) {
        let end = self.now + seconds(span);
        self.carry_out();
        while let Some((due, _)) = self.core.next_deadline()
            && due.since_boot() <= end
        {
            self.now = due.since_boot().max(self.now);
            self.core.handle_timeout(at(self.now));
            self.carry_out();
        }
        self.now = end;
        self.core.handle_timeout(at(self.now));
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.poll_effect() {
            let is_awaited = matches!(
                &effect,
                Effect::Program {
                    command: ProgramCommand::Look | ProgramCommand::Start { .. } | ProgramCommand::Stop { .. },
                    ..
                }
            );
            if is_awaited && self.silent {
                continue;
            }
            match effect {
                Effect::Fleet { command, .. } => self.fleet_commands.push(command),
                Effect::Record(records) => records.iter().for_each(|record| self.recorded(record)),
                Effect::Program { program, command: ProgramCommand::Look } => {
                    let found = match self.running.get(&program.name) {
                        Some(&start) => {
                            Found::Running { start, process: self.process(), since: at(self.now).utc, ready: true }
                        }
                        None => Found::Nothing,
                    };
                    self.happens(&program.name.clone(), ProgramEvent::Found(found));
                }
                Effect::Program { program, command: ProgramCommand::Start { start, environment, .. } } => {
                    self.start(&program, start, environment.restarts)
                }
                Effect::Program { program, command: ProgramCommand::Stop { start } } => {
                    self.tell(&format!("stop {} {start}", program.name));
                    if self.running.contains_key(&program.name) {
                        self.exits(&program.name.clone(), Exit::Signal(15));
                    }
                }
                Effect::StartProbe { .. } if self.probes_last => {}
                Effect::StartProbe { id, .. } => self.probe(id),
                Effect::RunCommand { id, command } => {
                    self.tell(&format!("run {}", command.command));
                    self.executions.push(command.start);
                    self.commands.push((id, command));
                    if !self.command_lasts {
                        self.command_ends();
                    }
                }
                Effect::SendRequest { id, request } => {
                    let body = request.body.as_ref().map(|body| format!(" {}", body.as_written())).unwrap_or_default();
                    self.tell(&format!("request {} {}{body}", request.method, request.url));
                    self.requests.push(id);
                }
                Effect::Confirm { id } => self.input(Input::WrittenDown { id }),
                Effect::EndCommand { owner } => {
                    self.tell(&format!("end {owner}"));
                    if let Some(running) = self.commands.iter().position(|(_, command)| command.owner == owner) {
                        self.ends(running, CommandEnd::Cancelled);
                    }
                }
                Effect::SendAlert { id, message } => {
                    let news: Vec<&str> = message.alerts.iter().map(|alert| news_word(&alert.news)).collect();
                    let answers = if message.answers.is_empty() { "" } else { " in answer" };
                    self.tell(&format!("mail {}{answers}", news.join(" ")));
                    self.input(Input::Delivered { id, result: DeliveryResult::Delivered });
                }
                Effect::Program { program, command: ProgramCommand::Measure { start, ports } } => {
                    let ports = ports.then(|| self.ports.clone());
                    let (memory, cpu) = self.uses;
                    let event = ProgramEvent::Measured { start, memory, cpu: Some(cpu), ports };
                    self.happens(&program.name.clone(), event);
                }
                Effect::AskNetwork { id, .. } => {
                    let answer = NetworkAnswer { has_route: true, ..NetworkAnswer::default() };
                    self.input(Input::NetworkSeen { id, answer });
                }
                Effect::Cancel { .. } | Effect::Program { command: ProgramCommand::Release, .. } => {}
                Effect::Publish(change) => self.published.push(change),
            }
        }
    }

    /// The oldest request that was sent is answered.
    pub(crate) fn answered(&mut self, outcome: RequestOutcome) {
        let id = self.requests.remove(0);
        self.input(Input::Answered { id, outcome });
    }

    /// The oldest command that runs comes to its end.
    pub(crate) fn command_ends(&mut self) {
        let called = self.commands[0].1.command.to_string();
        let exit = self.exits.get(&*called).copied().unwrap_or(self.command_exit);
        self.ends(0, CommandEnd::Exited(exit));
    }

    /// The command that is called so comes to this end.
    pub(crate) fn command_called_ends(&mut self, called: &str, end: CommandEnd) {
        let is_called = |(_, command): &(EffectId, DurableCommand)| command.command.to_string() == called;
        let running = self.commands.iter().position(is_called);
        self.ends(running.unwrap_or_else(|| panic!("{called} does not run: {}", self.story)), end);
    }

    fn ends(&mut self, running: usize, end: CommandEnd) {
        let stdout =
            self.writes.get(&*self.commands[running].1.command.to_string()).copied().unwrap_or_default().to_owned();
        let outcome = CommandOutcome { end, stdout, stderr: String::new(), took: seconds(0.1), program: None };
        let (id, _) = self.commands.remove(running);
        self.input(Input::CommandRan { id, outcome });
    }

    /// Another file comes into force.
    pub(crate) fn applies(&mut self, change: impl FnOnce(&mut Config)) {
        let mut config = Config::clone(&self.config);
        change(&mut config);
        self.config = Arc::new(config);
        self.core.apply_config(Arc::clone(&self.config), at(self.now));
        self.carry_out();
    }

    fn start(&mut self, program: &Arc<Program>, start: StartId, restarts: u64) {
        assert!(!self.running.contains_key(&program.name), "two copies of {}", program.name);
        if let Some(failure) = self.cannot_start.clone() {
            self.tell(&format!("cannot start {} {start}", program.name));
            self.happens(&program.name.clone(), ProgramEvent::CannotStart { start, failure });
            return;
        }
        self.tell(&format!("start {} {start} after {restarts}", program.name));
        self.running.insert(Arc::clone(&program.name), start);
        let process = self.process();
        self.happens(&program.name.clone(), ProgramEvent::Started { start, process });
    }

    fn process(&mut self) -> ProcessId {
        self.pids += 1;
        ProcessId { pid: self.pids, started: 1 }
    }

    fn probe(&mut self, id: EffectId) {
        let begun = at(self.now).utc;
        let failure = Failure::new(Phase::Connect, Cause::Refused);
        let observation = if self.is_up {
            Observation::up(begun, Phases::default(), "")
        } else {
            Observation::down(begun, Phases::default(), "", failure)
        };
        let measured = self.measures.clone();
        self.input(Input::Probed { id, observation: Observation { measured, ..observation } });
    }

    fn recorded(&mut self, record: &Record) {
        match record {
            Record::Used { by, minute } => self.used.push((by.clone(), minute.clone())),
            Record::Run(run) => drop(self.definitions.insert(run.id, Arc::clone(&run.definition))),
            Record::Step { run, place, step } => {
                let name = Arc::clone(&self.definitions[run].steps[*place].name);
                self.tell(&format!("step {name} {}", word(&step.state)));
            }
            _ => {}
        }
        if let Record::Journal { entry, .. } = record {
            match entry {
                JournalEntry::Program { program, to, .. } => self.tell(&format!("{program} {to}")),
                JournalEntry::Remedy { attempt, .. } => {
                    let outcome = serde_json::to_value(&attempt.outcome).unwrap();
                    let word = outcome.get("outcome").and_then(|word| word.as_str()).unwrap_or("begins").to_owned();
                    let kind = outcome["of"]["kind"].as_str().map(|kind| format!(" {kind}")).unwrap_or_default();
                    let words = attempt.output.first().map(|words| format!(" after {words}")).unwrap_or_default();
                    self.tell(&format!("remedy {word}{kind}{words}"));
                }
                JournalEntry::Run { flow, to, why, .. } => {
                    let step = why.as_ref().and_then(|why| why.split(['“', '”']).nth(1));
                    let why = step.map(|step| format!(" at {step}")).unwrap_or_default();
                    self.tell(&format!("{flow} {}{why}", word(to)));
                }
                JournalEntry::Health { to, .. } => self.tell(&format!("health {to}")),
                _ => {}
            }
        }
    }

    /// What is remembered of `program`.
    pub(crate) fn memory(&self, program: &str) -> ProgramMemory {
        match self.core.snapshot().memories.remove(&Key::Program(program.into())) {
            Some(Memory::Program(memory)) => *memory,
            other => panic!("{other:?} is remembered of {program}"),
        }
    }

    /// The engine is killed and started again; programs go on.
    pub(crate) fn crashes(self) -> Self {
        let restored = self.core.snapshot();
        let mut scene = Self::with(self.config, restored, self.now);
        scene.running = self.running;
        scene.is_up = self.is_up;
        scene.ports = self.ports;
        scene.pids = self.pids;
        scene
    }
}

pub(crate) fn at(now: Duration) -> Now {
    let utc = later(Timestamp::from_second(1_700_000_000).unwrap(), now);
    Now { monotonic: Instant::from_boot(now), slept: Duration::ZERO, utc }
}

fn word(state: &impl serde::Serialize) -> String {
    serde_json::to_value(state).unwrap().as_str().unwrap().to_owned()
}

fn news_word(news: &News) -> &'static str {
    match news {
        News::Down { .. } => "down",
        News::Recovered { .. } => "recovered",
        News::Escalated { .. } => "escalated",
        News::Cooling { .. } => "cooling",
        News::Steady => "steady",
        News::RunFailed { .. } => "failed",
        News::Suppressed { .. } => "suppressed",
        News::Approval { .. } => "question",
        News::Told { .. } => "told",
        News::FleetTrouble { .. } => "trouble",
        News::FleetWell { .. } => "well",
        News::Reminder { .. }
        | News::Flapping { .. }
        | News::Unsteady { .. }
        | News::Settled { .. }
        | News::Warning { .. }
        | News::Stale { .. } => "other",
    }
}

/// How many times `word` begins the words of a line.
pub(crate) fn count(story: &str, what: &str) -> usize {
    story.lines().filter(|line| line.split_once(' ').is_some_and(|(_, rest)| rest.starts_with(what))).count()
}
