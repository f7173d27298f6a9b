//! What one client has asked to be told, and the others have not.

use std::{
    future::pending,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use estatus_api::{Event, StepOf};
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::{
    log_lines::Lines,
    step_log::{Span, StepLog},
    view::log_line,
};

/// What programs use is measured so often.
const USAGE_EVERY: Duration = Duration::from_secs(2);

/// What there is to do for a client.
pub(super) enum Due {
    /// It is told this.
    Log(Arc<Event>),
    /// What programs use is measured.
    Usage,
}

/// What a client follows.
pub(super) struct Following {
    data: PathBuf,
    log: Option<ProgramLog>,
    step: Option<FollowedStep>,
    usage: Option<Interval>,
}

struct ProgramLog {
    program: Arc<str>,
    lines: Lines,
}

struct FollowedStep {
    of: StepOf,
    /// When it was under way, as far as that has been heard.
    span: Span,
    lines: Lines,
}

impl Following {
    /// Nothing yet.
    pub(super) fn new(data: &Path) -> Self {
        Self { data: data.to_owned(), log: None, step: None, usage: None }
    }

    /// Follows this from now on, and only this. When it is done, no line that comes is missed.
    pub(super) async fn set(&mut self, log_of: Option<&str>, step: Option<(StepOf, StepLog)>, usage: bool) {
        self.usage = usage.then(|| {
            let mut every = interval(USAGE_EVERY);
            every.set_missed_tick_behavior(MissedTickBehavior::Delay);
            every
        });
        self.log = match log_of {
            Some(program) => {
                let lines = Lines::follow(estatus_program::folder(&self.data, program), log_line).await;
                Some(ProgramLog { program: program.into(), lines })
            }
            None => None,
        };
        self.step = match step {
            Some((of, log)) => {
                let (folder, span) = (log.folder.clone(), log.span);
                Some(FollowedStep { of, span, lines: Lines::follow(folder, move |line| log.shown(line)).await })
            }
            None => None,
        };
    }

    /// Whether the client is to be told.
    pub(super) fn wants(&self, event: &Event) -> bool {
        self.usage.is_some() || !matches!(event, Event::Usage(_))
    }

    /// Something has changed: perhaps the step that is followed has begun, or ended.
    pub(super) fn hear(&mut self, event: &Event) {
        let Event::Step { run, place, step } = event else { return };
        let heard = StepOf { run: *run, place: *place };
        if let Some(followed) = self.step.as_mut().filter(|followed| followed.of == heard) {
            followed.span = Span::of_status(step);
        }
    }

    /// Waits for what comes next. Nothing is lost when this is dropped before it is done.
    pub(super) async fn next(&mut self) -> Due {
        let (log, step, usage) = (&mut self.log, &mut self.step, &mut self.usage);
        tokio::select! {
            event = log_of(log) => Due::Log(event),
            event = log_of_step(step) => Due::Log(event),
            () = tick_of(usage) => Due::Usage,
        }
    }
}

async fn log_of(log: &mut Option<ProgramLog>) -> Arc<Event> {
    match log {
        Some(ProgramLog { program, lines }) => {
            let lines = lines.next().await;
            Arc::new(Event::Log { program: Arc::clone(program), lines })
        }
        None => pending().await,
    }
}

async fn log_of_step(step: &mut Option<FollowedStep>) -> Arc<Event> {
    let Some(FollowedStep { of, span, lines }) = step else { return pending().await };
    loop {
        let mut lines = lines.next().await;
        // The log is that of all runs.
        lines.retain(|line| span.has(line.at));
        if !lines.is_empty() {
            return Arc::new(Event::StepLog { of: *of, lines });
        }
    }
}

async fn tick_of(usage: &mut Option<Interval>) {
    match usage {
        Some(every) => drop(every.tick().await),
        None => pending().await,
    }
}
