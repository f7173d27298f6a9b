//! The tables of flows and their steps.

use std::path::PathBuf;

use estatus_core::{
    command::Run,
    flow::{CatchUp, OnFailure, Overlap, RetryOn},
};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Interval, Many, Timeout};
use crate::{
    listed::{All, Listed, named},
    problem::{Span, shown},
    reason::{Reason, reason},
    shape::{At, Entry, Field, Node, Own, Reader, Shape, Whole, entries},
    table::table,
    times::{DAY, Lasting, YEAR},
    units::{self, UnitError},
    values::{Name, Valued, chosen},
};

/// How long a run may take.
type Deadline = Lasting<1000, { 31 * DAY }>;

/// How often a step that fails may be tried again.
type Times = Whole<1, 100>;

table! {
    /// A procedure, which is run step by step.
    struct Flow requires [step] like r#"{ step = [{ name = "NAME", run = "command" }] }"# {
        /// When it is run: an interval like "1h", or a cron expression with five fields: "0 4 * * *". Default: only when
        /// started manually, or as a remedy.
        every: Every,
        /// Which of the scheduled runs are made up for that were missed while this machine was off or asleep: "none",
        /// "latest" (one run for all of them) or "all". Default: "latest".
        catch_up: CatchUp,
        /// What happens when it is to be run while it is running: "skip", "queue" or "replace". Default: "skip".
        overlap: Overlap,
        /// How long a run may take as a whole. Default: no limit of its own.
        deadline: Deadline,
        /// How many runs may be started automatically: { runs = 3, within = "1h" }. Default: no limit.
        budget: Budget,
        /// Names of the channels that are told of a failed run. Default: those of [alerts].
        channels: Many<String>,
        /// Whether it is run automatically (true, the default), or only when started manually.
        enabled: bool,
        /// Its steps, one after the other.
        step: All<Step>,
    }

    /// How many runs of a flow may be started automatically.
    struct Budget requires [runs, within] like r#"{ runs = 3, within = "1h" }"# {
        /// The number of runs.
        runs: Whole<1, 1000>,
        /// Within this time.
        within: Lasting<1000, YEAR>,
    }

    /// A step of a flow: exactly one of run, check, wait_until, restart, start, stop and wait.
    struct Step requires [name] like r#"{ name = "NAME", run = "command" }"# {
        /// Its name, unique within the flow.
        name: Name,
        /// Runs this command, which must end with exit code 0: one line for the shell, or an array of the program and its
        /// arguments.
        run: Run,
        /// Where the command runs.
        directory: PathBuf,
        /// Environment variables of the command; a value may be a secret.
        env: Own<Valued>,
        /// How long the command may take. Default: "10m".
        timeout: Timeout,
        /// Probes this monitor once; fails if it is down.
        check: String,
        /// Probes this monitor until it is up.
        wait_until: String,
        /// How soon the monitor of `wait_until` must be up. Default: "60s".
        within: Timeout,
        /// Restarts this program, and is done when it is ready.
        restart: String,
        /// Starts this program unless it runs, and is done when it is ready.
        start: String,
        /// Stops this program, and is done when it has stopped.
        stop: String,
        /// Waits for this long.
        wait: Lasting<1, { 31 * DAY }>,
        /// Names of the steps that must have ended before it starts; [] starts it at once. Default: the step before it.
        needs: Many<String>,
        /// Starts it only if other steps above it ended like this: { failed = "STEP" }. Default: if all that it needs
        /// succeeded.
        when: When,
        /// Starts it however the other steps ended. Default: false.
        always: bool,
        /// How often it is tried again when it fails: 3, or { times = 3, wait = "1s", on = ["exit 75", "timeout"] }.
        retry: Retry,
        /// What its failure means for the run: "fail", or "continue", as if it had succeeded. Default: "fail".
        on_failure: OnFailure,
        /// What is done if nobody knows how the command ended, as this machine was switched off: "fail", "rerun", or
        /// { check = "MONITOR" }: it succeeded if that monitor is up. Default: "fail".
        after_crash: AfterCrash,
    }

    /// How other steps must have ended: at least one of failed, succeeded and skipped.
    struct When requires [] like r#"{ failed = "STEP" }"# {
        /// Names of steps that failed.
        failed: Many<String>,
        /// Names of steps that succeeded.
        succeeded: Many<String>,
        /// Names of steps that were skipped.
        skipped: Many<String>,
    }

    /// How often a step that fails is tried again.
    struct RetryTable requires [] like r#"{ times = 3, wait = "1s" }"# {
        /// The number of further attempts. Default: 3.
        times: Times,
        /// How long after the first failure; the time doubles with each further one. Default: "1s".
        wait: Lasting<0, DAY>,
        /// The longest time between two attempts. Default: "60s".
        max_wait: Lasting<0, DAY>,
        /// Only after these failures: "exit 75", "timeout", or a signal like "SIGKILL". Default: after any.
        on: Many<RetryOn>,
    }

    /// What tells whether a command succeeded whose end nobody saw.
    struct AfterCrashTable requires [check] like r#"{ check = "MONITOR" }"# {
        /// The monitor: the command succeeded if it is up.
        check: String,
    }
}

/// The kinds of step, of which each has exactly one.
pub(crate) const FORMS: [&str; 7] = ["run", "check", "wait_until", "restart", "start", "stop", "wait"];

/// The keys of a step that belong to one kind only.
pub(crate) const OF_FORMS: [(&str, &str); 5] =
    [("directory", "run"), ("env", "run"), ("timeout", "run"), ("after_crash", "run"), ("within", "wait_until")];

impl When {
    /// How a step can have ended, each with the steps of which it is asked.
    pub(crate) fn asked(&self) -> [(&'static str, &[At<String>]); 3] {
        [("failed", named(&self.failed)), ("succeeded", named(&self.succeeded)), ("skipped", named(&self.skipped))]
    }
}

impl Listed for Step {
    const WORD: &'static str = "step";
    const HEADER: &'static str = "flow.NAME.step";
    const LEAST: usize = 1;
    const MOST: usize = 1000;

    fn name(&self) -> Option<&At<Name>> {
        self.name.get()
    }
}

/// All flows, by name, in the order of the file.
#[derive(Debug)]
pub(crate) struct Flows(pub(crate) Vec<(At<String>, Flow)>);

impl Flows {
    /// There may be so many.
    pub(crate) const MOST: usize = 5000;
}

impl Shape for Flows {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if node.elements(at).is_some() {
            return reader.refuse(at, reason!("flow_header"));
        }
        let entries = entries(node, at, Self::like(), reader)?;
        let count = entries.len();
        if count > Self::MOST {
            return reader.refuse(at, reason!("too_many", count, word = "flow", most = Self::MOST));
        }
        let read = |Entry { key, key_at, node, at }: Entry<'_>| {
            let flow = reader.section(called(key), |reader| Flow::read(node, &at, reader))?;
            Some((At { value: key.to_owned(), at: key_at }, flow))
        };
        // All of them are read before it is known whether one cannot be.
        let flows: Vec<Option<_>> = entries.into_iter().map(read).collect();
        flows.into_iter().collect::<Option<_>>().map(Self)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Own::<Flow>::schema(generator)
    }

    fn like() -> Option<String> {
        Own::<Flow>::like()
    }
}

/// What the flow of this name is called in messages.
pub(crate) fn called(name: &str) -> Reason {
    reason!("named", word = reason!("word.flow"), name = shown(name))
}

/// When a flow is run.
#[derive(Clone, Debug)]
pub(crate) enum Every {
    /// Again and again, so long apart.
    Interval(Interval),
    /// By a cron expression.
    Cron(String),
}

impl Shape for Every {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = reader.with_unit(node, at) else { return reader.expected(reason!("a.schedule"), node, at) };
        match units::duration(text) {
            Err(_) if text.contains('*') || text.split_whitespace().count() == 5 => Some(Self::Cron(text.to_owned())),
            Err(UnitError::Unreadable { .. }) => reader.unreadable(reason!("a.schedule"), text, at),
            _ => Interval::read(node, at, reader).map(Self::Interval),
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        let cron = json_schema!({
            "type": "string",
            "pattern": r"^\s*[^\s]+(\s+[^\s]+){4}\s*$",
            "examples": ["0 4 * * *"],
        });
        json_schema!({ "anyOf": [Interval::schema(generator), cron] })
    }
}

/// How often a step that fails is tried again: a number, or a table.
#[derive(Debug)]
pub(crate) struct Retry(pub(crate) RetryTable);

impl Shape for Retry {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        if let Node::Table(_) = node {
            return RetryTable::read(node, at, reader).map(Self);
        }
        if node.integer().is_none() {
            return reader.expected(reason!("a.retry", like = RetryTable::like().unwrap_or_default()), node, at);
        }
        let times = At { value: Times::read(node, at, reader)?, at: at.clone() };
        Some(Self(RetryTable { times: Field::Set(times), ..RetryTable::default() }))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [Times::schema(generator), RetryTable::schema(generator)] })
    }
}

/// What a step comes to whose end nobody saw.
#[derive(Debug)]
pub(crate) enum AfterCrash {
    Fail,
    Rerun,
    Check(At<String>),
}

impl Shape for AfterCrash {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        match node {
            Node::Table(_) => AfterCrashTable::read(node, at, reader)?.check.take_placed().map(Self::Check),
            _ if node.text().is_some() => {
                let word = chosen(&["fail", "rerun"], node, at, reader)?;
                Some(if word == "rerun" { Self::Rerun } else { Self::Fail })
            }
            _ => {
                let like = AfterCrashTable::like().unwrap_or_default();
                reader.expected(reason!("a.after_crash", like), node, at)
            }
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": ["fail", "rerun"] }, AfterCrashTable::schema(generator)] })
    }
}
