//! A client's side of a connection.

mod liveness;

use std::{io, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use liveness::Liveness;
use tokio_util::codec::Framed;

use crate::{
    codec::{ANSWER_LIMIT, Codec},
    endpoint::{ClientStream, Endpoint},
    request::{ApiError, ClientFrame, ErrorCode, Event, Frame, Reply, Request},
    state::{Hello, PROTOCOL},
};

/// An engine that lives says hello within this.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// No engine runs on the folder.
    #[error("no engine runs on this data folder; start one with `estatus run`")]
    NoEngine,
    /// The engine speaks another version of the contract.
    #[error("the engine is of version {version} and speaks another protocol; use the same version of Estatus for both")]
    OtherVersion {
        /// The engine's version.
        version: String,
    },
    /// The engine is there and says nothing.
    #[error("the engine does not answer; if that goes on, end its process and start it again")]
    Silent,
    /// The engine cannot be talked to.
    #[error("the engine cannot be reached: {0}")]
    Io(#[from] io::Error),
}

/// What an engine says to one who asks and listens at the same time.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "it is heard and gone")]
pub enum Said {
    /// The answer to a request.
    Answer {
        /// The request's number.
        id: u64,
        /// The answer.
        result: Result<Reply, ApiError>,
    },
    /// Something that changed.
    Event(Arc<Event>),
}

type Stream = Framed<ClientStream, Codec<Frame, ClientFrame>>;

/// A connection to the engine.
pub struct Client {
    stream: Stream,
    hello: Hello,
    last: u64,
    liveness: Liveness,
}

impl Client {
    /// Connects to the engine at `endpoint`.
    ///
    /// # Errors
    /// If none runs there, it does not answer, or it speaks another version of the contract.
    pub async fn attach(endpoint: &Endpoint) -> Result<Self, AttachError> {
        match greeted(endpoint).await? {
            (stream, Frame::Hello(hello)) if hello.protocol == PROTOCOL => {
                let endpoint = endpoint.clone();
                let liveness = Liveness::new(move || greets(endpoint.clone()));
                Ok(Self { stream, hello: *hello, last: 0, liveness })
            }
            (_, Frame::Hello(hello)) => Err(AttachError::OtherVersion { version: hello.version }),
            _ => Err(AttachError::Io(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// What the engine said first.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// Asks, and waits for the answer, for as long as the engine lives. Events that come meanwhile are passed over.
    ///
    /// # Errors
    /// What the engine answers, or that the connection is gone or the engine hangs.
    pub async fn request(&mut self, request: Request) -> Result<Reply, ApiError> {
        let id = self.ask(request).await?;
        loop {
            match self.next_frame().await? {
                Frame::Answer { id: answered, result } if answered == id => return result,
                Frame::Hello(_) | Frame::Answer { .. } | Frame::Event(_) => {}
            }
        }
    }

    /// The next event.
    ///
    /// # Errors
    /// If the connection is gone; attach again, then.
    pub async fn event(&mut self) -> Result<Arc<Event>, ApiError> {
        loop {
            if let Frame::Event(event) = self.next_frame().await? {
                return Ok(event);
            }
        }
    }

    /// Asks, without waiting for the answer: [`Client::hear`] brings it, with the number that this returns.
    ///
    /// # Errors
    /// That the connection is gone, or the engine hangs.
    pub async fn ask(&mut self, request: Request) -> Result<u64, ApiError> {
        self.last += 1;
        self.liveness.asked();
        tokio::select! {
            biased;
            sent = self.stream.send(ClientFrame { id: self.last, request }) => sent.map_err(gone)?,
            () = self.liveness.hangs() => return Err(self.hangs()),
        }
        Ok(self.last)
    }

    /// What the engine says next. Nothing is lost if this is not waited for to the end.
    ///
    /// # Errors
    /// If the connection is gone, or the engine owes an answer and hangs; attach again, then.
    pub async fn hear(&mut self) -> Result<Said, ApiError> {
        loop {
            match self.next_frame().await? {
                Frame::Answer { id, result } => return Ok(Said::Answer { id, result }),
                Frame::Event(event) => return Ok(Said::Event(event)),
                Frame::Hello(_) => {}
            }
        }
    }

    async fn next_frame(&mut self) -> Result<Frame, ApiError> {
        let next = tokio::select! {
            biased;
            next = self.stream.next() => next,
            () = self.liveness.hangs() => return Err(self.hangs()),
        };
        let frame = next.ok_or_else(|| gone(io::ErrorKind::UnexpectedEof.into()))?.map_err(gone)?;
        if let Frame::Answer { .. } = frame {
            self.liveness.answered();
        }
        Ok(frame)
    }

    fn hangs(&self) -> ApiError {
        let message = format!("process {}: {}", self.hello.host.pid, AttachError::Silent);
        ApiError { code: ErrorCode::Silent, message }
    }
}

/// A connection, and what the engine says first on it.
async fn greeted(endpoint: &Endpoint) -> Result<(Stream, Frame), AttachError> {
    let stream = endpoint.connect().await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AttachError::NoEngine,
        io::ErrorKind::TimedOut => AttachError::Silent,
        _ => AttachError::Io(error),
    })?;
    let mut stream = Framed::new(stream, Codec::new(ANSWER_LIMIT));
    let first = tokio::time::timeout(HELLO_WITHIN, stream.next()).await.map_err(|_| AttachError::Silent)?;
    Ok((stream, first.ok_or(io::ErrorKind::UnexpectedEof).map_err(io::Error::from)??))
}

/// Whether the engine greets one more client. Of one that is going, or has gone, the connection tells.
async fn greets(endpoint: Endpoint) -> bool {
    !matches!(greeted(&endpoint).await, Err(AttachError::Silent))
}

fn gone(error: io::Error) -> ApiError {
    ApiError { code: ErrorCode::Gone, message: format!("the connection to the engine is gone: {error}") }
}

#[cfg(test)]
mod tests {
    use estatus_core::engine::Ask;

    use super::*;
    use crate::{Admits, Host, HostKind, Listener, Permission, Snapshot};

    fn hello(protocol: u32) -> Hello {
        let (kind, started) = (HostKind::Terminal, jiff::Timestamp::UNIX_EPOCH);
        let host = Host { kind, pid: 1, started, config: "c".into(), data: "d".into() };
        let permission = Permission::Edit;
        Hello { protocol, version: "0".into(), host, permission, snapshot: Snapshot::default() }
    }

    async fn engine(mut listener: Listener, protocol: u32) -> io::Result<()> {
        let mut connection = listener.accept().await?;
        connection.outgoing.hello(hello(protocol)).await?;
        while let Some(asked) = connection.next().await? {
            connection.outgoing.event(Arc::new(Event::MonitorGone("m".into()))).await?;
            connection.outgoing.answer(asked.id, Ok(Reply::Done)).await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_client_asks_and_the_engine_answers() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        let server = tokio::spawn(engine(Listener::bind(&endpoint, Admits::ThisUser).unwrap(), PROTOCOL));
        let mut client = Client::attach(&endpoint).await.unwrap();
        assert_eq!(client.hello(), &hello(PROTOCOL));
        assert_eq!(client.request(Request::Do(Ask::CheckNow { monitor: None })).await, Ok(Reply::Done));
        assert_eq!(client.request(Request::Status).await, Ok(Reply::Done));
        drop(client);
        server.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_client_that_listens_while_it_asks_misses_no_event() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        let server = tokio::spawn(engine(Listener::bind(&endpoint, Admits::ThisUser).unwrap(), PROTOCOL));
        let mut client = Client::attach(&endpoint).await.unwrap();
        let id = client.ask(Request::Status).await.unwrap();
        let event = Said::Event(Arc::new(Event::MonitorGone("m".into())));
        assert_eq!(client.hear().await, Ok(event));
        assert_eq!(client.hear().await, Ok(Said::Answer { id, result: Ok(Reply::Done) }));
        server.abort();
        assert_eq!(client.hear().await.map_err(|error| error.code), Err(ErrorCode::Gone));
    }

    #[tokio::test]
    async fn a_client_that_asks_an_engine_that_hangs_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        let mut listener = Listener::bind(&endpoint, Admits::ThisUser).unwrap();
        let greeted = async {
            let mut connection = listener.accept().await.unwrap();
            connection.outgoing.hello(hello(PROTOCOL)).await.unwrap();
            connection
        };
        let (client, connection) = tokio::join!(Client::attach(&endpoint), greeted);
        tokio::time::pause();
        let answer = client.unwrap().request(Request::Status).await;
        assert_eq!(answer.map_err(|error| error.code), Err(ErrorCode::Silent));
        drop(connection);
    }

    #[tokio::test]
    async fn without_an_engine_a_client_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        assert!(matches!(Client::attach(&endpoint).await, Err(AttachError::NoEngine)));
        drop(Listener::bind(&endpoint, Admits::ThisUser).unwrap());
        assert!(matches!(Client::attach(&endpoint).await, Err(AttachError::NoEngine)));
    }

    #[tokio::test]
    async fn an_engine_of_another_version_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        tokio::spawn(engine(Listener::bind(&endpoint, Admits::ThisUser).unwrap(), PROTOCOL + 1));
        assert!(matches!(Client::attach(&endpoint).await, Err(AttachError::OtherVersion { .. })));
    }

    /// The pipe of a dead engine is gone with it; a socket stays.
    #[cfg(unix)]
    #[tokio::test]
    async fn the_engine_that_takes_the_lock_takes_over_a_dead_engines_socket() {
        let folder = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(folder.path());
        let dead = Listener::bind(&endpoint, Admits::ThisUser).unwrap();
        std::mem::forget(dead);
        let server = tokio::spawn(engine(Listener::bind(&endpoint, Admits::ThisUser).unwrap(), PROTOCOL));
        drop(Client::attach(&endpoint).await.unwrap());
        server.await.unwrap().unwrap();
    }
}
