//! ICMP echo by the IP Helper API, which needs no privilege.
#![allow(unsafe_code, reason = "ICMP is reached by the Windows API alone")]

use std::{
    future, io,
    net::{SocketAddr, SocketAddrV6},
    ptr,
};

use estatus_core::observation::Cause;
use tokio::task::spawn_blocking;
use windows_sys::Win32::{
    Foundation::{HANDLE, INVALID_HANDLE_VALUE},
    NetworkManagement::IpHelper::{
        ICMP_ECHO_REPLY, ICMPV6_ECHO_REPLY_LH, IP_REQ_TIMED_OUT, IP_SUCCESS, Icmp6CreateFile, Icmp6SendEcho2,
        IcmpCloseHandle, IcmpCreateFile, IcmpSendEcho2,
    },
    Networking::WinSock::{AF_INET6, IN6_ADDR, IN6_ADDR_0, SOCKADDR_IN6, SOCKADDR_IN6_0},
};

use super::{NEXT_AFTER, REQUESTS};
use crate::cause;

const PAYLOAD: [u8; 16] = *b"estatus echo req";

/// Sends echo requests to `address`, whose port does not matter, until a reply comes; waits for as long as it takes.
///
/// # Errors
/// [`Cause::Unreachable`] where this machine or one on the way knows that no way leads there.
pub(crate) async fn echo(address: SocketAddr) -> Result<(), Cause> {
    let failed = |error: String| Cause::Unreachable { error };
    for _ in 0..REQUESTS {
        // Each call holds its thread for as long as one request may take, not for as long as the probe.
        match spawn_blocking(move || echo_once(address)).await {
            Ok(Ok(IP_SUCCESS)) => return Ok(()),
            Ok(Ok(IP_REQ_TIMED_OUT)) => {}
            Ok(Ok(status)) => return Err(failed(in_words(status))),
            Ok(Err(error)) => return Err(failed(cause::text(&error))),
            Err(error) => return Err(failed(error.to_string())),
        }
    }
    future::pending().await
}

/// Sends one request and gives back the status of the reply.
fn echo_once(address: SocketAddr) -> io::Result<u32> {
    match address {
        SocketAddr::V4(address) => {
            // SAFETY: takes no arguments.
            let icmp = Icmp::new(unsafe { IcmpCreateFile() })?;
            icmp.echo_v4(u32::from_ne_bytes(address.ip().octets()))
        }
        SocketAddr::V6(address) => {
            // SAFETY: takes no arguments.
            let icmp = Icmp::new(unsafe { Icmp6CreateFile() })?;
            icmp.echo_v6(address)
        }
    }
}

/// Room for one reply, what it carries, an ICMP error and what the system itself notes there.
#[repr(C, align(8))]
struct Room([u8; 512]);

struct Icmp(HANDLE);

impl Icmp {
    fn new(handle: HANDLE) -> io::Result<Self> {
        if handle == INVALID_HANDLE_VALUE { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }

    fn echo_v4(&self, to: u32) -> io::Result<u32> {
        let mut room = Room([0; 512]);
        // SAFETY: the handle is open; request and room are valid for the lengths given; without an event and a
        // routine the call returns when it is done with both.
        let replies = unsafe {
            IcmpSendEcho2(
                self.0,
                ptr::null_mut(),
                None,
                ptr::null(),
                to,
                PAYLOAD.as_ptr().cast(),
                PAYLOAD.len() as u16,
                ptr::null(),
                room.0.as_mut_ptr().cast(),
                room.0.len() as u32,
                NEXT_AFTER.as_millis() as u32,
            )
        };
        status(replies, || {
            // SAFETY: there is a reply, so the room, which is aligned for it, begins with this structure.
            unsafe { (*room.0.as_ptr().cast::<ICMP_ECHO_REPLY>()).Status }
        })
    }

    fn echo_v6(&self, to: SocketAddrV6) -> io::Result<u32> {
        let mut room = Room([0; 512]);
        let from = sockaddr([0; 16], 0);
        let to = sockaddr(to.ip().octets(), to.scope_id());
        // SAFETY: the handle is open; addresses, request and room are valid for the lengths given; without an event
        // and a routine the call returns when it is done with them.
        let replies = unsafe {
            Icmp6SendEcho2(
                self.0,
                ptr::null_mut(),
                None,
                ptr::null(),
                &raw const from,
                &raw const to,
                PAYLOAD.as_ptr().cast(),
                PAYLOAD.len() as u16,
                ptr::null(),
                room.0.as_mut_ptr().cast(),
                room.0.len() as u32,
                NEXT_AFTER.as_millis() as u32,
            )
        };
        status(replies, || {
            // SAFETY: there is a reply, so the room, which is aligned for it, begins with this structure.
            unsafe { (*room.0.as_ptr().cast::<ICMPV6_ECHO_REPLY_LH>()).Status }
        })
    }
}

impl Drop for Icmp {
    fn drop(&mut self) {
        // SAFETY: the handle is open and closed nowhere else.
        unsafe { IcmpCloseHandle(self.0) };
    }
}

fn sockaddr(address: [u8; 16], scope: u32) -> SOCKADDR_IN6 {
    SOCKADDR_IN6 {
        sin6_family: AF_INET6,
        sin6_port: 0,
        sin6_flowinfo: 0,
        sin6_addr: IN6_ADDR { u: IN6_ADDR_0 { Byte: address } },
        Anonymous: SOCKADDR_IN6_0 { sin6_scope_id: scope },
    }
}

/// Where there is no reply, the last error is a status too.
fn status(replies: u32, of_reply: impl FnOnce() -> u32) -> io::Result<u32> {
    const STATUSES: std::ops::Range<u32> = 11000..12000;
    if replies > 0 {
        return Ok(of_reply());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error().and_then(|code| u32::try_from(code).ok()).filter(|code| STATUSES.contains(code)) {
        Some(status) => Ok(status),
        None => Err(error),
    }
}

fn in_words(status: u32) -> String {
    match status {
        11002 => "destination network unreachable".to_owned(),
        11003 => "destination host unreachable".to_owned(),
        11004 => "destination protocol unreachable".to_owned(),
        11005 => "destination port unreachable".to_owned(),
        11013 | 11014 => "time to live exceeded on the way".to_owned(),
        11018 => "bad destination".to_owned(),
        status => format!("ICMP status {status}"),
    }
}
