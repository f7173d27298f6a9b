//! Reads a log backwards, block by block.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::PathBuf,
};

use memchr::memchr;

use super::{Line, entry, files, state::Place};

/// So many bytes are read at first, and then so many at once.
const FIRST: u64 = 32 * 1024;
/// Longer than any entry.
pub(super) const BLOCK: u64 = 256 * 1024;

/// Entries that follow each other in one file.
pub(super) struct Block {
    /// Where the first begins.
    pub(super) place: Place,
    pub(super) bytes: Vec<u8>,
}

impl Block {
    /// Its entries, the oldest first.
    pub(super) fn entries(&self) -> impl Iterator<Item = Line> {
        entry::parse(&self.bytes, self.place)
    }

    /// The entry in `range`, if that is one.
    pub(super) fn entry(&self, range: Range<usize>) -> Option<Line> {
        let place = Place { at: self.place.at + range.start as u64, ..self.place };
        entry::parse_one(self.bytes.get(range)?, place)
    }
}

/// The blocks between two places of a log, the newest first. None is longer than [`BLOCK`], and none is kept.
pub(super) struct Backwards {
    folder: PathBuf,
    from: Place,
    /// The files that are left, the oldest first.
    numbers: Vec<u64>,
    /// The file that is read; nothing if it has been removed.
    file: Option<File>,
    /// What comes behind it has been read.
    end: Place,
    /// How much is read next.
    size: u64,
}

impl Backwards {
    /// The blocks of the log in `folder` from `from` up to `to`.
    pub(super) fn between(folder: PathBuf, from: Place, to: Place) -> io::Result<Self> {
        let mut numbers = files::rotated(&folder)?;
        numbers.retain(|number| (from.file..to.file).contains(number));
        let mut blocks = Self { folder, from, numbers, file: None, end: to, size: FIRST };
        blocks.open(to)?;
        Ok(blocks)
    }

    /// Goes to `end`, or to the end of its file if that is shorter by now.
    fn open(&mut self, end: Place) -> io::Result<()> {
        self.file = files::open(&self.folder, end.file)?;
        let length = match &self.file {
            Some(file) => file.metadata()?.len(),
            None => 0,
        };
        self.end = Place { at: end.at.min(length), ..end };
        Ok(())
    }

    fn previous(&mut self) -> io::Result<Option<Block>> {
        loop {
            let begin = if self.end.file == self.from.file { self.from.at } else { 0 };
            match &mut self.file {
                Some(file) if self.end.at > begin => {
                    let length = self.size.min(self.end.at - begin);
                    let at = self.end.at - length;
                    let bytes = read(file, at, length)?;
                    if let Some(block) = self.whole_entries(at, bytes, at == begin) {
                        return Ok(Some(block));
                    }
                }
                _ => match self.numbers.pop() {
                    Some(number) => self.open(Place { file: number, at: u64::MAX })?,
                    None => return Ok(None),
                },
            }
        }
    }

    /// What of `bytes`, which stand at `at`, is whole entries. What is longer than any entry is none of ours: it is passed
    /// over.
    fn whole_entries(&mut self, at: u64, mut bytes: Vec<u8>, is_beginning: bool) -> Option<Block> {
        let within = if is_beginning { Some(0) } else { memchr(b'\n', &bytes).map(|end| end + 1) };
        let is_long_enough = self.size == BLOCK;
        self.size = BLOCK;
        match within {
            Some(within) if is_beginning || within < bytes.len() => {
                bytes.drain(..within);
                self.end.at = at + within as u64;
                Some(Block { place: self.end, bytes })
            }
            _ => {
                if is_long_enough {
                    self.end.at = at;
                }
                None
            }
        }
    }
}

impl Iterator for Backwards {
    type Item = io::Result<Block>;

    fn next(&mut self) -> Option<Self::Item> {
        self.previous().transpose()
    }
}

/// What stands in `file` from `at` on, `length` bytes at most; nothing beyond its end, where no system would seek to every place.
pub(super) fn read(file: &mut File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if at >= file.metadata()?.len() {
        return Ok(bytes);
    }
    file.seek(SeekFrom::Start(at))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
