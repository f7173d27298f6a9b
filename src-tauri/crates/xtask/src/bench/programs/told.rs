//! What the programs that are supervised tell the bench, and when.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    sync::mpsc::{self, Receiver, Sender},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use crate::command;

/// Where they tell it, and what comes from there.
pub(crate) struct Told {
    address: String,
    lines: Receiver<Line>,
}

/// When a line came, and the line.
type Line = (Instant, String);

impl Told {
    /// Through a named pipe in `folder`.
    pub(crate) fn through_pipe(folder: &Path) -> Result<Self> {
        let pipe = folder.join("told");
        command::run(command::clean("mkfifo").arg(&pipe))?;
        // Open for both ends, so that it has no end while nobody writes.
        let reader = File::options().read(true).write(true).open(&pipe).context("Failed to open a named pipe")?;
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || pass_on(reader, &tell));
        Ok(Self { address: pipe.display().to_string(), lines })
    }

    /// Through connections to a port on loopback, for those to whom a named pipe of this system is nothing.
    pub(crate) fn through_port() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("Failed to listen on loopback")?;
        let address = listener.local_addr()?.to_string();
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let tell = tell.clone();
                thread::spawn(move || pass_on(connection, &tell));
            }
        });
        Ok(Self { address, lines })
    }

    /// The path of the pipe, or the port with its host: where programs write to.
    pub(crate) fn address(&self) -> &str {
        &self.address
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

fn pass_on(from: impl Read, tell: &Sender<Line>) {
    for line in BufReader::new(from).lines().map_while(Result::ok) {
        if tell.send((Instant::now(), line)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::TcpStream};

    use super::*;

    #[test]
    fn what_is_said_at_the_port_is_heard_by_whoever_waits_for_it() {
        let told = Told::through_port().unwrap();
        let mut program = TcpStream::connect(told.address()).unwrap();
        program.write_all(b"lives\nbegins 42\n").unwrap();
        assert_eq!(told.wait("begins", Duration::from_secs(30)).unwrap().1, "42");
        assert!(told.wait("begins", Duration::ZERO).is_err());
    }
}
