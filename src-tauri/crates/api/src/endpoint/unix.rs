//! A Unix socket, beside the data.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::{UnixListener, UnixStream};

/// A socket address holds 108 bytes, the last of them a zero.
const PATH_LIMIT: usize = 107;

/// Where the engine of a data folder is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(PathBuf);

pub(crate) type ClientStream = UnixStream;
pub(crate) type ServerStream = UnixStream;

impl Endpoint {
    /// The endpoint of `folder`. Where its path is too long for a socket, the socket stands in a folder of this user's
    /// among the temporary files.
    pub fn of(folder: &Path) -> Self {
        let beside = folder.join("engine.sock");
        if beside.as_os_str().len() <= PATH_LIMIT {
            return Self(beside);
        }
        let user = rustix::process::geteuid().as_raw();
        let own = std::env::temp_dir().join(format!("estatus-{user}"));
        Self(own.join(super::short_name(folder)))
    }

    pub(crate) async fn connect(&self) -> io::Result<ClientStream> {
        UnixStream::connect(&self.0).await
    }
}

/// Accepts connections of this user's and the administrator's processes.
pub(crate) struct PlatformListener {
    listener: UnixListener,
    path: PathBuf,
}

impl PlatformListener {
    /// Takes the endpoint over. Whoever calls holds the engine lock, so a socket that is there is a dead engine's.
    pub(crate) fn bind(endpoint: &Endpoint) -> io::Result<Self> {
        let path = endpoint.0.clone();
        if let Some(folder) = path.parent() {
            make_private(folder)?;
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    pub(crate) async fn accept(&mut self) -> io::Result<ServerStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let own = rustix::process::geteuid().as_raw();
            if stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0) {
                return Ok(stream);
            }
        }
    }
}

impl Drop for PlatformListener {
    fn drop(&mut self) {
        // A socket that stays behind does no harm: the next engine removes it.
        let _ = fs::remove_file(&self.path);
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let owner = fs::symlink_metadata(folder)?.uid();
    let own = rustix::process::geteuid().as_raw();
    if owner == own || owner == 0 && own == 0 {
        return Ok(());
    }
    let message = format!("{} belongs to another user", folder.display());
    Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
}
