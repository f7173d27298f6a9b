//! What succeeded is taken back when its run fails all the same: what ended last first, one after the other.

use super::{
    Context, Wish,
    doing::{Awake, Doing},
    steps::{ANSWERS_WITHIN, exit_of},
    under_way::RunUnderWay,
};
use crate::{
    command::{CommandEnd, CommandOutcome, DurableCommand},
    flow::{
        StepAction,
        run::{Ending, StepError, StepState, UndoRun},
    },
    ids::StartId,
    program::Ended,
};

impl RunUnderWay {
    /// Whether something is being taken back.
    pub(super) fn is_undoing(&self) -> bool {
        self.live.iter().any(|live| matches!(live.doing, Doing::Undo { .. }))
    }

    /// The next step to take back, once all of them are over.
    fn next_to_undo(&self) -> Option<usize> {
        let is_wanted = matches!(self.record.run.ending, Some(Ending::Failed | Ending::TimedOut)) && !self.insists;
        let definition = &self.record.run.definition;
        let to_undo =
            definition.steps.iter().zip(&self.record.steps).enumerate().filter(|(_, (step, run))| {
                step.undo.is_some() && run.state == StepState::Succeeded && run.undo.is_none()
            });
        to_undo.filter(|_| is_wanted).max_by_key(|(place, (_, run))| (run.ended, *place)).map(|(place, _)| place)
    }

    /// Takes back the next step, unless one is being taken back. Whether there is anything to wait for.
    pub(super) fn undo(&mut self, context: &mut Context<'_>) -> bool {
        if self.is_undoing() || context.quits {
            return self.is_undoing() || self.next_to_undo().is_some();
        }
        let Some(place) = self.next_to_undo() else { return false };
        if let Some(step) = self.step_mut(place) {
            let (state, began) = (StepState::Running, context.now.utc);
            step.undo = Some(Box::new(UndoRun { state, began, ..UndoRun::default() }));
        }
        self.do_undo(place, context);
        true
    }

    /// Runs the command that takes back the step at `place`, or learns how it ended.
    pub(super) fn do_undo(&mut self, place: usize, context: &mut Context<'_>) {
        let step = self.record.run.definition.steps.get(place);
        let began = self.record.steps.get(place).and_then(|run| run.undo.as_ref()).map(|undo| undo.began);
        let (Some(step), Some(began)) = (step, began) else { return };
        let Some(command) = step.undo.clone() else { return };
        let command = DurableCommand {
            owner: format!("undo of step {} of flow {}", step.name, self.record.run.flow),
            start: StartId(u64::try_from(began.as_microsecond()).unwrap_or_default()),
            command,
            env: self.variables(place),
            timeout: StepAction::TIMEOUT,
        };
        self.set(place, Doing::Undo { until: Awake::in_(context.now, StepAction::TIMEOUT + ANSWERS_WITHIN) });
        context.wishes.push(Wish::Command { place, command });
    }

    /// The command that takes back the step at `place` has come to an end.
    pub(super) fn undone(&mut self, place: usize, outcome: &CommandOutcome, context: &Context<'_>) {
        let (state, error) = match &outcome.end {
            CommandEnd::Exited(0) => (StepState::Succeeded, None),
            CommandEnd::Exited(_) | CommandEnd::Signaled(_) => {
                (StepState::Failed, exit_of(&outcome.end).map(|exit| StepError::Ended { exit }))
            }
            CommandEnd::TimedOut { left } if left.is_empty() => {
                (StepState::TimedOut, Some(StepError::TimedOut { within: StepAction::TIMEOUT }))
            }
            CommandEnd::TimedOut { left } => (StepState::TimedOut, Some(StepError::Left { pids: left.clone() })),
            CommandEnd::CannotStart(error) => {
                (StepState::Failed, Some(StepError::CannotStart { error: error.clone() }))
            }
            CommandEnd::Unseen => (StepState::Indeterminate, Some(StepError::Unseen)),
            CommandEnd::Cancelled if self.insists => (StepState::Cancelled, None),
            CommandEnd::Cancelled => (StepState::Indeterminate, Some(StepError::Interrupted)),
        };
        self.undo_ends(place, state, error, context);
        if let Some(undo) = self.step_mut(place).and_then(|step| step.undo.as_mut()) {
            undo.exit = exit_of(&outcome.end);
            undo.output = Ended::tail_of(outcome);
        }
    }

    pub(super) fn undo_ends(
        &mut self,
        place: usize,
        state: StepState,
        error: Option<StepError>,
        context: &Context<'_>,
    ) {
        self.set(place, Doing::Nothing);
        if let Some(undo) = self.step_mut(place).and_then(|step| step.undo.as_mut()) {
            undo.state = state;
            undo.error = error;
            undo.ended = Some(context.now.utc);
        }
    }

    /// Nobody wants what is left to be taken back; what is under way is ended.
    pub(super) fn stop_undoing(&mut self, context: &mut Context<'_>) {
        let undoing = self.live.iter().position(|live| matches!(live.doing, Doing::Undo { .. }));
        if let Some(step) = undoing.and_then(|place| self.record.run.definition.steps.get(place)) {
            let owner = format!("undo of step {} of flow {}", step.name, self.record.run.flow);
            context.wishes.push(Wish::EndCommand { owner });
        }
    }
}
