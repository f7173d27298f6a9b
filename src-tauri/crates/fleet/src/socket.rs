//! The sockets over which little is said, but all of it soon: heartbeats that come late are no heartbeats.

#[cfg(target_os = "linux")]
#[path = "socket/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "socket/other.rs"]
mod platform;

use std::io;

use tokio::net::TcpStream;

pub(crate) use platform::Patience;

/// Has `stream` say at once what there is to say, and say it again soon where it was lost.
///
/// # Errors
/// The connection is none any more.
pub(crate) fn hasten(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    platform::repeat_evenly(stream);
    Ok(())
}
