//! The steps of a run that are under way: how each begins, goes on, is tried again and ends.
//!
//! Whatever changes something is on disk as begun before it is done. So where Estatus is killed, the next one asks for the
//! very same command again, which is not begun twice ([`DurableCommand`]), and asks a program whether it was started since.

use std::{sync::Arc, time::Duration};

use super::{
    Context, Wish,
    doing::{Awake, Doing, Live, Probing},
    order::fails_the_run,
    under_way::RunUnderWay,
};
use crate::{
    command::{CommandEnd, CommandOutcome, DurableCommand},
    exit::Exit,
    flow::{
        AfterCrash, Retry, RetryOn, Step, StepAction,
        request::{HttpRequest, RequestOutcome},
        run::{Ending, FailedStep, StepError, StepRun, StepState},
        text::Text,
    },
    ids::{EffectId, StartId},
    observation::{Cause, Failure, Observation, Verdict},
    program::{Ended, ProgramAction},
    remedy::RemedyError,
    schedule::look_again,
    signal::{Answer, Stands},
    time::{Now, later},
};

const KEY: &str = HttpRequest::IDEMPOTENCY_KEY;
/// Whoever is asked for something has answered within this beyond the time that it may take, or is taken for lost.
pub(super) const ANSWERS_WITHIN: Duration = Duration::from_secs(5 * 60);
/// A command that is to end has ended within this, or nobody knows what became of it.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// How the program of a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// There is none of that name.
    Gone,
    /// That is not known yet.
    Looking,
    /// This is the number of its newest start.
    Start(StartId),
}

impl RunUnderWay {
    // What happens.

    /// What was asked for a step has been begun as `id`, and brings a result within `within`.
    pub(super) fn begun(&mut self, place: usize, id: EffectId, within: Duration, now: Now) {
        self.effects.insert(id, place);
        let Some(live) = self.live.get_mut(place) else { return };
        live.effect = Some(id);
        if let Doing::Probe { why: Probing::Once | Probing::AfterCrash, until } = &mut live.doing {
            *until = Awake::in_(now, within);
        }
    }

    /// A command has come to an end.
    pub(super) fn command_ended(&mut self, id: EffectId, outcome: &CommandOutcome, context: &mut Context<'_>) {
        let Some(place) = self.take_effect(id) else { return };
        if matches!(self.live[place].doing, Doing::Undo { .. }) {
            self.undone(place, outcome, context);
            return self.advance(context);
        }
        let was_cut = matches!(self.live[place].doing, Doing::Ending { .. });
        if let Some(step) = self.step_mut(place) {
            step.output = Ended::tail_of(outcome);
            step.exit = exit_of(&outcome.end);
            step.program = outcome.program.clone();
        }
        let timeout = self.timeout(place);
        match &outcome.end {
            CommandEnd::Exited(0) => self.settle(place, StepState::Succeeded, None, context),
            _ if was_cut => self.settle(place, self.cut_state(), self.cut_error(), context),
            CommandEnd::TimedOut { left } if left.is_empty() => {
                self.fail(place, StepState::TimedOut, StepError::TimedOut { within: timeout }, context);
            }
            CommandEnd::TimedOut { left } => {
                self.fail(place, StepState::TimedOut, StepError::Left { pids: left.clone() }, context);
            }
            CommandEnd::CannotStart(error) => {
                self.fail(place, StepState::Failed, StepError::CannotStart { error: error.clone() }, context);
            }
            CommandEnd::Unseen => self.interrupted(place, StepError::Unseen, context),
            CommandEnd::Cancelled => self.interrupted(place, StepError::Interrupted, context),
            CommandEnd::Exited(code) => self.ended(place, Exit::Code(*code), context),
            CommandEnd::Signaled(number) => self.ended(place, Exit::Signal(*number), context),
        }
        self.advance(context);
    }

    fn ended(&mut self, place: usize, exit: Exit, context: &mut Context<'_>) {
        self.fail(place, StepState::Failed, StepError::Ended { exit }, context);
    }

    /// A request has come to an end.
    pub(super) fn request_answered(&mut self, id: EffectId, outcome: &RequestOutcome, context: &mut Context<'_>) {
        let Some(place) = self.take_effect(id) else { return };
        if let Some(step) = self.step_mut(place) {
            step.output = outcome.output.clone();
            step.saved = outcome.saved.clone();
        }
        match outcome.failure.clone() {
            None => self.settle(place, StepState::Succeeded, None, context),
            Some(failure) => {
                let timed_out = matches!(failure.cause, Cause::TimedOut { .. });
                let state = if timed_out { StepState::TimedOut } else { StepState::Failed };
                self.fail(place, state, StepError::Request { failure }, context);
            }
        }
        self.advance(context);
    }

    /// A probe has come to an end.
    pub(super) fn probed(&mut self, id: EffectId, observation: &Observation, context: &mut Context<'_>) {
        let Some(place) = self.take_effect(id) else { return };
        let Doing::Probe { why, .. } = self.live[place].doing.clone() else { return };
        let failure = observation.failure.clone();
        let cause = failure.as_ref().map(|failure| failure.cause.clone());
        match (why, observation.verdict) {
            (_, Verdict::Up) => self.settle(place, StepState::Succeeded, None, context),
            (Probing::AfterCrash, _) => {
                let error = self.record.steps[place].error.clone();
                self.settle(place, StepState::Indeterminate, error, context);
            }
            (Probing::Until { until, failure: before }, _) => {
                let failure = failure.or(before);
                let again = look_again(self.live[place].since, context.now.monotonic);
                self.set(place, Doing::Pause { again, until, failure });
            }
            (Probing::Once, Verdict::Down) if failure.is_some() => {
                let error = failure.map_or(StepError::Inconclusive { cause }, |failure| StepError::Down { failure });
                self.fail(place, StepState::Failed, error, context);
            }
            (Probing::Once, _) => {
                self.fail(place, StepState::Failed, StepError::Inconclusive { cause }, context);
            }
        }
        self.advance(context);
    }

    /// There is no such monitor.
    pub(super) fn no_such_monitor(&mut self, place: usize, monitor: &Arc<str>, context: &mut Context<'_>) {
        let error = StepError::NoSuchMonitor { monitor: Arc::clone(monitor) };
        let is_after_crash = matches!(&self.live[place].doing, Doing::Probe { why: Probing::AfterCrash, .. });
        let state = if is_after_crash { StepState::Indeterminate } else { StepState::Failed };
        self.settle(place, state, Some(error), context);
        self.advance(context);
    }

    /// How the program of a step stands.
    pub(super) fn program_seen(&mut self, place: usize, seen: Seen, context: &mut Context<'_>) {
        let Doing::Seeing { until } = self.live[place].doing else { return };
        let Some(StepAction::Program { action, .. }) = self.action(place).cloned() else { return };
        match seen {
            // It is told how it stands once that is known.
            Seen::Looking => {}
            Seen::Gone => {
                self.settle(place, StepState::Failed, Some(StepError::Program { error: RemedyError::Gone }), context);
                self.advance(context);
            }
            Seen::Start(newest) => {
                let before = self.step_mut(place).map(|step| *step.start.get_or_insert(newest));
                // One that was started since is only waited for.
                let was_started = action == ProgramAction::Restart && before.is_some_and(|before| before < newest);
                let action = if was_started { ProgramAction::Start } else { action };
                self.set(place, Doing::WritingDown { action, until });
                context.wishes.push(Wish::Confirm { place });
            }
        }
    }

    /// Whatever was recorded is on disk.
    pub(super) fn written_down(&mut self, id: EffectId, context: &mut Context<'_>) {
        let Some(place) = self.take_effect(id) else { return };
        let Doing::WritingDown { action, until } = self.live[place].doing else { return };
        let Some(StepAction::Program { program, .. }) = self.action(place).cloned() else { return };
        self.set(place, Doing::Program { action, until });
        context.wishes.push(Wish::Act { place, action, program });
    }

    /// The program of a step has answered; where it is under way, it may take `within`.
    pub(super) fn acted(&mut self, place: usize, answer: Answer, within: Duration, context: &mut Context<'_>) {
        let Some(Live { doing: Doing::Program { until, .. }, .. }) = self.live.get_mut(place) else { return };
        match answer {
            Answer::UnderWay => *until = Awake::in_(context.now, within + ANSWERS_WITHIN),
            Answer::Done => self.settle(place, StepState::Succeeded, None, context),
            Answer::NotDone(error) => self.fail(place, StepState::Failed, StepError::Program { error }, context),
        }
        self.advance(context);
    }

    /// A program stands differently: the steps that wait for it go on. `wrote` is what it wrote before it ended, if that is
    /// why it stands so.
    pub(super) fn program_stands(
        &mut self,
        program: &str,
        stands: &Stands,
        wrote: &[String],
        context: &mut Context<'_>,
    ) {
        let acts_on_it = |place: &usize| {
            let is_of_it =
                matches!(self.action(*place), Some(StepAction::Program { program: of, .. }) if **of == *program);
            is_of_it && matches!(self.live[*place].doing, Doing::Seeing { .. } | Doing::Program { .. })
        };
        let waiting: Vec<usize> = (0..self.live.len()).filter(acts_on_it).collect();
        for place in waiting {
            match self.live[place].doing.clone() {
                Doing::Seeing { .. } => self.see_program(place, context),
                Doing::Program { action, .. } => {
                    if let Some(answer) = stands.answer_to_step(action) {
                        if let Some(step) = self.step_mut(place) {
                            step.output = wrote.to_vec();
                        }
                        self.acted(place, answer, Duration::ZERO, context);
                    }
                }
                _ => {}
            }
        }
        self.advance(context);
    }

    /// What the steps at these places lacked may be there: those that wait to be tried again, and may have failed for want of
    /// it, are tried at once.
    pub(super) fn try_now(&mut self, places: &[usize], now: Now) {
        for &place in places {
            let error = self.record.steps.get(place).and_then(|step| step.error.as_ref());
            let is_for_want = error.is_some_and(may_be_for_want);
            match self.live.get_mut(place).map(|live| &mut live.doing) {
                Some(Doing::Retry { at }) if is_for_want => *at = now.monotonic,
                Some(Doing::Pause { again, .. }) => *again = now.monotonic,
                _ => {}
            }
        }
    }

    // What is due.

    pub(super) fn wake_step(&mut self, place: usize, context: &mut Context<'_>) {
        match self.live[place].doing.clone() {
            Doing::Nothing | Doing::Telling | Doing::Flow => {}
            Doing::Command { .. } => {
                self.end_command(place, context);
                self.settle(place, StepState::Indeterminate, Some(StepError::Lost), context);
            }
            Doing::Ending { .. } => self.settle(place, self.cut_state(), Some(StepError::Lost), context),
            Doing::Probe { why: Probing::Until { failure, .. }, .. } => self.never_up(place, failure, context),
            Doing::Probe { .. } => {
                self.forget_effect(place, context);
                self.fail(place, StepState::Failed, StepError::Lost, context);
            }
            Doing::Request { .. } => {
                self.forget_effect(place, context);
                self.settle(place, StepState::Indeterminate, Some(StepError::Lost), context);
            }
            Doing::Approval { .. } => self.unanswered(place, context),
            Doing::Undo { .. } => {
                self.forget_effect(place, context);
                self.undo_ends(place, StepState::Indeterminate, Some(StepError::Lost), context);
            }
            Doing::Pause { until, failure, .. } if until <= Awake::of(context.now) => {
                self.never_up(place, failure, context);
            }
            Doing::Pause { until, failure, .. } => self.probe(place, Probing::Until { until, failure }, context),
            Doing::Seeing { .. } | Doing::WritingDown { .. } | Doing::Program { .. } => {
                let error = RemedyError::NotReady { within: context.now.monotonic.since(self.live[place].since) };
                self.forget_effect(place, context);
                self.fail(place, StepState::TimedOut, StepError::Program { error }, context);
            }
            Doing::Wait { .. } => self.settle(place, StepState::Succeeded, None, context),
            Doing::Retry { .. } => self.begin_step(place, context),
        }
    }

    // A step.

    pub(super) fn begin_step(&mut self, place: usize, context: &mut Context<'_>) {
        let now = context.now.utc;
        if let Some(step) = self.step_mut(place) {
            step.state = StepState::Running;
            step.attempts += 1;
            step.began.get_or_insert(now);
            // By it the attempt is known: no two are the same, whatever the clock was set to.
            let after = step.attempt_began.map(|before| later(before, Duration::from_micros(1)));
            step.attempt_began = Some(after.map_or(now, |after| after.max(now)));
            step.retry_at = None;
            step.error = None;
            step.exit = None;
            step.start = None;
            step.saved = None;
            step.question = None;
            step.run = None;
        }
        self.live[place].since = context.now.monotonic;
        self.do_step(place, context);
    }

    /// Does what a step that has been begun is to do.
    fn do_step(&mut self, place: usize, context: &mut Context<'_>) {
        let now = context.now;
        match self.action(place).cloned() {
            None => {}
            Some(StepAction::Run { timeout, .. }) => {
                self.set(place, Doing::Command { until: Awake::in_(now, timeout + ANSWERS_WITHIN) });
                let command = self.command(place);
                context.wishes.extend(command.map(|command| Wish::Command { place, command }));
            }
            Some(StepAction::Check { .. }) => self.probe(place, Probing::Once, context),
            Some(StepAction::WaitUntil { within, .. }) => {
                self.probe(place, Probing::Until { until: Awake::in_(now, within), failure: None }, context);
            }
            Some(StepAction::Program { .. }) => {
                self.set(place, Doing::Seeing { until: Awake::in_(now, ANSWERS_WITHIN) });
                self.see_program(place, context);
            }
            Some(StepAction::Wait { lasts }) => {
                let began = self.record.steps[place].attempt_began.unwrap_or(now.utc);
                let left = now.instant_of(later(began, lasts)).since(now.monotonic).min(lasts);
                self.set(place, Doing::Wait { until: now.monotonic + left });
                if left.is_zero() {
                    self.settle(place, StepState::Succeeded, None, context);
                }
            }
            Some(StepAction::Http { request }) => self.send_request(place, *request, context),
            Some(StepAction::Tell { .. }) => self.tell_people(place, context),
            Some(StepAction::Approve { .. }) => self.ask_people(place, context),
            Some(StepAction::Flow { .. }) => self.want_flow(place, context),
        }
    }

    fn send_request(&mut self, place: usize, mut request: HttpRequest, context: &mut Context<'_>) {
        let run = &self.record.run;
        if !request.is_safe() && !request.header_names().any(|name| name.eq_ignore_ascii_case(KEY)) {
            // The same in every attempt, and in no other run, whatever was lost with a data folder.
            let key = format!("\"estatus-{}-{place}-{}\"", run.id, run.began.as_microsecond());
            request.headers.push((KEY.to_owned(), key));
        }
        let body = match request.body.as_ref().map(|body| self.text_of(place, body, context)) {
            Some(None) => return,
            body => body.flatten().map(Text::new),
        };
        self.set(place, Doing::Request { until: Awake::in_(context.now, request.timeout + ANSWERS_WITHIN) });
        context.wishes.push(Wish::Request { place, request: Box::new(HttpRequest { body, ..request }) });
    }

    /// A text of the step at `place` with every result in its place; where that cannot be, the step has failed.
    pub(super) fn text_of(&mut self, place: usize, text: &Text, context: &mut Context<'_>) -> Option<String> {
        match self.filled(text, place) {
            Ok(text) => Some(text),
            Err(error) => {
                let error = StepError::Text { error: error.to_string() };
                self.settle(place, StepState::Failed, Some(error), context);
                None
            }
        }
    }

    /// A step goes on that was under way in an earlier life of the engine.
    pub(super) fn go_on_with(&mut self, place: usize, context: &mut Context<'_>) {
        match self.record.steps[place].state {
            // Whether it was received nobody knows.
            StepState::Running if self.may_not_be_sent_twice(place) => {
                self.interrupted(place, StepError::Unseen, context);
            }
            // Whether its run goes on is known once every flow is there ([`Engine::look_for_runs`](crate::Engine)).
            StepState::Running if self.action(place).and_then(StepAction::flow).is_some() => {
                self.set(place, Doing::Flow);
            }
            StepState::Running | StepState::WaitingForApproval => self.do_step(place, context),
            StepState::Retrying => {
                let at = self.record.steps[place].retry_at.unwrap_or(context.now.utc);
                let wait = context.now.instant_of(at).since(context.now.monotonic).min(self.longest_wait(place));
                self.set(place, Doing::Retry { at: context.now.monotonic + wait });
            }
            _ if self.record.steps[place].undo.as_ref().is_some_and(|undo| !undo.state.is_over()) => {
                self.do_undo(place, context);
            }
            _ => {}
        }
    }

    fn may_not_be_sent_twice(&self, place: usize) -> bool {
        matches!(self.action(place), Some(StepAction::Http { request }) if !request.is_safe())
    }

    fn see_program(&self, place: usize, context: &mut Context<'_>) {
        if let Some(StepAction::Program { program, .. }) = self.action(place) {
            context.wishes.push(Wish::SeeProgram { place, program: Arc::clone(program) });
        }
    }

    fn probe(&mut self, place: usize, why: Probing, context: &mut Context<'_>) {
        let monitor = match (&why, self.action(place)) {
            (Probing::AfterCrash, _) => match self.step(place).map(|step| &step.after_crash) {
                Some(AfterCrash::Check(monitor)) => Arc::clone(monitor),
                _ => return,
            },
            (_, Some(StepAction::Check { monitor } | StepAction::WaitUntil { monitor, .. })) => Arc::clone(monitor),
            _ => return,
        };
        self.set(place, Doing::Probe { why, until: Awake::in_(context.now, ANSWERS_WITHIN) });
        context.wishes.push(Wish::Probe { place, monitor });
    }

    fn never_up(&mut self, place: usize, failure: Option<Failure>, context: &mut Context<'_>) {
        self.forget_effect(place, context);
        let within = match self.action(place) {
            Some(StepAction::WaitUntil { within, .. }) => *within,
            _ => Duration::ZERO,
        };
        self.fail(place, StepState::TimedOut, StepError::NeverUp { within, failure }, context);
    }

    /// Nobody saw how a command ended, or it was ended with Estatus.
    pub(super) fn interrupted(&mut self, place: usize, error: StepError, context: &mut Context<'_>) {
        match self.step(place).map(|step| step.after_crash.clone()) {
            Some(AfterCrash::Rerun) if !context.quits => self.begin_step(place, context),
            Some(AfterCrash::Rerun) => {}
            Some(AfterCrash::Check(_)) => {
                if let Some(step) = self.step_mut(place) {
                    step.error = Some(error);
                }
                self.probe(place, Probing::AfterCrash, context);
            }
            _ => self.settle(place, StepState::Indeterminate, Some(error), context),
        }
    }

    pub(super) fn fail(&mut self, place: usize, state: StepState, error: StepError, context: &mut Context<'_>) {
        let retry = self.step(place).and_then(|step| step.retry.clone());
        let attempts = self.record.steps[place].attempts;
        let tries_again = |retry: &Retry| attempts <= retry.times && is_named(&retry.on, state, &error);
        match retry.filter(|retry| tries_again(retry) && !self.is_cut()) {
            Some(retry) => self.retry(place, &retry, error, context),
            None => self.settle(place, state, Some(error), context),
        }
    }

    fn retry(&mut self, place: usize, retry: &Retry, error: StepError, context: &mut Context<'_>) {
        let doublings = self.record.steps[place].attempts.saturating_sub(1).min(31);
        let wait =
            context.rng.jitter(retry.wait.saturating_mul(1 << doublings).min(retry.max_wait)).min(retry.max_wait);
        let at = later(context.now.utc, wait);
        if let Some(step) = self.step_mut(place) {
            step.state = StepState::Retrying;
            step.error = Some(error);
            step.retry_at = Some(at);
        }
        self.set(place, Doing::Retry { at: context.now.monotonic + wait });
    }

    /// A step is over.
    pub(super) fn settle(
        &mut self,
        place: usize,
        state: StepState,
        error: Option<StepError>,
        context: &mut Context<'_>,
    ) {
        self.set(place, Doing::Nothing);
        if let Some(step) = self.step_mut(place) {
            step.state = state;
            step.ended = Some(context.now.utc);
            step.error = error;
            step.retry_at = None;
        }
        if state.is_failure() && fails_the_run(&self.record.run.definition, place) {
            self.want_handler(place, context);
            if self.record.run.ending.is_none() {
                self.record.run.ending = Some(Ending::Failed);
                self.failed(place);
            }
        }
    }

    /// By this step the run fails.
    pub(super) fn failed(&mut self, place: usize) {
        let Some(StepRun { attempts, error, .. }) = self.record.steps.get(place) else { return };
        self.record.run.failed = Some(FailedStep { place, attempts: *attempts, error: error.clone() });
        self.run_changed = true;
    }

    /// Has the command of a step ended; its end is told as that of any command.
    pub(super) fn end_command(&mut self, place: usize, context: &mut Context<'_>) {
        self.set_keeping(place, Doing::Ending { until: Awake::in_(context.now, ENDS_WITHIN) });
        context.wishes.extend(self.owner(place).map(|owner| Wish::EndCommand { owner }));
    }

    fn command(&self, place: usize) -> Option<DurableCommand> {
        let StepAction::Run { command, timeout } = self.action(place)? else { return None };
        let began = self.record.steps.get(place)?.attempt_began.unwrap_or_default();
        Some(DurableCommand {
            owner: self.owner(place)?,
            start: StartId(u64::try_from(began.as_microsecond()).unwrap_or_default()),
            command: command.clone(),
            env: self.variables(place),
            timeout: *timeout,
        })
    }

    /// Whose command that of a step is: one at a time.
    fn owner(&self, place: usize) -> Option<String> {
        Some(DurableCommand::owner_of_step(&self.record.run.flow, &self.step(place)?.name))
    }

    fn timeout(&self, place: usize) -> Duration {
        if let Some(StepAction::Run { timeout, .. }) = self.action(place) { *timeout } else { Duration::ZERO }
    }

    fn longest_wait(&self, place: usize) -> Duration {
        self.step(place).and_then(|step| step.retry.as_ref()).map(|retry| retry.max_wait).unwrap_or_default()
    }

    fn step(&self, place: usize) -> Option<&Step> {
        self.record.run.definition.steps.get(place)
    }

    /// The name of the step at `place`.
    pub(super) fn name(&self, place: usize) -> Arc<str> {
        self.step(place).map(|step| Arc::clone(&step.name)).unwrap_or_default()
    }

    pub(super) fn action(&self, place: usize) -> Option<&StepAction> {
        self.step(place).map(|step| &step.action)
    }

    /// What became of a step, to be changed.
    pub(super) fn step_mut(&mut self, place: usize) -> Option<&mut StepRun> {
        self.steps_changed.insert(place);
        self.record.steps.get_mut(place)
    }

    pub(super) fn set(&mut self, place: usize, doing: Doing) {
        if let Some(id) = self.live[place].effect.take() {
            self.effects.remove(&id);
        }
        self.live[place].doing = doing;
    }

    /// The same, and the result that was waited for still is.
    fn set_keeping(&mut self, place: usize, doing: Doing) {
        self.live[place].doing = doing;
    }

    fn take_effect(&mut self, id: EffectId) -> Option<usize> {
        let place = self.effects.remove(&id)?;
        self.live[place].effect = None;
        Some(place)
    }

    pub(super) fn forget_effect(&mut self, place: usize, context: &mut Context<'_>) {
        if let Some(id) = self.live[place].effect.take() {
            self.effects.remove(&id);
            context.wishes.push(Wish::Forget { id });
        }
    }
}

/// Whether a step that failed so may have lacked something: what has ended, had all that it needs to begin.
fn may_be_for_want(error: &StepError) -> bool {
    match error {
        StepError::CannotStart { .. }
        | StepError::Request { .. }
        | StepError::Down { .. }
        | StepError::Inconclusive { .. }
        | StepError::Program { .. } => true,
        StepError::Flow { error: RemedyError::FlowFailed { failed: Some(failed), .. } } => {
            may_be_for_want(&failed.error)
        }
        _ => false,
    }
}

/// Whether a step that failed so is tried again.
fn is_named(on: &[RetryOn], state: StepState, error: &StepError) -> bool {
    let is = |named: &RetryOn| match (named, error) {
        (RetryOn::Exit(named), StepError::Ended { exit }) => named == exit,
        (RetryOn::Timeout, _) => state == StepState::TimedOut,
        (RetryOn::Exit(_), _) => false,
    };
    on.is_empty() || on.iter().any(is)
}

pub(super) fn exit_of(end: &CommandEnd) -> Option<Exit> {
    match end {
        CommandEnd::Exited(code) => Some(Exit::Code(*code)),
        CommandEnd::Signaled(number) => Some(Exit::Signal(*number)),
        CommandEnd::Unseen => Some(Exit::Unseen),
        CommandEnd::TimedOut { .. } | CommandEnd::Cancelled | CommandEnd::CannotStart(_) => None,
    }
}
