//! From the pipes of a program to its log.
//!
//! Bytes are taken into the spool, and lines are written from there to the log. Before each of the two the spool says
//! what is about to be done, and afterwards that it is done. Whoever comes after a kill sees whether a read that was
//! under way was done, and does a write that was under way again, byte for byte. So every line is there exactly once.

use std::{io, path::Path};

use estatus_core::ids::StartId;
use jiff::Timestamp;
use memchr::memchr_iter;
use tracing::warn;

use super::{
    Stream,
    awaited::Awaited,
    entry::Entries,
    files::Files,
    hiding::Hiding,
    platform::{self, Pipe, PipeEnd},
    reader,
    spool::Spool,
    state::{AsWhat, BUFFER, Reading, State, Writing},
    step,
};
use crate::encoding::Decoder;

/// How many bytes of entries are written at once, except that one entry may be longer.
const WRITE_LIMIT: usize = 96 * 1024;

/// An unfinished line is written as a part when less room than this is left behind it.
const LEAST_ROOM: usize = BUFFER / 4;

/// More memory than this is given back by [`Capture::release`].
const IDLE_MEMORY: usize = 4 * 1024;

/// Takes what a program writes, and puts it into its log line by line.
///
/// Whoever drops it or is killed at whatever instant loses no line and doubles none: the next to open the folder goes
/// on where this stopped. Only one may have a folder open at a time.
pub(crate) struct Capture {
    spool: Spool,
    files: Files,
    awaited: Option<Awaited>,
    hiding: Hiding,
    entries: Entries,
    /// Whether more of the spool is in memory than an idle one needs.
    is_deep: bool,
    /// How many times lines of each stream were written.
    writes: [u64; 2],
}

/// What there was in a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Something, and there may be more: take again, before waiting for the pipe to become readable.
    Some,
    /// Nothing (more) for now.
    Nothing,
    /// Nothing, and nobody can write to it any more.
    End,
}

impl Capture {
    /// Opens the log of the program whose folder this is, and makes what is missing of it. Call [`Capture::begin`] next,
    /// with the start that runs or is about to.
    ///
    /// At most `keep` bytes of logs are kept, but at least 129 KiB. What comes is written as `decoder` reads it.
    ///
    /// # Errors
    /// If the log cannot be read, or its spool not be made.
    pub(crate) fn open(folder: &Path, keep: u64, decoder: Decoder) -> io::Result<Self> {
        let files = Files::new(folder, keep)?;
        let written = files.written()?;
        let fresh = || State { written, begun: written, ..State::default() };
        let spool = Spool::open(&folder.join("spool"), fresh)?;
        let entries = Entries::new(decoder);
        let mut capture =
            Self { spool, files, awaited: None, hiding: Hiding::default(), entries, is_deep: false, writes: [0; 2] };
        capture.go_on()?;
        Ok(capture)
    }

    /// Finishes what a capture before this one had begun.
    fn go_on(&mut self) -> io::Result<()> {
        let found = self.files.written()?;
        self.spool.commit(|state| {
            if found.file > state.written.file {
                // It was rotated, and nobody had noted it yet.
                state.written = found;
            } else if state.writing.is_some() {
                state.written.at = state.written.at.min(found.at);
            } else {
                state.written.at = found.at;
            }
        });
        if let Some(reading) = self.spool.state().reading {
            let read = self.spool.read_of(reading.stream, reading.length);
            self.spool.commit(|state| {
                state.held[reading.stream.index()].end += read;
                state.reading = None;
            });
        }
        if let Some(writing) = self.spool.state().writing {
            self.compose(writing);
            self.carry_out(writing);
        }
        self.files.prune()
    }

    /// What is taken from now on was written by this start. Does nothing for the start that was named last, also when
    /// another `Capture` was told so.
    pub(crate) fn begin(&mut self, start: StartId) {
        if self.spool.state().start == start {
            return;
        }
        for stream in Stream::ALL {
            self.end(stream);
        }
        self.awaited = None;
        self.spool.commit(|state| {
            state.start = start;
            state.begun = state.written;
            state.seen = false;
        });
    }

    /// Looks for a text, which is written in one of `forms`, in every line of this start from now on, and in what has been
    /// taken and is not yet in the log.
    pub(crate) fn wait_for(&mut self, forms: &[Vec<u8>]) {
        let mut awaited = Awaited::new(forms);
        let mut is_held = false;
        for stream in Stream::ALL {
            is_held |= awaited.is_in(stream, self.spool.text(stream));
        }
        if is_held {
            self.spool.commit(|state| state.seen = true);
        }
        self.awaited = Some(awaited).filter(|_| !self.seen());
    }

    /// From now on writes over secrets, which are written in one of `forms`; none has a line end.
    ///
    /// # Errors
    /// There are too many of them.
    pub(crate) fn hide(&mut self, forms: Vec<Vec<u8>>) -> io::Result<()> {
        self.hiding = Hiding::new(forms)?;
        Ok(())
    }

    /// Whether a line of this start had the text that was waited for, by this `Capture` or one before it.
    pub(crate) fn seen(&self) -> bool {
        self.spool.state().seen
    }

    /// Takes what is in the `pipe`, up to about a megabyte. It never waits.
    ///
    /// # Errors
    /// If the pipe cannot be read. That the log cannot be written is none: lines are dropped then and counted, and
    /// the log says how many as soon as it can be written again.
    pub(crate) fn take(&mut self, stream: Stream, pipe: PipeEnd<'_>) -> io::Result<Taken> {
        const AT_ONCE: usize = 16;
        self.settle(stream);
        for _ in 0..AT_ONCE {
            match platform::look(pipe)? {
                Pipe::Holds(count) => self.read(stream, pipe, count)?,
                Pipe::Empty => return Ok(Taken::Nothing),
                Pipe::Ended => {
                    self.end(stream);
                    return Ok(Taken::End);
                }
            }
            self.settle(stream);
        }
        Ok(Taken::Some)
    }

    fn read(&mut self, stream: Stream, pipe: PipeEnd<'_>, count: usize) -> io::Result<()> {
        let length = count.min(self.spool.room(stream).len());
        self.spool.mark(stream, length);
        self.spool.commit(|state| state.reading = Some(Reading { stream, length }));
        let read = platform::read(pipe, &mut self.spool.room(stream)[..length]);
        step();
        let length = *read.as_ref().unwrap_or(&0);
        self.taken(stream, length);
        read.map(drop)
    }

    /// Takes `bytes`, which have been read already.
    #[cfg(test)]
    pub(crate) fn push(&mut self, stream: Stream, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.settle(stream);
            let room = self.spool.room(stream);
            let (now, later) = rest.split_at(rest.len().min(room.len()));
            room[..now.len()].copy_from_slice(now);
            self.taken(stream, now.len());
            rest = later;
        }
        self.settle(stream);
    }

    /// The first `length` bytes of the room of `stream` have been filled.
    fn taken(&mut self, stream: Stream, length: usize) {
        self.is_deep |= self.spool.held(stream).end + length > IDLE_MEMORY;
        let bytes = &self.spool.room(stream)[..length];
        let is_seen = self.awaited.as_mut().is_some_and(|awaited| awaited.is_in(stream, bytes));
        if is_seen {
            self.awaited = None;
        }
        self.spool.change_text(stream, length, |text, known| self.hiding.hide(text, known));
        self.spool.commit(|state| {
            state.held[stream.index()].end += length;
            state.reading = None;
            state.seen |= is_seen;
        });
    }

    /// Nothing more comes from `stream` in this start; its last line is complete although no line end was written.
    /// [`Taken::End`] does the same.
    pub(crate) fn end(&mut self, stream: Stream) {
        self.spool.change_text(stream, 0, |text, _| self.hiding.hide_rest(text));
        self.settle(stream);
        let held = self.spool.held(stream);
        if held.open || held.start < held.end || self.spool.state().lost > 0 {
            self.write(stream, held.end, AsWhat::Last);
        }
    }

    /// The unfinished line of `stream`, if some of it is held: as long as it is the same, so is the number.
    pub(crate) fn unfinished(&self, stream: Stream) -> Option<u64> {
        (self.part(stream) > 0).then_some(self.writes[stream.index()])
    }

    /// Writes the unfinished line of `stream` to the log as far as it has come.
    pub(crate) fn flush(&mut self, stream: Stream) {
        self.settle(stream);
        self.write_part(stream);
    }

    /// Whether there is memory that [`Capture::release`] gives back.
    pub(crate) fn is_big(&self) -> bool {
        self.is_deep || self.entries.capacity() > IDLE_MEMORY
    }

    /// Gives back what memory an idle capture does not need.
    pub(crate) fn release(&mut self) {
        self.entries.release();
        self.spool.release();
        self.is_deep = false;
    }

    /// The last `lines` lines of this start in the log, the oldest first, each cut to
    /// [`estatus_core::program::Ended::TAIL_LINE_LIMIT`] bytes. Only so many of them as are in the last megabyte.
    pub(crate) fn tail(&mut self, lines: usize) -> Vec<String> {
        // Long after it was last looked.
        self.look_after(i64::MAX);
        let state = self.spool.state();
        reader::tail(self.files.folder(), state.begun, state.written, lines).unwrap_or_else(|error| {
            warn!(%error, "the last lines of a program cannot be read");
            Vec::new()
        })
    }

    /// Writes the lines that are complete, and sees to it that there is room for more.
    fn settle(&mut self, stream: Stream) {
        while self.write_lines(stream) {}
        self.spool.make_room(stream);
        if self.spool.room(stream).len() < LEAST_ROOM {
            self.write_part(stream);
            self.spool.make_room(stream);
        }
    }

    fn write_lines(&mut self, stream: Stream) -> bool {
        let at = Timestamp::now().as_millisecond();
        let start = self.spool.held(stream).start;
        let mut writing = Writing { stream, upto: BUFFER, at, as_what: AsWhat::Lines };
        writing.upto = start + self.compose(writing);
        if writing.upto > start {
            self.write_composed(writing);
            self.writes[stream.index()] += 1;
        }
        writing.upto > start
    }

    /// Writes the unfinished line as far as it has come, whole characters only.
    fn write_part(&mut self, stream: Stream) {
        let length = self.part(stream);
        if length > 0 {
            self.write(stream, self.spool.held(stream).start + length, AsWhat::Part);
        }
    }

    /// How much of the unfinished line of `stream` can be written: nothing in which a secret may have begun.
    fn part(&self, stream: Stream) -> usize {
        let text = self.spool.text(stream);
        self.entries.part(&text[..text.len() - self.hiding.begun(text)])
    }

    fn write(&mut self, stream: Stream, upto: usize, as_what: AsWhat) {
        let writing = Writing { stream, upto, at: Timestamp::now().as_millisecond(), as_what };
        self.compose(writing);
        self.write_composed(writing);
    }

    /// Puts the entries of `writing` together, and gives back how many of the bytes that are held are in them. Of lines
    /// there may be more than can be written at once.
    fn compose(&mut self, writing: Writing) -> usize {
        let Writing { stream, upto, at, as_what } = writing;
        let text = self.spool.text(stream);
        let text = &text[..text.len().min(upto - self.spool.held(stream).start)];
        self.entries.begin(at, self.spool.state().page);
        if self.spool.state().lost > 0 {
            self.entries.put_lost(self.spool.state().lost);
        }
        if as_what == AsWhat::Lines {
            return self.entries.put_lines(stream, text, WRITE_LIMIT);
        }
        let is_nothing = as_what == AsWhat::Last && self.entries.is_nothing(text) && !self.spool.held(stream).open;
        if !is_nothing {
            self.entries.put_rest(stream, text, as_what);
        }
        text.len()
    }

    fn write_composed(&mut self, writing: Writing) {
        self.look_after(writing.at);
        self.rotate();
        self.spool.commit(|state| state.writing = Some(writing));
        self.carry_out(writing);
    }

    /// Writes what has been put together for `writing`.
    fn carry_out(&mut self, writing: Writing) {
        let entries = self.entries.bytes();
        let stands = self.files.append(self.spool.state().written.at, entries);
        step();
        let page = self.entries.page();
        let missing = memchr_iter(b'\n', &entries[stands..]).count() as u64;
        self.spool.commit(|state| {
            state.lost = match (state.lost, stands) {
                (0, _) | (_, 1..) => missing,
                // The first of them says only how many were missing before.
                (before, 0) => before + missing - 1,
            };
            state.written.at += stands as u64;
            state.writing = None;
            state.page = page;
            let held = &mut state.held[writing.stream.index()];
            held.start = writing.upto;
            held.open = writing.as_what == AsWhat::Part;
            if held.start == held.end {
                (held.start, held.end) = (0, 0);
            }
            if missing > 0 {
                // What says so in the log ends all lines before it.
                state.held.iter_mut().for_each(|held| held.open = false);
            }
        });
    }

    /// Goes on where the log ends, whatever somebody else has done with it; `now` is in milliseconds since 1970.
    fn look_after(&mut self, now: i64) {
        let Some(at) = self.files.ends_elsewhere(self.spool.state().written.at, now) else { return };
        self.spool.commit(|state| {
            state.written.at = at;
            if state.begun.file == state.written.file {
                state.begun.at = state.begun.at.min(at);
            }
        });
    }

    /// Begins another file if what has been put together would make the present one too long.
    fn rotate(&mut self) {
        let written = self.spool.state().written;
        let length = self.entries.bytes().len() as u64;
        if written.at == 0 || written.at + length <= self.files.file_limit() {
            return;
        }
        match self.files.rotate(written.file) {
            Ok(()) => self.spool.commit(|state| {
                state.written.file += 1;
                state.written.at = 0;
            }),
            Err(error) => return warn!(%error, "a log cannot be rotated"),
        }
        if let Err(error) = self.files.prune() {
            warn!(%error, "old logs cannot be removed");
        }
    }
}
