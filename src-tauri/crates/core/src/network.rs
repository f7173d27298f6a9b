//! The own network: whether a failure is ours or the target's.

use std::{
    collections::BTreeSet,
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

/// How far a target is, and so which part of the own network a probe of it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// On this machine.
    Machine,
    /// On the local net: private, link-local and unique local addresses.
    LocalNet,
    /// Anywhere else.
    Internet,
}

impl Scope {
    /// The scope of an address.
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        if address.is_loopback() || address.is_unspecified() {
            return Self::Machine;
        }
        let local = match address {
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast(),
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_multicast(),
        };
        if local { Self::LocalNet } else { Self::Internet }
    }

    /// The scope of a host by its name alone: single labels and the suffixes reserved for local use are local.
    pub fn of_host(host: &str) -> Self {
        if let Ok(address) = host.parse() {
            return Self::of(address);
        }
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host == "localhost" || host.ends_with(".localhost") {
            return Self::Machine;
        }
        // RFC 6762, RFC 8375, and what home routers use.
        let local = [".local", ".home.arpa", ".lan", ".home", ".internal"];
        if !host.contains('.') || local.iter().any(|suffix| host.ends_with(suffix)) { Self::LocalNet } else { Self::Internet }
    }
}

/// A host whose answer says that the own network works.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witness {
    /// A reference target of the configuration: `host:port` that a TCP connection reaches.
    Reference(String),
    /// The default gateway.
    Gateway,
}

/// What the own network looks like, asked after a probe failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkAnswer {
    /// The witnesses that answered.
    pub answered: BTreeSet<Witness>,
    /// Whether this machine has any way out at all: an interface that is up, and a route.
    pub has_route: bool,
}

/// What is known of the own network from one start to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkMemory {
    /// The witnesses that have ever answered: only their silence says anything.
    pub credible: BTreeSet<Witness>,
}
