//! How flows are run: what begins a run, which run goes on, and which wait for their turn.
//!
//! | file | what is in it |
//! |---|---|
//! | `schedule.rs` | when a flow is due by its schedule, and what was missed |
//! | `under_way.rs` | a run under way: which steps begin, when it is cut off, how it ends |
//! | `steps.rs` | its steps: how each begins, goes on, is tried again and ends |
//! | `people.rs`, `subflows.rs` | the steps that tell or ask somebody, and those that run another flow |
//! | `undoing.rs` | what is taken back when a run has failed |
//! | `results.rs` | what came of steps, for later ones |
//! | `repetition.rs` | what a run keeps of the one that it repeats |
//! | `comparison.rs` | a run beside those before it |
//! | `doing.rs` | what a step is at, and when something is due of that |
//! | `order.rs` | which steps may begin, and which are left out |
//! | `plan.rs` | what a run would do, and what would come of a failure |
//!
//! Architecture invariant: a flow knows no monitor and no program from inside. It says what it wants ([`Wish`]), and hears
//! what became of that.

mod comparison;
mod doing;
mod order;
mod people;
mod plan;
mod repetition;
mod results;
mod schedule;
mod steps;
mod subflows;
mod under_way;
mod undoing;

use std::{collections::VecDeque, mem, sync::Arc, time::Duration};

use jiff::Timestamp;

pub use plan::{Fallout, Plan, StepPlan};
pub(crate) use steps::Seen;
use under_way::RunUnderWay;

use crate::{
    command::{CommandOutcome, DurableCommand},
    flow::{
        Budget, Definition, Flow, FlowMemory, Healed, Overlap,
        request::{HttpRequest, RequestOutcome},
        run::{AnsweredBy, FailedStep, Run, RunCause, RunRecord, RunState, StepId, StepRun},
    },
    ids::{EffectId, RunId},
    incident::News,
    input::{Due, Repeat},
    machine::Machine,
    observation::Observation,
    program::ProgramAction,
    remedy::RemedyError,
    schedule::Rng,
    signal::{Answer, Signal, Signals, Stands},
    time::{Instant, Now, earlier},
    undone::StepFailure,
};

/// What a step of the machine may use, and where it says what it wants.
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) rng: &'a mut Rng,
    pub(crate) signals: &'a mut Signals,
    /// The number of the newest run of any flow.
    pub(crate) last_run: &'a mut RunId,
    /// Estatus is about to quit: nothing is begun any more.
    pub(crate) quits: bool,
    pub(crate) wishes: Vec<Wish>,
}

/// What a flow wants. What comes of it comes back to the step at `place` of its run.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    /// A run stands differently: it is to be written down and shown. Whether its state is another.
    Run { run: Box<Run>, is_news: bool },
    /// So does a step of it.
    Step { run: RunId, definition: Arc<Definition>, place: usize, step: Box<StepRun> },
    /// A command is to be run.
    Command { place: usize, command: DurableCommand },
    /// The command of this owner is to be ended.
    EndCommand { owner: String },
    /// A request is to be sent.
    Request { place: usize, request: Box<HttpRequest> },
    /// Somebody is to be told or asked by these channels, or by those of the alert policy.
    Tell { place: usize, channels: Option<Vec<String>>, news: Box<News> },
    /// The run of a flow that a step has begun is to end.
    CancelFlow { flow: Arc<str>, step: StepId },
    /// A monitor's check is to be probed.
    Probe { place: usize, monitor: Arc<str> },
    /// Nobody waits for that any more.
    Forget { id: EffectId },
    /// How a program stands is to be said.
    SeeProgram { place: usize, program: Arc<str> },
    /// It is to be said when all that was written down is on disk.
    Confirm { place: usize },
    /// A program is to be acted on.
    Act { place: usize, action: ProgramAction, program: Arc<str> },
}

/// What becomes of a run that somebody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It has begun, or waits for its turn.
    Takes(RunId),
    /// Another one goes on, and that is to be so.
    RunsAlready,
    /// It has no step of the name from which it is to be repeated.
    NoSuchStep,
}

/// A flow as it is lived with.
#[derive(Debug)]
pub(crate) struct FlowMachine {
    pub(crate) flow: Arc<Flow>,
    pub(crate) memory: FlowMemory,
    under_way: Option<Box<RunUnderWay>>,
    queue: VecDeque<RunRecord>,
    gone: bool,
}

impl FlowMachine {
    /// A flow that goes on with `open`, its runs that are not over, the oldest first.
    pub(crate) fn new(
        flow: Arc<Flow>,
        memory: FlowMemory,
        open: impl IntoIterator<Item = RunRecord>,
        context: &mut Context<'_>,
    ) -> Self {
        let mut machine = Self { flow, memory, under_way: None, queue: VecDeque::new(), gone: false };
        for record in open {
            if machine.under_way.is_none() && record.run.state != RunState::Queued {
                machine.under_way = Some(Box::new(RunUnderWay::resume(record, context)));
            } else {
                machine.queue.push_back(record);
            }
        }
        machine.see_schedule(context.now);
        machine.go_on(context);
        machine
    }

    // What somebody wants.

    /// Somebody asks for a run.
    pub(crate) fn ask(&mut self, context: &mut Context<'_>) -> Asked {
        if self.is_busy() && self.flow.overlap == Overlap::Skip {
            return Asked::RunsAlready;
        }
        let run = self.run_of(RunCause::Asked, context);
        self.take(run, Vec::new(), context)
    }

    /// Somebody asks for a run to be repeated.
    pub(crate) fn repeat(&mut self, before: &RunRecord, how: &Repeat, context: &mut Context<'_>) -> Asked {
        if self.is_busy() && self.flow.overlap == Overlap::Skip {
            return Asked::RunsAlready;
        }
        let definition = if how.as_then { &before.run.definition } else { &self.flow.definition };
        let definition = Arc::clone(definition);
        let from = how.from.as_deref();
        let place = from.map(|from| definition.steps.iter().position(|step| *step.name == *from));
        let steps = match place {
            None => Vec::new(),
            Some(Some(place)) => repetition::repeated(&definition, before, place),
            Some(None) => return Asked::NoSuchStep,
        };
        let cause = RunCause::Again { run: before.run.id, from: from.map(Arc::from) };
        let run = Run { definition, ..self.run_of(cause, context) };
        self.take(run, steps, context)
    }

    fn take(&mut self, run: Run, steps: Vec<StepRun>, context: &mut Context<'_>) -> Asked {
        let run = self.start(RunRecord { run, steps }, false, context);
        self.go_on(context);
        run.map_or(Asked::RunsAlready, Asked::Takes)
    }

    /// A step asks whether it may go on, and somebody has answered: the only one, or the one called `step`. The steps that
    /// ask, where it is not clear which was meant.
    pub(crate) fn approve(
        &mut self,
        step: Option<&str>,
        approved: bool,
        by: AnsweredBy,
        context: &mut Context<'_>,
    ) -> Result<(), Vec<Arc<str>>> {
        let Some(run) = self.under_way.as_mut() else { return Err(Vec::new()) };
        let mut asking = run.asking();
        if let Some(step) = step {
            asking.retain(|place| *run.name(*place) == *step);
        }
        let [place] = *asking else { return Err(asking.into_iter().map(|place| run.name(place)).collect()) };
        run.answered(place, approved, by, context);
        self.go_on(context);
        Ok(())
    }

    /// A step of another run wants a run, or one that failed does. What becomes of it, and which it is.
    pub(crate) fn wanted(
        &mut self,
        cause: RunCause,
        handles_failure: bool,
        context: &mut Context<'_>,
    ) -> (Answer, Option<RunId>) {
        let under_way = self.under_way.as_ref().map(|run| run.run());
        let known = under_way.into_iter().chain(self.queued()).find(|run| run.cause == cause).map(|run| run.id);
        if known.is_some() {
            return (Answer::UnderWay, known);
        }
        let name = || self.flow.name.to_string();
        if context.quits {
            return (Answer::NotDone(RemedyError::Interrupted), None);
        }
        if self.gone || !self.flow.enabled {
            return (Answer::NotDone(RemedyError::FlowOff { flow: name() }), None);
        }
        let run = Run { handles_failure, ..self.run_of(cause, context) };
        let begun = self.start(RunRecord { run, steps: Vec::new() }, true, context);
        self.go_on(context);
        match begun {
            Some(run) => (Answer::UnderWay, Some(run)),
            None => (Answer::NotDone(RemedyError::FlowSuppressed { flow: self.flow.name.to_string() }), None),
        }
    }

    /// Nobody waits any more for the run that `step` wanted.
    pub(crate) fn unwanted(&mut self, step: &StepId, context: &mut Context<'_>) {
        if let Some(run) = self.run_for(step) {
            self.cancel(run, context);
        }
    }

    /// The flow that a step runs has begun as `run`, or has ended, or cannot be run.
    pub(crate) fn flow_answered(
        &mut self,
        step: &StepId,
        run: Option<RunId>,
        answer: Answer,
        context: &mut Context<'_>,
    ) {
        self.with_run(context, |under_way, context| {
            if under_way.run().id == step.run {
                under_way.flow_answered(step, run, answer, context);
            }
        });
    }

    /// Whether `step` waits for the run of its flow.
    pub(crate) fn waits_for_flow(&self, step: &StepId) -> bool {
        self.under_way.as_ref().is_some_and(|run| run.waits_for_flow(step))
    }

    /// The steps that wait for the runs of their flows.
    pub(crate) fn waiting_for_flows(&self) -> impl Iterator<Item = StepId> {
        self.under_way.iter().flat_map(|run| run.waiting_for_flows())
    }

    /// The run that `step` wanted, if it goes on or waits for its turn.
    pub(crate) fn run_for(&self, step: &StepId) -> Option<RunId> {
        let is_for_it = |run: &&Run| matches!(&run.cause, RunCause::Step(by) if by == step);
        self.run().map(|record| &record.run).into_iter().chain(self.queued()).find(is_for_it).map(|run| run.id)
    }

    /// `step` waited for the run of its flow in an earlier life of the engine, and no such run goes on.
    pub(crate) fn no_flow_runs(&mut self, step: &StepId, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.no_flow_runs(step, context));
    }

    /// A run is to end. Whether there is such a one.
    pub(crate) fn cancel(&mut self, id: RunId, context: &mut Context<'_>) -> bool {
        let is_queued = self.queue.iter().position(|record| record.run.id == id);
        if let Some(record) = is_queued.and_then(|place| self.queue.remove(place)) {
            leave_out(record.run, RunState::Cancelled, context);
            return true;
        }
        let Some(run) = self.under_way.as_mut().filter(|run| run.run().id == id) else { return false };
        run.cancel(context);
        self.go_on(context);
        true
    }

    /// A monitor is to be healed by a run. `tried` is when that try began, perhaps in an earlier life of the engine.
    pub(crate) fn heal(&mut self, monitor: &Arc<str>, tried: Timestamp, context: &mut Context<'_>) -> Answer {
        let healed = self.memory.healed.as_ref().filter(|healed| healed.ended >= tried);
        if let Some(healed) = healed.filter(|healed| healed.monitors.contains(monitor)) {
            return healed.error.clone().map_or(Answer::Done, Answer::NotDone);
        }
        if let Some(run) = self.under_way.as_mut().filter(|run| !run.is_cancelled()) {
            run.heals(monitor);
            self.go_on(context);
            return Answer::UnderWay;
        }
        let not_done = |error| Answer::NotDone(error);
        if context.quits {
            return not_done(RemedyError::Interrupted);
        }
        if self.gone || !self.flow.enabled {
            return not_done(RemedyError::FlowOff { flow: self.flow.name.to_string() });
        }
        let cause = RunCause::Remedy { monitor: Arc::clone(monitor) };
        let run = Run { heals: vec![Arc::clone(monitor)], ..self.run_of(cause, context) };
        let begun = self.start(RunRecord { run, steps: Vec::new() }, true, context);
        self.go_on(context);
        begun.map_or_else(
            || not_done(RemedyError::FlowSuppressed { flow: self.flow.name.to_string() }),
            |_| Answer::UnderWay,
        )
    }

    // The configuration.

    /// Another version of it is in force: runs that have begun keep theirs.
    pub(crate) fn configure(&mut self, flow: &Arc<Flow>, context: &mut Context<'_>) {
        if self.flow.schedule != flow.schedule {
            self.memory.seen_to = None;
        }
        self.flow = Arc::clone(flow);
        self.gone = false;
        self.memory.removed = None;
        self.see_schedule(context.now);
    }

    /// It is no longer configured: its runs are cancelled.
    pub(crate) fn forget(&mut self, context: &mut Context<'_>) {
        self.gone = true;
        self.memory.removed.get_or_insert(context.now.utc);
        for queued in mem::take(&mut self.queue) {
            leave_out(queued.run, RunState::Cancelled, context);
        }
        if let Some(run) = self.under_way.as_mut() {
            // What always runs would be the last to know that nobody wants it.
            run.cancel(context);
            run.cancel(context);
        }
        self.go_on(context);
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether it is no longer configured, and nothing of it goes on.
    pub(crate) fn is_over(&self) -> bool {
        self.gone && self.under_way.is_none()
    }

    // What happens.

    /// What was asked for a step was begun as `id`, and brings a result within `within`.
    pub(crate) fn begun(&mut self, place: usize, id: EffectId, within: Duration, now: Now) {
        if let Some(run) = &mut self.under_way {
            run.begun(place, id, within, now);
        }
    }

    pub(crate) fn command_ended(&mut self, id: EffectId, outcome: &CommandOutcome, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.command_ended(id, outcome, context));
    }

    pub(crate) fn request_answered(&mut self, id: EffectId, outcome: &RequestOutcome, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.request_answered(id, outcome, context));
    }

    /// Whether there is anybody whom a step told or asked.
    pub(crate) fn told(&mut self, place: usize, is_told: bool, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.told(place, is_told, context));
    }

    pub(crate) fn probed(&mut self, id: EffectId, observation: &Observation, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.probed(id, observation, context));
    }

    pub(crate) fn no_such_monitor(&mut self, place: usize, monitor: &Arc<str>, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.no_such_monitor(place, monitor, context));
    }

    pub(crate) fn program_seen(&mut self, place: usize, seen: Seen, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.program_seen(place, seen, context));
    }

    pub(crate) fn written_down(&mut self, id: EffectId, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.written_down(id, context));
    }

    pub(crate) fn acted(&mut self, place: usize, answer: Answer, within: Duration, context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.acted(place, answer, within, context));
    }

    /// `wrote` is what the program wrote before it ended, if that is why it stands so.
    pub(crate) fn program_stands(
        &mut self,
        program: &str,
        stands: &Stands,
        wrote: &[String],
        context: &mut Context<'_>,
    ) {
        self.with_run(context, |run, context| run.program_stands(program, stands, wrote, context));
    }

    /// What the steps at these places lacked may be there.
    pub(crate) fn try_now(&mut self, places: &[usize], context: &mut Context<'_>) {
        self.with_run(context, |run, context| run.try_now(places, context.now));
    }

    /// Does what is due.
    pub(crate) fn wake(&mut self, context: &mut Context<'_>) {
        if !context.quits {
            self.begin_scheduled(context);
        }
        self.with_run(context, |run, context| run.wake(context));
    }

    fn with_run(&mut self, context: &mut Context<'_>, take: impl FnOnce(&mut RunUnderWay, &mut Context<'_>)) {
        if let Some(run) = &mut self.under_way {
            take(run, context);
        }
        self.go_on(context);
    }

    // What there is to see.

    /// When its schedule is due next.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let schedule = self.flow.schedule.as_ref().filter(|_| self.flow.enabled && !self.gone)?;
        schedule::next(schedule, self.memory.seen_to?)
    }

    /// The run that goes on.
    pub(crate) fn run(&self) -> Option<&RunRecord> {
        self.under_way.as_ref().map(|run| run.record())
    }

    /// The runs that wait for their turn, the first one first.
    pub(crate) fn queued(&self) -> impl Iterator<Item = &Run> {
        self.queue.iter().map(|record| &record.run)
    }

    /// The run that heals `monitor`, or will.
    pub(crate) fn run_that_heals(&self, monitor: &str) -> Option<RunId> {
        let heals = |run: &&Run| run.heals.iter().any(|healed| **healed == *monitor);
        self.run().map(|record| &record.run).into_iter().chain(self.queued()).find(heals).map(|run| run.id)
    }

    /// What of it is not over.
    pub(crate) fn open(&self) -> impl Iterator<Item = RunRecord> + '_ {
        self.run().into_iter().chain(&self.queue).cloned()
    }

    fn is_busy(&self) -> bool {
        self.under_way.is_some() || !self.queue.is_empty()
    }

    // Runs.

    /// From when on its schedule counts: it is new, or the clock is not what it was.
    pub(crate) fn see_schedule(&mut self, now: Now) {
        let schedule = self.flow.schedule.as_ref().filter(|_| self.flow.enabled);
        let seen_to = self.memory.seen_to.unwrap_or(now.utc);
        self.memory.seen_to = schedule.map(|schedule| schedule::believed(schedule, seen_to, now.utc));
    }

    fn begin_scheduled(&mut self, context: &mut Context<'_>) {
        let now = context.now.utc;
        let (Some(schedule), Some(seen_to)) = (&self.flow.schedule, self.memory.seen_to) else { return };
        let due = schedule::due(schedule, self.flow.catch_up, seen_to, now).filter(|_| self.flow.enabled && !self.gone);
        let Some(due) = due else { return };
        self.memory.seen_to = Some(due.seen_to);
        // Several that are caught up with wait for their turn, whatever becomes of runs that overlap.
        let waits = due.times.len() > 1;
        for at in due.times {
            let run = self.run_of(RunCause::Scheduled { at }, context);
            self.start(RunRecord { run, steps: Vec::new() }, waits, context);
        }
    }

    /// A run by the definition in force.
    fn run_of(&self, cause: RunCause, context: &mut Context<'_>) -> Run {
        context.last_run.0 += 1;
        let (flow, definition) = (Arc::clone(&self.flow.name), Arc::clone(&self.flow.definition));
        Run::new(*context.last_run, flow, definition, cause, context.now.utc)
    }

    /// A run is due: it begins, waits for its turn, or is left out. With `waits` it is not left out since another goes on.
    fn start(&mut self, record: RunRecord, waits: bool, context: &mut Context<'_>) -> Option<RunId> {
        let run = &record.run;
        let id = run.id;
        let is_full = self.queue.len() >= Overlap::QUEUE_MAX;
        if self.is_busy() && (is_full || !waits && self.flow.overlap == Overlap::Skip) {
            leave_out(record.run, RunState::Skipped, context);
            return None;
        }
        let replaces = self.is_busy() && self.flow.overlap == Overlap::Replace && !waits;
        if run.cause.is_automatic() && !self.is_within_budget(replaces, context.now.utc) {
            self.suppress(record.run, context);
            return None;
        }
        if replaces {
            for queued in mem::take(&mut self.queue) {
                leave_out(queued.run, RunState::Cancelled, context);
            }
            if let Some(other) = self.under_way.as_mut().filter(|other| !other.is_cancelled()) {
                other.cancel(context);
            }
        }
        // What waits is on disk, though it may be only for one that was due at the same moment and has not begun yet.
        if self.is_busy() {
            context.wishes.push(Wish::Run { run: Box::new(record.run.clone()), is_news: true });
            for (place, step) in record.steps.iter().enumerate().filter(|(_, step)| step.kept) {
                let (definition, step) = (Arc::clone(&record.run.definition), Box::new(step.clone()));
                context.wishes.push(Wish::Step { run: id, definition, place, step });
            }
        }
        self.queue.push_back(record);
        Some(id)
    }

    /// Whether one more automatic run may begin, after those that wait for their turn unless it takes their place.
    fn is_within_budget(&mut self, replaces: bool, now: Timestamp) -> bool {
        let Some(budget) = self.flow.budget else { return true };
        self.forget_begun(budget, now);
        let automatic = self.queued().filter(|run| run.cause.is_automatic());
        let before = if replaces { 0 } else { automatic.count() };
        self.memory.begun.len() + before < usize::try_from(budget.runs).unwrap_or(usize::MAX)
    }

    /// The budget counts what begins, at that time: what waits may be cancelled, and then has cost nothing.
    fn count_begun(&mut self, run: &Run, now: Timestamp) {
        let Some(budget) = self.flow.budget.filter(|_| run.cause.is_automatic()) else { return };
        self.forget_begun(budget, now);
        self.memory.begun.push(now);
        self.memory.suppressed = false;
    }

    fn forget_begun(&mut self, budget: Budget, now: Timestamp) {
        let since = earlier(now, budget.within);
        // What lies in the future was noted before the clock was set back.
        self.memory.begun.retain(|begun| (since..=now).contains(begun));
    }

    /// The first run that is suppressed is told; those that follow before another one begins are neither told nor kept.
    fn suppress(&mut self, run: Run, context: &mut Context<'_>) {
        if !mem::replace(&mut self.memory.suppressed, true) {
            leave_out(run, RunState::Suppressed, context);
            context.signals.send(Signal::Suppressed { flow: Arc::clone(&self.flow.name) });
        }
    }

    /// Says what has changed, ends what is over, and begins what waits for its turn.
    fn go_on(&mut self, context: &mut Context<'_>) {
        loop {
            if let Some(run) = &mut self.under_way {
                run.compare(&self.memory);
                run.tell(&mut context.wishes);
                if !run.is_over() {
                    return;
                }
            }
            if let Some(run) = self.under_way.take() {
                self.ended(&run, context);
            }
            if context.quits {
                return;
            }
            let Some(next) = self.queue.pop_front() else { return };
            self.count_begun(&next.run, context.now.utc);
            self.under_way = Some(Box::new(RunUnderWay::begin(next, context)));
        }
    }

    fn ended(&mut self, run: &RunUnderWay, context: &mut Context<'_>) {
        comparison::remember(&mut self.memory, run.record());
        let RunRecord { run, steps } = run.record();
        let failed = run.failed.as_ref();
        let error = (run.state != RunState::Succeeded).then(|| RemedyError::FlowFailed {
            flow: run.flow.to_string(),
            failed: failed.and_then(|failed| step_failure(&run.definition, failed)).map(Box::new),
        });
        if !run.heals.is_empty() {
            let (monitors, ended) = (run.heals.clone(), context.now.utc);
            self.memory.healed = Some(Box::new(Healed { monitors, ended, error: error.clone() }));
        }
        let failed = failed.and_then(|failed| steps.get(failed.place));
        for monitor in &run.heals {
            let monitor = Arc::clone(monitor);
            if let Some(step) = failed.filter(|step| !step.output.is_empty()) {
                context.signals.send(Signal::Wrote { monitor: Arc::clone(&monitor), output: step.output.clone() });
            }
            let answer = error.clone().map_or(Answer::Done, Answer::NotDone);
            context.signals.send(Signal::Acted { monitor, answer, within: Duration::ZERO });
        }
        answer_step(run, error.clone().map_or(Answer::Done, Answer::NotDone), context);
        // Of a run that was to heal a monitor its incident tells, and of one that a step began that step's run.
        if run.state.is_failure() && run.heals.is_empty() && !matches!(run.cause, RunCause::Step(_)) {
            let record = RunRecord { run: run.clone(), steps: steps.clone() };
            context.signals.send(Signal::RunFailed { run: Box::new(record) });
        }
    }
}

/// How the step failed that made a run fail, if why is known.
fn step_failure(definition: &Definition, failed: &FailedStep) -> Option<StepFailure> {
    let step = definition.steps.get(failed.place)?;
    let (attempt, attempts) = (failed.attempts, step.attempts().max(failed.attempts));
    Some(StepFailure { step: step.name.to_string(), attempt, attempts, error: failed.error.clone()? })
}

/// The step that wanted a run learns what came of it.
fn answer_step(run: &Run, answer: Answer, context: &mut Context<'_>) {
    if let RunCause::Step(step) = &run.cause {
        context.signals.send(Signal::FlowRan { step: step.clone(), answer });
    }
}

/// A run comes to nothing before it has begun. What it would have done is of no interest where it was left out.
fn leave_out(run: Run, state: RunState, context: &mut Context<'_>) {
    let ended = Some(context.now.utc);
    let is_left_out = matches!(state, RunState::Skipped | RunState::Suppressed);
    let definition = if is_left_out { Arc::default() } else { Arc::clone(&run.definition) };
    if state == RunState::Cancelled {
        let flow = run.flow.to_string();
        answer_step(&run, Answer::NotDone(RemedyError::FlowFailed { flow, failed: None }), context);
    }
    let run = Box::new(Run { definition, state, ended, ..run });
    context.wishes.push(Wish::Run { run, is_news: true });
}

impl Machine for FlowMachine {
    type Memory = FlowMemory;

    fn memory(&self) -> &FlowMemory {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut FlowMemory {
        &mut self.memory
    }

    fn dues(&self, now: Now) -> Vec<(Instant, Due)> {
        let scheduled = self.next().map(|at| now.instant_of(at));
        let run = self.under_way.as_ref().and_then(|run| run.due(now));
        let due = scheduled.into_iter().chain(run).min();
        due.map(|at| (at, Due::Flow(Arc::clone(&self.flow.name)))).into_iter().collect()
    }
}
