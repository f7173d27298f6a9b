//! Runs that are repeated: what became of them is asked of the store first.

use estatus_api::{ApiError, Reply};
use estatus_core::{
    engine::{Input, Repeat},
    ids::RunId,
    words::Words,
};

use super::{Answer, wrong};
use crate::{
    clients::{ToRepeat, stopping},
    clock,
    event_loop::EventLoop,
    view,
    workers::Workers,
};

impl<W: Workers> EventLoop<W> {
    /// Has a run that is to be repeated looked up; it comes back to [`EventLoop::repeat`].
    pub(super) fn find_to_repeat(&self, run: RunId, how: Repeat, answer: Answer) {
        let (record, words) = (self.find_run(run), view::words(self.core.config()));
        let found = self.found_to_repeat.clone();
        tokio::spawn(async move {
            let (refused, answer) = match record.await {
                Ok(record) if !record.run.state.is_over() => (still_running(&words, run), answer),
                Ok(record) => match found.send(ToRepeat { record: Box::new(record), how, answer }).await {
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

fn still_running(words: &Words, run: RunId) -> ApiError {
    wrong(words.text("refused.still_running", &[("run", &run.to_string())]))
}
