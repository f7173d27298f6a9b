//! What the programs that are supervised tell the bench, through a named pipe, and when.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::command;

/// The pipe, and what comes out of it.
pub(crate) struct AlertPipe {
    pipe: PathBuf,
    lines: Receiver<(Instant, String)>,
}

impl AlertPipe {
    /// Makes the pipe in `folder`.
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let pipe = folder.join("told");
        command::run(command::clean("mkfifo").arg(&pipe))?;
        // Open for both ends, so that it has no end while nobody writes.
        let reader = File::options().read(true).write(true).open(&pipe).context("Failed to open a named pipe")?;
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if tell.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { pipe, lines })
    }

    /// Where programs write to.
    pub(crate) fn pipe(&self) -> String {
        self.pipe.display().to_string()
    }

    /// What was told so far is of no interest.
    pub(crate) fn forget(&self) {
        self.lines.try_iter().for_each(drop);
    }

    /// Waits for a line that begins with `word`: when it came, and what follows.
    ///
    /// # Errors
    /// If none comes within `patience`.
    pub(crate) fn wait(&self, word: &str, patience: Duration) -> Result<(Instant, String)> {
        let deadline = Instant::now() + patience;
        loop {
            let Ok((at, line)) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) else {
                bail!("a program did not say “{word}” within {} s", patience.as_secs());
            };
            if let Some(rest) = line.strip_prefix(word) {
                return Ok((at, rest.trim().to_owned()));
            }
        }
    }
}
