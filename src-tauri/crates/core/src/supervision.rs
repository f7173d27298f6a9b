//! How one program is kept running: a state, moved by what happened, by time and by what somebody wants.

mod due;
mod happened;
mod lost;
mod moves;
mod wanted;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use jiff::Timestamp;

use crate::{
    check::ProcessMatch,
    exit::Exit,
    ids::{EffectId, StartId},
    program::{
        Ended, LeftBehind, ProcessId, Program, ProgramCommand, ProgramMemory, ProgramState, ProgramTrouble, StoppedBy,
    },
    schedule::Rng,
    signal::Signals,
    time::{Instant, Now},
};

/// Starting so many times in a row is put down to the start; after that failures of its monitors count.
const EXCUSED_STARTS: u32 = 2;

/// When somebody was found to listen on a port, programs are looked at once after this, for all such ports together.
const LOOKS_AFTER: Duration = Duration::from_secs(1);

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

/// What a monitor looks at, by which a program shows that it runs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Sign {
    /// Somebody listens on this port of this machine.
    Port(u16),
    /// There is such a process.
    Process(ProcessMatch),
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
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    Looking {
        since: Instant,
    },
    Resting {
        finished: bool,
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
    Pausing {
        until: Instant,
        cooling: bool,
    },
}

/// A program that runs.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    start: StartId,
    since: Instant,
    /// What its monitors that have succeeded since look at.
    proved: Vec<Option<Sign>>,
    /// The ports of which it is to be seen, or was, whether it listens on them.
    looked_for: BTreeSet<u16>,
    next_look: Option<Instant>,
    planned: Option<Timestamp>,
    next_measure: Option<Instant>,
    too_big_since: Option<Instant>,
    too_busy_since: Option<Instant>,
}

/// What becomes of a program once it has been stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterStop {
    /// It rests.
    Rest,
    /// It is started at once; that was wanted.
    StartAnew,
    /// It is started when its limit allows.
    StartAgain,
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
        }
    }

    pub(crate) fn state(&self) -> ProgramState {
        match &self.state {
            State::Looking { .. } => ProgramState::Looking,
            State::Resting { finished: false, .. } => ProgramState::Stopped,
            State::Resting { finished: true, .. } => ProgramState::Finished,
            State::Waiting { .. } => ProgramState::Waiting,
            State::Starting { .. } => ProgramState::Starting,
            State::Running(_) => ProgramState::Running,
            State::Stopping { .. } => ProgramState::Stopping,
            State::Pausing { cooling: false, .. } => ProgramState::Backoff,
            State::Pausing { cooling: true, .. } => ProgramState::Cooling,
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
        if let State::Pausing { until, .. } = self.state { Some(until) } else { None }
    }

    /// Whether it is no longer configured.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether it is no longer configured and has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.gone && matches!(self.state, State::Resting { .. })
    }

    /// Whether those that start after it may start: it is ready, or has done its work.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.state {
            State::Running(_) => true,
            State::Resting { finished: true, .. } => {
                self.memory.last_end.as_ref().is_some_and(|ended| ended.exit.is_success())
            }
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
        !matches!(self.state, State::Resting { .. })
    }

    /// Whether `sign` is of it, as far as is known: a port as its readiness says or as was seen when it last ran, a
    /// process as its command says.
    pub(crate) fn shows(&self, sign: &Sign) -> bool {
        let is_its_own = match sign {
            Sign::Port(port) => self.memory.ports.contains(port) || self.program.ports().contains(port),
            Sign::Process(by) => self.program.is_called(by),
        };
        is_its_own && !self.shown_by_others.contains(sign)
    }

    /// Whether a failure of one of its monitors, in a probe that looked at `sign` and began at `began`, is put down to its
    /// start.
    pub(crate) fn excuses(&self, began: Instant, sign: Option<&Sign>) -> bool {
        match &self.state {
            State::Looking { .. } => true,
            State::Starting { .. } => self.memory.attempt <= EXCUSED_STARTS,
            State::Stopping { then, .. } => match then {
                AfterStop::StartAnew => true,
                AfterStop::StartAgain => {
                    matches!(self.why, Some(ChangeCause::TooBig { .. } | ChangeCause::TooBusy { .. }))
                }
                AfterStop::Rest => false,
            },
            State::Running(run) => {
                let ready = run.since
                    + if self.program.ready.is_none() && !run.proved.iter().any(|proved| proved.as_ref() == sign) {
                        self.program.ready_within
                    } else {
                        Duration::ZERO
                    };
                began < ready && self.memory.attempt <= EXCUSED_STARTS
            }
            State::Resting { .. } | State::Waiting { .. } | State::Pausing { .. } => false,
        }
    }

    /// Whether it does not run because the user wants it so.
    pub(crate) fn is_stopped_by_user(&self) -> bool {
        self.memory.stopped == Some(StoppedBy::User)
    }

    /// Whether it does not run, and that is what somebody wants.
    pub(crate) fn rests_by_wish(&self) -> bool {
        self.is_stopped_by_user() || matches!(self.state, State::Resting { finished: false, .. }) && !self.is_wanted()
    }

    /// Whether nothing more can be learnt from a monitor's success, which looks at `sign`.
    pub(crate) fn is_proved(&self, sign: Option<&Sign>) -> bool {
        if let State::Running(run) = &self.state {
            run.proved.iter().any(|proved| proved.as_ref() == sign)
        } else {
            true
        }
    }

    /// One of its monitors has succeeded, which looks at `sign`.
    pub(crate) fn prove(&mut self, sign: Option<&Sign>) {
        if !self.is_proved(sign)
            && let State::Running(run) = &mut self.state
        {
            run.proved.push(sign.cloned());
        }
    }

    /// Whether a probe that began at `at` and found `sign` tells it anything.
    pub(crate) fn learns_of(&self, sign: &Sign, at: Timestamp) -> bool {
        match (&self.state, sign) {
            (State::Running(run), Sign::Port(port)) if !run.looked_for.contains(port) => true,
            (State::Running(_), sign) => self.shows(sign) && !self.is_proved(Some(sign)),
            (State::Resting { .. }, sign) => at > self.since && self.shows(sign),
            _ => false,
        }
    }

    /// A probe that began at `at` found `sign`: while it runs, whether it is who listens on a port is looked at once,
    /// soon; while it rests, it is somebody else's.
    pub(crate) fn is_seen(&mut self, sign: &Sign, at: Timestamp, now: Instant) {
        let its_own = self.shows(sign);
        if its_own {
            self.prove(Some(sign));
        }
        match (&mut self.state, sign) {
            (State::Running(run), Sign::Port(port)) => {
                let is_new = run.looked_for.insert(*port);
                run.next_look = run.next_look.or_else(|| is_new.then_some(now + LOOKS_AFTER));
            }
            (State::Resting { .. }, _) if its_own && at > self.since => {
                self.shown_by_others.push(sign.clone());
                if let Sign::Port(port) = sign {
                    self.memory.ports.remove(port);
                }
            }
            _ => {}
        }
    }

    fn is_wanted(&self) -> bool {
        !self.gone && self.memory.stopped.is_none() && (self.program.enabled || self.memory.asked_for)
    }

    fn enter(&mut self, state: State, why: Option<ChangeCause>, step: &Step<'_>) {
        let before = self.state();
        self.state = state;
        self.why = why;
        if self.state() != before {
            self.since = step.now.utc;
        }
        if !self.is_alive() {
            self.process = None;
            self.says = None;
        }
    }

    fn start_in_force(&self) -> Option<StartId> {
        match &self.state {
            State::Starting { start, .. } | State::Stopping { start, .. } => Some(*start),
            State::Running(run) => Some(run.start),
            _ => None,
        }
    }
}

/// The readiness of a program that was just started is probed so often; later a tenth of its age apart.
const QUESTION_SOONEST: Duration = Duration::from_millis(10);
/// It is probed at least so often.
const QUESTION_LATEST: Duration = Duration::from_secs(1);
