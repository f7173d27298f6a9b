//! Where the programs of this desktop write what is worth knowing.

use std::{
    fs::{self, File},
    io::{self, IsTerminal},
    path::Path,
    sync::Mutex,
};

use estatus_config::places;
use tracing_subscriber::{EnvFilter, fmt::writer::BoxMakeWriter};

use crate::{Where, dialog};

/// A log that is longer begins anew, in bytes.
const LONGEST: u64 = 1_000_000;

/// Writes what is worth knowing to standard error or, where nobody would see it there, to the log `name` beside the data;
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
fn file(name: &str, said: &Where) -> Option<File> {
    let data = said.data.clone().map_or_else(|| places::data_folder().ok(), Some)?;
    fs::create_dir_all(&data).ok()?;
    open(&data.join(format!("{name}.log"))).ok()
}

fn open(file: &Path) -> io::Result<File> {
    let goes_on = fs::metadata(file).is_ok_and(|there| there.len() < LONGEST);
    File::options().create(true).write(true).append(goes_on).truncate(!goes_on).open(file)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_log_goes_on_until_it_is_too_long() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("tray.log");
        for written in ["a", "b"] {
            open(&file).unwrap().write_all(written.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "ab");
        fs::write(&file, vec![b'x'; usize::try_from(LONGEST).unwrap()]).unwrap();
        open(&file).unwrap().write_all(b"c").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "c");
    }
}
