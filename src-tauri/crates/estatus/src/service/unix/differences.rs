//! What systemd and Unix have of their own in what is different for a service.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use estatus_core::{secret::SecretRef, words::Reason};

use super::wanted::Wanted;
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
pub(crate) fn variables_in(line: &str) -> Vec<String> {
    let mut named = Vec::new();
    for behind in line.split('$').skip(1) {
        let behind = behind.strip_prefix('{').unwrap_or(behind);
        let name: String = behind.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
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
    if wanted.account.is_root() {
        findings.extend([&wanted.executable, &wanted.config].into_iter().filter_map(|file| changeable(file)));
    }
}

/// Nothing else is different for what it runs and reads: a path means the same in every session.
pub(crate) fn of_paths(
    _wanted: &Wanted,
    _commands: &[Started<'_>],
    _secrets: &[(Reason, &SecretRef)],
    _findings: &mut Vec<Finding>,
) {
}

/// A file of a service that runs as root, or a folder above it, that others can change.
fn changeable(file: &Path) -> Option<Finding> {
    let open = file.ancestors().find(|path| {
        let Ok(metadata) = fs::metadata(path) else { return false };
        let (mode, is_sticky) = (metadata.permissions().mode(), metadata.permissions().mode() & 0o1000 != 0);
        metadata.uid() != 0 || (mode & 0o022 != 0 && !is_sticky)
    })?;
    Some(Finding::problem("root", told!("changeable", path = open.display()), told!("changeable.move")))
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
