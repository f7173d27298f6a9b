//! The source document's service: whoever is there says so, and is asked for his load from then on.

use std::sync::Arc;

use estatus_core::fleet::{
    Fleet,
    command::{Proof, Refusal},
};
use tonic::{Request, Response, Status};

use super::{
    agents::LONGEST_NAME,
    announcements::Announced,
    proto::document::{OnConnectRequest, OnConnectResponse, connection_service_server::ConnectionService},
    visit::Visit,
};

#[tonic::async_trait]
impl ConnectionService for Visit {
    async fn on_connect(&self, request: Request<OnConnectRequest>) -> Result<Response<OnConnectResponse>, Status> {
        let OnConnectRequest { ip_address, instance_name } = request.into_inner();
        if ip_address.len() > LONGEST_NAME || instance_name.len() > LONGEST_NAME {
            return Err(Status::invalid_argument("a name or an address is too long"));
        }
        let here = self.shared.fleets_at(self.listen);
        let fleets: Vec<Arc<Fleet>> = here.into_iter().filter(|fleet| self.is_local() || fleet.wire.insecure).collect();
        if fleets.is_empty() {
            return Err(self.refuse(None, Refusal::Insecure));
        }
        for fleet in meant(&fleets, &instance_name) {
            let announced = Announced {
                name: instance_name.clone(),
                proof: Proof::None,
                declared: ip_address.clone(),
                from: self.from,
            };
            let accepted = self.shared.announcements.announce(&fleet.name, announced, &self.shared.events).await?;
            if accepted.is_some() {
                return Ok(Response::new(OnConnectResponse { is_accepted: true }));
            }
        }
        Ok(Response::new(OnConnectResponse { is_accepted: false }))
    }
}

/// Those of `fleets` that may have an instance of that name: the one whose name it begins with, or else, as where the name is
/// the cloud's, any.
fn meant<'f>(fleets: &'f [Arc<Fleet>], instance: &str) -> &'f [Arc<Fleet>] {
    let named = instance.rsplit_once('-').filter(|(_, number)| number.parse::<u64>().is_ok());
    let named = named.and_then(|(name, _)| fleets.iter().position(|fleet| *fleet.name == *name));
    named.map_or(fleets, |named| &fleets[named..=named])
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use estatus_core::{Timestamp, fleet::command::FleetEvent};
    use tokio::{
        runtime::Handle,
        sync::{mpsc, watch},
    };
    use tonic::Code;

    use super::*;
    use crate::wire::shared::Shared;

    #[tokio::test]
    async fn from_another_machine_it_is_spoken_only_where_the_fleet_says_so() {
        let (events, mut told) = mpsc::channel(4);
        let shared = Arc::new(Shared::new(std::path::PathBuf::new(), events, Arc::new(Timestamp::now)));
        shared.runtime.set(Handle::current()).unwrap();
        let mut fleet = Fleet::new("web");
        let from: SocketAddr = "192.0.2.1:5000".parse().unwrap();
        let visit = Visit {
            shared: Arc::clone(&shared),
            listen: fleet.wire.listen,
            from,
            shown: None,
            recognised: watch::Sender::new(None),
        };
        let ask = || OnConnectRequest { ip_address: "192.0.2.7".to_owned(), instance_name: "web-1".to_owned() };
        shared.serve(&Arc::new(fleet.clone()));
        let refused = visit.on_connect(Request::new(ask())).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        assert!(refused.message().ends_with("only where the fleet says insecure = true"), "{refused}");
        let event = told.recv().await.unwrap().event;
        assert_eq!(event, FleetEvent::Refused { from: from.ip(), why: Refusal::Insecure });

        fleet.wire.insecure = true;
        shared.serve(&Arc::new(fleet));
        let answer = async {
            let event = told.recv().await.unwrap().event;
            let FleetEvent::Announced { announcement, name, proof, declared, from: came_from } = event else {
                panic!()
            };
            assert_eq!(
                (name.as_str(), proof, declared.as_str(), came_from),
                ("web-1", Proof::None, "192.0.2.7", from.ip())
            );
            shared.announcements.answer(announcement, Some("web-1".into()));
        };
        let (accepted, ()) = tokio::join!(visit.on_connect(Request::new(ask())), answer);
        assert!(accepted.unwrap().into_inner().is_accepted);
    }

    #[test]
    fn an_instance_is_looked_for_in_the_fleet_that_its_name_begins_with() {
        let fleets = ["web", "web-2", "worker"].map(|name| Arc::new(Fleet::new(name)));
        let check = |instance: &str, expected: &[&str]| {
            let meant: Vec<&str> = meant(&fleets, instance).iter().map(|fleet| &*fleet.name).collect();
            assert_eq!(meant, expected, "{instance}");
        };
        check("web-7", &["web"]);
        check("web-2-7", &["web-2"]);
        check("i-0abc", &["web", "web-2", "worker"]);
        check("web", &["web", "web-2", "worker"]);
        check("mail-7", &["web", "web-2", "worker"]);
    }
}
