//! The files of a log.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use memchr::memrchr;

use super::{
    platform::{self, FileId},
    state::Place,
    step,
};

const CURRENT: &str = "current.log";

/// The least that a file may have before it is rotated: 64 KiB of text and what is written around it.
const LEAST_FILE: u64 = 64 * 1024 + 256;

/// So often, in milliseconds, it is looked whether somebody has cut `current.log` or taken it away.
const LOOK_EVERY: u64 = 50;

/// Of `keep`, a file takes this part.
const FILES: u64 = 5;

/// The folder of the log in the folder of a program.
pub(super) fn folder(program: &Path) -> PathBuf {
    program.join("log")
}

/// The numbers of the files that have been rotated, the oldest first.
pub(super) fn rotated(folder: &Path) -> io::Result<Vec<u64>> {
    let names = fs::read_dir(folder)?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut numbers: Vec<u64> = names.filter_map(|name| number(&name)).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".log")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

fn rotated_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.log"))
}

/// Opens the file with this number, under whatever name it has now; `None` if there is none, or none yet.
pub(super) fn open(folder: &Path, number: u64) -> io::Result<Option<File>> {
    let existing = |path: PathBuf| match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        opened => opened.map(Some),
    };
    let rotated = rotated_path(folder, number);
    if let Some(file) = existing(rotated.clone())? {
        return Ok(Some(file));
    }
    let current = existing(folder.join(CURRENT))?;
    match self::rotated(folder)?.last() {
        // It has been rotated between the two, or removed.
        Some(&newest) if newest >= number => existing(rotated),
        _ => Ok(current),
    }
}

/// What `current.log` is now, whatever file that is; nothing if there is none.
pub(super) fn look_at_current(folder: &Path) -> io::Result<Option<platform::Found>> {
    platform::found_at(&folder.join(CURRENT))
}

/// Up to where a file has whole entries: the end of its last line.
pub(super) fn end_of_entries(file: &mut File) -> io::Result<u64> {
    /// Longer than any entry.
    const BLOCK: u64 = 128 * 1024;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(BLOCK);
    let mut last = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(length - from).read_to_end(&mut last)?;
    Ok(memrchr(b'\n', &last).map_or(from, |at| from + at as u64 + 1))
}

/// The files of a log, to be written.
pub(super) struct Files {
    folder: PathBuf,
    keep: u64,
    /// `current.log`, to which every write is appended wherever it ends: if somebody cuts it, no hole is left.
    current: Option<Current>,
}

struct Current {
    file: File,
    id: FileId,
    /// When it was last looked whether it still is what its name stands for, in milliseconds since 1970.
    looked_at: i64,
}

impl Files {
    /// The log of the program whose folder this is. At most `keep` bytes of it are kept, but at least 129 KiB.
    pub(super) fn new(program: &Path, keep: u64) -> io::Result<Self> {
        let folder = folder(program);
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, keep: keep.max(2 * LEAST_FILE), current: None })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// How long a file may become.
    pub(super) fn file_limit(&self) -> u64 {
        (self.keep / FILES).max(LEAST_FILE)
    }

    /// Up to where the log is written, as the files say themselves.
    pub(super) fn written(&self) -> io::Result<Place> {
        let newest = rotated(&self.folder)?.last().copied().unwrap_or(0);
        let at = match File::open(self.folder.join(CURRENT)) {
            Ok(mut current) => end_of_entries(&mut current)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(Place { file: newest + 1, at })
    }

    /// Where `current.log` ends, if that is not at `at`: somebody has cut it, or taken it away, and then another is begun.
    /// It is looked at now and then only; `now` is in milliseconds since 1970.
    pub(super) fn ends_elsewhere(&mut self, at: u64, now: i64) -> Option<u64> {
        if let Some(current) = &mut self.current {
            if now.abs_diff(current.looked_at) < LOOK_EVERY {
                return None;
            }
            current.looked_at = now;
        }
        // Where nothing can be seen it is written to as long as that works.
        let found = look_at_current(&self.folder).ok()?;
        let length = found.map_or(0, |found| found.length);
        let Some(current) = &self.current else {
            // What stands behind `at` is what a write before a kill has left.
            return (length < at).then_some(length);
        };
        if found.is_none_or(|found| found.id != current.id) {
            self.current = None;
        }
        (length != at).then_some(length)
    }

    /// Writes `entries` to `current.log`, which has `at` bytes, and gives back how many bytes of them stand there: all,
    /// or, when it cannot be written to, so many as make whole entries.
    pub(super) fn append(&mut self, at: u64, entries: &[u8]) -> usize {
        if at + entries.len() as u64 > self.keep {
            return 0;
        }
        let mut written = 0;
        if self.write(at, entries, &mut written).is_ok() {
            return written;
        }
        let whole = memrchr(b'\n', &entries[..written]).map_or(0, |end| end + 1);
        self.current = None;
        // If even that fails, the next entry begins in the middle of a line.
        let _ = self.cut((written - whole) as u64);
        whole
    }

    fn write(&mut self, at: u64, entries: &[u8], written: &mut usize) -> io::Result<()> {
        if self.current.is_none() && self.write_over(at, entries, written)? {
            return Ok(());
        }
        let file = match &mut self.current {
            Some(current) => &mut current.file,
            None => {
                let file = self.open_current(OpenOptions::new().append(true))?;
                let id = platform::identity(&file)?;
                &mut self.current.insert(Current { file, id, looked_at: 0 }).file
            }
        };
        write_all(file, entries, written)
    }

    /// A write before a kill may have left something behind `at`: the same bytes are written over it. Whether there was
    /// something.
    fn write_over(&self, at: u64, entries: &[u8], written: &mut usize) -> io::Result<bool> {
        let mut file = self.open_current(OpenOptions::new().write(true).truncate(false))?;
        if file.metadata()?.len() <= at {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(at))?;
        write_all(&mut file, entries, written)?;
        file.set_len(at + entries.len() as u64)?;
        Ok(true)
    }

    /// Takes the last `surplus` bytes from `current.log`.
    fn cut(&self, surplus: u64) -> io::Result<()> {
        if surplus == 0 {
            return Ok(());
        }
        let file = OpenOptions::new().write(true).open(self.folder.join(CURRENT))?;
        let length = file.metadata()?.len();
        file.set_len(length.saturating_sub(surplus))
    }

    fn open_current(&self, how: &mut OpenOptions) -> io::Result<File> {
        how.create(true);
        match how.open(self.folder.join(CURRENT)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(&self.folder)?;
                how.open(self.folder.join(CURRENT))
            }
            opened => opened,
        }
    }

    /// Gives `current.log` its number. The next is made when it is written to.
    pub(super) fn rotate(&mut self, number: u64) -> io::Result<()> {
        self.current = None;
        match fs::rename(self.folder.join(CURRENT), rotated_path(&self.folder, number)) {
            // Somebody took it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            renamed => renamed,
        }?;
        step();
        Ok(())
    }

    /// Removes the oldest files, so that there is room for `current.log`. The newest of them stays, so that it can be
    /// told which number comes next.
    pub(super) fn prune(&self) -> io::Result<()> {
        let mut room = self.keep.saturating_sub(self.file_limit());
        for (age, number) in rotated(&self.folder)?.into_iter().rev().enumerate() {
            let path = rotated_path(&self.folder, number);
            let length = fs::metadata(&path)?.len();
            match room.checked_sub(length) {
                Some(left) => room = left,
                None if age == 0 => room = 0,
                None => {
                    room = 0;
                    fs::remove_file(path)?;
                    step();
                }
            }
        }
        Ok(())
    }
}

fn write_all(file: &mut File, entries: &[u8], written: &mut usize) -> io::Result<()> {
    #[cfg(test)]
    super::fault::write(file, entries, written)?;
    while let Some(rest) = entries.get(*written..).filter(|rest| !rest.is_empty()) {
        match file.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => *written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
