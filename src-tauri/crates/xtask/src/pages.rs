//! The window's pages, which are built before the program that shows them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use anyhow::{Context, Result};

use crate::{
    command::{clean, find, run},
    setup, workspace,
};

/// What the pages are made of.
const SOURCES: [&str; 5] = ["ui/src", "ui/index.html", "ui/package-lock.json", "ui/vite.config.ts", "lang"];

/// Builds the pages into `ui/dist`, unless they are newer than all that they are made of: whatever shows them is built
/// again with them.
///
/// # Errors
/// If npm cannot; it has said why.
pub(crate) fn build() -> Result<()> {
    let built = fs::metadata(folder().join("dist/index.html")).and_then(|page| page.modified()).ok();
    let changed = SOURCES.iter().filter_map(|source| newest(&workspace::root().join(source))).max();
    if built.is_some() && built > changed {
        return Ok(());
    }
    setup::install_node_modules(&folder())?;
    run(npm()?.args(["run", "build"]))
}

/// When the newest of a file, or of a folder and all that is below it, was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = fs::metadata(path).ok()?.modified().ok();
    let below = fs::read_dir(path).into_iter().flatten().flatten().filter_map(|entry| newest(&entry.path()));
    below.chain(own).max()
}

/// Checks their types and tests them, by themselves and in a browser.
///
/// # Errors
/// If a test fails; npm has said which.
pub(crate) fn test() -> Result<()> {
    setup::install_node_modules(&folder())?;
    ["check", "test", "e2e"].into_iter().try_for_each(|script| run(npm()?.args(["run", script])))
}

fn folder() -> PathBuf {
    workspace::root().join("ui")
}

fn npm() -> Result<Command> {
    let mut npm = clean(find("npm").context("npm is not to be found")?);
    npm.arg("--silent").current_dir(folder());
    Ok(npm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_of_a_folder_is_what_was_changed_last_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("one/two");
        fs::create_dir_all(&deep).unwrap();
        let later = SystemTime::now() + std::time::Duration::from_secs(60);
        fs::File::create(deep.join("file")).unwrap().set_modified(later).unwrap();
        assert_eq!(newest(folder.path()), newest(&deep.join("file")));
        assert_eq!(newest(&folder.path().join("nothing")), None);
    }
}
