//! Systems that have no such options. Windows gives up a connection by itself once it has sent something again five times.

use std::{io, time::Duration};

use tokio::net::TcpStream;

pub(super) const fn repeat_evenly(_: &TcpStream) {}

/// How long a connection waits for what it sends to arrive: as long as the system has it.
pub(crate) struct Patience;

impl Patience {
    /// That of `stream`.
    ///
    /// # Errors
    /// There is none.
    pub(crate) const fn of(_: &TcpStream) -> io::Result<Self> {
        Ok(Self)
    }

    /// Nothing that could be told to the system.
    pub(crate) const fn lasts(&self, _: Duration) {}
}
