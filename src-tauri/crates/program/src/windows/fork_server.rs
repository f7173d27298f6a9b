//! Where shims come from: each is a process of its own from the beginning.

use std::{
    ffi::OsString,
    io::{self, PipeReader, Write, pipe},
    os::windows::io::{AsHandle, BorrowedHandle},
    path::{Path, PathBuf},
    sync::Once,
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout};
use tracing::warn;
use windows_sys::Win32::{
    Foundation::ERROR_ACCESS_DENIED,
    System::Threading::{CREATE_BREAKAWAY_FROM_JOB, DETACHED_PROCESS, PROCESS_CREATION_FLAGS},
};

use super::{
    EngineEnd, Listener, ShimEnd, connect, console, job, pipes,
    process::Process,
    shim_copy,
    spawn::{nothing, spawn_silent},
};
use crate::{
    log::{Pipe, look, read},
    shim_command::ShimCommand,
};

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
        let (said, says) = pipe()?;
        let shim = self.spawn(folder, says.as_handle())?;
        drop(says);
        let deadline = Instant::now() + MEET_WITHIN;
        loop {
            match connect(folder).await {
                Ok(engine) => return Ok(engine),
                Err(_) if !shim.is_alive() => return Err(why(&said)),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => sleep(STEP).await,
            }
        }
    }

    /// It outlives this process, also where that is in jobs that end all in them, if each of them lets it go.
    fn spawn(&self, folder: &Path, says: BorrowedHandle<'_>) -> io::Result<Process> {
        let shim = match self.spawn_with(folder, says, CREATE_BREAKAWAY_FROM_JOB) {
            Err(error) if error.raw_os_error() == Some(ERROR_ACCESS_DENIED.cast_signed()) => {
                self.spawn_with(folder, says, 0)?
            }
            spawned => spawned?,
        };
        // The innermost job lets go what those around it may keep. What those do cannot be asked for.
        if !job::is_in_any(shim.handle()).is_ok_and(|is_in_job| !is_in_job) {
            say_that_programs_may_end_with_us();
        }
        Ok(shim)
    }

    /// A copy, which is kept beside the folders of all programs.
    fn executable(&self, folder: &Path) -> PathBuf {
        let Some(data) = folder.parent().and_then(Path::parent) else { return self.0.program.clone() };
        shim_copy::of(&self.0.program, &data.join(shim_copy::FOLDER)).unwrap_or_else(|error| {
            warn!(%error, "Estatus cannot be replaced by a newer one while programs run");
            self.0.program.clone()
        })
    }

    /// It has no console: its program has one of its own.
    fn spawn_with(
        &self,
        folder: &Path,
        says: BorrowedHandle<'_>,
        flags: PROCESS_CREATION_FLAGS,
    ) -> io::Result<Process> {
        let args = self.0.args.iter().map(OsString::as_os_str).chain([folder.as_os_str()]);
        let nothing = nothing()?;
        spawn_silent(self.executable(folder), args, [nothing.as_handle(), says], DETACHED_PROCESS | flags)
    }
}

/// Why a shim has ended, as it has said itself.
fn why(said: &PipeReader) -> io::Error {
    let mut why = vec![0; 4096];
    // Where there is nothing, a read may wait for ever: somebody else may have inherited the other end.
    let said = match look(said.as_handle()) {
        Ok(Pipe::Holds(_)) => read(said.as_handle(), &mut why),
        Ok(Pipe::Empty | Pipe::Ended) => Ok(0),
        Err(error) => Err(error),
    };
    match said {
        Ok(length) if length > 0 => io::Error::other(String::from_utf8_lossy(&why[..length]).into_owned()),
        _ => io::ErrorKind::UnexpectedEof.into(),
    }
}

/// Whoever started us may have done so within a job that ends all of us with it: Task Scheduler does, and many editors'
/// terminals.
fn say_that_programs_may_end_with_us() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        warn!("Estatus was started within a job of another program, which does not let its programs go and may end all of them when it ends: start Estatus at login, or as a service, for them to go on");
    });
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

    /// Tells who asked for it that there is no shim.
    #[expect(clippy::unused_self, reason = "on other systems it has the connection")]
    pub(crate) fn refuse(&self, error: &io::Error) {
        let _ = io::stdout().write_all(error.to_string().as_bytes());
    }
}

/// What the arguments of a shim say; nothing if they are those of a helper, which has then done what it was made for.
pub(crate) fn enter(
    mut args: impl Iterator<Item = OsString>,
    _trouble: fn(&io::Error) -> Vec<u8>,
) -> io::Result<Option<Entry>> {
    let first = args.next().ok_or(io::ErrorKind::InvalidInput)?;
    match first.to_str() {
        Some(console::HELPER) => return console::help(args).map(|()| None),
        Some(pipes::HELPER) => {
            pipes::help();
            return Ok(None);
        }
        _ => {}
    }
    console::let_children_be_interrupted();
    Ok(Some(Entry { folder: PathBuf::from(first) }))
}
