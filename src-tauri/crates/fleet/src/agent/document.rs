//! An agent that speaks the source document's protocol: it says that it is there, and is asked for its load from then on.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use estatus_core::fleet::Wire;
use tokio::{
    net::{UdpSocket, lookup_host},
    time::{Instant, sleep, timeout},
};
use tonic::{Code, Status};

use super::{
    AgentNews, Never, Teller,
    attending::in_words,
    backoff::Backoff,
    dial::{Connection, NoWay, plain},
    load::{Load, Standing},
    server::Server,
};
use crate::wire::{ConnectionServiceClient, LONGEST, OnConnectRequest, origin};

/// The monitor answers within this.
const ANSWERS_WITHIN: Duration = Duration::from_secs(45);
/// Whoever is not accepted does not ask again sooner.
const REFUSED_FOR: Duration = Duration::from_secs(10);
/// A monitor that does not ask for so long has forgotten who was there; how often it asks is not known before it does.
const FIRST_ASKED_WITHIN: Duration = Duration::from_secs(120);
/// The same once it is: so many times are missed, and that takes so long at least.
const MISSED: u32 = 4;
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// An agent that announces itself, again and again.
pub(crate) struct Announcing {
    pub(crate) server: String,
    pub(crate) name: String,
    /// What to declare; nothing for where it listens.
    pub(crate) address: Option<String>,
    pub(crate) load: Arc<Load>,
    pub(crate) served: Server,
    pub(crate) tell: Teller,
}

impl Announcing {
    /// Goes on for ever.
    pub(crate) async fn run(self) -> Never {
        let mut backoff = Backoff::default();
        let mut told = None;
        loop {
            let began = Instant::now();
            let (news, at_least) = match self.announce().await {
                Ok(true) => {
                    self.stay().await;
                    told = None;
                    (AgentNews::Lost("the monitor does not ask any more".to_owned()), Duration::ZERO)
                }
                Ok(false) => (AgentNews::Refused("the monitor does not accept it".to_owned()), REFUSED_FOR),
                Err(NotAnnounced::Refused(why)) => (AgentNews::Refused(why), REFUSED_FOR),
                Err(NotAnnounced::Lost(why)) => (AgentNews::Lost(why), Duration::ZERO),
            };
            self.load.show(Standing::Away);
            if told.as_ref() != Some(&news) {
                (self.tell)(news.clone());
                told = Some(news);
            }
            sleep(backoff.after(began, at_least)).await;
        }
    }

    /// Whether it was accepted.
    async fn announce(&self) -> Result<bool, NotAnnounced> {
        let Connection { channel, from, .. } = plain(&self.server).await?;
        let origin = origin("http", &self.server).map_err(|error| NotAnnounced::Lost(error.to_string()))?;
        let mut client = ConnectionServiceClient::with_origin(channel, origin).max_decoding_message_size(LONGEST);
        let ip_address = self.address.clone().unwrap_or_else(|| declared(self.served.at(), from));
        let request = OnConnectRequest { ip_address, instance_name: self.name.clone() };
        let answer = timeout(ANSWERS_WITHIN, client.on_connect(request)).await;
        let late = |_| NotAnnounced::Lost(format!("no answer within {} s", ANSWERS_WITHIN.as_secs()));
        Ok(answer.map_err(late)??.into_inner().is_accepted)
    }

    /// Stays for as long as the monitor asks.
    async fn stay(&self) {
        self.load.show(Standing::There);
        (self.tell)(AgentNews::Accepted { instance: self.name.clone(), server: self.server.clone() });
        let (mut asked, mut within) = (self.served.asked(), FIRST_ASKED_WITHIN);
        let mut before = None::<Instant>;
        while timeout(within, asked.changed()).await.is_ok_and(|changed| changed.is_ok()) {
            if let Some(before) = before.replace(Instant::now()) {
                within = (before.elapsed() * MISSED).max(FORGOTTEN_AFTER);
            }
        }
    }
}

enum NotAnnounced {
    Lost(String),
    Refused(String),
}

impl From<NoWay> for NotAnnounced {
    fn from(why: NoWay) -> Self {
        match why {
            // Nobody is expected where nobody shows who he is.
            NoWay::Another => Self::Lost("the monitor speaks TLS".to_owned()),
            NoWay::Unreachable(why) => Self::Lost(why),
        }
    }
}

impl From<Status> for NotAnnounced {
    fn from(status: Status) -> Self {
        match status.code() {
            Code::PermissionDenied | Code::Unauthenticated => Self::Refused(status.message().to_owned()),
            _ => Self::Lost(in_words(&status)),
        }
    }
}

/// Where a monitor at `server` asks for the load if it is told no port: at the usual one of the address by which it is reached,
/// or of every address where that is not known yet.
pub(crate) async fn usual_address(server: &str) -> SocketAddr {
    let local = way_to(server).await.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    SocketAddr::new(local, Wire::AGENT_PORT)
}

/// The address of this machine from which the way to `server` begins.
async fn way_to(server: &str) -> Option<IpAddr> {
    let there = lookup_host(server).await.ok()?.next()?;
    let any: IpAddr = if there.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).await.ok()?;
    // Nothing is sent by that.
    socket.connect(there).await.ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// The address to declare for what listens at `at`: without the port, if that is the usual one. Where it listens at every
/// address, the way to the monitor begins with the right one.
fn declared(at: SocketAddr, from: IpAddr) -> String {
    let ip = if at.ip().is_unspecified() { from } else { at.ip() };
    if at.port() == Wire::AGENT_PORT { ip.to_string() } else { SocketAddr::new(ip, at.port()).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_monitor_on_this_machine_is_reached_from_it_alone() {
        for (server, expected) in [("127.0.0.1:50051", "127.0.0.1:50052"), ("[::1]:50051", "[::1]:50052")] {
            // Not every machine has version 6.
            let usual = usual_address(server).await.to_string();
            assert!(usual == expected || server.starts_with('[') && usual == "0.0.0.0:50052", "{usual}");
        }
    }

    #[test]
    fn an_address_is_declared_with_its_port_unless_that_is_the_usual_one() {
        let check = |at: &str, expected: &str| {
            assert_eq!(declared(at.parse().unwrap(), [192, 0, 2, 1].into()), expected, "{at}");
        };
        check("127.0.0.1:50052", "127.0.0.1");
        check("127.0.0.1:50061", "127.0.0.1:50061");
        check("0.0.0.0:50052", "192.0.2.1");
        check("0.0.0.0:7", "192.0.2.1:7");
        check("[::1]:7", "[::1]:7");
    }
}
