//! What users, remedies and the configuration want of a program.

use std::sync::Arc;

use super::{ChangeCause, ProgramMachine, State, Step, stopping::AfterStop};
use crate::{
    program::{OnQuit, ProcessId, Program, ProgramAction, ProgramTrouble, StartFailure, StoppedBy},
    remedy::RemedyError,
    restart::{self, Verdict},
    signal::Answer,
};

impl ProgramMachine {
    pub(crate) fn ask_start(&mut self, step: &mut Step<'_>) {
        self.memory.stopped = None;
        self.memory.asked_for = true;
        match self.state {
            State::Stopped
            | State::Finished { .. }
            | State::Backoff { .. }
            | State::Cooling { .. }
            | State::Waiting { .. } => self.wanted_anew(step),
            State::Stopping { .. } => self.stop_and(AfterStop::StartAnew, ChangeCause::Asked, step),
            State::Looking { .. } | State::Starting { .. } | State::Running(_) => {}
        }
    }

    pub(crate) fn ask_restart(&mut self, step: &mut Step<'_>) {
        if self.is_alive() {
            self.memory.stopped = None;
            self.memory.asked_for = true;
            self.memory.restarts = 0;
            self.stop_and(AfterStop::StartAnew, ChangeCause::Asked, step);
        } else {
            self.ask_start(step);
        }
    }

    pub(crate) fn ask_stop(&mut self, by: StoppedBy, step: &mut Step<'_>) {
        self.memory.stopped = Some(by);
        self.memory.asked_for = false;
        let why = if by == StoppedBy::User { ChangeCause::Asked } else { ChangeCause::Remedy };
        match self.state {
            State::Looking { .. } => {}
            State::Starting { .. } | State::Running(_) | State::Stopping { .. } => {
                self.stop_and(AfterStop::Rest, why, step)
            }
            State::Stopped
            | State::Finished { .. }
            | State::Waiting { .. }
            | State::Backoff { .. }
            | State::Cooling { .. } => self.rest(false, Some(why), step),
        }
    }

    /// A process that runs already becomes this program's. Only for one that does not run.
    pub(crate) fn ask_adopt(&mut self, process: ProcessId, step: &mut Step<'_>) {
        self.memory.stopped = None;
        self.memory.asked_for = true;
        self.start_anew(step);
        self.start(Some(process), step);
    }

    /// Whether it could not be started for want of secrets, of which the one that is entered as `secret` is one.
    pub(crate) fn lacked(&self, secret: &str) -> bool {
        let is_for_want = matches!(self.trouble, Some(ProgramTrouble::CannotStart(StartFailure::Secret { .. })));
        let uses = || self.program.command.secrets().any(|known| known.is_entered_as(secret));
        matches!(self.state, State::Cooling { .. }) && is_for_want && uses()
    }

    /// What it waits for until its time may have come: it is tried at once.
    pub(crate) fn try_now(&mut self, step: &mut Step<'_>) {
        if let State::Cooling { until } = &mut self.state {
            *until = step.now.monotonic;
        }
    }

    pub(super) fn wanted_anew(&mut self, step: &mut Step<'_>) {
        self.memory.restarts = 0;
        self.start_anew(step);
    }

    /// What a remedy or a flow wants done.
    pub(crate) fn act(&mut self, action: ProgramAction, step: &mut Step<'_>) -> Answer {
        if action == ProgramAction::Stop {
            self.ask_stop(StoppedBy::Remedy, step);
            return if self.is_stopping() { Answer::UnderWay } else { Answer::Done };
        }
        if self.is_stopped_by_user() {
            return Answer::NotDone(RemedyError::StoppedByUser);
        }
        match &self.state {
            State::Running(_) if action == ProgramAction::Start => Answer::Done,
            State::Running(_) => self.heal_by_restart(step),
            State::Cooling { .. } => Answer::NotDone(self.why_cooling()),
            State::Stopped | State::Finished { .. } => {
                self.memory.stopped = None;
                self.memory.asked_for = true;
                self.start_again(Some(ChangeCause::Remedy), step);
                Answer::UnderWay
            }
            State::Backoff { .. } if self.is_held() => {
                // The port may be free by now.
                self.resume(step);
                Answer::UnderWay
            }
            State::Looking { .. }
            | State::Waiting { .. }
            | State::Starting { .. }
            | State::Stopping { .. }
            | State::Backoff { .. } => Answer::UnderWay,
        }
    }

    /// A program that has used up its restarts is left alone: it runs, if badly.
    pub(super) fn heal_by_restart(&mut self, step: &mut Step<'_>) -> Answer {
        let spent = self.crash_loop().is_some()
            || matches!(
                restart::verdict(&mut self.memory, self.program.limit, step.now.utc, step.rng),
                Verdict::TooMany(_)
            );
        if spent {
            return Answer::NotDone(RemedyError::Cooling);
        }
        self.stop_and(AfterStop::StartAgain, ChangeCause::Remedy, step);
        Answer::UnderWay
    }

    /// Whether it does not run since somebody else holds its port.
    pub(crate) fn is_held(&self) -> bool {
        matches!(self.trouble, Some(ProgramTrouble::CannotStart(StartFailure::PortHeld { .. })))
    }

    /// Why it has ended and is not started again.
    pub(crate) fn why_finished(&self) -> RemedyError {
        match self.memory.last_end.as_ref().filter(|ended| !ended.exit.is_success()) {
            Some(ended) => RemedyError::Ended { exit: ended.exit },
            None => RemedyError::Finished,
        }
    }

    /// Why nothing can be expected of it soon.
    pub(crate) fn why_cooling(&self) -> RemedyError {
        match &self.trouble {
            Some(ProgramTrouble::CannotStart(failure)) => RemedyError::CannotStart { failure: failure.clone() },
            _ => RemedyError::Cooling,
        }
    }

    pub(crate) fn configure(&mut self, program: &Arc<Program>, step: &mut Step<'_>) {
        let same_start = self.program.starts_like(program);
        self.program = Arc::clone(program);
        self.gone = false;
        self.memory.removed = None;
        if !self.is_wanted() {
            if self.is_alive() {
                self.stop_and(AfterStop::Rest, ChangeCause::Configured, step);
            } else if !matches!(self.state, State::Looking { .. } | State::Stopped | State::Finished { .. }) {
                self.rest(false, Some(ChangeCause::Configured), step);
            }
        } else if self.is_stopping() || self.is_alive() && !same_start {
            self.stop_and(AfterStop::StartAnew, ChangeCause::Configured, step);
        } else if let State::Running(run) = &mut self.state {
            run.planned = program.every.as_ref().and_then(|every| every.next_after(step.now.utc));
            let every = self.measures_every();
            if let State::Running(run) = &mut self.state {
                run.next_measure = every.map(|every| step.now.monotonic + every);
            }
        } else if matches!(
            self.state,
            State::Stopped
                | State::Finished { .. }
                | State::Backoff { .. }
                | State::Cooling { .. }
                | State::Waiting { .. }
        ) {
            self.start_anew(step);
        }
    }

    /// It is no longer configured.
    pub(crate) fn forget(&mut self, step: &mut Step<'_>) {
        self.gone = true;
        self.memory.removed.get_or_insert(step.now.utc);
        match self.state {
            State::Looking { .. } => {}
            _ if self.is_alive() => self.stop_and(AfterStop::Rest, ChangeCause::Configured, step),
            _ => self.rest(false, None, step),
        }
    }

    /// Estatus is about to quit.
    pub(crate) fn quit(&mut self, step: &mut Step<'_>) {
        if self.program.on_quit == OnQuit::Stop && self.is_alive() {
            self.stop_and(AfterStop::Rest, ChangeCause::Quitting, step);
        }
    }
}
