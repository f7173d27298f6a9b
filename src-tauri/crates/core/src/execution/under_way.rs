//! A run under way: which steps begin and which are left out, when it is cut off, and how it ends.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Context, Wish, comparison,
    doing::{Awake, Doing, Live},
    order::{self, Turn, fails_the_run},
};
use crate::{
    flow::{
        Definition, FlowMemory,
        run::{Ending, Run, RunRecord, RunState, StepError, StepRun, StepState},
    },
    ids::EffectId,
    time::{Instant, Now, later},
};

/// A run under way.
#[derive(Debug)]
pub(super) struct RunUnderWay {
    pub(super) record: RunRecord,
    pub(super) live: Vec<Live>,
    /// The steps whose results are waited for.
    pub(super) effects: BTreeMap<EffectId, usize>,
    /// It is to end without what always runs.
    pub(super) insists: bool,
    /// When it has had its time.
    until: Option<Awake>,
    /// The state that was told last.
    told: Option<RunState>,
    pub(super) run_changed: bool,
    pub(super) steps_changed: BTreeSet<usize>,
}

impl RunUnderWay {
    /// A run begins; `steps` are what is kept of an earlier one, or nothing.
    pub(super) fn begin(RunRecord { run, mut steps }: RunRecord, context: &mut Context<'_>) -> Self {
        steps.resize(run.definition.steps.len(), StepRun::default());
        let run = Run { state: RunState::Running, began: context.now.utc, ended: None, ..run };
        let deadline = run.definition.deadline;
        let mut begun = Self::new(RunRecord { run, steps }, context.now);
        begun.steps_changed = (0..begun.live.len()).filter(|place| begun.record.steps[*place].kept).collect();
        begun.until = deadline.map(|deadline| Awake::in_(context.now, deadline));
        begun.run_changed = true;
        begun.advance(context);
        begun
    }

    /// A run goes on that began in an earlier life of the engine. For how long the machine slept or was off meanwhile is
    /// not known: for its deadline the wall clock counts.
    pub(super) fn resume(record: RunRecord, context: &mut Context<'_>) -> Self {
        let (deadline, began) = (record.run.definition.deadline, record.run.began);
        let mut resumed = Self::new(record, context.now);
        resumed.until = deadline.map(|deadline| {
            let left = context.now.instant_of(later(began, deadline)).since(context.now.monotonic);
            Awake::in_(context.now, left)
        });
        resumed.told = Some(resumed.record.run.state);
        let definition = resumed.definition();
        let failed = |(place, step): &(usize, &StepRun)| step.state.is_failure() && fails_the_run(&definition, *place);
        let failed = resumed.record.steps.iter().enumerate().find(failed).map(|(place, _)| place);
        if let Some(place) = failed {
            resumed.record.run.ending.get_or_insert(Ending::Failed);
            if resumed.record.run.failed.is_none() {
                resumed.failed(place);
            }
        }
        for place in 0..resumed.record.steps.len() {
            resumed.go_on_with(place, context);
        }
        if resumed.is_cut() {
            resumed.cut_steps(context);
        }
        resumed.advance(context);
        resumed
    }

    fn new(record: RunRecord, now: Now) -> Self {
        let idle = Live { doing: Doing::Nothing, effect: None, since: now.monotonic };
        Self {
            live: vec![idle; record.steps.len()],
            record,
            effects: BTreeMap::new(),
            insists: false,
            until: None,
            told: None,
            run_changed: false,
            steps_changed: BTreeSet::new(),
        }
    }

    pub(super) fn record(&self) -> &RunRecord {
        &self.record
    }

    pub(super) fn run(&self) -> &Run {
        &self.record.run
    }

    /// It is to heal this monitor, too.
    pub(super) fn heals(&mut self, monitor: &Arc<str>) {
        if !self.record.run.heals.contains(monitor) {
            self.record.run.heals.push(Arc::clone(monitor));
            self.run_changed = true;
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.record.run.state.is_over()
    }

    /// Whether somebody has cancelled it.
    pub(super) fn is_cancelled(&self) -> bool {
        self.record.run.ending == Some(Ending::Cancelled)
    }

    pub(super) fn definition(&self) -> Arc<Definition> {
        Arc::clone(&self.record.run.definition)
    }

    // What is due.

    /// When it wants to be woken.
    pub(super) fn due(&self, now: Now) -> Option<Instant> {
        let deadline = self.until.filter(|_| !self.is_cut()).map(|until| until.instant(now));
        self.live.iter().filter_map(|live| live.due(now)).chain(deadline).min()
    }

    /// Does what is due.
    pub(super) fn wake(&mut self, context: &mut Context<'_>) {
        let now = context.now;
        if self.until.is_some_and(|until| until <= Awake::of(now)) && !self.is_cut() {
            self.cut(Ending::TimedOut, context);
        }
        let is_due = |live: &Live| live.due(now).is_some_and(|at| at <= now.monotonic);
        let due: Vec<usize> = (0..self.live.len()).filter(|place| is_due(&self.live[*place])).collect();
        for place in due {
            self.wake_step(place, context);
        }
        self.advance(context);
    }

    /// Somebody wants it to end; whoever insists does not wait for what always runs either.
    pub(super) fn cancel(&mut self, context: &mut Context<'_>) {
        self.insists = self.is_cancelled() || self.is_undoing();
        if self.is_undoing() {
            // It has failed, and that stays so.
            self.stop_undoing(context);
        } else {
            self.cut(Ending::Cancelled, context);
        }
        self.advance(context);
    }

    // The run.

    /// Begins what may begin, leaves out what may not, and ends the run once all is over.
    pub(super) fn advance(&mut self, context: &mut Context<'_>) {
        if self.is_over() {
            return;
        }
        let definition = self.definition();
        let mut moved = !context.quits;
        while std::mem::take(&mut moved) {
            for place in 0..self.record.steps.len() {
                if self.record.steps[place].state != StepState::Scheduled {
                    continue;
                }
                match order::turn(&definition, &self.record.steps, place, self.record.run.ending) {
                    Turn::NotYet => continue,
                    Turn::Begin if !self.insists => self.begin_step(place, context),
                    Turn::Begin | Turn::Skip => self.settle(place, StepState::Skipped, None, context),
                }
                // What is over already may have been waited for by one that stands before it.
                moved = true;
            }
        }
        if self.record.steps.iter().all(|step| step.state.is_over()) && !self.undo(context) {
            self.end(context);
        }
        if !self.is_over() {
            self.see_state();
        }
    }

    /// Whether it does anything but wait for somebody to approve.
    fn see_state(&mut self) {
        let is = |state| self.record.steps.iter().any(|step| step.state == state);
        let waits = is(StepState::WaitingForApproval) && !is(StepState::Running) && !is(StepState::Retrying);
        let state = if waits { RunState::WaitingForApproval } else { RunState::Running };
        if std::mem::replace(&mut self.record.run.state, state) != state {
            self.run_changed = true;
        }
    }

    fn end(&mut self, context: &Context<'_>) {
        let run = &mut self.record.run;
        let failed = run.failed.as_ref().and_then(|failed| self.record.steps.get(failed.place)).map(|step| step.state);
        run.state = match run.ending {
            None => RunState::Succeeded,
            Some(Ending::Failed) if failed == Some(StepState::Indeterminate) => RunState::Crashed,
            Some(Ending::Failed) => RunState::Failed,
            Some(Ending::TimedOut) => RunState::TimedOut,
            Some(Ending::Cancelled) => RunState::Cancelled,
        };
        run.ended = Some(context.now.utc);
        self.run_changed = true;
    }

    /// Whether what runs is to end before it has done its work.
    pub(super) fn is_cut(&self) -> bool {
        matches!(self.record.run.ending, Some(Ending::TimedOut | Ending::Cancelled))
    }

    pub(super) fn cut_state(&self) -> StepState {
        if self.record.run.ending == Some(Ending::TimedOut) { StepState::TimedOut } else { StepState::Cancelled }
    }

    pub(super) fn cut_error(&self) -> Option<StepError> {
        (self.record.run.ending == Some(Ending::TimedOut)).then_some(StepError::Deadline)
    }

    /// Ends what runs, but for what always runs, unless somebody insists.
    fn cut(&mut self, ending: Ending, context: &mut Context<'_>) {
        self.record.run.ending = Some(ending);
        self.run_changed = true;
        self.cut_steps(context);
    }

    fn cut_steps(&mut self, context: &mut Context<'_>) {
        let definition = self.definition();
        for (place, step) in definition.steps.iter().enumerate() {
            let state = self.record.steps[place].state;
            if state == StepState::Scheduled || state.is_over() || step.always && !self.insists {
                continue;
            }
            match self.live[place].doing {
                Doing::Command { .. } => self.end_command(place, context),
                Doing::Ending { .. } => {}
                _ => {
                    self.cancel_flow(place, context);
                    self.forget_effect(place, context);
                    self.settle(place, self.cut_state(), self.cut_error(), context);
                }
            }
            if self.record.run.ending == Some(Ending::TimedOut) && self.record.run.failed.is_none() {
                self.failed(place);
                self.record.run.failed.iter_mut().for_each(|failed| failed.error = Some(StepError::Deadline));
            }
        }
    }

    /// Holds the steps that have ended, and the run itself once it has failed, against those before it.
    pub(super) fn compare(&mut self, memory: &FlowMemory) {
        for place in self.steps_changed.clone() {
            let (name, Some(step)) = (self.name(place), self.record.steps.get_mut(place)) else { continue };
            if step.usual.is_none() && step.attempts > 0 {
                step.usual = comparison::usual(memory, &name);
            }
        }
        if self.record.run.state.is_failure() && self.record.run.compared.is_none() {
            self.record.run.compared = comparison::compared(memory, &self.record);
        }
    }

    /// Says what has changed since this was called last.
    pub(super) fn tell(&mut self, wishes: &mut Vec<Wish>) {
        if self.told.is_none() && self.is_over() {
            // What has ended as soon as it began has begun all the same.
            let run = Run { state: RunState::Running, ended: None, failed: None, ..self.record.run.clone() };
            wishes.push(Wish::Run { run: Box::new(run), is_news: true });
        }
        let changed = std::mem::take(&mut self.run_changed);
        let is_news = self.told.replace(self.record.run.state) != Some(self.record.run.state);
        let run = changed.then(|| Wish::Run { run: Box::new(self.record.run.clone()), is_news });
        // Whoever follows a run sees its beginning first, and its end last.
        let (begins, ends) = if self.is_over() { (None, run) } else { (run, None) };
        wishes.extend(begins);
        for place in std::mem::take(&mut self.steps_changed) {
            let (run, step) = (self.record.run.id, Box::new(self.record.steps[place].clone()));
            wishes.push(Wish::Step { run, definition: self.definition(), place, step });
        }
        wishes.extend(ends);
    }
}
