//! Systems that tell of everything that happens in a folder.

use std::{
    io,
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, sync_channel},
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// The entries on the way to a file, watched.
pub(super) struct Watcher {
    touches: Receiver<()>,
    _watcher: RecommendedWatcher,
}

impl Watcher {
    /// Watches `entries`, of which the last is the file. A folder that may not be watched is passed over, unless it is that of the
    /// file.
    ///
    /// # Errors
    /// There are too many watches, or the file's folder may not be watched.
    pub(super) fn of(entries: &[PathBuf]) -> io::Result<Self> {
        let (concerned, (touch, touches)) = (entries.to_vec(), sync_channel(1));
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let concerns = event
                .is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(|path| concerned.contains(path)));
            if concerns {
                // A full channel already says that there is something to look at.
                let _ = touch.try_send(());
            }
        });
        let mut watcher = watcher.map_err(io::Error::other)?;
        let mut folders: Vec<&Path> = entries.iter().filter_map(|entry| entry.parent()).collect();
        let last = folders.pop();
        for folder in folders {
            if Some(folder) != last {
                // Whoever may not look into a folder may pass through it all the same.
                let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
            }
        }
        if let Some(folder) = last {
            watcher.watch(folder, RecursiveMode::NonRecursive).map_err(io::Error::other)?;
        }
        Ok(Self { touches, _watcher: watcher })
    }

    /// Waits for at most `within` until something happens to an entry. Whether something does.
    pub(super) fn is_touched_within(&self, within: Duration) -> bool {
        self.touches.recv_timeout(within).is_ok()
    }
}
