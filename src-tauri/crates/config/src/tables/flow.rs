//! The tables of flows and their steps.

use std::path::PathBuf;

use estatus_core::{
    check::CodeRange,
    command::Run,
    flow::{CatchUp, Otherwise, Overlap, RetryOn, text::Text},
    secret::SecretRef,
};
use schemars::{Schema, SchemaGenerator, json_schema};

use super::{Interval, Many, Timeout};
use crate::{
    json::JsonPath,
    listed::{All, Keyed, Listed, named},
    net::Page,
    problem::Span,
    reason::{Reason, reason},
    shape::{At, Field, Node, Own, Reader, Shape, Whole},
    table::table,
    times::{DAY, Lasting, YEAR},
    units::{self, UnitError},
    values::{Name, Plain, Valued, chosen},
};

/// How long a run may take.
type Deadline = Lasting<1000, { 31 * DAY }>;

/// How long something is waited for that a person or a machine does.
type Within = Lasting<1, { 31 * DAY }>;

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

    /// A step of a flow: exactly one of run, check, wait_until, restart, start, stop, wait, http, tell, approve and flow.
    struct Step requires [name] like r#"{ name = "NAME", run = "command" }"# {
        /// Its name, unique within the flow.
        name: Name,
        /// Runs this command, which must end with exit code 0: one line for the shell, or an array of the program and its
        /// arguments.
        run: Run,
        /// Where its commands run.
        directory: PathBuf,
        /// Environment variables of its commands; a value may be a secret.
        env: Own<Valued>,
        /// How long the command, or the request, may take. Default: "10m" for a command, "30s" for a request.
        timeout: Timeout,
        /// Probes this monitor once; fails if it is down.
        check: String,
        /// Probes this monitor until it is up.
        wait_until: String,
        /// How soon the monitor of `wait_until` must be up, or somebody must have answered `approve`. Default: "60s" for a
        /// monitor, "24h" for an answer.
        within: Within,
        /// Restarts this program, and is done when it is ready.
        restart: String,
        /// Starts this program unless it runs, and is done when it is ready.
        start: String,
        /// Stops this program, and is done when it has stopped.
        stop: String,
        /// Waits for this long.
        wait: Lasting<1, { 31 * DAY }>,
        /// Sends a request to this address; fails if the response is not as expected.
        http: Page,
        /// The method of the request. Default: "GET".
        method: Plain,
        /// Headers of the request; a value may be a secret.
        headers: Own<Valued>,
        /// The body of the request; {{ steps.NAME.output }} stands for the result of a step above it.
        body: Text,
        /// The username (basic authentication); needs `password`.
        username: String,
        /// Where the password is kept.
        password: SecretRef,
        /// Where the bearer token is kept.
        bearer: SecretRef,
        /// Expected status codes. Default: ["200-299"].
        accept: Many<CodeRange>,
        /// The body of the response must contain each of these.
        contains: Many<String>,
        /// The path of a value in the JSON body of the response, like "data.id", which is kept as the result of the step.
        save: JsonPath,
        /// Sends this message; {{ steps.NAME.output }} stands for the result of a step above it.
        tell: ForPeople,
        /// Asks a person this question, and is done when somebody approves; {{ steps.NAME.output }} stands for the result
        /// of a step above it.
        approve: ForPeople,
        /// Names of the channels that get the message or the question. Default: those of [alerts].
        channels: Many<String>,
        /// What becomes of it if nobody answers in time: "fail", or "continue", as if it was approved. Default: "fail".
        otherwise: Otherwise,
        /// Runs this flow, and is done when it has succeeded.
        flow: String,
        /// Names of the steps that must have ended before it starts; [] starts it at once. Default: the step before it.
        needs: Many<String>,
        /// Starts it only if other steps above it ended like this: { failed = "STEP" }. Default: if all that it needs
        /// succeeded.
        when: When,
        /// Starts it however the other steps ended. Default: false.
        always: bool,
        /// How often it is tried again when it fails: 3, or { times = 3, wait = "1s", on = ["exit 75", "timeout"] }.
        retry: Retry,
        /// What its failure means for the run: "fail", or "continue", as if it had succeeded, or { flow = "FLOW" }: the run
        /// fails and this flow is run. Default: "fail".
        on_failure: OnFailure,
        /// What is done if nobody knows how the command or the request ended, as this machine was switched off: "fail",
        /// "rerun", or { check = "MONITOR" }: it succeeded if that monitor is up. Default: "fail".
        after_crash: AfterCrash,
        /// Undoes what the step did, with this command, if it succeeded and its run fails all the same: one line for the
        /// shell, or an array of the program and its arguments.
        undo: Run,
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

    /// What tells whether a command or a request succeeded whose end nobody saw.
    struct AfterCrashTable requires [check] like r#"{ check = "MONITOR" }"# {
        /// The monitor: it succeeded if this one is up.
        check: String,
    }

    /// What is done when a step has failed.
    struct OnFailureTable requires [flow] like r#"{ flow = "FLOW" }"# {
        /// The flow that is run.
        flow: String,
    }
}

/// The kinds of step, of which each has exactly one.
pub(crate) const FORMS: [&str; 11] =
    ["run", "check", "wait_until", "restart", "start", "stop", "wait", "http", "tell", "approve", "flow"];

/// The keys of a step that belong to some others, of which one must be there.
pub(crate) const OF_FORMS: [(&str, &[&str]); 16] = [
    ("directory", &["run", "undo"]),
    ("env", &["run", "undo"]),
    ("timeout", &["run", "http"]),
    ("after_crash", &["run", "http"]),
    ("within", &["wait_until", "approve"]),
    ("method", &["http"]),
    ("headers", &["http"]),
    ("body", &["http"]),
    ("username", &["http"]),
    ("password", &["http"]),
    ("bearer", &["http"]),
    ("accept", &["http"]),
    ("contains", &["http"]),
    ("save", &["http"]),
    ("channels", &["tell", "approve"]),
    ("otherwise", &["approve"]),
];

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

impl Keyed for Flow {
    const WORD: &'static str = "flow";
    const MOST: usize = 5000;

    fn header() -> Reason {
        reason!("flow_header")
    }
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

/// What the failure of a step means for its run.
#[derive(Debug)]
pub(crate) enum OnFailure {
    Fail,
    Continue,
    Flow(At<String>),
}

impl Shape for OnFailure {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        match node {
            Node::Table(_) => OnFailureTable::read(node, at, reader)?.flow.take_placed().map(Self::Flow),
            _ if node.text().is_some() => {
                let word = chosen(&["fail", "continue"], node, at, reader)?;
                Some(if word == "continue" { Self::Continue } else { Self::Fail })
            }
            _ => {
                let like = OnFailureTable::like().unwrap_or_default();
                reader.expected(reason!("a.on_failure", like), node, at)
            }
        }
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "enum": ["fail", "continue"] }, OnFailureTable::schema(generator)] })
    }
}

/// What a person is to read: a text that is not empty, and may have places for what came of other steps.
#[derive(Debug)]
pub(crate) struct ForPeople(pub(crate) Text);

impl Shape for ForPeople {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        Plain::read(node, at, reader).map(|text| Self(Text::new(text.0)))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        Plain::schema(generator)
    }
}

impl Shape for Text {
    fn read(node: Node<'_>, at: &Span, reader: &mut Reader<'_>) -> Option<Self> {
        String::read(node, at, reader).map(Self::new)
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        String::schema(generator)
    }
}
