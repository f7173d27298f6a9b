//! Linux, which has options for connections over which little is said (tcp(7), and its `Documentation/networking/tcp-thin.rst`).

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
    time::Duration,
};

use socket2::SockRef;
use tokio::net::TcpStream;

/// What is lost is sent again six times at even intervals, before each wait is twice as long as the one before: where a fifth is
/// lost in both directions, a connection would stand still for a quarter of a minute every now and then.
pub(super) fn repeat_evenly(stream: &TcpStream) {
    // A system that cannot do it is slower.
    let _ = SockRef::from(stream).set_tcp_thin_linear_timeouts(true);
}

/// How long a connection waits for what it sends to arrive. It is open for as long as there is this.
pub(crate) struct Patience(OwnedFd);

impl Patience {
    /// That of `stream`.
    ///
    /// # Errors
    /// There are too many files open.
    pub(crate) fn of(stream: &TcpStream) -> io::Result<Self> {
        stream.as_fd().try_clone_to_owned().map(Self)
    }

    /// The connection is given up if something that was sent has not arrived after so long.
    pub(crate) fn lasts(&self, within: Duration) {
        // Without it the connection is given up later, when it does not answer.
        let _ = SockRef::from(&self.0).set_tcp_user_timeout(Some(within));
    }
}
