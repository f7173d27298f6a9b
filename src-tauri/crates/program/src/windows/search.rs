//! Where a program is found by its name, as the shell does it: so that `npm` is `npm.cmd`.

use std::{
    borrow::Cow,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use super::environment::Environment;
use crate::process_start::Variables;

/// What a word must not hold so that `cmd` takes it as it is.
pub(crate) const SHELL_SIGNS: &[char] = &['!', '"', '%', '&', '(', ')', ',', ';', '<', '=', '>', '@', '^', '|'];

/// What `cmd` does itself.
pub(crate) const SHELL_WORDS: &[&str] = &[
    "assoc", "break", "call", "cd", "chdir", "cls", "color", "copy", "date", "del", "dir", "echo", "endlocal", "erase",
    "exit", "for", "ftype", "goto", "if", "md", "mkdir", "mklink", "move", "path", "pause", "popd", "prompt", "pushd",
    "rd", "rem", "ren", "rename", "rmdir", "set", "setlocal", "shift", "start", "time", "title", "type", "ver",
    "verify", "vol",
];

/// `word` as it is among [`SHELL_WORDS`], if it is: `cmd` knows no upper and lower case.
pub(crate) fn as_shell_word(word: &str) -> Cow<'_, str> {
    word.to_lowercase().into()
}

/// The file that `program` is, for one that runs in `directory` with `path` as its `PATH`.
pub fn find_executable(program: &str, directory: &Path, path: &OsStr) -> Option<PathBuf> {
    let mut variables = Variables::default();
    variables.set("PATH", path);
    Search::new(Some(directory), &Environment::with(&variables)).find(program)
}

/// Where and under which endings a program is looked for.
pub(super) struct Search {
    directory: PathBuf,
    path: Vec<PathBuf>,
    endings: Vec<OsString>,
}

impl Search {
    pub(super) fn new(directory: Option<&Path>, environment: &Environment) -> Self {
        let path = environment.get("PATH").map(|path| std::env::split_paths(path).collect()).unwrap_or_default();
        let endings = environment.get("PATHEXT").and_then(OsStr::to_str).filter(|endings| !endings.is_empty());
        let endings = endings.unwrap_or(".COM;.EXE;.BAT;.CMD").split(';').map(OsString::from).collect();
        Self { directory: directory.map(Path::to_owned).unwrap_or_default(), path, endings }
    }

    /// The first file that fits.
    pub(super) fn find(&self, program: &str) -> Option<PathBuf> {
        let path: &[PathBuf] = if program.contains(['/', '\\']) { &[] } else { &self.path };
        std::iter::once(&self.directory)
            .chain(path)
            .flat_map(|folder| self.candidates(&folder.join(program)))
            .find(|candidate| candidate.is_file())
    }

    /// A name without an ending is never taken as it is: beside `npm.cmd` lies an `npm` for other systems.
    fn candidates(&self, file: &Path) -> Vec<PathBuf> {
        let with = |ending: &OsString| {
            let mut name = file.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        let complete = self.endings.iter().any(|ending| {
            let own = file.extension().unwrap_or(OsStr::new(""));
            own.eq_ignore_ascii_case(ending.to_string_lossy().trim_start_matches('.'))
        });
        complete.then(|| file.to_owned()).into_iter().chain(self.endings.iter().map(with)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_the_endings_of_programs_alone() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["npm", "npm.cmd", "tool.exe", "tool.cmd", "notes.txt"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let mut variables = Variables::default();
        variables.set("Path", folder.path());
        variables.set("PATHEXT", ".EXE;.CMD");
        let search = Search::new(None, &Environment::with(&variables));
        let check = |program: &str, found: Option<&str>| {
            let name = search.find(program).map(|file| file.file_name().unwrap().to_string_lossy().to_lowercase());
            assert_eq!(name.as_deref(), found, "{program}");
        };
        check("npm", Some("npm.cmd"));
        check("NPM.CMD", Some("npm.cmd"));
        check("tool", Some("tool.exe"));
        check("notes", None);
        check("notes.txt", None);
        check("none", None);
        let nowhere = tempfile::tempdir().unwrap();
        let (here, nowhere) = (folder.path(), nowhere.path());
        for (directory, path) in [(here, nowhere), (nowhere, here)] {
            assert!(find_executable("tool", directory, path.as_os_str()).is_some(), "{directory:?}");
        }
        assert_eq!(find_executable("tool", nowhere, nowhere.as_os_str()), None);
    }
}
