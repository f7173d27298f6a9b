//! One request and its answer on one connection, driven without a task of its own: dropping it ends it all.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use estatus_core::{
    observation::{Cause, Phase},
    ports::BoxFuture,
};
use http::{Request, Response};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
    rt::Executor,
};
use hyper_util::rt::TokioIo;

use super::wire::{Marks, Stream, Wire};
use crate::{cause, trace::Trace};

/// An answer, of which the head has come.
pub(super) type Answer = Response<Incoming>;

/// The most that is buffered of what comes in, and so the longest header, in bytes.
const BUFFER: usize = 64 * 1024;

/// Old servers understand header names only in title case; what browsers forgive in an answer is forgiven here.
static HTTP1: LazyLock<http1::Builder> = LazyLock::new(|| {
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(BUFFER)
        .title_case_headers(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    builder
});

/// A connection with one request on it.
pub(super) struct Exchange {
    connection: Option<BoxFuture<'static, ()>>,
    tasks: Tasks,
    running: Vec<BoxFuture<'static, ()>>,
    stage: Stage,
}

/// How the phases of an exchange are told apart.
enum Stage {
    /// By what goes over the wire.
    Watching(Arc<Marks>),
    /// By what hyper reports: over HTTP/2 the first bytes are not of the answer.
    Sending(Arc<Marks>),
    /// The answer is coming.
    Answered,
}

impl Exchange {
    /// Sends `request` over `stream` and waits for the head of the answer.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) async fn begin(
        stream: Stream,
        is_http2: bool,
        request: Request<Full<Bytes>>,
        trace: &mut Trace,
    ) -> Result<(Answer, Self), Cause> {
        let marks = Arc::<Marks>::default();
        let wire = TokioIo::new(Wire { stream, marks: Arc::clone(&marks) });
        let failed = |error| cause::of_hyper(&error);
        if is_http2 {
            let tasks = Tasks::default();
            let (mut sender, connection) = http2(&tasks).handshake(wire).await.map_err(failed)?;
            let answer = sender.send_request(request);
            let mut exchange = Self::over(connection, tasks, Stage::Sending(marks));
            let answer = exchange.drive(trace, answer).await.map_err(failed)?;
            trace.enter(Phase::Body);
            exchange.stage = Stage::Answered;
            Ok((answer, exchange))
        } else {
            let (mut sender, connection) = HTTP1.handshake(wire).await.map_err(failed)?;
            let answer = sender.send_request(request);
            let mut exchange = Self::over(connection, Tasks::default(), Stage::Watching(marks));
            let answer = exchange.drive(trace, answer).await.map_err(failed)?;
            Ok((answer, exchange))
        }
    }

    fn over(connection: impl Future<Output = hyper::Result<()>> + Send + 'static, tasks: Tasks, stage: Stage) -> Self {
        // What breaks the connection is reported to whoever waits for the answer or its body, too.
        let connection: BoxFuture<'static, ()> = Box::pin(async { drop(connection.await) });
        Self { connection: Some(connection), tasks, running: Vec::new(), stage }
    }

    /// Lets the connection work until `work`, which waits for it, is done.
    pub(super) async fn drive<T>(&mut self, trace: &mut Trace, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|cx| {
            self.poll_connection(cx);
            self.note(trace);
            work.as_mut().poll(cx)
        })
        .await
    }

    fn poll_connection(&mut self, cx: &mut Context<'_>) {
        if self.connection.as_mut().is_some_and(|connection| connection.as_mut().poll(cx).is_ready()) {
            self.connection = None;
        }
        self.running.retain_mut(|task| task.as_mut().poll(cx).is_pending());
        loop {
            let begun = self.tasks.take();
            if begun.is_empty() {
                return;
            }
            self.running.extend(begun.into_iter().filter_map(|mut task| match task.as_mut().poll(cx) {
                Poll::Ready(()) => None,
                Poll::Pending => Some(task),
            }));
        }
    }

    fn note(&mut self, trace: &mut Trace) {
        match &self.stage {
            Stage::Watching(marks) if marks.is_answered() => {
                trace.enter(Phase::Body);
                self.stage = Stage::Answered;
            }
            Stage::Watching(marks) | Stage::Sending(marks) if marks.is_sent() => trace.enter_once(Phase::FirstByte),
            _ => {}
        }
    }
}

fn http2(tasks: &Tasks) -> http2::Builder<Tasks> {
    let mut builder = http2::Builder::new(tasks.clone());
    builder
        .initial_stream_window_size(BUFFER as u32)
        .initial_connection_window_size(BUFFER as u32)
        .max_header_list_size(BUFFER as u32);
    builder
}

/// What hyper would have run beside an HTTP/2 connection; the exchange runs it itself.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<Vec<BoxFuture<'static, ()>>>>);

impl Tasks {
    fn take(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, task: F) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::pin(task));
    }
}
