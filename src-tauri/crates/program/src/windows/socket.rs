//! The named pipe of a shim.

use std::{io, path::Path};

pub(super) use estatus_access::create_private_pipe as create_private;
use estatus_access::{Admits, PipeListener};
use tokio::net::windows::named_pipe::{NamedPipeClient, NamedPipeServer};

/// The engine's end of a connection.
pub(crate) type EngineEnd = NamedPipeClient;
/// The shim's end of a connection.
pub(crate) type ShimEnd = NamedPipeServer;

fn name(folder: &Path) -> io::Result<String> {
    let folder = std::fs::canonicalize(folder)?;
    Ok(format!(
        r"\\.\pipe\estatus-shim-{:016x}",
        estatus_core::stable_name::fnv1a(folder.as_os_str().as_encoded_bytes())
    ))
}

/// Connects to the shim of the program whose folder this is, if there is one. It is told secrets, so it must be this
/// user's, an administrator's or the system's.
pub(crate) async fn connect(folder: &Path) -> io::Result<EngineEnd> {
    estatus_access::connect(&name(folder)?, None).await
}

/// Accepts connections of the engine.
pub(crate) struct Listener(PipeListener);

impl Listener {
    pub(crate) fn bind(folder: &Path) -> io::Result<Self> {
        PipeListener::bind(name(folder)?, Admits::ThisUser).map(Self)
    }

    pub(crate) async fn accept(&mut self) -> io::Result<ShimEnd> {
        self.0.accept().await
    }
}
