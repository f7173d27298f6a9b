//! The service of our own agents: they enrol, and attend.

use std::{sync::Arc, time::Duration};

use estatus_core::fleet::command::{Proof, Refusal};
use tokio::{task::spawn_blocking, time::timeout};
use tonic::{Request, Response, Status, Streaming};

use super::{
    announcements::Announced,
    attendance::{Attendance, LetIn},
    claims::Claim,
    keys::Keys,
    line::Line,
    proto::agent::{
        EnrolRequest, EnrolResponse, FromAgent, Hello, agent_service_server::AgentService, from_agent::Said,
    },
    public_key::PublicKey,
    token,
    visit::{Shown, Visit},
};

/// Whoever attends says who he is within this.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// No address that anybody declares is longer.
pub(crate) const LONGEST_NAME: usize = 256;

#[tonic::async_trait]
impl AgentService for Visit {
    async fn enrol(&self, request: Request<EnrolRequest>) -> Result<Response<EnrolResponse>, Status> {
        if self.shown.is_none() {
            return Err(Status::failed_precondition("a token is a secret: use TLS"));
        }
        let EnrolRequest { token, public_key, address } = request.into_inner();
        let keys = self.keys()?;
        let said = keys.tokens.verify(&token, self.shared.now()).map_err(|why| {
            let said = token::read(&token);
            self.refuse(said.as_ref().map(|said| said.fleet.as_str()), why)
        })?;
        let Some(fleet) = self.fleet(&said.fleet) else { return Err(self.refuse(None, Refusal::Foreign)) };
        self.recognise(&said.fleet, &said.instance);
        let key = PublicKey::read(&public_key).ok_or_else(|| Status::invalid_argument("this is no key on P-256"))?;
        let claim = self.claim(&keys, &said.fleet, &said.instance, &key).await?;
        let proof = if claim == Claim::Ours { Proof::Certificate } else { Proof::Token };
        let announced = Announced { name: said.instance.clone(), proof, declared: address, from: self.from };
        let Some(instance) = self.announce(&fleet.name, announced).await? else {
            if claim == Claim::New {
                self.unclaim(keys, said.fleet, said.instance).await;
            }
            return Err(Status::permission_denied("there is no such instance, or its token was used before"));
        };
        if claim == Claim::Anothers {
            self.claim_anew(&keys, &said.fleet, &said.instance, &key).await?;
        }
        let issued = keys.authority.issue(&fleet.name, &instance, &key, self.shared.now()).map_err(internal)?;
        Ok(Response::new(EnrolResponse { certificate: issued.certificate }))
    }

    type AttendStream = Attendance;

    async fn attend(&self, request: Request<Streaming<FromAgent>>) -> Result<Response<Attendance>, Status> {
        let identity = match &self.shown {
            Some(Shown::Instance(identity)) => identity.clone(),
            Some(Shown::Foreign) => return Err(self.refuse(None, Refusal::Foreign)),
            Some(Shown::Nothing) | None => return Err(self.refuse(None, Refusal::NoToken)),
        };
        let Some(fleet) = self.fleet(&identity.fleet) else { return Err(self.refuse(None, Refusal::Foreign)) };
        let keys = self.keys()?;
        let validity = keys.validity(identity.expires, self.shared.now());
        validity.check().map_err(|why| self.refuse(Some(&fleet.name), why))?;

        self.recognise(&identity.fleet, &identity.instance);
        let mut agent = request.into_inner();
        let hello = timeout(HELLO_WITHIN, agent.message()).await;
        let hello = hello.map_err(|_| Status::deadline_exceeded("you say nothing"))??;
        let Some(Said::Hello(Hello { address })) = hello.and_then(|first| first.said) else {
            return Err(Status::invalid_argument("say Hello first"));
        };
        let announced =
            Announced { name: identity.instance, proof: Proof::Certificate, declared: address, from: self.from };
        let unknown = || Status::permission_denied("this instance is none of the fleet's any more");
        let instance = self.announce(&fleet.name, announced).await?.ok_or_else(unknown)?;
        let line = Arc::<Line>::default();
        let serving = self.shared.attend(&fleet.name, &instance, &line).ok_or_else(unknown)?;
        self.settled.notify_one();
        let let_in = LetIn { serving, instance, line };
        Ok(Response::new(Attendance::new(self, keys, identity.expires, agent, let_in)))
    }
}

impl Visit {
    fn keys(&self) -> Result<Arc<Keys>, Status> {
        self.shared.keys().map_err(|error| {
            tracing::warn!("the keys of the fleets cannot be used: {error}");
            Status::internal("the engine cannot use its keys")
        })
    }

    async fn announce(&self, fleet: &Arc<str>, announced: Announced) -> Result<Option<Arc<str>>, Status> {
        if announced.declared.len() > LONGEST_NAME || announced.name.len() > LONGEST_NAME {
            return Err(Status::invalid_argument("a name or an address is too long"));
        }
        self.shared.announcements.announce(fleet, announced, &self.shared.events).await
    }

    async fn claim(&self, keys: &Arc<Keys>, fleet: &str, instance: &str, key: &PublicKey) -> Result<Claim, Status> {
        let (keys, key) = (Arc::clone(keys), key.clone());
        let (fleet, instance) = (fleet.to_owned(), instance.to_owned());
        let claim = spawn_blocking(move || keys.claims.claim(&fleet, &instance, &key)).await;
        claim.map_err(internal)?.map_err(internal)
    }

    async fn claim_anew(&self, keys: &Arc<Keys>, fleet: &str, instance: &str, key: &PublicKey) -> Result<(), Status> {
        let (keys, key) = (Arc::clone(keys), key.clone());
        let (fleet, instance) = (fleet.to_owned(), instance.to_owned());
        let put = spawn_blocking(move || keys.claims.put(&fleet, &instance, &key)).await;
        put.map_err(internal)?.map_err(internal)
    }

    async fn unclaim(&self, keys: Arc<Keys>, fleet: String, instance: String) {
        // What is left of it is of no use without the token.
        let _ = spawn_blocking(move || keys.claims.remove(&fleet, &instance)).await;
    }
}

fn internal(error: impl std::fmt::Display) -> Status {
    tracing::warn!("an agent cannot be enrolled: {error}");
    Status::internal("the engine cannot do it now")
}
