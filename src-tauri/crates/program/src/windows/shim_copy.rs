//! The executable of shims is a copy: what runs cannot be replaced, and an update is not to wait for programs to end.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use estatus_core::stable_name::fnv1a;

use crate::names::random_name;

/// Where they are in a data folder.
pub(super) const FOLDER: &str = "shims";

/// The copy of `executable` in `folder`, made where there is none of this version. Those of others go, unless they run.
pub(super) fn of(executable: &Path, folder: &Path) -> io::Result<PathBuf> {
    let name = name(executable)?;
    let copy = folder.join(&name);
    if copy.is_file() {
        return Ok(copy);
    }
    fs::create_dir_all(folder)?;
    remove_others(folder);
    let begun = folder.join(format!("{}.new", random_name()?));
    fs::copy(executable, &begun)?;
    // Another may have been quicker: then its copy may run already.
    match fs::rename(&begun, &copy) {
        Err(_) if copy.is_file() => drop(fs::remove_file(begun)),
        renamed => renamed?,
    }
    Ok(copy)
}

/// Whether an executable is such a copy.
pub(crate) fn is_shim(executable: &Path) -> bool {
    let version = executable.file_stem().and_then(|stem| stem.to_str()?.rsplit_once('-')).map(|(_, version)| version);
    let is_version = |it: &str| it.len() == 16 && it.bytes().all(|byte| byte.is_ascii_hexdigit());
    executable.parent().is_some_and(|folder| folder.ends_with(FOLDER)) && version.is_some_and(is_version)
}

/// A name that another version does not have.
fn name(executable: &Path) -> io::Result<String> {
    let metadata = fs::metadata(executable)?;
    let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let version = fnv1a(format!("{} {}", metadata.len(), written.as_nanos()).as_bytes());
    let stem = executable.file_stem().unwrap_or_default().to_string_lossy();
    Ok(format!("{stem}-{version:016x}.exe"))
}

fn remove_others(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let _ = fs::remove_file(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_known_by_where_it_lies_and_by_its_name() {
        let data = tempfile::tempdir().unwrap();
        let (executable, copies) = (data.path().join("estatus.exe"), data.path().join(FOLDER));
        fs::write(&executable, "one").unwrap();
        let copy = of(&executable, &copies).unwrap();
        assert!(is_shim(&copy), "{}", copy.display());
        assert!(!is_shim(&executable));
        assert!(!is_shim(&copies.join("node.exe")));
    }

    #[test]
    fn a_new_version_has_a_copy_of_its_own_and_the_older_goes_unless_it_runs() {
        let folder = tempfile::tempdir().unwrap();
        let (executable, copies) = (folder.path().join("estatus.exe"), folder.path().join("shims"));
        fs::write(&executable, "one").unwrap();
        let first = of(&executable, &copies).unwrap();
        assert_eq!(of(&executable, &copies).unwrap(), first);
        assert_eq!(fs::read_to_string(&first).unwrap(), "one");
        fs::write(&executable, "two, which is longer").unwrap();
        let second = of(&executable, &copies).unwrap();
        assert_eq!(fs::read_to_string(&second).unwrap(), "two, which is longer");
        assert_eq!(fs::read_dir(&copies).unwrap().count(), 1);
    }
}
