mod codec;
mod crash;
mod faults;
mod figures;
mod fleets;
mod migrations;
mod remembering;
mod runs;
mod size;
mod usage;

use std::{slice, sync::Arc, time::Duration};

use estatus_core::{
    Timestamp,
    check::Kind,
    command::ProgramFile,
    config::{Language, Retention},
    exit::Exit,
    fleet::{
        decision::{Decision, DecisionRecord, Objection, Reason, Rejected, Rejection},
        instance::{Instance, InstanceState},
        replay::Sample,
    },
    flow::{
        Definition, FlowMemory, Step, StepAction,
        run::{Run, RunCause, RunRecord, RunState, StepError, StepRun, StepState, UndoRun},
    },
    ids::{IncidentId, Key, MessageId, RunId, StartId},
    incident::{Alert, Before, Delivery, Incident, Message, News},
    observation::{Cause, Failure, Observation, Phase, Phases, Verdict},
    program::{Ended, EndedBy, Leftover, ProgramMemory, ProgramTrouble, RestartCount, StoppedBy},
    record::Record,
    time::later,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{
    FILE, Figures, Opened,
    database::{self, Database},
    keys::{HOUR, Millis, floor, millis},
    mirror::Mirror,
    open, read,
};

/// A Tuesday, on the hour.
fn noon() -> Timestamp {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

fn after(seconds: u64) -> Timestamp {
    later(noon(), Duration::from_secs(seconds))
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn opened(folder: &TempDir) -> Opened {
    open(folder.path(), Retention::default(), noon()).unwrap()
}

/// A database without a thread.
fn database(folder: &TempDir) -> Database {
    let path = folder.path().join(FILE);
    if !path.exists() {
        database::create(&path, None).unwrap();
    }
    Database::open(&path, Mirror::default()).unwrap()
}

/// Packs and rolls up all that is due at `now`.
fn settle(database: &mut Database, now: Millis) {
    while database.pack().unwrap() {}
    while database.roll(floor(now, HOUR), 7).unwrap() {}
}

fn figures_of(connection: &Connection, monitor: &str, from: Millis, to: Millis) -> Figures {
    let figures =
        read::figures(connection, &[Arc::from(monitor)], slice::from_ref(&(from..to))).unwrap().remove(monitor);
    figures.and_then(|over| over.into_iter().next()).unwrap_or_default()
}

fn failure() -> Failure {
    let cause = Cause::Status { code: 503, reason: "Service Unavailable".to_owned(), accepted: "200-299".to_owned() };
    Failure::new(Phase::Assertion, cause)
}

fn observation(at: Timestamp, verdict: Verdict, latency: Duration) -> Observation {
    let mut phases = Phases::default();
    phases.add(Phase::FirstByte, latency);
    match verdict {
        Verdict::Up => Observation::up(at, phases, "200 OK"),
        Verdict::Down => Observation::down(at, phases, "503 Service Unavailable", failure()),
        Verdict::Inconclusive => Observation::up(at, phases, "").inconclusive(Cause::OwnNetworkOff),
    }
}

fn seen(monitor: &str, at: Timestamp, holds: Duration, observation: Observation) -> Record {
    let (monitor, holds_until) = (monitor.into(), later(at, holds));
    Record::Observation { monitor, after: None, holds_until, observation: observation.into() }
}

fn up(monitor: &str, at: Timestamp) -> Record {
    seen(monitor, at, Duration::from_secs(30), observation(at, Verdict::Up, Duration::from_millis(20)))
}

fn incident(id: u64, monitor: &str, opened: Timestamp, closed: Option<Timestamp>) -> Incident {
    Incident {
        id: IncidentId(id),
        monitor: monitor.into(),
        opened,
        closed,
        cause: failure(),
        last: failure(),
        acknowledged: None,
        before: Before::default(),
        attempts: Vec::new(),
        earlier_attempts: 0,
        escalated: None,
        measured: None,
    }
}

fn message(id: u64, about: &[&Incident], delivery: Delivery) -> Message {
    let alert = |incident: &&Incident| Alert {
        subject: Arc::clone(&incident.monitor),
        check: Some(Kind::Http),
        target: "http://localhost/".to_owned(),
        news: News::Down { incident: (*incident).clone() },
    };
    Message {
        id: MessageId(id),
        channel: "email".to_owned(),
        alerts: about.iter().map(alert).collect(),
        created: noon(),
        answers: Vec::new(),
        delivery,
    }
}

/// The memory of a program that has had everything happen to it, at the start with number `start`.
fn program_memory(start: u64) -> ProgramMemory {
    let end = Ended {
        start: StartId(start),
        exit: Exit::Signal(9),
        at: after(start),
        left: vec![Leftover::Port { port: 5173, holder: Some("node (pid 4711)".to_owned()) }],
        tail: vec!["ready in 120 ms".to_owned(), "\u{1b}[31mKilled\u{1b}[0m \"ñ\"".to_owned()],
        background: Vec::new(),
        by: EndedBy::Itself,
    };
    ProgramMemory {
        stopped: Some(StoppedBy::User),
        asked_for: true,
        last_start: StartId(start),
        restarts: 12,
        last_end: Some(end),
        recent: vec![noon(), after(1)],
        attempt: 3,
        cooling: Some(ProgramTrouble::TooManyRestarts(RestartCount { restarts: 5, within: Duration::from_secs(60) })),
        told: [("email".to_owned(), vec![MessageId(4)])].into(),
        ..ProgramMemory::default()
    }
}

/// A run of three steps that began `id` seconds after noon, and has taken a second if it is over.
fn run(id: u64, flow: &str, state: RunState) -> Run {
    let wait = StepAction::Wait { lasts: Duration::from_secs(1) };
    let steps = vec![
        Step::new("build", wait.clone(), vec![]),
        Step::new("deploy", wait.clone(), vec![0]),
        Step::new("\"ñ\"", wait, vec![0, 1]),
    ];
    let definition = Definition { deadline: None, channels: None, steps }.into();
    let ended = state.is_over().then(|| after(id + 1));
    let cause = RunCause::Scheduled { at: after(id) };
    Run { state, ended, ..Run::new(RunId(id), flow.into(), definition, cause, after(id)) }
}

fn step(run: u64, place: usize, step: StepRun) -> Record {
    Record::Step { run: RunId(run), place, step: Box::new(step) }
}

fn begun_step() -> StepRun {
    StepRun {
        state: StepState::Running,
        attempts: 1,
        began: Some(after(1)),
        attempt_began: Some(after(1)),
        ..StepRun::default()
    }
}

/// A step that has had everything happen to it.
fn ended_step() -> StepRun {
    StepRun {
        state: StepState::Failed,
        attempts: 2,
        began: Some(after(1)),
        attempt_began: Some(after(5)),
        ended: Some(after(9)),
        exit: Some(Exit::Code(3)),
        error: Some(StepError::Ended { exit: Exit::Code(3) }),
        output: vec!["\u{1b}[31mno space left\u{1b}[0m \"ñ\"".to_owned(), String::new()],
        retry_at: Some(after(4)),
        start: Some(StartId(7)),
        saved: Some("\"ñ\"".to_owned()),
        program: Some(ProgramFile { path: "/opt/tool".into(), modified: after(1), size: 7 }),
        question: Some("Is it {{ so }}?".to_owned()),
        // No format of a database before had it.
        answered_by: None,
        run: Some(RunId(6)),
        usual: Some(Duration::from_millis(1500)),
        kept: true,
        undo: Some(Box::new(UndoRun { state: StepState::Succeeded, began: after(9), ..UndoRun::default() })),
    }
}

/// An instance that was wanted, and stands so since, `number` seconds after noon.
pub(crate) fn instance(number: u64, fleet: &str, state: InstanceState) -> Instance {
    Instance {
        name: format!("{fleet}-{number}").into(),
        fleet: fleet.into(),
        number,
        id: None,
        state,
        since: after(number),
        launched: after(number),
        attempt: 0,
        address: None,
        declared: None,
        enrolled: false,
        protected: false,
        by_user: false,
        outdated: false,
        error: None,
        home: None,
    }
}

fn kept(instance: &Instance) -> Record {
    Record::Instance(Box::new(instance.clone()))
}

/// What was decided `number` seconds after noon.
pub(crate) fn decision(number: u64, fleet: &str) -> DecisionRecord {
    let instance = || format!("{fleet}-{number}").into();
    let rejected = |what, why| Rejected { what, why };
    let decision = Decision {
        change: -1,
        replaced: 0,
        victims: vec![instance()],
        reasons: vec![Reason::Below { mean: 0.1, load: 0.6, need: 1 }, Reason::Asked],
        rejected: vec![
            rejected(Rejection::Remove { instance: instance() }, Objection::Mean { mean: 0.71 }),
            rejected(Rejection::Change, Objection::FewKnown { known: 1, count: 3 }),
        ],
        need: Some(1),
    };
    DecisionRecord { number, fleet: fleet.into(), at: after(number), instances: 3, mean: Some(1.0 / 3.0), decision }
}

fn decided(decision: &DecisionRecord) -> Record {
    Record::Decision(Box::new(decision.clone()))
}

pub(crate) fn sampled(fleet: &str, at: Timestamp, instances: u32) -> Record {
    Record::Sample { fleet: fleet.into(), sample: sample(at, instances) }
}

fn sample(at: Timestamp, instances: u32) -> Sample {
    Sample { at, instances, known: instances / 2, load: f64::from(instances) / 3.0 }
}

fn waiting() -> Delivery {
    Delivery::Waiting { failed: 0, error: None, perhaps_received: false }
}

fn noon_ms() -> Millis {
    millis(noon())
}
