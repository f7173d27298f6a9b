//! A connection with a shim, and how it comes about.

use std::{io, path::PathBuf, sync::Arc, time::Duration};

use estatus_core::program::Found;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    platform::{self, EngineEnd, Shims},
    shim::{Asked, Frames, PROTOCOL, Told},
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
pub(super) struct Reach {
    pub(super) folder: PathBuf,
    pub(super) shims: Arc<Shims>,
}

impl Reach {
    /// A connection with the shim that is there, and how the program stands.
    pub(super) async fn connect(&self) -> io::Result<(Link, Found)> {
        Link::begin(platform::connect(&self.folder).await?).await
    }

    /// The same with a new shim, if there is none.
    pub(super) async fn raise(&self) -> io::Result<(Link, Found)> {
        platform::make_private(&self.folder)?;
        let deadline = Instant::now() + RAISED_WITHIN;
        let mut pause = FIRST_PAUSE;
        loop {
            if let Ok(linked) = self.connect().await {
                return Ok(linked);
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

    async fn raise_one(&self) -> io::Result<(Link, Found)> {
        Link::begin(self.shims.start(&self.folder).await?).await
    }
}

/// A connection with a shim.
pub(super) struct Link(Frames<EngineEnd>);

impl Link {
    async fn begin(stream: EngineEnd) -> io::Result<(Self, Found)> {
        let mut link = Self(Frames::new(stream));
        let hello = timeout(HELLO_WITHIN, link.0.next()).await.map_err(|_| io::ErrorKind::TimedOut)??;
        match hello {
            Some(Told::Hello { protocol: PROTOCOL, found }) => Ok((link, found)),
            Some(Told::Trouble { error }) => Err(io::Error::other(error)),
            Some(Told::Hello { .. } | Told::Event(_)) => {
                link.ask(&Asked::StepAside).await?;
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Asks for something; an error means that the shim is lost.
    pub(super) async fn ask(&mut self, asked: &Asked) -> io::Result<()> {
        timeout(ASKED_WITHIN, self.0.send(asked)).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// What the shim tells next; nothing if it is lost. Nothing is lost when this is dropped before it is done.
    pub(super) async fn told(&mut self) -> Option<Told> {
        self.0.next().await.ok().flatten()
    }
}
