//! The configuration file, watched: every change of it is read, and what is read comes to the loop.

use std::{path::PathBuf, sync::Arc, time::Duration};

use estatus_core::config::Config;
use notify::{RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::{Options, Problems, load};

/// An editor writes a file in several steps; it is read when it has been left alone for so long.
const SETTLES: Duration = Duration::from_millis(150);

/// What has become of the file.
pub(crate) type Loaded = Result<Arc<Config>, Problems>;

/// Watches the configuration file and sends what it says after each change. The folder is watched, not the file:
/// editors put a new file in the old one's place.
///
/// Where the system cannot watch, that is logged, and a restart is needed for a change.
pub(crate) fn start(options: Options) -> mpsc::Receiver<Loaded> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let (touch, touched) = mpsc::channel(1);
        match watcher(&options, touch) {
            Ok(watcher) => {
                report(&options, touched, sender).await;
                drop(watcher);
            }
            Err(error) => tracing::warn!(%error, "changes of the configuration file are not seen until a restart"),
        }
    });
    receiver
}

fn watcher(options: &Options, touch: mpsc::Sender<()>) -> notify::Result<notify::RecommendedWatcher> {
    let file = options.config.clone();
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
    let folder =
        file.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(PathBuf::from("."), PathBuf::from);
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}

async fn report(options: &Options, mut touched: mpsc::Receiver<()>, sender: mpsc::Sender<Loaded>) {
    while touched.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(SETTLES, touched.recv()).await {}
        if sender.send(read(options).await).await.is_err() {
            return;
        }
    }
}

async fn read(options: &Options) -> Loaded {
    let (file, defaults) = (options.config.clone(), options.defaults.clone());
    let loaded = tokio::task::spawn_blocking(move || load(&file, &defaults)).await;
    loaded.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())).map(Arc::new)
}
