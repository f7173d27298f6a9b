//! Programs for Windows, in Wine: those that are compared, and those that they keep running.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use super::peer::Program;
use crate::{command::run, windows::wine};

/// A supervisor for Windows.
pub(crate) struct ForWindows {
    program: PathBuf,
    habits: String,
}

impl ForWindows {
    /// The supervisor at `program`. What it keeps running does what xtask, built for Windows at `xtask`, has been told.
    pub(crate) fn new(program: PathBuf, xtask: &Path) -> Self {
        Self { program, habits: wine::path(xtask) }
    }

    /// Boots a Windows of its own for it, with a copy of the program in `folder`.
    pub(super) fn boot(&self, folder: &Path) -> Result<wine::Session> {
        // Windows shares the pages of an executable among its processes; Wine does where they lie in the file as in memory.
        let mut copy = Command::new("x86_64-w64-mingw32-objcopy");
        run(copy.args(["--file-alignment", "4096"]).args([&self.program, &self.copy(folder)]))?;
        wine::Session::start()
    }

    /// Runs that copy.
    pub(super) fn command(&self, wine: &wine::Session, folder: &Path) -> Command {
        wine.command(self.called(folder))
    }

    /// What that copy is called there.
    pub(super) fn called(&self, folder: &Path) -> String {
        wine::path(&self.copy(folder))
    }

    fn copy(&self, folder: &Path) -> PathBuf {
        folder.join(self.program.file_name().unwrap_or_default())
    }

    /// A program with this habit; see `bench habit`.
    pub(crate) fn habit<const N: usize>(&self, name: &str, words: [&str; N]) -> Program {
        let command = [self.habits.as_str(), "bench", "habit"].into_iter().chain(words);
        Program { name: name.to_owned(), command: command.map(str::to_owned).collect() }
    }
}
