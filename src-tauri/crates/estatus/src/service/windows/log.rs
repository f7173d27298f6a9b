//! What a service writes, in a file: it has no terminal.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// So many bytes are kept, twice: in the file, and in the one before it.
const LIMIT: u64 = 1_000_000;

/// A file that begins anew when it is full.
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl LogFile {
    /// The log in the data folder `data`.
    pub(super) fn open(data: &Path) -> io::Result<Self> {
        let path = data.join("service.log");
        let file = OpenOptions::new().append(true).create(true).open(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { path, file, length })
    }

    /// The same file, for another who writes.
    pub(super) fn share(&self) -> io::Result<Self> {
        Ok(Self { path: self.path.clone(), file: self.file.try_clone()?, length: self.length })
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        let before = self.path.with_extension("old.log");
        fs::copy(&self.path, before)?;
        // A handle that may only append may not cut off.
        OpenOptions::new().write(true).open(&self.path)?.set_len(0)?;
        self.length = 0;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.length > LIMIT {
            // Another who writes may have begun it anew.
            self.length = self.file.metadata()?.len();
        }
        if self.length > LIMIT {
            // A longer log is better than none.
            let _ = self.begin_anew();
        }
        self.file.write_all(text)?;
        self.length += text.len() as u64;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_full_begins_anew_and_keeps_what_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = LogFile::open(folder.path()).unwrap();
        let mut other = log.share().unwrap();
        let line = [b'x'; 1000];
        (0..1002).for_each(|_| log.write_all(&line).unwrap());
        other.write_all(b"after").unwrap();
        let length = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
        assert_eq!((length("service.old.log"), length("service.log")), (1_001_000, 1_005));
    }
}
