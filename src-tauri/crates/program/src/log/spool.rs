//! The memory of a capture: a mapped file, which outlives a process that is killed.

use std::{
    fs::{File, OpenOptions},
    hash::{BuildHasher, RandomState},
    io::{self, Seek, SeekFrom, Write},
    ops::Range,
    path::Path,
    sync::atomic::{Ordering, compiler_fence},
};

use super::{
    Stream,
    platform::Map,
    state::{BUFFER, HeldPart, RawState, State},
    step,
};

/// The file begins with this once all of it is there.
const MAGIC: &[u8; 8] = b"estatus1";

/// The byte that says which of the two slots holds.
const ACTIVE: usize = 8;
const MARK: Range<usize> = 16..32;
const SLOTS: [usize; 2] = [256, 512];
/// The header has a page of its own.
const PAGE: usize = 4096;
const LENGTH: usize = PAGE + 2 * BUFFER;

/// A state, and the bytes of both streams that are on their way.
pub(super) struct Spool {
    map: Map,
    state: State,
    active: u8,
    /// See [`Spool::mark`].
    mark: [u8; MARK.end - MARK.start],
}

impl Spool {
    /// Opens the spool at `path`, or makes one in the state `fresh`.
    pub(super) fn open(path: &Path, fresh: impl FnOnce() -> State) -> io::Result<Self> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        if file.metadata()?.len() != LENGTH as u64 {
            fill(&mut file)?;
        }
        let map = Map::new(&file, LENGTH)?;
        let mut spool = Self::found(map).unwrap_or_else(|map| Self::made(map, fresh()));
        // The kernel brings in what lies around a page that is read: of a program that writes nothing, all of the buffers.
        spool.release();
        Ok(spool)
    }

    fn found(map: Map) -> Result<Self, Map> {
        let active = map[ACTIVE];
        let Some(&slot) = SLOTS.get(usize::from(active)).filter(|_| map.starts_with(MAGIC)) else { return Err(map) };
        let words = map[slot..slot + size_of::<RawState>()].chunks_exact(size_of::<u64>());
        let words: Vec<u64> = words.filter_map(|word| Some(u64::from_le_bytes(word.try_into().ok()?))).collect();
        let Some(state) = words.try_into().ok().and_then(State::from_words) else { return Err(map) };
        let mut mark = [0; MARK.end - MARK.start];
        mark.copy_from_slice(&map[MARK]);
        Ok(Self { map, state, active, mark })
    }

    fn made(map: Map, state: State) -> Self {
        let mut spool = Self { map, state, active: 0, mark: mark() };
        spool.map[..MAGIC.len()].fill(0);
        spool.map[MARK].copy_from_slice(&spool.mark);
        spool.commit(|_| ());
        spool.map[..MAGIC.len()].copy_from_slice(MAGIC);
        spool
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    pub(super) fn held(&self, stream: Stream) -> HeldPart {
        self.state.held[stream.index()]
    }

    /// What has been taken of `stream` and not been written.
    pub(super) fn text(&self, stream: Stream) -> &[u8] {
        let HeldPart { start, end, .. } = self.held(stream);
        &self.buffer(stream)[start..end]
    }

    /// Changes the state as a whole: whoever is killed leaves it as it was or as it becomes.
    pub(super) fn commit(&mut self, change: impl FnOnce(&mut State)) {
        change(&mut self.state);
        let other = 1 - self.active;
        let slot = SLOTS[usize::from(other)];
        let place = self.map[slot..slot + size_of::<RawState>()].chunks_exact_mut(size_of::<u64>());
        for (place, word) in place.zip(self.state.to_words()) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        // A process that is killed has done all before the instruction it was killed at: only the compiler must keep
        // the order.
        compiler_fence(Ordering::SeqCst);
        self.map[ACTIVE] = other;
        compiler_fence(Ordering::SeqCst);
        self.active = other;
        step();
    }

    /// Where the next bytes of `stream` go.
    pub(super) fn room(&mut self, stream: Stream) -> &mut [u8] {
        let end = self.held(stream).end;
        &mut self.map[buffer(stream)][end..]
    }

    /// Changes what is held of `stream` together with the `length` bytes that have come into its room: `change` is given all
    /// of it, and how much of it there was before. Whoever is killed meanwhile leaves some of it changed.
    pub(super) fn change_text(&mut self, stream: Stream, length: usize, change: impl FnOnce(&mut [u8], usize)) {
        let HeldPart { start, end, .. } = self.held(stream);
        change(&mut self.map[buffer(stream)][start..end + length], end - start);
    }

    /// Marks the room for a read of `length` bytes, so that afterwards it can be told whether it was done, even by
    /// somebody else: [`Spool::read_of`]. The mark stands at the beginning of every page, which has the kernel find
    /// them all at hand: it copies and consumes in one go.
    pub(super) fn mark(&mut self, stream: Stream, length: usize) {
        let mark = self.mark;
        let from = buffer(stream).start + self.held(stream).end;
        for place in marks(from, length) {
            let marked = &mut self.map[place];
            marked.copy_from_slice(&mark[..marked.len()]);
        }
    }

    /// How many of the `length` bytes for which there were marks have been read.
    pub(super) fn read_of(&self, stream: Stream, length: usize) -> usize {
        let from = buffer(stream).start + self.held(stream).end;
        let is_intact = |place: &Range<usize>| self.map[place.clone()] == self.mark[..place.len()];
        marks(from, length).find(is_intact).map_or(length, |place| place.start - from)
    }

    /// Moves what is held of `stream` to the beginning of its buffer, if there is room before it.
    pub(super) fn make_room(&mut self, stream: Stream) {
        let HeldPart { start, end, .. } = self.held(stream);
        // A place that holds something is not written to: until the commit that is where it is.
        if start == 0 || end - start > start {
            return;
        }
        self.map[buffer(stream)].copy_within(start..end, 0);
        step();
        self.commit(|state| {
            let held = &mut state.held[stream.index()];
            (held.start, held.end) = (0, end - start);
        });
    }

    /// Gives the memory of the buffers back; what they hold stays with the file.
    pub(super) fn release(&mut self) {
        self.map.release(PAGE..LENGTH);
    }

    fn buffer(&self, stream: Stream) -> &[u8] {
        &self.map[buffer(stream)]
    }
}

fn buffer(stream: Stream) -> Range<usize> {
    let start = PAGE + stream.index() * BUFFER;
    start..start + BUFFER
}

/// The places of the marks for `length` bytes from `from` on.
fn marks(from: usize, length: usize) -> impl Iterator<Item = Range<usize>> {
    let end = from + length;
    let pages = (from.next_multiple_of(PAGE)..end).step_by(PAGE).filter(move |&page| page != from);
    std::iter::once(from).chain(pages).map(move |start| start..end.min(start + MARK.len()))
}

/// Random bytes none of which is in any UTF-8 text: even where there is room for one alone, no text is taken for it.
fn mark() -> [u8; MARK.end - MARK.start] {
    const NO_TEXT: [u8; 8] = [0xc0, 0xc1, 0xf5, 0xf8, 0xfa, 0xfc, 0xfe, 0xff];
    let random = RandomState::new().hash_one(MAGIC);
    std::array::from_fn(|at| NO_TEXT[usize::from((random >> (3 * at)) as u8 % 8)])
}

/// Gives the whole file a place on the disk: there is nobody to tell when a mapped page finds none.
fn fill(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&vec![0; LENGTH])
}
