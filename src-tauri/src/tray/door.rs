//! One tray for a desktop's folder: who is started second knocks, and the first one shows its window.

use std::{
    fs::{File, TryLockError},
    path::Path,
    process,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use estatus_api::{
    Admits, AttachError, Client, Endpoint, Hello, Host, HostKind, Listener, PROTOCOL, Permission, Snapshot,
};
use jiff::Timestamp;
use tokio::{sync::mpsc, time::sleep};

use super::controller::TrayEvent;

/// Who was just started may not have its door yet: it is tried so many times, with this between.
const KNOCKS: u32 = 50;
const BETWEEN_KNOCKS: Duration = Duration::from_millis(100);
/// When no visitor can be let in, it is tried again after this.
const OUT_OF_BREATH: Duration = Duration::from_secs(1);

/// The lock and the socket of the one tray of a folder.
pub(crate) struct Door {
    /// Held as long as the tray lives.
    lock: File,
    endpoint: Endpoint,
    hello: Hello,
}

impl Door {
    /// Becomes the one tray of `folder`; nothing if there is one.
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>> {
        let file = folder.join("tray.lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&file);
        let lock = lock.with_context(|| format!("Failed to open {}", file.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { lock, endpoint: endpoint(folder), hello: hello(folder) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("Failed to lock {}", file.display())),
        }
    }

    /// Greets everybody who knocks, and tells the tray.
    pub(crate) async fn answer(self, events: mpsc::Sender<TrayEvent>) {
        let mut listener = match Listener::bind(&self.endpoint, Admits::ThisUser) {
            Ok(listener) => listener,
            Err(error) => return tracing::warn!(%error, "a second start cannot bring the window up"),
        };
        loop {
            match listener.accept().await {
                Ok(mut visitor) => {
                    // Who does not wait for the greeting wants the window all the same.
                    let _ = visitor.outgoing.hello(self.hello.clone()).await;
                    if events.send(TrayEvent::StartedAgain).await.is_err() {
                        return drop(self.lock);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a second start was not heard");
                    sleep(OUT_OF_BREATH).await;
                }
            }
        }
    }
}

/// Has the tray of `folder` show its window.
pub(crate) async fn knock(folder: &Path) -> Result<()> {
    let endpoint = endpoint(folder);
    for _ in 0..KNOCKS {
        match Client::attach(&endpoint).await {
            Err(AttachError::NoEngine) => sleep(BETWEEN_KNOCKS).await,
            answered => return answered.map(drop).context("Failed to reach the tray that runs already"),
        }
    }
    bail!("another tray has {} and does not answer", folder.display())
}

/// The tray's own, beside the engine's: as private, and with the same greeting.
fn endpoint(folder: &Path) -> Endpoint {
    Endpoint::of(&folder.join("tray"))
}

fn hello(folder: &Path) -> Hello {
    let host = Host {
        kind: HostKind::Tray,
        pid: process::id(),
        started: Timestamp::now(),
        config: Default::default(),
        data: folder.to_owned(),
    };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Hello { protocol: PROTOCOL, version, host, permission: Permission::Look, snapshot: Snapshot::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_started_second_knocks_and_the_first_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let door = Door::take(folder.path()).unwrap().unwrap();
        assert!(Door::take(folder.path()).unwrap().is_none());
        let (sender, mut events) = mpsc::channel(1);
        let answering = tokio::spawn(door.answer(sender));
        knock(folder.path()).await.unwrap();
        assert!(matches!(events.recv().await, Some(TrayEvent::StartedAgain)));
        answering.abort();
        assert!(answering.await.is_err());
        assert!(Door::take(folder.path()).unwrap().is_some());
    }
}
