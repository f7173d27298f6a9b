//! A world of flows: their commands fail, hang and are begun by whoever wants them, monitors go down that they heal, people
//! are asked and answer or do not, flows run others, Estatus quits, or dies in the midst of a step and what supervises its command
//! with it, the disk is full, the machine sleeps, its clock is set, and users run, repeat, cancel, edit, take out and put back what
//! they like.

mod cast;
mod commands;
mod promises;
mod user;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    Engine, Timestamp,
    command::{CommandEnd, DurableCommand},
    config::Config,
    engine::{Effect, Input},
    exit::Exit,
    flow::{
        AfterCrash, CatchUp, Schedule, StepAction,
        request::RequestOutcome,
        run::{Run, RunCause, RunState, StepRun, StepState},
    },
    ids::{EffectId, RunId, StartId},
    incident::{DeliveryResult, Message, News},
    network::NetworkAnswer,
    observation::{Cause, Failure, Observation, Phase, Phases},
    program::{Ended, Found, ProcessId, ProgramCommand, ProgramEvent},
    record::Record,
    time::{Instant, Now, earlier, elapsed, later},
};

use crate::{
    agenda::Agenda,
    disk::Disk,
    script::{DAY, Dice, HOUR, MINUTE},
    waking::wake,
};
use commands::{Commands, is_undo};
use promises::Promises;

const MS: Duration = Duration::from_millis(1);
/// Every run of this world has come to an end after so long, by a clock that stands still while the machine sleeps.
const ENDS_WITHIN: Duration = Duration::from_secs(12 * 60 * 60);
/// An incident that no remedy has healed has escalated within this.
const ESCALATES_WITHIN: Duration = Duration::from_secs(12 * 60 * 60);
/// No honest engine is woken so many times at one moment.
const WAKE_LIMIT: u32 = 1000;

/// What goes on around the flows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Troubles {
    /// Estatus dies every now and then.
    pub(crate) crashes: bool,
    /// The user edits the file.
    pub(crate) edits: bool,
    /// The machine sleeps.
    pub(crate) sleep: bool,
    /// Its clock is set.
    pub(crate) clock: bool,
    /// The disk is full for a while.
    pub(crate) disk: bool,
}

impl Troubles {
    pub(crate) const NONE: Self = Self { crashes: false, edits: false, sleep: false, clock: false, disk: false };
}

#[expect(clippy::large_enum_variant, reason = "one is made, waits and is gone")]
enum Coming {
    /// Told to the life of the engine that asked.
    Told(Input),
    /// A command has come to its end, or will a little later if the machine slept.
    CommandEnds {
        id: EffectId,
        command: DurableCommand,
    },
    Dies(StartId),
    User,
    Crash,
    Sleep,
    ClockSet,
    /// The disk is full, or has room again.
    Fills,
    /// A monitor's target goes down or comes back.
    Turns(Arc<str>),
    Check,
}

pub(crate) struct World {
    seed: u64,
    dice: Dice,
    troubles: Troubles,
    now: Duration,
    slept: Duration,
    /// By how many seconds the wall clock is wrong.
    set_by: i64,
    peace: Duration,
    end: Duration,
    whole: Arc<Config>,
    config: Arc<Config>,
    core: Option<Engine>,
    disk: Disk,
    is_full: bool,
    commands: Commands,
    promises: Promises,
    /// Who waits for the newest command of each owner.
    waiting: BTreeMap<String, (EffectId, DurableCommand)>,
    /// The targets that are down.
    down: BTreeSet<Arc<str>>,
    /// The one program: its start, while it runs.
    web: Option<StartId>,
    web_ended: Option<Ended>,
    /// The run of each flow that goes on, and when it began, by the clock that stands still.
    running: BTreeMap<Arc<str>, (RunId, Duration)>,
    /// When the automatic runs of each flow began, since its budget was edited or the clock was set.
    begun: BTreeMap<Arc<str>, Vec<(RunId, Duration)>>,
    counted: BTreeSet<RunId>,
    /// When each flow was last due by its schedule, or might have become due anew.
    seen_to: BTreeMap<Arc<str>, Duration>,
    /// The runs that failed and healed nothing, and those that were told.
    failed: BTreeSet<RunId>,
    told: BTreeSet<RunId>,
    /// When Estatus was last disturbed in healing.
    disturbed: Duration,
    agenda: Agenda<Coming>,
    life: u64,
    /// How many effects were carried out, and after which of them Estatus dies.
    effects: u64,
    dies_after: Option<u64>,
}

impl World {
    pub(crate) fn new(seed: u64, days: u64, troubles: Troubles) -> Self {
        let peace = DAY * u32::try_from(days).unwrap();
        Self::until(seed, peace, peace + DAY, troubles, None)
    }

    /// An hour of a world, and three of peace, in which Estatus dies once: after so many effects.
    pub(crate) fn brief(seed: u64, dies_after: Option<u64>) -> Self {
        Self::until(seed, HOUR, HOUR * 4, Troubles::NONE, dies_after)
    }

    /// How many effects were carried out.
    pub(crate) fn effects(&self) -> u64 {
        self.effects
    }

    fn until(seed: u64, peace: Duration, end: Duration, troubles: Troubles, dies_after: Option<u64>) -> Self {
        let mut dice = Dice::new(seed);
        let config = Arc::new(cast::config(&mut dice));
        let mut world = Self {
            seed,
            dice,
            troubles,
            now: Duration::ZERO,
            slept: Duration::ZERO,
            set_by: 0,
            peace,
            end,
            whole: Arc::clone(&config),
            config,
            core: None,
            disk: Disk::default(),
            is_full: false,
            promises: Promises::new(seed),
            commands: Commands::default(),
            waiting: BTreeMap::new(),
            down: BTreeSet::new(),
            web: None,
            web_ended: None,
            running: BTreeMap::new(),
            begun: BTreeMap::new(),
            counted: BTreeSet::new(),
            seen_to: BTreeMap::new(),
            failed: BTreeSet::new(),
            told: BTreeSet::new(),
            disturbed: Duration::ZERO,
            agenda: Agenda::default(),
            life: 0,
            effects: 0,
            dies_after,
        };
        world.at(HOUR, Coming::User);
        world.at(MINUTE, Coming::Check);
        for monitor in world.config.monitors.clone() {
            let at = world.dice.between(MINUTE, HOUR * 5);
            world.at(at, Coming::Turns(Arc::clone(&monitor.name)));
        }
        if troubles.crashes {
            world.at(MINUTE, Coming::Crash);
        }
        if troubles.sleep {
            world.at(HOUR * 2, Coming::Sleep);
        }
        if troubles.disk {
            world.at(HOUR * 4, Coming::Fills);
        }
        if troubles.clock {
            world.at(HOUR * 3, Coming::ClockSet);
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
            self.disk.tick(self.now, self.is_full);
        }
        self.at_the_end();
    }

    pub(crate) fn summary(&self) -> String {
        let count = |state| self.disk.runs.values().filter(|run| run.state == state).count();
        let (succeeded, failed) = (count(RunState::Succeeded), count(RunState::Failed));
        let (crashed, cancelled) = (count(RunState::Crashed), count(RunState::Cancelled));
        let (runs, incidents) = (self.disk.runs.len(), self.disk.incidents.len());
        format!(
            "seed {}: {runs} runs, {succeeded} succeeded, {failed} failed, {crashed} crashed, {cancelled} cancelled, \
             {incidents} incidents, {} lives",
            self.seed, self.life
        )
    }

    fn core(&self) -> &Engine {
        self.core.as_ref().expect("there is always a core")
    }

    /// A clock that stands still while the machine sleeps.
    fn awake(&self) -> Duration {
        self.now - self.slept
    }

    fn clocks(&self) -> Now {
        Now { monotonic: Instant::from_boot(self.now), slept: self.slept, utc: self.wall() }
    }

    fn wall(&self) -> Timestamp {
        later(Timestamp::from_second(1_800_000_000 + self.set_by).expect("a year of ours"), self.now)
    }

    fn begin(&mut self) {
        self.life += 1;
        self.disturbed = self.now;
        self.waiting.clear();
        self.commands.killed(self.awake(), &mut self.dice);
        let restored = self.disk.restored();
        // Of what was not on disk nobody knows any more, and its numbers are given anew.
        let last = restored.last_run.unwrap_or_default();
        self.promises.forget_after(last);
        self.commands.forget_after(last.0);
        self.counted.retain(|run| *run <= last);
        self.begun.values_mut().for_each(|begun| begun.retain(|(run, _)| *run <= last));
        self.failed.retain(|run| self.disk.runs.get(run).is_some_and(|run| run.state.is_over()));
        self.running = restored
            .runs
            .iter()
            .filter(|record| record.run.state != RunState::Queued)
            .map(|record| (Arc::clone(&record.run.flow), (record.run.id, self.awake())))
            .collect();
        self.core = Some(Engine::new(Arc::clone(&self.config), restored, self.seed, self.clocks()));
        self.carry_out();
    }

    fn wake(&mut self) {
        wake(self, (self.seed, WAKE_LIMIT), |world| &mut world.core, Self::clocks, Self::carry_out);
    }

    fn is_calm(&self) -> bool {
        self.now >= self.peace
    }

    fn happen(&mut self, coming: Coming, life: u64) {
        match coming {
            Coming::Told(input) if life == self.life => drop(self.input(input)),
            Coming::CommandEnds { id, command } if life == self.life => self.command_ends(id, &command),
            Coming::Told(_) | Coming::CommandEnds { .. } => {}
            Coming::Dies(start) => self.dies(start),
            Coming::User => self.user(),
            Coming::Check => {
                self.check();
                self.at(self.now + Duration::from_secs(301), Coming::Check);
            }
            Coming::Turns(monitor) => {
                if !self.down.remove(&monitor) && !self.is_calm() {
                    self.down.insert(Arc::clone(&monitor));
                }
                let again = self.now + self.dice.between(MINUTE, HOUR * 8);
                self.at(again, Coming::Turns(monitor));
            }
            Coming::Crash if !self.is_calm() => {
                let again = self.now + self.dice.between(MS, HOUR * 6);
                self.at(again, Coming::Crash);
                if self.dice.one_in(3) {
                    self.quits();
                }
                self.begin();
            }
            Coming::Sleep if !self.is_calm() => {
                let sleeps = self.dice.between(MINUTE, HOUR * 9);
                self.now += sleeps;
                self.slept += sleeps;
                self.disturbed = self.now;
                let again = self.now + self.dice.between(HOUR, HOUR * 12);
                self.at(again, Coming::Sleep);
            }
            Coming::ClockSet if !self.is_calm() => {
                let by = i64::try_from(self.dice.below(4 * 3600)).unwrap() - 2 * 3600;
                self.set_by += by;
                self.begun.clear();
                self.seen_to.values_mut().for_each(|seen_to| *seen_to = self.now);
                self.disturbed = self.now;
                let again = self.now + self.dice.between(HOUR, HOUR * 24);
                self.at(again, Coming::ClockSet);
            }
            Coming::Fills if self.is_full || !self.is_calm() => {
                self.is_full = !self.is_full;
                self.disturbed = self.now;
                let lasts = if self.is_full { self.dice.between(MINUTE, HOUR) } else { self.dice.between(HOUR, DAY) };
                self.at(self.now + lasts, Coming::Fills);
            }
            Coming::Crash | Coming::Sleep | Coming::ClockSet | Coming::Fills => {}
        }
    }

    /// Whether it was not refused: what a user asks may have become impossible meanwhile.
    fn input(&mut self, input: Input) -> bool {
        let now = self.clocks();
        let is_taken = self.core.as_mut().expect("there is always a core").handle(input, now).is_ok();
        self.carry_out();
        is_taken
    }

    fn dies(&mut self, start: StartId) {
        if self.web == Some(start) {
            self.web = None;
            let ended = Ended::new(start, Exit::Signal(15), self.wall());
            self.web_ended = Some(ended.clone());
            self.tell(Input::Program { program: "web".into(), event: ProgramEvent::Exited(ended) }, MS);
        }
    }

    fn tell(&mut self, input: Input, takes: Duration) {
        self.at(self.now + takes, Coming::Told(input));
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.as_mut().and_then(Engine::poll_effect) {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::StartProbe { id, monitor } => {
                    let at = self.wall();
                    let observation = if self.down.contains(&monitor.name) {
                        Observation::down(at, Phases::default(), "", Failure::new(Phase::Connect, Cause::Refused))
                    } else {
                        Observation::up(at, Phases::default(), "")
                    };
                    self.tell(Input::Probed { id, observation }, MS * 40);
                }
                Effect::SendRequest { id, request } => {
                    if let Some(step) = Promises::sender(&request).filter(|_| !self.is_full) {
                        let record = self.core().open_run(step.0).expect("a run that goes on");
                        self.promises.sends(step, &record, self.life);
                    }
                    let failure = self.dice.one_in(4).then(|| Failure::new(Phase::Connect, Cause::Refused));
                    let takes = self.dice.between(MS, request.timeout);
                    self.tell(Input::Answered { id, outcome: RequestOutcome { failure, ..Default::default() } }, takes);
                }
                Effect::SendAlert { id, message } => {
                    if !self.is_full {
                        self.is_told_once(&message);
                    }
                    let runs = message.alerts.iter().filter_map(|alert| match &alert.news {
                        News::RunFailed { run } => Some(run.run.id),
                        _ => None,
                    });
                    self.told.extend(runs);
                    self.tell(Input::Delivered { id, result: DeliveryResult::Delivered }, MS * 100);
                }
                Effect::Program { command: ProgramCommand::Look, .. } => {
                    let found = match (self.web, &self.web_ended) {
                        (Some(start), _) => {
                            Found::Running { start, process: process(), since: self.wall(), ready: true }
                        }
                        (None, Some(ended)) => Found::Ended(ended.clone()),
                        (None, None) => Found::Nothing,
                    };
                    self.tell(Input::Program { program: "web".into(), event: ProgramEvent::Found(found) }, MS);
                }
                Effect::Program { command: ProgramCommand::Start { start, .. }, .. } => {
                    assert_eq!(self.web, None, "seed {}: two copies at {:?}", self.seed, self.now);
                    self.web = Some(start);
                    let event = ProgramEvent::Started { start, process: process() };
                    self.tell(Input::Program { program: "web".into(), event }, MS);
                }
                Effect::Program { command: ProgramCommand::Stop { start }, .. } => {
                    let takes = self.dice.between(MS, Duration::from_secs(5));
                    self.at(self.now + takes, Coming::Dies(start));
                }
                Effect::RunCommand { id, command } => self.run_command(id, command),
                Effect::EndCommand { owner } => {
                    let now = self.awake();
                    self.commands.end(&owner, now, &mut self.dice);
                    if let Some((id, command)) = self.waiting.get(&owner).cloned()
                        && let Some(execution) = self.commands.found(&command)
                    {
                        let ends = self.now + execution.ends.saturating_sub(now);
                        self.at(ends, Coming::CommandEnds { id, command });
                    }
                }
                Effect::Confirm { id } => self.tell(Input::WrittenDown { id }, MS),
                Effect::AskNetwork { id, .. } => {
                    let answer = NetworkAnswer { has_route: true, ..NetworkAnswer::default() };
                    self.tell(Input::NetworkSeen { id, answer }, MS);
                }
                Effect::Fleet { .. } | Effect::Program { .. } | Effect::Cancel { .. } | Effect::Publish(_) => {}
            }
            self.effects += 1;
            // Between any two effects the power may go.
            let is_its_end = self.dies_after == Some(self.effects);
            if is_its_end || self.troubles.crashes && !self.is_calm() && self.dice.one_in(2_000) {
                return self.begin();
            }
        }
    }

    fn run_command(&mut self, id: EffectId, command: DurableCommand) {
        let (now, life) = (self.awake(), self.life);
        let is_known = self.commands.found(&command).is_some();
        let execution = match self.is_full && !is_known {
            true => self.commands.cannot_run(&command, life, now),
            false => self.commands.run(&command, life, now, &mut self.dice),
        };
        if self.is_full && !is_known {
            let outcome = execution.outcome();
            return self.tell(Input::CommandRan { id, outcome }, MS);
        }
        self.waiting.insert(command.owner.clone(), (id, command.clone()));
        self.is_begun_as_often_as_it_may(&command);
        self.at(self.now + execution.ends.saturating_sub(now).max(MS), Coming::CommandEnds { id, command });
    }

    fn command_ends(&mut self, id: EffectId, command: &DurableCommand) {
        let now = self.awake();
        let Some(execution) = self.commands.found(command) else { return };
        if execution.ends > now {
            // The machine slept meanwhile.
            return self.at(self.now + (execution.ends - now), Coming::CommandEnds { id, command: command.clone() });
        }
        let outcome = execution.outcome();
        self.commands.told(command, &outcome);
        // What a command lacked that cannot start may be a secret, which somebody enters then.
        let is_entered = matches!(outcome.end, CommandEnd::CannotStart(_)) && self.dice.one_in(2);
        self.input(Input::CommandRan { id, outcome });
        if is_entered {
            self.input(Input::SecretEntered(cast::SECRET.to_owned()));
        }
    }

    /// No step that changes something is run twice but where the user wants it so.
    fn is_begun_as_often_as_it_may(&self, command: &DurableCommand) {
        let of = |name: &str| &command.env.iter().find(|(known, _)| known == name).expect("told").1;
        let run = RunId(of("ESTATUS_RUN").parse().expect("a number"));
        let record = self.core().open_run(run).expect("a run that goes on");
        let step = record.run.definition.steps.iter().find(|step| *step.name == **of("ESTATUS_STEP")).expect("a step");
        let (begun, unseen) = self.commands.begun(command);
        if is_undo(command) {
            assert_eq!(begun, 1, "seed {}: taken back {begun} times at {:?}: {command:?}", self.seed, self.now);
            return self.promises.undoes(&record, &step.name);
        }
        let kept =
            record.run.definition.steps.iter().zip(&record.steps).any(|(of, run)| of.name == step.name && run.kept);
        assert!(!kept, "seed {}: done although it is kept at {:?}: {command:?}", self.seed, self.now);
        let again = if step.after_crash == AfterCrash::Rerun { unseen } else { 0 };
        let may = 1 + step.retry.as_ref().map_or(0, |retry| retry.times) + again;
        assert!(begun <= may, "seed {}: begun {begun} times of {may} at {:?}: {command:?}", self.seed, self.now);
        for needed in &step.needs {
            let needed = &record.run.definition.steps[*needed];
            let owner = format!("step {} of flow {}", needed.name, record.run.flow);
            let runs = matches!(needed.action, StepAction::Run { .. }) && self.commands.runs(&owner, self.awake());
            let lost = record.steps.iter().any(|step| step.state == StepState::Indeterminate);
            assert!(!runs || lost, "seed {}: {} begins before {owner} ended at {:?}", self.seed, step.name, self.now);
        }
    }

    /// Each step tells and asks once in each attempt.
    fn is_told_once(&mut self, message: &Message) {
        let (core, disk) = (self.core.as_ref().expect("there is always a core"), &self.disk);
        let attempts = |run: RunId, name: &str| {
            let definition = core.open_run(run).map(|record| record.run.definition);
            let definition = definition.or_else(|| disk.runs.get(&run).map(|run| Arc::clone(&run.definition)));
            let retry = definition.and_then(|definition| {
                definition.steps.iter().find(|step| *step.name == *name).map(|step| step.retry.clone())
            });
            1 + retry.flatten().map_or(0, |retry| retry.times)
        };
        self.promises.tells(message, attempts);
    }

    fn record(&mut self, records: Vec<Record>) {
        for record in &records {
            if let Record::Run(run) = record {
                self.run_stands(run);
            }
        }
        self.disk.record(records, self.now, self.is_full);
    }

    fn run_stands(&mut self, run: &Run) {
        let (seed, now, name) = (self.seed, self.now, &run.flow);
        if let RunCause::Scheduled { .. } = run.cause {
            self.seen_to.insert(Arc::clone(name), now);
        }
        self.promises.run_stands(run);
        match run.state {
            RunState::Running | RunState::WaitingForApproval
                if self.running.get(name).is_some_and(|(known, _)| *known == run.id) => {}
            RunState::Running | RunState::WaitingForApproval => {
                let before = self.running.insert(Arc::clone(name), (run.id, self.awake()));
                assert_eq!(before, None, "seed {seed}: two runs of {name} at once at {now:?}: {run:?}");
                assert_eq!(run.state.is_over(), run.ended.is_some(), "seed {seed}: {run:?}");
            }
            RunState::Queued => {}
            _ => {
                assert!(run.ended.is_some(), "seed {seed}: {run:?}");
                if self.running.get(name).is_some_and(|(known, _)| *known == run.id) {
                    self.running.remove(name);
                }
                if run.state.is_failure() && run.heals.is_empty() && !matches!(run.cause, RunCause::Step(_)) {
                    self.failed.insert(run.id);
                }
            }
        }
        self.is_within_budget(run);
    }

    /// What nobody asked for begins no more often than the budget allows.
    fn is_within_budget(&mut self, run: &Run) {
        let is_new = !run.state.is_over() && run.state != RunState::Queued && self.counted.insert(run.id);
        let flow = self.config.flows.iter().find(|flow| flow.name == run.flow);
        let Some(budget) = flow.and_then(|flow| flow.budget).filter(|_| is_new && run.cause.is_automatic()) else {
            return;
        };
        let begun = self.begun.entry(Arc::clone(&run.flow)).or_default();
        begun.retain(|(_, at)| self.now - *at < budget.within);
        begun.push((run.id, self.now));
        let runs = usize::try_from(budget.runs).unwrap();
        assert!(begun.len() <= runs, "seed {}: {} of {runs} at {:?}: {run:?}", self.seed, begun.len(), self.now);
    }

    fn check(&mut self) {
        let (seed, now, awake) = (self.seed, self.now, self.awake());
        for record in self.core().open_runs() {
            let run = &record.run;
            if run.state == RunState::Queued {
                continue;
            }
            let goes_on = |state: StepState| !state.is_over() && state != StepState::Scheduled;
            let is_undone = |step: &StepRun| step.undo.as_ref().is_some_and(|undo| goes_on(undo.state));
            assert!(
                record.steps.iter().any(|step| goes_on(step.state) || is_undone(step)),
                "seed {seed}: a run goes on without a step at {now:?}: {record:?}"
            );
            let began = self.running.get(&run.flow).map_or(awake, |(_, began)| *began);
            assert!(awake - began < ENDS_WITHIN, "seed {seed}: a run does not end at {now:?}: {record:?}");
        }
        for incident in self.core().open_incidents() {
            let age = elapsed(incident.opened, self.wall()).min(self.now - self.disturbed);
            let configured = self.config.monitors.iter().any(|monitor| monitor.name == incident.monitor);
            assert!(
                !configured || age < ESCALATES_WITHIN || incident.escalated.is_some(),
                "seed {seed}: neither healed nor escalated at {now:?}: {incident:?}"
            );
        }
        self.nothing_is_overdue();
        let (signals, bound) = (self.core().signals_at_most(), 20 + 4 * self.config.monitors.len());
        assert!(signals <= bound, "seed {seed}: {signals} signals wait at the same time");
    }

    /// What is due by a schedule has begun, waits, or was left out in the open.
    fn nothing_is_overdue(&self) {
        for flow in self.config.flows.iter().filter(|flow| flow.enabled && flow.budget.is_none()) {
            let Some(Schedule::Interval(every)) = flow.schedule else { continue };
            let seen_to = self.seen_to.get(&flow.name).copied().unwrap_or_default();
            let late = self.now.saturating_sub(seen_to.max(self.disturbed));
            let slack = if flow.catch_up == CatchUp::None { every } else { Duration::ZERO };
            let in_time = late <= every + slack + MINUTE * 2;
            assert!(in_time, "seed {}: {late:?} at {:?}: {:?}", self.seed, self.now, self.core().flow(&flow.name));
        }
    }

    /// After a day of peace nothing goes on for longer than it may, everything is healed, and what failed was told.
    fn at_the_end(&self) {
        let seed = self.seed;
        for incident in self.disk.incidents.values() {
            assert!(incident.closed.is_some(), "seed {seed}: {incident:?} at the end");
        }
        let since = earlier(self.wall(), HOUR);
        for id in self.failed.difference(&self.told) {
            let run = &self.disk.runs[id];
            let is_new = run.ended.is_some_and(|ended| ended > since);
            assert!(is_new || !run.state.is_failure(), "seed {seed}: nobody was told of {run:?}");
        }
    }

    fn at(&mut self, at: Duration, coming: Coming) {
        self.agenda.at(at, self.life, coming);
    }
}

fn process() -> ProcessId {
    ProcessId { pid: 100, started: 1 }
}
