//! What the engine and a shim say to each other.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use estatus_core::{
    command::{CommandLine, DurableCommand, Run},
    encoding::OutputEncoding,
    exit::Signal,
    ids::StartId,
    program::{Found, ProcessId, Program, ProgramEvent, Ready, StartEnvironment, StopHow, StopPolicy},
    secret::Secret,
};
use serde::{Deserialize, Serialize};

use crate::{ledger::Once, secrets::kept_out_of_logs};

/// The version of all this. A shim of another version is asked to step aside, which every version understands.
pub(crate) const PROTOCOL: u32 = 6;

/// What the engine asks for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShimRequest {
    /// To say how the program stands.
    Look,
    /// To start it.
    Start(Box<Launch>),
    /// To stop it.
    Stop {
        /// Which start.
        start: StartId,
        /// How.
        how: Stopping,
    },
    /// To measure it.
    Measure {
        /// Which start.
        start: StartId,
        /// Whether also to look at the ports it listens on.
        #[serde(default)]
        ports: bool,
    },
    /// To go away and leave the program running, for a shim of another version.
    StepAside,
}

/// What a shim tells.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShimMessage {
    /// Always the first, and the answer to [`ShimRequest::Look`].
    Hello {
        /// Its [`PROTOCOL`].
        protocol: u32,
        /// How the program stands.
        found: Found,
    },
    /// Something happened.
    Event(ProgramEvent),
    /// There is no shim, because of this.
    Trouble {
        /// What the operating system said.
        error: String,
    },
}

/// All that is needed to start a program. It has secrets in it, and no `Debug`.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// Which start.
    pub(crate) start: StartId,
    /// The program's name.
    pub(crate) program: String,
    /// What it finds of its past; a command has none.
    pub(crate) environment: Option<StartEnvironment>,
    /// The foreign process to take over instead of starting one.
    pub(crate) adopt: Option<ProcessId>,
    /// What is run.
    pub(crate) command: Line,
    /// How what is left of it is ended, and what is asked of it when a newer start comes.
    pub(crate) stop: Stopping,
    /// The ports that must be free.
    pub(crate) ports: Vec<u16>,
    /// The text that says that it is ready.
    pub(crate) ready_log: Option<String>,
    /// The most bytes that its logs take on disk.
    pub(crate) log_keep: u64,
    /// The encoding of what it writes.
    pub(crate) encoding: OutputEncoding,
    /// Its secrets, which do not come into its log.
    pub(crate) secrets: Vec<String>,
    /// What holds for a command.
    pub(crate) once: Option<Once>,
    /// Whether it ends with the engine that wants it.
    #[serde(default)]
    pub(crate) bound: bool,
    /// The other programs that are not to be started beside it.
    #[serde(default)]
    pub(crate) stands_for: Vec<Arc<str>>,
}

impl Launch {
    /// The start of `program`, with what has been fetched for its `secret_env`, and without the variables `hidden`.
    pub(crate) fn new(
        program: &Program,
        start: StartId,
        environment: StartEnvironment,
        adopt: Option<ProcessId>,
        secret_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
    ) -> Self {
        Self {
            start,
            program: program.name.to_string(),
            environment: Some(environment),
            adopt,
            command: Line::new(&program.command, secret_env, hidden),
            stop: Stopping::new(&program.stop, &[], hidden),
            ports: program.ports(),
            ready_log: match &program.ready {
                Some(Ready::Log(text)) => Some(text.clone()),
                _ => None,
            },
            log_keep: program.log_keep,
            encoding: program.encoding,
            secrets: kept_out_of_logs(secret_env),
            once: None,
            bound: false,
            stands_for: Vec::new(),
        }
    }

    /// The trial of `program`: the same as its first start, but that it ends with the engine that wants it. It stands for
    /// the programs `stands_for` too.
    pub(crate) fn tried(
        program: &Program,
        stands_for: Vec<Arc<str>>,
        start: StartId,
        secret_env: &[(String, Secret)],
        hidden: &BTreeSet<String>,
    ) -> Self {
        let first = Self::new(program, start, StartEnvironment::default(), None, secret_env, hidden);
        Self { bound: true, stands_for, ..first }
    }

    /// The execution of `command`, with what has been fetched for its `secret_env`, and without the variables `hidden`.
    pub(crate) fn once(command: &DurableCommand, secret_env: &[(String, Secret)], hidden: &BTreeSet<String>) -> Self {
        /// There are many commands; of what one wrote in its last executions so much is enough to be looked at.
        const LOG_KEEP: u64 = 5_000_000;
        let mut line = Line::new(&command.command, secret_env, hidden);
        line.env.extend(command.env.iter().cloned());
        Self {
            start: command.start,
            program: command.owner.clone(),
            environment: None,
            adopt: None,
            command: line,
            stop: Stopping::at_once(),
            ports: Vec::new(),
            ready_log: None,
            log_keep: LOG_KEEP,
            encoding: OutputEncoding::Auto,
            secrets: kept_out_of_logs(secret_env),
            once: Some(Once { command: command.command.to_string(), limit: command.timeout }),
            bound: false,
            stands_for: Vec::new(),
        }
    }
}

/// How a program is stopped.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Stopping {
    /// How it is asked.
    pub(crate) by: StopBy,
    /// How long it may take.
    pub(crate) within: Duration,
}

/// How a program is asked to stop.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StopBy {
    /// By a signal.
    Signal(Signal),
    /// By a command.
    Command(Line),
}

impl Stopping {
    /// `policy`, with what has been fetched for the `secret_env` of its command, and without the variables `hidden`.
    /// All of it is ended at once.
    pub(crate) const fn at_once() -> Self {
        Self { by: StopBy::Signal(Signal::Kill), within: Duration::ZERO }
    }

    pub(crate) fn new(policy: &StopPolicy, secret_env: &[(String, Secret)], hidden: &BTreeSet<String>) -> Self {
        let by = match &policy.how {
            StopHow::Signal(signal) => StopBy::Signal(*signal),
            StopHow::Command(command) => StopBy::Command(Line::new(command, secret_env, hidden)),
        };
        Self { by, within: policy.within }
    }
}

/// A command with all its variables, the secret ones too.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    run: RunLine,
    /// Where it runs: where the engine does if nothing is said.
    pub(crate) directory: Option<PathBuf>,
    /// Its variables.
    pub(crate) env: Vec<(String, String)>,
    /// The variables of Estatus that it does not find, unless they are among its own.
    pub(crate) hidden: BTreeSet<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RunLine {
    Shell(String),
    Program { program: String, args: Vec<String> },
}

impl Line {
    fn new(command: &CommandLine, secret_env: &[(String, Secret)], hidden: &BTreeSet<String>) -> Self {
        let secret = secret_env.iter().map(|(name, secret)| (name.clone(), secret.reveal().to_owned()));
        Self {
            run: match &command.run {
                Run::Shell(line) => RunLine::Shell(line.clone()),
                Run::Program { program, args } => RunLine::Program { program: program.clone(), args: args.clone() },
            },
            directory: command.directory.clone().or_else(|| std::env::current_dir().ok()),
            env: command.env.iter().cloned().chain(secret).collect(),
            hidden: hidden.clone(),
        }
    }

    /// What is run, in the core's words.
    pub(crate) fn run(&self) -> Run {
        match self.run.clone() {
            RunLine::Shell(line) => Run::Shell(line),
            RunLine::Program { program, args } => Run::Program { program, args },
        }
    }
}
