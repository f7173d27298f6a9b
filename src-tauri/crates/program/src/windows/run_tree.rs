//! The processes of one command.

use std::{
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::process::{Child, Command};
use windows_sys::Win32::System::Threading::{CREATE_NO_WINDOW, CREATE_SUSPENDED};

use super::job::{Job, join};

/// A process and all that came of it.
pub(crate) struct Tree(Arc<Job>);

impl Tree {
    /// Starts `command` as the root of a tree of its own, without a console window.
    pub(crate) fn spawn(mut command: Command, _token: &str) -> io::Result<(Child, Self)> {
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

    /// The same with many, on this thread.
    pub(crate) fn end_all<'t>(trees: impl Iterator<Item = &'t Self> + Clone, within: Duration) -> Vec<u32> {
        let deadline = Instant::now() + within;
        trees.clone().for_each(|tree| tree.0.terminate());
        trees.flat_map(|tree| tree.0.end(deadline.saturating_duration_since(Instant::now()))).collect()
    }
}
