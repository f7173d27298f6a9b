//! A connection with one call: what comes, and what is to be sent, by one task that sleeps while there is neither.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use prost::Message;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::timeout,
};
use tonic::Status;

use super::{
    connection::Stream,
    http2::{Came, Http2},
    line::Line,
};

/// So much is read at once.
const READ: usize = 16 * 1024;
/// Nothing that is said to an agent is longer.
const LONGEST: usize = 4 * 1024;
/// Whoever is told that it is over has so long to take it, and to go.
const GOES_WITHIN: Duration = Duration::from_secs(2);

thread_local! {
    /// What is read is taken at once, so that all connections share this.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// The connection.
pub(crate) struct OneCall {
    stream: Stream,
    http: Http2,
}

/// What is next.
pub(crate) enum Next {
    /// This has come, which may be nothing of interest.
    Came(Vec<Came>),
    /// The line says that it is over.
    Close(Status),
    /// The other side has gone, or does not speak as it should.
    Gone,
}

impl OneCall {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, http: Http2::default() }
    }

    /// What is next. What `line` says meanwhile is said.
    pub(crate) async fn next(&mut self, line: Option<&Line>) -> Next {
        poll_fn(|context| self.poll_next(context, line)).await
    }

    /// Asks the other side whether it is there.
    pub(crate) fn ping(&mut self) {
        self.http.ping();
    }

    /// Says why it is over, and waits for a moment until that has come through.
    pub(crate) async fn end(mut self, why: &Status) {
        self.http.end(why);
        let end = async {
            // To close at once would take from the other side what it has not read.
            while !matches!(self.next(None).await, Next::Gone) {}
            self.stream.shutdown().await
        };
        let _ = timeout(GOES_WITHIN, end).await;
    }

    fn poll_next(&mut self, context: &mut Context<'_>, line: Option<&Line>) -> Poll<Next> {
        if let Some(why) = line.and_then(|line| self.take_orders(context, line)) {
            return Poll::Ready(Next::Close(why));
        }
        if self.send(context).is_err() {
            return Poll::Ready(Next::Gone);
        }
        BUFFER.with_borrow_mut(|buffer| {
            let mut read = ReadBuf::new(buffer);
            match Pin::new(&mut self.stream).poll_read(context, &mut read) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Ok(())) if !read.filled().is_empty() => {
                    let mut came = Vec::new();
                    let taken = self.http.take(read.filled(), &mut |one| came.push(one));
                    Poll::Ready(if taken.is_ok() { Next::Came(came) } else { Next::Gone })
                }
                Poll::Ready(_) => Poll::Ready(Next::Gone),
            }
        })
    }

    fn take_orders(&mut self, context: &Context<'_>, line: &Line) -> Option<Status> {
        while self.http.has_room(LONGEST) {
            match line.next(context.waker())? {
                Ok(order) => self.http.send(&order.encode_to_vec()),
                Err(why) => return Some(why),
            }
        }
        None
    }

    /// Sends what can be sent now.
    fn send(&mut self, context: &mut Context<'_>) -> Result<(), ()> {
        let waiting = self.http.waiting();
        while !waiting.is_empty() {
            match Pin::new(&mut self.stream).poll_write(context, waiting) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(bytes)) if bytes > 0 => drop(waiting.drain(..bytes)),
                Poll::Ready(_) => return Err(()),
            }
        }
        // There is seldom something, and it is short.
        *waiting = Vec::new();
        match Pin::new(&mut self.stream).poll_flush(context) {
            Poll::Ready(Err(_)) => Err(()),
            Poll::Pending | Poll::Ready(Ok(())) => Ok(()),
        }
    }
}
