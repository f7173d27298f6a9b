//! A Unix socket: beside the data, or where every user of this machine reaches it.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use estatus_access::{Admits, Peer, User, create_private_folder, peer, user, verify_server};
use tokio::net::{UnixListener, UnixStream};

/// A socket address holds 108 bytes, the last of them a zero.
const PATH_LIMIT: usize = 107;
/// Where engines that admit every user of this machine have their sockets. Only root can make it, or have it made for
/// the user that such an engine runs as (`RuntimeDirectory=estatus` of systemd).
const SHARED: &str = "/run/estatus";

/// Where the engine of a data folder is to be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The data folder.
    folder: PathBuf,
    /// The socket that is this user's alone.
    private: PathBuf,
    /// The socket that is open to everybody.
    shared: PathBuf,
}

pub(crate) type ClientStream = UnixStream;
pub(crate) type ServerStream = UnixStream;

impl Endpoint {
    /// The endpoint of `folder`. Where its path is too long for a socket, the socket stands in a folder of this user's
    /// among the temporary files.
    pub fn of(folder: &Path) -> Self {
        let name = super::short_name(folder);
        let shared = Path::new(SHARED).join(format!("{name}.sock"));
        let (folder, beside) = (folder.to_owned(), folder.join("engine.sock"));
        if beside.as_os_str().len() <= PATH_LIMIT {
            return Self { folder, private: beside, shared };
        }
        let own = std::env::temp_dir().join(format!("estatus-{}", own_user()));
        Self { folder, private: own.join(name), shared }
    }

    /// Connects to this user's engine, or where there is none to the one that admits everybody.
    pub(crate) async fn connect(&self) -> io::Result<ClientStream> {
        match self.connect_private().await {
            Err(error) if is_nobody(&error) || error.kind() == io::ErrorKind::PermissionDenied => {
                match self.connect_shared().await {
                    Err(other) if is_nobody(&other) => Err(error),
                    result => result,
                }
            }
            result => result,
        }
    }

    async fn connect_private(&self) -> io::Result<ClientStream> {
        let stream = UnixStream::connect(&self.private).await?;
        // Whoever else owns the data folder cannot let us in, unless we are root and want to look.
        let is_beside = self.private.parent() == Some(&self.folder);
        let is_root = rustix::process::geteuid().is_root();
        verify_server(&stream, (is_root && is_beside).then_some(&*self.folder))?;
        Ok(stream)
    }

    async fn connect_shared(&self) -> io::Result<ClientStream> {
        let stream = UnixStream::connect(&self.shared).await?;
        // What is this user's own nobody else serves, not even a service that may listen there.
        let is_ours = fs::metadata(&self.folder).is_ok_and(|folder| folder.uid() == own_user());
        verify_server(&stream, (!is_ours).then_some(Path::new(SHARED)))?;
        Ok(stream)
    }
}

fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// That no engine is there.
fn is_nobody(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// Accepts connections.
pub(crate) struct PlatformListener {
    listener: UnixListener,
    path: PathBuf,
}

impl PlatformListener {
    /// Takes the endpoint over. Whoever calls holds the engine lock, so a socket that is there is a dead engine's.
    pub(crate) fn bind(endpoint: &Endpoint, admits: Admits) -> io::Result<Self> {
        let (path, mode) = match admits {
            Admits::ThisUser => (&endpoint.private, 0o600),
            Admits::EveryLocalUser => (&endpoint.shared, 0o666),
        };
        if let Some(folder) = path.parent() {
            match admits {
                Admits::ThisUser => create_private_folder(folder)?,
                Admits::EveryLocalUser => create_public_folder(folder)?,
            }
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        Ok(Self { listener, path: path.clone() })
    }

    pub(crate) async fn accept(&mut self) -> io::Result<(ServerStream, Peer, User)> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            // Of whom nothing can be known, nothing is taken.
            if let (Ok(peer), Ok(user)) = (peer(&stream), user(&stream)) {
                return Ok((stream, peer, user));
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

/// Makes `folder`, to which this user alone writes and which everybody may pass.
fn create_public_folder(folder: &Path) -> io::Result<()> {
    let described = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", folder.display()));
    match fs::DirBuilder::new().mode(0o755).create(folder) {
        Ok(()) => fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(described),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let owner = fs::metadata(folder)?.uid();
            if owner == own_user() {
                return Ok(());
            }
            let message = format!("{} belongs to another user ({owner})", folder.display());
            Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
        }
        Err(error) => Err(described(error)),
    }
}
