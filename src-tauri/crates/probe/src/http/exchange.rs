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
use http::{Request, Response, Version};
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

/// The most that is buffered of what comes in, and so the longest header, in bytes; Chromium's limit.
const BUFFER: usize = 256 * 1024;

/// How much of an answer may be on its way over HTTP/2, in bytes.
const WINDOW: u32 = 64 * 1024;

/// The most fields that a header may have; curl's limit.
const FIELDS: usize = 5000;

/// Old servers understand header names only in title case; what browsers forgive in an answer is forgiven here.
static HTTP1: LazyLock<http1::Builder> = LazyLock::new(|| {
    let mut builder = http1::Builder::new();
    builder
        .max_buf_size(BUFFER)
        .max_headers(FIELDS)
        .title_case_headers(true)
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .ignore_invalid_headers_in_responses(true);
    builder
});

/// A connection with one request on it.
pub(super) struct Exchange {
    connection: Option<BoxFuture<'static, hyper::Result<()>>>,
    /// What broke the connection, if hyper tells nobody else.
    broken: Option<hyper::Error>,
    tasks: Tasks,
    running: Vec<BoxFuture<'static, ()>>,
    stage: Stage,
}

/// Why there is no answer.
pub(super) enum Refusal {
    /// The server did nothing, as it speaks HTTP/1.1 only where this is asked for (RFC 9113, section 7).
    WantsHttp1,
    /// For another reason.
    Failed(Cause),
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
    ) -> Result<(Answer, Self), Refusal> {
        let marks = Arc::<Marks>::default();
        let wire = TokioIo::new(Wire::over(stream, Arc::clone(&marks)));
        let failed = |error| Refusal::Failed(cause::of_hyper(&error));
        if is_http2 {
            let tasks = Tasks::default();
            let (mut sender, connection) = http2(&tasks).handshake(wire).await.map_err(failed)?;
            let answer = sender.send_request(request);
            let mut exchange = Self::over(connection, tasks, Stage::Sending(marks));
            let answer = exchange.drive(trace, answer).await.map_err(|error| exchange.refusal(&error))?;
            trace.enter(Phase::Body);
            exchange.stage = Stage::Answered;
            Ok((answer, exchange))
        } else {
            let (mut sender, connection) = HTTP1.handshake(wire).await.map_err(failed)?;
            let answer = sender.send_request(request);
            let mut exchange = Self::over(connection, Tasks::default(), Stage::Watching(Arc::clone(&marks)));
            let mut answer = exchange.drive(trace, answer).await.map_err(|error| exchange.refusal(&error))?;
            if marks.is_http10() {
                *answer.version_mut() = Version::HTTP_10;
            }
            Ok((answer, exchange))
        }
    }

    fn over(connection: impl Future<Output = hyper::Result<()>> + Send + 'static, tasks: Tasks, stage: Stage) -> Self {
        Self { connection: Some(Box::pin(connection)), broken: None, tasks, running: Vec::new(), stage }
    }

    /// What `error`, which the wait for the answer or its body ended with, means.
    pub(super) fn cause(&self, error: &hyper::Error) -> Cause {
        cause::of_hyper(self.telling(error))
    }

    fn refusal(&self, error: &hyper::Error) -> Refusal {
        let error = self.telling(error);
        if cause::wants_http1(error) { Refusal::WantsHttp1 } else { Refusal::Failed(cause::of_hyper(error)) }
    }

    /// What broke the connection, where `error` says no more than that it is gone.
    fn telling<'a>(&'a self, error: &'a hyper::Error) -> &'a hyper::Error {
        let is_mute = error.is_canceled() || error.is_closed();
        self.broken.as_ref().filter(|_| is_mute).unwrap_or(error)
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
        if let Some(connection) = &mut self.connection
            && let Poll::Ready(ended) = connection.as_mut().poll(cx)
        {
            self.broken = ended.err();
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
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
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
