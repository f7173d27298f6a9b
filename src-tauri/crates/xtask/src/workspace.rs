//! Where things are.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(3).unwrap_or(here)
}

/// What the user's own configuration says cargo should build in, or else the workspace's `target`.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |target| root().join(target))
}

/// A folder of ours among the user's caches: what is in it can be made again.
///
/// # Errors
/// If the user has no home.
pub(crate) fn cache() -> Result<PathBuf> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    named("XDG_CACHE_HOME")
        .or_else(|| named("LOCALAPPDATA"))
        .or_else(|| env::home_dir().map(|home| home.join(".cache")))
        .map(|caches| caches.join("estatus"))
        .context("There is no home folder to keep built things in: set HOME or XDG_CACHE_HOME")
}

/// How many bytes the files below `folder` have.
pub(crate) fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_where_the_lock_file_is() {
        assert!(root().join("Cargo.lock").is_file());
    }

    #[test]
    fn the_size_of_a_folder_counts_what_is_below_it() {
        let folder = env::temp_dir().join(format!("xtask-size-{}", std::process::id()));
        fs::create_dir_all(folder.join("below")).unwrap();
        fs::write(folder.join("five"), "12345").unwrap();
        fs::write(folder.join("below/two"), "12").unwrap();
        assert_eq!(size(&folder), 7);
        fs::remove_dir_all(folder).unwrap();
    }
}
