//! The trial of a program: it is started, looked at, and stopped again, and nothing of it is left.

use std::{collections::BTreeSet, future::pending, sync::Arc, time::Duration};

use estatus_api::{LogLine, Tried};
use estatus_core::{
    observation::Verdict,
    program::{Ended, EndedBy, Program, Ready, StartFailure, StopHow},
    secret::{Secret, SecretError},
    words::Words,
};
use estatus_probe::Prober;
use estatus_program::{Trial, TrialLog, TrialState};
use tokio::{
    sync::oneshot,
    task::spawn_blocking,
    time::{Instant, sleep, timeout},
};

use super::{LiveLog, Trier, told};
use crate::{
    bounded::{GRACE, bounded},
    log_lines::Lines,
    ports::EnginePorts,
    view::log_line,
};

/// A trial lasts at most so long.
const LASTS: Duration = Duration::from_secs(30);
/// A program that is tried has ended within this, beyond all that its stop may take, or it is told that this is not known.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
/// What it has left is cleared away within this after it ended.
const CLEARED_WITHIN: Duration = Duration::from_secs(5);
/// So many of its lines are told when it is over.
const LINES_LIMIT: usize = 1_000;

/// The trial of a program, as it is carried out.
pub(crate) struct ProgramTrial {
    pub(crate) trier: Trier,
    pub(crate) program: Arc<Program>,
    pub(crate) trial: Trial,
    /// Where it goes what the program writes.
    pub(crate) log: Option<oneshot::Sender<LiveLog>>,
    /// Told, or gone, when it is to end.
    pub(crate) stop: oneshot::Receiver<()>,
}

/// What a program needs that is not in the configuration.
struct Secrets {
    start: Vec<(String, Secret)>,
    stop: Vec<(String, Secret)>,
}

/// Why a trial comes to its end.
enum Why {
    /// The program has ended, or could not be started.
    Itself,
    /// It is ready.
    Ready,
    /// Whoever wanted it has seen enough.
    Asked,
    /// It has lasted as long as a trial may.
    TimeUp,
}

impl ProgramTrial {
    /// Carries it out. When this is done, nothing of it is left, or it is told what is; and it can be tried again.
    pub(crate) async fn run(mut self) -> Tried {
        let tried = self.carry_out().await;
        // Of what does not end it was told.
        let _ = timeout(CLEARED_WITHIN, self.trial.gone()).await;
        tried
    }

    async fn carry_out(&mut self) -> Tried {
        let secrets = tokio::select! {
            biased;
            _ = &mut self.stop => return told(Verdict::Inconclusive, self.trier.words.text("trial.given_up", &[])),
            secrets = secrets(&self.trier.ports, &self.program) => secrets,
        };
        match secrets {
            Ok(Secrets { start, stop }) => {
                let hidden: Arc<BTreeSet<String>> = self.trier.ports.hidden();
                self.trial.start(&self.program, &start, &stop, &hidden);
            }
            Err(error) => {
                let failure = StartFailure::Secret { error: error.to_string() };
                return told(Verdict::Down, cannot_start(&self.trier.words, &failure));
            }
        }
        let (began, why) = self.goes_on().await;
        let took = began.elapsed();
        if !matches!(why, Why::Itself) {
            self.trial.stop();
        }
        let mut state = self.trial.state();
        let over = timeout(ENDS_WITHIN, state.wait_for(TrialState::is_over)).await;
        let over = over.ok().and_then(Result::ok).map(|over| over.clone());
        let lines = lines(self.trial.log().clone()).await;
        Tried { lines, ..self.outcome(&why, took, over.as_ref()) }
    }

    /// Waits until it comes to its end: since when it ran, and why that is.
    async fn goes_on(&mut self) -> (Instant, Why) {
        let asked = Instant::now();
        let mut state = self.trial.state();
        tokio::select! {
            biased;
            _ = state.wait_for(|state| matches!(state, TrialState::Running { .. }) || state.is_over()) => {}
            _ = &mut self.stop => return (asked, Why::Asked),
            () = sleep(LASTS) => return (asked, Why::TimeUp),
        }
        let began = Instant::now();
        self.tell_log().await;
        let Self { trier, program, trial, stop, .. } = self;
        tokio::select! {
            biased;
            _ = state.wait_for(TrialState::is_over) => (began, Why::Itself),
            () = ready(program, trial, trier, began) => (began, Why::Ready),
            _ = stop => (began, Why::Asked),
            () = sleep(LASTS) => (began, Why::TimeUp),
        }
    }

    /// Has what it writes be told from its first line on.
    async fn tell_log(&mut self) {
        let TrialLog { folder, began } = self.trial.log().clone();
        let lines = Lines::follow_from_beginning(folder, log_line).await;
        if let Some(log) = self.log.take() {
            // A client that has gone meanwhile wants nothing.
            let _ = log.send(LiveLog { lines, began });
        }
    }

    /// How it went, in words, with the state that it ended in, if that is known.
    fn outcome(&self, why: &Why, took: Duration, over: Option<&TrialState>) -> Tried {
        let words = &self.trier.words;
        let (verdict, went) = match over {
            Some(TrialState::CannotStart(failure)) => return told(Verdict::Down, cannot_start(words, failure)),
            Some(TrialState::Cancelled) => return told(Verdict::Inconclusive, words.text("trial.replaced", &[])),
            Some(TrialState::Ended(ended)) if ended.by == EndedBy::Itself => self.ended(took, ended),
            _ => self.lasted(why, took),
        };
        let rest = match over {
            Some(TrialState::Ended(ended)) if !ended.left.is_empty() => {
                let left: Vec<String> = ended.left.iter().map(|left| words.leftover(left)).collect();
                words.text("trial.left", &[("left", &left.join("; "))])
            }
            Some(TrialState::Ended(ended)) if ended.by == EndedBy::Itself => return told(verdict, went),
            Some(TrialState::Ended(_)) => words.text("trial.stopped", &[]),
            _ => words.text("trial.perhaps_left", &[]),
        };
        told(verdict, format!("{went} {rest}"))
    }

    /// It has ended by itself.
    fn ended(&self, took: Duration, ended: &Ended) -> (Verdict, String) {
        let words = &self.trier.words;
        let restarts = self.program.restart.restarts(ended.exit);
        let verdict = match (ended.exit.is_success(), restarts, ended.daemon()) {
            (true, false, None) => Verdict::Up,
            (true, true, None) => Verdict::Inconclusive,
            _ => Verdict::Down,
        };
        let values = [("after", &*words.span(took)), ("exit", &*words.ended(ended))];
        let key = if restarts { "trial.ended.restarts" } else { "trial.ended" };
        (verdict, words.text(key, &values))
    }

    /// It has been stopped by us.
    fn lasted(&self, why: &Why, took: Duration) -> (Verdict, String) {
        let says_when_ready = self.program.ready.is_some();
        let (verdict, key) = match why {
            Why::Ready => (Verdict::Up, "trial.ready"),
            Why::TimeUp if says_when_ready => (Verdict::Inconclusive, "trial.not_ready"),
            Why::TimeUp => (Verdict::Up, "trial.ran"),
            Why::Asked if says_when_ready => (Verdict::Inconclusive, "trial.asked.not_ready"),
            Why::Asked => (Verdict::Up, "trial.asked"),
            Why::Itself => (Verdict::Inconclusive, "trial.replaced"),
        };
        (verdict, self.trier.words.text(key, &[("after", &self.trier.words.span(took))]))
    }
}

async fn secrets(ports: &EnginePorts, program: &Program) -> Result<Secrets, SecretError> {
    let stop = match &program.stop.how {
        StopHow::Command(line) => line.secret_env.as_slice(),
        StopHow::Signal(_) => &[],
    };
    let fetched = async {
        let start = ports.secrets(&program.command.secret_env).await?;
        Ok(Secrets { start, stop: ports.secrets(stop).await? })
    };
    bounded(GRACE, fetched).await.unwrap_or_else(|| Err(ports.no_secrets_in_time()))
}

/// Waits until it is ready, as far as it says how that is known.
async fn ready(program: &Program, trial: &Trial, trier: &Trier, began: Instant) {
    match &program.ready {
        None => pending().await,
        Some(Ready::Log(_) | Ready::Notify) => {
            let mut state = trial.state();
            let said = state.wait_for(|state| *state == TrialState::Running { ready: true }).await.is_ok();
            if !said {
                pending().await
            }
        }
        Some(Ready::Check { check, timeout }) => {
            let prober = Prober::new(Arc::new(trier.ports.clone()));
            loop {
                sleep(Program::question_pause(began.elapsed())).await;
                let probed = bounded(*timeout + GRACE, prober.probe(check, *timeout)).await;
                if probed.is_some_and(|probed| probed.verdict == Verdict::Up) {
                    return;
                }
            }
        }
    }
}

fn cannot_start(words: &Words, failure: &StartFailure) -> String {
    words.text("trial.cannot_start", &[("why", &words.start_failure(failure))])
}

/// What it has written; of a log that cannot be read nothing is told.
async fn lines(log: TrialLog) -> Vec<LogLine> {
    let read = spawn_blocking(move || log.last(LINES_LIMIT).unwrap_or_default());
    let lines = bounded(GRACE, read).await.and_then(Result::ok).unwrap_or_default();
    lines.into_iter().map(log_line).collect()
}
