//! Reads a body, decompressed, up to a limit.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use async_compression::{
    tokio::write::{BrotliDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder},
    zstd::DParameter,
};
use estatus_core::observation::Cause;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::exchange::{Answer, Exchange};
use crate::{cause, trace::Trace};

/// The codings that [`read`] understands, as `Accept-Encoding` has it.
pub(super) const CODINGS: &str = "gzip, deflate, br, zstd";

/// The largest window that zstd may use on the web, as a power of two (RFC 9659).
const ZSTD_WINDOW: u32 = 23;

/// How a body is read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    limit: u64,
    keeps: bool,
}

impl Reading {
    /// The first `limit` bytes, decompressed, are kept.
    pub(super) fn start_of(limit: u64) -> Self {
        Self { limit, keeps: true }
    }

    /// Nothing is kept or decompressed; so it is known that the body comes to its end, or has at least `limit` bytes.
    pub(super) fn all_unseen(limit: u64) -> Self {
        Self { limit, keeps: false }
    }
}

/// What was read of a body.
#[derive(Default)]
pub(super) struct Body {
    /// Its start, decompressed; empty where nothing is kept.
    pub(super) bytes: Vec<u8>,
    /// The limit, where the body is longer.
    pub(super) cut_at: Option<u64>,
}

/// Reads the body of `answer`. One that is longer than the limit is no failure: the rest is not waited for.
///
/// # Errors
/// The body breaks off, or cannot be decompressed.
pub(super) async fn read(
    answer: Answer,
    reading: Reading,
    exchange: &mut Exchange,
    trace: &mut Trace,
) -> Result<Body, Cause> {
    let sink = Sink { bytes: Vec::new(), count: 0, reading, is_over: false };
    let mut decoder = if reading.keeps { decoder(answer.headers(), sink)? } else { Box::new(sink) };
    let mut body = answer.into_body();
    let mut is_empty = true;
    while let Some(frame) = exchange.drive(trace, body.frame()).await {
        let frame = frame.map_err(|error| cause::of_hyper(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        is_empty = is_empty && data.is_empty();
        let written = decoder.write_all(&data).await;
        if decoder.sink().is_over {
            return Ok(Body { bytes: decoder.take(), cut_at: Some(reading.limit) });
        }
        written.map_err(|error| corrupt(&error))?;
    }
    // Where there is no body, there is nothing compressed either, whatever the header says.
    let ended = if is_empty { Ok(()) } else { decoder.shutdown().await };
    if decoder.sink().is_over {
        return Ok(Body { bytes: decoder.take(), cut_at: Some(reading.limit) });
    }
    ended.map_err(|error| corrupt(&error))?;
    Ok(Body { bytes: decoder.take(), cut_at: None })
}

fn corrupt(error: &io::Error) -> Cause {
    let error = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early".to_owned(),
        _ => error.to_string(),
    };
    Cause::Compression { error }
}

fn decoder(headers: &HeaderMap, sink: Sink) -> Result<Box<dyn Decoder>, Cause> {
    let coding = headers.get(header::CONTENT_ENCODING).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let coding = coding.unwrap_or_default().trim().to_ascii_lowercase();
    Ok(match coding.as_str() {
        "" | "identity" => Box::new(sink),
        "gzip" | "x-gzip" => Box::new(GzipDecoder::new(sink)),
        "deflate" => Box::new(ZlibDecoder::new(sink)),
        "br" => Box::new(BrotliDecoder::new(sink)),
        "zstd" => Box::new(ZstdDecoder::with_params(sink, &[DParameter::window_log_max(ZSTD_WINDOW)])),
        other => return Err(Cause::Compression { error: format!("nobody asked for the coding “{other}”") }),
    })
}

/// Where decompressed bytes go, up to the limit.
struct Sink {
    bytes: Vec<u8>,
    count: u64,
    reading: Reading,
    is_over: bool,
}

impl AsyncWrite for Sink {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = usize::try_from(self.reading.limit.saturating_sub(self.count)).unwrap_or(usize::MAX);
        let Some(fitting) = bytes.get(..room.min(bytes.len())).filter(|fitting| !fitting.is_empty()) else {
            self.is_over = !bytes.is_empty();
            return Poll::Ready(Err(io::ErrorKind::StorageFull.into()));
        };
        self.count += fitting.len() as u64;
        if self.reading.keeps {
            self.bytes.extend_from_slice(fitting);
        }
        Poll::Ready(Ok(fitting.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What turns a body as it comes into the one that is meant.
trait Decoder: AsyncWrite + Send + Unpin {
    fn sink(&mut self) -> &mut Sink;

    fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sink().bytes)
    }
}

impl Decoder for Sink {
    fn sink(&mut self) -> &mut Sink {
        self
    }
}

macro_rules! decoders {
    ($($decoder:ident)*) => {$(
        impl Decoder for $decoder<Sink> {
            fn sink(&mut self) -> &mut Sink {
                self.get_mut()
            }
        }
    )*};
}
decoders!(GzipDecoder ZlibDecoder BrotliDecoder ZstdDecoder);
