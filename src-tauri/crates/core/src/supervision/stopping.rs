//! Stopping, and what comes of its end.

use super::{ChangeCause, ProgramMachine, State, Step};
use crate::program::{Ended, ProgramCommand};

/// What becomes of a program once it has been stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterStop {
    /// It rests.
    Rest,
    /// It is started at once; that was wanted.
    StartAnew,
    /// It is started when its limit allows.
    StartAgain,
}

impl ProgramMachine {
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
}
