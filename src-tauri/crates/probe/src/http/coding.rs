//! Takes the codings off a body that its header names (RFC 9110, section 8.4).

use std::{io, ops::ControlFlow};

use compression_codecs::{
    BrotliDecoder, DecodeV2, DeflateDecoder, GzipDecoder, ZlibDecoder, ZstdDecoder,
    core::util::{PartialBuffer, WriteBuffer},
    zstd::params::DParameter,
};
use encoding_rs::Encoding;
use http::{HeaderMap, header};

/// The codings that are understood, as `Accept-Encoding` has it.
pub(super) const CODINGS: &str = "gzip, deflate, br, zstd";

/// The largest window that zstd may use on the web, as a power of two (RFC 9659).
const ZSTD_WINDOW: u32 = 23;

/// The most codings that one body is taken out of; curl has the same limit.
const AT_MOST: usize = 5;

/// How many bytes are unpacked at once.
const PIECE: usize = 16 * 1024;

/// What is written for a coding and is none: the body is as it should be (charsets are recognised beside these).
const SAYING_NOTHING: [&str; 9] =
    ["identity", "none", "binary", "plain", "text", "7bit", "8bit", "chunked", "aws-chunked"];

/// Whoever unpacked bytes are given to; it may have had enough.
pub(super) type Taker<'a> = &'a mut dyn FnMut(&[u8]) -> ControlFlow<()>;

/// The codings of one body, and how far each has been taken off.
#[derive(Default)]
pub(super) struct Unpacking {
    /// The first is the last that was put on.
    layers: Vec<Layer>,
    /// A coding that nobody asked for.
    unknown: Option<String>,
}

impl Unpacking {
    /// What `headers` say of the body.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut unpacking = Self::default();
        for value in headers.get_all(header::CONTENT_ENCODING) {
            for name in String::from_utf8_lossy(value.as_bytes()).split(',') {
                unpacking.add(name.trim().to_ascii_lowercase());
            }
        }
        unpacking.layers.reverse();
        unpacking
    }

    /// What keeps the body from being read, where something does.
    pub(super) fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// Hands on what `bytes`, which come next, unpack to.
    ///
    /// # Errors
    /// They are not what their coding should be.
    pub(super) fn push(&mut self, bytes: &[u8], to: Taker<'_>) -> io::Result<ControlFlow<()>> {
        push(&mut self.layers, bytes, to)
    }

    /// Hands on what is left at the end.
    ///
    /// # Errors
    /// There should be more.
    pub(super) fn finish(&mut self, to: Taker<'_>) -> io::Result<ControlFlow<()>> {
        finish(&mut self.layers, to)
    }

    fn add(&mut self, name: String) {
        let coding = match name.as_str() {
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            name if says_nothing(name) => return,
            _ => {
                self.unknown = Some(name);
                return;
            }
        };
        if self.layers.len() < AT_MOST {
            self.layers.push(Layer::new(coding));
        } else {
            self.unknown = Some(name);
        }
    }
}

fn says_nothing(name: &str) -> bool {
    name.is_empty() || SAYING_NOTHING.contains(&name) || Encoding::for_label(name.as_bytes()).is_some()
}

fn push(layers: &mut [Layer], bytes: &[u8], to: Taker<'_>) -> io::Result<ControlFlow<()>> {
    match layers.split_first_mut() {
        None => Ok(to(bytes)),
        Some((layer, below)) => layer.push(bytes, &mut |unpacked| push(below, unpacked, &mut *to)),
    }
}

fn finish(layers: &mut [Layer], to: Taker<'_>) -> io::Result<ControlFlow<()>> {
    let Some((layer, below)) = layers.split_first_mut() else { return Ok(ControlFlow::Continue(())) };
    match layer.finish(&mut |unpacked| push(below, unpacked, &mut *to))? {
        ControlFlow::Continue(()) => finish(below, to),
        enough => Ok(enough),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn decoder(self) -> Box<dyn DecodeV2 + Send> {
        match self {
            Self::Gzip => Box::new(GzipDecoder::new()),
            Self::Deflate => Box::new(ZlibDecoder::new()),
            Self::Brotli => Box::new(BrotliDecoder::new()),
            Self::Zstd => Box::new(ZstdDecoder::new_with_params(&[DParameter::window_log_max(ZSTD_WINDOW)])),
        }
    }

    /// Whether another body of the same coding may follow, which belongs to the same text (RFC 1952, section 2.2; RFC
    /// 8878, section 3).
    fn goes_on(self) -> bool {
        matches!(self, Self::Gzip | Self::Zstd)
    }

    /// Whether unpacked bytes may be held back, to be asked for without giving more.
    fn holds_back(self) -> bool {
        matches!(self, Self::Brotli | Self::Zstd)
    }
}

/// One coding, and how far it has been taken off.
struct Layer {
    coding: Coding,
    decoder: Box<dyn DecodeV2 + Send>,
    /// The first bytes, until it is known what they are.
    head: Vec<u8>,
    stage: Stage,
    piece: Box<[u8; PIECE]>,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    /// Nothing has come.
    Waiting,
    /// The first part is unpacked.
    Unpacking,
    /// A part has ended. If what follows is no further one, it is padding, which nobody reads.
    Following,
    /// A further part, of which something has been unpacked.
    Further,
    /// All that follows is padding.
    Padding,
}

/// Tells bytes of a coding apart from what is wrong with them.
type Given<'a> = &'a mut dyn FnMut(&[u8]) -> io::Result<ControlFlow<()>>;

impl Layer {
    fn new(coding: Coding) -> Self {
        let stage = if coding == Coding::Deflate { Stage::Waiting } else { Stage::Unpacking };
        Self { coding, decoder: coding.decoder(), head: Vec::new(), stage, piece: Box::new([0; PIECE]) }
    }

    fn push(&mut self, bytes: &[u8], to: Given<'_>) -> io::Result<ControlFlow<()>> {
        if self.stage != Stage::Waiting {
            return self.unpack(bytes, to);
        }
        self.head.extend_from_slice(bytes);
        if self.head.len() < 2 { Ok(ControlFlow::Continue(())) } else { self.begin(to) }
    }

    /// “deflate” is what zlib writes, with a head of two bytes; many servers leave it out (RFC 9110, section 8.4.1.2).
    fn begin(&mut self, to: Given<'_>) -> io::Result<ControlFlow<()>> {
        let head = std::mem::take(&mut self.head);
        let is_zlib = matches!(head[..], [method, check, ..]
            if method & 0x8f == 0x08 && u16::from_be_bytes([method, check]).is_multiple_of(31));
        if !is_zlib {
            self.decoder = Box::new(DeflateDecoder::new());
        }
        self.stage = Stage::Unpacking;
        self.unpack(&head, to)
    }

    fn unpack(&mut self, bytes: &[u8], to: Given<'_>) -> io::Result<ControlFlow<()>> {
        let mut input = PartialBuffer::new(bytes);
        let mut is_full = false;
        while self.stage != Stage::Padding && (!input.unwritten().is_empty() || (is_full && self.coding.holds_back())) {
            let mut output = WriteBuffer::new_initialized(&mut self.piece[..]);
            let before = input.written_len();
            let is_end = match self.decoder.decode(&mut input, &mut output) {
                Ok(is_end) => is_end,
                Err(_) if self.stage == Stage::Following => {
                    self.stage = Stage::Padding;
                    break;
                }
                Err(error) => return Err(error),
            };
            is_full = output.has_no_spare_space();
            let unpacked = output.written();
            if !unpacked.is_empty() {
                if self.stage == Stage::Following {
                    self.stage = Stage::Further;
                }
                if to(unpacked)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            } else if !is_end && input.written_len() == before && !input.unwritten().is_empty() {
                return Err(io::Error::other("it does not go on"));
            }
            if is_end {
                is_full = false;
                self.end()?;
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// A part is over.
    fn end(&mut self) -> io::Result<()> {
        if self.coding.goes_on() {
            self.decoder.reinit()?;
            self.stage = Stage::Following;
        } else {
            self.stage = Stage::Padding;
        }
        Ok(())
    }

    fn finish(&mut self, to: Given<'_>) -> io::Result<ControlFlow<()>> {
        if self.stage == Stage::Waiting && self.begin(to)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        if matches!(self.stage, Stage::Following | Stage::Padding) {
            return Ok(ControlFlow::Continue(()));
        }
        loop {
            let mut output = WriteBuffer::new_initialized(&mut self.piece[..]);
            // Nothing new can be wrong where nothing new has come.
            let is_end = self.decoder.finish(&mut output).map_err(|_| io::ErrorKind::UnexpectedEof)?;
            let unpacked = output.written();
            if !unpacked.is_empty() && to(unpacked)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
            if is_end {
                return Ok(ControlFlow::Continue(()));
            }
            if unpacked.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_compression::tokio::write::{BrotliEncoder, DeflateEncoder, GzipEncoder, ZlibEncoder, ZstdEncoder};
    use http::HeaderValue;
    use proptest::prelude::*;
    use tokio::io::{AsyncWrite, AsyncWriteExt};

    use super::*;

    /// A way to pack, which for two goes by one name.
    const ALL: [(&str, &str); 5] =
        [("gzip", "gzip"), ("zlib", "deflate"), ("raw", "deflate"), ("br", "br"), ("zstd", "zstd")];

    fn packed(how: &str, text: &[u8]) -> Vec<u8> {
        async fn run<E: AsyncWrite + Unpin>(mut encoder: E, text: &[u8]) -> E {
            encoder.write_all(text).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            match how {
                "gzip" => run(GzipEncoder::new(Vec::new()), text).await.into_inner(),
                "zlib" => run(ZlibEncoder::new(Vec::new()), text).await.into_inner(),
                "raw" => run(DeflateEncoder::new(Vec::new()), text).await.into_inner(),
                "br" => run(BrotliEncoder::new(Vec::new()), text).await.into_inner(),
                "zstd" => run(ZstdEncoder::new(Vec::new()), text).await.into_inner(),
                other => panic!("{other}"),
            }
        })
    }

    /// What `bytes`, in pieces of `size`, unpack to; the error's text where they do not.
    fn unpacked(codings: &[&str], bytes: &[u8], size: usize) -> Result<Vec<u8>, String> {
        let mut headers = HeaderMap::new();
        for coding in codings {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap());
        }
        let mut unpacking = Unpacking::of(&headers);
        if let Some(unknown) = unpacking.unknown() {
            return Err(unknown.to_owned());
        }
        let mut all = Vec::new();
        let mut take = |bytes: &[u8]| {
            all.extend_from_slice(bytes);
            ControlFlow::Continue(())
        };
        let pushed = bytes.chunks(size).try_for_each(|piece| unpacking.push(piece, &mut take).map(drop));
        pushed.and_then(|()| unpacking.finish(&mut take).map(drop)).map_err(|error| error.to_string())?;
        Ok(all)
    }

    #[test]
    fn what_says_nothing_is_no_coding() {
        let check = |codings: &[&str], read: Result<&str, &str>| {
            let found = unpacked(codings, b"as it is", 3).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(found.as_deref(), read.map_err(str::to_owned).as_ref().copied(), "{codings:?}");
        };
        for nothing in ["", "identity", "none", "utf-8", "UTF-8", "iso-8859-1", "aws-chunked", "binary", "none, utf-8"]
        {
            check(&[nothing], Ok("as it is"));
        }
        check(&[], Ok("as it is"));
        check(&["identity", "utf-8"], Ok("as it is"));
        check(&["rot13"], Err("rot13"));
        check(&["gzip, compress"], Err("compress"));
        check(&["gzip, gzip, gzip, gzip, gzip, gzip"], Err("gzip"));
    }

    #[test]
    fn several_codings_come_off_in_turn() {
        let text = b"once packed and packed again";
        let twice = packed("br", &packed("gzip", text));
        for codings in [&["gzip, br"][..], &["gzip", "br"], &["gzip, identity", "br, utf-8"]] {
            assert_eq!(unpacked(codings, &twice, 7).as_deref(), Ok(&text[..]), "{codings:?}");
        }
        assert!(unpacked(&["br, gzip"], &twice, 7).is_err());
    }

    #[test]
    fn several_parts_are_one_text_and_padding_is_none() {
        for (how, coding) in [("gzip", "gzip"), ("zstd", "zstd")] {
            let whole = [packed(how, b"one "), packed(how, b""), packed(how, b"two "), packed(how, b"three")].concat();
            let padded = [whole.as_slice(), &[0; 20]].concat();
            for size in [1, 2, 5, 1000] {
                assert_eq!(unpacked(&[coding], &whole, size).as_deref(), Ok(&b"one two three"[..]), "{how} {size}");
                assert_eq!(unpacked(&[coding], &padded, size).as_deref(), Ok(&b"one two three"[..]), "{how} {size}");
            }
        }
        let cut = [packed("gzip", b"one"), packed("gzip", &[7; 100_000])].concat();
        assert!(unpacked(&["gzip"], &cut[..cut.len() - 9], 10).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn what_is_packed_is_unpacked_whatever_it_is_and_however_it_comes(
            text in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..3000),
                (any::<u8>(), 0..50_000_usize).prop_map(|(byte, count)| vec![byte; count]),
            ],
            size in 1..5000_usize,
        ) {
            for (how, coding) in ALL {
                let found = unpacked(&[coding], &packed(how, &text), size);
                prop_assert!(found.as_ref() == Ok(&text), "{} in pieces of {}", how, size);
            }
        }

        #[test]
        fn what_is_cut_is_never_taken_for_whole(text in prop::collection::vec(any::<u8>(), 1..3000), cut in 1..40_usize) {
            for (how, coding) in ALL {
                let whole = packed(how, &text);
                let part = whole.get(..whole.len().saturating_sub(cut)).filter(|part| !part.is_empty());
                let found = part.map(|part| unpacked(&[coding], part, 100));
                prop_assert!(found.is_none_or(|found| found.is_err()), "{} without its last {} bytes", how, cut);
            }
        }

    }

    proptest! {
        #[test]
        fn nonsense_ends(bytes in prop::collection::vec(any::<u8>(), 0..500), size in 1..50_usize) {
            for (_, coding) in ALL {
                let _ = unpacked(&[coding], &bytes, size);
            }
            for (how, coding) in [("gzip", "gzip"), ("zstd", "zstd")] {
                let _ = unpacked(&[coding], &[packed(how, b"begun well, "), bytes.clone()].concat(), size);
            }
        }
    }
}
