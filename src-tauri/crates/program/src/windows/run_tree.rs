//! The processes of one command.

use std::{
    io,
    os::windows::io::AsHandle,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;

use super::{
    child::{Child, Way, pipe},
    environment::Environment,
    image::Image,
    job::Job,
    process::counts,
    spawn::{Spawn, Streams, nothing},
};
use crate::process_start::ProcessStart;

/// A process and all that came of it.
pub(crate) struct Tree {
    job: Arc<Job>,
    root: u32,
}

impl Tree {
    /// Starts a process as the root of a tree of its own, without a console window, and with pipes to what it writes and,
    /// with `stdin`, to what it reads.
    pub(crate) fn spawn(start: &ProcessStart, stdin: bool, _token: &str) -> io::Result<(Child, Self)> {
        let environment = Environment::with(&start.variables);
        let image = Image::of(start, &environment)?;
        let job = Job::new(None)?;
        job.end_with_last_handle(true)?;
        let (to_child, from_us) = match stdin.then(|| pipe(Way::ToChild)).transpose()? {
            Some((ours, theirs)) => (Some(ours), theirs),
            None => (None, nothing()?),
        };
        let ((stdout, their_stdout), (stderr, their_stderr)) = (pipe(Way::FromChild)?, pipe(Way::FromChild)?);
        let process = Spawn {
            image,
            environment: Some(environment.block()?),
            directory: start.directory.as_deref(),
            streams: Streams {
                stdin: from_us.as_handle(),
                stdout: their_stdout.as_handle(),
                stderr: their_stderr.as_handle(),
            },
            job: Some(&job),
            flags: CREATE_NO_WINDOW,
        }
        .spawn()?;
        let root = process.pid();
        let mut child = Child::of(process)?;
        (child.stdin, child.stdout, child.stderr) = (to_child, Some(stdout), Some(stderr));
        Ok((child, Self { job: Arc::new(job), root }))
    }

    /// Waits for the end of the root.
    pub(crate) async fn exited(&self, child: &mut Child) -> io::Result<()> {
        child.ended().await;
        Ok(())
    }

    /// Ends all of the tree and gives back what is still there after `within`.
    pub(crate) async fn end(&self, within: Duration) -> Vec<u32> {
        if self.job.end(within).await { Vec::new() } else { self.left() }
    }

    /// The same with many, on this thread.
    pub(crate) fn end_all<'t>(trees: impl Iterator<Item = &'t Self> + Clone, within: Duration) -> Vec<u32> {
        const STEP: Duration = Duration::from_millis(5);
        let deadline = Instant::now() + within;
        while trees.clone().any(|tree| !tree.job.is_empty()) && Instant::now() < deadline {
            for tree in trees.clone() {
                let _ = tree.job.terminate();
            }
            thread::sleep(STEP);
        }
        trees.flat_map(Self::left).collect()
    }

    /// Where the system does not say who is left, the root stands for all.
    fn left(&self) -> Vec<u32> {
        if self.job.is_empty() {
            return Vec::new();
        }
        self.job.pids().map_or_else(|_| vec![self.root], |pids| pids.into_iter().filter(|&pid| counts(pid)).collect())
    }
}
