//! What must be known to go on where a capture stopped.

use estatus_core::ids::StartId;

use super::Stream;
use crate::encoding::Page;

/// How many bytes a stream has room for in the spool.
pub(super) const BUFFER: usize = 64 * 1024;

/// How far the capture has come. It changes as a whole or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// Up to where the log is written.
    pub(super) written: Place,
    /// What has been taken and is not yet written, by stream.
    pub(super) held: [HeldPart; 2],
    /// The read that is under way.
    pub(super) reading: Option<Reading>,
    /// The write that is under way.
    pub(super) writing: Option<Writing>,
    /// How many entries could not be written since one last could.
    pub(super) lost: u64,
    /// Whose output it is.
    pub(super) start: StartId,
    /// Where its output begins in the log.
    pub(super) begun: Place,
    /// Whether it has written what was waited for.
    pub(super) seen: bool,
    /// The code page that the program was last seen to write in.
    pub(super) page: Option<Page>,
}

/// A place in a log. It stays the same while the log is written and rotated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The number of the file. `current.log` is given its number when it is rotated.
    pub file: u64,
    /// How many bytes of it come before.
    pub at: u64,
}

/// The part of a stream's buffer that holds something, and what came before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HeldPart {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether the last entry of the stream is a part.
    pub(super) open: bool,
}

/// So many bytes are being read to where the stream's held part ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) stream: Stream,
    pub(super) length: usize,
}

/// What is held of this stream is being written, up to there. Whoever does it again writes the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Writing {
    pub(super) stream: Stream,
    pub(super) upto: usize,
    /// The time of the entries, in milliseconds since 1970.
    pub(super) at: i64,
    pub(super) as_what: AsWhat,
}

/// What it is that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AsWhat {
    /// Lines, each with its end.
    Lines,
    /// A part of a line.
    Part,
    /// The last line, which has no end.
    Last,
}

/// A state in its spool: numbers of eight bytes.
pub(super) type RawState = [u64; 20];

impl State {
    pub(super) fn to_words(&self) -> RawState {
        let [out, err] = &self.held;
        let number = |size: usize| size as u64;
        let reading = self.reading.map_or([0; 2], |it| [code(it.stream), number(it.length)]);
        let writing = self
            .writing
            .map_or([0; 4], |it| [code(it.stream), number(it.upto), it.at.cast_unsigned(), it.as_what as u64]);
        [
            self.written.file,
            self.written.at,
            number(out.start),
            number(out.end),
            u64::from(out.open),
            number(err.start),
            number(err.end),
            u64::from(err.open),
            reading[0],
            reading[1],
            writing[0],
            writing[1],
            writing[2],
            writing[3],
            self.lost,
            self.start.0,
            self.begun.file,
            self.begun.at,
            u64::from(self.seen),
            self.page.map_or(0, |page| 1 + page as u64),
        ]
    }

    /// `None` where that is no state.
    pub(super) fn from_words(words: RawState) -> Option<Self> {
        let [file, at, out_start, out_end, out_open, err_start, err_end, err_open, rest @ ..] = words;
        let [reading, length, writing, upto, stamp, as_what, lost, start, begun_file, begun_at, seen, page] = rest;
        let reading = match stream(reading)? {
            Some(stream) => Some(Reading { stream, length: size(length)? }),
            None => None,
        };
        let writing = match stream(writing)? {
            Some(stream) => Some(Writing {
                stream,
                upto: size(upto)?,
                at: stamp.cast_signed(),
                as_what: [AsWhat::Lines, AsWhat::Part, AsWhat::Last].get(size(as_what)?).copied()?,
            }),
            None => None,
        };
        let state = Self {
            written: Place { file, at },
            held: [
                HeldPart { start: size(out_start)?, end: size(out_end)?, open: out_open == 1 },
                HeldPart { start: size(err_start)?, end: size(err_end)?, open: err_open == 1 },
            ],
            reading,
            writing,
            lost,
            start: StartId(start),
            begun: Place { file: begun_file, at: begun_at },
            seen: seen == 1,
            // An earlier version left a zero there.
            page: [None, Some(Page::Console), Some(Page::Windows)].get(size(page)?).copied()?,
        };
        state.is_sound().then_some(state)
    }

    fn is_sound(&self) -> bool {
        let held = |stream: Stream| self.held[stream.index()];
        self.held.iter().all(|held| held.start <= held.end && held.end <= BUFFER)
            && self.reading.is_none_or(|it| it.length <= BUFFER - held(it.stream).end)
            && self.writing.is_none_or(|it| (held(it.stream).start..=held(it.stream).end).contains(&it.upto))
    }
}

const fn code(stream: Stream) -> u64 {
    match stream {
        Stream::Out => 1,
        Stream::Err => 2,
    }
}

#[expect(clippy::option_option, reason = "no stream is well said, an unknown one is not")]
fn stream(code: u64) -> Option<Option<Stream>> {
    match code {
        0 => Some(None),
        1 => Some(Some(Stream::Out)),
        2 => Some(Some(Stream::Err)),
        _ => None,
    }
}

/// A place in a buffer.
fn size(word: u64) -> Option<usize> {
    usize::try_from(word).ok().filter(|&size| size <= BUFFER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_found_as_it_was_left() {
        let check = |state: State| assert_eq!(State::from_words(state.to_words()), Some(state));
        check(State::default());
        check(State {
            written: Place { file: 7, at: 1 << 40 },
            held: [HeldPart { start: 1, end: BUFFER, open: true }, HeldPart { start: 3, end: 40, open: false }],
            reading: Some(Reading { stream: Stream::Err, length: BUFFER - 40 }),
            writing: Some(Writing { stream: Stream::Out, upto: BUFFER, at: -5, as_what: AsWhat::Last }),
            lost: 9,
            start: StartId(12),
            begun: Place { file: 6, at: 100 },
            seen: true,
            page: Some(Page::Windows),
        });
    }

    #[test]
    fn nonsense_is_no_state() {
        let check = |word: usize, value: u64| {
            let mut words = State::default().to_words();
            words[word] = value;
            assert_eq!(State::from_words(words), None, "word {word} is {value}");
        };
        check(3, 65_537);
        check(2, 1);
        check(8, 3);
        check(10, u64::MAX);
        check(19, 3);
        let reading = Some(Reading { stream: Stream::Out, length: 2 });
        let mut words = State { reading, ..State::default() }.to_words();
        words[3] = BUFFER as u64 - 1;
        assert_eq!(State::from_words(words), None);
    }
}
