//! Programs that the service does not find.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::{
    super::{
        access::Access,
        platform::{self, Wanted},
    },
    Finding, Started, rights,
};

/// Which executables of `commands` the service does not find, and which folders of the PATH here it does not search.
pub(super) fn missing(
    wanted: &Wanted,
    environment: &BTreeMap<String, String>,
    commands: &[Started<'_>],
    findings: &mut Vec<Finding>,
) {
    let service = path_of(environment);
    let here = env::var_os("PATH").unwrap_or_default();
    for started in commands {
        let Some(name) = started.executable() else { continue };
        // A path of its own in its environment is what counts.
        let own = started.command.env.iter().find(|(variable, _)| variable.eq_ignore_ascii_case("PATH"));
        let path = own.map_or(service, |(_, value)| value);
        let folder = started.command.directory.as_deref();
        match find(name, folder, OsStr::new(path)) {
            Found::At(at) => rights::check(wanted, &started.of, &at, Access::Execute, findings),
            Found::NotByPath => {}
            Found::Nowhere => findings.push(unfound(wanted, started, name, &here)),
        }
    }
    only_here(wanted, service, &here, findings);
}

fn unfound(wanted: &Wanted, started: &Started<'_>, name: &str, here: &OsStr) -> Finding {
    let folder = started.command.directory.as_deref();
    let about = &started.of;
    if name.contains(['/', '\\']) {
        return Finding::problem(about, told!("no_executable", name), told!("no_executable.correct"));
    }
    let found = match find(name, folder, here) {
        Found::At(at) => Some(at),
        _ => platform::usual_places(wanted)
            .into_iter()
            .find_map(|place| estatus_program::find_executable(name, &place, place.as_os_str())),
    };
    let Some(at) = found else {
        return Finding::problem(about, told!("not_on_path", name), told!("not_on_path.install", name));
    };
    let place = at.parent().unwrap_or(Path::new("")).display().to_string();
    let versioned = place.contains("nvm") || place.contains("fnm") || place.contains("volta");
    let command = with_path(wanted, &place);
    let install =
        if versioned { told!("elsewhere.install_again", command) } else { told!("elsewhere.install", command) };
    Finding::problem(about, told!("elsewhere", name, folder = place), install)
}

/// The command that installs the service with `place` on its PATH.
fn with_path(wanted: &Wanted, place: &str) -> String {
    let path = path_of(&wanted.environment()).to_owned();
    let places = std::iter::once(PathBuf::from(place)).chain(env::split_paths(&path));
    let path = env::join_paths(places).map(|path| path.to_string_lossy().into_owned()).unwrap_or(path);
    wanted.install_command(&format!("--env \"PATH={path}\""))
}

/// Folders that are searched here, and not by the service.
fn only_here(wanted: &Wanted, service: &str, here: &OsStr, findings: &mut Vec<Finding>) {
    let of_service: Vec<PathBuf> = env::split_paths(service).collect();
    let only: Vec<String> = env::split_paths(here)
        .filter(|folder| folder.is_absolute() && folder.is_dir() && !folder.ends_with("games"))
        .filter(|folder| !of_service.contains(folder))
        .map(|folder| folder.display().to_string())
        .collect();
    if !only.is_empty() {
        findings.push(Finding::note(
            "PATH",
            told!("path", folders = only.join(", ")),
            told!("path.install", command = wanted.install_command("--env PATH=…")),
        ));
    }
}

fn path_of(environment: &BTreeMap<String, String>) -> &str {
    let path = environment.iter().find(|(name, _)| name.eq_ignore_ascii_case("PATH"));
    path.map_or("", |(_, value)| value)
}

/// Where an executable is.
enum Found {
    At(PathBuf),
    /// It is relative to a folder that is not known.
    NotByPath,
    Nowhere,
}

/// Where `name` is for a command that runs in `folder`, by the search that starts it.
fn find(name: &str, folder: Option<&Path>, path: &OsStr) -> Found {
    let is_by_path = name.contains(['/', '\\']);
    if folder.is_none() && is_by_path && !Path::new(name).is_absolute() {
        return Found::NotByPath;
    }
    // Where no folder is known, a bare name is sought on the PATH alone.
    let first = env::split_paths(path).next().unwrap_or_default();
    let found = estatus_program::find_executable(name, folder.unwrap_or(&first), path);
    found.map_or(Found::Nowhere, Found::At)
}
