//! Where shims come from.
//!
//! An executable of this size dirties more memory at each exec than a shim needs in all its life. So one small process,
//! the fork server, is executed once and forks every shim; what they have in common is there once. It has one thread, waits
//! for the engine, and ends with it.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io::{self, IoSlice, IoSliceMut, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{ffi::OsStrExt, net::UnixStream},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustix::{
    cmsg_space,
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
    },
    process::setsid,
    stdio::{dup2_stdin, stdin},
};

use super::{EngineEnd, Listener, ShimEnd};
use crate::shim_command::ShimCommand;

/// The argument that makes a shim's executable a fork server.
const FORK_SERVER: &str = "fork_server";
/// The longest path of a folder, in bytes (`PATH_MAX`).
const PATH_LIMIT: usize = 4096;

/// Starts shims.
pub(crate) struct Shims {
    command: ShimCommand,
    fork_server: Mutex<Option<ForkServer>>,
}

impl Shims {
    pub(crate) fn new(command: ShimCommand) -> Self {
        Self { command, fork_server: Mutex::default() }
    }

    /// Starts the shim of the program whose folder this is; connected with it, unless there is another already, which
    /// ends the connection.
    pub(crate) async fn start(&self, folder: &Path) -> io::Result<EngineEnd> {
        let (ours, theirs) = UnixStream::pair()?;
        self.ask(folder, &theirs)?;
        ours.set_nonblocking(true)?;
        EngineEnd::from_std(ours)
    }

    fn ask(&self, folder: &Path, engine: &UnixStream) -> io::Result<()> {
        let mut fork_server = self.fork_server();
        if let Some(running) = &*fork_server
            && running.ask(folder, engine).is_ok()
        {
            return Ok(());
        }
        // There is none, or it was killed.
        *fork_server = None;
        let new = ForkServer::start(&self.command)?;
        fork_server.insert(new).ask(folder, engine)
    }

    fn fork_server(&self) -> MutexGuard<'_, Option<ForkServer>> {
        self.fork_server.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The fork server, seen from the engine.
struct ForkServer {
    /// Taken at its end: it is closed first, which is what the process ends by.
    socket: Option<OwnedFd>,
    process: Child,
}

impl ForkServer {
    fn start(command: &ShimCommand) -> io::Result<Self> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let mut fork_server = Command::new(&command.program);
        fork_server.args(&command.args).arg(FORK_SERVER).stdin(theirs).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Self { socket: Some(ours), process: fork_server.spawn()? })
    }

    fn ask(&self, folder: &Path, engine: &UnixStream) -> io::Result<()> {
        let socket = self.socket.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let handed = [engine.as_fd()];
        let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        control.push(SendAncillaryMessage::ScmRights(&handed));
        let path = [IoSlice::new(folder.as_os_str().as_bytes())];
        sendmsg(socket, &path, &mut control, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?;
        Ok(())
    }
}

impl Drop for ForkServer {
    fn drop(&mut self) {
        self.socket = None;
        // By now it has nothing more to do; and one that was stopped would never end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a shim is made for.
pub(crate) struct Entry {
    pub(crate) folder: PathBuf,
    engine: UnixStream,
    /// What tells that there is no shim, because of an error.
    trouble: fn(&io::Error) -> Vec<u8>,
}

impl Entry {
    /// The connection with who asked for it.
    pub(crate) async fn engine(self, _listener: &mut Listener) -> io::Result<ShimEnd> {
        self.engine.set_nonblocking(true)?;
        ShimEnd::from_std(self.engine)
    }

    /// Tells who asked for it that there is no shim.
    pub(crate) fn refuse(&self, error: &io::Error) {
        let _ = (&self.engine).write_all(&(self.trouble)(error));
    }
}

/// Is the fork server: gives back once in every shim that is made, and nothing at the end. `trouble` is what is told where there
/// is no shim.
pub(crate) fn enter(
    mut args: impl Iterator<Item = OsString>,
    trouble: fn(&io::Error) -> Vec<u8>,
) -> io::Result<Option<Entry>> {
    if args.next().as_deref() != Some(OsStr::new(FORK_SERVER)) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // The end of the terminal or of the session in which Estatus was started is nothing to it.
    setsid()?;
    leave_children_to_the_system(true);
    while let Some(entry) = asked_for(trouble)? {
        // SAFETY: this process has one thread.
        match unsafe { libc::fork() } {
            -1 => entry.refuse(&io::Error::last_os_error()),
            0 => return begin(entry).map(Some),
            _ => {}
        }
    }
    Ok(None)
}

/// The first steps of a shim of its own.
fn begin(entry: Entry) -> io::Result<Entry> {
    leave_children_to_the_system(false);
    dup2_stdin(File::open("/dev/null")?)?;
    setsid()?;
    Ok(entry)
}

/// What the fork server is asked for next; nothing when the engine has ended.
fn asked_for(trouble: fn(&io::Error) -> Vec<u8>) -> io::Result<Option<Entry>> {
    let mut path = [0; PATH_LIMIT];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = recvmsg(stdin(), &mut [IoSliceMut::new(&mut path)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut handed = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    let engine = handed.next().map(UnixStream::from);
    let folder = path.get(..received.bytes).map(|path| PathBuf::from(OsStr::from_bytes(path)));
    Ok(folder.zip(engine).map(|(folder, engine)| Entry { folder, engine, trouble }))
}

/// Whether the system forgets children that have ended.
fn leave_children_to_the_system(leave: bool) {
    let disposition = if leave { libc::SIG_IGN } else { libc::SIG_DFL };
    // SAFETY: neither of the two is a function that would be called.
    unsafe { libc::signal(libc::SIGCHLD, disposition) };
}
