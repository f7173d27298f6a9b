//! What Windows has of its own in what is different for a service.

use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
};

use estatus_core::{
    secret::SecretRef,
    words::{Part, Reason},
};

use super::{
    account::Account,
    drives::{self, Lacking},
    wanted::Wanted,
};
use crate::service::doctor::{Finding, Started};

/// Whether both names mean one variable.
pub(crate) fn is_same_variable(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Whether every process of this machine has the variable `name`.
pub(crate) fn is_of_the_system(name: &str) -> bool {
    const OF_WINDOWS: [&str; 15] = [
        "ALLUSERSPROFILE",
        "APPDATA",
        "COMPUTERNAME",
        "COMSPEC",
        "HOMEDRIVE",
        "HOMEPATH",
        "LOCALAPPDATA",
        "PROGRAMDATA",
        "PROGRAMFILES",
        "PUBLIC",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "WINDIR",
    ];
    OF_WINDOWS.iter().any(|known| is_same_variable(known, name))
}

/// Where a user's programs usually are, though no PATH of a service has it.
pub(crate) fn usual_places(_wanted: &Wanted) -> Vec<PathBuf> {
    let below = |variable: &str, place: &str| env::var_os(variable).map(|folder| PathBuf::from(folder).join(place));
    let places = [
        below("APPDATA", "npm"),
        below("NVM_SYMLINK", ""),
        below("LOCALAPPDATA", r"Programs\Python\Launcher"),
        below("LOCALAPPDATA", r"Microsoft\WindowsApps"),
        below("USERPROFILE", r"scoop\shims"),
        below("USERPROFILE", r".cargo\bin"),
        below("ProgramFiles", "nodejs"),
    ];
    places.into_iter().flatten().collect()
}

/// What else is different for the service itself: where it is.
pub(crate) fn of_estatus(wanted: &Wanted, findings: &mut Vec<Finding>) {
    elsewhere(wanted, told!("configuration"), &wanted.config, findings);
    elsewhere(wanted, told!("data"), &wanted.data, findings);
}

/// What else is different for what it runs and reads: drives that are a session's own, and folders of other machines.
pub(crate) fn of_paths(
    wanted: &Wanted,
    commands: &[Started<'_>],
    secrets: &[(Reason, &SecretRef)],
    findings: &mut Vec<Finding>,
) {
    for started in commands {
        let words = started.words();
        let arguments = words.iter().flat_map(|word| paths_in(word, started.is_shell()));
        let paths = started.command.directory.as_deref().into_iter().chain(started.executable().map(Path::new));
        let paths: BTreeSet<&Path> = paths.chain(arguments).collect();
        paths.into_iter().for_each(|path| elsewhere(wanted, &started.of, path, findings));
    }
    for (of, place) in secrets {
        if let SecretRef::File(file) = place {
            elsewhere(wanted, of, file, findings);
        }
    }
}

/// Whether `path` is on a drive that a service does not have, or on another machine.
fn elsewhere(wanted: &Wanted, about: impl Into<Part>, path: &Path, findings: &mut Vec<Finding>) {
    let shown = path.display();
    let (what, remedy) = match drives::lacking(path) {
        Some(Lacking::Mapped { letter, to: Some(to) }) => {
            (told!("mapped_drive", path = shown, letter), told!("mapped_drive.write_path", letter, to))
        }
        Some(Lacking::Mapped { letter, to: None }) => {
            (told!("mapped_drive", path = shown, letter), told!("mapped_drive.write", letter))
        }
        Some(Lacking::NotThere { letter }) => {
            (told!("no_drive", path = shown, letter), told!("no_drive.write", letter))
        }
        None if drives::is_of_network(path) && !matches!(wanted.account, Account::User(_)) => (
            told!("another_machine", path = shown, account = wanted.account.to_string()),
            told!("another_machine.enter"),
        ),
        None => return,
    };
    findings.push(Finding::problem(about, what, remedy));
}

/// The whole paths on a drive that stand in `word`, also behind a sign of equality; a shell divides it into words.
fn paths_in(word: &str, is_shell: bool) -> Vec<&Path> {
    let mut words = vec![word];
    if is_shell {
        // What is between quotation marks is one word.
        let (between, outside): (Vec<_>, Vec<_>) = word.split('"').enumerate().partition(|(at, _)| at % 2 == 1);
        words = outside.into_iter().flat_map(|(_, part)| part.split_whitespace()).collect();
        words.extend(between.into_iter().map(|(_, part)| part));
    }
    let behind_sign: Vec<&str> = words.iter().filter_map(|word| Some(word.split_once('=')?.1)).collect();
    let paths = words.into_iter().chain(behind_sign).map(Path::new);
    paths.filter(|path| path.is_absolute() && drives::letter(path).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_paths_in_a_command_are_found() {
        let check = |word: &str, is_shell: bool, expected: &[&str]| {
            let expected: Vec<&Path> = expected.iter().map(Path::new).collect();
            assert_eq!(paths_in(word, is_shell), expected, "{word}");
        };
        check(r"Z:\my files\x", false, &[r"Z:\my files\x"]);
        check("--root=Z:/web", false, &["Z:/web"]);
        check(r"Z:web", false, &[]);
        check("http://localhost:80/z:/", false, &[]);
        check(r#"node Z:\app.js --root="Y:\my files" -p 80"#, true, &[r"Z:\app.js", r"Y:\my files"]);
        check("npm run dev", true, &[]);
    }
}
