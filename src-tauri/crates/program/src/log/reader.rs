//! Reads the log of a program.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use estatus_core::secret::Secret;
use jiff::Timestamp;
use memchr::memrchr;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::{
    Stream,
    backwards::{BLOCK, Backwards, Block, read},
    entry, files,
    filter::LogFilter,
    platform,
    state::Place,
};
use crate::secrets::without_secrets;

/// An entry of a log: a line, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Where it begins.
    pub place: Place,
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

/// Some of the lines that are looked for in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// The lines, the oldest first.
    pub lines: Vec<Line>,
    /// Where to go on in the same direction; nothing if there is no more.
    pub rest: Option<Place>,
}

/// A page ends before a line with which it would have more text than this, in bytes, unless that is its first.
const PAGE_LIMIT: usize = 8 * 1024 * 1024;

/// Collects the lines of a page.
struct Gathered {
    lines: Vec<Line>,
    /// So many more have room.
    left: usize,
    /// So many bytes more.
    room: usize,
}

impl Gathered {
    fn new(lines: usize, room: usize) -> Self {
        Self { lines: Vec::new(), left: lines, room }
    }

    /// Takes `line`, if it has room.
    fn take(&mut self, line: Line) -> bool {
        let has_room = self.left > 0 && (line.text.len() <= self.room || self.lines.is_empty());
        if has_room {
            self.left -= 1;
            self.room = self.room.saturating_sub(line.text.len());
            self.lines.push(line);
        }
        has_room
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
        let gathered = Gathered::new(lines, usize::MAX);
        Ok(self.back(self.read, &LogFilter::default(), gathered, || true)?.lines)
    }

    /// The last `lines` of the entries that were taken from `from` on and up to `to`, if that is said, the oldest first; fewer
    /// if they are long. [`LogReader::next`] goes on behind the newest of all.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn last_within(&mut self, from: Timestamp, to: Option<Timestamp>, lines: usize) -> io::Result<Vec<Line>> {
        self.seek_end()?;
        let is_within = |line: &Line| line.at >= from && to.is_none_or(|to| line.at <= to);
        let mut gathered = Gathered::new(lines, PAGE_LIMIT);
        'blocks: for block in self.blocks(self.read)? {
            let entries: Vec<Line> = block?.entries().collect();
            let reaches_back = entries.first().is_some_and(|oldest| oldest.at < from);
            for line in entries.into_iter().rev().filter(is_within) {
                if !gathered.take(line) {
                    break 'blocks;
                }
            }
            if reaches_back || gathered.left == 0 {
                break;
            }
        }
        gathered.lines.reverse();
        Ok(gathered.lines)
    }

    /// The newest `lines` that `filter` looks for of those before `before`, or of all; fewer if they are long. The log is read
    /// backwards, a block at a time, for as long as `goes_on` says so after each. If it is all, [`LogReader::next`] goes on
    /// behind the newest.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn older(
        &mut self,
        before: Option<Place>,
        filter: &LogFilter,
        lines: usize,
        goes_on: impl FnMut() -> bool,
    ) -> io::Result<LogPage> {
        if before.is_none() {
            self.seek_end()?;
        }
        self.back(before.unwrap_or(self.read), filter, Gathered::new(lines, PAGE_LIMIT), goes_on)
    }

    /// The oldest `lines` that `filter` looks for of those after the one at `after`; fewer if they are long. The log is read a
    /// block at a time, for as long as `goes_on` says so after each.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn newer(
        &mut self,
        after: Place,
        filter: &LogFilter,
        lines: usize,
        mut goes_on: impl FnMut() -> bool,
    ) -> io::Result<LogPage> {
        self.seek(after)?;
        let mut gathered = Gathered::new(lines, PAGE_LIMIT);
        let mut last = after;
        let mut is_all = false;
        while !is_all {
            let more = self.more()?;
            is_all = more.is_empty();
            for line in more {
                let place = line.place;
                if place != after && filter.has(&line) && !gathered.take(line) {
                    return Ok(LogPage { lines: gathered.lines, rest: Some(last) });
                }
                last = place;
            }
            if !is_all && !goes_on() {
                return Ok(LogPage { lines: gathered.lines, rest: Some(last) });
            }
        }
        Ok(LogPage { lines: gathered.lines, rest: None })
    }

    /// The newest lines before `end` that `filter` looks for, as many as have room.
    fn back(
        &self,
        end: Place,
        filter: &LogFilter,
        mut gathered: Gathered,
        mut goes_on: impl FnMut() -> bool,
    ) -> io::Result<LogPage> {
        let mut rest = None;
        'blocks: for block in self.blocks(end)? {
            let block = block?;
            for range in filter.entries(&block.bytes).into_iter().rev() {
                let end = Place { at: block.place.at + range.end as u64 + 1, ..block.place };
                if block.entry(range).is_some_and(|line| !gathered.take(line)) {
                    rest = Some(end);
                    break 'blocks;
                }
            }
            if !goes_on() {
                rest = Some(block.place);
                break;
            }
        }
        gathered.lines.reverse();
        Ok(LogPage { lines: gathered.lines, rest })
    }

    fn blocks(&self, end: Place) -> io::Result<Backwards> {
        Backwards::between(self.folder.clone(), Place::default(), end)
    }

    /// Goes to `place`, or, if its file is gone, to the beginning of the next that is there.
    fn seek(&mut self, place: Place) -> io::Result<()> {
        let rotated = files::rotated(&self.folder)?;
        let current = rotated.last().map_or(1, |newest| newest + 1);
        let file = rotated.into_iter().find(|&number| number >= place.file).unwrap_or(current);
        self.read = Place { file, at: if file == place.file { place.at } else { 0 } };
        self.file = files::open(&self.folder, file)?;
        Ok(())
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
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let mut bytes = read(file, self.read.at, BLOCK)?;
        bytes.truncate(memrchr(b'\n', &bytes).map_or(0, |end| end + 1));
        let block = Block { place: self.read, bytes };
        self.read.at += block.bytes.len() as u64;
        Ok(block.entries().collect())
    }
}

/// The last `lines` lines from `from` on, the oldest first, as far as they are in the last megabyte.
pub(super) fn tail(folder: &Path, from: Place, to: Place, lines: usize) -> io::Result<Vec<String>> {
    const LIMIT: usize = 1024 * 1024;
    let mut joined = Vec::new();
    let mut blocks: Vec<Block> = Vec::new();
    let mut length = 0;
    for block in Backwards::between(folder.to_owned(), from, to)? {
        let block = block?;
        length += block.bytes.len();
        blocks.push(block);
        joined = entry::join(blocks.iter().rev().flat_map(Block::entries));
        if joined.len() > lines || length >= LIMIT {
            break;
        }
    }
    let excess = joined.len().saturating_sub(lines);
    Ok(joined.split_off(excess))
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
