//! A file, watched.
//!
//! What a path leads to changes in more ways than one: the file is written anew, another is put in its place, a link on
//! the way to it points elsewhere, a folder on the way is swapped. So every entry on the way is watched, links and
//! folders as well as the file. Some changes no system tells (a network drive, too many watches), so the file is looked at
//! now and then besides.

#[cfg(target_os = "linux")]
#[path = "file_changes/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "file_changes/other.rs"]
mod platform;

use std::{
    ffi::OsString,
    fs,
    path::{Component, Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::mpsc;

use self::platform::Watcher;

/// A program writes a file in several steps; it is told of when it has been left alone for so long.
const SETTLES: Duration = Duration::from_millis(150);
/// A file that is never left alone is told of all the same after this.
const SETTLES_WITHIN: Duration = Duration::from_secs(2);
/// The file is looked at so often, whatever the system tells.
const LOOKS_EVERY: Duration = Duration::from_secs(5);
/// A way with more links than this leads nowhere, as the system sees it too.
const LINKS_LIMIT: usize = 40;
/// The way may change while it is being watched; it is looked up again at most so often.
const TRIES: usize = 3;

/// Says once that `file` is being watched, and then each time that it has changed, until the receiver is dropped.
pub fn file_changes(file: PathBuf) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    let said = file.clone();
    let started = thread::Builder::new().name("watch".to_owned()).spawn(move || watch(&file, &sender));
    if let Err(error) = started {
        tracing::warn!(%error, file = %said.display(), "changes of the file are not seen until a restart");
    }
    receiver
}

fn watch(file: &Path, sender: &mpsc::Sender<()>) {
    // A path that cannot be made absolute is looked at as it is.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut way = Way::default();
    way.follow(&file);
    let mut seen = Stamp::of(&file);
    while sender.blocking_send(()).is_ok() {
        loop {
            let is_touched = way.is_touched_within(LOOKS_EVERY);
            if is_touched {
                way.settle();
                // What has the name of a folder on the way may be another folder now.
                way = Way::default();
            }
            if sender.is_closed() {
                return;
            }
            let is_other_way = way.follow(&file);
            let now = Stamp::of(&file);
            if is_touched || is_other_way || now != seen {
                seen = now;
                break;
            }
        }
    }
}

/// By what a file that was changed is told from what it was, without reading it.
#[derive(Debug, PartialEq, Eq)]
struct Stamp(Option<(u64, Option<SystemTime>)>);

impl Stamp {
    fn of(file: &Path) -> Self {
        Self(fs::metadata(file).ok().map(|it| (it.len(), it.modified().ok())))
    }
}

/// The entries on the way to a file, watched.
#[derive(Default)]
struct Way {
    entries: Vec<PathBuf>,
    watcher: Option<Watcher>,
}

impl Way {
    /// Looks the way to `file` up, and watches it if it is another than before. Whether it is.
    fn follow(&mut self, file: &Path) -> bool {
        for tries in 0..TRIES {
            let entries = entries(file);
            if entries == self.entries {
                return tries > 0;
            }
            let watcher = Watcher::of(&entries);
            if let Err(error) = &watcher {
                let every = LOOKS_EVERY.as_secs();
                tracing::warn!(%error, file = %file.display(), "the file cannot be watched; it is looked at every {every} s");
            }
            (self.entries, self.watcher) = (entries, watcher.ok());
        }
        true
    }

    /// Waits for at most `within` until something happens on the way. Whether something does.
    fn is_touched_within(&self, within: Duration) -> bool {
        let Some(watcher) = &self.watcher else {
            thread::sleep(within);
            return false;
        };
        watcher.is_touched_within(within)
    }

    fn settle(&self) {
        let end = Instant::now() + SETTLES_WITHIN;
        while self.is_touched_within(SETTLES) && Instant::now() < end {}
    }
}

/// Every entry on the way to `file`, an absolute path: the folders, the links, the folders and links that these lead
/// through, and last the file itself. What is not there ends the way.
fn entries(file: &Path) -> Vec<PathBuf> {
    let mut ahead: Vec<OsString> = words(file);
    let (mut at, mut entries, mut links) = (PathBuf::new(), Vec::new(), 0);
    while let Some(word) = ahead.pop() {
        match Path::new(&word).components().next() {
            Some(Component::Normal(name)) => {
                let entry = at.join(name);
                match fs::read_link(&entry) {
                    Ok(_) if links == LINKS_LIMIT => return entries,
                    Ok(target) => {
                        links += 1;
                        ahead.extend(words(&target));
                    }
                    Err(_) => at.clone_from(&entry),
                }
                entries.push(entry);
            }
            Some(Component::ParentDir) => drop(at.pop()),
            Some(Component::Prefix(_) | Component::RootDir) => at.push(word),
            Some(Component::CurDir) | None => {}
        }
    }
    entries
}

/// The parts of a path, the last first.
fn words(path: &Path) -> Vec<OsString> {
    path.components().rev().map(|part| part.as_os_str().to_owned()).collect()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Well within [`LOOKS_EVERY`], so that it is the system that tells.
    const AT_ONCE: Duration = Duration::from_secs(3);

    fn put(file: &Path, text: &str) {
        let aside = file.with_file_name("aside");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, file).unwrap();
    }

    fn point(link: &Path, target: &str) {
        let aside = link.with_file_name("aside");
        symlink(target, &aside).unwrap();
        fs::rename(aside, link).unwrap();
    }

    #[track_caller]
    fn check(lay: impl FnOnce(&Path), saves: &[&dyn Fn(&Path)]) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        lay(&root);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut changes = file_changes(root.join("cfg/estatus.toml"));
            tokio::time::timeout(AT_ONCE, changes.recv()).await.expect("the file is watched");
            for (number, save) in saves.iter().enumerate() {
                save(&root);
                let told = tokio::time::timeout(AT_ONCE, changes.recv()).await;
                assert_eq!(told, Ok(Some(())), "save {number} is not noticed");
            }
        });
    }

    #[test]
    fn every_way_to_save_a_plain_file_is_noticed() {
        let file = |root: &Path| root.join("cfg/estatus.toml");
        check(
            |root| {
                fs::create_dir(root.join("cfg")).unwrap();
                fs::write(file(root), "1").unwrap();
            },
            &[
                &|root| fs::write(file(root), "2").unwrap(),
                &|root| put(&file(root), "3"),
                &|root| {
                    fs::rename(file(root), root.join("cfg/estatus.toml~")).unwrap();
                    fs::write(file(root), "4").unwrap();
                },
                &|root| fs::remove_file(file(root)).unwrap(),
                &|root| fs::write(file(root), "5").unwrap(),
            ],
        );
    }

    #[test]
    fn every_way_to_save_through_a_link_is_noticed() {
        let real = |root: &Path| root.join("dotfiles/real.toml");
        check(
            |root| {
                fs::create_dir(root.join("cfg")).unwrap();
                fs::create_dir(root.join("dotfiles")).unwrap();
                fs::write(real(root), "1").unwrap();
                symlink("../dotfiles/real.toml", root.join("dotfiles/second.toml")).unwrap();
                symlink("../dotfiles/second.toml", root.join("cfg/estatus.toml")).unwrap();
            },
            &[
                &|root| fs::write(root.join("cfg/estatus.toml"), "2").unwrap(),
                &|root| put(&real(root), "3"),
                &|root| {
                    fs::rename(real(root), root.join("dotfiles/real.toml~")).unwrap();
                    fs::write(real(root), "4").unwrap();
                },
                &|root| {
                    fs::write(root.join("other.toml"), "5").unwrap();
                    point(&root.join("dotfiles/second.toml"), "../other.toml");
                },
                &|root| put(&root.join("other.toml"), "6"),
                &|root| put(&root.join("cfg/estatus.toml"), "7"),
                &|root| put(&root.join("cfg/estatus.toml"), "8"),
            ],
        );
    }

    #[test]
    fn a_folder_that_is_swapped_is_noticed() {
        let turn = |root: &Path, number: &str| {
            fs::create_dir(root.join("cfg").join(number)).unwrap();
            fs::write(root.join("cfg").join(number).join("estatus.toml"), number).unwrap();
            point(&root.join("cfg/..data"), number);
        };
        check(
            |root| {
                fs::create_dir(root.join("cfg")).unwrap();
                turn(root, "..1");
                symlink("..data/estatus.toml", root.join("cfg/estatus.toml")).unwrap();
            },
            &[
                &|root| turn(root, "..2"),
                &|root| turn(root, "..3"),
                &|root| {
                    fs::create_dir(root.join("new")).unwrap();
                    fs::write(root.join("new/estatus.toml"), "4").unwrap();
                    fs::rename(root.join("cfg"), root.join("old")).unwrap();
                    fs::rename(root.join("new"), root.join("cfg")).unwrap();
                },
                &|root| put(&root.join("cfg/estatus.toml"), "5"),
            ],
        );
    }

    #[test]
    fn what_is_in_a_folder_that_took_the_place_of_another_is_noticed() {
        let swap = |root: &Path, number: &str| {
            fs::create_dir(root.join("new")).unwrap();
            fs::write(root.join("new/estatus.toml"), number).unwrap();
            fs::rename(root.join("cfg"), root.join(format!("old-{number}"))).unwrap();
            fs::rename(root.join("new"), root.join("cfg")).unwrap();
        };
        check(
            |root| {
                fs::create_dir(root.join("cfg")).unwrap();
                fs::write(root.join("cfg/estatus.toml"), "1").unwrap();
            },
            &[
                &|root| swap(root, "2"),
                &|root| fs::write(root.join("cfg/estatus.toml"), "3").unwrap(),
                &|root| put(&root.join("cfg/estatus.toml"), "4"),
                &|root| swap(root, "5"),
                &|root| fs::write(root.join("cfg/estatus.toml"), "6").unwrap(),
            ],
        );
    }

    #[test]
    fn a_circle_of_links_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        symlink("b", folder.path().join("a")).unwrap();
        symlink("a", folder.path().join("b")).unwrap();
        assert!(entries(&folder.path().join("a")).len() < 2 * LINKS_LIMIT);
    }
}
