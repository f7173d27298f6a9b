//! The times of files, by which cargo tells what is to be built again.
//!
//! A clone gives every file a time of its own, so that all of it would be built again by whoever keeps what was built of the
//! clone before. Files and folders that are as they were then get the times back that they had.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Folders, wherever they are, that hold nothing of ours.
const NOT_BUILT_OF: [&str; 3] = [".git", "node_modules", "target"];

type Hash = [u8; 32];

/// What is built of, as it was when it was last built.
#[derive(Default, Serialize, Deserialize)]
struct Record {
    /// Where it was: that stands in some of what was built.
    root: PathBuf,
    entries: BTreeMap<PathBuf, Entry>,
}

/// A file, or a folder with the names of what is in it.
#[derive(Serialize, Deserialize)]
struct Entry {
    hash: Hash,
    modified: SystemTime,
}

/// Whether what is built below `target` is known to be of a clone at `root`.
pub(crate) fn are_kept(target: &Path, root: &Path) -> bool {
    read(target).is_some_and(|record| record.root == root)
}

/// Gives the files of the clone at `root` the times that they had when what is below `target` was built, unless they are others
/// by now; and keeps the times that they have then for the next clone.
///
/// # Errors
/// If a file cannot be read or given its time, or the times cannot be written; names it.
pub(crate) fn carry_over(target: &Path, root: &Path) -> Result<()> {
    let known = read(target).filter(|record| record.root == root).unwrap_or_default();
    let mut entries = BTreeMap::new();
    for (path, hash) in hashes(root, &files(root)?)? {
        let modified = modified(&root.join(&path), known.entries.get(&path).filter(|entry| entry.hash == hash))
            .with_context(|| format!("Failed to carry over the time of {}", path.display()))?;
        entries.insert(path, Entry { hash, modified });
    }
    let record = serde_json::to_vec(&Record { root: root.to_owned(), entries })?;
    fs::create_dir_all(target)
        .and_then(|()| fs::write(file(target), record))
        .context("Failed to keep the times of files")
}

/// The time of a file or folder, which is made that of `known`.
fn modified(path: &Path, known: Option<&Entry>) -> Result<SystemTime> {
    let file = File::open(path)?;
    if let Some(known) = known {
        file.set_modified(known.modified)?;
        return Ok(known.modified);
    }
    Ok(file.metadata()?.modified()?)
}

/// What is built of, by its path from `root`.
fn files(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).with_context(|| format!("Failed to list {}", folder.display()))? {
            let entry = entry?;
            let (path, kind) = (folder.join(entry.file_name()), entry.file_type()?);
            if kind.is_file() {
                files.insert(path);
            } else if kind.is_dir() && !NOT_BUILT_OF.iter().any(|&name| entry.file_name() == name) {
                folders.push(path);
            }
        }
    }
    Ok(files)
}

/// What tells these files, and the folders that they are in, from others in the same place.
fn hashes(root: &Path, files: &BTreeSet<PathBuf>) -> Result<BTreeMap<PathBuf, Hash>> {
    let mut hashes = BTreeMap::new();
    let mut folders: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for file in files {
        let content = fs::read(root.join(file)).with_context(|| format!("Failed to read {}", file.display()))?;
        hashes.insert(file.clone(), hash(&content));
        let mut inner = file.as_path();
        while let Some(folder) = inner.parent() {
            folders.entry(folder).or_default().insert(inner);
            inner = folder;
        }
    }
    for (folder, names) in folders {
        hashes.insert(folder.to_owned(), hash(format!("{names:?}").as_bytes()));
    }
    Ok(hashes)
}

fn hash(content: &[u8]) -> Hash {
    Sha256::digest(content).into()
}

/// What was kept, if it was and is whole: without it all is built again, which is no harm.
fn read(target: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(file(target)).ok()?).ok()
}

fn file(target: &Path) -> PathBuf {
    target.join("times.json")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A clone with a file in a folder, a folder in which something was made, and what is nothing of ours.
    struct Clone(tempfile::TempDir);

    impl Clone {
        fn new() -> Self {
            let clone = Self(tempfile::tempdir().unwrap());
            for folder in ["source", "made/deep", "made/node_modules"] {
                fs::create_dir_all(clone.path().join(folder)).unwrap();
            }
            fs::write(clone.path().join("source/lib.rs"), "one").unwrap();
            fs::write(clone.path().join("made/deep/page"), "page").unwrap();
            fs::write(clone.path().join("made/node_modules/other"), "").unwrap();
            clone
        }

        fn path(&self) -> &Path {
            self.0.path()
        }

        fn builds(&self) {
            carry_over(&self.path().join("target"), self.path()).unwrap();
        }

        fn written_at(&self, name: &str, content: &str, at: u64) {
            fs::write(self.path().join(name), content).unwrap();
            self.made_at(name, at);
        }

        /// Has `name` be of the second `at` of 1970.
        fn made_at(&self, name: &str, at: u64) {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(at);
            File::open(self.path().join(name)).unwrap().set_modified(time).unwrap();
        }

        fn second(&self, name: &str) -> u64 {
            let time = fs::metadata(self.path().join(name)).unwrap().modified().unwrap();
            time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
        }
    }

    const OTHERS: &str = "made/node_modules/other";
    const ALL: [&str; 4] = ["source", "source/lib.rs", "made/deep", "made/deep/page"];

    fn built_in_the_first_thousand_seconds() -> Clone {
        let clone = Clone::new();
        ALL.iter().for_each(|name| clone.made_at(name, 1_000));
        clone.builds();
        clone
    }

    #[test]
    fn what_is_as_it_was_has_the_time_that_it_had() {
        let clone = built_in_the_first_thousand_seconds();
        for _ in 0..2 {
            ALL.iter().chain(&[OTHERS]).for_each(|name| clone.made_at(name, 2_000));
            clone.builds();
            assert_eq!(ALL.map(|name| clone.second(name)), [1_000; 4]);
            assert_eq!(clone.second(OTHERS), 2_000);
        }
    }

    #[test]
    fn what_was_changed_and_changed_back_is_new_each_time() {
        let clone = built_in_the_first_thousand_seconds();
        for (content, at) in [("two", 2_000), ("one", 3_000)] {
            clone.written_at("source/lib.rs", content, at);
            clone.builds();
            assert_eq!(clone.second("source/lib.rs"), at);
        }
    }

    #[test]
    fn a_folder_is_new_where_something_came_to_it_or_went() {
        let clone = built_in_the_first_thousand_seconds();
        clone.written_at("made/deep/other", "", 2_000);
        clone.made_at("made/deep", 2_000);
        clone.builds();
        assert_eq!([clone.second("made/deep"), clone.second("made/deep/page")], [2_000, 1_000]);
        fs::remove_file(clone.path().join("made/deep/other")).unwrap();
        clone.made_at("made/deep", 3_000);
        clone.builds();
        assert_eq!(clone.second("made/deep"), 3_000);
    }

    #[test]
    fn a_clone_elsewhere_begins_anew() {
        let clone = built_in_the_first_thousand_seconds();
        let target = clone.path().join("target");
        assert!(are_kept(&target, clone.path()));
        let other = Clone::new();
        assert!(!are_kept(&target, other.path()));
        other.made_at("source/lib.rs", 2_000);
        carry_over(&target, other.path()).unwrap();
        assert_eq!(other.second("source/lib.rs"), 2_000);
        assert!(are_kept(&target, other.path()));
    }

    #[test]
    fn a_record_that_is_not_whole_is_none() {
        let clone = built_in_the_first_thousand_seconds();
        fs::write(clone.path().join("target/times.json"), "{\"root\":").unwrap();
        assert!(!are_kept(&clone.path().join("target"), clone.path()));
        clone.made_at("source/lib.rs", 2_000);
        clone.builds();
        assert_eq!(clone.second("source/lib.rs"), 2_000);
    }
}
