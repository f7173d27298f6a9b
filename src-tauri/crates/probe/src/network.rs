//! What the own network looks like: routes, the gateway, and who answers.

#[cfg_attr(unix, path = "network/unix.rs")]
#[cfg_attr(windows, path = "network/windows.rs")]
mod platform;

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use estatus_core::{
    Timestamp,
    check::HostPort,
    network::{NetworkAnswer, NetworkQuestion, Witness},
    observation::Cause,
};
use futures_util::{FutureExt, Stream, StreamExt, stream::FuturesUnordered};
use tokio::{task::spawn_blocking, time::timeout};

use crate::{Prober, dial, ping, trace::Trace};

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

impl Prober {
    /// Asks what the own network looks like: looks at the routes and asks the references and the gateway at once, until
    /// enough of them have answered. Takes at most a few seconds.
    pub async fn ask_network(&self, question: &NetworkQuestion) -> NetworkAnswer {
        let routes = spawn_blocking(platform::routes).await.unwrap_or_default();
        NetworkAnswer {
            answered: witnesses(question, &routes.gateways).await,
            has_route: routes.has_route,
            gateway: routes.gateways.first().map(SocketAddr::ip),
        }
    }
}

/// The first name server that this machine is configured to ask; its port is 0.
///
/// # Errors
/// Where there is none: what to do about it.
pub(crate) async fn name_server() -> Result<SocketAddr, String> {
    spawn_blocking(platform::name_server).await.map_err(|error| error.to_string())?
}

/// Those who answer in time, as far as anybody waits for them.
async fn witnesses(question: &NetworkQuestion, gateways: &[SocketAddr]) -> BTreeSet<Witness> {
    let gateway = any(gateways.iter().take(GATEWAYS).map(|&gateway| gateway_answers(gateway)));
    let asked: FuturesUnordered<_> = question
        .references
        .iter()
        .take(REFERENCES)
        .map(|reference| {
            let answers = reference_answers(reference);
            async move { answers.await.then(|| Witness::Reference(reference.to_string())) }.boxed()
        })
        .collect();
    asked.push(async { gateway.await.then_some(Witness::Gateway) }.boxed());
    let mut answered = BTreeSet::new();
    // Who has not answered by then is silent.
    let _ = timeout(WITHIN, hear(question, asked, &mut answered)).await;
    answered
}

async fn hear(
    question: &NetworkQuestion,
    mut asked: impl Stream<Item = Option<Witness>> + Unpin,
    answered: &mut BTreeSet<Witness>,
) {
    while !question.is_answered_by(answered)
        && let Some(witness) = asked.next().await
    {
        answered.extend(witness);
    }
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

    fn everybody(references: &[HostPort]) -> NetworkQuestion {
        NetworkQuestion { references: references.to_vec(), awaited: None }
    }

    #[tokio::test]
    async fn who_accepts_or_refuses_has_answered_under_its_own_name() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = HostPort::from(listener.local_addr().unwrap());
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = HostPort { host: "localhost".to_owned(), port: socket.local_addr().unwrap().port() };
        drop(socket);
        let nowhere = HostPort { host: "255.255.255.255".to_owned(), port: 1 };
        let references = [&open, &closed].map(|reference| Witness::Reference(reference.to_string()));

        let answered = witnesses(&everybody(&[open, closed, nowhere]), &[]).await;
        assert_eq!(answered, BTreeSet::from(references));
    }

    #[tokio::test]
    async fn a_gateway_that_refuses_a_connection_has_answered() {
        let gateways = [SocketAddr::from(([255, 255, 255, 255], 0)), SocketAddr::from(([127, 0, 0, 1], 0))];
        assert_eq!(witnesses(&everybody(&[]), &gateways).await, BTreeSet::from([Witness::Gateway]));
        assert_eq!(witnesses(&everybody(&[]), &gateways[..1]).await, BTreeSet::new());
        assert_eq!(witnesses(&everybody(&[]), &[]).await, BTreeSet::new());
    }

    #[tokio::test]
    async fn one_yes_is_enough_and_silence_is_a_no() {
        let (yes, no) = (|| std::future::ready(true).boxed(), || std::future::ready(false).boxed());
        assert!(any([std::future::pending().boxed(), no(), yes()]).await);
        assert!(!any([no(), no()]).await);
        assert!(!any(Vec::<std::future::Ready<bool>>::new()).await);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_once_a_witness_that_counts_has_answered() {
        async fn took(awaited: Option<&[Witness]>, answers: &[Option<Witness>]) -> Duration {
            let begun = tokio::time::Instant::now();
            let awaited = awaited.map(|awaited| awaited.iter().cloned().collect());
            let question = NetworkQuestion { references: Vec::new(), awaited };
            let silent = futures_util::stream::pending();
            let asked = futures_util::stream::iter(answers.to_vec()).chain(silent);
            let _ = timeout(WITHIN, hear(&question, asked, &mut BTreeSet::new())).await;
            begun.elapsed()
        }
        let reference = || Witness::Reference("1.1.1.1:53".to_owned());
        let (awaited, at_once) = ([reference()], Duration::ZERO);
        assert_eq!(took(Some(&awaited), &[Some(reference())]).await, at_once);
        assert_eq!(took(Some(&awaited), &[None, Some(Witness::Gateway), Some(reference())]).await, at_once);
        assert_eq!(took(Some(&[]), &[]).await, at_once);
        assert_eq!(took(Some(&awaited), &[Some(Witness::Gateway)]).await, WITHIN);
        assert_eq!(took(None, &[Some(Witness::Gateway), Some(reference())]).await, WITHIN);
    }
}
