//! Where clients come in. It may be closed for a while: on Windows any user can take the name of a pipe, and what is to be kept
//! alive does not wait for them.

use std::{io, time::Duration};

use estatus_api::{Admits, Endpoint, Listener};
use tokio::time::sleep;

/// After this it is tried again to open it.
const OPENS_AGAIN: Duration = Duration::from_secs(5);

/// Where clients come in.
pub(crate) struct Door {
    endpoint: Endpoint,
    admits: Admits,
    listener: Option<Listener>,
}

impl Door {
    /// Opens it to those whom it `admits`. Where somebody else has taken the endpoint, that is logged, and it is opened once they
    /// have given it back.
    ///
    /// # Errors
    /// The endpoint cannot be made at all.
    pub(crate) fn open(endpoint: Endpoint, admits: Admits) -> io::Result<Self> {
        let listener = match Listener::bind(&endpoint, admits) {
            Err(error) if is_taken(&error) => {
                tracing::error!(
                    "{error}: nobody can connect to this engine until that has ended; it monitors, and keeps programs \
                     running, meanwhile"
                );
                None
            }
            bound => Some(bound?),
        };
        Ok(Self { endpoint, admits, listener })
    }

    /// Once it is open.
    pub(crate) async fn opened(self) -> Listener {
        if let Some(listener) = self.listener {
            return listener;
        }
        let mut said = String::new();
        loop {
            match Listener::bind(&self.endpoint, self.admits) {
                Ok(listener) => {
                    tracing::warn!("clients can connect now");
                    return listener;
                }
                Err(error) if !is_taken(&error) && error.to_string() != said => {
                    tracing::error!("the engine cannot be made reachable: {error}");
                    said = error.to_string();
                }
                Err(_) => {}
            }
            sleep(OPENS_AGAIN).await;
        }
    }
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

#[cfg(test)]
mod tests {
    use estatus_api::{AttachError, Client};

    use super::*;

    #[tokio::test]
    async fn who_could_not_connect_at_first_can_once_the_name_is_free() {
        let data = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::of(data.path());
        let door = Door { endpoint: endpoint.clone(), admits: Admits::ThisUser, listener: None };
        assert!(matches!(Client::attach(&endpoint).await, Err(AttachError::NoEngine)));
        let mut listener = door.opened().await;
        tokio::spawn(async move { Client::attach(&endpoint).await.map(drop) });
        listener.accept().await.unwrap();
    }
}
