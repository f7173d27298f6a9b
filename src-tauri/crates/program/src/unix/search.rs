//! Where a program is found by its name, as `execvp` does it in the folder that the program runs in.

use std::{
    borrow::Cow,
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// What a word must not hold so that a shell takes it as it is.
pub(crate) const SHELL_SIGNS: &[char] =
    &['!', '"', '#', '$', '&', '\'', '(', ')', '*', ';', '<', '=', '>', '?', '[', '\\', ']', '`', '{', '|', '}', '~'];

/// What a shell does itself (POSIX, "Special Built-In Utilities", "Reserved Words" and "Regular Built-In Utilities", and what
/// dash and bash add); some of it lies on the disk, too.
pub(crate) const SHELL_WORDS: &[&str] = &[
    ".", ":", "alias", "bg", "break", "builtin", "case", "cd", "command", "continue", "declare", "do", "done", "echo",
    "elif", "else", "esac", "eval", "exec", "exit", "export", "false", "fc", "fg", "fi", "for", "function", "getopts",
    "hash", "if", "in", "jobs", "kill", "let", "local", "popd", "printf", "pushd", "pwd", "read", "readonly", "return",
    "set", "shift", "source", "test", "then", "time", "times", "trap", "true", "type", "typeset", "ulimit", "umask",
    "unalias", "unset", "until", "wait", "while",
];

/// `word` as it is among [`SHELL_WORDS`], if it is.
pub(crate) fn as_shell_word(word: &str) -> Cow<'_, str> {
    word.into()
}

/// The file that `program` is, for one that runs in `directory` with `path` as its `PATH`.
pub fn find_executable(program: &str, directory: &Path, path: &OsStr) -> Option<PathBuf> {
    let is_executable =
        |file: &PathBuf| fs::metadata(file).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    if program.contains('/') {
        return Some(directory.join(program)).filter(is_executable);
    }
    std::env::split_paths(path).map(|folder| directory.join(folder).join(program)).find(is_executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_on_the_path_and_any_other_starts_in_the_directory() {
        let check = |program: &str, directory: &str, path: &str, expected: Option<&str>| {
            let found = find_executable(program, Path::new(directory), OsStr::new(path));
            assert_eq!(found.as_deref(), expected.map(Path::new), "{program}");
        };
        check("sh", "/", "/none:/bin", Some("/bin/sh"));
        check("sh", "/bin", "/none", None);
        check("./sh", "/bin", "/none", Some("/bin/./sh"));
        check("/bin/sh", "/", "", Some("/bin/sh"));
        // Not everything that is there can be run.
        check("passwd", "/", "/etc", None);
    }
}
