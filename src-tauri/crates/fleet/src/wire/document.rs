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
    use super::*;

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
