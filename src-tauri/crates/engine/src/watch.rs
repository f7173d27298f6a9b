//! The configuration file, watched: every change of it is read, and what is read comes to the loop.

use std::sync::Arc;

use estatus_core::config::Config;
use tokio::sync::mpsc;

use crate::{Options, Problems, load, touched};

/// What has become of the file.
pub(crate) type Loaded = Result<Arc<Config>, Problems>;

/// Watches the configuration file and sends what it says after each change.
pub(crate) fn start(options: Options) -> mpsc::Receiver<Loaded> {
    let (sender, receiver) = mpsc::channel(1);
    let mut touched = touched(options.config.clone());
    tokio::spawn(async move {
        while touched.recv().await.is_some() {
            if sender.send(read(&options).await).await.is_err() {
                return;
            }
        }
    });
    receiver
}

async fn read(options: &Options) -> Loaded {
    let (file, defaults) = (options.config.clone(), options.defaults.clone());
    let loaded = tokio::task::spawn_blocking(move || load(&file, &defaults)).await;
    loaded.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())).map(Arc::new)
}
