//! The trials of one client.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use estatus_api::{ApiError, Event, LogLine, Reply, TrialOf};
use futures_util::FutureExt;
use tokio::sync::oneshot;

use crate::trying::{LiveLog, TriedProgram, Trying};

/// What comes of trials.
#[expect(clippy::large_enum_variant, reason = "it is told and gone")]
pub(super) enum TrialNews {
    /// There is something to tell of the program of one, like what it has written.
    Told(Arc<Event>),
    /// One is over.
    Over {
        /// The number of the request.
        id: u64,
        /// The answer to it.
        result: Result<Reply, ApiError>,
    },
}

/// Those that are under way.
#[derive(Default)]
pub(super) struct Trials(Vec<UnderWay>);

struct UnderWay {
    id: u64,
    of: TrialOf,
    trying: Trying,
    /// What is told of it first.
    first: Option<Event>,
    log: Log,
    is_given_up: bool,
}

/// What a program writes.
enum Log {
    /// There is nothing to be read, or no more.
    Nothing,
    /// It is there once the program runs.
    Awaited(oneshot::Receiver<LiveLog>),
    /// It is being read.
    Live(LiveLog),
}

impl Trials {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// One more, by the request of this number; one of the same that is not over is ended.
    pub(super) fn add(&mut self, id: u64, of: TrialOf, mut trying: Trying) {
        self.end(&of);
        let log = match &mut trying.program {
            Some(TriedProgram { log, .. }) => log.take().map_or(Log::Nothing, Log::Awaited),
            None => Log::Nothing,
        };
        let unready = trying.program.as_mut().map(|program| std::mem::take(&mut program.unready)).unwrap_or_default();
        let first = (!unready.is_empty()).then(|| Event::TrialUnready { of: of.clone(), unready });
        self.0.push(UnderWay { id, of, trying, first, log, is_given_up: false });
    }

    /// Ends those of `of` before their time: a program is stopped, anything else given up.
    pub(super) fn end(&mut self, of: &TrialOf) {
        for trial in self.0.iter_mut().filter(|trial| trial.of == *of) {
            match &mut trial.trying.program {
                // That it is dropped says it.
                Some(program) => drop(program.stop.take()),
                None => trial.is_given_up = true,
            }
        }
    }

    /// Waits for what comes next. Nothing is lost when this is dropped before it is done.
    pub(super) async fn next(&mut self) -> TrialNews {
        poll_fn(|context| {
            for index in 0..self.0.len() {
                if let Poll::Ready(news) = self.0[index].poll(context) {
                    if matches!(news, TrialNews::Over { .. }) {
                        self.0.remove(index);
                    }
                    return Poll::Ready(news);
                }
            }
            Poll::Pending
        })
        .await
    }
}

impl UnderWay {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<TrialNews> {
        if self.is_given_up {
            return Poll::Ready(TrialNews::Over { id: self.id, result: Err(self.trying.given_up.clone()) });
        }
        if let Some(first) = self.first.take() {
            return Poll::Ready(TrialNews::Told(Arc::new(first)));
        }
        if let Poll::Ready(lines) = self.log.poll(context) {
            let event = Event::TrialLog { of: self.of.clone(), lines };
            return Poll::Ready(TrialNews::Told(Arc::new(event)));
        }
        let result = ready!(self.trying.outcome.poll_unpin(context));
        Poll::Ready(TrialNews::Over { id: self.id, result })
    }
}

impl Log {
    /// The lines that come next.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Vec<LogLine>> {
        if let Self::Awaited(awaited) = self {
            *self = ready!(awaited.poll_unpin(context)).map_or(Self::Nothing, Self::Live);
        }
        let Self::Live(LiveLog { lines, began }) = self else { return Poll::Pending };
        loop {
            let mut new = ready!(lines.poll(context));
            new.retain(|line| line.at >= *began);
            if !new.is_empty() {
                return Poll::Ready(new);
            }
        }
    }
}
