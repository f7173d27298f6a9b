//! What waits until something is on disk.

use tokio::sync::watch;

use crate::bounded::GRACE;

/// Open once a batch of records is on disk, or as good as it will get.
#[derive(Clone, Debug)]
pub(crate) struct Barrier(watch::Receiver<bool>);

impl Barrier {
    /// One that opens when `open` holds true.
    pub(crate) fn new(open: watch::Receiver<bool>) -> Self {
        Self(open)
    }

    /// Waits until it is open.
    pub(crate) async fn pass(mut self) {
        // A sender that is gone will not open it any more.
        let _ = self.0.wait_for(|open| *open).await;
    }
}

/// Waits for what must be on disk before. A disk that hangs keeps nobody in the dark, and nothing ill.
pub(crate) async fn on_disk(barrier: Option<Barrier>) {
    if let Some(barrier) = barrier {
        let _ = tokio::time::timeout(GRACE, barrier.pass()).await;
    }
}
