//! A connection that somebody has made, and what is known of him.

use std::{net::SocketAddr, sync::Arc};

use estatus_core::fleet::{Fleet, command::Refusal};
use tokio::sync::{Notify, watch};
use tonic::Status;

use super::{authority::Identity, shared::Shared};

/// Somebody who has connected.
pub(crate) struct Visit {
    pub(crate) shared: Arc<Shared>,
    /// Where he has come to, as the fleets name it.
    pub(crate) listen: SocketAddr,
    /// Where he has come from.
    pub(crate) from: SocketAddr,
    /// Who he has shown to be; nothing where he speaks in plain text.
    pub(crate) shown: Option<Shown>,
    /// The instance that he has shown to be; it need not be let in.
    pub(crate) recognised: watch::Sender<Option<String>>,
    /// He is let in.
    pub(crate) settled: Notify,
    /// He has nothing more to say or hear.
    pub(crate) over: Arc<Notify>,
}

/// What somebody has shown over TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// No certificate.
    Nothing,
    /// A certificate that is none of ours.
    Foreign,
    /// That he is an instance.
    Instance(Identity),
}

impl Visit {
    /// He has shown to be that instance.
    pub(crate) fn recognise(&self, fleet: &str, instance: &str) {
        self.recognised.send_replace(Some(format!("{fleet}\n{instance}")));
    }

    /// The fleet of that name, if its agents come to here.
    pub(crate) fn fleet(&self, name: &str) -> Option<Arc<Fleet>> {
        self.shared.fleets_at(self.listen).into_iter().find(|fleet| *fleet.name == *name)
    }

    /// Whether he is on this machine.
    pub(crate) fn is_local(&self) -> bool {
        self.from.ip().to_canonical().is_loopback()
    }

    /// Tells the fleet that he has come for, or all of here, that he is refused; what he hears of it.
    pub(crate) fn refuse(&self, fleet: Option<&str>, why: Refusal) -> Status {
        let mut fleets = self.shared.fleets_at(self.listen);
        if let Some(fleet) = fleet.and_then(|name| fleets.iter().find(|fleet| *fleet.name == *name)) {
            fleets = vec![Arc::clone(fleet)];
        }
        self.shared.tell_refused(&fleets, self.from, why);
        match why {
            Refusal::Foreign => {
                Status::permission_denied("what you show was made for another fleet, or by another Estatus")
            }
            Refusal::Expired => Status::unauthenticated("what you show has run out"),
            Refusal::NoToken => Status::unauthenticated("you show no token that is one, and no certificate"),
            Refusal::Insecure => Status::permission_denied(
                "this protocol is not encrypted: beyond its own machine Estatus speaks it only where the fleet says \
                 insecure = true",
            ),
        }
    }
}
