//! Where the programs of this desktop write what is worth knowing.

use std::{
    fs::{self, File},
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

use estatus_access::create_private_folder;
use tracing_subscriber::{EnvFilter, fmt::writer::BoxMakeWriter};

use crate::{Places, Where, dialog};

/// A log that is longer begins anew, in bytes.
const LONGEST: u64 = 1_000_000;

/// Writes what is worth knowing to standard error or, where nobody would see it there, to the log `name` of this desktop;
/// how much says `ESTATUS_LOG`.
pub fn log(name: &str, said: &Where) {
    let filter = EnvFilter::try_from_env("ESTATUS_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let file = if dialog::somebody_reads() { None } else { file(name, said) };
    let is_terminal = file.is_none() && io::stderr().is_terminal();
    let writer = file.map_or_else(|| BoxMakeWriter::new(io::stderr), |file| BoxMakeWriter::new(Mutex::new(file)));
    // Only a second subscriber in one process is refused, and there is none.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(is_terminal).try_init();
}

/// The log, or none where it cannot be opened: that is no reason not to start.
fn file(name: &str, said: &Where) -> Option<LogFile> {
    let folder = Places::find(said.clone()).ok()?.desktop;
    create_private_folder(&folder).ok()?;
    LogFile::open(&folder, name).ok()
}

/// A log, and the one before it.
struct LogFile {
    /// Nothing only where it could not be opened again.
    file: Option<File>,
    length: u64,
    path: PathBuf,
    before: PathBuf,
}

impl LogFile {
    /// Goes on with the log `name` in `folder`.
    fn open(folder: &Path, name: &str) -> io::Result<Self> {
        let (path, before) = (folder.join(format!("{name}.log")), folder.join(format!("{name}.old.log")));
        let file = File::options().create(true).append(true).open(&path)?;
        let length = file.metadata()?.len();
        Ok(Self { file: Some(file), length, path, before })
    }

    /// Begins a new one.
    fn begin(&mut self) -> io::Result<()> {
        // Closed first: what is open may not take another name everywhere.
        self.file = None;
        fs::rename(&self.path, &self.before)?;
        self.file = Some(File::options().create(true).append(true).open(&self.path)?);
        self.length = 0;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length >= LONGEST {
            self.begin()?;
        }
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let written = file.write(bytes)?;
        self.length += u64::try_from(written).unwrap_or_default();
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_goes_on_until_it_is_too_long_and_then_the_one_before_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        for written in ["a", "b"] {
            LogFile::open(folder.path(), "tray").unwrap().write_all(written.as_bytes()).unwrap();
        }
        assert_eq!(read("tray.log"), "ab");
        let mut log = LogFile::open(folder.path(), "tray").unwrap();
        log.write_all(&vec![b'x'; usize::try_from(LONGEST).unwrap()]).unwrap();
        log.write_all(b"c").unwrap();
        log.write_all(b"d").unwrap();
        assert_eq!(read("tray.log"), "cd");
        assert!(read("tray.old.log").starts_with("abxx"));
    }
}
