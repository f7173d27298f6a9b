//! What time does to a program.

use std::sync::Arc;

use super::{AfterStop, ChangeCause, ProgramMachine, State, Step};
use crate::{
    ids::EffectId,
    input::Due,
    machine::Machine,
    program::{ProgramCommand, ProgramMemory},
    signal::Signal,
    time::{Instant, Now},
};

impl ProgramMachine {
    /// When it wants to be woken.
    pub(crate) fn due(&self, now: Now) -> Option<Instant> {
        match &self.state {
            State::Pausing { until, .. } => Some(*until),
            State::Starting { began, question, next_question, .. } => {
                let question = next_question.filter(|_| question.is_none() && self.process.is_some());
                let ready = self.program.ready.is_some().then(|| *began + self.program.ready_within);
                question.into_iter().chain(ready).chain(self.overdue()).min()
            }
            State::Running(run) => {
                let settles = self.is_unsettled().then(|| run.since + self.program.limit.within);
                let planned = run.planned.map(|at| now.instant_of(at));
                settles.into_iter().chain(planned).chain(run.next_measure).chain(run.next_look).min()
            }
            State::Looking { .. } | State::Stopping { .. } => self.overdue(),
            State::Resting { planned, .. } => planned.map(|at| now.instant_of(at)),
            State::Waiting { .. } => None,
        }
    }

    pub(super) fn is_unsettled(&self) -> bool {
        let memory = &self.memory;
        memory.attempt > 0 || memory.cooling.is_some() || memory.is_told || !memory.recent.is_empty()
    }

    /// Does what is due while it starts and while it runs. Whether its readiness is to be probed comes back.
    pub(crate) fn wake(&mut self, step: &mut Step<'_>) -> bool {
        let now = step.now.monotonic;
        if self.overdue().is_some_and(|at| at <= now) {
            self.lose(step);
            return false;
        }
        match &mut self.state {
            State::Starting { began, question, next_question, .. } => {
                if self.program.ready.is_some() && *began + self.program.ready_within <= now {
                    let within = self.program.ready_within;
                    self.stop_and(AfterStop::StartAgain, ChangeCause::NotReady(within), step);
                    return false;
                }
                question.is_none() && next_question.is_some_and(|at| at <= now)
            }
            State::Running(_) => {
                self.wake_running(step);
                false
            }
            State::Resting { planned, .. } => {
                if planned.is_some_and(|at| at <= step.now.utc) {
                    self.start_anew(step);
                    self.why = Some(ChangeCause::Planned);
                }
                false
            }
            _ => false,
        }
    }

    pub(super) fn wake_running(&mut self, step: &mut Step<'_>) {
        let now = step.now;
        let within = self.program.limit.within;
        let unsettled = self.is_unsettled();
        let every = self.measures_every();
        let State::Running(run) = &mut self.state else { return };
        let is_due = |at: Option<Instant>| at.is_some_and(|at| at <= now.monotonic);
        let (measures, ports) = (is_due(run.next_measure), is_due(run.next_look));
        if measures {
            run.next_measure = every.map(|every| now.monotonic + every);
        }
        if ports {
            run.next_look = None;
        }
        if measures || ports {
            step.commands.push(ProgramCommand::Measure { start: run.start, ports });
        }
        let planned = run.planned.is_some_and(|at| at <= now.utc);
        if unsettled && run.since + within <= now.monotonic {
            self.settled(step);
        }
        if planned {
            self.stop_and(AfterStop::StartAnew, ChangeCause::Planned, step);
        }
    }

    /// It has run well for a while: what was before no longer counts.
    pub(super) fn settled(&mut self, step: &mut Step<'_>) {
        self.memory.attempt = 0;
        self.memory.recent.clear();
        self.trouble = None;
        self.memory.cooling = None;
        if std::mem::take(&mut self.memory.is_told) {
            step.signals.send(Signal::Steady { program: Arc::clone(&self.program) });
        }
    }

    /// The probe that asks whether it is ready.
    pub(crate) fn question(&self) -> Option<EffectId> {
        if let State::Starting { question, .. } = self.state { question } else { None }
    }

    /// Its readiness is being probed.
    pub(crate) fn asks(&mut self, id: EffectId) {
        if let State::Starting { question, .. } = &mut self.state {
            *question = Some(id);
        }
    }
}

impl Machine for ProgramMachine {
    type Memory = ProgramMemory;

    fn memory(&self) -> &ProgramMemory {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut ProgramMemory {
        &mut self.memory
    }

    fn dues(&self, now: Now) -> Vec<(Instant, Due)> {
        self.due(now).map(|at| (at, Due::Program(Arc::clone(&self.program.name)))).into_iter().collect()
    }
}
