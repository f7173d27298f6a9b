//! The flows as the engine runs them.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use super::{AskError, Change, Effect, EffectId, Engine, LOST_AFTER};
use crate::{
    command::CommandOutcome,
    config::Config,
    execution::{Asked, Context, FlowMachine, Seen, Wish},
    flow::{
        Flow, FlowMemory, StepAction,
        request::RequestOutcome,
        run::{AnsweredBy, Run, RunCause, RunRecord, StepId, StepState},
    },
    healing::DONE_WITHIN,
    ids::{Key, RunId},
    incident::{Alert, News},
    input::Repeat,
    observation::Observation,
    program::{ProgramAction, ProgramState},
    record::{JournalEntry, Record},
    remedy::RemedyError,
    secret::SecretRef,
    signal::{Answer, Stands},
    time::Now,
    words::Words,
};

/// What there is to see of a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowView {
    /// Its configuration.
    pub flow: Arc<Flow>,
    /// When its schedule is due next.
    pub next: Option<Timestamp>,
    /// The run that goes on.
    pub run: Option<RunRecord>,
    /// How many runs wait for their turn.
    pub queued: usize,
}

impl Engine {
    /// Every flow, in the order of the configuration.
    pub fn flows(&self) -> impl Iterator<Item = FlowView> + '_ {
        self.config.flows.iter().filter_map(|flow| self.flow(&flow.name))
    }

    /// One flow.
    pub fn flow(&self, name: &str) -> Option<FlowView> {
        let machine = self.flows.get(name).filter(|machine| !machine.is_gone())?;
        Some(FlowView {
            flow: Arc::clone(&machine.flow),
            next: machine.next(),
            run: machine.run().cloned(),
            queued: machine.queued().count(),
        })
    }

    /// The runs that are not over, the oldest first.
    pub fn open_runs(&self) -> Vec<RunRecord> {
        let mut open: Vec<RunRecord> = self.flows.values().flat_map(FlowMachine::open).collect();
        open.sort_by_key(|record| record.run.id);
        open
    }

    /// One run that is not over.
    pub fn open_run(&self, id: RunId) -> Option<RunRecord> {
        self.flows.values().flat_map(FlowMachine::open).find(|record| record.run.id == id)
    }

    /// The number of the run that somebody asked for last, which has begun or waits for its turn.
    pub fn asked_run(&self) -> RunId {
        self.asked_run
    }

    // What the user wants.

    /// Begins a run.
    pub(super) fn run_flow(&mut self, flow: &str, now: Now) -> Result<(), AskError> {
        let unknown = || AskError::NoSuchFlow(flow.to_owned());
        let name = self.flows.name_of(flow).filter(|name| self.is_configured(name)).ok_or_else(unknown)?;
        match self.step_flow(&name, now, FlowMachine::ask).ok_or_else(unknown)? {
            Asked::Takes(run) => {
                self.asked_run = run;
                Ok(())
            }
            Asked::RunsAlready | Asked::NoSuchStep => Err(AskError::FlowRuns(flow.to_owned())),
        }
    }

    /// Repeats a run that is over.
    pub(super) fn repeat_run(&mut self, record: &RunRecord, how: &Repeat, now: Now) -> Result<(), AskError> {
        let (run, flow) = (&record.run, Arc::clone(&record.run.flow));
        let unknown = || AskError::NoSuchFlow(flow.to_string());
        if !self.is_configured(&flow) {
            return Err(unknown());
        }
        if run.definition.steps.is_empty() && (how.as_then || how.from.is_some()) {
            return Err(AskError::NothingToRepeat(run.id));
        }
        let asked = self.step_flow(&flow, now, |machine, context| machine.repeat(record, how, context));
        match asked.ok_or_else(unknown)? {
            Asked::Takes(begun) => {
                self.asked_run = begun;
                let from = how.from.as_ref().map(|from| format!(" --from {from}")).unwrap_or_default();
                let what = format!("flow run {flow} --again {}{from}", run.id);
                self.journal(JournalEntry::Asked { what }, now);
                Ok(())
            }
            Asked::RunsAlready => Err(AskError::FlowRuns(flow.to_string())),
            Asked::NoSuchStep => Err(AskError::NoSuchStep { flow, step: how.from.clone().unwrap_or_default() }),
        }
    }

    /// Somebody has answered a step that asks.
    pub(super) fn approve(
        &mut self,
        run: RunId,
        step: Option<&str>,
        approved: bool,
        by: AnsweredBy,
        now: Now,
    ) -> Result<(), AskError> {
        let is_of = |machine: &FlowMachine| machine.run().is_some_and(|record| record.run.id == run);
        let name = self.flows.iter().find(|(_, machine)| is_of(machine)).map(|(name, _)| Arc::clone(name));
        let name = name.ok_or(AskError::NoSuchRun(run))?;
        let answered = self.step_flow(&name, now, |machine, context| machine.approve(step, approved, by, context));
        match answered.ok_or(AskError::NoSuchRun(run))? {
            Ok(()) => Ok(()),
            Err(steps) if steps.is_empty() => Err(AskError::NothingToApprove(run)),
            Err(steps) => Err(AskError::WhichStep { run, steps }),
        }
    }

    pub(super) fn cancel_run(&mut self, run: RunId, now: Now) -> Result<(), AskError> {
        let is_of = |machine: &FlowMachine| {
            let under_way = machine.run().map(|record| &record.run);
            under_way.into_iter().chain(machine.queued()).any(|open| open.id == run)
        };
        let name = self.flows.iter().find(|(_, machine)| is_of(machine)).map(|(name, _)| Arc::clone(name));
        let name = name.ok_or(AskError::NoSuchRun(run))?;
        let is_there = self.step_flow(&name, now, |machine, context| machine.cancel(run, context));
        is_there.filter(|is_there| *is_there).map(drop).ok_or(AskError::NoSuchRun(run))
    }

    // What happens.

    /// Something is due of a flow.
    pub(super) fn wake_flow(&mut self, name: &Arc<str>, now: Now) {
        self.step_flow(name, now, FlowMachine::wake);
    }

    /// A secret was entered: the steps that wait to be tried again, and may have lacked it, are tried at once.
    pub(super) fn flows_try_again(&mut self, secret: &str, now: Now) {
        let steps: Vec<(Arc<str>, Vec<usize>)> = self
            .flows
            .iter()
            .filter_map(|(name, machine)| {
                let steps = machine.run()?.run.definition.steps.iter().enumerate();
                let takes_it = steps.filter(|(_, step)| self.step_takes(&step.action, secret, &mut BTreeSet::new()));
                Some((Arc::clone(name), takes_it.map(|(place, _)| place).collect()))
            })
            .collect();
        for (name, places) in steps {
            self.step_flow(&name, now, |machine, context| machine.try_now(&places, context));
        }
    }

    /// Whether a step takes the secret that is entered as `secret`, itself or by what it asks, acts on and runs. `seen` are the
    /// flows that have been looked through.
    fn step_takes(&self, action: &StepAction, secret: &str, seen: &mut BTreeSet<Arc<str>>) -> bool {
        let is_it = |known: &SecretRef| known.is_entered_as(secret);
        match action {
            StepAction::Run { command, .. } => command.secrets().any(is_it),
            StepAction::Http { request } => request.secrets().any(is_it),
            StepAction::Check { monitor } | StepAction::WaitUntil { monitor, .. } => {
                self.monitors.get(monitor).is_some_and(|it| it.monitor.check.secrets().into_iter().any(is_it))
            }
            StepAction::Program { program, .. } => {
                self.programs.get(program).is_some_and(|kept| kept.program.command.secrets().any(is_it))
            }
            StepAction::Flow { flow } => {
                let definition = self.flows.get(flow).map(|machine| &machine.flow.definition);
                let mut steps =
                    definition.filter(|_| seen.insert(Arc::clone(flow))).into_iter().flat_map(|it| &it.steps);
                steps.any(|step| self.step_takes(&step.action, secret, seen))
            }
            StepAction::Wait { .. } | StepAction::Tell { .. } | StepAction::Approve { .. } => false,
        }
    }

    /// The command of a step came to an end.
    pub(super) fn step_ran(&mut self, name: &Arc<str>, id: EffectId, outcome: &CommandOutcome, now: Now) {
        self.step_flow(name, now, |machine, context| machine.command_ended(id, outcome, context));
    }

    /// The request of a step came to an end.
    pub(super) fn step_answered(&mut self, name: &Arc<str>, id: EffectId, outcome: &RequestOutcome, now: Now) {
        self.step_flow(name, now, |machine, context| machine.request_answered(id, outcome, context));
    }

    /// A step wants a flow to be run, or one that failed does.
    pub(super) fn flow_wanted(&mut self, flow: &Arc<str>, cause: RunCause, handles_failure: bool, now: Now) {
        let step = if let RunCause::Step(step) = &cause { Some(step.clone()) } else { None };
        let waits = |step: &StepId| self.flows.get(&step.flow).is_some_and(|machine| machine.waits_for_flow(step));
        if step.as_ref().is_some_and(|step| !waits(step)) {
            // It is over meanwhile: a run would be nobody's.
            return;
        }
        let circle = step.as_ref().is_some_and(|step| self.is_run_by(step, flow));
        let answer = match circle {
            true => None,
            false => self.step_flow(flow, now, |machine, context| machine.wanted(cause, handles_failure, context)),
        };
        let flow = flow.to_string();
        let not_done = if circle { RemedyError::FlowCircle { flow } } else { RemedyError::FlowOff { flow } };
        let (answer, run) = answer.unwrap_or((Answer::NotDone(not_done), None));
        if let Some(step) = step {
            self.flow_ran(&step, run, answer, now);
        }
    }

    /// Whether `step` belongs to a run of `flow`, or to one that was begun by such a run: neither would ever end.
    fn is_run_by(&self, step: &StepId, flow: &str) -> bool {
        let mut step = Some(step.clone());
        while let Some(StepId { flow: name, run, .. }) = step {
            if *name == *flow {
                return true;
            }
            let record = self.flows.get(&name).and_then(FlowMachine::run).filter(|record| record.run.id == run);
            step = match record.map(|record| &record.run.cause) {
                Some(RunCause::Step(step)) => Some(step.clone()),
                _ => None,
            };
        }
        false
    }

    /// The flow that a step runs has begun as `run`, or has ended, or cannot be run.
    pub(super) fn flow_ran(&mut self, step: &StepId, run: Option<RunId>, answer: Answer, now: Now) {
        self.step_flow(&step.flow, now, |machine, context| machine.flow_answered(step, run, answer, context));
    }

    /// Steps that waited for the runs of their flows in an earlier life of the engine learn whether those go on. That is known
    /// now that every flow is there, and all has been told that ended as soon as it was gone on with: a step that asked before
    /// would take a run that is just over for one that has never begun, and do all of it once more.
    pub(super) fn look_for_runs(&mut self, now: Now) {
        self.deliver(now);
        let waiting: Vec<StepId> = self.flows.values().flat_map(FlowMachine::waiting_for_flows).collect();
        for step in waiting {
            let goes_on = self.flows.values().find_map(|machine| machine.run_for(&step));
            match goes_on {
                Some(run) => self.flow_ran(&step, Some(run), Answer::UnderWay, now),
                None => drop(self.step_flow(&step.flow, now, |machine, context| machine.no_flow_runs(&step, context))),
            }
            self.deliver(now);
        }
    }

    /// A monitor's check was probed for a step.
    pub(super) fn step_probed(&mut self, name: &Arc<str>, id: EffectId, observation: &Observation, now: Now) {
        self.step_flow(name, now, |machine, context| machine.probed(id, observation, context));
    }

    /// What a step is about to do is on disk.
    pub(super) fn step_written_down(&mut self, name: &Arc<str>, id: EffectId, now: Now) {
        self.step_flow(name, now, |machine, context| machine.written_down(id, context));
    }

    /// A program stands differently: the steps that wait for it go on.
    pub(super) fn flows_hear(&mut self, target: &Key, stands: &Stands, now: Now) {
        let Key::Program(program) = target else { return };
        let running: Vec<Arc<str>> = self
            .flows
            .iter()
            .filter(|(_, machine)| machine.run().is_some())
            .map(|(name, _)| Arc::clone(name))
            .collect();
        let wrote = self.wrote_before(program, stands);
        for name in running {
            self.step_flow(&name, now, |machine, context| machine.program_stands(program, stands, &wrote, context));
        }
    }

    /// What a program wrote before it ended, if it is by that end that it stands so.
    fn wrote_before(&self, program: &str, stands: &Stands) -> Vec<String> {
        let Stands::Cannot(RemedyError::Ended { .. } | RemedyError::Cooling) = stands else { return Vec::new() };
        let ended = self.programs.get(program).and_then(|kept| kept.memory.last_end.as_ref());
        ended.map(|ended| ended.tail.clone()).unwrap_or_default()
    }

    /// A remedy begins a run, or joins the one that goes on.
    pub(super) fn act_on_flow(&mut self, monitor: &Arc<str>, flow: &Arc<str>, now: Now) {
        let Some(tried) = self.try_under_way(monitor).map(|attempt| attempt.began) else { return };
        let within = self.flows.get(flow).map_or(DONE_WITHIN, |machine| machine.flow.definition.longest());
        let off = || Answer::NotDone(RemedyError::FlowOff { flow: flow.to_string() });
        let answer = self.step_flow(flow, now, |machine, context| machine.heal(monitor, tried, context));
        if let Some(run) = self.flows.get(flow).and_then(|machine| machine.run_that_heals(monitor)) {
            self.try_runs(monitor, run, now);
        }
        self.answer(monitor, answer.unwrap_or_else(off), within);
    }

    // The configuration.

    /// `runs` were not over in an earlier life of the engine, and go on; those of a flow that was taken out of the
    /// configuration since are ended.
    pub(super) fn configure_flows(&mut self, config: &Config, runs: Vec<RunRecord>, now: Now) {
        let mut open: BTreeMap<Arc<str>, Vec<RunRecord>> = BTreeMap::new();
        for record in runs {
            open.entry(Arc::clone(&record.run.flow)).or_default().push(record);
        }
        let gone: Vec<Arc<str>> = self
            .flows
            .iter()
            .filter(|(name, machine)| !machine.is_gone() && !config.flows.iter().any(|flow| flow.name == **name))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in gone {
            self.publish(Change::Gone(Key::Flow(Arc::clone(&name))));
            self.step_flow(&name, now, FlowMachine::forget);
        }
        for flow in &config.flows {
            let before = self.flows.get(&flow.name).map(|machine| (Arc::clone(&machine.flow), machine.is_gone()));
            match before {
                Some((before, false)) if before == *flow => continue,
                Some(_) => drop(self.step_flow(&flow.name, now, |machine, context| machine.configure(flow, context))),
                None => {
                    let written = self.flows.take_back(&flow.name);
                    self.keep_flow(flow, written, open.remove(&flow.name).unwrap_or_default(), now);
                }
            }
            self.publish(Change::Changed(Key::Flow(Arc::clone(&flow.name))));
        }
        for (name, open) in open {
            let written = self.flows.take_back(&name);
            self.keep_flow(&Arc::new(Flow::new(&name, Vec::new())), written, open, now);
            self.step_flow(&name, now, FlowMachine::forget);
        }
    }

    fn keep_flow(&mut self, flow: &Arc<Flow>, written: Option<FlowMemory>, open: Vec<RunRecord>, now: Now) {
        let memory = FlowMemory { removed: None, ..written.clone().unwrap_or_default() };
        let Self { rng, signals, last_run, quits, .. } = self;
        let mut context = Context { now, rng, signals, last_run, quits: *quits, wishes: Vec::new() };
        let machine = FlowMachine::new(Arc::clone(flow), memory, open, &mut context);
        let wishes = context.wishes;
        self.flows.insert(Arc::clone(&flow.name), machine, written);
        self.grant(&flow.name, wishes, now);
    }

    fn is_configured(&self, name: &Arc<str>) -> bool {
        self.flows.get(name).is_some_and(|machine| !machine.is_gone())
    }

    // One step, and all that follows from it.

    fn step_flow<T>(
        &mut self,
        name: &Arc<str>,
        now: Now,
        take: impl FnOnce(&mut FlowMachine, &mut Context<'_>) -> T,
    ) -> Option<T> {
        let Self { flows, rng, signals, last_run, quits, .. } = self;
        let machine = flows.get_mut(name)?;
        let mut context = Context { now, rng, signals, last_run, quits: *quits, wishes: Vec::new() };
        let result = take(machine, &mut context);
        let wishes = mem::take(&mut context.wishes);
        self.grant(name, wishes, now);
        self.withdraw_questions(name, now);
        if self.flows.get(name).is_some_and(FlowMachine::is_over) {
            self.flows.remove(name, now);
        }
        Some(result)
    }

    /// What is not asked any more is not sent, where it waits yet: it was answered, or its run is over.
    fn withdraw_questions(&mut self, flow: &Arc<str>, now: Now) {
        let Self { flows, outbox, .. } = self;
        let record = flows.get(flow).and_then(FlowMachine::run);
        let asks = |run: RunId, step: &Arc<str>| {
            let record = record.filter(|record| record.run.id == run);
            let steps = record.into_iter().flat_map(|it| it.run.definition.steps.iter().zip(&it.steps));
            steps.filter(|(known, _)| known.name == *step).any(|(_, now)| now.state == StepState::WaitingForApproval)
        };
        let is_over = |alert: &Alert| match &alert.news {
            News::Approval { run, step, .. } => alert.subject == *flow && !asks(*run, step),
            _ => false,
        };
        for message in outbox.withdraw(is_over, now.utc) {
            self.message_left(message);
        }
    }

    /// Does what a flow wants. What is to be written down is, before anything else is done.
    fn grant(&mut self, name: &Arc<str>, wishes: Vec<Wish>, now: Now) {
        let (changes, wishes): (Vec<Wish>, Vec<Wish>) =
            wishes.into_iter().partition(|wish| matches!(wish, Wish::Run { .. } | Wish::Step { .. }));
        for wish in changes.into_iter().chain(wishes) {
            match wish {
                Wish::Run { run, is_news } => self.run_changed(name, *run, is_news, now),
                Wish::Step { run, definition, place, step } => {
                    self.records.push(Record::Step { run, place, step: step.clone() });
                    self.publish(Change::Step { run, definition, place, step });
                }
                Wish::Command { place, command } => {
                    let id = self.begin_for_step(name, place, command.timeout + DONE_WITHIN, now);
                    self.effects.push_back(Effect::RunCommand { id, command });
                }
                Wish::EndCommand { owner } => self.effects.push_back(Effect::EndCommand { owner }),
                Wish::Request { place, request } => {
                    let id = self.begin_for_step(name, place, request.timeout + DONE_WITHIN, now);
                    self.effects.push_back(Effect::SendRequest { id, request });
                }
                Wish::Tell { place, channels, news } => {
                    let is_told = self.tell_of_flow(name, channels.as_ref(), *news, now);
                    self.step_flow(name, now, |machine, context| machine.told(place, is_told, context));
                }
                Wish::CancelFlow { flow, step } => {
                    self.step_flow(&flow, now, |machine, context| machine.unwanted(&step, context));
                }
                Wish::Probe { place, monitor } => self.probe_for_step(name, place, &monitor, now),
                Wish::Forget { id } => self.cancel(id),
                Wish::SeeProgram { place, program } => {
                    let seen = self.see_program(&program);
                    self.step_flow(name, now, |machine, context| machine.program_seen(place, seen, context));
                }
                Wish::Confirm { place } => {
                    let id = self.begin_for_step(name, place, DONE_WITHIN, now);
                    self.effects.push_back(Effect::Confirm { id });
                }
                Wish::Act { place, action, program } => self.act_for_step(name, place, action, &program, now),
            }
        }
    }

    fn run_changed(&mut self, name: &Arc<str>, run: Run, is_news: bool, now: Now) {
        if is_news {
            let why = Words::new(self.config.language, self.config.zone.clone()).run_failure(&run);
            let (id, flow, to) = (run.id, Arc::clone(&run.flow), run.state);
            self.journal(JournalEntry::Run { run: id, flow, to, why }, now);
        }
        self.records.push(Record::Run(Box::new(run.clone())));
        self.publish(Change::Run(Box::new(run)));
        if self.is_configured(name) {
            self.publish(Change::Changed(Key::Flow(Arc::clone(name))));
        }
    }

    fn begin_for_step(&mut self, name: &Arc<str>, place: usize, within: Duration, now: Now) -> EffectId {
        let id = self.owners.begin(Key::Flow(Arc::clone(name)));
        if let Some(machine) = self.flows.get_mut(name) {
            machine.begun(place, id, within, now);
        }
        id
    }

    fn probe_for_step(&mut self, name: &Arc<str>, place: usize, monitor: &Arc<str>, now: Now) {
        let Some(configured) = self.monitors.get(monitor).map(|watched| Arc::clone(&watched.monitor)) else {
            self.step_flow(name, now, |machine, context| machine.no_such_monitor(place, monitor, context));
            return;
        };
        let id = self.begin_for_step(name, place, configured.timeout + LOST_AFTER, now);
        self.effects.push_back(Effect::StartProbe { id, monitor: configured });
    }

    fn see_program(&self, program: &Arc<str>) -> Seen {
        match self.programs.get(program).filter(|kept| !kept.is_gone()) {
            None => Seen::Gone,
            Some(kept) if kept.state() == ProgramState::Looking => Seen::Looking,
            Some(kept) => Seen::Start(kept.memory.last_start),
        }
    }

    fn act_for_step(&mut self, name: &Arc<str>, place: usize, action: ProgramAction, program: &Arc<str>, now: Now) {
        let within = self.programs.get(program).map_or(DONE_WITHIN, |kept| kept.program.ready_within * 2);
        let answer = self.step_program(program, now, |supervised, step| supervised.act(action, step));
        let answer = answer.unwrap_or(Answer::NotDone(RemedyError::Gone));
        self.step_flow(name, now, |machine, context| machine.acted(place, answer, within, context));
        // What became of it may have been told before it was known who waits.
        self.program_stands(program);
    }
}
