//! An agent that attends: by one call, over a connection of its own, on which it shows its certificate.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use estatus_core::{
    Timestamp,
    fleet::command::{Proof, Refusal},
};
use prost::Message;
use tokio::{
    pin,
    time::{Instant, timeout},
};
use tonic::Status;

use super::{
    announcements::Announced,
    authority::Identity,
    call::{Next, OneCall},
    connection::Stream,
    http2::Came,
    keys::{Keys, Validity},
    line::Line,
    proto::agent::{FromAgent, from_agent::Said},
    public_key::PublicKey,
    room::Owner,
    shared::{Serving, Shared},
    visit::Visit,
};

/// Whoever attends says who he is within this.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// An agent that has said nothing for so long is asked whether it is there, and has so long to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(15));
/// A heartbeat that comes sooner than after this part of the time is not heard.
const TOO_SOON: u32 = 4;

/// The one call that may be made with a certificate, and the same as Huffman has it (RFC 7541, appendix B): a header is written
/// as one or the other.
const ATTEND: &[u8] = b"/estatus.agent.v1.AgentService/Attend";
const ATTEND_BY_HUFFMAN: [u8; 26] = [
    0x60, 0xa8, 0x48, 0xd3, 0x6a, 0x17, 0x1c, 0xc5, 0xa9, 0x2b, 0xf7, 0x0a, 0xf0, 0xcc, 0x5a, 0x93, 0xb8, 0xb6, 0x77,
    0x31, 0x0a, 0xc4, 0x29, 0x49, 0x6a, 0x93,
];

/// Receives somebody who has shown to be an instance, until he goes.
pub(crate) async fn receive(stream: Stream, visit: Visit, identity: Identity) {
    // Until it is let in.
    let place = visit.shared.instances.admit(Owner::Instance(format!("{}\n{}", identity.fleet, identity.instance)));
    let mut call = OneCall::new(stream);
    let let_in = tokio::select! {
        let_in = let_in(&mut call, &visit, &identity) => let_in,
        () = place.gone() => return,
    };
    drop(place);
    match let_in {
        Ok(Some(attendance)) => attendance.stay(call),
        Ok(None) => {}
        Err(why) => call.end(&why).await,
    }
}

/// Hears who it is, and asks the core; nothing if it goes meanwhile.
async fn let_in(call: &mut OneCall, visit: &Visit, identity: &Identity) -> Result<Option<Attendance>, Status> {
    let hello = timeout(HELLO_WITHIN, hello(call)).await;
    let Some(address) = hello.map_err(|_| Status::deadline_exceeded("you say nothing"))?? else { return Ok(None) };
    let admission = visit.admit(identity, address);
    pin!(admission);
    let (serving, instance, line, keys) = loop {
        tokio::select! {
            admitted = &mut admission => break admitted?,
            // Before it is let in it has nothing to say.
            next = call.next(None) => if matches!(next, Next::Gone) { return Ok(None) },
        }
    };
    Ok(Some(Attendance {
        shared: Arc::clone(&visit.shared),
        serving,
        instance,
        line,
        keys,
        from: visit.from,
        expires: identity.expires,
        is_renewing: false,
        heard: None,
    }))
}

/// The address that it declares.
async fn hello(call: &mut OneCall) -> Result<Option<String>, Status> {
    loop {
        let Next::Came(came) = call.next(None).await else { return Ok(None) };
        for came in came {
            match came {
                Came::Call(headers) if !names(&headers, ATTEND) && !names(&headers, &ATTEND_BY_HUFFMAN) => {
                    return Err(Status::unimplemented("with a certificate nothing but Attend can be called"));
                }
                Came::Call(_) => {}
                Came::Message(message) => {
                    return match read(&message)?.said {
                        Some(Said::Hello(hello)) => Ok(Some(hello.address)),
                        _ => Err(Status::invalid_argument("say Hello first")),
                    };
                }
                Came::End => return Ok(None),
            }
        }
    }
}

fn names(headers: &[u8], path: &[u8]) -> bool {
    headers.windows(path.len()).any(|part| part == path)
}

fn read(message: &[u8]) -> Result<FromAgent, Status> {
    FromAgent::decode(message).map_err(|error| Status::invalid_argument(error.to_string()))
}

impl Visit {
    /// Asks the core for somebody with a certificate.
    async fn admit(
        &self,
        identity: &Identity,
        declared: String,
    ) -> Result<(Arc<Serving>, Arc<str>, Arc<Line>, Arc<Keys>), Status> {
        let Some(fleet) = self.fleet(&identity.fleet) else { return Err(self.refuse(None, Refusal::Foreign)) };
        let keys = self.keys()?;
        let validity = keys.validity(identity.expires, self.shared.now());
        validity.check().map_err(|why| self.refuse(Some(&fleet.name), why))?;
        let (name, from) = (identity.instance.clone(), self.from);
        let announced = Announced { name, proof: Proof::Certificate, declared, from };
        let unknown = || Status::permission_denied("this instance is none of the fleet's any more");
        let instance = self.announce(&fleet.name, announced).await?.ok_or_else(unknown)?;
        let line = Arc::<Line>::default();
        let serving = self.shared.attend(&fleet.name, &instance, &line).ok_or_else(unknown)?;
        Ok((serving, instance, line, keys))
    }
}

/// An agent that is let in, until this is dropped.
struct Attendance {
    shared: Arc<Shared>,
    serving: Arc<Serving>,
    instance: Arc<str>,
    line: Arc<Line>,
    keys: Arc<Keys>,
    from: SocketAddr,
    /// When its certificate runs out.
    expires: Timestamp,
    /// It was asked for a key to renew it for.
    is_renewing: bool,
    /// When its heartbeat was last heard.
    heard: Option<Instant>,
}

impl Attendance {
    /// Goes on until one of both sides has nothing more to say, in a task that has no room for what was needed before.
    fn stay(mut self, mut call: OneCall) {
        // A function that is `async` would have room twice for what it is given.
        tokio::spawn(async move {
            let why = self.attend(&mut call).await;
            drop(self);
            if let Some(why) = why {
                tokio::spawn(async move { call.end(&why).await });
            }
        });
    }

    /// The same; what the agent is to be told then.
    async fn attend(&mut self, call: &mut OneCall) -> Option<Status> {
        let line = Arc::clone(&self.line);
        let mut is_asked = false;
        loop {
            let within = if is_asked { KEEP_ALIVE.1 } else { KEEP_ALIVE.0 };
            let came = match timeout(within, call.next(Some(&line))).await {
                Ok(Next::Came(came)) => came,
                Ok(Next::Close(why)) => return Some(why),
                Ok(Next::Gone) => return None,
                Err(_) if is_asked => return None,
                Err(_) => {
                    is_asked = true;
                    call.ping();
                    continue;
                }
            };
            is_asked = false;
            for came in came {
                match came {
                    Came::Message(message) => {
                        if let Err(why) = read(&message).and_then(|said| self.hear(said)) {
                            return Some(why);
                        }
                    }
                    Came::End => return Some(Status::ok("")),
                    Came::Call(_) => {}
                }
            }
        }
    }

    /// Hears what the agent says; why it has nothing more to say.
    fn hear(&mut self, said: FromAgent) -> Result<(), Status> {
        match said.said {
            Some(Said::Heartbeat(heartbeat)) => {
                if !self.is_too_soon() {
                    self.heard = Some(Instant::now());
                    self.serving.heard.hear(&self.instance, heartbeat.load);
                    self.look_at_certificate()?;
                }
            }
            Some(Said::Drained(_)) => self.shared.drained(&self.serving.fleet, &self.instance),
            Some(Said::Renewal(renewal)) if self.is_renewing => {
                let key = PublicKey::read(&renewal.public_key);
                let key = key.ok_or_else(|| Status::invalid_argument("this is no key on P-256"))?;
                let now = self.shared.now();
                let issued = self.keys.authority.issue(&self.serving.fleet, &self.instance, &key, now);
                let issued = issued.map_err(|error| Status::internal(error.to_string()))?;
                (self.expires, self.is_renewing) = (issued.expires, false);
                self.line.renewed(issued.certificate);
            }
            // What it was not asked for, and what newer agents say.
            Some(Said::Renewal(_) | Said::Hello(_)) | None => {}
        }
        Ok(())
    }

    fn is_too_soon(&self) -> bool {
        let least: Duration = *self.serving.heartbeat.borrow() / TOO_SOON;
        self.heard.is_some_and(|heard| heard.elapsed() < least)
    }

    fn look_at_certificate(&mut self) -> Result<(), Status> {
        match self.keys.validity(self.expires, self.shared.now()) {
            Validity::Fresh => self.is_renewing = false,
            Validity::ToRenew | Validity::RunOut if !self.is_renewing => {
                self.is_renewing = true;
                self.line.renew();
            }
            Validity::ToRenew => {}
            // It was asked at the heartbeat before.
            Validity::RunOut => return Err(self.refuse_expired()),
        }
        Ok(())
    }

    fn refuse_expired(&self) -> Status {
        let fleets = self.shared.fleet(&self.serving.fleet);
        self.shared.tell_refused(fleets.as_slice(), self.from, Refusal::Expired);
        Status::unauthenticated("your certificate has run out")
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        self.shared.leave(&self.serving.fleet, &self.instance, &self.line);
    }
}
