//! No program says how it is: `NOTIFY_SOCKET` belongs to Unix.

use std::{ffi::OsStr, future::pending, io, path::Path};

use crate::notify_socket::NotifyMessage;

/// Hears nothing.
pub(crate) struct NotifySocket;

impl NotifySocket {
    pub(crate) fn open(_folder: &Path, _token: &str) -> io::Result<Self> {
        Ok(Self)
    }

    /// What the program finds in `NOTIFY_SOCKET`.
    pub(crate) fn address(&self) -> Option<&OsStr> {
        None
    }

    /// Waits for a message.
    pub(crate) async fn ready(&mut self) -> io::Result<()> {
        pending().await
    }

    /// What has been said in the next message that has arrived; nothing if there is none.
    pub(crate) fn take(&mut self) -> Option<Vec<NotifyMessage>> {
        None
    }
}
