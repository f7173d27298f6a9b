//! Steps that have to do with people: they tell something, or ask whether the run may go on.

use std::time::Duration;

use super::{Context, Wish, doing::Doing, under_way::RunUnderWay};
use crate::{
    flow::{
        Otherwise, StepAction,
        run::{AnsweredBy, StepError, StepState},
    },
    incident::News,
    time::later,
};

impl RunUnderWay {
    /// Tells what the step at `place` has to tell.
    pub(super) fn tell_people(&mut self, place: usize, context: &mut Context<'_>) {
        let Some(StepAction::Tell { channels, text }) = self.action(place).cloned() else { return };
        let Some(text) = self.text_of(place, &text, context) else { return };
        let news = News::Told { run: self.run().id, step: self.name(place), text };
        self.set(place, Doing::Telling);
        context.wishes.push(Wish::Tell { place, channels, news: Box::new(news) });
    }

    /// Asks what the step at `place` has to ask, unless that was done in an earlier life of the engine.
    pub(super) fn ask_people(&mut self, place: usize, context: &mut Context<'_>) {
        let Some(StepAction::Approve { question, channels, within, otherwise }) = self.action(place).cloned() else {
            return;
        };
        let began = self.record.steps.get(place).and_then(|step| step.attempt_began).unwrap_or(context.now.utc);
        let until = later(began, within);
        let left = context.now.instant_of(until).since(context.now.monotonic).min(within);
        self.set(place, Doing::Approval { until: context.now.monotonic + left });
        if self.record.steps.get(place).is_some_and(|step| step.question.is_some()) {
            return;
        }
        let Some(question) = self.text_of(place, &question, context) else { return };
        let step = self.name(place);
        if let Some(step) = self.step_mut(place) {
            step.state = StepState::WaitingForApproval;
            step.question = Some(question.clone());
        }
        let news = News::Approval { run: self.run().id, step, question, until, otherwise };
        context.wishes.push(Wish::Tell { place, channels, news: Box::new(news) });
    }

    /// Whether there is anybody whom the step at `place` told, or asked. Who looks at the window or the command line can
    /// answer all the same.
    pub(super) fn told(&mut self, place: usize, is_told: bool, context: &mut Context<'_>) {
        if self.live.get(place).is_some_and(|live| live.doing == Doing::Telling) {
            match is_told {
                true => self.settle(place, StepState::Succeeded, None, context),
                false => self.fail(place, StepState::Failed, StepError::NoChannel, context),
            }
            self.advance(context);
        }
    }

    /// The places of the steps that ask.
    pub(super) fn asking(&self) -> Vec<usize> {
        let asks = |place: &usize| self.record.steps[*place].state == StepState::WaitingForApproval;
        (0..self.record.steps.len()).filter(asks).collect()
    }

    /// Somebody has answered the step at `place`.
    pub(super) fn answered(&mut self, place: usize, approved: bool, by: AnsweredBy, context: &mut Context<'_>) {
        if let Some(step) = self.step_mut(place) {
            step.answered_by = Some(Box::new(by));
        }
        match approved {
            true => self.settle(place, StepState::Succeeded, None, context),
            // Who says no is not asked again.
            false => self.settle(place, StepState::Failed, Some(StepError::Denied), context),
        }
        self.advance(context);
    }

    /// Nobody has answered the step at `place` in time.
    pub(super) fn unanswered(&mut self, place: usize, context: &mut Context<'_>) {
        let (within, otherwise) = match self.action(place) {
            Some(StepAction::Approve { within, otherwise, .. }) => (*within, *otherwise),
            _ => (Duration::ZERO, Otherwise::Fail),
        };
        let error = StepError::Unanswered { within };
        match otherwise {
            Otherwise::Continue => self.settle(place, StepState::Succeeded, Some(error), context),
            Otherwise::Fail => self.fail(place, StepState::TimedOut, error, context),
        }
    }
}
