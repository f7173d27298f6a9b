//! Looking: whether it runs is found out, after a start of Estatus and where nothing was heard of it for too long.

use super::{ChangeCause, ProgramMachine, State, Step, stopping::AfterStop};
use crate::{
    exit::Exit,
    ids::StartId,
    program::{Ended, Found, ProcessId, ProgramCommand, ProgramTrouble, StartFailure},
};

impl ProgramMachine {
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
            State::Stopped
            | State::Finished { .. }
            | State::Waiting { .. }
            | State::Backoff { .. }
            | State::Cooling { .. } => {}
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

    /// Nothing is heard of it: whether it runs is not known until it has been looked for.
    pub(super) fn lose(&mut self, step: &mut Step<'_>) {
        self.unseen = true;
        self.cool(ProgramTrouble::NoAnswer, step);
    }

    pub(crate) fn look_again(&mut self, step: &mut Step<'_>) {
        self.enter(State::Looking { since: step.now.monotonic }, None, step);
        step.commands.push(ProgramCommand::Look);
    }

    /// It was looked for, so what is said of it now holds.
    pub(super) fn seen(&mut self, step: &Step<'_>) {
        if !std::mem::take(&mut self.unseen) {
            return;
        }
        if self.memory.cooling == Some(ProgramTrouble::NoAnswer) {
            self.memory.cooling = None;
            self.trouble = None;
        }
        self.state = State::Looking { since: step.now.monotonic };
    }
}
