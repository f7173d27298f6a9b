//! A connection as hyper sees it, which notes what goes over it, so that the phases can be told apart, and forgives what
//! every other client forgives.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use http::HeaderValue;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;

/// An open way to a server.
pub(crate) struct Route {
    /// The connection.
    pub(super) stream: Stream,
    /// Whether HTTP/2 was agreed on.
    pub(super) is_http2: bool,
    /// Where the request itself goes to a proxy, which must then be told the whole address: how we authorize ourselves
    /// there, if at all.
    pub(super) through_proxy: Option<Option<HeaderValue>>,
}

/// What went over a connection so far.
#[derive(Default)]
pub(super) struct Marks {
    written: AtomicBool,
    sent: AtomicBool,
    answered: AtomicBool,
    http10: AtomicBool,
}

impl Marks {
    /// Whether everything that hyper had to say has been handed to the operating system.
    pub(super) fn is_sent(&self) -> bool {
        self.sent.load(Relaxed)
    }

    /// Whether a byte has come.
    pub(super) fn is_answered(&self) -> bool {
        self.answered.load(Relaxed)
    }

    /// Whether the answer says that it is HTTP/1.0.
    pub(super) fn is_http10(&self) -> bool {
        self.http10.load(Relaxed)
    }
}

/// What bytes go over both ways.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection, plain or within TLS.
pub(super) struct Stream {
    bytes: Box<dyn Duplex>,
    is_tls: bool,
}

impl Stream {
    /// A connection without TLS.
    pub(super) fn plain(bytes: impl Duplex + 'static) -> Self {
        Self { bytes: Box::new(bytes), is_tls: false }
    }

    /// A connection within TLS.
    pub(super) fn tls(stream: Box<TlsStream<TcpStream>>) -> Self {
        Self { bytes: stream, is_tls: true }
    }
}

/// A connection that keeps [`Marks`].
pub(super) struct Wire {
    stream: Stream,
    marks: Arc<Marks>,
    version: Version,
}

impl Wire {
    /// Notes what goes over `stream` in `marks`.
    pub(super) fn over(stream: Stream, marks: Arc<Marks>) -> Self {
        Self { stream, marks, version: Version::default() }
    }

    fn note_written(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = written {
            self.marks.written.store(true, Relaxed);
        }
        written
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream.bytes).poll_read(cx, buffer);
        if let Some(come) = buffer.filled_mut().get_mut(before..).filter(|come| !come.is_empty()) {
            self.marks.answered.store(true, Relaxed);
            if self.version.raise(come) {
                self.marks.http10.store(true, Relaxed);
            }
        }
        match read {
            // Many servers close without the last word of TLS. Whether something is missing is for HTTP to say, which
            // knows the length of the answer (RFC 9112, section 9.8); without one, it ends here.
            Poll::Ready(Err(error)) if self.stream.is_tls && error.kind() == io::ErrorKind::UnexpectedEof => {
                Poll::Ready(Ok(()))
            }
            read => read,
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream.bytes).poll_write(cx, bytes);
        self.note_written(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream.bytes).poll_write_vectored(cx, slices);
        self.note_written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.bytes.is_write_vectored()
    }

    /// hyper flushes when it has written all it has.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream.bytes).poll_flush(cx);
        if flushed.is_ready() && self.marks.written.load(Relaxed) {
            self.marks.sent.store(true, Relaxed);
        }
        flushed
    }

    /// A plain connection is closed for good right after; only TLS has a last word to say.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.stream.is_tls { Pin::new(&mut self.stream.bytes).poll_shutdown(cx) } else { Poll::Ready(Ok(())) }
    }
}

/// Looks for the version at the head of an answer, which may come in pieces, and makes HTTP/1.0 of it HTTP/1.1.
///
/// hyper refuses chunks under HTTP/1.0; other clients read them, and the standard lets them (RFC 9112, section 6.1). As no
/// connection is used twice, nothing else hangs on the version.
#[derive(Default)]
struct Version {
    /// How many bytes of [`Version::START`] have come; more where the version is known.
    come: usize,
}

impl Version {
    const START: &'static [u8] = b"HTTP/1.";

    /// Whether `bytes`, which come next, say that it is HTTP/1.0; they do so no more.
    fn raise(&mut self, bytes: &mut [u8]) -> bool {
        for byte in bytes {
            match Self::START.get(self.come) {
                // Empty lines before it are skipped.
                None if self.come > Self::START.len() => return false,
                Some(_) if self.come == 0 && matches!(byte, b'\r' | b'\n') => {}
                Some(expected) if expected == byte => self.come += 1,
                None if *byte == b'0' => {
                    *byte = b'1';
                    self.come = usize::MAX;
                    return true;
                }
                _ => self.come = usize::MAX,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_raised_wherever_the_answer_is_cut_into_pieces() {
        let check = |said: &str, raised: &str| {
            for at in 0..=said.len() {
                let mut bytes = said.as_bytes().to_vec();
                let mut version = Version::default();
                let (first, rest) = bytes.split_at_mut(at);
                let is_http10 = version.raise(first) | version.raise(rest);
                assert_eq!((String::from_utf8(bytes).unwrap().as_str(), is_http10), (raised, said != raised), "{at}");
            }
        };
        check("HTTP/1.0 200 OK", "HTTP/1.1 200 OK");
        check("\r\nHTTP/1.0 200 OK", "\r\nHTTP/1.1 200 OK");
        check("HTTP/1.1 200 HTTP/1.0", "HTTP/1.1 200 HTTP/1.0");
        check("SSH-2.0 HTTP/1.0", "SSH-2.0 HTTP/1.0");
        check("HTTP/2.0 HTTP/1.0", "HTTP/2.0 HTTP/1.0");
        check("", "");
    }
}
