//! The file that a command runs, found as it is when the command is started.

use std::{
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use estatus_core::command::{CommandLine, ProgramFile, Run};
use jiff::Timestamp;

use crate::platform::{self, find_executable};

/// Where the executable of a command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Executable {
    /// Here.
    At {
        /// What it is called by.
        name: String,
        /// Where it is.
        path: PathBuf,
    },
    /// It is not found.
    Nowhere {
        /// What it is called by.
        name: String,
    },
    /// The shell sees to it: it is one of its own words, or not known before the line is run.
    OfShell,
}

impl Executable {
    /// The executable of `line`; of a line for the shell that of its first command.
    pub fn of(line: &CommandLine) -> Self {
        let Some(name) = first_words(line).into_iter().next() else { return Self::OfShell };
        match find(&name, line) {
            Some(path) => Self::At { name, path },
            None => Self::Nowhere { name },
        }
    }
}

/// What of the file that `line` runs tells whether it is another one than before: of its executable or, where that reads a
/// script which stands first behind it, of the script. It is only looked at, which takes a moment on a slow disk.
pub(crate) fn program_file(line: &CommandLine) -> Option<ProgramFile> {
    let words = first_words(line);
    let executable = find(words.first()?, line)?;
    let script = words.get(1).filter(|_| reads_scripts(&executable)).map(|script| directory(line).join(script));
    let path = script.filter(|script| script.is_file()).map_or(executable, |script| straight(&script));
    let file = fs::metadata(&path).ok()?;
    let modified = Timestamp::try_from(file.modified().ok()?).ok()?;
    Some(ProgramFile { path, modified, size: file.len() })
}

/// What is run, and its first argument, as far as they are known: nothing where a shell sees to it itself.
fn first_words(line: &CommandLine) -> Vec<String> {
    match &line.run {
        Run::Program { program, args } => std::iter::once(program).chain(args).take(2).cloned().collect(),
        Run::Shell(line) => {
            let words = plain_words(line);
            let is_own = |word: &String| platform::SHELL_WORDS.contains(&platform::as_shell_word(word).as_ref());
            if words.first().is_some_and(is_own) { Vec::new() } else { words }
        }
    }
}

/// The first two words of a line for the shell, as far as it takes them as they are written.
fn plain_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while words.len() < 2 && !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some(quoted) => quoted,
            None => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        let is_whole = after.is_empty() || after.starts_with(char::is_whitespace);
        if !is_whole || word.is_empty() || word.contains(platform::SHELL_SIGNS) {
            break;
        }
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    words
}

fn find(name: &str, line: &CommandLine) -> Option<PathBuf> {
    find_executable(name, &directory(line), &path(line)).map(|path| straight(&path))
}

/// `path` without what leads nowhere, like `./`.
fn straight(path: &Path) -> PathBuf {
    path.components().collect()
}

/// Where `line` runs.
fn directory(line: &CommandLine) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    line.directory.as_ref().map_or(here.clone(), |directory| here.join(directory))
}

/// The `PATH` that `line` finds.
fn path(line: &CommandLine) -> OsString {
    let is_path = |name: &str| if cfg!(windows) { name.eq_ignore_ascii_case("PATH") } else { name == "PATH" };
    let own = line.env.iter().rfind(|(name, _)| is_path(name));
    own.map(|(_, value)| value.into()).or_else(|| std::env::var_os("PATH")).unwrap_or_default()
}

/// Whether what lies at `executable` is a program that reads a script whose name is its first argument.
fn reads_scripts(executable: &Path) -> bool {
    const INTERPRETERS: [&str; 18] = [
        "bash", "bun", "dash", "deno", "fish", "ksh", "lua", "node", "nodejs", "perl", "php", "py", "python",
        "pythonw", "rscript", "ruby", "sh", "zsh",
    ];
    let name = executable.file_name().and_then(OsStr::to_str).unwrap_or_default().to_lowercase();
    let name = name.strip_suffix(".exe").unwrap_or(&name);
    // `python3.11`, `lua5.4`.
    INTERPRETERS.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_line_are_known_as_far_as_the_shell_takes_them_as_they_are() {
        let check = |line: &str, expected: &[&str]| assert_eq!(plain_words(line), expected, "{line}");
        check("npm run build", &["npm", "run"]);
        check("  node\tserver.js", &["node", "server.js"]);
        check("make", &["make"]);
        check("\"my tool\" \"a file\" more", &["my tool", "a file"]);
        check("python \"", &["python"]);
        check("python x.py>log", &["python"]);
        check("echo|cat", &[]);
        check("(cd x; make)", &[]);
        check("\"a\"b", &[]);
        check("\"\"", &[]);
        check("", &[]);
    }

    #[test]
    fn who_reads_scripts_is_known_by_name() {
        let check = |name: &str, reads: bool| assert_eq!(reads_scripts(&Path::new("/x").join(name)), reads, "{name}");
        check("python3.11", true);
        check("python", true);
        check("Node.exe", true);
        check("sh", true);
        check("npm", false);
        check("shutdown", false);
        check("ssh", false);
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::fs::PermissionsExt;

        use super::*;

        fn line(run: Run, directory: &Path) -> CommandLine {
            CommandLine { directory: Some(directory.to_owned()), ..CommandLine::new(run) }
        }

        #[test]
        fn the_file_is_the_executable_or_the_script_that_it_reads() {
            let folder = tempfile::tempdir().unwrap();
            let put = |name: &str, text: &str| {
                let file = folder.path().join(name);
                fs::write(&file, text).unwrap();
                fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
            };
            fs::create_dir(folder.path().join("bin")).unwrap();
            put("bin/tool", "1234");
            put("bin/python3", "12");
            put("job.py", "123");
            put("run.sh", "1");
            let check = |run: Run, expected: Option<(&str, u64)>| {
                let mut line = line(run.clone(), folder.path());
                line.env.push(("PATH".to_owned(), format!("{}:/usr/bin:/bin", folder.path().join("bin").display())));
                let found = program_file(&line).map(|file| (file.path, file.size));
                assert_eq!(found, expected.map(|(name, size)| (folder.path().join(name), size)), "{run:?}");
            };
            let program = |words: &[&str]| Run::Program {
                program: words[0].to_owned(),
                args: words[1..].iter().map(|&word| word.to_owned()).collect(),
            };
            let shell = |line: &str| Run::Shell(line.to_owned());
            check(program(&["tool", "job.py"]), Some(("bin/tool", 4)));
            check(program(&["python3", "job.py", "-x"]), Some(("job.py", 3)));
            check(program(&["python3", "-m", "job"]), Some(("bin/python3", 2)));
            check(program(&["python3", "gone.py"]), Some(("bin/python3", 2)));
            check(program(&["./run.sh"]), Some(("run.sh", 1)));
            check(program(&["sh", "run.sh"]), Some(("run.sh", 1)));
            check(program(&["no-such-program"]), None);
            check(shell("tool | cat"), Some(("bin/tool", 4)));
            check(shell("python3 job.py && tool"), Some(("job.py", 3)));
            check(shell("./run.sh; tool"), None);
            check(shell("./run.sh --all; tool"), Some(("run.sh", 1)));
            check(shell("cd bin && ./tool"), None);
            check(shell("X=1 tool"), None);
            check(shell("test -f job.py"), None);
        }

        #[test]
        fn an_executable_is_found_or_not_or_is_for_the_shell_to_find() {
            let check = |run: Run, expected: Executable| {
                assert_eq!(Executable::of(&line(run.clone(), Path::new("/"))), expected, "{run:?}");
            };
            let shell = |line: &str| Run::Shell(line.to_owned());
            let at = |name: &str| Executable::At { name: name.to_owned(), path: "/bin/sh".into() };
            check(Run::Program { program: "bin/sh".to_owned(), args: Vec::new() }, at("bin/sh"));
            check(shell("/bin/sh x.sh"), at("/bin/sh"));
            check(shell("no-such-program --now"), Executable::Nowhere { name: "no-such-program".to_owned() });
            let dotted = Executable::At { name: "./bin/./sh".to_owned(), path: "/bin/sh".into() };
            check(shell("./bin/./sh"), dotted);
            check(shell("echo hello"), Executable::OfShell);
            check(shell("$(which sh) -c true"), Executable::OfShell);
        }
    }
}
