//! The pipes that a program writes to. They have names, so that they outlive the shim that reads them.

use std::{
    fs::{self, File},
    io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::{
    fs::{CWD, Mode, OFlags, mkfifoat, open},
    io::{Errno, ioctl_fionread},
    pipe::fcntl_setpipe_size,
};
use tokio::io::{Interest, unix::AsyncFd};
use tracing::warn;

use super::watched;
use crate::log::{Capture, Stream, Taken};

/// Who writes so much at once gets a larger pipe.
const MUCH: u64 = 32 * 1024;
/// In bytes. Not from the beginning: what all pipes of a user may hold together is limited (pipe(7)).
const LARGE: usize = 1 << 20;
/// How often is taken, a megabyte at most each time, when the program has ended: somebody who got away may write for
/// ever.
const LAST_TAKES: u32 = 64;

/// Standard output and standard error of a program.
pub(crate) struct Pipes {
    paths: [PathBuf; 2],
    out: Pipe,
    err: Pipe,
}

impl Pipes {
    /// Opens the pipes in `folder`, with what an earlier shim has left in them. `folder` is as `/proc` shows it.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let paths = Self::paths(folder);
        let [out, err] = &paths;
        Ok(Self { out: Pipe::open(out)?, err: Pipe::open(err)?, paths })
    }

    pub(super) fn paths(folder: &Path) -> [PathBuf; 2] {
        [folder.join("out"), folder.join("err")]
    }

    /// What the program gets. It reads from them as well as it writes: so they are never without a reader, and it
    /// lives on when its shim does not.
    pub(super) fn writers(&self) -> io::Result<(Stdio, Stdio)> {
        let [out, err] = &self.paths;
        let writer = |path: &Path| Ok::<_, io::Error>(File::options().read(true).write(true).open(path)?.into());
        Ok((writer(out)?, writer(err)?))
    }

    /// Waits until there is something in one of them.
    pub(crate) async fn ready(&mut self) -> io::Result<Stream> {
        tokio::select! {
            ready = self.out.fd.readable() => ready.map(|_| Stream::Out),
            ready = self.err.fd.readable() => ready.map(|_| Stream::Err),
        }
    }

    /// Puts some of what is in `stream` into the log.
    pub(crate) fn take(&mut self, stream: Stream, capture: &mut Capture) -> io::Result<()> {
        self.pipe(stream).take(stream, capture).map(drop)
    }

    /// Puts all that is still there into the log, when the program has ended.
    pub(crate) async fn drain(&mut self, capture: &mut Capture) {
        for stream in [Stream::Out, Stream::Err] {
            let pipe = self.pipe(stream);
            for _ in 0..LAST_TAKES {
                // Whether it was told that there is something or not: that may come after the end of the program.
                if !matches!(capture.take(stream, pipe.fd.get_ref().as_fd()), Ok(Taken::Some)) {
                    break;
                }
            }
        }
    }

    /// Somebody in the background may still write to them: they are read for as long as that can be, also when this process
    /// has ended, and nobody else gets them.
    pub(crate) fn read_on(self) {
        for path in &self.paths {
            // Not for writing as well: it comes to its end with the last who writes.
            let reader = open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
            let read = reader.map_err(io::Error::from).and_then(|reader| {
                rustix::io::ioctl_fionbio(&reader, false)?;
                read_on(reader)
            });
            if let Err(error) = read {
                warn!(%error, "what a command has left in the background can write no more");
            }
            let _ = fs::remove_file(path);
        }
    }

    fn pipe(&mut self, stream: Stream) -> &mut Pipe {
        match stream {
            Stream::Out => &mut self.out,
            Stream::Err => &mut self.err,
        }
    }
}

struct Pipe {
    fd: AsyncFd<OwnedFd>,
    is_large: bool,
}

impl Pipe {
    fn open(path: &Path) -> io::Result<Self> {
        match mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR) {
            Err(error) if error != Errno::EXIST => return Err(error.into()),
            _ => {}
        }
        // As long as it is open for writing here as well, it does not come to an end between two writers.
        let fd = open(path, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { fd: watched(fd)?, is_large: false })
    }

    fn take(&mut self, stream: Stream, capture: &mut Capture) -> io::Result<Taken> {
        if !self.is_large && ioctl_fionread(self.fd.get_ref()).is_ok_and(|bytes| bytes >= MUCH) {
            self.is_large = true;
            let _ = fcntl_setpipe_size(self.fd.get_ref(), LARGE);
        }
        let taken = self.fd.try_io(Interest::READABLE, |fd| match capture.take(stream, fd.as_fd())? {
            Taken::Nothing => Err(io::ErrorKind::WouldBlock.into()),
            taken => Ok(taken),
        });
        match taken {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Taken::Nothing),
            taken => taken,
        }
    }
}

/// Has `pipe` read for as long as anybody can write to it, also when this process has ended: a pipe that nobody reads holds
/// up whoever writes to it.
fn read_on(pipe: OwnedFd) -> io::Result<()> {
    let mut reader = Command::new("cat");
    reader.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    reader.current_dir("/").process_group(0).stdin(pipe).stdout(Stdio::null()).stderr(Stdio::null());
    reader.spawn().map(drop)
}

#[cfg(test)]
mod tests {
    use estatus_core::ids::StartId;

    use super::*;
    use crate::encoding::Decoder;

    #[tokio::test]
    async fn no_signal_ends_the_reading() {
        use std::sync::atomic::{AtomicBool, Ordering};

        use rustix::process::{Signal, getpid, kill_process};
        use tokio::signal::unix::{SignalKind, signal};

        const TAKES: u32 = 30_000;
        let folder = tempfile::tempdir().unwrap();
        let mut capture = Capture::open(folder.path(), 1_000_000, Decoder::default()).unwrap();
        let mut pipes = Pipes::open(folder.path()).unwrap();
        let _handled = signal(SignalKind::child()).unwrap();
        let (pipe, is_over) = (pipes.pipe(Stream::Out), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    kill_process(getpid(), Signal::CHILD).unwrap();
                }
            });
            let taken = (0..TAKES).find_map(|_| capture.take(Stream::Out, pipe.fd.get_ref().as_fd()).err());
            is_over.store(true, Ordering::Relaxed);
            assert!(taken.is_none(), "{taken:?}");
        });
    }

    #[tokio::test]
    async fn what_was_written_last_is_taken_although_nobody_was_told_of_it_yet() {
        let folder = tempfile::tempdir().unwrap();
        let mut capture = Capture::open(folder.path(), 1_000_000, Decoder::default()).unwrap();
        capture.begin(StartId(1));
        let mut pipes = Pipes::open(folder.path()).unwrap();
        let [out, _] = Pipes::paths(folder.path());
        fs::write(out, "the last line\n").unwrap();
        pipes.drain(&mut capture).await;
        assert_eq!(capture.tail(9), ["the last line"]);
    }
}
