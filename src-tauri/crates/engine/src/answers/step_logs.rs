//! What the commands of steps wrote.

use std::{io, sync::Arc};

use estatus_api::{ApiError, ErrorCode, Reply, StepOf};
use estatus_core::words::Words;
use tokio::task::spawn_blocking;

use super::{Answer, logs::LINES_LIMIT, reply_async, wrong};
use crate::{
    bounded::{GRACE, bounded},
    event_loop::EventLoop,
    step_log::StepLog,
    view,
    workers::Workers,
};

impl<W: Workers> EventLoop<W> {
    pub(super) fn read_step_log(&self, of: StepOf, lines: usize, answer: Answer) {
        let (log, words) = (self.step_log(of), view::words(self.core.config()));
        reply_async(answer, async move {
            let log = log.await?;
            let read = spawn_blocking(move || log.last(lines.min(LINES_LIMIT))).await;
            match read.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())) {
                Ok(lines) => Ok(Reply::Log(lines)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Reply::Log(Vec::new())),
                Err(error) => Err(unreadable(&words, "step_log.unreadable", &error.to_string())),
            }
        });
    }

    /// Where the log of a step is, and what of it is shown. A run that is over is looked up in the store.
    pub(super) fn step_log(
        &self,
        of: StepOf,
    ) -> impl Future<Output = Result<StepLog, ApiError>> + Send + use<W> + 'static {
        let (found, words) = (self.find_run(of.run), view::words(self.core.config()));
        let (host, ports) = (Arc::clone(&self.host), self.ports.clone());
        async move {
            let record = found.await?;
            let (log, places) = StepLog::of(&host.data, &record, of.place)
                .ok_or_else(|| wrong(words.text("refused.no_step_of_run", &[("run", &of.run.to_string())])))?;
            let never = || Err(ports.no_secrets_in_time());
            let secrets = bounded(GRACE, ports.secrets(&places)).await.unwrap_or_else(never);
            // Whatever cannot be hidden must not be shown.
            let secrets = secrets.map_err(|error| unreadable(&words, "step_log.no_secrets", &error.to_string()))?;
            Ok(StepLog { secrets, ..log })
        }
    }
}

fn unreadable(words: &Words, key: &str, error: &str) -> ApiError {
    ApiError { code: ErrorCode::Failed, message: words.text(key, &[("error", error)]) }
}
