//! The bounds of work that the loop waits for.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;

/// What ends within bounds of its own gets so much longer before it is given up.
pub(crate) const GRACE: Duration = Duration::from_secs(30);

/// The result of a task that the core waits for, or nothing if the task panics or outlives its own bounds: the core is
/// never left waiting.
pub(crate) async fn bounded<T>(within: Duration, task: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(within, AssertUnwindSafe(task).catch_unwind()).await.ok()?.ok()
}
