//! What Windows has of its own in what is different for a service.

use std::{
    env,
    path::{Path, PathBuf},
};

use estatus_core::config::Config;

use super::{account::Account, drives, wanted::Wanted};
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

/// The variables that a line for cmd names.
pub(crate) fn variables_in(line: &str) -> Vec<String> {
    let between = line.split('%').skip(1).step_by(2);
    let name = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
    let is_name = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "_()".contains(c))
    };
    between.map(name).filter(is_name).collect()
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

/// What else is different: drives that are a session's own, and folders of other machines.
pub(crate) fn differences(wanted: &Wanted, _config: &Config, commands: &[Started<'_>], findings: &mut Vec<Finding>) {
    let folders = commands.iter().filter_map(|started| Some((&started.of, started.command.directory.as_deref()?)));
    let executables = commands.iter().filter_map(|started| Some((&started.of, Path::new(started.executable()?))));
    for (of, path) in folders.chain(executables) {
        if let Some(letter) = drives::mapped(path) {
            findings.push(Finding::problem(
                of,
                told!("mapped_drive", path = path.display(), letter),
                told!("mapped_drive.write", letter),
            ));
        } else if drives::is_of_network(path) && !matches!(wanted.account, Account::User(_)) {
            findings.push(Finding::problem(
                of,
                told!("another_machine", path = path.display(), account = wanted.account.to_string()),
                told!("another_machine.enter"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_a_line_are_found() {
        let check = |line: &str, expected: &[&str]| assert_eq!(variables_in(line), expected, "{line}");
        check(r"%JAVA_HOME%\bin\java -jar %APP%.jar", &["JAVA_HOME", "APP"]);
        check("echo %DATE:~0,4%", &["DATE"]);
        check("echo 100% of it", &[]);
        check("plain", &[]);
    }
}
