//! The pipes that a program writes to. Its first process keeps the ends that are read here, so that they outlive the shim.

use std::{
    future::pending,
    io,
    os::windows::io::{AsHandle, AsRawHandle, BorrowedHandle, OwnedHandle},
    path::Path,
    ptr,
    sync::{Arc, mpsc},
    thread,
};

use tokio::sync::Notify;
use windows_sys::Win32::{Storage::FileSystem::ReadFile, System::Pipes::CreatePipe};

use super::{handle, handles::Kept, succeeded};
use crate::log::{Capture, Stream, Taken};

/// How much a program may have written before it waits for somebody to read it, in bytes.
const CAPACITY: u32 = 64 * 1024;
/// How often is taken when the program has ended: somebody who got away may write for ever.
const LAST_TAKES: u32 = 64;

/// Standard output and standard error of a program.
pub(crate) struct Pipes([Option<Reader>; 2]);

impl Pipes {
    /// Takes over the pipes of the program whose folder this is, if it runs.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let [out, err] = Kept::read(folder).pipes();
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

    /// Somebody in the background may still write to them: whoever does finds a pipe that nobody reads, and is not held up.
    pub(crate) fn read_on(self) {}
}

/// Both ends of a new pipe: the one to read from, and the one to write to.
fn pipe() -> io::Result<(OwnedHandle, OwnedHandle)> {
    let (mut read, mut write) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the two are where the handles go; nothing is said of security, so they are not inherited.
    succeeded(unsafe { CreatePipe(&raw mut read, &raw mut write, ptr::null(), CAPACITY) })?;
    // SAFETY: both are ours to close.
    Ok(unsafe { (handle::or_null(read)?, handle::or_null(write)?) })
}

async fn readable(reader: &mut Option<Reader>) {
    match reader {
        Some(reader) => reader.readable().await,
        None => pending().await,
    }
}

/// The end of a pipe that is read, with a thread that waits for something to be in it: a pipe of this kind, which any
/// program can write to, can be waited for in no other way.
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
                wait(waited_for.as_handle());
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
        if !std::mem::replace(&mut self.is_waited_for, true) && self.wait_again.send(()).is_err() {
            return pending().await;
        }
        self.told.notified().await;
        (self.is_readable, self.is_waited_for) = (true, false);
    }
}

/// The thread does nothing but wait.
const STACK: usize = 64 * 1024;

/// Waits until something can be read from `pipe`, or nothing ever can: a read of nothing waits as any other does.
fn wait(pipe: BorrowedHandle<'_>) {
    let mut read = 0;
    let mut nothing = [0; 1];
    // SAFETY: the handle is open and was not made for overlapped reading; no byte is written, and `read` says so.
    unsafe { ReadFile(pipe.as_raw_handle(), nothing.as_mut_ptr(), 0, &raw mut read, ptr::null_mut()) };
}
