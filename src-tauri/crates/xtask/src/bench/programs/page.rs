//! A page that can be broken, served by a program that is supervised.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process,
};

use anyhow::{Context, Result};
use clap::Args;

/// A page on loopback.
#[derive(Debug, Args)]
pub(crate) struct Page {
    /// Where to listen
    port: u16,
    /// It answers 503 while its own number stands in this file
    broken: PathBuf,
    /// Where to tell what happens
    tell: PathBuf,
    /// What it is known by
    mark: String,
}

impl Page {
    /// Serves it until it is ended.
    pub(crate) fn serve(&self) -> Result<()> {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).context("Failed to listen on loopback")?;
        self.tell("listens")?;
        for connection in listener.incoming().flatten() {
            // Whoever goes away in between is no concern of the others.
            let _ = self.answer(connection);
        }
        Ok(())
    }

    fn answer(&self, mut connection: TcpStream) -> Result<()> {
        let request = BufReader::new(connection.try_clone()?).lines().map_while(Result::ok);
        request.take_while(|line| !line.is_empty()).for_each(drop);
        let own = process::id().to_string();
        let is_broken = fs::read_to_string(&self.broken).is_ok_and(|broken| broken == own);
        let status = if is_broken { "503 Service Unavailable" } else { "200 OK" };
        if is_broken {
            self.tell("fails")?;
        }
        write!(connection, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{own}", own.len())?;
        Ok(())
    }

    fn tell(&self, what: &str) -> Result<()> {
        let mut pipe = fs::File::options().write(true).open(&self.tell).context("Failed to open the named pipe")?;
        pipe.write_all(format!("{what} {}\n", process::id()).as_bytes())?;
        Ok(())
    }
}
