//! Trials: what would be saved is read first, and what comes of it goes to the connection that wants it.

use std::sync::Arc;

use estatus_api::{ApiError, Edit, Edited, ErrorCode, Reply, Section, TrialOf, Tried};
use estatus_config::fits_to_store;
use estatus_core::{
    check::Check,
    config::Config,
    engine::AskError,
    program::{Program, ProgramState},
    secret::SecretError,
    words::Words,
};
use estatus_program::Trial;
use tokio::{
    sync::oneshot,
    task::{JoinSet, spawn_blocking},
};

use super::{configuring::refused, wrong};
use crate::{
    clients::stopping,
    clock,
    event_loop::EventLoop,
    ports::{Customs, EnginePorts},
    trying::{self, ProgramTrial, TRIALS_LIMIT, ToTry, TriedProgram, Trier, TryAnswer, Trying, Wanted},
    view,
    workers::Workers,
};

impl<W: Workers> EventLoop<W> {
    /// Has the configuration read that is to be tried; it comes back to [`EventLoop::try_now`].
    pub(super) fn preview(&self, wanted: Wanted, answer: TryAnswer) {
        if wanted.beside >= TRIALS_LIMIT {
            let count = wanted.beside.to_string();
            // A client that has gone meanwhile wants nothing.
            return drop(answer.send(Err(wrong(self.view.words.text("trial.too_many", &[("count", &count)])))));
        }
        let (file, defaults) = (self.options().config.clone(), self.options().defaults.clone());
        let (words, previewed) = (view::words(self.core.config()), self.previewed.clone());
        tokio::spawn(async move {
            let language = words.language();
            let read = spawn_blocking(move || {
                for typed in &wanted.secrets {
                    fits_to_store(&typed.name, &typed.value.0, language).map_err(|SecretError(why)| wrong(why))?;
                }
                let config = estatus_config::preview_edits(&file, &wanted.edits, &defaults).map_err(refused)?;
                Ok((wanted, config))
            });
            let read = read.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            let (answer, reply) = match read {
                Ok((wanted, Ok(config))) => {
                    match previewed.send(ToTry { config: Box::new(config), wanted, answer }).await {
                        Ok(()) => return,
                        Err(unheard) => (unheard.0.answer, Err(stopping())),
                    }
                }
                Ok((_, Err(problems))) => {
                    (answer, Ok(Trying::known(Reply::Edited(Edited { problems, version: None }), &words)))
                }
                Err(error) => (answer, Err(error)),
            };
            // A client that has gone meanwhile wants nothing.
            drop(answer.send(reply));
        });
    }

    /// Begins a trial, whose configuration is sound.
    pub(crate) fn try_now(&self, ToTry { config, wanted, answer }: ToTry) {
        let Wanted { edits, of, secrets, .. } = wanted;
        let ports = EnginePorts::alone(Customs::of(&config), &self.host.data);
        let trier = Trier::new(&config, ports, secrets);
        let begun = match of {
            TrialOf::Monitor(name) => self.try_monitor(&name, &config, trier),
            TrialOf::Program(name) => self.try_program(&name, &config, &edits, trier),
            TrialOf::Channel(name) => try_channel(name, &config, trier),
        };
        // A client that has gone meanwhile wants nothing.
        drop(answer.send(begun));
    }

    /// Fleets the core itself knows; everything else is looked at beside the loop.
    fn try_monitor(&self, name: &str, config: &Config, trier: Trier) -> Result<Trying, ApiError> {
        let found = config.monitors.iter().find(|monitor| *monitor.name == *name);
        let monitor = found.ok_or_else(|| self.refused(&AskError::NoSuchMonitor(name.to_owned())))?;
        if let Check::Fleet(check) = &monitor.check {
            let observation = self.core.observe_fleet(check, clock::now().utc);
            let words = &trier.words;
            return Ok(Trying::known(Reply::Tried(trying::seen(words, &observation)), words));
        }
        let words = trier.words.clone();
        Ok(under_way(trier.probe(Arc::clone(monitor), self.core.judge()), &words))
    }

    /// A program is tried where no copy of it is, and none can come to be meanwhile.
    fn try_program(&self, name: &str, config: &Config, edits: &[Edit], trier: Trier) -> Result<Trying, ApiError> {
        let words = trier.words.clone();
        let found = config.programs.iter().find(|program| *program.name == *name);
        let program = found.ok_or_else(|| self.refused(&AskError::NoSuchProgram(name.to_owned())))?;
        let before = names_before(edits);
        for other in before.iter().chain([&program.name]) {
            if let Some(state) = self.may_run(other) {
                let values = [("name", &**other), ("state", &*words.program_state(state))];
                return Err(wrong(words.text("trial.runs", &values)));
            }
        }
        let reserved = self.trials.reserve(name, before);
        let trial = reserved.ok_or_else(|| wrong(words.text("trial.under_way", &[("name", name)])))?;
        let unready = self.core.unready(&program.start_after).cloned().collect();
        Ok(begin(trial, Arc::clone(program), unready, trier, &words))
    }

    /// How the program stands, unless it rests because it is to.
    fn may_run(&self, program: &str) -> Option<ProgramState> {
        let state = self.core.program(program)?.state;
        (!matches!(state, ProgramState::Stopped | ProgramState::Finished)).then_some(state)
    }
}

/// What the programs are called now that are edited.
fn names_before(edits: &[Edit]) -> Vec<Arc<str>> {
    let named = edits.iter().filter_map(|edit| match edit {
        Edit::Put { section: Section::Program, name, .. } => name.as_deref().map(Arc::from),
        _ => None,
    });
    named.collect()
}

fn begin(trial: Trial, program: Arc<Program>, unready: Vec<Arc<str>>, trier: Trier, words: &Words) -> Trying {
    let ((stop, stopped), (log_sender, log), (tell, outcome)) =
        (oneshot::channel(), oneshot::channel(), oneshot::channel());
    tokio::spawn(async move {
        let went = ProgramTrial { trier, program, trial, log: Some(log_sender), stop: stopped }.run().await;
        // A client that has gone meanwhile wants nothing.
        let _ = tell.send(went);
    });
    let outcome = Box::pin(async { outcome.await.map(Reply::Tried).map_err(|_| failed()) });
    let program = TriedProgram { stop: Some(stop), unready, log: Some(log) };
    Trying { program: Some(program), ..Trying::new(outcome, words) }
}

fn failed() -> ApiError {
    ApiError { code: ErrorCode::Failed, message: "the trial failed in itself, which is a fault of Estatus".to_owned() }
}

fn try_channel(name: String, config: &Config, trier: Trier) -> Result<Trying, ApiError> {
    let words = trier.words.clone();
    let channel = config.channels.get(&name).cloned();
    let channel = channel.ok_or_else(|| wrong(words.text("trial.no_channel", &[("name", &name)])))?;
    Ok(under_way(trier.send(name, channel), &words))
}

/// A trial goes on whatever its connection waits for meanwhile, so that its times are true, and ends when this is dropped.
fn under_way(trial: impl Future<Output = Tried> + Send + 'static, words: &Words) -> Trying {
    let mut work = JoinSet::new();
    work.spawn(trial);
    let outcome = async move {
        let tried = work.join_next().await.and_then(Result::ok);
        tried.map(Reply::Tried).ok_or_else(failed)
    };
    Trying::new(Box::pin(outcome), words)
}
