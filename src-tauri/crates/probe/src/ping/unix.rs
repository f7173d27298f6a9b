//! ICMP echo by a socket: an unprivileged one where the kernel grants it, a raw one where we may open it.
#![allow(unsafe_code, reason = "no library sets IP_RECVERR")]

use std::{
    hash::{BuildHasher, RandomState},
    io,
    mem::size_of_val,
    net::SocketAddr,
    os::fd::AsRawFd,
    ptr,
};

use estatus_core::observation::Cause;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{net::UdpSocket, time::timeout};

use super::{NEXT_AFTER, REQUESTS};
use crate::cause;

/// Sends echo requests to `address`, whose port does not matter, until a reply comes; waits for as long as it takes.
///
/// # Errors
/// [`Cause::Unreachable`] where this machine or one on the way knows that no way leads there, [`Cause::Setup`] where
/// this user may not ping.
pub(crate) async fn echo(address: SocketAddr) -> Result<(), Cause> {
    let (socket, form) = open(address)?;
    let request = Request::new(form);
    for sequence in 1..REQUESTS {
        socket.send(&request.bytes(sequence)).await.map_err(|error| unreachable(&error))?;
        if let Ok(replied) = timeout(NEXT_AFTER, reply_to(&request, &socket)).await {
            return replied;
        }
    }
    socket.send(&request.bytes(REQUESTS)).await.map_err(|error| unreachable(&error))?;
    reply_to(&request, &socket).await
}

async fn reply_to(request: &Request, socket: &UdpSocket) -> Result<(), Cause> {
    const LONGEST_HEADER: usize = 60;
    let mut packet = [0; LONGEST_HEADER + Request::LENGTH];
    loop {
        // A raw socket is shown every ICMP message from there, each of them once.
        let length = socket.recv(&mut packet).await.map_err(|error| unreachable(&error))?;
        if request.is_answered_by(packet.get(..length).unwrap_or_default()) {
            return Ok(());
        }
    }
}

/// What comes out of an ICMP socket as an error is what a host on the way reported.
fn unreachable(error: &io::Error) -> Cause {
    match cause::of_io(error) {
        ours if ours.is_ours() => ours,
        _ => Cause::Unreachable { error: cause::text(error) },
    }
}

fn open(address: SocketAddr) -> Result<(UdpSocket, Form), Cause> {
    let v6 = address.is_ipv6();
    let (socket, raw) = match socket(v6, Type::DGRAM) {
        Ok(socket) => (socket, false),
        Err(_) => (socket(v6, Type::RAW).map_err(|error| cannot_open(&error))?, true),
    };
    let ready = || {
        report_errors(&socket, v6)?;
        socket.set_nonblocking(true)?;
        socket.connect(&address.into())
    };
    ready().map_err(|error| unreachable(&error))?;
    // To tokio it is any socket that sends and receives datagrams.
    let socket = UdpSocket::from_std(socket.into()).map_err(|error| unreachable(&error))?;
    Ok((socket, Form { v6, raw }))
}

fn socket(v6: bool, kind: Type) -> io::Result<Socket> {
    if v6 {
        Socket::new(Domain::IPV6, kind, Some(Protocol::ICMPV6))
    } else {
        Socket::new(Domain::IPV4, kind, Some(Protocol::ICMPV4))
    }
}

fn cannot_open(error: &io::Error) -> Cause {
    if error.kind() != io::ErrorKind::PermissionDenied {
        return unreachable(error);
    }
    let error = "this user may not ping: let root run `sysctl -w net.ipv4.ping_group_range=\"0 2147483647\"` and keep \
                 the setting in /etc/sysctl.d, or check the host by tcp";
    Cause::Setup { error: error.to_owned() }
}

/// Has the kernel report an ICMP error that concerns this socket by its next call (ip(7), ipv6(7)).
fn report_errors(socket: &Socket, v6: bool) -> io::Result<()> {
    let (level, option) =
        if v6 { (libc::IPPROTO_IPV6, libc::IPV6_RECVERR) } else { (libc::IPPROTO_IP, libc::IP_RECVERR) };
    let on: libc::c_int = 1;
    let length = libc::socklen_t::try_from(size_of_val(&on)).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open, and the pointer and the length are those of `on`.
    let result = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, ptr::from_ref(&on).cast(), length) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What the packets of a socket look like.
#[derive(Clone, Copy)]
struct Form {
    v6: bool,
    /// Whether the identifier is ours to choose and to check, and an IPv4 packet comes with its IP header.
    raw: bool,
}

/// An echo request (RFC 792; RFC 4443, section 4), told from those of others by what it carries.
struct Request {
    form: Form,
    identifier: u16,
    payload: [u8; Self::PAYLOAD],
}

impl Request {
    const HEADER: usize = 8;
    const PAYLOAD: usize = 16;
    const LENGTH: usize = Self::HEADER + Self::PAYLOAD;

    fn new(form: Form) -> Self {
        let random = |what: &str| RandomState::new().hash_one(what).to_ne_bytes();
        let mut payload = [0; Self::PAYLOAD];
        payload.iter_mut().zip(random("payload").into_iter().chain(random("more"))).for_each(|(to, from)| *to = from);
        let [high, low, ..] = random("identifier");
        Self { form, identifier: u16::from_be_bytes([high, low]), payload }
    }

    fn bytes(&self, sequence: u16) -> Vec<u8> {
        const ECHO_REQUEST: u8 = 8;
        const ECHO_REQUEST_V6: u8 = 128;
        let kind = if self.form.v6 { ECHO_REQUEST_V6 } else { ECHO_REQUEST };
        let mut packet = vec![kind, 0, 0, 0];
        packet.extend(self.identifier.to_be_bytes());
        packet.extend(sequence.to_be_bytes());
        packet.extend(self.payload);
        // The kernel fills it in for ICMPv6, which includes addresses that only it knows.
        let sum = if self.form.v6 { 0 } else { checksum(&packet) };
        packet.iter_mut().skip(2).zip(sum.to_be_bytes()).for_each(|(to, from)| *to = from);
        packet
    }

    fn is_answered_by(&self, packet: &[u8]) -> bool {
        const ECHO_REPLY: u8 = 0;
        const ECHO_REPLY_V6: u8 = 129;
        let header = if self.form.raw && !self.form.v6 { ip_header(packet) } else { 0 };
        let Some(([kind, code, _, _, high, low, _, _], payload)) =
            packet.get(header..).and_then(<[u8]>::split_first_chunk)
        else {
            return false;
        };
        let expected = if self.form.v6 { ECHO_REPLY_V6 } else { ECHO_REPLY };
        // The kernel puts an identifier of its own choice on what an unprivileged socket sends, and takes care of it.
        let ours = !self.form.raw || u16::from_be_bytes([*high, *low]) == self.identifier;
        (*kind, *code) == (expected, 0) && ours && payload == self.payload
    }
}

/// The length of the IPv4 header that leads `packet` (RFC 791, section 3.1).
fn ip_header(packet: &[u8]) -> usize {
    packet.first().map_or(0, |first| usize::from(first & 0x0f) * 4)
}

/// The Internet checksum (RFC 1071) of an even number of bytes.
fn checksum(bytes: &[u8]) -> u16 {
    let (pairs, _) = bytes.as_chunks();
    let mut sum: u32 = pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: Form = Form { v6: false, raw: false };
    const V4_RAW: Form = Form { v6: false, raw: true };
    const V6: Form = Form { v6: true, raw: false };
    const V6_RAW: Form = Form { v6: true, raw: true };

    #[test]
    fn a_request_carries_a_right_checksum() {
        let request = Request::new(V4).bytes(7);
        assert_eq!(request.len(), Request::LENGTH);
        assert_eq!(checksum(&request), 0);
    }

    #[test]
    fn only_the_reply_to_the_own_request_is_taken() {
        let check = |what: &str, form: Form, change: fn(&mut Vec<u8>), taken: bool| {
            let request = Request::new(form);
            let mut packet = request.bytes(1);
            packet[0] = if form.v6 { 129 } else { 0 };
            change(&mut packet);
            if form.raw && !form.v6 {
                packet.splice(..0, [0x45].into_iter().chain([0; 19]));
            }
            assert_eq!(request.is_answered_by(&packet), taken, "{what}");
        };
        for form in [V4, V4_RAW, V6, V6_RAW] {
            check("the reply", form, |_| {}, true);
            check("another payload", form, |packet| packet[8] ^= 1, false);
            check("a longer payload", form, |packet| packet.push(0), false);
            check("half a header", form, |packet| packet.truncate(6), false);
            check("nothing", form, Vec::clear, false);
            check("an error message", form, |packet| packet[0] = 3, false);
        }
        check("the own request, seen by a raw socket", V4_RAW, |packet| packet[0] = 8, false);
        check("another identifier", V4_RAW, |packet| packet[4] ^= 1, false);
        check("another identifier, by the kernel", V4, |packet| packet[4] ^= 1, true);
    }
}
