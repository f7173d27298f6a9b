//! A display that nobody sees, for programs that make windows.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::setup;

/// A display. It ends when this is dropped.
pub(super) struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts one.
    pub(super) fn start() -> Result<Self> {
        setup::ensure(setup::TO_SHOW_WINDOWS)?;
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Failed to start Xvfb")?;
        let mut number = String::new();
        if let Some(says) = server.stdout.take() {
            BufReader::new(says).read_line(&mut number)?;
        }
        let display = Self { server, name: format!(":{}", number.trim()) };
        if number.is_empty() {
            bail!("Xvfb ended at once");
        }
        Ok(display)
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
