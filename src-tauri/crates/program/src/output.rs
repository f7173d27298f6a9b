//! What is kept of what a process writes.

use estatus_core::{encoding::OutputEncoding, secret::Secret};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::{encoding::Decoder, platform::code_pages, secrets::without_secrets};

/// The beginning of an output, up to a limit; the rest is read and thrown away, so that its writer never waits.
pub(crate) struct Output {
    bytes: Vec<u8>,
    limit: usize,
}

impl Output {
    /// Keeps at most `limit` bytes.
    pub(crate) fn up_to(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    /// Reads to the end of `pipe`, or until it breaks, and closes it. What has been read is kept when this is cut off.
    pub(crate) async fn read(&mut self, pipe: &mut Option<impl AsyncRead + Unpin>) {
        const CHUNK: usize = 8 * 1024;
        let Some(open) = pipe else { return };
        let mut chunk = vec![0; CHUNK];
        while let Ok(length @ 1..) = open.read(&mut chunk).await {
            let room = self.limit.saturating_sub(self.bytes.len());
            self.bytes.extend(chunk.iter().take(length.min(room)));
        }
        *pipe = None;
    }

    /// The text, without a character that the limit cut in two, and without `secrets`.
    pub(crate) fn into_text(mut self, secrets: &[(String, Secret)]) -> String {
        let decoder = Decoder::new(OutputEncoding::Auto, code_pages());
        if self.bytes.len() >= self.limit {
            self.bytes.truncate(decoder.whole_characters(&self.bytes));
        }
        without_secrets(decoder.text(self.bytes), secrets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_beginning_is_kept_and_no_character_is_cut_in_two() {
        async fn check(written: &[u8], limit: usize, kept: &str) {
            let mut output = Output::up_to(limit);
            output.read(&mut Some(written)).await;
            assert_eq!(output.into_text(&[]), kept, "{limit} bytes of {written:?}");
        }
        check(b"", 10, "").await;
        check(b"12345", 0, "").await;
        check(b"12345", 3, "123").await;
        check(b"12345", 5, "12345").await;
        check("año".as_bytes(), 1, "a").await;
        check("año".as_bytes(), 2, "a").await;
        check("año".as_bytes(), 3, "añ").await;
        check("€😀".as_bytes(), 6, "€").await;
        // What is no UTF-8 is in a code page there.
        if cfg!(unix) {
            check(b"a\xffb", 10, "a\u{fffd}b").await;
            check(b"\x80\x80\x80\x80\x80", 5, "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}").await;
        }
    }

    #[tokio::test]
    async fn a_secret_that_is_written_out_is_not_kept() {
        let mut output = Output::up_to(100);
        output.read(&mut Some(b"login hunter2 ok, again hunter2".as_slice())).await;
        let secrets = [("PASSWORD".to_owned(), Secret::new("hunter2")), ("EMPTY".to_owned(), Secret::new(""))];
        assert_eq!(output.into_text(&secrets), "login ******* ok, again *******");
    }
}
