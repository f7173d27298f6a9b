//! What an engine answers to those who do not do as agents do.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use estatus_core::fleet::{
    Fleet,
    command::{FleetCommand, FleetEvent, Heartbeat as Beat, Refusal},
};
use futures_util::stream;
use rcgen::{CertificateParams, KeyPair, PublicKeyData};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::{
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
    time::timeout,
};
use tonic::{Code, Status, Streaming};
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, health_client::HealthClient},
};

use super::{
    dial::{encrypted, plain},
    pinned::{Shown, client_config},
};
use crate::wire::{
    AgentServiceClient, Channel, ConnectionServiceClient, EnrolRequest, FleetWire, FromAgent, FromEngine, Heartbeat,
    Hello, LONGEST, OnConnectRequest, Renewal, Said, Says, WireEvent, origin, read_token,
};

const PATIENCE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_millis(200);

/// An engine that lets in whoever comes.
struct Engine {
    _data: TempDir,
    wire: Arc<FleetWire>,
    at: SocketAddr,
    events: UnboundedReceiver<FleetEvent>,
}

impl Engine {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let (sender, mut told) = mpsc::channel::<WireEvent>(16);
        let wire = Arc::new(FleetWire::new(data.path(), sender));
        let (tell, mut events) = mpsc::unbounded_channel();
        let answering = Arc::downgrade(&wire);
        let mut fleet = Fleet::new("web");
        (fleet.wire.listen, fleet.heartbeat) = (([127, 0, 0, 1], 0).into(), HEARTBEAT);
        let fleet = Arc::new(fleet);
        wire.carry_out(&fleet, FleetCommand::Serve);
        tokio::spawn(async move {
            while let Some(told) = told.recv().await {
                if let (FleetEvent::Announced { announcement, name, .. }, Some(wire)) =
                    (&told.event, answering.upgrade())
                {
                    let accepted = Some(name.as_str().into());
                    wire.carry_out(&fleet, FleetCommand::Answer { announcement: *announcement, accepted });
                }
                let _ = tell.send(told.event);
            }
        });
        let Some(FleetEvent::Serves { at }) = events.recv().await else { panic!("it does not serve") };
        Self { _data: data, wire, at, events }
    }

    async fn next<T>(&mut self, wanted: impl Fn(&FleetEvent) -> Option<T>) -> T {
        let next = async {
            loop {
                if let Some(found) = wanted(&self.events.recv().await.unwrap()) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, next).await.unwrap()
    }

    async fn refused(&mut self) -> Refusal {
        let refusal = |event: &FleetEvent| match event {
            FleetEvent::Refused { why, .. } => Some(*why),
            _ => None,
        };
        self.next(refusal).await
    }

    async fn heard(&mut self) -> Vec<Beat> {
        let heard = |event: &FleetEvent| match event {
            FleetEvent::Heard(beats) => Some(beats.clone()),
            _ => None,
        };
        self.next(heard).await
    }

    fn token(&self, instance: &str) -> String {
        self.wire.tokens().token("web", instance).unwrap().reveal().to_owned()
    }

    async fn channel(&self, shown: Option<Shown>) -> Channel {
        let authority = read_token(&self.token("web-1")).unwrap().authority;
        encrypted(&self.at.to_string(), client_config(&authority, shown).unwrap()).await.unwrap().channel
    }

    async fn client(&self, shown: Option<Shown>) -> AgentServiceClient<Channel> {
        let origin = origin("https", &self.at.to_string()).unwrap();
        AgentServiceClient::with_origin(self.channel(shown).await, origin)
    }

    async fn enrol(&self, token: String, public_key: Vec<u8>) -> Result<Vec<u8>, Status> {
        let request = EnrolRequest { token, public_key, address: "192.0.2.1".to_owned() };
        Ok(self.client(None).await.enrol(request).await?.into_inner().certificate)
    }

    /// Somebody with a certificate.
    async fn enrolled(&self) -> Shown {
        let key = KeyPair::generate().unwrap();
        let certificate = self.enrol(self.token("web-1"), key.subject_public_key_info()).await.unwrap();
        Shown { certificate: CertificateDer::from(certificate), key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) }
    }

    /// Attends, and says `first`.
    async fn attend(&self, shown: Option<Shown>, first: Said) -> Result<Attending, Status> {
        let (say, said) = mpsc::unbounded_channel();
        say.send(first).unwrap();
        let said = stream::unfold(said, async |mut said: UnboundedReceiver<Said>| {
            Some((FromAgent { said: Some(said.recv().await?) }, said))
        });
        let engine = self.client(shown).await.attend(said).await?.into_inner();
        Ok(Attending { say, engine })
    }
}

struct Attending {
    say: UnboundedSender<Said>,
    engine: Streaming<FromEngine>,
}

fn hello() -> Said {
    Said::Hello(Hello { address: "192.0.2.1".to_owned() })
}

fn beat(load: impl Into<Option<f32>>) -> Said {
    Said::Heartbeat(Heartbeat { load: load.into() })
}

fn code<T>(result: Result<T, Status>) -> Code {
    result.err().map_or(Code::Ok, |status| status.code())
}

#[tokio::test]
async fn whoever_shows_nothing_that_counts_is_refused() {
    let mut engine = Engine::start().await;
    let key = || KeyPair::generate().unwrap().subject_public_key_info();
    for none in ["", "secret", "estatus-token.e30.e30"] {
        assert_eq!(code(engine.enrol(none.to_owned(), key()).await), Code::Unauthenticated, "{none}");
        assert_eq!(engine.refused().await, Refusal::NoToken);
    }
    let mut token = engine.token("web-1");
    let forged = if token.pop() == Some('A') { 'E' } else { 'A' };
    token.push(forged);
    assert_eq!(code(engine.enrol(token, key()).await), Code::PermissionDenied);
    assert_eq!(engine.refused().await, Refusal::Foreign);
    assert_eq!(code(engine.attend(None, hello()).await), Code::Unauthenticated);
    assert_eq!(engine.refused().await, Refusal::NoToken);
    let stranger = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["web-1".to_owned()]).unwrap().self_signed(&stranger).unwrap();
    let shown =
        Shown { certificate: certificate.der().clone(), key: PrivateKeyDer::Pkcs8(stranger.serialize_der().into()) };
    assert_eq!(code(engine.attend(Some(shown), hello()).await), Code::PermissionDenied);
    assert_eq!(engine.refused().await, Refusal::Foreign);
    assert_eq!(code(engine.enrol(engine.token("web-1"), vec![1, 2, 3]).await), Code::InvalidArgument);
}

#[tokio::test]
async fn a_token_is_not_taken_in_plain_text() {
    let engine = Engine::start().await;
    let (server, token) = (engine.at.to_string(), engine.token("web-1"));
    let channel = plain(&server).await.unwrap().channel;
    let mut client = AgentServiceClient::with_origin(channel, origin("http", &server).unwrap());
    let public_key = KeyPair::generate().unwrap().subject_public_key_info();
    let enrol = client.enrol(EnrolRequest { token, public_key, address: String::new() }).await;
    assert_eq!(code(enrol), Code::FailedPrecondition);
}

#[tokio::test]
async fn a_load_that_is_none_and_heartbeats_without_end_are_heard_for_what_they_are() {
    let mut engine = Engine::start().await;
    let mut agent = engine.attend(Some(engine.enrolled().await), hello()).await.unwrap();
    let terms = agent.engine.message().await.unwrap().unwrap().says;
    assert!(matches!(terms, Some(Says::Terms(terms)) if terms.heartbeat_milliseconds == 200));
    let none_at_all = [f32::NAN, 2.0, -1e-9, f32::INFINITY].map(Some).into_iter().chain([None]);
    for none in none_at_all {
        for (load, expected) in [(none, None), (Some(1.0), Some(1.0))] {
            said_until_heard(&mut engine, &agent, load, expected).await;
        }
    }
    for _ in 0..10_000 {
        agent.say.send(beat(0.5)).unwrap();
    }
    // Nobody has asked for these.
    agent.say.send(hello()).unwrap();
    agent.say.send(Said::Renewal(Renewal { public_key: Vec::new() })).unwrap();
    let heard = said_until_heard(&mut engine, &agent, Some(0.0), Some(0.0)).await;
    assert!(heard < 100, "{heard}");
}

/// Says that load, at heartbeats, until that is heard of it; how many were heard up to then.
async fn said_until_heard(engine: &mut Engine, agent: &Attending, load: Option<f32>, expected: Option<f32>) -> usize {
    let mut count = 0;
    loop {
        agent.say.send(beat(load)).unwrap();
        let Ok(heard) = timeout(HEARTBEAT, engine.heard()).await else { continue };
        count += heard.len();
        if heard.last().is_some_and(|beat| beat.load == expected) {
            return count;
        }
    }
}

#[tokio::test]
async fn what_is_too_long_or_out_of_turn_is_refused() {
    let engine = Engine::start().await;
    assert_eq!(code(engine.attend(Some(engine.enrolled().await), beat(0.5)).await), Code::InvalidArgument);
    let long = Said::Hello(Hello { address: "x".repeat(300) });
    assert_eq!(code(engine.attend(Some(engine.enrolled().await), long).await), Code::InvalidArgument);
    let longer = Said::Hello(Hello { address: "x".repeat(LONGEST) });
    assert_eq!(code(engine.attend(Some(engine.enrolled().await), longer).await), Code::Unknown);
    let server = engine.at.to_string();
    let channel = plain(&server).await.unwrap().channel;
    let mut client = ConnectionServiceClient::with_origin(channel, origin("http", &server).unwrap());
    let request = OnConnectRequest { ip_address: "x".repeat(300), instance_name: "web-1".to_owned() };
    assert_eq!(code(client.on_connect(request).await), Code::InvalidArgument);
}

#[tokio::test]
async fn the_health_of_an_engine_can_be_asked_for_with_and_without_tls() {
    let engine = Engine::start().await;
    let server = engine.at.to_string();
    let plain = plain(&server).await.unwrap().channel;
    for (channel, scheme) in [(engine.channel(None).await, "https"), (plain, "http")] {
        let mut client = HealthClient::with_origin(channel, origin(scheme, &server).unwrap());
        let check = |service: &str| HealthCheckRequest { service: service.to_owned() };
        let answer = client.check(check("")).await.unwrap().into_inner();
        assert_eq!(answer.status, ServingStatus::Serving as i32);
        assert_eq!(code(client.check(check("no.such.Service")).await), Code::NotFound);
    }
}

#[tokio::test]
async fn the_health_of_an_agent_can_be_asked_for() {
    let tell: super::Teller = Arc::new(|_| {});
    let server = super::server::Server::bind(([127, 0, 0, 1], 0).into(), None, &tell).await.unwrap();
    let at = server.at().to_string();
    let channel = plain(&at).await.unwrap().channel;
    let mut client = HealthClient::with_origin(channel, origin("http", &at).unwrap());
    let answer = client.check(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(answer.status, ServingStatus::Serving as i32);
}

#[test]
fn what_a_refusal_says_is_told_and_what_lies_below_an_error() {
    let said = super::attending::in_words(&Status::from_error(Box::new(std::io::Error::other("reset"))));
    assert_eq!(said, "reset");
    assert_eq!(super::attending::in_words(&Status::internal("busy")), "busy");
    let refused = std::io::Error::from_raw_os_error(if cfg!(windows) { 10061 } else { 111 });
    assert!(!super::dial::in_words(&refused).contains("os error"));
    let closed = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "see https://docs.example");
    assert_eq!(super::attending::in_words(&Status::from_error(Box::new(closed))), "the connection was closed");
    let as_text = "peer closed connection without sending TLS close_notify: https://docs.example";
    for status in [Status::from_error(as_text.into()), Status::unknown(as_text)] {
        assert_eq!(super::attending::in_words(&status), "the connection was closed");
    }
}
