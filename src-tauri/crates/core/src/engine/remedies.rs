//! What remedies act on: programs, and commands. Both answer by signals.

use std::{sync::Arc, time::Duration};

use super::{Effect, EffectId, Engine};
use crate::{
    command::{CommandEnd, CommandLine, CommandOutcome, DurableCommand},
    exit::Exit,
    healing::DONE_WITHIN,
    ids::{Key, StartId},
    program::{Ended, ProgramAction},
    remedy::{RemedyAction, RemedyError},
    signal::{Answer, Signal},
    time::Now,
};

impl Engine {
    /// Does what a remedy asks for.
    pub(super) fn act(&mut self, monitor: &Arc<str>, action: &RemedyAction, now: Now) {
        match action {
            RemedyAction::Run { command, timeout } => self.run_remedy(monitor, command.clone(), *timeout, now),
            RemedyAction::Flow(flow) => self.act_on_flow(monitor, flow, now),
            RemedyAction::Restart(_) | RemedyAction::Start(_) | RemedyAction::Stop(_) => {
                if let Some((action, program)) = action.on_program() {
                    self.act_on_program(monitor, program, action, now);
                }
            }
        }
    }

    fn run_remedy(&mut self, monitor: &Arc<str>, command: CommandLine, timeout: Duration, now: Now) {
        // A try that began before a restart of Estatus is the same one: its command is not run twice.
        let Some(began) = self.try_under_way(monitor).map(|attempt| attempt.began) else { return };
        let start = StartId(u64::try_from(began.as_microsecond()).unwrap_or_default());
        let command = DurableCommand {
            owner: format!("remedy of {monitor}"),
            start,
            command,
            env: vec![("ESTATUS_MONITOR".to_owned(), monitor.to_string())],
            timeout,
        };
        let id = self.owners.begin(Key::Monitor(Arc::clone(monitor)));
        self.healings.command_begun(id, monitor, timeout, now.monotonic);
        self.effects.push_back(Effect::RunCommand { id, command });
        self.answer(monitor, Answer::UnderWay, timeout);
    }

    fn act_on_program(&mut self, monitor: &Arc<str>, program: &Arc<str>, action: ProgramAction, now: Now) {
        let within = self.programs.get(program).map_or(DONE_WITHIN, |kept| kept.program.ready_within * 2);
        let answer = self.step_program(program, now, |supervised, step| supervised.act(action, step));
        self.answer(monitor, answer.unwrap_or(Answer::NotDone(RemedyError::Gone)), within);
        // What became of it may have been told before it was known who waits.
        self.program_stands(program);
    }

    /// What a program that does not run any more wrote before it ended.
    pub(super) fn last_words(&self, action: &RemedyAction) -> Vec<String> {
        let program = action.program().and_then(|program| self.programs.get(program));
        let ended = program.filter(|kept| !kept.is_alive());
        let last = ended.and_then(|kept| kept.memory.last_end.as_ref());
        last.map(|last| last.tail.clone()).unwrap_or_default()
    }

    /// A remedy's command came to an end.
    pub(super) fn command_ran(&mut self, monitor: &Arc<str>, id: EffectId, outcome: &CommandOutcome, now: Now) {
        if !self.healings.command_ended(monitor, id, now.monotonic) {
            return;
        }
        self.signals.send(Signal::Wrote { monitor: Arc::clone(monitor), output: Ended::tail_of(outcome) });
        self.answer(monitor, command_error(outcome).map_or(Answer::Done, Answer::NotDone), Duration::ZERO);
    }
}

/// Why a remedy's command did not do its work.
fn command_error(outcome: &CommandOutcome) -> Option<RemedyError> {
    match &outcome.end {
        // Whether it has helped is seen by the monitor.
        CommandEnd::Exited(0) | CommandEnd::Unseen => None,
        CommandEnd::Cancelled => Some(RemedyError::Interrupted),
        CommandEnd::Exited(code) => Some(RemedyError::CommandEnded { exit: Exit::Code(*code) }),
        CommandEnd::Signaled(number) => Some(RemedyError::CommandEnded { exit: Exit::Signal(*number) }),
        CommandEnd::TimedOut { .. } => Some(RemedyError::CommandTimedOut { within: outcome.took }),
        CommandEnd::CannotStart(error) => Some(RemedyError::Command { error: error.clone() }),
    }
}
