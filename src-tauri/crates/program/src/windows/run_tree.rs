//! The processes of one command.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncRead, copy, sink},
    process::{Child, Command},
};
use tracing::warn;
use windows_sys::Win32::System::Threading::{CREATE_NO_WINDOW, CREATE_SUSPENDED};

use super::job::{Job, join};

/// A process and all that came of it.
pub(crate) struct Tree(Arc<Job>);

impl Tree {
    /// Starts `command` as the root of a tree of its own, without a console window.
    pub(crate) fn spawn(mut command: Command) -> io::Result<(Child, Self)> {
        let job = Job::new()?;
        job.end_with_us(true)?;
        let mut child = command.creation_flags(CREATE_NO_WINDOW | CREATE_SUSPENDED).spawn()?;
        match join(&child, &job) {
            Ok(()) => Ok((child, Self(Arc::new(job)))),
            Err(error) => {
                child.start_kill()?;
                Err(error)
            }
        }
    }

    /// Waits for the end of the root.
    pub(crate) async fn exited(&self, child: &mut Child) -> io::Result<()> {
        child.wait().await.map(drop)
    }

    /// Ends all of the tree and gives back what is still there after `within`.
    pub(crate) async fn end(&self, within: Duration) -> Vec<u32> {
        let job = Arc::clone(&self.0);
        match tokio::task::spawn_blocking(move || job.end(within)).await {
            Ok(left) => left,
            Err(_) => self.0.end(within),
        }
    }

    /// The same, on this thread.
    pub(crate) fn end_now(&self, within: Duration) -> Vec<u32> {
        self.0.end(within)
    }

    /// Kills all of it, and waits for nothing.
    pub(crate) fn kill(&self) {
        self.0.terminate();
    }

    /// What is left of it lives on, also when the job is closed.
    pub(crate) fn let_go(&self) {
        if let Err(error) = self.0.end_with_us(false) {
            warn!(%error, "what a command has left in the background ends with Estatus");
        }
    }
}

/// Has `pipe` read for as long as anybody can write to it; when this process has ended, nobody is killed for writing.
pub(crate) fn read_on(mut pipe: impl AsyncRead + Unpin + Send + 'static) -> io::Result<()> {
    tokio::spawn(async move { copy(&mut pipe, &mut sink()).await });
    Ok(())
}
