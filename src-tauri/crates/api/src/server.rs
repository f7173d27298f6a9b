//! The engine's side of connections.

use std::{io, sync::Arc};

use estatus_access::{Admits, Peer, User};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio_util::codec::Framed;

use crate::{
    codec::{ASKED_LIMIT, Codec, STEERED_LIMIT},
    endpoint::{Endpoint, PlatformListener, ServerStream},
    permission::Permission,
    request::{ApiError, ClientFrame, Event, Frame, Reply},
    state::Hello,
};

type Stream = Framed<ServerStream, Codec<ClientFrame, Frame>>;

/// Accepts clients.
pub struct Listener {
    platform: PlatformListener,
    admits: Admits,
}

impl Listener {
    /// Takes the endpoint over, for those whom it `admits`; whoever calls holds the engine lock of its folder.
    ///
    /// # Errors
    /// If the socket or the pipe cannot be made.
    pub fn bind(endpoint: &Endpoint, admits: Admits) -> io::Result<Self> {
        Ok(Self { platform: PlatformListener::bind(endpoint, admits)?, admits })
    }

    /// The next client of those who are admitted. Nobody is lost if this is not waited for to the end.
    ///
    /// # Errors
    /// If the system cannot accept one now, for want of file descriptors for instance.
    pub async fn accept(&mut self) -> io::Result<Connection> {
        loop {
            let (stream, peer, user) = self.platform.accept().await?;
            if self.admits.admits(peer) {
                return Ok(Connection::new(stream, peer, user));
            }
        }
    }
}

/// A client that has connected.
pub struct Connection {
    peer: Peer,
    user: User,
    incoming: SplitStream<Stream>,
    /// What is sent to it.
    pub outgoing: Outgoing,
}

impl Connection {
    fn new(stream: ServerStream, peer: Peer, user: User) -> Self {
        let limit = if Permission::of(peer) == Permission::Edit { ASKED_LIMIT } else { STEERED_LIMIT };
        let (sink, stream) = Framed::new(stream, Codec::new(limit)).split();
        Self { peer, user, incoming: stream, outgoing: Outgoing(sink) }
    }

    /// Who it is.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Which user it is.
    pub fn user(&self) -> &User {
        &self.user
    }

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
