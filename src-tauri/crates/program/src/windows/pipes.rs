//! The pipes that a program writes to. They end with the shim, and so does the program.

use std::{future::pending, io, path::Path, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, ChildStderr, ChildStdout},
    time::timeout,
};

use crate::log::{Capture, Stream};

const CHUNK: usize = 64 * 1024;
/// For how long the pipes are still read when the program has ended: somebody who got away may hold them.
const DRAINED_WITHIN: Duration = Duration::from_millis(500);

/// Standard output and standard error of a program.
#[derive(Default)]
pub(crate) struct Pipes {
    out: Option<ChildStdout>,
    err: Option<ChildStderr>,
    read: Vec<u8>,
}

impl Pipes {
    pub(crate) fn open(_folder: &Path) -> io::Result<Self> {
        Ok(Self::default())
    }

    /// Takes over what `child` writes to.
    pub(super) fn attach(&mut self, child: &mut Child) {
        (self.out, self.err) = (child.stdout.take(), child.stderr.take());
    }

    /// Waits until there is something in one of them.
    pub(crate) async fn ready(&mut self) -> io::Result<Stream> {
        let mut read = [Vec::new(), Vec::new()];
        let [out, err] = &mut read;
        let stream = tokio::select! {
            () = some(&mut self.out, out) => Stream::Out,
            () = some(&mut self.err, err) => Stream::Err,
        };
        let [out, err] = read;
        self.read = if stream == Stream::Out { out } else { err };
        Ok(stream)
    }

    /// Puts what was read from `stream` into the log.
    pub(crate) fn take(&mut self, stream: Stream, capture: &mut Capture) -> io::Result<()> {
        capture.push(stream, &std::mem::take(&mut self.read));
        Ok(())
    }

    /// Puts all that is still there into the log, when the program has ended.
    pub(crate) async fn drain(&mut self, capture: &mut Capture) {
        let all = async {
            while self.out.is_some() || self.err.is_some() {
                if let Ok(stream) = self.ready().await {
                    let _ = self.take(stream, capture);
                }
            }
        };
        let _ = timeout(DRAINED_WITHIN, all).await;
    }

    /// Somebody in the background may still write to them: nobody is killed for that.
    pub(crate) fn read_on(self) {}
}

/// Reads some of what is in `pipe`; at its end nothing, and then it is none.
async fn some(pipe: &mut Option<impl AsyncRead + Unpin>, read: &mut Vec<u8>) {
    let Some(open) = pipe else { return pending().await };
    read.reserve_exact(CHUNK);
    if !matches!(open.read_buf(read).await, Ok(1..)) {
        *pipe = None;
    }
}
