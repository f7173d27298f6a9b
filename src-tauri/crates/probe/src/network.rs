//! What the own network looks like: routes, the gateway, and who answers.

#[cfg_attr(unix, path = "network/unix.rs")]
#[cfg_attr(windows, path = "network/windows.rs")]
mod platform;

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use estatus_core::{
    Timestamp,
    check::HostPort,
    network::{NetworkAnswer, Witness},
    observation::Cause,
};
use futures_util::{FutureExt, StreamExt, future::join_all, stream::FuturesUnordered};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{dial, ping, trace::Trace};

/// How long a witness may take. Who is asked is near or well connected.
const WITHIN: Duration = Duration::from_secs(2);

/// How many gateways are asked: one for each IP version, and some for a machine with several ways out.
const GATEWAYS: usize = 4;

/// How many references are asked.
const REFERENCES: usize = 16;

/// The ways out of this machine.
#[derive(Debug, Default, PartialEq, Eq)]
struct Routes {
    /// The next hops of the default routes; their port is 0.
    gateways: Vec<SocketAddr>,
    /// Whether any route leads through an interface that is up, loopback aside.
    has_route: bool,
}

/// Asks `references` and the gateway at once and looks at the routes.
pub(crate) async fn ask(references: &[HostPort]) -> NetworkAnswer {
    let routes = spawn_blocking(platform::routes).await.unwrap_or_default();
    NetworkAnswer {
        answered: witnesses(references, &routes.gateways).await,
        has_route: routes.has_route,
        gateway: routes.gateways.first().map(SocketAddr::ip),
    }
}

/// The first name server that this machine is configured to ask; its port is 0.
///
/// # Errors
/// Where there is none: what to do about it.
pub(crate) async fn name_server() -> Result<SocketAddr, String> {
    spawn_blocking(platform::name_server).await.map_err(|error| error.to_string())?
}

/// Those who answer in time.
async fn witnesses(references: &[HostPort], gateways: &[SocketAddr]) -> BTreeSet<Witness> {
    let references = join_all(references.iter().take(REFERENCES).map(|reference| async move {
        in_time(reference_answers(reference)).await.then(|| Witness::Reference(reference.to_string()))
    }));
    let gateway = in_time(any(gateways.iter().take(GATEWAYS).map(|&gateway| gateway_answers(gateway))));
    let (references, gateway) = tokio::join!(references, gateway);
    references.into_iter().flatten().chain(gateway.then_some(Witness::Gateway)).collect()
}

async fn in_time(answer: impl Future<Output = bool>) -> bool {
    timeout(WITHIN, answer).await.unwrap_or(false)
}

/// Whether one of `answers` is yes; as soon as one is.
async fn any(answers: impl IntoIterator<Item = impl Future<Output = bool>>) -> bool {
    let answers: FuturesUnordered<_> = answers.into_iter().collect();
    answers.any(std::future::ready).await
}

/// A host that refuses the connection has answered too.
async fn reference_answers(reference: &HostPort) -> bool {
    let mut trace = Trace::begin(Timestamp::UNIX_EPOCH);
    matches!(dial::connect(&reference.host, reference.port, None, &mut trace).await, Ok(_) | Err(Cause::Refused))
}

/// A gateway may keep silent to pings, or this user may not send any: then what gateways often offer is tried, and a
/// refusal counts again.
async fn gateway_answers(gateway: SocketAddr) -> bool {
    const OFFERED: [u16; 3] = [53, 80, 443];
    let ping = async { ping::echo(gateway).await.is_ok() }.boxed();
    let ports = OFFERED.into_iter().map(|port| port_answers(gateway, port).boxed());
    any(ports.chain([ping])).await
}

async fn port_answers(mut address: SocketAddr, port: u16) -> bool {
    address.set_port(port);
    match tokio::net::TcpStream::connect(address).await {
        Ok(_) => true,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn who_accepts_or_refuses_has_answered_under_its_own_name() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = HostPort::from(listener.local_addr().unwrap());
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = HostPort { host: "localhost".to_owned(), port: socket.local_addr().unwrap().port() };
        drop(socket);
        let nowhere = HostPort { host: "255.255.255.255".to_owned(), port: 1 };
        let references = [&open, &closed].map(|reference| Witness::Reference(reference.to_string()));

        let answered = witnesses(&[open, closed, nowhere], &[]).await;
        assert_eq!(answered, BTreeSet::from(references));
    }

    #[tokio::test]
    async fn a_gateway_that_refuses_a_connection_has_answered() {
        let gateways = [SocketAddr::from(([255, 255, 255, 255], 0)), SocketAddr::from(([127, 0, 0, 1], 0))];
        assert_eq!(witnesses(&[], &gateways).await, BTreeSet::from([Witness::Gateway]));
        assert_eq!(witnesses(&[], &gateways[..1]).await, BTreeSet::new());
        assert_eq!(witnesses(&[], &[]).await, BTreeSet::new());
    }

    #[tokio::test]
    async fn one_yes_is_enough_and_silence_is_a_no() {
        let (yes, no) = (|| std::future::ready(true).boxed(), || std::future::ready(false).boxed());
        assert!(any([std::future::pending().boxed(), no(), yes()]).await);
        assert!(!any([no(), no()]).await);
        assert!(!any(Vec::<std::future::Ready<bool>>::new()).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_witness_that_stays_silent_is_waited_for_two_seconds() {
        let begun = tokio::time::Instant::now();
        assert!(!in_time(std::future::pending()).await);
        assert_eq!(begun.elapsed(), WITHIN);
    }
}
