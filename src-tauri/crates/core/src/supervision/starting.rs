//! Waiting for others, and starting: until it is ready, or cannot be.

use std::{sync::Arc, time::Duration};

use super::{ChangeCause, ProgramMachine, State, Step, stopping::AfterStop};
use crate::{
    ids::{EffectId, StartId},
    program::{ProcessId, Program, ProgramCommand, ProgramTrouble, Ready, StartEnvironment, StartFailure},
    restart,
    time::Instant,
};

/// After so many tries in a row, a port that is held is told of.
const PORT_TOLD_AFTER: u32 = 5;

impl ProgramMachine {
    /// It would be started now, but `on` is not ready.
    pub(crate) fn wait_for(&mut self, on: Arc<str>, step: &Step<'_>) {
        self.enter(State::Waiting { on }, None, step);
    }

    pub(crate) fn start(&mut self, adopt: Option<ProcessId>, step: &mut Step<'_>) {
        let first = self.memory.attempt == 0 && self.memory.cooling.is_none();
        if !first {
            restart::note(&mut self.memory, self.program.limit, step.now.utc);
            self.memory.restarts += 1;
        }
        let start = StartId(self.memory.last_start.0 + 1);
        self.memory.last_start = start;
        self.memory.resumes = false;
        self.shown_by_others.clear();
        let last_exit = self.memory.last_end.as_ref().map(|ended| ended.exit);
        let environment = StartEnvironment { restarts: self.memory.restarts, last_exit };
        step.commands.push(ProgramCommand::Start { start, environment, adopt });
        self.begin_waiting(start, adopt.is_some(), step);
    }

    pub(super) fn begin_waiting(&mut self, start: StartId, adopted: bool, step: &Step<'_>) {
        let began = step.now.monotonic;
        let asks = matches!(self.program.ready, Some(Ready::Check { .. }));
        let next_question = asks.then_some(began + Program::question_pause(Duration::ZERO));
        // Why it is started is why it was not running.
        let why = self.why.take();
        self.enter(State::Starting { start, began, adopted, question: None, next_question }, why, step);
    }

    /// There is a process of it.
    pub(super) fn started(&mut self, start: StartId, process: ProcessId, step: &mut Step<'_>) {
        self.process = Some(process);
        if self.is_held() {
            self.memory.attempt = 0;
        }
        let asks = matches!(self.program.ready, Some(Ready::Check { .. }));
        let at_once = |adopted| self.program.ready.is_none() || adopted && !asks;
        if matches!(self.state, State::Starting { adopted, .. } if at_once(adopted)) {
            self.run(start, step);
        }
    }

    pub(super) fn starting_due(&self) -> Option<Instant> {
        let State::Starting { began, question, next_question, .. } = &self.state else { return None };
        let question = next_question.filter(|_| question.is_none() && self.process.is_some());
        let ready = self.program.ready.is_some().then(|| *began + self.program.ready_within);
        question.into_iter().chain(ready).chain(self.overdue()).min()
    }

    /// Whether its readiness is to be probed comes back.
    pub(super) fn wake_starting(&mut self, step: &mut Step<'_>) -> bool {
        let now = step.now.monotonic;
        let State::Starting { began, question, next_question, .. } = &self.state else { return false };
        if self.program.ready.is_some() && *began + self.program.ready_within <= now {
            let within = self.program.ready_within;
            self.stop_and(AfterStop::StartAgain, ChangeCause::NotReady(within), step);
            return false;
        }
        question.is_none() && next_question.is_some_and(|at| at <= now)
    }

    /// Its readiness is being probed.
    pub(crate) fn asks(&mut self, id: EffectId) {
        if let State::Starting { question, .. } = &mut self.state {
            *question = Some(id);
        }
    }

    /// The probe that asks whether it is ready.
    pub(crate) fn question(&self) -> Option<EffectId> {
        if let State::Starting { question, .. } = self.state { question } else { None }
    }

    /// A probe of its readiness came to an end.
    pub(crate) fn answered(&mut self, id: EffectId, is_up: bool, step: &mut Step<'_>) {
        let State::Starting { start, began, question, next_question, .. } = &mut self.state else { return };
        if *question != Some(id) {
            return;
        }
        *question = None;
        let now = step.now.monotonic;
        *next_question = Some(now + Program::question_pause(now.since(*began)));
        let start = *start;
        if is_up && self.process.is_some() {
            self.run(start, step);
        }
    }

    /// It says itself that it is ready.
    pub(super) fn said_ready(&mut self, start: StartId, step: &mut Step<'_>) {
        let waits = matches!(self.program.ready, Some(Ready::Log(_) | Ready::Notify));
        if waits && matches!(self.state, State::Starting { start: current, .. } if current == start) {
            self.run(start, step);
        }
    }

    pub(super) fn cannot_start(&mut self, failure: StartFailure, step: &mut Step<'_>) {
        let trouble = ProgramTrouble::CannotStart(failure.clone());
        if !self.is_wanted() || step.quits {
            self.rest(false, Some(ChangeCause::Trouble(trouble)), step);
            return;
        }
        self.trouble = Some(trouble.clone());
        if failure.is_lasting() {
            self.cool(trouble, step);
        } else if matches!(failure, StartFailure::PortHeld { .. }) {
            // Nothing was started.
            if self.memory.recent.pop().is_some() {
                self.memory.restarts = self.memory.restarts.saturating_sub(1);
            }
            self.memory.attempt = self.memory.attempt.saturating_add(1);
            if self.memory.attempt >= PORT_TOLD_AFTER && self.memory.cooling.is_none() {
                self.memory.cooling = Some(trouble.clone());
                self.tell_cooling(&trouble, step);
            }
            let until = step.now.monotonic + restart::backoff(self.memory.attempt, step.rng);
            self.enter(State::Backoff { until }, Some(ChangeCause::Trouble(trouble)), step);
        } else {
            self.start_again(Some(ChangeCause::Trouble(trouble)), step);
        }
    }
}
