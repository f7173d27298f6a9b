//! A text that is waited for in what a program writes.

use memchr::memmem::Finder;

use super::{Stream, escapes::Escapes};

/// Looks for a text in two streams, however they are cut into pieces and coloured.
pub(super) struct Awaited {
    finders: Vec<Finder<'static>>,
    /// By stream, the last bytes, in which the text may have begun.
    before: [Vec<u8>; 2],
    /// By stream, what takes escape sequences out; nothing where the text has some itself.
    escapes: Option<[Escapes; 2]>,
}

impl Awaited {
    /// The text is written in one of `forms`.
    pub(super) fn new(forms: &[Vec<u8>]) -> Self {
        let escapes = (!forms.iter().any(|form| form.contains(&0x1b))).then(Default::default);
        let finders = forms.iter().map(|form| Finder::new(form).into_owned()).collect();
        Self { finders, before: [Vec::new(), Vec::new()], escapes }
    }

    /// Whether the text ends in `bytes`, which come next in `stream`.
    pub(super) fn is_in(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let mut plain = Vec::new();
        let bytes = match &mut self.escapes {
            Some(escapes) => escapes[stream.index()].without(bytes, &mut plain),
            None => bytes,
        };
        let longest = self.finders.iter().map(|finder| finder.needle().len()).max().unwrap_or(0);
        let connector = longest.saturating_sub(1);
        let before = &mut self.before[stream.index()];
        before.extend_from_slice(&bytes[..connector.min(bytes.len())]);
        let found = self.finders.iter().any(|finder| finder.find(before).is_some() || finder.find(bytes).is_some());
        if bytes.len() > connector {
            before.clear();
            before.extend_from_slice(&bytes[bytes.len() - connector..]);
        }
        let excess = before.len().saturating_sub(connector);
        before.drain(..excess);
        found
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_found(text: &str, pieces: &[&[u8]]) -> bool {
        let mut awaited = Awaited::new(&[text.into()]);
        pieces.iter().any(|piece| awaited.is_in(Stream::Out, piece))
    }

    #[test]
    fn a_text_is_found_however_it_is_cut() {
        let check = |text: &str, pieces: &[&str], found: bool| {
            let bytes: Vec<&[u8]> = pieces.iter().map(|piece| piece.as_bytes()).collect();
            assert_eq!(is_found(text, &bytes), found, "{text} in {pieces:?}");
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
    fn a_text_is_found_however_it_is_coloured() {
        let check = |text: &str, written: &str, found: bool| {
            for cut in 0..=written.len() {
                let (one, other) = written.as_bytes().split_at(cut);
                assert_eq!(is_found(text, &[one, other]), found, "{text:?} in {written:?} cut at {cut}");
            }
        };
        check("ready in 300 ms", "\u{1b}[2mready in \u{1b}[0m\u{1b}[1m300\u{1b}[22m ms\n", true);
        check("Local: http", "\u{1b}[32m➜\u{1b}[39m  \u{1b}[1mLocal\u{1b}[22m: \u{1b}[36mhttp\u{1b}[39m", true);
        check("see docs", "see \u{1b}]8;;https://a.example/\u{1b}\\docs\u{1b}]8;;\u{1b}\\", true);
        check("see docs", "\u{1b}]0;title\u{7}see docs", true);
        check("ready", "\u{1b}(Brea\u{1b}=dy", true);
        check("ready", "\u{1b}[38:2::255:0:0mrea\u{1b}[?25ldy", true);
        // What is no sequence hides nothing.
        check("ready", "\u{1b}[3\nready", true);
        check("ready", "\u{1b}]0;never ends\nready", true);
        check("[2mready", "[2mready", true);
        check("\u{1b}[2mready", "\u{1b}[2mready", true);
        check("ready", "rea\u{1b}[2mdiness", false);
    }

    #[test]
    fn a_text_that_begins_in_one_stream_does_not_end_in_the_other() {
        let mut awaited = Awaited::new(&["ready".into()]);
        let found = [(Stream::Out, "rea"), (Stream::Err, "dy"), (Stream::Out, "-"), (Stream::Err, "ready")]
            .map(|(stream, text)| awaited.is_in(stream, text.as_bytes()));
        assert_eq!(found, [false, false, false, true]);
    }

    proptest! {
        #[test]
        fn how_it_is_cut_makes_no_difference(written in "[\\x1b\\[\\]0-9;mab\\\\\\x07\\n]{0,40}", cut in 0..41_usize) {
            let (one, other) = written.as_bytes().split_at(cut.min(written.len()));
            prop_assert_eq!(is_found("ab", &[one, other]), is_found("ab", &[written.as_bytes()]));
        }
    }
}
