//! The children of a shim. There is nothing to reap here, and nobody to inherit.

use std::{future::pending, io};

/// Tells when a child has ended, where that has to be known.
pub(crate) struct Children;

impl Children {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self)
    }

    /// Waits until a child has ended that must be reaped: for ever.
    pub(crate) async fn changed(&mut self) {
        pending().await
    }

    /// Takes note of the children that have ended.
    pub(crate) fn reap(&self) {}
}
