//! The engine's end of TLS over a connection, without buffers of its own.
//!
//! tokio-rustls keeps 4 KB for each connection to read into, and an agent says some bytes every few seconds. Here all read into one
//! buffer, and what comes is decrypted where it lies; kept is only what is not whole yet, not read, or not sent.

use std::{
    cell::RefCell,
    future::poll_fn,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls::{
    Error, ServerConfig,
    pki_types::CertificateDer,
    server::UnbufferedServerConnection,
    unbuffered::{ConnectionState, EncodeError, EncryptError, InsufficientSizeError, UnbufferedStatus},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// So much is read at once.
const READ: usize = 16 * 1024;
/// So much is encrypted at once.
const WRITE: usize = 16 * 1024;
/// No more is kept of what is not whole: a message of a handshake may have half of it (rustls), and comes in any number of records.
const LONGEST: usize = 2 * 64 * 1024;

thread_local! {
    /// What is read is decrypted at once, so that all connections share this.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// An encrypted connection.
pub(crate) struct Encrypted {
    stream: TcpStream,
    tls: UnbufferedServerConnection,
    buffers: Buffers,
    /// The other side has said that it says nothing more.
    is_over: bool,
}

#[derive(Default)]
struct Buffers {
    /// What has come and is not whole.
    partial: Vec<u8>,
    /// What was decrypted and is not read.
    unread: Vec<u8>,
    /// What is encrypted and not sent.
    waiting: Vec<u8>,
}

impl Encrypted {
    /// Agrees on TLS with whoever has connected.
    ///
    /// # Errors
    /// They do not agree ([`rustls::Error`]), or the other side has gone.
    pub(crate) async fn accept(config: Arc<ServerConfig>, stream: TcpStream) -> io::Result<Box<Self>> {
        let tls = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        let mut this = Box::new(Self { stream, tls, buffers: Buffers::default(), is_over: false });
        poll_fn(|context| this.poll_handshake(context)).await?;
        Ok(this)
    }

    /// The certificate that the other side has shown.
    pub(crate) fn shown(&self) -> Option<&CertificateDer<'_>> {
        self.tls.peer_certificates()?.first()
    }

    fn poll_handshake(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.tls.is_handshaking() {
            ready!(self.poll_take(context, &mut ReadBuf::new(&mut [])))?;
            if self.is_over {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        self.poll_send(context)
    }

    /// Takes what has come: to `read` goes what it has room for.
    fn poll_take(&mut self, context: &mut Context<'_>, read: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let taken = BUFFER.with_borrow_mut(|buffer| {
            let mut came = ReadBuf::new(buffer);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut came))?;
            if came.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            Poll::Ready(
                self.take(came.filled_mut(), read).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)),
            )
        });
        if taken.is_ready() {
            // An alert goes out also where nobody writes any more. What has to wait does so until somebody writes, and what fails
            // now fails then.
            let _ = self.poll_send(context);
        }
        taken
    }

    fn take(&mut self, came: &mut [u8], read: &mut ReadBuf<'_>) -> Result<(), Error> {
        if self.buffers.partial.is_empty() {
            let taken = self.advance(came, &mut None, read)?;
            self.buffers.partial = came[taken..].to_vec();
        } else {
            let mut all = std::mem::take(&mut self.buffers.partial);
            all.extend_from_slice(came);
            let taken = self.advance(&mut all, &mut None, read)?;
            // Where all of it is taken, no room is kept for it.
            if taken < all.len() {
                all.drain(..taken);
                self.buffers.partial = all;
            }
        }
        let is_too_much = self.buffers.partial.len() > LONGEST;
        if is_too_much { Err(Error::General("what comes is never whole".to_owned())) } else { Ok(()) }
    }

    /// Encrypts what is to be said.
    fn encrypt(&mut self, said: Said<'_>) -> Result<(), Error> {
        let (mut partial, mut said) = (std::mem::take(&mut self.buffers.partial), Some(said));
        let taken = self.advance(&mut partial, &mut said, &mut ReadBuf::new(&mut []))?;
        partial.drain(..taken);
        self.buffers.partial = partial;
        said.map_or(Ok(()), |_| Err(Error::EncryptError))
    }

    /// Goes as far as what has come allows, and says `said` then; how much of what has come is done with.
    fn advance(
        &mut self,
        came: &mut [u8],
        said: &mut Option<Said<'_>>,
        read: &mut ReadBuf<'_>,
    ) -> Result<usize, Error> {
        let Self { tls, buffers: Buffers { unread, waiting, .. }, is_over, .. } = self;
        let (mut taken, mut failed) = (0, Ok(()));
        // Where it fails, the other side is to hear of it.
        while failed.is_ok() || tls.wants_write() {
            let UnbufferedStatus { discard, state } = tls.process_tls_records(&mut came[taken..]);
            taken += discard;
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        taken += record.discard;
                        let fits = if unread.is_empty() { record.payload.len().min(read.remaining()) } else { 0 };
                        let (now, later) = record.payload.split_at(fits);
                        read.put_slice(now);
                        unread.extend_from_slice(later);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => append(waiting, |room| match data.encode(room) {
                    Ok(written) => Ok(written),
                    Err(EncodeError::InsufficientSize(needs)) => Err(Some(needs)),
                    Err(EncodeError::AlreadyEncoded) => Err(None),
                })?,
                // It goes out before anything else.
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::WriteTraffic(mut traffic)) => {
                    let Some(said) = said.take() else { break };
                    append(waiting, |room| {
                        let written = match said {
                            Said::Bytes(bytes) => traffic.encrypt(bytes, room),
                            Said::NothingMore => traffic.queue_close_notify(room),
                        };
                        written.map_err(|error| match error {
                            EncryptError::InsufficientSize(needs) => Some(needs),
                            EncryptError::EncryptExhausted => None,
                        })
                    })?;
                }
                Ok(ConnectionState::PeerClosed) => *is_over = true,
                Ok(_) => break,
                Err(error) => failed = Err(error),
            }
        }
        failed.map(|()| taken)
    }

    /// Sends what is to be sent.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waiting = &mut self.buffers.waiting;
        while !waiting.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(context, waiting))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => drop(waiting.drain(..sent)),
            }
        }
        // No room is kept for it.
        *waiting = Vec::new();
        Poll::Ready(Ok(()))
    }
}

/// What is said.
#[derive(Clone, Copy)]
enum Said<'a> {
    Bytes(&'a [u8]),
    NothingMore,
}

/// Has `write` write behind what there is: it says how much it has written, or how much room it needs, if it can at all.
fn append(
    waiting: &mut Vec<u8>,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<InsufficientSizeError>>,
) -> Result<(), Error> {
    let before = waiting.len();
    let mut written = write(&mut []);
    if let Err(Some(InsufficientSizeError { required_size })) = written {
        waiting.resize(before + required_size, 0);
        written = write(&mut waiting[before..]);
    }
    waiting.truncate(before + written.as_ref().map_or(0, |written| *written));
    written.map(drop).map_err(|_| Error::EncryptError)
}

impl AsyncRead for Encrypted {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, read: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = read.filled().len();
        loop {
            let unread = &mut this.buffers.unread;
            let fits = unread.len().min(read.remaining());
            read.put_slice(&unread[..fits]);
            if fits == unread.len() {
                *unread = Vec::new();
            } else {
                unread.drain(..fits);
            }
            if read.filled().len() > before || read.remaining() == 0 || this.is_over {
                return Poll::Ready(Ok(()));
            }
            ready!(this.poll_take(context, read))?;
        }
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_send(context))?;
        let bytes = &bytes[..bytes.len().min(WRITE)];
        this.encrypt(Said::Bytes(bytes)).map_err(io::Error::other)?;
        match this.poll_send(context) {
            // It is encrypted, and goes out with the next, or when it is flushed.
            Poll::Pending | Poll::Ready(Ok(())) => Poll::Ready(Ok(bytes.len())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_send(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.encrypt(Said::NothingMore).map_err(io::Error::other)?;
        ready!(this.poll_send(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
