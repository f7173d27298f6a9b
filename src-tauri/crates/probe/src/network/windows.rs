//! Routes and name servers on Windows.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

use ipconfig::{Adapter, IfType, OperStatus};

use super::Routes;

/// The gateways of the adapters that are up.
pub(crate) fn routes() -> Routes {
    let adapters = adapters().unwrap_or_default();
    let gateways = adapters.iter().flat_map(|adapter| adapter.gateways().iter().map(|&gateway| at(adapter, gateway)));
    Routes {
        gateways: gateways.collect(),
        has_route: adapters.iter().any(|adapter| !adapter.ip_addresses().is_empty()),
    }
}

/// The first name server of the adapter that is preferred.
pub(crate) fn name_server() -> Result<SocketAddr, String> {
    let adapters = adapters().map_err(|error| format!("the network adapters cannot be read: {error}"))?;
    let mut servers =
        adapters.iter().flat_map(|adapter| adapter.dns_servers().iter().map(move |&server| (adapter, server)));
    servers
        .find(|(_, server)| !is_placeholder(*server))
        .map(|(adapter, server)| at(adapter, server))
        .ok_or_else(|| "no network adapter has a name server: name one in the monitor with server = …".to_owned())
}

/// The adapters that are up, those with a gateway first, then by their metric.
fn adapters() -> Result<Vec<Adapter>, ipconfig::error::Error> {
    let mut adapters = ipconfig::get_adapters()?;
    adapters.retain(|it| it.oper_status() == OperStatus::IfOperStatusUp && it.if_type() != IfType::SoftwareLoopback);
    adapters.sort_by_key(|adapter| (adapter.gateways().is_empty(), adapter.ipv4_metric()));
    Ok(adapters)
}

fn at(adapter: &Adapter, address: IpAddr) -> SocketAddr {
    match address {
        IpAddr::V6(address) if address.is_unicast_link_local() => {
            SocketAddrV6::new(address, 0, 0, adapter.ipv6_if_index()).into()
        }
        address => (address, 0).into(),
    }
}

/// Windows lists fec0:0:0:ffff::1 to ::3 where IPv6 has no name server.
fn is_placeholder(address: IpAddr) -> bool {
    const PREFIX: u128 = Ipv6Addr::new(0xfec0, 0, 0, 0xffff, 0, 0, 0, 0).to_bits();
    matches!(address, IpAddr::V6(address) if address.to_bits() & !0xffff == PREFIX)
}
