//! Where a program goes from one state to the next.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{AfterStop, ChangeCause, ProgramMachine, QUESTION_SOONEST, Run, State, Step};
use crate::{
    ids::StartId,
    program::{Ended, ProcessId, ProgramCommand, ProgramTrouble, Ready, StartEnvironment, StartFailure},
    restart::{self, COOLING_EVERY, Verdict},
    signal::Signal,
    time::Instant,
};

impl ProgramMachine {
    pub(super) fn rest(&mut self, finished: bool, why: Option<ChangeCause>, step: &mut Step<'_>) {
        if self.unseen {
            return self.look_again(step);
        }
        let planned = if finished { self.planned_after(step.now.utc) } else { None };
        self.enter(State::Resting { finished, planned }, why, step);
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
        self.enter(State::Pausing { until, cooling: false }, None, step);
    }

    /// It was stopped only to be started again.
    pub(super) fn resume(&mut self, step: &Step<'_>) {
        let until = step.now.monotonic;
        self.enter(State::Pausing { until, cooling: false }, None, step);
    }

    /// It is started when its limit allows.
    pub(super) fn start_again(&mut self, why: Option<ChangeCause>, step: &mut Step<'_>) {
        if let Some(trouble) = self.memory.cooling.clone()
            && !matches!(trouble, ProgramTrouble::CannotStart(StartFailure::PortHeld { .. }))
        {
            self.trouble = Some(trouble);
            let until = step.now.monotonic + COOLING_EVERY;
            self.enter(State::Pausing { until, cooling: true }, why, step);
            return;
        }
        match restart::verdict(&mut self.memory, self.program.limit, step.now.utc, step.rng) {
            Verdict::After(wait) => {
                let until = step.now.monotonic + wait;
                self.memory.attempt = self.memory.attempt.saturating_add(1);
                self.enter(State::Pausing { until, cooling: false }, why, step);
            }
            Verdict::TooMany(count) => {
                let daemon = self.memory.last_end.as_ref().and_then(Ended::daemon).cloned();
                let trouble = daemon.map_or(ProgramTrouble::TooManyRestarts(count), ProgramTrouble::Daemon);
                self.cool(trouble, step);
            }
        }
    }

    pub(super) fn cool(&mut self, trouble: ProgramTrouble, step: &mut Step<'_>) {
        if self.memory.cooling.replace(trouble.clone()).is_none() {
            self.tell_cooling(&trouble, step);
        }
        self.trouble = Some(trouble.clone());
        let until = step.now.monotonic + COOLING_EVERY;
        self.enter(State::Pausing { until, cooling: true }, Some(ChangeCause::Trouble(trouble)), step);
    }

    pub(super) fn tell_cooling(&mut self, trouble: &ProgramTrouble, step: &mut Step<'_>) {
        self.memory.is_told = true;
        step.signals.send(Signal::Cooling { program: Arc::clone(&self.program), trouble: trouble.clone() });
    }

    /// It would be started now, but `on` is not ready.
    pub(crate) fn wait_for(&mut self, on: Arc<str>, step: &Step<'_>) {
        self.enter(State::Waiting { on }, None, step);
    }

    /// Whether it is to be started now.
    pub(crate) fn is_due_to_start(&self, now: Instant) -> bool {
        match self.state {
            State::Pausing { until, .. } => until <= now,
            State::Waiting { .. } => true,
            _ => false,
        }
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
        let next_question = asks.then_some(began + QUESTION_SOONEST);
        // Why it is started is why it was not running.
        let why = self.why.take();
        self.enter(State::Starting { start, began, adopted, question: None, next_question }, why, step);
    }

    pub(super) fn run(&mut self, start: StartId, step: &Step<'_>) {
        let now = step.now;
        let run = Run {
            start,
            since: now.monotonic,
            proved: Vec::new(),
            looked_for: BTreeSet::new(),
            next_look: None,
            planned: self.planned_after(now.utc),
            next_measure: self.measures_every().map(|every| now.monotonic + every),
            too_big_since: None,
            too_busy_since: None,
        };
        if self.memory.cooling.is_none() {
            self.trouble = None;
        }
        self.enter(State::Running(run), None, step);
    }

    /// When its plan starts it, or starts it again, after `at`.
    pub(super) fn planned_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.program.every.as_ref().and_then(|every| every.next_after(at))
    }

    pub(super) fn measures_every(&self) -> Option<Duration> {
        let memory = self.program.memory.map(|ceiling| ceiling.lasts);
        let cpu = self.program.cpu.map(|ceiling| ceiling.lasts);
        let shortest = memory.into_iter().chain(cpu).min()?;
        Some((shortest / 4).clamp(Duration::from_secs(1), Duration::from_secs(15)))
    }

    pub(super) fn stop_and(&mut self, then: AfterStop, why: ChangeCause, step: &mut Step<'_>) {
        let Some(start) = self.start_in_force() else { return };
        self.memory.resumes = then != AfterStop::Rest || why == ChangeCause::Quitting;
        if let State::Stopping { then: planned, .. } = &mut self.state {
            *planned = then;
            return;
        }
        self.enter(State::Stopping { start, then, since: step.now.monotonic }, Some(why), step);
        step.commands.push(ProgramCommand::Stop { start });
    }
}
