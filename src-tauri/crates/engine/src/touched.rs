//! A file, watched.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// A program writes a file in several steps; it is told of when it has been left alone for so long.
const SETTLES: Duration = Duration::from_millis(150);

/// Says each time that `file` has changed, until the receiver is dropped. The folder is watched, not the file: a new
/// one is put in the old one's place. Where the system cannot watch, that is logged, and nothing is ever said.
pub fn touched(file: PathBuf) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let (touch, touches) = mpsc::channel(1);
        match watcher(&file, touch) {
            Ok(watcher) => {
                say(touches, sender).await;
                drop(watcher);
            }
            Err(error) => {
                tracing::warn!(%error, file = %file.display(), "changes of the file are not seen until a restart")
            }
        }
    });
    receiver
}

fn watcher(file: &Path, touch: mpsc::Sender<()>) -> notify::Result<RecommendedWatcher> {
    let name = file.file_name().map(ToOwned::to_owned);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns = event.is_ok_and(|event| {
            !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == name.as_deref())
        });
        if concerns {
            // A full channel already says that there is something to read.
            let _ = touch.try_send(());
        }
    })?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    watcher.watch(folder.unwrap_or(Path::new(".")), RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

async fn say(mut touches: mpsc::Receiver<()>, sender: mpsc::Sender<()>) {
    loop {
        tokio::select! {
            touch = touches.recv() => if touch.is_none() { return },
            () = sender.closed() => return,
        }
        while let Ok(Some(())) = tokio::time::timeout(SETTLES, touches.recv()).await {}
        if sender.send(()).await.is_err() {
            return;
        }
    }
}
