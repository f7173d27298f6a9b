//! Secrets: where they are kept is configuration, what they are never is.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretRef {
    /// Where secrets are that were entered, under this name: in the system's keyring or, where it is not there, in a file.
    Keyring(String),
    /// In this environment variable of Estatus.
    Env(String),
    /// In this file, which only its owner may read; a line end at its end does not count.
    File(PathBuf),
}

impl SecretRef {
    /// Whether it is the secret that is entered under `name`.
    pub fn is_entered_as(&self, name: &str) -> bool {
        matches!(self, Self::Keyring(known) if known == name)
    }
}

/// A secret. It shows itself to no log, error or frame: it has no `Display`, no `Serialize`, and its
/// `Debug` is silent. Its memory is wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes `text` into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one call that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Where a secret is that was entered into Estatus, for whoever entered it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "in")]
pub enum StoredIn {
    /// In the system's keyring.
    Keyring {
        /// What that is called: Secret Service, Windows Credential Manager.
        called: String,
    },
    /// In a file of the data folder that only its user can read, as no keyring took it.
    File {
        /// Where it is.
        path: PathBuf,
    },
}

/// Why a secret is not to be had; says where it was looked for and what to do, and never the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);
