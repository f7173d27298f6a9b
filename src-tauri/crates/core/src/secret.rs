//! Secrets: where they are kept is configuration, what they are never is.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SecretRef {
    /// In the system's keyring, under this name.
    Keyring(String),
    /// In this environment variable of Estatus.
    Env(String),
    /// In this file, which only its owner may read; a line end at its end does not count.
    File(PathBuf),
}

/// A secret. It shows itself to no log, error or frame: it has no `Display`, no `Serialize`, and its `Debug` is silent.
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

/// Why a secret is not to be had; says where it was looked for and what to do, and never the secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);
