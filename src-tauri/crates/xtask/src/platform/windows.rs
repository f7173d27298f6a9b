use std::{
    io,
    net::TcpStream,
    path::Path,
    process::{Command, exit},
};

use anyhow::{Context, Result};

/// Whether we may change the system: never asked for here, nothing is installed on Windows.
pub(crate) fn is_root() -> bool {
    false
}

/// Runs `command` and ends as it ends. Comes back only with an error.
pub(crate) fn replace_by(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("Failed to start {}", command.get_program().display()))?;
    exit(status.code().unwrap_or(1))
}

/// Nothing to do: what we write below the user's own temporary folder is the user's alone.
pub(crate) fn close_to_others(_path: &Path) -> Result<()> {
    Ok(())
}

/// A connection with a server of this machine.
pub(crate) type Stream = TcpStream;

/// Connects to the server whose socket is at `path`: nothing that is measured on Windows has one.
pub(crate) fn connect(_path: &Path) -> io::Result<Stream> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Makes a link at `at` that leads to `to`: nothing that is made on Windows has one.
pub(crate) fn link(_to: &Path, at: &Path) -> Result<()> {
    anyhow::bail!("no link can be made at {}", at.display())
}

/// Whether whoever runs us sits at a desktop.
pub(crate) fn has_desktop() -> bool {
    true
}
