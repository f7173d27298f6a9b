//! How the core's facts look to a client.

mod fleets;

use std::{collections::BTreeMap, sync::Arc};

use crate::{clock, sent_alerts::SentAlerts, status_page::PageTrouble, watch::Refused};
use estatus_api::{
    AlertState, AttemptState, EngineState, Event, FlowStatus, IncidentState, LastExit, LastSeen, LogLine, LogPlace,
    LogStream, MonitorState, Platform, ProgramStatus, Question, RunStatus, RunSummary, SinceSuccess, Snapshot,
    StepStatus, UndoStatus, WaitingMessage,
};
use estatus_core::{
    Engine,
    config::Config,
    engine::{Change, FlowView, MonitorView, ProgramView},
    flow::{
        Definition, Otherwise, Step, StepAction,
        run::{Run, RunCause, RunRecord, StepRun, UndoRun},
    },
    ids::Key,
    incident::{Delivery, Incident, Message},
    observation::Observation,
    program::{Ended, OnQuit, ProgramState},
    remedy::{Attempt, Outcome, RemedyAction, RemedyKind},
    time::later,
    words::{Reason, Words},
};
use estatus_program::{Line, Place, Stream};

use self::fleets::fleet_summary;
pub(crate) use self::fleets::{decision_status, fleet_status};

/// What clients are shown that the core does not know.
pub(crate) struct View {
    /// In the language of the configuration.
    pub(crate) words: Words,
    /// What was seen of monitors in an earlier life of the engine, as long as nothing newer is.
    pub(crate) remembered: BTreeMap<Arc<str>, LastSeen>,
    /// See [`EngineState::store_trouble`].
    pub(crate) store_trouble: Option<Reason>,
    /// See [`EngineState::status_page_trouble`].
    pub(crate) status_page_trouble: Option<PageTrouble>,
    /// See [`EngineState::config_refused`].
    pub(crate) config_refused: Option<Refused>,
    /// What was told of incidents.
    pub(crate) told: SentAlerts,
}

impl View {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            words: words(config),
            remembered: BTreeMap::new(),
            store_trouble: None,
            status_page_trouble: None,
            config_refused: None,
            told: SentAlerts::default(),
        }
    }

    /// How things are.
    pub(crate) fn snapshot(&self, core: &Engine) -> Snapshot {
        Snapshot {
            monitors: core.monitors().map(|monitor| self.monitor(monitor)).collect(),
            programs: core.programs().map(|program| self.program(program)).collect(),
            flows: core.flows().map(|flow| self.flow(flow)).collect(),
            fleets: core.fleets(clock::now()).map(|fleet| fleet_summary(&self.words, &fleet)).collect(),
            incidents: core.open_incidents().map(|incident| self.incident(incident)).collect(),
            engine: self.engine(core),
        }
    }

    /// What a change looks like to a client.
    pub(crate) fn event(&self, core: &Engine, change: Change) -> Option<Event> {
        Some(match change {
            Change::Changed(Key::Monitor(name)) => Event::Monitor(self.monitor(core.monitor(&name)?)),
            Change::Changed(Key::Program(name)) => Event::Program(self.program(core.program(&name)?)),
            Change::Gone(Key::Monitor(name)) => Event::MonitorGone(name),
            Change::Gone(Key::Program(name)) => Event::ProgramGone(name),
            Change::Changed(Key::Flow(name)) => Event::Flow(self.flow(core.flow(&name)?)),
            Change::Gone(Key::Flow(name)) => Event::FlowGone(name),
            Change::Changed(Key::Fleet(name)) => {
                Event::Fleet(fleet_summary(&self.words, &core.fleet(&name, clock::now())?))
            }
            Change::Gone(Key::Fleet(name)) => Event::FleetGone(name),
            Change::Run(run) => Event::Run(run_summary(&self.words, &run)),
            Change::Step { run, definition, place, step } => {
                let step = step_status(&self.words, definition.steps.get(place)?, &step);
                Event::Step { run, place, step }
            }
            Change::Incident(id) => Event::Incident(self.incident(core.open_incident(id)?)),
            Change::IncidentClosed(incident) => Event::IncidentClosed {
                incident: incident.id,
                closed: incident.closed?,
                lasted: incident.measured.map(|lasted| lasted.as_secs_f64()),
            },
            Change::Message(_) | Change::Engine => Event::Engine(self.engine(core)),
        })
    }

    fn incident(&self, incident: &Incident) -> IncidentState {
        incident_state(&self.words, incident, self.told.of(incident.id))
    }

    fn monitor(&self, view: MonitorView) -> MonitorState {
        let standing = view.standing();
        let over_limit = view.last.as_ref().is_some_and(|last| is_over_limit(last));
        let last = view.last.map(|last| last_seen(&self.words, &last));
        MonitorState {
            name: Arc::clone(&view.monitor.name),
            kind: view.monitor.check.kind(),
            target: view.monitor.check.target(),
            tags: view.monitor.tags.clone(),
            health: view.health,
            standing,
            since: view.since,
            over_limit,
            last: last.or_else(|| self.remembered.get(&view.monitor.name).cloned()),
            flapping: view.flapping,
            unsteady: view.unsteady,
            paused_until: view.paused_until,
            snoozed_until: view.snoozed_until,
            heals: view.monitor.on_down.as_ref().and_then(|remedy| match &remedy.action {
                RemedyAction::Restart(program) | RemedyAction::Start(program) => Some(Arc::clone(program)),
                RemedyAction::Stop(_) | RemedyAction::Flow(_) | RemedyAction::Run { .. } => None,
            }),
        }
    }

    fn program(&self, view: ProgramView) -> ProgramStatus {
        let now = clock::now();
        let standing = view.standing();
        let why = view.trouble.as_ref().map(|trouble| self.words.program_trouble(trouble));
        let waits = view.waits_for.map(|name| self.words.waits(&name));
        ProgramStatus {
            name: Arc::clone(&view.program.name),
            command: view.program.command.to_string(),
            state: view.state,
            standing,
            since: view.since,
            pid: view.process.map(|process| process.pid),
            start: view.start,
            restarts: view.restarts,
            last_exit: view.last_end.map(|ended| self.last_exit(ended, view.state)),
            trouble: why.or(waits),
            says: view.says,
            next_start: view.next_start.map(|at| later(now.utc, at.since(now.monotonic))),
            stops_with_estatus: view.program.on_quit == OnQuit::Stop,
        }
    }

    /// The last lines are for those who wonder why it does not run.
    fn last_exit(&self, ended: Ended, state: ProgramState) -> LastExit {
        LastExit {
            at: ended.at,
            exit: ended.exit,
            detail: self.words.ended(&ended),
            left: ended.left.iter().map(|left| self.words.leftover(left)).collect(),
            tail: if state == ProgramState::Running { Vec::new() } else { ended.tail },
        }
    }

    fn flow(&self, view: FlowView) -> FlowStatus {
        FlowStatus {
            name: Arc::clone(&view.flow.name),
            enabled: view.flow.enabled,
            steps: view.flow.definition.steps.len(),
            next: view.next,
            run: view.run.map(|record| run_summary(&self.words, &record.run)),
            queued: view.queued,
        }
    }

    fn engine(&self, core: &Engine) -> EngineState {
        EngineState {
            network_off: core.network_off().collect(),
            snoozed_until: core.snoozed_until(),
            quiet_until: core.quiet_until(clock::now()),
            store_trouble: self.store_trouble.as_ref().map(|what| what.in_words(self.words.language())),
            status_page_trouble: self.status_page_trouble.as_ref().map(|it| it.why.in_words(self.words.language())),
            config_refused: self.config_refused.as_ref().map(|refused| refused.problems.to_string()),
            config_emptied: self.config_refused.as_ref().is_some_and(|refused| refused.is_emptied),
            waiting: core.messages().map(waiting).collect(),
            language: core.config().language,
            platform: Platform::default(),
        }
    }
}

/// What is said in the language of `config`.
pub(crate) fn words(config: &Config) -> Words {
    Words::new(config.language, config.zone.clone())
}

/// An observation, with what it says in words.
pub(crate) fn last_seen(words: &Words, observation: &Observation) -> LastSeen {
    let detail = match &observation.failure {
        Some(failure) => words.failure(failure),
        None => observation.seen.clone(),
    };
    LastSeen::new(observation, detail)
}

fn is_over_limit(observation: &Observation) -> bool {
    observation.failure.as_ref().is_some_and(|failure| failure.cause.is_beyond_limit())
}

/// An incident with what was told of it, with its cause and what was done about it in words.
pub(crate) fn incident_state(words: &Words, incident: &Incident, alerts: Vec<AlertState>) -> IncidentState {
    let attempts = incident.attempts.iter().map(|attempt| attempt_state(words, attempt)).collect();
    IncidentState::new(incident, words.failure(&incident.cause), attempts, alerts)
}

/// A run, with what it says in words.
pub(crate) fn run_summary(words: &Words, run: &Run) -> RunSummary {
    RunSummary {
        run: run.id,
        flow: Arc::clone(&run.flow),
        state: run.state,
        cause: words.run_cause(&run.cause),
        heals: run.heals.clone(),
        why: words.run_failure(run),
        failed: run.failed.as_ref().map(|failed| failed.place),
        repeats: if let RunCause::Again { run, .. } = run.cause { Some(run) } else { None },
        began: run.began,
        ended: run.ended,
    }
}

/// A run with its steps, of a flow that is defined as `now`, if there still is one.
pub(crate) fn run_status(words: &Words, record: &RunRecord, now: Option<&Definition>) -> RunStatus {
    let nothing = StepRun::default();
    let definition = &record.run.definition;
    let step = |(place, step): (usize, &Step)| StepStatus {
        skipped_because: words.skipped_because(record, place),
        ..step_status(words, step, record.steps.get(place).unwrap_or(&nothing))
    };
    RunStatus {
        summary: run_summary(words, &record.run),
        steps: definition.steps.iter().enumerate().map(step).collect(),
        since_success: record.run.compared.as_ref().map(|compared| SinceSuccess {
            run: compared.run,
            ended: compared.ended,
            changes: words.differences(compared),
        }),
        is_current: now.is_some_and(|now| *now == **definition),
    }
}

fn undo_status(words: &Words, undo: &UndoRun) -> UndoStatus {
    UndoStatus {
        state: undo.state,
        began: undo.began,
        ended: undo.ended,
        why: undo.error.as_ref().map(|error| words.step_error(error)),
        output: undo.output.clone(),
    }
}

/// What a step asks, if it does or did.
fn question(step: &Step, run: &StepRun) -> Option<Question> {
    let StepAction::Approve { within, otherwise, .. } = &step.action else { return None };
    Some(Question {
        text: run.question.clone()?,
        until: later(run.attempt_began?, *within),
        continues: *otherwise == Otherwise::Continue,
    })
}

fn step_status(words: &Words, step: &Step, run: &StepRun) -> StepStatus {
    StepStatus {
        name: Arc::clone(&step.name),
        does: words.step_action(&step.action),
        command: match &step.action {
            StepAction::Run { command, .. } => Some(command.to_string()),
            _ => None,
        },
        address: match &step.action {
            StepAction::Http { request } => Some(request.url.to_string()),
            _ => None,
        },
        state: run.state,
        attempts: run.attempts,
        exit: run.exit,
        why: words.step_detail(step, run),
        began: run.began,
        ended: run.ended,
        retry_at: run.retry_at,
        output: run.output.clone(),
        took: run.took().map(|took| took.as_secs_f64()),
        unusual: run.unusual().is_some(),
        usual: run.usual.map(|usual| usual.as_secs_f64()),
        kept: run.kept,
        skipped_because: None,
        question: question(step, run),
        saved: run.saved.clone(),
        run: run.run,
        undo: run.undo.as_ref().map(|undo| undo_status(words, undo)),
        has_log: matches!(step.action, StepAction::Run { .. }) && run.attempts > 0 && !run.kept,
    }
}

fn attempt_state(words: &Words, attempt: &Attempt) -> AttemptState {
    AttemptState {
        deed: words.deed(&attempt.deed),
        command: match &attempt.deed {
            RemedyKind::Run { command } => Some(command.clone()),
            RemedyKind::Restart { .. }
            | RemedyKind::Start { .. }
            | RemedyKind::Stop { .. }
            | RemedyKind::Flow { .. } => None,
        },
        began: attempt.began,
        ended: attempt.ended,
        healed: attempt.outcome.as_ref().map(|outcome| *outcome == Outcome::Healed),
        outcome: attempt.outcome.as_ref().map(|outcome| words.outcome(outcome)),
        run: attempt.run,
        output: attempt.output.clone(),
    }
}

fn waiting(message: &Message) -> WaitingMessage {
    let (failed, error) = match &message.delivery {
        Delivery::Waiting { failed, error, .. } => (*failed, error.clone()),
        Delivery::Sending { failed, .. } => (*failed, None),
        Delivery::Delivered { .. }
        | Delivery::Merged { .. }
        | Delivery::Withdrawn { .. }
        | Delivery::Abandoned { .. } => (0, None),
    };
    WaitingMessage { id: message.id, channel: message.channel.clone(), created: message.created, failed, error }
}

/// A line as clients see it.
pub(crate) fn log_line(line: Line) -> LogLine {
    let stream = line.stream.map(|stream| match stream {
        Stream::Out => LogStream::Out,
        Stream::Err => LogStream::Err,
    });
    LogLine { at: line.at, stream, text: line.text, part: line.is_part, place: Some(log_place(line.place)) }
}

pub(crate) const fn log_place(place: Place) -> LogPlace {
    LogPlace { file: place.file, at: place.at }
}
