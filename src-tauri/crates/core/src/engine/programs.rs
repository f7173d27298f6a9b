//! The programs as the engine supervises them.

use std::sync::Arc;

use jiff::Timestamp;

use super::{AskError, Change, Effect, EffectId, Engine};
use crate::{
    command::{CommandLine, Run},
    config::{Config, Monitor},
    ids::{Key, StartId},
    observation::{Observation, Verdict},
    program::{
        Ended, ProcessId, Program, ProgramCommand, ProgramEvent, ProgramMemory, ProgramState, ProgramTrouble, Ready,
        StoppedBy,
    },
    record::{JournalEntry, Record},
    scaling::FleetMachine,
    signal::{Signal, Stands},
    supervision::{MEASURES_EVERY, ProgramMachine, Step},
    time::{Instant, Now},
    usage::UsedMinute,
    words::Words,
};

/// What there is to see of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct ProgramView {
    /// Its configuration.
    pub program: Arc<Program>,
    /// How it stands.
    pub state: ProgramState,
    /// Since when it has stood so, in this life of the engine.
    pub since: Timestamp,
    /// Its first process, while it runs.
    pub process: Option<ProcessId>,
    /// The number of its newest start.
    pub start: StartId,
    /// How many times it has been started again since somebody started it.
    pub restarts: u64,
    /// How it ended the last time.
    pub last_end: Option<Ended>,
    /// Why it does not run.
    pub trouble: Option<ProgramTrouble>,
    /// The program that it waits for.
    pub waits_for: Option<Arc<str>>,
    /// What it last said of itself.
    pub says: Option<String>,
    /// When it is started next, while it waits for that.
    pub next_start: Option<Instant>,
}

impl Engine {
    /// Every program, in the order of the configuration.
    pub fn programs(&self) -> impl Iterator<Item = ProgramView> + '_ {
        self.config.programs.iter().filter_map(|program| self.program(&program.name))
    }

    /// One program.
    pub fn program(&self, name: &str) -> Option<ProgramView> {
        let supervised = self.programs.get(name)?;
        Some(ProgramView {
            program: Arc::clone(&supervised.program),
            state: supervised.state(),
            since: supervised.since(),
            process: supervised.process(),
            start: supervised.memory.last_start,
            restarts: supervised.memory.restarts,
            last_end: supervised.memory.last_end.clone(),
            trouble: supervised.trouble().cloned(),
            waits_for: supervised.waits_for().cloned(),
            says: supervised.says().map(str::to_owned),
            next_start: supervised.next_start(),
        })
    }

    /// Whether programs, or instances that are processes of this machine, are still being stopped because Estatus quits.
    pub fn is_stopping_processes(&self) -> bool {
        self.programs.values().any(|kept| kept.is_stopping()) || self.fleets.values().any(FleetMachine::is_stopping)
    }

    /// Those of `programs` after which nothing is started now, as they are not ready.
    pub fn unready<'a>(&'a self, programs: &'a [Arc<str>]) -> impl Iterator<Item = &'a Arc<str>> {
        programs.iter().filter(|on| self.programs.get(on).is_none_or(|kept| !kept.is_ready()))
    }

    // What happens.

    pub(super) fn program_happened(&mut self, name: &Arc<str>, event: ProgramEvent, now: Now) {
        let ended = match &event {
            ProgramEvent::Exited(ended) => Some(ended.clone()),
            _ => None,
        };
        self.step_program(name, now, |supervised, step| supervised.happened(event, step));
        if let Some(ended) = ended {
            self.program_ended(name, &ended);
        }
        if self.quits {
            self.quit_next(now);
        }
    }

    /// Something is due of a program.
    pub(super) fn wake_program(&mut self, name: &Arc<str>, now: Now) {
        let asks = self.step_program(name, now, |supervised, step| supervised.wake(step));
        if asks == Some(true) {
            self.ask_whether_ready(name);
        }
    }

    /// Those that run are measured together, so that the machine is woken once for all of them.
    pub(super) fn measure_programs(&mut self, now: Now) {
        let measure = |kept: &ProgramMachine| {
            let command = ProgramCommand::Measure { start: kept.measured_with_others()?, ports: false };
            Some(Effect::Program { program: Arc::clone(&kept.program), command })
        };
        let before = self.effects.len();
        self.effects.extend(self.programs.values().filter_map(measure));
        self.measures_at = (self.effects.len() > before).then(|| now.monotonic + MEASURES_EVERY);
    }

    fn ask_whether_ready(&mut self, name: &Arc<str>) {
        let Some(kept) = self.programs.get_mut(name) else { return };
        let Some(Ready::Check { check, timeout }) = &kept.program.ready else { return };
        let monitor = Monitor { timeout: *timeout, ..Monitor::new(name, (**check).clone()) };
        let id = self.owners.begin(Key::Program(Arc::clone(name)));
        kept.asks(id);
        self.effects.push_back(Effect::StartProbe { id, monitor: Arc::new(monitor) });
    }

    /// A probe that asked whether a program is ready came to an end.
    pub(super) fn readiness_probed(&mut self, name: &Arc<str>, id: EffectId, observation: &Observation, now: Now) {
        let is_up = observation.verdict == Verdict::Up;
        self.step_program(name, now, |supervised, step| supervised.answered(id, is_up, step));
    }

    // What the user wants.

    pub(super) fn ask_program(
        &mut self,
        program: &str,
        now: Now,
        ask: impl FnOnce(&mut ProgramMachine, &mut Step<'_>),
    ) -> Result<(), AskError> {
        let unknown = || AskError::NoSuchProgram(program.to_owned());
        let name = self.config.programs.iter().find(|known| &*known.name == program).ok_or_else(unknown)?.name.clone();
        self.step_program(&name, now, ask).ok_or_else(unknown)
    }

    pub(super) fn adopt_program(&mut self, program: &str, process: ProcessId, now: Now) -> Result<(), AskError> {
        let runs = self
            .programs
            .get(program)
            .is_some_and(|it| it.is_alive() || it.is_unseen() || it.state() == ProgramState::Looking);
        if runs {
            return Err(AskError::RunsAlready(program.to_owned()));
        }
        self.ask_program(program, now, |supervised, step| supervised.ask_adopt(process, step))
    }

    pub(super) fn stop_program(&mut self, program: &str, now: Now) -> Result<(), AskError> {
        self.ask_program(program, now, |supervised, step| supervised.ask_stop(StoppedBy::User, step))
    }

    /// Estatus is about to quit.
    pub(super) fn quit(&mut self, now: Now) {
        self.quits = true;
        self.quit_next(now);
        self.quit_fleets(now);
    }

    /// Stops what nothing that is still being stopped was started after.
    fn quit_next(&mut self, now: Now) {
        let leaves = |kept: &ProgramMachine| kept.program.on_quit == crate::program::OnQuit::Stop && kept.is_alive();
        let needed: Vec<Arc<str>> = self
            .programs
            .values()
            .filter(|kept| leaves(kept))
            .flat_map(|kept| kept.program.start_after.iter().cloned())
            .collect();
        let next: Vec<Arc<str>> = self
            .programs
            .iter()
            .filter(|(name, kept)| leaves(kept) && !kept.is_stopping() && !needed.contains(name))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in next {
            self.step_program(&name, now, |supervised, step| supervised.quit(step));
        }
    }

    // The configuration.

    pub(super) fn configure_programs(&mut self, config: &Config, now: Now) {
        let is_wanted = |name: &Arc<str>| config.programs.iter().any(|program| program.name == *name);
        let is_new = |kept: &ProgramMachine| !kept.is_gone();
        let gone: Vec<Arc<str>> = self
            .programs
            .iter()
            .filter(|(name, kept)| !is_wanted(name) && is_new(kept))
            .map(|(name, _)| name)
            .cloned()
            .collect();
        for name in gone {
            self.publish(Change::Gone(Key::Program(Arc::clone(&name))));
            self.step_program(&name, now, |supervised, step| supervised.forget(step));
        }
        for program in &config.programs {
            if self.programs.contains(&program.name) {
                self.configure_program(program, now);
            } else {
                let written = self.programs.take_back(&program.name);
                let memory = written.clone().map(|mut memory| {
                    // It was stopped only because it was taken out of the configuration.
                    memory.resumes |= memory.removed.take().is_some();
                    memory
                });
                self.keep(program, memory, written, now);
                self.publish(Change::Changed(Key::Program(Arc::clone(&program.name))));
            }
        }
    }

    /// A program that was taken out of the configuration while Estatus did not run may be running still.
    pub(super) fn look_for_removed_programs(&mut self, now: Now) {
        let removed: Vec<Arc<str>> = self.programs.removed_names().cloned().collect();
        for name in removed {
            let memory = self.programs.take_back(&name);
            let nothing = Run::Program { program: String::new(), args: Vec::new() };
            let command = CommandLine::new(nothing);
            self.keep(&Arc::new(Program::new(&name, command)), memory.clone(), memory, now);
            self.step_program(&name, now, |supervised, step| supervised.forget(step));
        }
    }

    fn configure_program(&mut self, program: &Arc<Program>, now: Now) {
        let Some(known) = self.programs.get(&program.name) else { return };
        let is_back = known.is_gone();
        if !is_back && known.program == *program {
            return;
        }
        self.step_program(&program.name, now, |supervised, step| supervised.configure(program, step));
        if is_back {
            self.publish(Change::Changed(Key::Program(Arc::clone(&program.name))));
        }
    }

    fn keep(
        &mut self,
        program: &Arc<Program>,
        memory: Option<ProgramMemory>,
        written: Option<ProgramMemory>,
        now: Now,
    ) {
        let supervised = ProgramMachine::new(Arc::clone(program), memory.unwrap_or_default(), now);
        self.programs.insert(Arc::clone(&program.name), supervised, written);
        self.effects.push_back(Effect::Program { program: Arc::clone(program), command: ProgramCommand::Look });
    }

    // One step, and all that follows from it.

    pub(super) fn step_program<T>(
        &mut self,
        name: &Arc<str>,
        now: Now,
        take: impl FnOnce(&mut ProgramMachine, &mut Step<'_>) -> T,
    ) -> Option<T> {
        let kept = self.programs.get_mut(name)?;
        let (before, question) = ((kept.state(), kept.process()), kept.question());
        let mut step = Step::new(now, &mut self.rng, &mut self.signals, self.quits);
        let result = take(kept, &mut step);
        let used = kept.take_used();
        let program = &kept.program;
        let effect = |command| Effect::Program { program: Arc::clone(program), command };
        self.effects.extend(step.commands.into_iter().map(effect));
        let unwanted = question.filter(|_| kept.question() != question);
        self.keep_used(&Key::Program(Arc::clone(name)), used);
        unwanted.into_iter().for_each(|id| self.cancel(id));
        self.program_changed(name, before, now);
        self.begin_if_due(name, now);
        if self.programs.get(name).is_some_and(|kept| kept.measured_with_others().is_some()) {
            self.measures_at.get_or_insert(now.monotonic + MEASURES_EVERY);
        }
        Some(result)
    }

    /// What somebody used is written down.
    pub(super) fn keep_used(&mut self, by: &Key, used: Vec<UsedMinute>) {
        self.records.extend(used.into_iter().map(|minute| Record::Used { by: by.clone(), minute }));
    }

    fn program_changed(&mut self, name: &Arc<str>, before: (ProgramState, Option<ProcessId>), now: Now) {
        let Some(kept) = self.programs.get(name) else { return };
        let after = (kept.state(), kept.process());
        let (says, is_gone, over, is_ready) = (kept.says().is_some(), kept.is_gone(), kept.is_over(), kept.is_ready());
        let words = Words::new(self.config.language, self.config.zone.clone());
        let why = kept.why().map(|why| words.why(why));
        let why = why.or_else(|| after.1.map(|process| words.process(process.pid)));
        if !is_gone && (before != after || says) {
            self.publish(Change::Changed(Key::Program(Arc::clone(name))));
        }
        if over {
            self.keep_forgotten_program(name, now);
        }
        if before.0 == after.0 || self.is_starting_at_once(name, now) {
            return;
        }
        self.journal(JournalEntry::Program { program: Arc::clone(name), to: after.0, why }, now);
        if is_ready {
            self.start_dependants(name, now);
        }
        self.program_stands(name);
        self.deliver(now);
    }

    /// Says how a program stands, if that is something to wait for.
    pub(super) fn program_stands(&mut self, program: &Arc<str>) {
        let Some(kept) = self.programs.get(program) else { return };
        let stands = match kept.state() {
            ProgramState::Running => Stands::Runs,
            ProgramState::Stopped => Stands::Rests,
            ProgramState::Cooling | ProgramState::CannotStart => Stands::Cannot(kept.why_cooling()),
            ProgramState::Finished => Stands::Cannot(kept.why_finished()),
            ProgramState::Backoff if kept.is_held() => Stands::Held(kept.why_cooling()),
            _ => return,
        };
        self.signals.send(Signal::Stands { target: Key::Program(Arc::clone(program)), stands });
    }

    /// A program has ended: the last lines it wrote belong to the tries that act on it.
    fn program_ended(&mut self, program: &Arc<str>, ended: &Ended) {
        for monitor in self.healings.healed_by(&Key::Program(Arc::clone(program))) {
            self.signals.send(Signal::Wrote { monitor, output: ended.tail.clone() });
        }
    }

    /// Whether it stands between two starts only until the next line of code.
    fn is_starting_at_once(&self, name: &Arc<str>, now: Now) -> bool {
        self.programs.get(name).is_some_and(|kept| {
            kept.state() == ProgramState::Backoff && kept.is_due_to_start(now.monotonic) && !self.quits
        })
    }

    /// A program that is no longer configured has ended.
    fn keep_forgotten_program(&mut self, name: &Arc<str>, now: Now) {
        self.programs.remove(name, now);
    }

    fn start_dependants(&mut self, name: &Arc<str>, now: Now) {
        let waiting: Vec<Arc<str>> = self
            .programs
            .iter()
            .filter(|(_, kept)| kept.waits_for() == Some(name))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in waiting {
            self.begin_if_due(&name, now);
        }
    }

    /// A program that is due is started, or waits for those that must be ready before it.
    fn begin_if_due(&mut self, name: &Arc<str>, now: Now) {
        let Some(kept) = self.programs.get(name) else { return };
        if self.quits || !kept.is_due_to_start(now.monotonic) {
            return;
        }
        if kept.is_unseen() {
            self.step_program(name, now, |supervised, step| supervised.look_again(step));
            return;
        }
        let before = self.unready(&kept.program.start_after).next().cloned();
        match before {
            Some(on) if kept.waits_for() == Some(&on) => {}
            Some(on) => drop(self.step_program(name, now, |supervised, step| supervised.wait_for(on, step))),
            None => drop(self.step_program(name, now, |supervised, step| supervised.start(None, step))),
        }
    }
}
