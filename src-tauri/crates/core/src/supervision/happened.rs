//! What happens to a program's process, and what that means.

use std::{sync::Arc, time::Duration};

use super::{AfterStop, ChangeCause, ProgramMachine, QUESTION_LATEST, QUESTION_SOONEST, State, Step};
use crate::{
    exit::Exit,
    ids::{EffectId, StartId},
    program::{Ended, Found, ProcessId, ProgramCommand, ProgramEvent, ProgramTrouble, Ready, StartFailure},
    restart,
    time::Instant,
};

/// After so many tries in a row, a port that is held is told of.
const PORT_TOLD_AFTER: u32 = 5;

impl ProgramMachine {
    pub(crate) fn happened(&mut self, event: ProgramEvent, step: &mut Step<'_>) {
        match event {
            ProgramEvent::Found(found) => self.found(found, step),
            ProgramEvent::Started { start, process } if self.start_in_force() == Some(start) => {
                self.process = Some(process);
                if matches!(self.trouble, Some(ProgramTrouble::CannotStart(StartFailure::PortHeld { .. }))) {
                    self.memory.attempt = 0;
                }
                let asks = matches!(self.program.ready, Some(Ready::Check { .. }));
                let at_once = |adopted| self.program.ready.is_none() || adopted && !asks;
                if matches!(self.state, State::Starting { adopted, .. } if at_once(adopted)) {
                    self.run(start, step);
                }
            }
            ProgramEvent::CannotStart { start, failure } if self.start_in_force() == Some(start) => {
                self.cannot_start(failure, step);
            }
            ProgramEvent::Ready { start } => {
                let waits = matches!(self.program.ready, Some(Ready::Log(_) | Ready::Notify));
                if waits && matches!(self.state, State::Starting { start: current, .. } if current == start) {
                    self.run(start, step);
                }
            }
            ProgramEvent::Said { start, status } if self.start_in_force() == Some(start) => self.says = Some(status),
            ProgramEvent::Silent { start } if !self.is_stopping() && self.start_in_force() == Some(start) => {
                self.stop_and(AfterStop::StartAgain, ChangeCause::Silent, step);
            }
            ProgramEvent::Exited(ended) if self.start_in_force() == Some(ended.start) => self.ended(ended, step),
            ProgramEvent::Measured { start, memory, cpu, ports } => {
                self.seen_listening(start, &ports.unwrap_or_default());
                self.measured(start, memory, cpu, step);
            }
            _ => {}
        }
    }

    pub(super) fn found(&mut self, found: Found, step: &mut Step<'_>) {
        self.seen(step);
        match found {
            Found::Running { start, process, ready, .. } => self.found_running(start, process, ready, step),
            Found::Ended(ended) => self.found_ended(ended, step),
            Found::Nothing => self.found_nothing(step),
        }
    }

    pub(super) fn found_running(&mut self, start: StartId, process: ProcessId, ready: bool, step: &mut Step<'_>) {
        if start < self.memory.last_start {
            // An answer that was under way while it was started anew.
            return;
        }
        self.memory.last_start = start;
        self.process = Some(process);
        let since = step.now.monotonic;
        if let State::Stopping { then, .. } = self.state {
            self.state = State::Stopping { start, then, since };
            step.commands.push(ProgramCommand::Stop { start });
            return;
        }
        if !self.is_wanted() {
            self.enter(State::Stopping { start, then: AfterStop::Rest, since }, Some(ChangeCause::Configured), step);
            step.commands.push(ProgramCommand::Stop { start });
            return;
        }
        if matches!(&self.state, State::Running(run) if run.start == start) {
            return;
        }
        if ready || self.program.ready.is_none() {
            self.run(start, step);
        } else {
            self.begin_waiting(start, false, step);
        }
    }

    pub(super) fn found_ended(&mut self, ended: Ended, step: &mut Step<'_>) {
        let known = self.memory.last_end.as_ref().is_some_and(|last| last.start >= ended.start);
        let ours = self.start_in_force().is_none_or(|start| start == ended.start);
        if !ours {
            // What was started last was never heard of again.
            self.cannot_start(StartFailure::Refused { error: "its supervising process was lost".to_owned() }, step);
        } else if !known {
            self.memory.last_start = self.memory.last_start.max(ended.start);
            self.ended(ended, step);
        } else if matches!(self.state, State::Looking { .. }) {
            self.goes_on(step);
        }
    }

    pub(super) fn found_nothing(&mut self, step: &mut Step<'_>) {
        match &self.state {
            State::Looking { .. } if self.is_wanted() => self.start_anew(step),
            State::Looking { .. } => self.rest(false, None, step),
            State::Starting { .. } | State::Running(_) | State::Stopping { .. } => {
                let start = self.memory.last_start;
                let at = step.now.utc;
                self.ended(Ended::new(start, Exit::Unseen, at), step);
            }
            State::Resting { .. } | State::Waiting { .. } | State::Pausing { .. } => {}
        }
    }

    /// After a restart of Estatus: its last end was taken in before, but not what follows from it.
    pub(super) fn goes_on(&mut self, step: &mut Step<'_>) {
        let exit = self.memory.last_end.as_ref().map_or(Exit::Unseen, |ended| ended.exit);
        if !self.is_wanted() {
            self.rest(false, None, step);
        } else if self.memory.resumes && self.memory.cooling.is_none() {
            self.resume(step);
        } else if self.program.restart.restarts(exit) || self.memory.cooling.is_some() {
            self.start_again(None, step);
        } else {
            self.rest(true, Some(ChangeCause::Exit(exit)), step);
        }
    }

    pub(super) fn ended(&mut self, ended: Ended, step: &mut Step<'_>) {
        let (exit, why) = (ended.exit, ChangeCause::ended(&ended));
        let then = if let State::Stopping { then, .. } = self.state { Some(then) } else { None };
        self.memory.last_end = Some(ended);
        let wanted = self.is_wanted();
        match then {
            _ if !wanted || step.quits => self.rest(false, Some(why), step),
            Some(AfterStop::Rest) => self.rest(false, Some(why), step),
            Some(AfterStop::StartAnew) => self.start_anew(step),
            Some(AfterStop::StartAgain) => self.start_again(Some(why), step),
            None if self.memory.resumes && self.memory.cooling.is_none() => self.resume(step),
            None if self.program.restart.restarts(exit) => self.start_again(Some(why), step),
            None => self.rest(true, Some(why), step),
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
            self.enter(State::Pausing { until, cooling: false }, Some(ChangeCause::Trouble(trouble)), step);
        } else {
            self.start_again(Some(ChangeCause::Trouble(trouble)), step);
        }
    }

    /// It was looked at which ports it listens on. Where that shows none, it may be that they may not be seen.
    fn seen_listening(&mut self, start: StartId, ports: &[u16]) {
        let State::Running(run) = &self.state else { return };
        if run.start != start || ports.is_empty() {
            return;
        }
        for port in &run.looked_for {
            if ports.contains(port) {
                self.memory.ports.insert(*port);
            } else {
                self.memory.ports.remove(port);
            }
        }
    }

    pub(super) fn measured(&mut self, start: StartId, memory: u64, cpu: Option<f64>, step: &mut Step<'_>) {
        let now = step.now.monotonic;
        let program = Arc::clone(&self.program);
        let State::Running(run) = &mut self.state else { return };
        if run.start != start {
            return;
        }
        let lasted = |since: &mut Option<Instant>, over: bool, lasts: Duration| {
            *since = over.then(|| since.unwrap_or(now));
            since.is_some_and(|since| now.since(since) >= lasts)
        };
        let too_big =
            program.memory.is_some_and(|ceiling| lasted(&mut run.too_big_since, memory > ceiling.above, ceiling.lasts));
        let too_busy = program
            .cpu
            .zip(cpu)
            .is_some_and(|(ceiling, percent)| lasted(&mut run.too_busy_since, percent > ceiling.above, ceiling.lasts));
        if too_big {
            self.stop_and(AfterStop::StartAgain, ChangeCause::TooBig { bytes: memory }, step);
        } else if too_busy {
            self.stop_and(AfterStop::StartAgain, ChangeCause::TooBusy { percent: cpu.unwrap_or_default() }, step);
        }
    }

    /// A probe of its readiness came to an end.
    pub(crate) fn answered(&mut self, id: EffectId, is_up: bool, step: &mut Step<'_>) {
        let State::Starting { start, began, question, next_question, .. } = &mut self.state else { return };
        if *question != Some(id) {
            return;
        }
        *question = None;
        let now = step.now.monotonic;
        *next_question = Some(now + (now.since(*began) / 10).clamp(QUESTION_SOONEST, QUESTION_LATEST));
        let start = *start;
        if is_up && self.process.is_some() {
            self.run(start, step);
        }
    }
}
