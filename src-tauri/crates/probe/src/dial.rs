//! Looks a name up and connects.

use std::{
    collections::VecDeque,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::LazyLock,
    time::Duration,
};

use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType};
use estatus_core::{
    check::IpVersion,
    observation::{Cause, Phase},
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{net::TcpStream, time::timeout};

use crate::{calls::Calls, cause, trace::Trace};

/// When an address has not answered by then, the next is tried beside it (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// How many addresses of one name are tried.
const ADDRESSES: usize = 16;

/// The look-ups under way, by name. Each holds a thread until the system's resolver gives up, which may be long after its
/// probe; a third of tokio's 512 blocking threads stay free for others.
static LOOKUPS: LazyLock<Calls<String, Result<Vec<SocketAddr>, Cause>>> = LazyLock::new(|| Calls::new(128, 192));

/// Looks `host` up afresh and connects to `port` on the first of its addresses that answers.
///
/// # Errors
/// Where no address answers, the most telling cause of all: that one refused tells more than that another is not to
/// be reached.
pub(crate) async fn connect(
    host: &str,
    port: u16,
    ip: Option<IpVersion>,
    trace: &mut Trace,
) -> Result<TcpStream, Cause> {
    let addresses = match without_asking(host) {
        Some(addresses) => of_version(addresses, host, ip)?,
        None => {
            trace.enter(Phase::Dns);
            of_version(ask_system(host, trace).await?, host, ip)?
        }
    };
    trace.enter(Phase::Connect);
    match addresses[..] {
        [mut only] => {
            trace.remote = Some(only.ip());
            only.set_port(port);
            attempt(only).await.1
        }
        _ => race(&addresses, port, trace).await,
    }
}

/// The addresses of `host`, the families taking turns, the one that the system prefers first. The port in them is 0.
///
/// # Errors
/// [`Cause::NameNotFound`], [`Cause::NameServer`] or [`Cause::NoAddress`].
pub(crate) async fn look_up(host: &str, ip: Option<IpVersion>, trace: &mut Trace) -> Result<Vec<SocketAddr>, Cause> {
    let addresses = match without_asking(host) {
        Some(addresses) => addresses,
        None => ask_system(host, trace).await?,
    };
    of_version(addresses, host, ip)
}

/// Addresses that need no resolver: literals, and `localhost` with all below it (RFC 6761, section 6.3).
fn without_asking(host: &str) -> Option<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Some(vec![SocketAddr::new(address, 0)]);
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next()?;
    last.eq_ignore_ascii_case("localhost").then(|| {
        let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        loopback.map(|address| SocketAddr::new(address, 0)).to_vec()
    })
}

/// What the system's resolver says, so that `/etc/hosts`, mDNS and search domains count as they do for everybody.
async fn ask_system(host: &str, trace: &mut Trace) -> Result<Vec<SocketAddr>, Cause> {
    let name = host.to_owned();
    let answer = LOOKUPS.ask(host.to_owned(), move || system_says(&name), trace).await;
    let broken_off = || Cause::NameServer { name: host.to_owned(), error: "the look-up was broken off".to_owned() };
    answer.unwrap_or_else(|| Err(broken_off()))
}

fn system_says(name: &str) -> Result<Vec<SocketAddr>, Cause> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    match dns_lookup::getaddrinfo(Some(name), None, Some(hints)) {
        Ok(answers) => Ok(answers.filter_map(Result::ok).map(|answer| answer.sockaddr).collect()),
        Err(error) => Err(match error.kind() {
            LookupErrorKind::NoName => Cause::NameNotFound { name: name.to_owned() },
            LookupErrorKind::NoData => Cause::NoAddress { name: name.to_owned() },
            _ => Cause::NameServer { name: name.to_owned(), error: without_prefix(&cause::text(&error.into())) },
        }),
    }
}

fn without_prefix(text: &str) -> String {
    text.strip_prefix("failed to lookup address information: ").unwrap_or(text).to_owned()
}

fn of_version(addresses: Vec<SocketAddr>, name: &str, ip: Option<IpVersion>) -> Result<Vec<SocketAddr>, Cause> {
    let wanted = addresses.into_iter().filter(|address| match ip {
        None => true,
        Some(IpVersion::V4) => address.is_ipv4(),
        Some(IpVersion::V6) => address.is_ipv6(),
    });
    let addresses = take_turns(wanted.collect());
    if addresses.is_empty() { Err(Cause::NoAddress { name: name.to_owned() }) } else { Ok(addresses) }
}

/// Lets the families take turns (RFC 8305, section 4), so that a family that leads nowhere costs one wait at the most.
fn take_turns(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv6) else { return addresses };
    let (mut these, mut others): (VecDeque<_>, VecDeque<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first);
    let mut ordered = Vec::with_capacity(these.len() + others.len());
    while let Some(next) = these.pop_front() {
        ordered.push(next);
        ordered.extend(others.pop_front());
    }
    ordered.extend(others);
    ordered.truncate(ADDRESSES);
    ordered
}

async fn race(addresses: &[SocketAddr], port: u16, trace: &mut Trace) -> Result<TcpStream, Cause> {
    let mut waiting = addresses.iter();
    let mut attempts = FuturesUnordered::new();
    let mut failed: Option<(IpAddr, Cause)> = None;
    loop {
        if let Some(address) = waiting.next() {
            trace.remote = Some(address.ip());
            let mut address = *address;
            address.set_port(port);
            attempts.push(attempt(address));
        }
        let finished = if waiting.as_slice().is_empty() {
            attempts.next().await
        } else {
            let Ok(finished) = timeout(STAGGER, attempts.next()).await else { continue };
            finished
        };
        match finished {
            Some((address, Ok(stream))) => {
                trace.remote = Some(address);
                return Ok(stream);
            }
            Some((address, Err(cause))) if failed.as_ref().is_none_or(|(_, known)| rank(&cause) > rank(known)) => {
                failed = Some((address, cause));
            }
            Some(_) => {}
            None => break,
        }
    }
    let (address, cause) = failed.map_or_else(
        || (None, Cause::Unreachable { error: "there is no address to try".to_owned() }),
        |(address, cause)| (Some(address), cause),
    );
    trace.remote = address;
    Err(cause)
}

async fn attempt(address: SocketAddr) -> (IpAddr, Result<TcpStream, Cause>) {
    let connected = match TcpStream::connect(address).await {
        Ok(stream) if address.ip().is_loopback() && is_connected_to_itself(&stream, address) => Err(Cause::Refused),
        Ok(stream) => Ok(stream),
        Err(error) => Err(cause::of_io(&error)),
    };
    (address.ip(), connected)
}

/// Where nobody listens on a local port of the range that outgoing connections take theirs from, the system may pick
/// that very port, and TCP's simultaneous open (RFC 9293, section 3.5) connects the socket to itself.
fn is_connected_to_itself(stream: &TcpStream, to: SocketAddr) -> bool {
    stream.local_addr().is_ok_and(|own| own == to)
}

fn rank(cause: &Cause) -> u8 {
    match cause {
        Cause::Refused => 2,
        Cause::Unreachable { .. } => 0,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use estatus_core::Timestamp;

    use super::*;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0)).collect()
    }

    #[test]
    fn localhost_and_literals_need_no_resolver() {
        let check = |host: &str, known: Option<&[&str]>| {
            assert_eq!(without_asking(host), known.map(addresses), "{host}");
        };
        check("192.0.2.1", Some(&["192.0.2.1"]));
        check("2001:db8::1", Some(&["2001:db8::1"]));
        check("localhost", Some(&["127.0.0.1", "::1"]));
        check("LocalHost.", Some(&["127.0.0.1", "::1"]));
        check("api.localhost", Some(&["127.0.0.1", "::1"]));
        check("localhost.example", None);
        check("notlocalhost", None);
    }

    #[test]
    fn the_families_take_turns_and_the_preferred_one_begins() {
        let check = |found: &[&str], tried: &[&str]| assert_eq!(take_turns(addresses(found)), addresses(tried));
        check(&[], &[]);
        check(&["::1", "::2", "10.0.0.1", "10.0.0.2"], &["::1", "10.0.0.1", "::2", "10.0.0.2"]);
        check(&["10.0.0.1", "::1", "::2", "::3"], &["10.0.0.1", "::1", "::2", "::3"]);
        check(&["::1"; 40], &["::1"; ADDRESSES]);
    }

    #[tokio::test]
    async fn an_address_of_the_wrong_version_is_none() {
        let check = async |host: &str, ip, found: Result<&[&str], Cause>| {
            let mut trace = Trace::begin(Timestamp::UNIX_EPOCH);
            assert_eq!(look_up(host, Some(ip), &mut trace).await, found.map(addresses), "{host} {ip:?}");
        };
        let none = |name: &str| Err(Cause::NoAddress { name: name.to_owned() });
        check("127.0.0.1", IpVersion::V4, Ok(&["127.0.0.1"])).await;
        check("127.0.0.1", IpVersion::V6, none("127.0.0.1")).await;
        check("::1", IpVersion::V4, none("::1")).await;
        check("localhost", IpVersion::V6, Ok(&["::1"])).await;
    }

    #[tokio::test]
    async fn the_address_that_answers_wins_over_one_that_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut trace = Trace::begin(Timestamp::UNIX_EPOCH);
        let found = addresses(&["127.0.0.2", "127.0.0.3", "127.0.0.1"]);
        race(&found, port, &mut trace).await.unwrap();
        assert_eq!(trace.remote, Some(Ipv4Addr::LOCALHOST.into()));
    }

    #[tokio::test]
    async fn that_one_refuses_tells_more_than_that_another_is_not_to_be_reached() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let mut trace = Trace::begin(Timestamp::UNIX_EPOCH);
        let refused = race(&addresses(&["127.0.0.1", "255.255.255.255"]), port, &mut trace).await.map(drop);
        assert_eq!(refused, Err(Cause::Refused));
        assert_eq!(trace.remote, Some(Ipv4Addr::LOCALHOST.into()));
    }

    #[tokio::test]
    async fn a_socket_that_is_connected_to_itself_is_recognised() {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let own = socket.local_addr().unwrap();
        let stream = socket.connect(own).await.unwrap();
        assert!(is_connected_to_itself(&stream, own));
    }
}
