//! Frames: a length of four bytes, the highest first, and JSON.

use std::io;

use serde::{Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest frame, in bytes.
const LIMIT: usize = 4 << 20;
const HEAD: usize = 4;

/// Both directions of a connection.
pub(crate) struct Frames<S> {
    stream: S,
    read: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Frames<S> {
    /// Speaks over `stream`.
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// The next frame; nothing at the end. Nothing is lost when this is dropped before it is done.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        loop {
            if let Some(frame) = self.whole()? {
                return Ok(Some(frame));
            }
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return if self.read.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    fn whole<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let Some((head, rest)) = self.read.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
        if length > LIMIT {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
        }
        let Some(json) = rest.get(..length) else { return Ok(None) };
        let frame = serde_json::from_slice(json)?;
        self.read.drain(..HEAD + length);
        if self.read.is_empty() {
            self.read = Vec::new();
        }
        Ok(Some(frame))
    }

    /// How many bytes have come and are not yet understood.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.read.len()
    }

    /// Writes a frame.
    pub(crate) async fn send(&mut self, frame: &impl Serialize) -> io::Result<()> {
        self.stream.write_all(&encode(frame)?).await?;
        self.stream.flush().await
    }
}

/// A frame as it is sent.
pub(crate) fn encode(frame: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; HEAD];
    serde_json::to_writer(&mut bytes, frame)?;
    let length = bytes.len() - HEAD;
    if length > LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a frame is too long"));
    }
    let head = u32::try_from(length).map_err(io::Error::other)?.to_be_bytes();
    if let Some(place) = bytes.first_chunk_mut::<HEAD>() {
        *place = head;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn frames_arrive_whole_and_in_order() {
        let (near, far) = tokio::io::duplex(3);
        let (mut near, mut far) = (Frames::new(near), Frames::new(far));
        let sent = ["", "año", "a long one, longer than the pipe"];
        let sending = async {
            for text in sent {
                near.send(&text).await.unwrap();
            }
            drop(near);
        };
        let receiving = async {
            let mut received = Vec::new();
            while let Some(text) = far.next::<String>().await.unwrap() {
                received.push(text);
            }
            received
        };
        let ((), received) = tokio::join!(sending, receiving);
        assert_eq!(received, sent);
    }

    #[tokio::test]
    async fn what_is_no_frame_is_refused() {
        async fn check(bytes: &[u8]) {
            let (mut near, far) = tokio::io::duplex(64);
            near.write_all(bytes).await.unwrap();
            drop(near);
            assert!(Frames::new(far).next::<String>().await.is_err(), "{bytes:?}");
        }
        check(&[0, 0]).await;
        check(&[0, 0, 0, 2, b'"']).await;
        check(&[0, 0, 0, 1, b'x']).await;
        check(&[255, 255, 255, 255, 0]).await;
    }
}
