//! How a line stands in a log.

use std::ops::Range;

use estatus_core::program::Ended;
use jiff::Timestamp;
use memchr::{memchr, memchr_iter, memchr2};

use super::{
    Line, Stream,
    state::{AsWhat, Place},
};
use crate::encoding::{Decoder, Page};

/// Puts entries together, all of one time.
pub(super) struct Entries {
    decoder: Decoder,
    /// The code page that the program was last seen to write in.
    page: Option<Page>,
    bytes: Vec<u8>,
    /// What an entry begins with, up to its letter.
    stamp: String,
}

impl Entries {
    pub(super) const fn new(decoder: Decoder) -> Self {
        Self { decoder, page: None, bytes: Vec::new(), stamp: String::new() }
    }

    /// Gives memory back, and what has been put together.
    pub(super) fn release(&mut self) {
        *self = Self::new(self.decoder);
    }

    /// Begins again. `at` is in milliseconds since 1970; `page` is what was seen before.
    pub(super) fn begin(&mut self, at: i64, page: Option<Page>) {
        let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
        self.stamp = format!("{at:.3} ");
        self.page = page;
        self.bytes.clear();
    }

    /// The page that has been seen by now.
    pub(super) fn page(&self) -> Option<Page> {
        self.page
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How much memory it takes.
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Says that `lost` entries could not be written.
    pub(super) fn put_lost(&mut self, lost: u64) {
        let lines = if lost == 1 { "line was" } else { "lines were" };
        self.put(b'!', format!("{lost} {lines} lost here: the log could not be written").as_bytes(), true);
    }

    /// Puts the lines of `text` that have an end, as long as no more than `limit` bytes come of them, but at least one.
    /// Gives back how far it came.
    pub(super) fn put_lines(&mut self, stream: Stream, text: &[u8], limit: usize) -> usize {
        let is_clean = self.decoder.leaves(text) && memchr2(b'\r', 0, text).is_none();
        let mut done = 0;
        for end in self.decoder.line_ends(text) {
            if done > 0 && self.bytes.len() + self.stamp.len() + (end.start - done) > limit {
                break;
            }
            self.put_line(letter(stream, false), &text[done..end.start], is_clean);
            done = end.end;
        }
        done
    }

    /// How much of `text`, an unfinished line, can be written as a part of it.
    pub(super) fn part(&self, text: &[u8]) -> usize {
        let whole = self.decoder.whole_characters(text);
        text.get(..whole).map_or(0, |text| self.decoder.without_return(text).len())
    }

    /// Whether `text`, which comes after the last line end, is the rest of one and no line.
    pub(super) fn is_nothing(&self, text: &[u8]) -> bool {
        matches!(self.decoder.without_return(text), b"" | b"\0")
    }

    /// Puts `text`, which has no line end.
    pub(super) fn put_rest(&mut self, stream: Stream, text: &[u8], as_what: AsWhat) {
        match as_what {
            AsWhat::Part => {
                let text = self.decoder.line(text, &mut self.page);
                self.put(letter(stream, true), &text, false);
            }
            AsWhat::Lines | AsWhat::Last => self.put_line(letter(stream, false), text, false),
        }
    }

    #[inline]
    fn put_line(&mut self, letter: u8, line: &[u8], is_clean: bool) {
        if is_clean {
            return self.put(letter, line, true);
        }
        let line = self.decoder.line(line, &mut self.page);
        self.put(letter, without_return(&line), false);
    }

    #[inline]
    fn put(&mut self, letter: u8, text: &[u8], is_clean: bool) {
        self.bytes.reserve(self.stamp.len() + text.len() + 3);
        self.bytes.extend_from_slice(self.stamp.as_bytes());
        self.bytes.extend_from_slice(&[letter, b' ']);
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(text);
        if !is_clean {
            for byte in self.bytes[begin..].iter_mut().filter(|byte| matches!(byte, b'\r' | 0)) {
                *byte = b' ';
            }
        }
        self.bytes.push(b'\n');
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

const fn letter(stream: Stream, is_part: bool) -> u8 {
    match (stream, is_part) {
        (Stream::Out, false) => b'O',
        (Stream::Out, true) => b'o',
        (Stream::Err, false) => b'E',
        (Stream::Err, true) => b'e',
    }
}

/// The entries in `bytes`, which stand at `place`. What is none is left out: somebody else wrote it.
pub(super) fn parse(bytes: &[u8], place: Place) -> impl Iterator<Item = Line> {
    lines(bytes)
        .filter_map(move |line| parse_one(&bytes[line.clone()], Place { at: place.at + line.start as u64, ..place }))
}

/// Where the lines of `bytes` stand, without their ends.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    memchr_iter(b'\n', bytes).chain([bytes.len()]).map(move |end| std::mem::replace(&mut start, end + 1)..end)
}

/// The entry that stands at `place`, if it is one.
pub(super) fn parse_one(entry: &[u8], place: Place) -> Option<Line> {
    let raw = raw(entry)?;
    let at = std::str::from_utf8(raw.stamp).ok()?.parse().ok()?;
    let text = String::from_utf8_lossy(raw.text).into_owned();
    Some(Line { place, at, stream: raw.stream, text, is_part: raw.is_part })
}

/// An entry as it stands in a log.
pub(super) struct Raw<'e> {
    stamp: &'e [u8],
    pub(super) stream: Option<Stream>,
    is_part: bool,
    pub(super) text: &'e [u8],
}

/// Takes an entry apart, if it looks like one.
pub(super) fn raw(entry: &[u8]) -> Option<Raw<'_>> {
    let (stamp, rest) = entry.split_at_checked(memchr(b' ', entry)?)?;
    let [b' ', letter, b' ', text @ ..] = rest else { return None };
    let (stream, is_part) = match letter {
        b'O' => (Some(Stream::Out), false),
        b'o' => (Some(Stream::Out), true),
        b'E' => (Some(Stream::Err), false),
        b'e' => (Some(Stream::Err), true),
        b'!' => (None, false),
        _ => return None,
    };
    Some(Raw { stamp, stream, is_part, text })
}

/// The lines that entries make, in the order of their beginnings, each cut to [`Ended::TAIL_LINE_LIMIT`] bytes.
pub(super) fn join(entries: impl Iterator<Item = Line>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut open: [Option<usize>; 2] = [None; 2];
    for entry in entries {
        let going_on = entry.stream.and_then(|stream| open[stream.index()]).and_then(|at| lines.get_mut(at));
        match going_on {
            Some(line) if line.len() < Ended::TAIL_LINE_LIMIT => line.push_str(&entry.text),
            Some(_) => {}
            None => lines.push(entry.text),
        }
        match entry.stream {
            Some(stream) if entry.is_part => open[stream.index()].get_or_insert(lines.len() - 1),
            Some(stream) => {
                open[stream.index()] = None;
                continue;
            }
            None => {
                open = [None; 2];
                continue;
            }
        };
    }
    for line in &mut lines {
        line.truncate(line.floor_char_boundary(Ended::TAIL_LINE_LIMIT));
    }
    lines
}
