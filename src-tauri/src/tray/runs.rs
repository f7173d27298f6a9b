//! The runs of flows that go on, as far as the tray shows them: which step each is at, and what it asks.

use std::{collections::BTreeMap, sync::Arc};

use estatus_api::{FlowStatus, Question, RunStatus, RunSummary, StepStatus};
use estatus_core::{
    flow::run::{RunState, StepState},
    ids::RunId,
};

/// A run that goes on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RunInProgress {
    pub(crate) run: RunId,
    state: RunState,
    /// How many steps it has.
    pub(crate) count: usize,
    /// What is known of its steps, by their places.
    steps: BTreeMap<usize, StepSeen>,
}

#[derive(Clone, Debug, PartialEq)]
struct StepSeen {
    name: Arc<str>,
    state: StepState,
    is_undone_now: bool,
    question: Option<Question>,
    /// Whether an event of this connection said so: an answer may be older.
    by_event: bool,
}

/// What a run does just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doing<'a> {
    /// The step at this place, from 0.
    Step(usize, &'a str),
    /// What this step did is undone.
    Undoes(&'a str),
    /// It waits for somebody to approve, and for nothing else.
    Waits,
    /// Nothing that is known.
    Something,
}

/// A step that asks whether it may go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Asking<'a> {
    pub(crate) flow: &'a Arc<str>,
    pub(crate) run: RunId,
    /// Its place, from 0.
    pub(crate) place: usize,
    pub(crate) step: &'a Arc<str>,
    pub(crate) question: &'a Question,
}

impl StepSeen {
    fn new(step: &StepStatus, by_event: bool) -> Self {
        Self {
            name: Arc::clone(&step.name),
            state: step.state,
            is_undone_now: step.undo.as_ref().is_some_and(|undo| undo.state == StepState::Running),
            question: step.question.clone().filter(|_| step.state == StepState::WaitingForApproval),
            by_event,
        }
    }
}

impl RunInProgress {
    /// The one that goes on of `flow`.
    pub(crate) fn of(flow: &FlowStatus) -> Option<Self> {
        let run = flow.run.as_ref()?;
        Some(Self { run: run.run, state: run.state, count: flow.steps, steps: BTreeMap::new() })
    }

    /// The same, seen anew over another connection: what was known of its steps holds until more is heard.
    pub(crate) fn seen_before(self, before: Option<Self>) -> Self {
        let Some(before) = before.filter(|before| before.run == self.run) else { return self };
        let steps = before.steps.into_iter().map(|(place, step)| (place, StepSeen { by_event: false, ..step }));
        Self { count: before.count, steps: steps.collect(), ..self }
    }

    /// It stands so. Whether that is news.
    pub(crate) fn stands(&mut self, run: &RunSummary) -> bool {
        std::mem::replace(&mut self.state, run.state) != run.state
    }

    /// A step of it stands so. Whether that is news.
    pub(crate) fn take(&mut self, place: usize, step: &StepStatus) -> bool {
        let seen = StepSeen::new(step, true);
        self.count = self.count.max(place.saturating_add(1));
        self.steps.insert(place, seen.clone()) != Some(seen)
    }

    /// How it stands with all its steps, as it was asked for.
    pub(crate) fn take_all(&mut self, status: &RunStatus) {
        self.count = status.steps.len();
        for (place, step) in status.steps.iter().enumerate() {
            let is_newer = self.steps.get(&place).is_some_and(|known| known.by_event);
            if !is_newer {
                self.steps.insert(place, StepSeen::new(step, false));
            }
        }
    }

    /// What it does; where that is several steps at once, the first of them.
    pub(crate) fn doing(&self) -> Doing<'_> {
        let is_under_way = |step: &StepSeen| matches!(step.state, StepState::Running | StepState::Retrying);
        let step = self.steps.iter().find(|(_, step)| is_under_way(step));
        let undone = self.steps.values().find(|step| step.is_undone_now);
        match (step, undone) {
            _ if self.state == RunState::WaitingForApproval => Doing::Waits,
            (Some((place, step)), _) => Doing::Step(*place, &step.name),
            (None, Some(step)) => Doing::Undoes(&step.name),
            (None, None) => Doing::Something,
        }
    }

    /// The steps of it that ask, in their order; it is one of `flow`.
    pub(crate) fn asking<'a>(&'a self, flow: &'a Arc<str>) -> impl Iterator<Item = Asking<'a>> {
        self.steps.iter().filter_map(move |(place, step)| {
            let question = step.question.as_ref()?;
            Some(Asking { flow, run: self.run, place: *place, step: &step.name, question })
        })
    }
}
