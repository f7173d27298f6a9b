//! Linux, which has options for connections over which little is said (tcp(7), and `Documentation/networking/tcp-thin.rst` and
//! `ip-sysctl.rst` of its sources).
#![allow(unsafe_code, reason = "no library sets TCP_RTO_MAX_MS")]

use std::{
    io,
    mem::size_of_val,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    ptr,
    time::Duration,
};

use socket2::SockRef;
use tokio::net::TcpStream;

/// The longest wait before something is sent again, in milliseconds: the least that is taken.
const LONGEST_WAIT: libc::c_int = 1000;
/// Its option, since Linux 6.15 (`linux/tcp.h`).
const TCP_RTO_MAX_MS: libc::c_int = 44;

/// What is lost is sent again at even intervals, and not after waits of which each is twice as long as the one before. Where
/// answers are lost too, those waits also begin long: how late an answer comes that was itself sent several times is taken for the
/// length of the way, and a connection stands still for a quarter of a minute every now and then.
pub(super) fn repeat_evenly(stream: &TcpStream) {
    // A system that can do only one of both, or neither, is slower.
    let _ = SockRef::from(stream).set_tcp_thin_linear_timeouts(true);
    let length = size_of_val(&LONGEST_WAIT) as libc::socklen_t;
    // SAFETY: the descriptor is that of `stream`, and the value lives until the call returns.
    unsafe {
        let value = ptr::from_ref(&LONGEST_WAIT).cast();
        libc::setsockopt(stream.as_raw_fd(), libc::IPPROTO_TCP, TCP_RTO_MAX_MS, value, length);
    }
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
