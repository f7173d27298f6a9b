//! The pipes that a program writes to. Its first process keeps the ends that are read here, so that they outlive the shim.
//!
//! They are made for overlapped reading: where a read waits on a handle that was not, every other question about the
//! pipe waits behind it, also the one how much there is in it.

use std::{
    fs::File,
    future::pending,
    io, mem,
    os::windows::{
        fs::OpenOptionsExt,
        io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    },
    path::Path,
    ptr,
    sync::{Arc, mpsc},
    thread,
};

use tokio::sync::Notify;
use tracing::warn;
use windows_sys::Win32::{
    Storage::FileSystem::{
        FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_INBOUND, SECURITY_IDENTIFICATION,
    },
    System::{
        IO::CancelIoEx,
        Pipes::{CreateNamedPipeW, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE},
    },
};

use super::{handle, handles::Kept, helper, random_name, wide};
use crate::log::{Capture, Stream, Taken, read};

/// The first argument of a helper that reads what nobody else does.
pub(super) const HELPER: &str = "--read-on";

/// How much a program may have written before it waits for somebody to read it, in bytes.
const CAPACITY: u32 = 64 * 1024;
/// How often is taken when the program has ended: somebody who got away may write for ever.
const LAST_TAKES: u32 = 64;

/// Standard output and standard error of a program.
pub(crate) struct Pipes([Option<Reader>; 2]);

impl Pipes {
    /// Takes over the pipes of the program whose folder this is, if it runs.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let [out, err] = Kept::read(folder)?.pipes();
        let reader = |pipe: Option<OwnedHandle>| pipe.map(Reader::of).transpose();
        Ok(Self([reader(out)?, reader(err)?]))
    }

    /// Makes new ones, and gives back the ends to write to.
    pub(super) fn renew(&mut self) -> io::Result<[OwnedHandle; 2]> {
        let ((out, to_out), (err, to_err)) = (pipe()?, pipe()?);
        self.0 = [Some(Reader::of(out)?), Some(Reader::of(err)?)];
        Ok([to_out, to_err])
    }

    /// The ends that are read, if there are any.
    pub(super) fn ends(&self) -> Option<[BorrowedHandle<'_>; 2]> {
        let [Some(out), Some(err)] = &self.0 else { return None };
        Some([out.pipe.as_handle(), err.pipe.as_handle()])
    }

    /// Waits until there is something in one of them.
    pub(crate) async fn ready(&mut self) -> io::Result<Stream> {
        let [out, err] = &mut self.0;
        tokio::select! {
            () = readable(out) => Ok(Stream::Out),
            () = readable(err) => Ok(Stream::Err),
        }
    }

    /// Puts some of what is in `stream` into the log.
    pub(crate) fn take(&mut self, stream: Stream, capture: &mut Capture) -> io::Result<()> {
        self.take_some(stream, capture).map(drop)
    }

    fn take_some(&mut self, stream: Stream, capture: &mut Capture) -> io::Result<Taken> {
        let pipe = &mut self.0[stream.index()];
        let Some(reader) = pipe else { return Ok(Taken::End) };
        let taken = capture.take(stream, reader.pipe.as_handle())?;
        match taken {
            Taken::Some => {}
            Taken::Nothing => reader.is_readable = false,
            Taken::End => *pipe = None,
        }
        Ok(taken)
    }

    /// Puts all that is still there into the log, when the program has ended.
    pub(crate) async fn drain(&mut self, capture: &mut Capture) {
        for stream in Stream::ALL {
            for _ in 0..LAST_TAKES {
                if !matches!(self.take_some(stream, capture), Ok(Taken::Some)) {
                    break;
                }
            }
        }
    }

    /// Somebody in the background may still write to them: they are read for as long as that can be, also when this process
    /// has ended, and nobody else gets them.
    pub(crate) fn read_on(self) {
        for reader in self.0.iter().flatten() {
            if let Err(error) = helper::start([HELPER], reader.pipe.as_handle()) {
                warn!(%error, "what a command has left in the background can write no more");
            }
        }
    }
}

/// What a helper does: nobody may write to a pipe for ever that nobody reads. It comes to its end with the last who writes.
pub(super) fn help() {
    let mut thrown_away = [0; 4096];
    while read(io::stdin().as_handle(), &mut thrown_away).is_ok_and(|count| count > 0) {}
}

/// Both ends of a new pipe: the one to read from, and the one to write to.
fn pipe() -> io::Result<(OwnedHandle, OwnedHandle)> {
    let name = format!(r"\\.\pipe\estatus-output-{}", random_name()?);
    let wide_name = wide(&name);
    // SAFETY: the name ends in a zero and outlives the call. Of security nothing is said: then this user and administrators
    // alone may write to it, and the handle is not inherited. It is ours to close.
    let read = unsafe {
        handle::or_invalid(CreateNamedPipeW(
            wide_name.as_ptr(),
            PIPE_ACCESS_INBOUND | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
            PIPE_TYPE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
            1,
            0,
            CAPACITY,
            0,
            ptr::null(),
        ))
    }?;
    // Whoever is at the other end may know who opens it, and no more.
    let write = File::options().write(true).security_qos_flags(SECURITY_IDENTIFICATION).open(&name)?;
    Ok((read, write.into()))
}

async fn readable(reader: &mut Option<Reader>) {
    match reader {
        Some(reader) => reader.readable().await,
        None => pending().await,
    }
}

/// The end of a pipe that is read, with a thread that waits for something to be in it: a pipe that outlives the process that
/// reads it can be given to no completion port, which the next process could not take it from.
struct Reader {
    pipe: Arc<OwnedHandle>,
    told: Arc<Notify>,
    wait_again: mpsc::Sender<()>,
    is_readable: bool,
    is_waited_for: bool,
}

impl Reader {
    fn of(pipe: OwnedHandle) -> io::Result<Self> {
        let (pipe, told) = (Arc::new(pipe), Arc::new(Notify::new()));
        let (wait_again, asked) = mpsc::channel();
        let (waited_for, tell) = (Arc::clone(&pipe), Arc::clone(&told));
        thread::Builder::new().name("pipe".to_owned()).stack_size(STACK).spawn(move || {
            while asked.recv().is_ok() {
                // Nothing is read. What goes wrong is seen by whoever takes what is there.
                let _ = read(waited_for.as_handle(), &mut []);
                tell.notify_one();
            }
        })?;
        Ok(Self { pipe, told, wait_again, is_readable: false, is_waited_for: false })
    }

    /// Waits until there is something in it, or it has come to its end.
    async fn readable(&mut self) {
        if self.is_readable {
            return;
        }
        if !mem::replace(&mut self.is_waited_for, true) && self.wait_again.send(()).is_err() {
            return pending().await;
        }
        self.told.notified().await;
        (self.is_readable, self.is_waited_for) = (true, false);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: the handle is open; what is cancelled is the waiting of the thread, which then finds nobody who asks.
        unsafe { CancelIoEx(self.pipe.as_raw_handle(), ptr::null()) };
    }
}

/// The thread does nothing but wait.
const STACK: usize = 64 * 1024;
