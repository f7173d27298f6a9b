//! Frames: a length of four bytes, the highest first, and JSON.

use std::{io, marker::PhantomData};

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Serialize, de::DeserializeOwned};
use tokio_util::codec::{Decoder, Encoder, LengthDelimitedCodec};

/// The longest frame from a client that may edit, in bytes: a file of five million bytes fits, of which JSON makes up to
/// six each. So much room may be set aside for it.
pub(crate) const ASKED_LIMIT: usize = 32 << 20;
/// The longest frame from a client that may not: what it may ask for is short.
pub(crate) const STEERED_LIMIT: usize = 1 << 20;
/// The longest frame from the engine, in bytes: the status of ten thousand monitors fits.
pub(crate) const ANSWER_LIMIT: usize = 64 << 20;

/// Reads `In`, writes `Out`.
pub(crate) struct Codec<In, Out> {
    frames: LengthDelimitedCodec,
    kinds: PhantomData<fn(Out) -> In>,
}

impl<In, Out> Codec<In, Out> {
    /// A codec that refuses to read a frame of more than `read_limit` bytes.
    pub(crate) fn new(read_limit: usize) -> Self {
        let frames = LengthDelimitedCodec::builder().max_frame_length(read_limit).new_codec();
        Self { frames, kinds: PhantomData }
    }
}

impl<In: DeserializeOwned, Out> Decoder for Codec<In, Out> {
    type Item = In;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<In>> {
        let Some(frame) = self.frames.decode(buffer)? else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&frame)?))
    }
}

impl<In, Out: Serialize> Encoder<Out> for Codec<In, Out> {
    type Error = io::Error;

    fn encode(&mut self, item: Out, buffer: &mut BytesMut) -> io::Result<()> {
        let mut json = BytesMut::new().writer();
        serde_json::to_writer(&mut json, &item)?;
        let json: Bytes = json.into_inner().freeze();
        let length = u32::try_from(json.len()).map_err(io::Error::other)?;
        buffer.put_u32(length);
        buffer.put(json);
        Ok(())
    }
}
