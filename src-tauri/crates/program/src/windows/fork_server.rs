//! Where shims come from: each is a process of its own from the beginning.

use std::{
    ffi::OsString,
    io,
    os::windows::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW};

use super::{EngineEnd, Listener, ShimEnd, connect};
use crate::shim_command::ShimCommand;

/// For how long the engine and a new shim wait for each other.
const MEET_WITHIN: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(5);

/// Starts shims.
pub(crate) struct Shims(ShimCommand);

impl Shims {
    pub(crate) fn new(command: ShimCommand) -> Self {
        Self(command)
    }

    /// Starts the shim of the program whose folder this is; connected with it, or with the one that is there already.
    pub(crate) async fn start(&self, folder: &Path) -> io::Result<EngineEnd> {
        let mut shim = self.spawn(folder)?;
        let deadline = Instant::now() + MEET_WITHIN;
        loop {
            match connect(folder).await {
                Ok(engine) => return Ok(engine),
                Err(_) if shim.try_wait()?.is_some() => return Err(io::ErrorKind::UnexpectedEof.into()),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => sleep(STEP).await,
            }
        }
    }

    /// It has a console, for its program to be asked to end, and no window.
    fn spawn(&self, folder: &Path) -> io::Result<Child> {
        let mut shim = Command::new(&self.0.program);
        shim.args(&self.0.args).arg(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        shim.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP).spawn()
    }
}

/// What a shim is made for.
pub(crate) struct Entry {
    pub(crate) folder: PathBuf,
}

impl Entry {
    /// The connection with who asked for it.
    pub(crate) async fn engine(self, listener: &mut Listener) -> io::Result<ShimEnd> {
        timeout(MEET_WITHIN, listener.accept()).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// Tells who asked for it that there is no shim: that it ends is enough.
    pub(crate) fn refuse(&self, _error: &io::Error) {}
}

/// What the arguments of a shim say.
pub(crate) fn enter(
    mut args: impl Iterator<Item = OsString>,
    _trouble: fn(&io::Error) -> Vec<u8>,
) -> io::Result<Option<Entry>> {
    let folder = args.next().map(PathBuf::from).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(Some(Entry { folder }))
}
