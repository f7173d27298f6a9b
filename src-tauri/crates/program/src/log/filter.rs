//! Which lines of a log are looked for.

use std::ops::Range;

use memchr::{memchr, memchr_iter, memrchr};
use regex::bytes::{Regex, RegexBuilder};

use super::{Line, Stream, entry, escapes::Escapes};

/// Which lines of a log are looked for.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    text: Option<Regex>,
    stream: Option<Stream>,
}

impl LogFilter {
    /// A longer text is not looked for, in bytes.
    pub const TEXT_LIMIT: usize = 1_000;

    /// The lines in which `text` stands, in upper or lower case, that were written to `stream`; all lines if it is empty, and
    /// of both streams if none is named. Escape sequences, as those of colours, are not looked through. Where a long line was
    /// divided, a text that stands on both sides is not found. Nothing if the text is longer than
    /// [`LogFilter::TEXT_LIMIT`].
    pub fn new(text: &str, stream: Option<Stream>) -> Option<Self> {
        if text.len() > Self::TEXT_LIMIT {
            return None;
        }
        let text = if text.is_empty() {
            None
        } else {
            Some(RegexBuilder::new(&regex::escape(text)).case_insensitive(true).build().ok()?)
        };
        Some(Self { text, stream })
    }

    /// Whether `line` is looked for.
    pub fn has(&self, line: &Line) -> bool {
        let mut plain = Vec::new();
        let plain = Escapes::default().without(line.text.as_bytes(), &mut plain);
        self.has_stream(line.stream) && self.text.as_ref().is_none_or(|text| text.is_match(plain))
    }

    /// Where in `bytes`, which are whole entries, those stand that are looked for, without their line ends; the first first.
    pub(super) fn entries(&self, bytes: &[u8]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        match &self.text {
            Some(text) => self.find(text, bytes, &mut found),
            None => found.extend(
                entry::lines(bytes)
                    .filter(|line| entry::raw(&bytes[line.clone()]).is_some_and(|raw| self.has_stream(raw.stream))),
            ),
        }
        found
    }

    /// Looks through whole blocks, which is faster than line by line.
    fn find(&self, text: &Regex, bytes: &[u8], found: &mut Vec<Range<usize>>) {
        let mut plain = Vec::new();
        // It has the same lines.
        let plain = Escapes::default().without(bytes, &mut plain);
        let mut lines = entry::lines(bytes);
        let mut at = 0;
        while at <= plain.len()
            && let Some(hit) = text.find_at(plain, at)
        {
            let line = line_around(plain, hit.start());
            let before = memchr_iter(b'\n', &plain[at..line.start]).count();
            at = line.end + 1;
            let Some(stands) = lines.nth(before) else { break };
            let entry = &bytes[stands.clone()];
            let Some(raw) = entry::raw(entry).filter(|raw| self.has_stream(raw.stream)) else { continue };
            // What was found may stand in what is written before the text, where there are no escape sequences.
            let begin = line.start + entry.len() - raw.text.len();
            let is_in_text = hit.start() >= begin && hit.end() <= line.end;
            if is_in_text || plain.get(begin..line.end).is_some_and(|written| text.is_match(written)) {
                found.push(stands);
            }
        }
    }

    fn has_stream(&self, stream: Option<Stream>) -> bool {
        self.stream.is_none() || self.stream == stream
    }
}

/// The line in which `at` lies, without its end.
fn line_around(bytes: &[u8], at: usize) -> Range<usize> {
    let start = memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
    let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of `log` that are found, by their texts.
    fn found(text: &str, stream: Option<Stream>, log: &[&[u8]]) -> Vec<String> {
        let bytes: Vec<u8> =
            log.iter().flat_map(|entry| [b"2026-11-21T12:40:05.123Z ", *entry, b"\n"].concat()).collect();
        let wanted = LogFilter::new(text, stream).unwrap();
        let found = wanted.entries(&bytes).into_iter();
        found.map(|line| String::from_utf8_lossy(entry::raw(&bytes[line]).unwrap().text).into_owned()).collect()
    }

    #[test]
    fn a_text_is_found_in_upper_and_lower_case_and_in_the_text_of_a_line_alone() {
        let log: [&[u8]; 6] = [
            b"O one Error",
            b"E two ERROR",
            b"o three",
            "O Conexi\u{f3}n".as_bytes(),
            b"! 3 lines were lost",
            b"O a.c",
        ];
        let check = |text: &str, wanted: &[&str]| assert_eq!(found(text, None, &log), wanted, "{text}");
        check("error", &["one Error", "two ERROR"]);
        check("THREE", &["three"]);
        check("CONEXI\u{d3}N", &["Conexi\u{f3}n"]);
        check("lost", &["3 lines were lost"]);
        // A text, and no pattern.
        check("a.c", &["a.c"]);
        check("t.o", &[]);
        // It stands in the time of every line, but in the text of none.
        check("2026-11", &[]);
        check("Z O one", &[]);
        check("one error\n", &[]);
        check("", &["one Error", "two ERROR", "three", "Conexi\u{f3}n", "3 lines were lost", "a.c"]);
    }

    #[test]
    fn one_stream_is_looked_through_alone() {
        let log: [&[u8]; 5] = [b"O fine", b"E fine not", b"e fine part", b"o fine too", b"! fine"];
        assert_eq!(found("fine", Some(Stream::Err), &log), ["fine not", "fine part"]);
        assert_eq!(found("", Some(Stream::Out), &log), ["fine", "fine too"]);
    }

    #[test]
    fn colours_neither_hide_a_text_nor_are_found() {
        let log: [&[u8]; 4] =
            [b"O plain warning", b"O \x1b[31mwar\x1b[0mning", b"O \x1b[31mred\x1b[0m", b"O \x1b]0;warning\x07title"];
        assert_eq!(found("warning", None, &log), ["plain warning", "\x1b[31mwar\x1b[0mning"]);
        assert_eq!(found("31m", None, &log), [""; 0]);
    }

    #[test]
    fn what_is_no_utf_8_or_no_entry_disturbs_nothing() {
        assert_eq!(LogFilter::new("w", None).unwrap().entries(b"\x1b[31m\x1b[0mw O \x1b[1m"), [0..0; 0]);
        let log: [&[u8]; 4] = [b"O \xff\xfe warning", b"nonsense warning", b"X warning", b"O the last warning"];
        assert_eq!(found("warning", None, &log), ["\u{fffd}\u{fffd} warning", "the last warning"]);
        // Where the log ends within an entry.
        let wanted = LogFilter::new("last", None).unwrap();
        let entries = wanted.entries(b"2026-11-21T12:40:05.123Z O the last");
        assert_eq!(entries.iter().map(|entry| (entry.start, entry.end)).collect::<Vec<_>>(), [(0, 35)]);
    }

    #[test]
    fn a_text_has_a_limit() {
        assert!(LogFilter::new(&"x".repeat(LogFilter::TEXT_LIMIT), None).is_some());
        assert!(LogFilter::new(&"x".repeat(LogFilter::TEXT_LIMIT + 1), None).is_none());
        assert!(LogFilter::new(&"\u{df}".repeat(LogFilter::TEXT_LIMIT / 2), None).is_some());
    }
}
