//! Routes and name servers on Linux.
#![allow(unsafe_code, reason = "no library asks for the flags of one interface")]

use std::{
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

use resolv_conf::ScopedIp;
use rustix::net::{AddressFamily, SocketFlags, SocketType, netdevice::name_to_index, socket_with};

use super::Routes;

/// The routes through interfaces that are up.
pub(crate) fn routes() -> Routes {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (v4, v6) = (read("/proc/net/route"), read("/proc/net/ipv6_route"));
    let routes = v4_routes(&v4).chain(v6_routes(&v6)).collect();
    match any_socket() {
        Ok(socket) => through(routes, |interface| is_up(&socket, interface), |name| index(&socket, name)),
        Err(_) => through(routes, |_| true, |_| 0),
    }
}

/// The first name server of `/etc/resolv.conf`; where none stands there, the C library asks this machine itself
/// (resolv.conf(5)).
pub(crate) fn name_server() -> Result<SocketAddr, String> {
    const FILE: &str = "/etc/resolv.conf";
    let text = fs::read(FILE).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => Err(format!("{FILE} cannot be read: {error}")),
    })?;
    let (config, _) = resolv_conf::Config::parse_with_errors(&text);
    first_of(&config).ok_or_else(|| format!("{FILE} names no name server: name one in the monitor with server = …"))
}

fn first_of(config: &resolv_conf::Config) -> Option<SocketAddr> {
    let scope =
        |name: String| name.parse().ok().or_else(|| Some(index(&any_socket().ok()?, &name))).unwrap_or_default();
    config.get_nameservers_or_local().into_iter().next().map(|server| match server {
        ScopedIp::V4(address) => (address, 0).into(),
        ScopedIp::V6(address, name) => SocketAddrV6::new(address, 0, 0, name.map(scope).unwrap_or_default()).into(),
    })
}

#[derive(Debug, PartialEq, Eq)]
struct Route {
    interface: String,
    /// The next hop, of a default route only.
    gateway: Option<IpAddr>,
}

fn through(routes: Vec<Route>, is_up: impl Fn(&str) -> bool, index: impl Fn(&str) -> u32) -> Routes {
    let mut found = Routes::default();
    for route in routes.into_iter().filter(|route| is_up(&route.interface)) {
        found.has_route = true;
        let gateway = match route.gateway {
            None => continue,
            Some(IpAddr::V4(address)) => (address, 0).into(),
            Some(IpAddr::V6(address)) if address.is_unicast_link_local() => {
                SocketAddrV6::new(address, 0, 0, index(&route.interface)).into()
            }
            Some(IpAddr::V6(address)) => (address, 0).into(),
        };
        if !found.gateways.contains(&gateway) {
            found.gateways.push(gateway);
        }
    }
    found
}

const LOOPBACK: &str = "lo";
// linux/route.h and linux/ipv6_route.h
const RTF_UP: u32 = 0x0001;
const RTF_GATEWAY: u32 = 0x0002;
const RTF_REJECT: u32 = 0x0200;
const RTF_LOCAL: u32 = 0x8000_0000;

fn leads_somewhere(interface: &str, flags: u32) -> bool {
    interface != LOOPBACK && flags & RTF_UP != 0 && flags & (RTF_REJECT | RTF_LOCAL) == 0
}

/// The routes of `/proc/net/route`: a head line, then interface, destination, gateway, flags, reference count, use,
/// metric, mask, …; addresses as the number that their bytes are on this machine.
fn v4_routes(text: &str) -> impl Iterator<Item = Route> {
    text.lines().skip(1).filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [interface, destination, gateway, flags, _, _, _, mask, ..] = *fields.as_slice() else { return None };
        let number = |text: &str| u32::from_str_radix(text, 16).ok();
        let flags = number(flags)?;
        let gateway = IpAddr::from(Ipv4Addr::from(number(gateway)?.to_ne_bytes()));
        let default = (number(destination)?, number(mask)?) == (0, 0) && flags & RTF_GATEWAY != 0;
        leads_somewhere(interface, flags)
            .then(|| Route { interface: interface.to_owned(), gateway: default.then_some(gateway) })
    })
}

/// The routes of `/proc/net/ipv6_route`: destination, its prefix length, source, its prefix length, next hop, metric,
/// reference count, use, flags, interface.
fn v6_routes(text: &str) -> impl Iterator<Item = Route> {
    text.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [destination, length, _, _, next_hop, _, _, _, flags, interface] = *fields.as_slice() else { return None };
        let address = |text: &str| u128::from_str_radix(text, 16).map(Ipv6Addr::from).ok();
        let flags = u32::from_str_radix(flags, 16).ok()?;
        let gateway = IpAddr::from(address(next_hop)?);
        let destination = address(destination)?;
        let default = length == "00" && destination.is_unspecified() && flags & RTF_GATEWAY != 0;
        (leads_somewhere(interface, flags) && !destination.is_multicast())
            .then(|| Route { interface: interface.to_owned(), gateway: default.then_some(gateway) })
    })
}

fn any_socket() -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?)
}

fn index(socket: impl AsFd, interface: &str) -> u32 {
    name_to_index(socket, interface).unwrap_or_default()
}

/// Whether the interface is switched on and its link is there (netdevice(7)): a route stays when a cable is pulled.
fn is_up(socket: &OwnedFd, interface: &str) -> bool {
    let wanted = libc::IFF_UP | libc::IFF_RUNNING;
    flags(socket, interface).is_none_or(|flags| flags & wanted == wanted)
}

fn flags(socket: &OwnedFd, interface: &str) -> Option<libc::c_int> {
    // SAFETY: the structure is plain numbers, for which zeroes are valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if interface.len() >= request.ifr_name.len() {
        return None;
    }
    request.ifr_name.iter_mut().zip(interface.bytes()).for_each(|(to, from)| *to = from.cast_signed());
    // SAFETY: the descriptor is open, and `request` is what this call reads and writes, its name ended by a zero.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCGIFFLAGS, &raw mut request) };
    // SAFETY: after the call has succeeded, the flags are what it wrote into the union.
    (result == 0).then(|| unsafe { request.ifr_ifru.ifru_flags }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t50\t00000000\t0\t0\t0
wlan0\t0000FEA9\t00000000\t0001\t0\t0\t1000\t0000FFFF\t0\t0\t0
eth0\t0000000A\t00000000\t0201\t0\t0\t0\t000000FF\t0\t0\t0
lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
half\ta\tline
";
    const V6: &str = "\
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000002 00000000 00450003     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8000000000000000000000001 00000400 00000002 00000000 00000003     eth1
20010db8000000000000000000000007 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001     eth0
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";

    fn route(interface: &str, gateway: Option<&str>) -> Route {
        Route { interface: interface.to_owned(), gateway: gateway.map(|address| address.parse().unwrap()) }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_routes_of_ipv4_are_read() {
        let found: Vec<Route> = v4_routes(V4).collect();
        let gateway = Some("192.168.1.1");
        assert_eq!(found, [route("eth0", gateway), route("eth0", None), route("tun0", None), route("wlan0", None)]);
        assert_eq!(v4_routes("").count(), 0);
    }

    #[test]
    fn the_routes_of_ipv6_are_read_without_those_that_stay_on_this_machine() {
        let found: Vec<Route> = v6_routes(V6).collect();
        let gateways = [Some("fe80::1"), Some("2001:db8::1")];
        assert_eq!(found, [route("eth0", None), route("eth0", gateways[0]), route("eth1", gateways[1])]);
    }

    #[test]
    fn only_routes_through_links_that_are_up_count() {
        let check = |up: &[&str], gateways: &[&str], has_route: bool| {
            let found = through(v6_routes(V6).collect(), |interface| up.contains(&interface), |_| 7);
            let gateways = gateways.iter().map(|address| address.parse().unwrap()).collect();
            assert_eq!(found, Routes { gateways, has_route }, "{up:?}");
        };
        check(&["eth0", "eth1"], &["[fe80::1%7]:0", "[2001:db8::1]:0"], true);
        check(&["eth1"], &["[2001:db8::1]:0"], true);
        check(&["lo"], &[], false);
        check(&[], &[], false);
    }

    #[test]
    fn the_loopback_interface_is_up_and_an_unknown_one_is_not_judged() {
        let socket = any_socket().unwrap();
        assert!(is_up(&socket, LOOPBACK));
        assert!(index(&socket, LOOPBACK) > 0);
        assert_eq!(flags(&socket, "none-such"), None);
        assert_eq!(flags(&socket, "a-name-longer-than-any-interface"), None);
    }

    #[test]
    fn the_first_name_server_counts_and_this_machine_where_there_is_none() {
        let check = |text: &str, server: &str| {
            let (config, _) = resolv_conf::Config::parse_with_errors(text.as_bytes());
            assert_eq!(first_of(&config), Some(server.parse().unwrap()), "{text}");
        };
        check("search lan\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n", "192.0.2.1:0");
        check("# none\noptions rotate\nnonsense here\n", "127.0.0.1:0");
        check("nameserver 2001:db8::1\n", "[2001:db8::1]:0");
        check("nameserver fe80::1%7\n", "[fe80::1%7]:0");
    }
}
