//! What systemd and Unix have of their own in what is different for a service.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use estatus_core::{secret::SecretRef, words::Reason};

use super::{systemd::Scope, wanted::Wanted};
use crate::service::doctor::{Finding, Started};

/// Whether both names mean one variable.
pub(crate) fn is_same_variable(one: &str, other: &str) -> bool {
    one == other
}

/// Whether every process has the variable `name`.
pub(crate) fn is_of_the_system(_name: &str) -> bool {
    false
}

/// The variables that a line for the shell names.
pub(crate) fn variables_in(line: &str) -> Vec<&str> {
    let mut named = Vec::new();
    for behind in line.split('$').skip(1) {
        let behind = behind.strip_prefix('{').unwrap_or(behind);
        let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len());
        let name = &behind[..end];
        if !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) {
            named.push(name);
        }
    }
    named
}

/// Where a user's programs usually are, though no PATH of a service has it.
pub(crate) fn usual_places(wanted: &Wanted) -> Vec<PathBuf> {
    let home = &wanted.account.home;
    let own = [".local/bin", "bin", ".cargo/bin", ".volta/bin", ".deno/bin", ".bun/bin", "go/bin", ".npm-global/bin"];
    let mut places: Vec<PathBuf> = own.iter().map(|place| home.join(place)).collect();
    for versions in [".nvm/versions/node", ".local/share/fnm/node-versions"] {
        let mut found: Vec<PathBuf> =
            fs::read_dir(home.join(versions)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        found.sort();
        places.extend(found.iter().rev().flat_map(|version| [version.join("bin"), version.join("installation/bin")]));
    }
    places.push("/snap/bin".into());
    places
}

/// What else is different for the service itself.
pub(crate) fn of_estatus(wanted: &Wanted, findings: &mut Vec<Finding>) {
    let account = &wanted.account;
    let files: &[&PathBuf] = match wanted.scope {
        Scope::System if account.is_root() => &[&wanted.executable, &wanted.config],
        // What others may do with its configuration is refused anyway.
        Scope::System => &[&wanted.executable],
        Scope::User => &[],
    };
    findings.extend(files.iter().filter_map(|file| {
        let open = changeable(file, account.uid)?;
        let told = told!("changeable", path = open.display(), account = account.name.as_str());
        Some(Finding::problem(account.name.as_str(), told, told!("changeable.move")))
    }));
}

/// Nothing else is different for what it runs and reads: a path means the same in every session.
pub(crate) fn of_paths(
    _wanted: &Wanted,
    _commands: &[Started<'_>],
    _secrets: &[(Reason, &SecretRef)],
    _findings: &mut Vec<Finding>,
) {
}

/// What others than the user `uid` and root can change: the file, or a folder above it.
fn changeable(file: &Path, uid: u32) -> Option<&Path> {
    file.ancestors().find(|path| {
        let Ok(metadata) = fs::metadata(path) else { return false };
        let (mode, is_sticky) = (metadata.permissions().mode(), metadata.permissions().mode() & 0o1000 != 0);
        ![0, uid].contains(&metadata.uid()) || (mode & 0o022 != 0 && !is_sticky)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_a_line_are_found() {
        let check = |line: &str, expected: &[&str]| assert_eq!(variables_in(line), expected, "{line}");
        check("npm run dev -- --port $PORT", &["PORT"]);
        check("${JAVA_HOME}/bin/java -jar ${APP:-x}.jar", &["JAVA_HOME", "APP"]);
        check("echo $1 $$ $? ${#x} $", &[]);
        check("plain", &[]);
    }
}
