//! What was promised of the steps that do something beyond this machine, or by other flows: nothing of it is done twice.

use std::collections::{BTreeMap, BTreeSet};

use estatus_core::{
    flow::{
        AfterCrash, Step,
        request::HttpRequest,
        run::{Ending, Run, RunCause, RunRecord, StepId, StepRun, StepState},
    },
    ids::{MessageId, RunId},
    incident::{Message, News},
};

/// A step of a run.
type Place = (RunId, usize);

/// What has been done so far.
pub(super) struct Promises {
    seed: u64,
    /// How many times the request of a step was sent, and in which life first.
    sent: BTreeMap<Place, (u32, u64)>,
    /// The messages by which a step told or asked something.
    told: BTreeMap<(RunId, String), BTreeSet<MessageId>>,
    /// The run that a step has begun, in each of its attempts, and whether since it failed.
    begun: BTreeMap<(RunId, usize, u32, bool), RunId>,
    /// The runs that are there for the failure of others.
    handlers: BTreeSet<RunId>,
}

impl Promises {
    pub(super) fn new(seed: u64) -> Self {
        let (sent, told) = (BTreeMap::new(), BTreeMap::new());
        Self { seed, sent, told, begun: BTreeMap::new(), handlers: BTreeSet::new() }
    }

    /// Of what came after the run called so nothing is known any more, since it was never on disk.
    pub(super) fn forget_after(&mut self, last: RunId) {
        self.sent.retain(|(run, _), _| *run <= last);
        self.told.retain(|(run, _), _| *run <= last);
        self.begun.retain(|(run, _, _, _), begun| *run <= last && *begun <= last);
        self.handlers.retain(|run| *run <= last);
    }

    /// The step whose request it is, by the name that a server knows it by.
    pub(super) fn sender(request: &HttpRequest) -> Option<Place> {
        let (_, key) = request.headers.iter().find(|(name, _)| name == HttpRequest::IDEMPOTENCY_KEY)?;
        let mut numbers = key.trim_matches('"').trim_start_matches("estatus-").split('-').map(str::parse);
        Some((RunId(numbers.next()?.ok()?), usize::try_from(numbers.next()?.ok()?).ok()?))
    }

    /// A request that changes something is sent in this life for a step of `record`. No crash has it sent twice, unless the user
    /// wants it so.
    pub(super) fn sends(&mut self, (run, place): Place, record: &RunRecord, life: u64) {
        let step = &record.run.definition.steps[place];
        let (count, first) = self.sent.entry((run, place)).or_insert((0, life));
        *count += 1;
        let lives = if step.after_crash == AfterCrash::Rerun { life - *first } else { 0 };
        let may = 1 + u64::from(step.retry.as_ref().map_or(0, |retry| retry.times)) + lives;
        assert!(u64::from(*count) <= may, "seed {}: sent {count} times of {may}: {step:?} of {run}", self.seed);
    }

    /// Each step tells and asks once in each attempt: a message that is sent again is the same one.
    pub(super) fn tells(&mut self, message: &Message, attempts: impl Fn(RunId, &str) -> u32) {
        for alert in &message.alerts {
            let (run, step) = match &alert.news {
                News::Approval { run, step, .. } | News::Told { run, step, .. } => (*run, step.to_string()),
                _ => continue,
            };
            let may = attempts(run, &step);
            let messages = self.told.entry((run, step.clone())).or_default();
            messages.insert(message.id);
            let count = u32::try_from(messages.len()).unwrap_or(u32::MAX);
            assert!(count <= may, "seed {}: {step} of {run} told {count} times of {may}: {message:?}", self.seed);
        }
    }

    /// A run stands so: each step begins one run in each attempt, and what is there for a failure has none that is there for it.
    pub(super) fn run_stands(&mut self, run: &Run) {
        let (step, is_handler) = match &run.cause {
            RunCause::Step(step) => (step, false),
            RunCause::Failure(step) => (step, true),
            _ => return,
        };
        let StepId { run: by, place, attempt, .. } = step;
        let known = *self.begun.entry((*by, *place, *attempt, is_handler)).or_insert(run.id);
        assert_eq!(known, run.id, "seed {}: {step:?} has begun two runs: {run:?}", self.seed);
        let of_handler = self.handlers.contains(by);
        assert!(!is_handler || !of_handler, "seed {}: a handler triggers another: {run:?}", self.seed);
        assert_eq!(run.handles_failure, is_handler || of_handler, "seed {}: {run:?}", self.seed);
        if run.handles_failure {
            self.handlers.insert(run.id);
        }
    }

    /// What a step did is being taken back: of those that are left it is the one that ended last, of a run that has failed.
    pub(super) fn undoes(&self, record: &RunRecord, name: &str) {
        let steps = || record.run.definition.steps.iter().zip(&record.steps);
        let Some((_, undone)) = steps().find(|(step, _)| *step.name == *name) else {
            panic!("seed {}: no step {name}: {record:?}", self.seed);
        };
        let has_failed = matches!(record.run.ending, Some(Ending::Failed | Ending::TimedOut));
        assert!(has_failed, "seed {}: taken back, and nothing failed: {record:?}", self.seed);
        let is_left = |(step, run): &(&Step, &StepRun)| {
            step.undo.is_some() && run.state == StepState::Succeeded && run.undo.is_none()
        };
        let later = steps().filter(is_left).any(|(_, run)| run.ended > undone.ended);
        assert!(!later, "seed {}: {name} is taken back too early: {record:?}", self.seed);
    }
}
