//! Programs: what a user says of them, how they stand, and what is remembered of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    check::{Check, ProcessMatch},
    command::{CommandLine, Run},
    encoding::OutputEncoding,
    exit::{Exit, Signal},
    ids::{MessageId, StartId},
    maintenance::Cron,
    naming::{Called, comparable_name, comparable_path},
    network::Scope,
    usage::Measure,
};

mod command;
mod process_id;

pub use command::{
    Ended, EndedBy, Found, LeftBehind, Leftover, ProgramCommand, ProgramEvent, StartEnvironment, StartFailure,
};
pub use process_id::ProcessId;

/// A configured thing to keep running.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Its name, unique among programs.
    pub name: Arc<str>,
    /// What is run, where, and with which variables.
    pub command: CommandLine,
    /// Whether Estatus keeps it running by itself; if not, only when asked to.
    pub enabled: bool,
    /// When it is started again after it has ended.
    pub restart: RestartPolicy,
    /// How it is known to be ready; as soon as it is started where nothing is said.
    pub ready: Option<Ready>,
    /// It must be ready within this, or it is started again. Where nothing is said of `ready`, failures of its monitors
    /// are put down to its start for so long, or until the first of them succeeds.
    pub ready_within: Duration,
    /// How it is stopped.
    pub stop: StopPolicy,
    /// When restarts become too many.
    pub limit: RestartLimit,
    /// What becomes of it when Estatus quits.
    pub on_quit: OnQuit,
    /// Programs that must be ready before it is started; no chain of them comes back to where it began.
    pub start_after: Vec<Arc<str>>,
    /// The most bytes that its logs take on disk.
    pub log_keep: u64,
    /// The encoding of what it writes.
    pub encoding: OutputEncoding,
    /// It is started again when its processes together use more memory.
    pub memory: Option<MemoryCeiling>,
    /// It is started again when its processes together use more CPU.
    pub cpu: Option<CpuCeiling>,
    /// When it is started again by plan.
    pub every: Option<Cron>,
    /// Who is told of it: names of channels. `None` leaves it to [`crate::config::AlertPolicy::channels`].
    pub channels: Option<Vec<String>>,
}

impl Program {
    /// `ready_within` where nothing is said.
    pub const READY_WITHIN: Duration = Duration::from_secs(60);
    /// `log.keep` where nothing is said, in bytes.
    pub const LOG_KEEP: u64 = 50_000_000;
    /// `for` of `memory` and `cpu` where nothing is said.
    pub const CEILING_LASTS: Duration = Duration::from_secs(60);

    /// A program that runs `command`, with every default.
    pub fn new(name: &str, command: CommandLine) -> Self {
        Self {
            name: name.into(),
            command,
            enabled: true,
            restart: RestartPolicy::default(),
            ready: None,
            ready_within: Self::READY_WITHIN,
            stop: StopPolicy::default(),
            limit: RestartLimit::default(),
            on_quit: OnQuit::Stop,
            start_after: Vec::new(),
            log_keep: Self::LOG_KEEP,
            encoding: OutputEncoding::Auto,
            memory: None,
            cpu: None,
            every: None,
            channels: None,
        }
    }

    /// Whether a process started for `other` does as well for this: nothing it was started with has changed.
    pub fn starts_like(&self, other: &Self) -> bool {
        self.command == other.command
            && self.ready == other.ready
            && self.log_keep == other.log_keep
            && self.encoding == other.encoding
    }

    /// What it may use before it is started again.
    pub fn ceilings(&self) -> impl Iterator<Item = (Measure, f64)> {
        let cpu = self.cpu.map(|ceiling| (Measure::Cpu, ceiling.above));
        let memory = self.memory.map(|ceiling| (Measure::MemoryBytes, ceiling.above as f64));
        cpu.into_iter().chain(memory)
    }

    /// The ports of this machine that it is going to listen on, as far as its readiness says.
    pub fn ports(&self) -> Vec<u16> {
        let Some(Ready::Check { check, .. }) = &self.ready else { return Vec::new() };
        let here = check.host().is_some_and(|host| Scope::of_host(host) == Scope::Machine);
        check.port().filter(|_| here).into_iter().collect()
    }

    /// How long after `age` it is probed whether a program is ready that was started that long ago.
    pub fn question_pause(age: Duration) -> Duration {
        const SOONEST: Duration = Duration::from_millis(10);
        const LATEST: Duration = Duration::from_secs(1);
        (age / 10).clamp(SOONEST, LATEST)
    }

    /// Whether its process goes by `by`, as far as its command says.
    pub fn is_called(&self, by: &ProcessMatch) -> bool {
        let line = self.command.to_string();
        let first = match &self.command.run {
            Run::Program { program, .. } => program,
            Run::Shell(line) => line.split_whitespace().next().unwrap_or_default(),
        };
        let path = Path::new(first);
        match by {
            ProcessMatch::Name(name) => {
                Called { name: "", path: Some(path), started_as: path }.is(&comparable_name(name))
            }
            ProcessMatch::Path(wanted) => comparable_path(path) == comparable_path(wanted),
            ProcessMatch::CommandLine(pattern) => pattern.is_match(&line),
        }
    }
}

/// When a program is started again after it has ended. What `ignore` names never leads to a restart, what `restart_on`
/// names always does; of the rest `when` decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestartPolicy {
    /// What holds for exits that are not named.
    pub when: RestartWhen,
    /// Exits that lead to a restart.
    pub restart_on: Vec<Exit>,
    /// Exits that do not.
    pub ignore: Vec<Exit>,
}

/// See [`RestartPolicy`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartWhen {
    /// However it ended.
    #[default]
    Always,
    /// Unless it ended with exit code 0.
    OnFailure,
    /// Not at all.
    Never,
}

impl RestartPolicy {
    /// Whether a program that ended so is started again.
    pub fn restarts(&self, exit: Exit) -> bool {
        if self.ignore.contains(&exit) {
            return false;
        }
        self.restart_on.contains(&exit)
            || match self.when {
                RestartWhen::Always => true,
                RestartWhen::OnFailure => !exit.is_success(),
                RestartWhen::Never => false,
            }
    }
}

/// How a program is known to be ready.
#[derive(Clone, Debug, PartialEq)]
pub enum Ready {
    /// This check succeeds.
    Check {
        /// The check.
        check: Box<Check>,
        /// How long one probe may take.
        timeout: Duration,
    },
    /// This text is in a line it writes.
    Log(String),
    /// It says so itself: `READY=1` on the socket named in `NOTIFY_SOCKET` (sd_notify(3)).
    Notify,
}

/// How a program is stopped: asked, and when it has not ended in time, killed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopPolicy {
    /// How it is asked.
    pub how: StopHow,
    /// How long it may take.
    pub within: Duration,
}

impl StopPolicy {
    /// `within` where nothing is said.
    pub const WITHIN: Duration = Duration::from_secs(10);
}

impl Default for StopPolicy {
    fn default() -> Self {
        Self { how: StopHow::Signal(Signal::Term), within: Self::WITHIN }
    }
}

/// How a program is asked to stop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopHow {
    /// By a signal to every process of it.
    Signal(Signal),
    /// By a command; it finds the pid in `ESTATUS_PID`.
    Command(CommandLine),
}

/// More restarts than this within a while, and it is [`ProgramState::Cooling`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestartLimit {
    /// So many.
    pub restarts: u32,
    /// Within this.
    pub within: Duration,
}

impl Default for RestartLimit {
    fn default() -> Self {
        Self { restarts: 5, within: Duration::from_secs(60) }
    }
}

/// What becomes of a program when Estatus quits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnQuit {
    /// It is stopped.
    Stop,
    /// It goes on, and is found again at the next start.
    LeaveRunning,
}

/// Too much memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryCeiling {
    /// More than so many bytes, of all its processes together.
    pub above: u64,
    /// For so long.
    pub lasts: Duration,
}

/// Too much CPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CpuCeiling {
    /// More than this, of all its processes together, in percent of one core.
    pub above: f64,
    /// For so long.
    pub lasts: Duration,
}

/// What remedies and flows may want of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ProgramAction {
    /// It is stopped if it runs, and started.
    Restart,
    /// It is started if it does not run.
    Start,
    /// It is stopped, for good.
    Stop,
}

/// How a program stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum ProgramState {
    /// It is being looked for.
    Looking,
    /// It does not run, and need not: the user stopped it, or it is not enabled.
    Stopped,
    /// It has ended, and is not started again as its restart policy wants.
    Finished,
    /// It waits for the programs that must be ready before it.
    Waiting,
    /// It was started and is not ready yet.
    Starting,
    /// It runs.
    Running,
    /// It is being stopped.
    Stopping,
    /// It has ended, or could not be started, and waits a little for its next start.
    Backoff,
    /// It was started too many times and never stayed up: now it is started only every five minutes.
    Cooling,
    /// It cannot be started, and trying again soon is of no use: it is tried every five minutes.
    #[serde(rename = "cannot_start")]
    CannotStart,
}

impl ProgramState {
    /// Its word, in lower case.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Stopped => "stopped",
            Self::Finished => "finished",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Backoff => "backoff",
            Self::Cooling => "cooling",
            Self::CannotStart => "cannot_start",
        }
    }
}

impl fmt::Display for ProgramState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Who stopped a program for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// The user.
    User,
    /// A remedy.
    Remedy,
}

/// Why a program is in trouble.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "trouble", content = "of")]
pub enum ProgramTrouble {
    /// It cannot be started.
    CannotStart(StartFailure),
    /// It was started too many times.
    TooManyRestarts(RestartCount),
    /// The same, as it went into the background each time, where it is not kept.
    Daemon(LeftBehind),
    /// Nothing was heard of it for too long: whether it runs is not known, so it is looked for again and again.
    NoAnswer,
}

/// So many restarts within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestartCount {
    /// How many.
    pub restarts: u32,
    /// Within how long.
    pub within: Duration,
}

/// All that must be known of a program to go on after a restart of Estatus.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProgramMemory {
    /// Whether it was stopped for good.
    pub stopped: Option<StoppedBy>,
    /// Whether somebody started it although it is not enabled.
    pub asked_for: bool,
    /// Whether it was stopped only to be started again: at once, or when Estatus runs again.
    pub resumes: bool,
    /// The newest start.
    pub last_start: StartId,
    /// How many times it has been started again since somebody started it.
    pub restarts: u64,
    /// How it ended the last time.
    pub last_end: Option<Ended>,
    /// When it was started again lately, as far as that matters for its limit.
    pub recent: Vec<Timestamp>,
    /// How many times in a row it was started again without having run well for a while.
    pub attempt: u32,
    /// Why it is cooling, from the moment it began to until it has run well for a while.
    pub cooling: Option<ProgramTrouble>,
    /// Whether somebody was told that it is cooling, and not yet that it runs well again.
    pub is_told: bool,
    /// The ports that monitors look at and that it listened on when it was last seen to.
    pub ports: BTreeSet<u16>,
    /// By channel, the messages that told that it is cooling.
    pub told: BTreeMap<String, Vec<MessageId>>,
    /// Since when it has been out of the configuration, while it may still come back.
    pub removed: Option<Timestamp>,
}

impl ProgramMemory {
    /// A message told `channel` that it is cooling.
    pub(crate) fn was_told(&mut self, channel: &str, message: MessageId) {
        let told = self.told.entry(channel.to_owned()).or_default();
        if !told.contains(&message) {
            told.push(message);
        }
    }
}
