//! Instances that speak the source document's protocol are asked for their load at every heartbeat, each by a task of its own.

use std::{
    error::Error as _,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use estatus_core::stable_name::fnv1a;
use tokio::{
    net::TcpStream,
    sync::Semaphore,
    time::{Instant, sleep, sleep_until, timeout},
};
use tonic::{Code, Status};

use super::{
    channel::{Channel, origin},
    codec::LONGEST,
    proto::document::{Request, heartbeat_service_client::HeartbeatServiceClient},
    shared::Serving,
};
use crate::socket::hasten;

/// So many that answered the last time are asked at once.
const WELL: usize = 1024;
/// So many of the others: however many are dead, they hold up only each other.
const DOUBTFUL: usize = 128;
/// Whoever is asked answers within a heartbeat, but is not hurried more than this, nor waited for longer.
const ANSWERS_WITHIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// The first time is spread over this part of a heartbeat: after a restart all begin at once.
const SPREAD: u32 = 4;

/// How many are asked at once.
#[derive(Clone)]
pub(crate) struct Turns {
    well: Arc<Semaphore>,
    doubtful: Arc<Semaphore>,
}

impl Default for Turns {
    fn default() -> Self {
        Self { well: Arc::new(Semaphore::new(WELL)), doubtful: Arc::new(Semaphore::new(DOUBTFUL)) }
    }
}

/// Asks an instance at `address` for its load, for ever.
pub(crate) async fn ping(serving: Arc<Serving>, instance: Arc<str>, address: String, turns: Turns) {
    let mut heartbeat = serving.heartbeat.subscribe();
    let spread = (*heartbeat.borrow() / SPREAD).as_millis().max(1);
    let share = u128::from(fnv1a(instance.as_bytes())) % spread;
    sleep(Duration::from_millis(u64::try_from(share).unwrap_or_default())).await;
    let mut client = None;
    loop {
        let began = Instant::now();
        let every = *heartbeat.borrow_and_update();
        let turns = if client.is_some() { &turns.well } else { &turns.doubtful };
        let Ok(turn) = turns.acquire().await else { return };
        let within = every.clamp(ANSWERS_WITHIN.0, ANSWERS_WITHIN.1);
        match timeout(within, ask(&mut client, &address)).await {
            Ok(Ok(load)) => serving.heard.hear(&instance, load),
            Ok(Err(error)) => {
                tracing::debug!("{instance} at {address} does not say its load: {error}");
                client = None;
            }
            Err(_) => client = None,
        }
        drop(turn);
        tokio::select! {
            () = sleep_until(began + every) => {}
            changed = heartbeat.changed() => if changed.is_err() { return },
        }
    }
}

/// Its load; nothing where it answers that it does not know.
async fn ask(client: &mut Option<HeartbeatServiceClient<Channel>>, address: &str) -> io::Result<Option<f32>> {
    let client = match client {
        Some(client) => client,
        None => client.insert(connect(address).await?),
    };
    match client.ping(Request {}).await {
        Ok(response) => Ok(Some(response.into_inner().load)),
        Err(status) if is_an_answer(&status) => Ok(None),
        Err(status) => Err(io::Error::other(status)),
    }
}

async fn connect(address: &str) -> io::Result<HeartbeatServiceClient<Channel>> {
    let stream = TcpStream::connect(address).await?;
    hasten(&stream)?;
    let channel = Channel::over(stream, None).await.map_err(io::Error::other)?;
    let client = HeartbeatServiceClient::with_origin(channel, origin("http", address)?);
    Ok(client.max_decoding_message_size(LONGEST))
}

/// Whether the instance itself has said that, and not somebody else in its place.
fn is_an_answer(status: &Status) -> bool {
    status.source().is_none() && !matches!(status.code(), Code::Unimplemented | Code::Unavailable)
}

/// `address` with a port: its own, or `port`.
pub(crate) fn with_port(address: String, port: u16) -> String {
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(&address);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return SocketAddr::new(address, port).to_string();
    }
    match address.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => address,
        _ => format!("{address}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_port_or_gets_the_usual_one() {
        let check = |address: &str, expected: &str| assert_eq!(with_port(address.to_owned(), 50052), expected);
        check("127.0.0.1:50061", "127.0.0.1:50061");
        check("127.0.0.1", "127.0.0.1:50052");
        check("::1", "[::1]:50052");
        check("[::1]", "[::1]:50052");
        check("[::1]:7", "[::1]:7");
        check("host.example", "host.example:50052");
        check("host.example:7", "host.example:7");
        check("host.example:port", "host.example:port:50052");
    }
}
