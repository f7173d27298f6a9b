//! Stopped and finished, backoff and cooling: it does not run, for good or until its time.

use std::sync::Arc;

use super::{ChangeCause, ProgramMachine, State, Step};
use crate::{
    program::{Ended, ProgramCommand, ProgramTrouble},
    restart::{self, COOLING_EVERY, Verdict},
    signal::Signal,
    time::Instant,
};

impl ProgramMachine {
    pub(super) fn rest(&mut self, finished: bool, why: Option<ChangeCause>, step: &mut Step<'_>) {
        if self.unseen {
            return self.look_again(step);
        }
        let state =
            if finished { State::Finished { planned: self.planned_after(step.now.utc) } } else { State::Stopped };
        self.enter(state, why, step);
        if !finished {
            self.trouble = None;
        }
        step.commands.push(ProgramCommand::Release);
    }

    /// It is started at once, and whatever happened before no longer counts.
    pub(super) fn start_anew(&mut self, step: &mut Step<'_>) {
        self.memory.recent.clear();
        self.memory.attempt = 0;
        self.memory.cooling = None;
        self.trouble = None;
        let until = step.now.monotonic;
        self.enter(State::Backoff { until }, None, step);
    }

    /// It was stopped only to be started again.
    pub(super) fn resume(&mut self, step: &Step<'_>) {
        let until = step.now.monotonic;
        self.enter(State::Backoff { until }, None, step);
    }

    /// It is started when its limit allows.
    pub(super) fn start_again(&mut self, why: Option<ChangeCause>, step: &mut Step<'_>) {
        if let Some(trouble) = self.crash_loop().cloned() {
            self.trouble = Some(trouble);
            let until = step.now.monotonic + COOLING_EVERY;
            self.enter(State::Cooling { until }, why, step);
            return;
        }
        match restart::verdict(&mut self.memory, self.program.limit, step.now.utc, step.rng) {
            Verdict::After(wait) => {
                let until = step.now.monotonic + wait;
                self.memory.attempt = self.memory.attempt.saturating_add(1);
                self.enter(State::Backoff { until }, why, step);
            }
            Verdict::TooMany(count) => {
                let daemon = self.memory.last_end.as_ref().and_then(Ended::daemon).cloned();
                let trouble = daemon.map_or(ProgramTrouble::TooManyRestarts(count), ProgramTrouble::Daemon);
                self.cool(trouble, step);
            }
        }
    }

    /// Why it is only tried now and then, whenever it ends. What could not be started and then was is judged by how it runs.
    pub(super) fn crash_loop(&self) -> Option<&ProgramTrouble> {
        self.memory.cooling.as_ref().filter(|trouble| !matches!(trouble, ProgramTrouble::CannotStart(_)))
    }

    pub(super) fn cool(&mut self, trouble: ProgramTrouble, step: &mut Step<'_>) {
        if self.memory.cooling.replace(trouble.clone()).is_none() {
            self.tell_cooling(&trouble, step);
        }
        self.trouble = Some(trouble.clone());
        let until = step.now.monotonic + COOLING_EVERY;
        self.enter(State::Cooling { until }, Some(ChangeCause::Trouble(trouble)), step);
    }

    pub(super) fn tell_cooling(&mut self, trouble: &ProgramTrouble, step: &mut Step<'_>) {
        self.memory.is_told = true;
        step.signals.send(Signal::Cooling { program: Arc::clone(&self.program), trouble: trouble.clone() });
    }

    /// Whether it is to be started now.
    pub(crate) fn is_due_to_start(&self, now: Instant) -> bool {
        match self.state {
            State::Backoff { until } | State::Cooling { until } => until <= now,
            State::Waiting { .. } => true,
            _ => false,
        }
    }
}
