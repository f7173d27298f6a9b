//! Secrets on Windows; `unix.rs` is the twin.

use std::{fs::File, io, path::Path, sync::Arc};

use estatus_access::others_read;
use keyring_core::{CredentialStore, Result};

use crate::reason::{Reason, reason};

/// How others can read the open `file` called `path`, and what to do; nothing if only its owner, who runs Estatus, the
/// system and administrators can.
pub(super) fn exposed(file: &File, path: &Path) -> io::Result<Option<Reason>> {
    if !others_read(file)? {
        return Ok(None);
    }
    let shown = path.display();
    Ok(Some(reason!("exposed", command = format!("icacls \"{shown}\" /inheritance:r /grant:r \"%USERNAME%:F\""))))
}

/// What the keyring is called.
pub(super) const KEYRING: &str = "Windows Credential Manager";

/// What is asked for where all is wanted that is ours: a regular expression on what credentials are called.
pub(super) const OURS: (&str, &str) = ("pattern", r"\.estatus$");

/// The keyring of this user: the credential manager.
pub(super) fn keyring() -> Result<Arc<CredentialStore>> {
    windows_native_keyring_store::Store::new().map(|store| store as Arc<CredentialStore>)
}
