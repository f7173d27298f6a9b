//! A named pipe.

use std::{
    io,
    path::{Path, PathBuf},
};

use estatus_access::{Admits, Peer, PipeListener, User, peer, user};
use tokio::net::windows::named_pipe::{NamedPipeClient, NamedPipeServer};

/// Where the engine of a data folder is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pipe: String,
    folder: PathBuf,
}

pub(crate) type ClientStream = NamedPipeClient;
pub(crate) type ServerStream = NamedPipeServer;

impl Endpoint {
    /// The endpoint of `folder`.
    pub fn of(folder: &Path) -> Self {
        Self { pipe: format!(r"\\.\pipe\{}", super::short_name(folder)), folder: folder.to_owned() }
    }

    /// Connects to whoever serves the pipe, if that may be an engine.
    pub(crate) async fn connect(&self) -> io::Result<ClientStream> {
        estatus_access::connect(&self.pipe, Some(&self.folder)).await
    }
}

/// Accepts connections.
pub(crate) struct PlatformListener(PipeListener);

impl PlatformListener {
    /// Takes the endpoint over.
    pub(crate) fn bind(endpoint: &Endpoint, admits: Admits) -> io::Result<Self> {
        PipeListener::bind(endpoint.pipe.clone(), admits).map(Self)
    }

    pub(crate) async fn accept(&mut self) -> io::Result<(ServerStream, Peer, User)> {
        loop {
            let stream = self.0.accept().await?;
            // Of whom nothing can be known, nothing is taken.
            if let (Ok(peer), Ok(user)) = (peer(&stream), user(&stream)) {
                return Ok((stream, peer, user));
            }
        }
    }
}
