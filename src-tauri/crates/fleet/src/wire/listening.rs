//! Listens where agents come to: one address may be that of several fleets.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use estatus_core::fleet::command::FleetEvent;
use tokio::{
    net::TcpListener,
    time::{Instant, sleep},
};
use tonic_health::server::{HealthReporter, HealthService};

use super::{
    connection::{Health, receive},
    room::Owner,
    shared::{Shared, Task, lock},
};

/// An address that cannot be had is tried again after so long, and then half as long again each time.
const AGAIN_AFTER: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// That it cannot be had is told after so long: whoever has it may be about to let it go.
const TOLD_AFTER: Duration = Duration::from_secs(1);
/// Whoever comes has so long to agree on TLS at least, before he gives way to others.
const SHAKES_HANDS: Duration = Duration::from_secs(2);
/// When nobody can be let in, as where there are too many files open, it is tried again after so long.
const PAUSE: Duration = Duration::from_millis(100);

/// An address at which somebody listens, until this is dropped.
pub(crate) struct Listening {
    told: Arc<Mutex<Option<FleetEvent>>>,
    _task: Task,
}

impl Listening {
    /// Listens at `listen`; nothing if nothing runs.
    pub(crate) fn begin(shared: &Arc<Shared>, listen: SocketAddr) -> Option<Self> {
        let told = Arc::<Mutex<Option<FleetEvent>>>::default();
        let begun = Begun { shared: Arc::clone(shared), listen, told: Arc::clone(&told) };
        Some(Self { told, _task: shared.spawn(begun.run())? })
    }

    /// What was told last of how it stands.
    pub(crate) fn told(&self) -> Option<FleetEvent> {
        lock(&self.told).clone()
    }
}

struct Begun {
    shared: Arc<Shared>,
    listen: SocketAddr,
    told: Arc<Mutex<Option<FleetEvent>>>,
}

impl Begun {
    async fn run(self) {
        let listener = self.bind().await;
        let at = listener.local_addr().unwrap_or(self.listen);
        self.tell(&FleetEvent::Serves { at });
        accept(&self.shared, self.listen, &listener).await;
    }

    /// Tries until it has the address; tells once why not.
    async fn bind(&self) -> TcpListener {
        let (began, mut wait, mut is_told) = (Instant::now(), AGAIN_AFTER.0, false);
        loop {
            match self.try_to_bind().await {
                Ok(listener) => return listener,
                Err(error) if !is_told && began.elapsed() >= TOLD_AFTER => {
                    is_told = true;
                    self.tell(&FleetEvent::CannotServe { error });
                }
                Err(_) => {}
            }
            sleep(wait).await;
            wait = (wait * 3 / 2).min(AGAIN_AFTER.1);
        }
    }

    async fn try_to_bind(&self) -> Result<TcpListener, String> {
        // Where there are none, the first handshake would fail.
        self.shared.keys().map_err(|error| error.to_string())?;
        TcpListener::bind(self.listen).await.map_err(|error| format!("{}: {error}", self.listen))
    }

    fn tell(&self, event: &FleetEvent) {
        *lock(&self.told) = Some(event.clone());
        for fleet in self.shared.fleets_at(self.listen) {
            self.shared.tell(&fleet.name, event.clone());
        }
    }
}

async fn accept(shared: &Arc<Shared>, listen: SocketAddr, listener: &TcpListener) {
    let health: Health = Health::new(HealthService::from_health_reporter(HealthReporter::new()));
    loop {
        match listener.accept().await {
            Ok(come) => {
                let owner = Owner::stranger(come.1.ip());
                let place = shared.strangers.admit_in_turn(owner, SHAKES_HANDS).await;
                tokio::spawn(receive(Arc::clone(shared), health.clone(), listen, come, place));
            }
            Err(error) => {
                tracing::warn!("nobody can be let in at {listen}: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}
