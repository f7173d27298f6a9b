//! A connection with a shim, and how it comes about.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use estatus_access::create_private_subfolder;
use estatus_core::program::Found;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    platform::{self, EngineEnd, Shims},
    shim::{Frames, PROTOCOL, ShimMessage, ShimRequest},
};

/// A new shim may have to end first what the one before it has left behind.
const HELLO_WITHIN: Duration = Duration::from_secs(15);
/// A shim that takes nothing for so long is lost.
const ASKED_WITHIN: Duration = Duration::from_secs(5);
/// For how long a shim is tried to be had that says nothing of why there is none.
const RAISED_WITHIN: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// How the shim of one program is reached.
pub(super) struct ShimConnector {
    pub(super) folder: PathBuf,
    shims: Arc<Shims>,
    /// How long a shim may take to say how its program stands.
    pub(super) hello_within: Duration,
}

/// Whether that came of a shim that is there and says nothing: as long as it is, there can be no other.
pub(super) fn is_silent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::TimedOut
}

impl ShimConnector {
    pub(super) const fn new(folder: PathBuf, shims: Arc<Shims>) -> Self {
        Self { folder, shims, hello_within: HELLO_WITHIN }
    }

    /// A connection with the shim that is there, and how the program stands.
    pub(super) async fn connect(&self) -> io::Result<(ShimClient, Found)> {
        ShimClient::begin(platform::connect(&self.folder).await?, self.hello_within).await
    }

    /// The same with a new shim, if there is none.
    pub(super) async fn raise(&self) -> io::Result<(ShimClient, Found)> {
        create_private_subfolder(&self.folder)?;
        let deadline = Instant::now() + RAISED_WITHIN;
        let mut pause = FIRST_PAUSE;
        loop {
            match self.connect().await {
                Ok(linked) => return Ok(linked),
                Err(error) if is_silent(&error) => return Err(error),
                Err(_) => {}
            }
            match self.raise_one().await {
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && Instant::now() < deadline => {}
                done => return done,
            }
            // One shim goes as another comes.
            sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    async fn raise_one(&self) -> io::Result<(ShimClient, Found)> {
        ShimClient::begin(self.shims.start(&self.folder).await?, self.hello_within).await
    }
}

/// A connection with a shim.
pub(super) struct ShimClient(Frames<EngineEnd>);

impl ShimClient {
    async fn begin(stream: EngineEnd, within: Duration) -> io::Result<(Self, Found)> {
        let mut link = Self(Frames::new(stream));
        let silent = |_| io::Error::new(io::ErrorKind::TimedOut, "it is there, and does not answer");
        let hello = timeout(within, link.0.next()).await.map_err(silent)??;
        match hello {
            Some(ShimMessage::Hello { protocol: PROTOCOL, found }) => Ok((link, found)),
            Some(ShimMessage::Trouble { error }) => Err(io::Error::other(error)),
            Some(ShimMessage::Hello { .. } | ShimMessage::Event(_)) => {
                link.ask(&ShimRequest::StepAside).await?;
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Asks for something; an error means that the shim is lost.
    pub(super) async fn ask(&mut self, asked: &ShimRequest) -> io::Result<()> {
        timeout(ASKED_WITHIN, self.0.send(asked)).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// What the shim tells next; nothing if it is lost. Nothing is lost when this is dropped before it is done.
    pub(super) async fn told(&mut self) -> Option<ShimMessage> {
        self.0.next().await.ok().flatten()
    }
}
