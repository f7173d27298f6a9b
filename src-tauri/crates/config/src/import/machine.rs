//! What of this machine an import looks at: which files are there, and where programs are found.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// This machine.
pub(super) struct Machine {
    /// The folders in which programs are found, as in `PATH`.
    path: Option<OsString>,
}

impl Machine {
    pub(super) fn this() -> Self {
        Self { path: env::var_os("PATH") }
    }

    /// One on which programs are found in `folder` alone.
    #[cfg(test)]
    pub(super) fn with_programs_in(folder: &Path) -> Self {
        Self { path: Some(folder.into()) }
    }

    /// Where the program is that is called `name`.
    pub(super) fn which(&self, name: &str) -> Option<PathBuf> {
        if name.is_empty() || name.contains(['/', '\\']) {
            return None;
        }
        let folders = env::split_paths(self.path.as_ref()?).filter(|folder| folder.is_absolute());
        folders.flat_map(|folder| candidates(&folder, name)).find(|file| is_program(file))
    }

    /// Whether a file is text and not a program of its own; nothing if it cannot be read.
    pub(super) fn is_text(&self, file: &Path) -> Option<bool> {
        /// What PM2 looks at.
        const BEGINNING: u64 = 512;
        if !file.is_file() {
            return None;
        }
        let mut beginning = Vec::new();
        File::open(file).ok()?.take(BEGINNING).read_to_end(&mut beginning).ok()?;
        Some(!beginning.contains(&0) && !beginning.starts_with(b"\x7fELF"))
    }
}

#[cfg(unix)]
fn candidates(folder: &Path, name: &str) -> Vec<PathBuf> {
    vec![folder.join(name)]
}

/// With the endings that Windows runs, if it has none.
#[cfg(windows)]
fn candidates(folder: &Path, name: &str) -> Vec<PathBuf> {
    let endings = ["", ".com", ".exe", ".bat", ".cmd"];
    endings.iter().map(|ending| folder.join(format!("{name}{ending}"))).collect()
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(windows)]
fn is_program(file: &Path) -> bool {
    file.extension().is_some() && file.is_file()
}
