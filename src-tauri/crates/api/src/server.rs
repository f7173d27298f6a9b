//! The engine's side of connections.

use std::{io, sync::Arc};

use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio_util::codec::Framed;

use crate::{
    codec::{ASKED_LIMIT, Codec},
    endpoint::{Endpoint, PlatformListener, ServerStream},
    request::{ApiError, ClientFrame, Event, Frame, Reply},
    state::Hello,
};

type Stream = Framed<ServerStream, Codec<ClientFrame, Frame>>;

/// Accepts clients. Only this user's and the administrator's processes get through.
pub struct Listener(PlatformListener);

impl Listener {
    /// Takes the endpoint over; whoever calls holds the engine lock of its folder.
    ///
    /// # Errors
    /// If the socket or the pipe cannot be made.
    pub fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        PlatformListener::bind(endpoint).map(Self)
    }

    /// The next client.
    ///
    /// # Errors
    /// If the system cannot accept one now, for want of file descriptors for instance.
    pub async fn accept(&mut self) -> io::Result<Connection> {
        let stream = self.0.accept().await?;
        let (sink, stream) = Framed::new(stream, Codec::new(ASKED_LIMIT)).split();
        Ok(Connection { incoming: stream, outgoing: Outgoing(sink) })
    }
}

/// A client that has connected.
pub struct Connection {
    incoming: SplitStream<Stream>,
    /// What is sent to it.
    pub outgoing: Outgoing,
}

impl Connection {
    /// The next request; `None` when the client has gone.
    ///
    /// # Errors
    /// If what came is no request.
    pub async fn next(&mut self) -> io::Result<Option<ClientFrame>> {
        self.incoming.next().await.transpose()
    }
}

/// The way to a client.
pub struct Outgoing(SplitSink<Stream, Frame>);

impl Outgoing {
    /// Sends the first frame.
    ///
    /// # Errors
    /// If the client has gone.
    pub async fn hello(&mut self, hello: Hello) -> io::Result<()> {
        self.0.send(Frame::Hello(Box::new(hello))).await
    }

    /// Answers a request.
    ///
    /// # Errors
    /// If the client has gone.
    pub async fn answer(&mut self, id: u64, result: Result<Reply, ApiError>) -> io::Result<()> {
        self.0.send(Frame::Answer { id, result }).await
    }

    /// Tells of something that changed.
    ///
    /// # Errors
    /// If the client has gone.
    pub async fn event(&mut self, event: Arc<Event>) -> io::Result<()> {
        self.0.send(Frame::Event(event)).await
    }
}
