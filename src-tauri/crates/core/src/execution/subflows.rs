//! Steps that run another flow, and the flow that is run when a step has failed.

use std::sync::Arc;

use super::{Context, Wish, doing::Doing, under_way::RunUnderWay};
use crate::{
    flow::{
        OnFailure, StepAction,
        run::{RunCause, StepError, StepId, StepRun, StepState},
    },
    ids::RunId,
    signal::{Answer, Signal},
};

impl RunUnderWay {
    /// The step at `place` as others know it.
    pub(super) fn id_of(&self, place: usize) -> StepId {
        let attempt = self.record.steps.get(place).map(|step| step.attempts).unwrap_or_default();
        StepId { flow: Arc::clone(&self.run().flow), run: self.run().id, step: self.name(place), place, attempt }
    }

    /// Has the flow of the step at `place` run.
    pub(super) fn want_flow(&mut self, place: usize, context: &mut Context<'_>) {
        let Some(flow) = self.action(place).and_then(StepAction::flow).map(Arc::clone) else { return };
        self.set(place, Doing::Flow);
        let (cause, handles_failure) = (RunCause::Step(self.id_of(place)), self.run().handles_failure);
        context.signals.send(Signal::FlowWanted { flow, cause, handles_failure });
    }

    /// Has the flow run that is there for the failure of the step at `place`.
    pub(super) fn want_handler(&self, place: usize, context: &mut Context<'_>) {
        let on_failure = self.run().definition.steps.get(place).map(|step| &step.on_failure);
        if let Some(OnFailure::Flow(flow)) = on_failure.filter(|_| !self.run().handles_failure) {
            let (flow, cause) = (Arc::clone(flow), RunCause::Failure(self.id_of(place)));
            context.signals.send(Signal::FlowWanted { flow, cause, handles_failure: true });
        }
    }

    /// The flow that `step` runs has begun as `run`, or has ended, or cannot be run.
    pub(super) fn flow_answered(
        &mut self,
        step: &StepId,
        run: Option<RunId>,
        answer: Answer,
        context: &mut Context<'_>,
    ) {
        if !self.waits_for_flow(step) {
            return;
        }
        let place = step.place;
        if let Some(waiting) = self.record.steps.get(place).filter(|waiting| run.is_some() && waiting.run != run) {
            let begun = StepRun { run, ..waiting.clone() };
            if let Some(step) = self.step_mut(place) {
                *step = begun;
            }
        }
        match answer {
            Answer::UnderWay => {}
            Answer::Done => self.settle(place, StepState::Succeeded, None, context),
            Answer::NotDone(error) => self.fail(place, StepState::Failed, StepError::Flow { error }, context),
        }
        self.advance(context);
    }

    /// Whether `step` is one of this run, in the attempt under way, and waits for the run of its flow.
    pub(super) fn waits_for_flow(&self, step: &StepId) -> bool {
        let waits = matches!(self.live.get(step.place).map(|live| &live.doing), Some(Doing::Flow));
        waits && self.id_of(step.place) == *step
    }

    /// The steps that wait for the runs of their flows, as others know them.
    pub(super) fn waiting_for_flows(&self) -> impl Iterator<Item = StepId> {
        let waits = |place: &usize| matches!(self.live[*place].doing, Doing::Flow);
        (0..self.live.len()).filter(waits).map(|place| self.id_of(place))
    }

    /// `step` waited for the run of its flow in an earlier life of the engine, and no such run goes on. One that was begun is
    /// over, though nobody has told how: what it did is not done again, unless the user wants it so.
    pub(super) fn no_flow_runs(&mut self, step: &StepId, context: &mut Context<'_>) {
        if !self.waits_for_flow(step) {
            return;
        }
        match self.record.steps.get(step.place).and_then(|waiting| waiting.run) {
            None => self.want_flow(step.place, context),
            Some(_) => self.interrupted(step.place, StepError::Unseen, context),
        }
        self.advance(context);
    }

    /// Nobody waits any more for the run of the flow of the step at `place`.
    pub(super) fn cancel_flow(&self, place: usize, context: &mut Context<'_>) {
        if let Some(flow) = self.action(place).and_then(StepAction::flow) {
            context.wishes.push(Wish::CancelFlow { flow: Arc::clone(flow), step: self.id_of(place) });
        }
    }
}
