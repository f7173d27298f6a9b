//! What a process that hosts an engine may use of the machine.

#[cfg(unix)]
#[path = "limits/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "limits/windows.rs"]
mod platform;

use std::{convert::Infallible, time::Duration};

pub use platform::set;

/// So long after a start all that only the start needed goes back to the system: what the configuration was read with,
/// and what the first probes of all monitors took at the same time.
const AFTER_START: Duration = Duration::from_secs(10);
/// So often what was needed for a moment goes back to the system: for an edit of the configuration, an outage, an answer to
/// somebody who asks how everything is.
const EVERY: Duration = Duration::from_secs(60);

/// Keeps the memory of this process as small as what it needs all the time.
pub(crate) async fn keep_small() -> Infallible {
    tokio::time::sleep(AFTER_START).await;
    loop {
        platform::give_back();
        tokio::time::sleep(EVERY).await;
    }
}
