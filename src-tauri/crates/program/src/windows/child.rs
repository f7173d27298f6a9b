//! The process of a command, with pipes that the runtime reads and writes.

use std::{
    fs::File,
    io,
    os::windows::{fs::OpenOptionsExt, io::OwnedHandle},
    pin::pin,
    task,
};

use estatus_core::command::CommandEnd;
use tokio::net::windows::named_pipe::{NamedPipeServer, PipeMode, ServerOptions};
use windows_sys::Win32::Storage::FileSystem::SECURITY_IDENTIFICATION;

use super::{process::Process, random_name, socket::create_private, wait::EndOf};

/// What a command reads, to be written to.
pub(crate) type ChildStdin = NamedPipeServer;
/// What a command writes, to be read.
pub(crate) type ChildStdout = NamedPipeServer;
/// What a command writes of errors, to be read.
pub(crate) type ChildStderr = NamedPipeServer;

/// The process of a command.
pub(crate) struct Child {
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Option<ChildStdout>,
    pub(crate) stderr: Option<ChildStderr>,
    process: Process,
    end: EndOf,
}

impl Child {
    pub(super) fn of(process: Process) -> io::Result<Self> {
        let end = EndOf::of(&process)?;
        Ok(Self { stdin: None, stdout: None, stderr: None, process, end })
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) {
        self.end.reached().await;
    }
}

/// How a command ended that we did not end, once it has.
pub(crate) async fn command_end(child: &mut Child) -> io::Result<CommandEnd> {
    child.ended().await;
    child.process.exit_code().map(CommandEnd::Exited)
}

/// Which way a pipe goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToChild,
    FromChild,
}

/// The runtime reads from a pipe only once it knows that somebody is at its other end. Somebody is, so it knows at once.
fn connected(ours: &NamedPipeServer) -> io::Result<()> {
    match pin!(ours.connect()).poll(&mut task::Context::from_waker(task::Waker::noop())) {
        task::Poll::Ready(connected) => connected,
        task::Poll::Pending => Err(io::ErrorKind::NotConnected.into()),
    }
}

/// Both ends of a new pipe: ours, and the child's.
pub(super) fn pipe(way: Way) -> io::Result<(NamedPipeServer, OwnedHandle)> {
    let name = format!(r"\\.\pipe\estatus-command-{}", random_name()?);
    let mut options = ServerOptions::new();
    options.first_pipe_instance(true).reject_remote_clients(true).max_instances(1).pipe_mode(PipeMode::Byte);
    options.access_inbound(way == Way::FromChild).access_outbound(way == Way::ToChild);
    let ours = create_private(&options, &name)?;
    let is_read = way == Way::ToChild;
    // Whoever is at the other end may know who opens it, and no more.
    let theirs =
        File::options().read(is_read).write(!is_read).security_qos_flags(SECURITY_IDENTIFICATION).open(&name)?;
    connected(&ours)?;
    Ok((ours, theirs.into()))
}
