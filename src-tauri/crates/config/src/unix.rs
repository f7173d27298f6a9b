//! Secrets on Unix; `windows.rs` is the twin.

use std::{fs::File, io, os::unix::fs::MetadataExt, path::Path, sync::Arc};

use keyring_core::{CredentialStore, Result};

use crate::reason::{Reason, reason};

/// How others can read the open `file` called `path`, and what to do; nothing if only its owner, who is us or root, can.
pub(super) fn exposed(file: &File, path: &Path) -> io::Result<Option<Reason>> {
    let metadata = file.metadata()?;
    let shown = path.display().to_string();
    if metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o777;
        return Ok(Some(reason!("exposed_by_mode", mode = format!("{mode:03o}"), path = shown)));
    }
    let (owner, us) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != us && owner != 0 {
        return Ok(Some(reason!("another_users", us, path = shown)));
    }
    Ok(None)
}

/// What the keyring is called.
pub(super) const KEYRING: &str = "Secret Service";

/// What is asked for where all is wanted that is ours.
pub(super) const OURS: (&str, &str) = ("service", "estatus");

/// The keyring of the desktop: whatever answers as Secret Service on the session bus.
pub(super) fn keyring() -> Result<Arc<CredentialStore>> {
    zbus_secret_service_keyring_store::Store::new().map(|store| store as Arc<CredentialStore>)
}
