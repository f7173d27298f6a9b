//! How one program is kept running: a state, moved by what happened, by time and by what somebody wants.
//!
//! | state | read in | what it waits for, and what comes next |
//! |---|---|---|
//! | Looking | `looking.rs` | whether it runs: Running, or Starting until it is ready; Stopping if nobody wants it; as after its end if it has ended; Backoff if it never ran. If nobody says, Cooling. |
//! | Stopped | `resting.rs` | somebody to want it: Backoff, at once |
//! | Finished | `resting.rs` | its plan, or somebody to want it: Backoff, at once |
//! | Backoff | `resting.rs` | its time: Starting, or Waiting if it starts after others |
//! | Cooling | `resting.rs` | its time: Starting |
//! | Waiting | `starting.rs` | those it starts after to be ready: Starting |
//! | Starting | `starting.rs` | to be ready: Running. If it cannot be started, Backoff or Cooling; if it is not ready in time, Stopping. If nobody says, Cooling. |
//! | Running | `running.rs` | its end: as its restart policy and its limit say, Finished, Backoff or Cooling. A ceiling, silence, its plan or somebody's wish: Stopping. |
//! | Stopping | `stopping.rs` | its end: Stopped, or Backoff, or Cooling by its limit. If nobody says, Cooling. |
//!
//! What users, remedies and the configuration want, in whatever state it is, stands in `wanted.rs`; what monitors see of it in
//! `signs.rs`. Before a program of which nobody says anything is started again, it is looked for (`unseen`).

mod looking;
mod resting;
mod running;
mod signs;
mod starting;
mod stopping;
mod wanted;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    exit::Exit,
    ids::{EffectId, StartId},
    input::Due,
    machine::Machine,
    program::{
        Ended, LeftBehind, ProcessId, Program, ProgramCommand, ProgramEvent, ProgramMemory, ProgramState,
        ProgramTrouble, StoppedBy,
    },
    schedule::Rng,
    signal::Signals,
    time::{Instant, Now},
    usage::{Recorder, UsedMinute},
};

pub(crate) use self::{running::MEASURES_EVERY, signs::Sign};
use self::{running::Run, stopping::AfterStop};

/// That a program was looked for, or what became of its start, is told within this.
const TOLD_WITHIN: Duration = Duration::from_secs(60);

/// What a step may use, and where it says what is to be done.
pub(crate) struct Step<'a> {
    pub(crate) now: Now,
    pub(crate) rng: &'a mut Rng,
    pub(crate) signals: &'a mut Signals,
    pub(crate) commands: Vec<ProgramCommand>,
    /// Estatus is about to quit: nothing is started any more.
    pub(crate) quits: bool,
}

impl<'a> Step<'a> {
    pub(crate) fn new(now: Now, rng: &'a mut Rng, signals: &'a mut Signals, quits: bool) -> Self {
        Self { now, rng, signals, commands: Vec::new(), quits }
    }
}

/// A program as it is supervised.
#[derive(Debug)]
pub(crate) struct ProgramMachine {
    pub(crate) program: Arc<Program>,
    pub(crate) memory: ProgramMemory,
    state: State,
    since: Timestamp,
    process: Option<ProcessId>,
    says: Option<String>,
    trouble: Option<ProgramTrouble>,
    /// Why it stands as it does.
    why: Option<ChangeCause>,
    /// What somebody else shows while it does not run.
    shown_by_others: Vec<Sign>,
    /// It is no longer configured: once it has ended, it is forgotten.
    gone: bool,
    /// Nothing was heard of it for too long: a process of it may be there.
    unseen: bool,
    /// What it has used.
    used: Recorder,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// Whether it runs is not known yet.
    Looking {
        since: Instant,
    },
    /// Somebody wants it so.
    Stopped,
    /// It has done its work.
    Finished {
        /// When it is started again, if its plan says so.
        planned: Option<Timestamp>,
    },
    /// For another program to be ready.
    Waiting {
        on: Arc<str>,
    },
    Starting {
        start: StartId,
        began: Instant,
        adopted: bool,
        question: Option<EffectId>,
        next_question: Option<Instant>,
    },
    Running(Run),
    Stopping {
        start: StartId,
        then: AfterStop,
        since: Instant,
    },
    /// The next start waits for its time.
    Backoff {
        until: Instant,
    },
    /// It was started too many times, or cannot be: now and then it is tried all the same.
    Cooling {
        until: Instant,
    },
}

/// Why a program stands as it does, for the journal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ChangeCause {
    Exit(Exit),
    /// It ended well, but left this in the background.
    Daemon(LeftBehind),
    Trouble(ProgramTrouble),
    Asked,
    Remedy,
    Planned,
    Configured,
    NotReady(Duration),
    Silent,
    TooBig {
        bytes: u64,
    },
    TooBusy {
        percent: f64,
    },
    Quitting,
}

impl ChangeCause {
    /// It ended so.
    fn ended(ended: &Ended) -> Self {
        ended.daemon().map_or(Self::Exit(ended.exit), |left| Self::Daemon(left.clone()))
    }
}

impl ProgramMachine {
    pub(crate) fn new(program: Arc<Program>, memory: ProgramMemory, now: Now) -> Self {
        Self {
            program,
            memory,
            state: State::Looking { since: now.monotonic },
            since: now.utc,
            process: None,
            says: None,
            trouble: None,
            why: None,
            shown_by_others: Vec::new(),
            gone: false,
            unseen: false,
            used: Recorder::default(),
        }
    }

    /// Something happened to its process.
    pub(crate) fn happened(&mut self, event: ProgramEvent, step: &mut Step<'_>) {
        match event {
            ProgramEvent::Found(found) => self.found(found, step),
            ProgramEvent::Started { start, process } if self.start_in_force() == Some(start) => {
                self.started(start, process, step);
            }
            ProgramEvent::CannotStart { start, failure } if self.start_in_force() == Some(start) => {
                self.cannot_start(failure, step);
            }
            ProgramEvent::Ready { start } => self.said_ready(start, step),
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

    /// When it wants to be woken.
    pub(crate) fn due(&self, now: Now) -> Option<Instant> {
        match &self.state {
            State::Looking { .. } | State::Stopping { .. } => self.overdue(),
            State::Stopped | State::Waiting { .. } => None,
            State::Finished { planned } => planned.map(|at| now.instant_of(at)),
            State::Starting { .. } => self.starting_due(),
            State::Running(run) => self.running_due(run, now),
            State::Backoff { until } | State::Cooling { until } => Some(*until),
        }
    }

    /// Does what is due. Whether its readiness is to be probed comes back.
    pub(crate) fn wake(&mut self, step: &mut Step<'_>) -> bool {
        if self.overdue().is_some_and(|at| at <= step.now.monotonic) {
            self.lose(step);
            return false;
        }
        match self.state {
            State::Starting { .. } => return self.wake_starting(step),
            State::Running(_) => self.wake_running(step),
            State::Finished { planned } if planned.is_some_and(|at| at <= step.now.utc) => {
                self.start_anew(step);
                self.why = Some(ChangeCause::Planned);
            }
            // The engine starts what is due to be started, as that may wait for others.
            _ => {}
        }
        false
    }

    /// When what it waits for is overdue. A stop has its own time, after which it is killed.
    pub(super) fn overdue(&self) -> Option<Instant> {
        match &self.state {
            State::Looking { since } => Some(*since + TOLD_WITHIN),
            State::Starting { began, .. } if self.process.is_none() => Some(*began + TOLD_WITHIN),
            State::Stopping { since, .. } => Some(*since + self.program.stop.within + TOLD_WITHIN),
            _ => None,
        }
    }

    pub(crate) fn state(&self) -> ProgramState {
        match &self.state {
            State::Looking { .. } => ProgramState::Looking,
            State::Stopped => ProgramState::Stopped,
            State::Finished { .. } => ProgramState::Finished,
            State::Waiting { .. } => ProgramState::Waiting,
            State::Starting { .. } => ProgramState::Starting,
            State::Running(_) => ProgramState::Running,
            State::Stopping { .. } => ProgramState::Stopping,
            State::Backoff { .. } => ProgramState::Backoff,
            State::Cooling { .. } if matches!(self.trouble, Some(ProgramTrouble::CannotStart(_))) => {
                ProgramState::CannotStart
            }
            State::Cooling { .. } => ProgramState::Cooling,
        }
    }

    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    pub(crate) fn process(&self) -> Option<ProcessId> {
        self.process
    }

    pub(crate) fn says(&self) -> Option<&str> {
        self.says.as_deref()
    }

    pub(crate) fn trouble(&self) -> Option<&ProgramTrouble> {
        self.trouble.as_ref()
    }

    pub(crate) fn why(&self) -> Option<&ChangeCause> {
        self.why.as_ref()
    }

    pub(crate) fn waits_for(&self) -> Option<&Arc<str>> {
        if let State::Waiting { on } = &self.state { Some(on) } else { None }
    }

    pub(crate) fn next_start(&self) -> Option<Instant> {
        if let State::Backoff { until } | State::Cooling { until } = self.state { Some(until) } else { None }
    }

    /// What it has used that is to be written down.
    pub(crate) fn take_used(&mut self) -> Vec<UsedMinute> {
        self.used.take()
    }

    /// Whether it is no longer configured.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether it is no longer configured and has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.gone && matches!(self.state, State::Stopped | State::Finished { .. })
    }

    /// Whether those that start after it may start: it is ready, or has done its work.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.state {
            State::Running(_) => true,
            State::Finished { .. } => self.memory.last_end.as_ref().is_some_and(|ended| ended.exit.is_success()),
            _ => false,
        }
    }

    /// Whether a process of it may be there.
    pub(crate) fn is_alive(&self) -> bool {
        matches!(self.state, State::Starting { .. } | State::Running(_) | State::Stopping { .. })
    }

    pub(crate) fn is_stopping(&self) -> bool {
        matches!(self.state, State::Stopping { .. })
    }

    /// Whether it runs, or somebody is about to see to that.
    pub(crate) fn is_to_be_alive(&self) -> bool {
        !matches!(self.state, State::Stopped | State::Finished { .. })
    }

    /// Whether it must be looked for before anything is done with it.
    pub(crate) fn is_unseen(&self) -> bool {
        self.unseen
    }

    /// Whether it does not run because the user wants it so.
    pub(crate) fn is_stopped_by_user(&self) -> bool {
        self.memory.stopped == Some(StoppedBy::User)
    }

    /// Whether it does not run, and that is what somebody wants.
    pub(crate) fn rests_by_wish(&self) -> bool {
        self.is_stopped_by_user() || matches!(self.state, State::Stopped) && !self.is_wanted()
    }

    fn is_wanted(&self) -> bool {
        !self.gone && self.memory.stopped.is_none() && (self.program.enabled || self.memory.asked_for)
    }

    fn start_in_force(&self) -> Option<StartId> {
        match &self.state {
            State::Starting { start, .. } | State::Stopping { start, .. } => Some(*start),
            State::Running(run) => Some(run.start),
            _ => None,
        }
    }

    fn enter(&mut self, state: State, why: Option<ChangeCause>, step: &Step<'_>) {
        let before = self.state();
        self.state = state;
        self.why = why;
        if self.state() != before {
            self.since = step.now.utc;
        }
        if before == ProgramState::Running {
            self.used.keep();
        }
        if !self.is_alive() {
            self.process = None;
            self.says = None;
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
