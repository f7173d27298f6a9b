//! Runs that are repeated: what became of them is asked of the store first.

use estatus_api::{ApiError, Reply};
use estatus_core::{
    engine::{Input, Repeat},
    flow::run::RunRecord,
    ids::RunId,
    words::Words,
};
use estatus_store::Store;

use super::{Answer, failed, wrong};
use crate::{clients::stopping, clock, event_loop::EventLoop, view, workers::Workers};

/// A run that somebody wants to be repeated, as the store has it.
pub(crate) struct ToRepeat {
    record: Box<RunRecord>,
    how: Repeat,
    answer: Answer,
}

impl<W: Workers> EventLoop<W> {
    /// Has a run that is to be repeated looked up; it comes back to [`EventLoop::repeat`].
    pub(super) fn find_to_repeat(&self, run: RunId, how: Repeat, answer: Answer) {
        let words = view::words(self.core.config());
        let still_running = self.core.open_run(run).map(|_| still_running(&words, run));
        let (store, found) = (self.store.clone(), self.found_to_repeat.clone());
        tokio::spawn(async move {
            let record = match still_running {
                Some(refused) => Err(refused),
                None => ended(&store, run, &words).await,
            };
            let (refused, answer) = match record {
                Ok(record) => match found.send(ToRepeat { record, how, answer }).await {
                    Ok(()) => return,
                    Err(unheard) => (stopping(), unheard.0.answer),
                },
                Err(refused) => (refused, answer),
            };
            // A client that has gone meanwhile wants nothing.
            let _ = answer.send(Err(refused));
        });
    }

    /// Repeats a run.
    pub(crate) fn repeat(&mut self, ToRepeat { record, how, answer }: ToRepeat) {
        let asked = self.core.handle(Input::Repeat { record, how }, clock::now());
        let begun = Reply::Begun(self.core.asked_run());
        self.answer_once_on_disk(asked.map(|()| begun), answer);
    }
}

async fn ended(store: &Store, run: RunId, words: &Words) -> Result<Box<RunRecord>, ApiError> {
    // What has just ended is still on its way to the disk.
    store.flush().await;
    let record = store.run(run).await.map_err(failed(words.language()))?;
    let record = record.ok_or_else(|| super::no_run(words, run))?;
    if record.run.state.is_over() { Ok(Box::new(record)) } else { Err(still_running(words, run)) }
}

fn still_running(words: &Words, run: RunId) -> ApiError {
    wrong(words.text("refused.still_running", &[("run", &run.to_string())]))
}
