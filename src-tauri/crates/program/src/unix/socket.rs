//! The socket of a shim, in its program's folder.

use std::{
    fs::{self, File},
    io,
    os::fd::AsRawFd,
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

const NAME: &str = "shim.sock";

/// The engine's end of a connection.
pub(crate) type EngineEnd = UnixStream;
/// The shim's end of a connection.
pub(crate) type ShimEnd = UnixStream;

/// A folder under a name that is short however deep it lies: a socket's address holds 107 bytes.
struct Short(File);

impl Short {
    fn of(folder: &Path) -> io::Result<Self> {
        File::open(folder).map(Self)
    }

    fn socket(&self) -> PathBuf {
        Path::new("/proc/self/fd").join(self.0.as_raw_fd().to_string()).join(NAME)
    }
}

/// Connects to the shim of the program whose folder this is, if there is one.
pub(crate) async fn connect(folder: &Path) -> io::Result<EngineEnd> {
    let short = Short::of(folder)?;
    UnixStream::connect(short.socket()).await
}

/// Accepts connections of the engine. Nobody else gets as far as its folder.
pub(crate) struct Listener(UnixListener);

impl Listener {
    /// Whoever calls holds the lock of the shim, so a socket that is there is a dead shim's.
    pub(crate) fn bind(folder: &Path) -> io::Result<Self> {
        match fs::remove_file(folder.join(NAME)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let short = Short::of(folder)?;
        UnixListener::bind(short.socket()).map(Self)
    }

    pub(crate) async fn accept(&mut self) -> io::Result<ShimEnd> {
        self.0.accept().await.map(|(stream, _)| stream)
    }
}
