//! A text that is waited for in what a program writes.

use memchr::memmem::Finder;

use super::Stream;

/// Looks for a text in two streams, however they are cut into pieces.
pub(super) struct Awaited {
    finder: Finder<'static>,
    /// By stream, the last bytes, in which the text may have begun.
    before: [Vec<u8>; 2],
}

impl Awaited {
    pub(super) fn new(text: &str) -> Self {
        Self { finder: Finder::new(text).into_owned(), before: [Vec::new(), Vec::new()] }
    }

    /// Whether the text ends in `bytes`, which come next in `stream`.
    pub(super) fn is_in(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let reach = self.finder.needle().len().saturating_sub(1);
        let before = &mut self.before[stream.index()];
        before.extend_from_slice(&bytes[..reach.min(bytes.len())]);
        let found = self.finder.find(before).is_some() || self.finder.find(bytes).is_some();
        if bytes.len() > reach {
            before.clear();
            before.extend_from_slice(&bytes[bytes.len() - reach..]);
        }
        let excess = before.len().saturating_sub(reach);
        before.drain(..excess);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_however_it_is_cut() {
        let check = |text: &str, pieces: &[&str], found: bool| {
            let mut awaited = Awaited::new(text);
            let is_in = pieces.iter().any(|piece| awaited.is_in(Stream::Out, piece.as_bytes()));
            assert_eq!(is_in, found, "{text} in {pieces:?}");
        };
        check("ready", &["it is ready now"], true);
        check("ready", &["it is rea", "dy now"], true);
        check("ready", &["r", "e", "a", "d", "y"], true);
        check("ready", &["rere", "", "a", "dy"], true);
        check("ready", &["rea", "d", "iness"], false);
        check("ready", &["read", "read", "y"], true);
        check("r", &["", "abc", "rest"], true);
        check("ready in", &["ready\nin"], false);
        check("listo ñ", &["listo ", "ñ"], true);
    }

    #[test]
    fn a_text_that_begins_in_one_stream_does_not_end_in_the_other() {
        let mut awaited = Awaited::new("ready");
        let found = [(Stream::Out, "rea"), (Stream::Err, "dy"), (Stream::Out, "-"), (Stream::Err, "ready")]
            .map(|(stream, text)| awaited.is_in(stream, text.as_bytes()));
        assert_eq!(found, [false, false, false, true]);
    }
}
