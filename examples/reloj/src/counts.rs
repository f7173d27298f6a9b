//! How often each thread has printed, kept in a file.

use std::{
    fs,
    io::{self, ErrorKind},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// How often each thread has printed. Without a folder it is not kept.
pub(crate) struct Counts {
    folder: Option<PathBuf>,
    counts: Mutex<[u32; 2]>,
}

impl Counts {
    /// What `folder` has kept; nothing yet if it has no such file, or one that nobody can read.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(crate) fn read(folder: Option<PathBuf>) -> io::Result<Self> {
        let counts = Self { folder, counts: Mutex::default() };
        if let Some(file) = counts.file() {
            match fs::read_to_string(file) {
                Ok(text) => *counts.lock() = understand(&text).unwrap_or_default(),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(counts)
    }

    /// The counts.
    pub(crate) fn now(&self) -> [u32; 2] {
        *self.lock()
    }

    /// One more for `thread`, kept before this returns. The file is replaced as a whole: it never holds half a count.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn count(&self, thread: usize) -> io::Result<()> {
        let mut counts = self.lock();
        counts[thread] += 1;
        let Some(file) = self.file() else { return Ok(()) };
        let aside = file.with_extension("new");
        fs::write(&aside, format!("{} {}\n", counts[0], counts[1]))?;
        fs::rename(aside, file)
    }

    /// Begins anew the next time.
    ///
    /// # Errors
    /// If the file cannot be removed.
    pub(crate) fn forget(&self) -> io::Result<()> {
        match self.file().map(fs::remove_file) {
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn file(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join("counts"))
    }

    fn lock(&self) -> MutexGuard<'_, [u32; 2]> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn understand(text: &str) -> Option<[u32; 2]> {
    let (first, second) = text.trim().split_once(' ')?;
    Some([first.parse().ok()?, second.parse().ok()?])
}
