//! Where the engine of a data folder is to be reached.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

#[cfg(unix)]
#[path = "endpoint/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "endpoint/windows.rs"]
mod platform;

pub use platform::Endpoint;
pub(crate) use platform::{ClientStream, PlatformListener, ServerStream};

/// A short name for a folder, the same in every process that sees it under this path.
fn short_name(folder: &Path) -> String {
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let mut hasher = DefaultHasher::new();
    folder.hash(&mut hasher);
    format!("estatus-{:016x}", hasher.finish())
}
