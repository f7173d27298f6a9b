//! Every wait has an end: what nothing is heard of for too long is looked for again, and never started unseen.

use std::time::Duration;

use super::{ProgramMachine, State, Step};
use crate::{
    program::{ProgramCommand, ProgramTrouble},
    time::Instant,
};

/// That a program was looked for, or what became of its start, is told within this.
const TOLD_WITHIN: Duration = Duration::from_secs(60);

impl ProgramMachine {
    /// When what it waits for is overdue. A stop has its own time, after which it is killed.
    pub(super) fn overdue(&self) -> Option<Instant> {
        match &self.state {
            State::Looking { since } => Some(*since + TOLD_WITHIN),
            State::Starting { began, .. } if self.process.is_none() => Some(*began + TOLD_WITHIN),
            State::Stopping { since, .. } => Some(*since + self.program.stop.within + TOLD_WITHIN),
            _ => None,
        }
    }

    /// Nothing is heard of it: whether it runs is not known until it has been looked for.
    pub(super) fn lose(&mut self, step: &mut Step<'_>) {
        self.unseen = true;
        self.cool(ProgramTrouble::NoAnswer, step);
    }

    /// Whether it must be looked for before anything is done with it.
    pub(crate) fn is_unseen(&self) -> bool {
        self.unseen
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
