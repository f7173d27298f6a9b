//! Answers requests: the loop gives what the core knows, the store and the system are asked beside it.

mod configuring;
mod logs;
mod looking;
mod planning;
mod repeating;
mod replaying;
mod reporting;
mod secrets;
mod step_logs;
mod trying;
mod usage;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use estatus_api::{
    AlertState, ApiError, ErrorCode, Event, Figures, History, Host, IncidentState, MonitorStatus, Permission, Point,
    ProgramChange, Reply, Request, Snapshot, Status, millis, seconds,
};
use estatus_core::{
    config::Language,
    engine::{Ask, AskError, Input},
    flow::run::RunRecord,
    ids::RunId,
    observation::Phase,
    program::ProgramCommand,
    record::JournalEntry,
    words::Words,
};
use estatus_store::{IncidentFilter, IncidentHistory, Store, Trouble};
use jiff::Timestamp;

use crate::{
    EngineEnd,
    clients::{Answer, ClientRequest, Entered},
    clock,
    event_loop::{Ending, EventLoop},
    programs::ForProgram,
    view::{self, decision_status, fleet_status, incident_state, run_status, run_summary},
    workers::Workers,
};

/// The figures of a status are over this.
const STATUS_OVER: Duration = Duration::from_secs(24 * 60 * 60);
/// The most parts of a history.
const POINTS_LIMIT: usize = 2_000;
/// The most incidents in one answer.
const INCIDENTS_LIMIT: usize = 10_000;
/// The most runs of each flow in one answer.
const LAST_RUNS_LIMIT: usize = 100;
/// The most runs in one answer.
const RUNS_LIMIT: usize = 10_000;
/// The most decisions in one answer.
const DECISIONS_LIMIT: usize = 10_000;
/// The most changes of a program in one answer.
const CHANGES_LIMIT: usize = 10_000;

impl<W: Workers> EventLoop<W> {
    pub(crate) fn answer(&mut self, request: ClientRequest) {
        match request {
            ClientRequest::Enter(entered) => {
                let host = Arc::clone(&self.host);
                let snapshot = self.view.snapshot(&self.core);
                // A client that has gone meanwhile wants nothing.
                let _ = entered.send(Entered { host, snapshot, events: self.tasks.events.subscribe() });
            }
            ClientRequest::Ask { request, permission, answer } => {
                if permission >= Permission::needed(&request) {
                    self.answer_request(request, permission, answer);
                } else {
                    // A client that has gone meanwhile wants nothing.
                    let _ = answer.send(Err(self.denied()));
                }
            }
            ClientRequest::Try { wanted, permission, answer } => {
                if permission >= Permission::Edit {
                    self.preview(wanted, answer);
                } else {
                    // A client that has gone meanwhile wants nothing.
                    let _ = answer.send(Err(self.denied()));
                }
            }
            ClientRequest::FindStepLog { of, answer } => {
                let log = self.step_log(of);
                tokio::spawn(async move {
                    // A client that has gone meanwhile wants nothing.
                    let _ = answer.send(log.await);
                });
            }
            ClientRequest::Measure => self.measure(),
        }
    }

    fn answer_request(&mut self, request: Request, permission: Permission, answer: Answer) {
        let (store, language) = (self.store.clone(), self.core.config().language);
        match request {
            Request::Status => {
                let (snapshot, host) = (self.view.snapshot(&self.core), Host::clone(&self.host));
                reply_async(answer, async move { Ok(Reply::Status(status(&store, snapshot, host).await)) });
            }
            Request::History { monitor, from, to, points } => {
                let unknown = self.core.monitor(&monitor).is_none().then(|| AskError::NoSuchMonitor(monitor.clone()));
                let unknown = unknown.map(|error| self.refused(&error));
                reply_async(answer, async move {
                    if let Some(unknown) = unknown {
                        return Err(unknown);
                    }
                    history(&store, monitor, from, to, points, language).await.map(Reply::History)
                });
            }
            Request::Uptime { monitor } => {
                let unknown = self.core.monitor(&monitor).is_none().then(|| AskError::NoSuchMonitor(monitor.clone()));
                let unknown = unknown.map(|error| self.refused(&error));
                let words = view::words(self.core.config());
                reply_async(answer, async move {
                    match unknown {
                        Some(unknown) => Err(unknown),
                        None => reporting::uptime(&store, monitor, &words).await,
                    }
                });
            }
            Request::Report { month, tags, format } => {
                let config = Arc::clone(self.core.config());
                reply_async(answer, async move {
                    reporting::report(&store, &config, month, tags, format, permission).await
                });
            }
            Request::Incidents { monitor, since, limit } => {
                let limit = limit.min(INCIDENTS_LIMIT);
                let monitors = monitor.map(|monitor| vec![Arc::from(monitor)]);
                let filter = IncidentFilter { monitors, open_only: false, since, before: None, limit };
                let words = view::words(self.core.config());
                reply_async(answer, async move { incidents(&store, filter, &words).await.map(Reply::Incidents) });
            }
            Request::Do(ask) => self.ask(ask, answer),
            Request::Configuration => configuring::configuration(self.options(), answer),
            Request::Edit { edits, save } => configuring::edit(self.options(), self.apply.clone(), edits, save, answer),
            Request::Versions => configuring::versions(self.options(), answer),
            Request::Version { id } => configuring::version(self.options(), id, answer),
            Request::PutBack { id } => configuring::put_back(self.options(), self.apply.clone(), id, answer),
            Request::Undo { id } => configuring::undo(self.options(), self.apply.clone(), id, answer),
            Request::EntryText { section, name } => configuring::entry_text(self.options(), section, name, answer),
            Request::Apply => configuring::apply(self.apply.clone(), store, answer),
            Request::Import { name, content } => configuring::import(self.options(), name, content, answer),
            Request::StoreSecret { name, value } => {
                let (ports, entered) = (self.ports.clone(), self.tasks.results());
                secrets::store(self.options(), ports, entered, name, value, language, answer);
            }
            Request::RemoveSecret { name } => {
                let ports = self.ports.clone();
                secrets::remove(self.options(), ports, name, language, answer);
            }
            Request::Secrets { names } => secrets::list(self.options(), names, language, answer),
            Request::Survey => looking::survey(self.core.programs(), answer),
            Request::Adoptable { process } => looking::adoptable(process, self.options(), answer),
            Request::Relaunch { stop_programs } => {
                self.ends = Some(Ending { end: EngineEnd::Relaunching, stops_programs: stop_programs });
                self.tasks.tell(Event::Relaunching);
                // A client that has gone meanwhile wants nothing.
                let _ = answer.send(Ok(Reply::Done));
            }
            Request::Log { program, lines } => match self.log_of(program) {
                Ok(log) => log.last(lines, answer),
                Err(unknown) => drop(answer.send(Err(unknown))),
            },
            Request::ReadLog { program, from, text, stream, limit } => match self.log_of(program) {
                Ok(log) => log.read(logs::Asked { from, text, stream, limit }, answer),
                Err(unknown) => drop(answer.send(Err(unknown))),
            },
            Request::ProgramHistory { program, since, limit } => {
                let unknown = self.unknown(&program);
                reply_async(answer, async move {
                    if let Some(unknown) = unknown {
                        return Err(unknown);
                    }
                    // What has just happened is still on its way to the disk.
                    store.flush().await;
                    let changes = store.program_changes(&program, since, None, limit.min(CHANGES_LIMIT)).await;
                    Ok(Reply::ProgramHistory(
                        changes.map_err(failed(language))?.into_iter().filter_map(program_change).collect(),
                    ))
                });
            }
            Request::Usage { by, from, to, points } => self.usage(by, from, to, points, answer),
            Request::Runs { flow, limit } => {
                let unknown = flow.as_deref().and_then(|flow| self.unknown_flow(flow));
                let limit = limit.min(RUNS_LIMIT);
                let words = view::words(self.core.config());
                reply_async(answer, async move {
                    if let Some(unknown) = unknown {
                        return Err(unknown);
                    }
                    // What has just happened is still on its way to the disk.
                    store.flush().await;
                    let runs = store.runs(flow.as_deref(), limit).await.map_err(failed(language))?;
                    Ok(Reply::Runs(runs.iter().map(|run| run_summary(&words, run)).collect()))
                });
            }
            Request::LastRuns { limit } => {
                let flows = self.core.config().flows.iter().map(|flow| Arc::clone(&flow.name)).collect();
                let words = view::words(self.core.config());
                reply_async(answer, async move {
                    store.flush().await;
                    let runs = store.last_runs(flows, limit.min(LAST_RUNS_LIMIT)).await.map_err(failed(language))?;
                    Ok(Reply::Runs(runs.values().flatten().map(|run| run_summary(&words, run)).collect()))
                });
            }
            Request::Run { run } => {
                let (found, words) = (self.find_run(run), view::words(self.core.config()));
                let flows = self.core.config().flows.iter();
                let definitions: BTreeMap<_, _> =
                    flows.map(|flow| (Arc::clone(&flow.name), Arc::clone(&flow.definition))).collect();
                reply_async(answer, async move {
                    let record = found.await?;
                    let now = definitions.get(&record.run.flow).map(Arc::as_ref);
                    Ok(Reply::Run(run_status(&words, &record, now)))
                });
            }
            Request::Fleet { fleet } => {
                let found = self.core.fleet(&fleet, clock::now());
                let status = found.map(|view| Reply::Fleet(fleet_status(&self.view.words, &view)));
                // A client that has gone meanwhile wants nothing.
                drop(answer.send(status.ok_or_else(|| self.refused(&AskError::NoSuchFleet(fleet)))));
            }
            Request::Decisions { fleet, limit } => {
                let unknown = self.core.fleet(&fleet, clock::now()).is_none();
                let unknown = unknown.then(|| self.refused(&AskError::NoSuchFleet(fleet.clone())));
                let words = view::words(self.core.config());
                reply_async(answer, async move {
                    if let Some(unknown) = unknown {
                        return Err(unknown);
                    }
                    // What has just been decided is still on its way to the disk.
                    store.flush().await;
                    let decisions = store.decisions(&fleet, limit.min(DECISIONS_LIMIT)).await;
                    let decisions = decisions.map_err(failed(language))?;
                    Ok(Reply::Decisions(decisions.iter().map(|record| decision_status(&words, record)).collect()))
                });
            }
            Request::FleetHistory { fleet, since } => self.fleet_history(fleet, since, answer),
            Request::Replay { fleet, other, since } => self.replay(&fleet, &other, since, answer),
            Request::SetLoad { fleet, instance, load } => {
                let is_set = (0.0..=1.0).contains(&load) && self.tasks.fleets.set_load(&fleet, &instance, load);
                let refused = || wrong(self.view.words.text("refused.load_not_set", &[("instance", &instance)]));
                // A client that has gone meanwhile wants nothing.
                drop(answer.send(if is_set { Ok(Reply::Done) } else { Err(refused()) }));
            }
            Request::Repeat { run, how } => self.find_to_repeat(run, how, answer),
            Request::StepLog { of, lines } => self.read_step_log(of, lines, answer),
            Request::Plan { flow } => self.plan(flow, answer),
            // Whoever serves the connection has it under way, and sees to its end.
            Request::Try { .. } | Request::EndTrial { .. } => drop(answer.send(Ok(Reply::Done))),
            // Whoever serves the connection sees to the rest.
            Request::Follow { log_of, .. } => {
                let unknown = log_of.and_then(|program| self.unknown(&program));
                drop(answer.send(unknown.map_or(Ok(Reply::Done), Err)));
            }
        }
    }

    fn denied(&self) -> ApiError {
        let message = view::words(self.core.config()).text("denied", &[]);
        ApiError { code: ErrorCode::Denied, message }
    }

    fn refused(&self, error: &AskError) -> ApiError {
        let code = if *error == AskError::Quits { ErrorCode::Gone } else { ErrorCode::Wrong };
        ApiError { code, message: view::words(self.core.config()).refusal(error) }
    }

    /// That there is no such program, if there is none.
    fn unknown(&self, program: &str) -> Option<ApiError> {
        let is_known = self.core.program(program).is_some();
        (!is_known).then(|| self.refused(&AskError::NoSuchProgram(program.to_owned())))
    }

    /// The log of a program, if there is such a program.
    fn log_of(&self, program: String) -> Result<logs::ProgramLog, ApiError> {
        if let Some(unknown) = self.unknown(&program) {
            return Err(unknown);
        }
        let folder = estatus_program::folder(&self.host.data, &program);
        Ok(logs::ProgramLog { program, folder, words: view::words(self.core.config()) })
    }

    /// That there is no such flow, if there is none.
    fn unknown_flow(&self, flow: &str) -> Option<ApiError> {
        let is_known = self.core.config().flows.iter().any(|known| &*known.name == flow);
        (!is_known).then(|| self.refused(&AskError::NoSuchFlow(flow.to_owned())))
    }

    /// A run, as it goes on or as the store has it.
    fn find_run(&self, run: RunId) -> impl Future<Output = Result<RunRecord, ApiError>> + Send + use<W> {
        let (open, words, store) = (self.core.open_run(run), view::words(self.core.config()), self.store.clone());
        async move {
            if let Some(record) = open {
                return Ok(record);
            }
            // What has just ended is still on its way to the disk.
            store.flush().await;
            let record = store.run(run).await.map_err(failed(words.language()))?;
            record.ok_or_else(|| wrong(words.text("refused.no_run", &[("run", &run.to_string())])))
        }
    }

    /// Somebody wants to know what programs use.
    fn measure(&mut self) {
        let running: Vec<_> = self.core.programs().filter(|view| view.process.is_some()).collect();
        for view in running {
            let command = ProgramCommand::Measure { start: view.start, ports: false };
            self.tasks.programs.give(ForProgram { program: view.program, command });
        }
    }

    fn ask(&mut self, ask: Ask, answer: Answer) {
        let asked = self.core.handle(Input::Asked(ask.clone()), clock::now());
        self.answer_once_on_disk(asked.map(|()| self.done(&ask)), answer);
    }

    /// What came of what the user wanted.
    fn done(&self, ask: &Ask) -> Reply {
        match ask {
            Ask::RunFlow { .. } => Reply::Begun(self.core.asked_run()),
            Ask::AddInstance { fleet } => self.core.newest_instance(fleet).map_or(Reply::Done, Reply::Launched),
            _ => Reply::Done,
        }
    }

    /// What the user wants is done when it is on disk.
    fn answer_once_on_disk(&mut self, asked: Result<Reply, AskError>, answer: Answer) {
        let asked = asked.map_err(|error| self.refused(&error));
        self.carry_out();
        let store = self.store.clone();
        reply_async(answer, async move {
            let done = asked?;
            store.flush().await;
            Ok(done)
        });
    }
}

fn reply_async(answer: Answer, work: impl Future<Output = Result<Reply, ApiError>> + Send + 'static) {
    tokio::spawn(async move {
        // A client that has gone meanwhile wants nothing.
        let _ = answer.send(work.await);
    });
}

async fn status(store: &Store, snapshot: Snapshot, host: Host) -> Status {
    let to = Timestamp::now();
    let from = estatus_core::time::earlier(to, STATUS_OVER);
    let names = snapshot.monitors.iter().map(|monitor| Arc::clone(&monitor.name)).collect();
    // A store in trouble is told in the status itself.
    let figures = store.figures(names, from, to).await.unwrap_or_default();
    let with_figures = |state: estatus_api::MonitorState| {
        let figures = figures.get(&state.name).map(in_numbers).unwrap_or_default();
        MonitorStatus { state, figures }
    };
    Status {
        monitors: snapshot.monitors.into_iter().map(with_figures).collect(),
        programs: snapshot.programs,
        flows: snapshot.flows,
        fleets: snapshot.fleets,
        incidents: snapshot.incidents,
        engine: snapshot.engine,
        host,
    }
}

async fn history(
    store: &Store,
    monitor: String,
    from: Timestamp,
    to: Timestamp,
    points: usize,
    language: Language,
) -> Result<History, ApiError> {
    if from >= to {
        return Err(wrong("a history must begin before it ends".to_owned()));
    }
    let monitor: Arc<str> = monitor.into();
    let past = store.history(&monitor, from, to, points.clamp(1, POINTS_LIMIT)).await;
    let past = past.map_err(failed(language))?;
    let points = past.points.iter();
    let point = |point: &estatus_store::Point| Point {
        from: point.start,
        to: point.end,
        figures: in_numbers(&point.figures),
        phases_ms: phases_ms(&point.figures),
    };
    Ok(History {
        monitor,
        figures: in_numbers(&past.figures),
        phases_ms: phases_ms(&past.figures),
        points: points.map(point).collect(),
    })
}

async fn incidents(store: &Store, filter: IncidentFilter, words: &Words) -> Result<Vec<IncidentState>, ApiError> {
    let found = store.incidents(filter).await.map_err(failed(words.language()))?;
    let state = |found: &IncidentHistory| {
        let alerts = found.messages.iter().flat_map(|message| AlertState::of(message, found.incident.id)).collect();
        incident_state(words, &found.incident, alerts)
    };
    Ok(found.iter().map(state).collect())
}

fn program_change((at, entry): (Timestamp, JournalEntry)) -> Option<ProgramChange> {
    match entry {
        JournalEntry::Program { to, why, .. } => Some(ProgramChange { at, to, why }),
        _ => None,
    }
}

fn phases_ms(figures: &estatus_store::Figures) -> Vec<(Phase, f64)> {
    figures.phases.means().into_iter().map(|(phase, took)| (phase, millis(took))).collect()
}

fn in_numbers(figures: &estatus_store::Figures) -> Figures {
    Figures {
        observed: seconds(figures.observed()),
        inconclusive: seconds(figures.inconclusive),
        uptime: figures.uptime(),
        p50_ms: figures.p50().map(millis),
        p95_ms: figures.p95().map(millis),
        p99_ms: figures.p99().map(millis),
    }
}

/// Answers with what a thread of its own finds out.
fn reply_blocking(answer: Answer, work: impl FnOnce() -> Result<Reply, ApiError> + Send + 'static) {
    reply_async(answer, async {
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    });
}

fn wrong(message: String) -> ApiError {
    ApiError { code: ErrorCode::Wrong, message }
}

/// How clients are told of a trouble of the store.
fn failed(language: Language) -> impl Fn(Trouble) -> ApiError {
    move |trouble| ApiError { code: ErrorCode::Failed, message: trouble.what.in_words(language) }
}
