//! Secrets on Unix; `windows.rs` is the twin.

use std::{fs::File, io, os::unix::fs::MetadataExt, path::Path, sync::Arc};

use keyring_core::{CredentialStore, Result};

/// How others can read the open `file` called `path`, and what to do; nothing if only its owner, who is us or root, can.
pub(super) fn exposed(file: &File, path: &Path) -> io::Result<Option<String>> {
    let metadata = file.metadata()?;
    let shown = path.display();
    if metadata.mode() & 0o077 != 0 {
        let mode = metadata.mode() & 0o777;
        return Ok(Some(format!("others can read it (mode {mode:03o}): run chmod 600 \"{shown}\"")));
    }
    let (owner, us) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != us && owner != 0 {
        return Ok(Some(format!("it belongs to another user: run chown {us} \"{shown}\"")));
    }
    Ok(None)
}

/// The keyring of the desktop: whatever answers as Secret Service on the session bus.
pub(super) fn keyring() -> Result<Arc<CredentialStore>> {
    zbus_secret_service_keyring_store::Store::new().map(|store| store as Arc<CredentialStore>)
}

/// How an entry is put into the keyring.
pub(super) fn store_with(name: &str) -> String {
    format!("put it there with: secret-tool store --label=\"Estatus {name}\" service estatus username \"{name}\"")
}
