//! The way to the engine.

use std::{io, net::IpAddr, sync::Arc, time::Duration};

use rustls::{CertificateError, ClientConfig};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;

use crate::{
    socket::{Patience, hasten},
    wire::{Channel, KeepAlive, engine_name},
};

/// The engine is connected with, and has shown that it is it, within this.
const CONNECTS_WITHIN: Duration = Duration::from_secs(15);
/// After so long without a word the engine is asked whether it is there, and has so long to answer.
const KEEP_ALIVE: KeepAlive = KeepAlive { after: Duration::from_secs(20), within: Duration::from_secs(20) };

const CLOSED: &str = "the connection was closed";

/// A connection with the engine.
pub(crate) struct Connection {
    pub(crate) channel: Channel,
    /// This machine's address, as the way there begins with it.
    pub(crate) from: IpAddr,
    /// How long it waits for what is sent.
    pub(crate) patience: Patience,
}

/// Why the engine is not reached.
#[derive(Debug)]
pub(crate) enum NoWay {
    /// Somebody else answers, whom the token does not name.
    Another,
    /// Nobody does, or not as he should.
    Unreachable(String),
}

impl From<io::Error> for NoWay {
    fn from(error: io::Error) -> Self {
        let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match of_tls {
            Some(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)) => Self::Another,
            _ => Self::Unreachable(in_words(&error)),
        }
    }
}

/// What an error says: no more of that a connection was closed, and not the number that the system has for it.
pub(crate) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => CLOSED.to_owned(),
        _ => in_plain_words(&error.to_string()),
    }
}

/// The same of an error of which nothing is left but its text.
pub(crate) fn in_plain_words(text: &str) -> String {
    /// What TLS has for it, with an address where more is said.
    const BY_TLS: &str = "peer closed connection";
    let words = text.split_once(" (os error").map_or(text, |(words, _)| words);
    if words.starts_with(BY_TLS) { CLOSED.to_owned() } else { words.to_owned() }
}

/// A connection with the engine at `server`, by TLS.
pub(crate) async fn encrypted(server: &str, config: ClientConfig) -> Result<Connection, NoWay> {
    within(async {
        let stream = connect(server).await?;
        let from = stream.local_addr()?.ip();
        let patience = Patience::of(&stream)?;
        let name = engine_name().map_err(io::Error::other)?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let channel = Channel::over(stream, Some(KEEP_ALIVE)).await.map_err(io::Error::other)?;
        Ok(Connection { channel, from, patience })
    })
    .await
}

/// A connection with a monitor at `server`, in plain text.
pub(crate) async fn plain(server: &str) -> Result<Connection, NoWay> {
    within(async {
        let stream = connect(server).await?;
        let from = stream.local_addr()?.ip();
        let patience = Patience::of(&stream)?;
        let channel = Channel::over(stream, None).await.map_err(io::Error::other)?;
        Ok(Connection { channel, from, patience })
    })
    .await
}

async fn connect(server: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(server).await?;
    hasten(&stream)?;
    Ok(stream)
}

async fn within(connects: impl Future<Output = Result<Connection, NoWay>>) -> Result<Connection, NoWay> {
    let late = || NoWay::Unreachable(format!("no answer within {} s", CONNECTS_WITHIN.as_secs()));
    timeout(CONNECTS_WITHIN, connects).await.unwrap_or_else(|_| Err(late()))
}
