//! Reads the log of a program.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use estatus_core::secret::Secret;
use jiff::Timestamp;
use memchr::{memchr, memchr_iter, memrchr, memrchr_iter};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::{Stream, entry, files, platform, state::Place};
use crate::secrets::without_secrets;

/// An entry of a log: a line, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was taken from the program.
    pub at: Timestamp,
    /// Where it was written to. `None` is Estatus saying how many entries were lost.
    pub stream: Option<Stream>,
    /// Its text, without the line end: text of the outside world.
    pub text: String,
    /// Whether the line goes on with the next entry of its stream.
    pub is_part: bool,
}

impl Line {
    /// It with something else in the place of `secrets`. One is not recognised where a long line was divided within it.
    #[must_use]
    pub fn without(self, secrets: &[(String, Secret)]) -> Self {
        Self { text: without_secrets(self.text, secrets), ..self }
    }
}

/// Reads the log of a program, also while it is written and rotated.
pub struct LogReader {
    folder: PathBuf,
    /// What comes before has been read.
    read: Place,
    /// The file of that place, once it has been there.
    file: Option<File>,
    changes: Option<Changes>,
}

impl LogReader {
    /// Opens the log of the program whose folder this is; [`LogReader::next`] begins at its end.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if it has no log yet.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let folder = files::folder(folder);
        let mut reader = Self { read: Place::default(), file: None, changes: None, folder };
        reader.seek_end()?;
        Ok(reader)
    }

    /// The same, but [`LogReader::next`] begins with the oldest entry.
    ///
    /// # Errors
    /// As of [`LogReader::open`].
    pub fn open_at_beginning(folder: &Path) -> io::Result<Self> {
        let mut reader = Self::open(folder)?;
        let oldest = files::rotated(&reader.folder)?.first().copied();
        reader.read = Place { file: oldest.unwrap_or(reader.read.file), at: 0 };
        reader.file = files::open(&reader.folder, reader.read.file)?;
        Ok(reader)
    }

    /// Goes to the end of `current.log`.
    fn seek_end(&mut self) -> io::Result<()> {
        let number = files::rotated(&self.folder)?.last().map_or(1, |newest| newest + 1);
        self.file = files::open(&self.folder, number)?;
        let at = self.file.as_mut().map_or(Ok(0), files::end_of_entries)?;
        self.read = Place { file: number, at };
        Ok(())
    }

    /// The last `lines` entries, the oldest first; [`LogReader::next`] goes on behind them.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn last(&mut self, lines: usize) -> io::Result<Vec<Line>> {
        self.seek_end()?;
        let mut limit = 16 * 1024;
        let bytes = loop {
            let bytes = ending(&self.folder, Place::default(), self.read, limit)?;
            if bytes.is_all || memchr_iter(b'\n', &bytes.bytes).count() >= lines {
                break bytes.bytes;
            }
            limit *= 8;
        };
        let before = memrchr_iter(b'\n', &bytes).nth(lines);
        Ok(entry::parse(&bytes[before.map_or(0, |end| end + 1)..]).collect())
    }

    /// The last `lines` of the entries that were taken from `from` on and up to `to`, if that is said; the oldest first.
    /// [`LogReader::next`] goes on behind the newest of all.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn last_within(&mut self, from: Timestamp, to: Option<Timestamp>, lines: usize) -> io::Result<Vec<Line>> {
        self.seek_end()?;
        let is_within = |line: &Line| line.at >= from && to.is_none_or(|to| line.at <= to);
        let mut limit = 64 * 1024;
        loop {
            let ending = ending(&self.folder, Place::default(), self.read, limit)?;
            let mut entries = entry::parse(&ending.bytes).peekable();
            let reaches_back = entries.peek().is_some_and(|oldest| oldest.at < from);
            let mut found: Vec<Line> = entries.filter(is_within).collect();
            if ending.is_all || reaches_back || found.len() >= lines {
                let excess = found.len().saturating_sub(lines);
                return Ok(found.split_off(excess));
            }
            limit *= 8;
        }
    }

    /// Waits for entries that come after those read so far. Dropping the future loses none.
    ///
    /// # Errors
    /// If a file cannot be read, or the folder cannot be watched.
    pub async fn next(&mut self) -> io::Result<Vec<Line>> {
        let changes = match self.changes.take() {
            Some(changes) => changes,
            None => Changes::of(&self.folder)?,
        };
        let changed = Arc::clone(&self.changes.insert(changes).happened);
        loop {
            let lines = self.more()?;
            if !lines.is_empty() {
                return Ok(lines);
            }
            changed.notified().await;
        }
    }

    /// Some of the entries that come next, if there are any.
    fn more(&mut self) -> io::Result<Vec<Line>> {
        loop {
            // Nothing is written to a file any more once it has been rotated, so that is asked before it is read.
            let newest = files::rotated(&self.folder)?.last().copied();
            if self.file.is_none() {
                self.file = files::open(&self.folder, self.read.file)?;
            }
            let lines = self.read_on()?;
            if !lines.is_empty() {
                return Ok(lines);
            }
            match newest {
                Some(newest) if newest >= self.read.file => self.turn_over()?,
                _ if self.begins_anew()? => {}
                _ => return Ok(lines),
            }
        }
    }

    /// Whether somebody has cut the file, or taken it away and there is another in its place: that is read from its
    /// beginning.
    fn begins_anew(&mut self) -> io::Result<bool> {
        let Some(file) = &self.file else { return Ok(false) };
        let Some(current) = files::look_at_current(&self.folder)? else { return Ok(false) };
        if current.id != platform::identity(file)? {
            let rotated = files::rotated(&self.folder)?.last().is_some_and(|&newest| newest >= self.read.file);
            if !rotated {
                (self.read.at, self.file) = (0, None);
            }
            return Ok(true);
        }
        let is_cut = current.length < self.read.at;
        if is_cut {
            self.read.at = 0;
        }
        Ok(is_cut)
    }

    /// Goes on to the next file that is still there.
    fn turn_over(&mut self) -> io::Result<()> {
        let rotated = files::rotated(&self.folder)?;
        let next = rotated.iter().copied().find(|&number| number > self.read.file);
        let number = next.unwrap_or_else(|| rotated.last().copied().unwrap_or(self.read.file).max(self.read.file) + 1);
        self.read = Place { file: number, at: 0 };
        self.file = files::open(&self.folder, number)?;
        Ok(())
    }

    fn read_on(&mut self) -> io::Result<Vec<Line>> {
        /// Longer than any entry.
        const BLOCK: u64 = 256 * 1024;
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let mut bytes = read(file, self.read.at, BLOCK)?;
        bytes.truncate(memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
        self.read.at += bytes.len() as u64;
        Ok(entry::parse(&bytes).collect())
    }
}

fn read(file: &mut File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last `lines` lines from `from` on, the oldest first, as far as they are in the last megabyte.
pub(super) fn tail(folder: &Path, from: Place, to: Place, lines: usize) -> io::Result<Vec<String>> {
    const LIMITS: [u64; 2] = [32 * 1024, 1024 * 1024];
    let mut joined = Vec::new();
    for limit in LIMITS {
        let ending = ending(folder, from, to, limit)?;
        joined = entry::join(entry::parse(&ending.bytes));
        if ending.is_all || joined.len() > lines {
            break;
        }
    }
    let excess = joined.len().saturating_sub(lines);
    Ok(joined.split_off(excess))
}

/// The last entries of a stretch of a log.
struct Ending {
    bytes: Vec<u8>,
    /// Whether that is all of it.
    is_all: bool,
}

/// The last entries between `from` and `to`, at most `limit` bytes of them.
fn ending(folder: &Path, from: Place, to: Place, limit: u64) -> io::Result<Ending> {
    let mut numbers = files::rotated(folder)?;
    numbers.retain(|number| (from.file..to.file).contains(number));
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let mut room = limit;
    let mut is_all = true;
    for number in std::iter::once(to.file).chain(numbers.into_iter().rev()) {
        // One that is gone was the oldest.
        let Some(mut file) = files::open(folder, number)? else { continue };
        let end = if number == to.file { to.at } else { file.metadata()?.len() };
        let begin = if number == from.file { from.at } else { 0 };
        let length = end.saturating_sub(begin);
        pieces.push(read(&mut file, end - length.min(room), length.min(room))?);
        is_all = length <= room;
        room = room.saturating_sub(length);
        if !is_all || room == 0 {
            break;
        }
    }
    let mut bytes = pieces
        .into_iter()
        .rev()
        .reduce(|mut all, piece| {
            all.extend(piece);
            all
        })
        .unwrap_or_default();
    if !is_all {
        // It begins within an entry.
        bytes.drain(..memchr(b'\n', &bytes).map_or(bytes.len(), |end| end + 1));
    }
    Ok(Ending { bytes, is_all })
}

/// Tells when something happens in a folder.
struct Changes {
    happened: Arc<Notify>,
    _watcher: RecommendedWatcher,
}

impl Changes {
    fn of(folder: &Path) -> io::Result<Self> {
        let happened = Arc::new(Notify::new());
        let told = Arc::clone(&happened);
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // Looking at the folder is told too, so that whoever looks whenever he is told would never rest.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                told.notify_one();
            }
        });
        let mut watcher = watcher.map_err(io::Error::other)?;
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        Ok(Self { happened, _watcher: watcher })
    }
}
