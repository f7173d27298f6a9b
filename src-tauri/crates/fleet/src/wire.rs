//! The engine's end: it listens for agents, and asks those that cannot dial.
//!
//! All of it runs on a thread of its own, so that ten thousand handshakes hold up nothing else; there is none as long as no
//! fleet is served. Whoever connects is a stranger until he shows a certificate of the engine's own authority, and there are
//! never more than so many strangers ([`room`]).

mod agents;
mod announcements;
mod attendance;
mod authority;
mod budget;
mod call;
mod channel;
mod claims;
mod codec;
mod connection;
mod document;
mod encrypted;
mod files;
mod heard;
mod http2;
mod keys;
mod line;
mod listening;
mod pings;
mod proto;
mod public_key;
mod room;
mod shared;
mod tls;
mod token;
mod visit;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use estatus_core::{
    Timestamp,
    fleet::{
        Fleet,
        command::{FleetCommand, FleetEvent},
    },
    secret::Secret,
};
use tokio::{
    runtime::Builder,
    sync::{mpsc, oneshot},
    time::sleep,
};

pub(crate) use authority::{engine_name, hash};
pub(crate) use channel::{Channel, KeepAlive, origin};
pub(crate) use codec::LONGEST;
pub(crate) use connection::service_of;
pub(crate) use files::read as read_file;
pub(crate) use proto::{
    agent::{
        Drained, EnrolRequest, FromAgent, FromEngine, Heartbeat, Hello, Renewal, Token,
        agent_service_client::AgentServiceClient, from_agent::Said, from_engine::Says,
    },
    document::{
        HeartbeatResponse, OnConnectRequest, Request as PingRequest,
        connection_service_client::ConnectionServiceClient,
        heartbeat_service_server::{HeartbeatService, HeartbeatServiceServer, SERVICE_NAME as HEARTBEAT_SERVICE},
    },
};
pub(crate) use tls::ALPN;
pub(crate) use token::read as read_token;

use listening::Listening;
use shared::{Clock, Shared, lock};

/// It is written down so often that the engine is there.
const PRESENT_EVERY: Duration = Duration::from_secs(10 * 60);

/// Something happened to a fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct WireEvent {
    /// The fleet's name.
    pub fleet: Arc<str>,
    /// What happened.
    pub event: FleetEvent,
}

/// What connects the engine with the instances of its fleets. When this is dropped, nobody listens any more; agents come back by
/// themselves once there is another on the same data folder.
pub struct FleetWire {
    shared: Arc<Shared>,
    listening: Mutex<BTreeMap<SocketAddr, Listening>>,
    thread: Mutex<Option<Thread>>,
}

/// The thread, which ends with this.
struct Thread {
    _end: oneshot::Sender<()>,
}

/// Makes tokens.
#[derive(Clone)]
pub struct Tokens(Arc<Shared>);

impl FleetWire {
    /// Connects with the fleets whose keys are below `data`, and tells `events` what happens to them.
    pub fn new(data: &Path, events: mpsc::Sender<WireEvent>) -> Self {
        Self::with_clock(data, events, Timestamp::now)
    }

    /// The same by another clock: tokens and certificates run out by it.
    pub fn with_clock(
        data: &Path,
        events: mpsc::Sender<WireEvent>,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        let shared = Arc::new(Shared::new(data, events, Arc::new(clock) as Clock));
        Self { shared, listening: Mutex::default(), thread: Mutex::default() }
    }

    /// Carries out `command` on `fleet`; what comes of it is told as the command says. It never waits. What is the provider's
    /// ([`FleetCommand::Launch`], [`FleetCommand::Terminate`], [`FleetCommand::List`]) is left to that.
    pub fn carry_out(&self, fleet: &Arc<Fleet>, command: FleetCommand) {
        match command {
            FleetCommand::Serve => self.serve(fleet),
            FleetCommand::Release => {
                self.shared.release(&fleet.name);
                self.listen_where_needed();
            }
            FleetCommand::Answer { announcement, accepted } => {
                if let Some(instance) = &accepted {
                    self.shared.let_in(&fleet.name, instance);
                }
                self.shared.announcements.answer(announcement, accepted);
            }
            FleetCommand::Ping { instance, address } => self.shared.ping(fleet, &instance, address),
            FleetCommand::Forget { instance } => self.shared.forget(&fleet.name, &instance),
            FleetCommand::Drain { instance } => self.shared.drain(fleet, &instance),
            FleetCommand::Launch { .. } | FleetCommand::Terminate { .. } | FleetCommand::List => {}
        }
    }

    /// What makes tokens for launches.
    pub fn tokens(&self) -> Tokens {
        Tokens(Arc::clone(&self.shared))
    }

    /// Sets the load of an instance whose agent has it set by hand: whether there is an agent to be told.
    pub fn set_load(&self, fleet: &str, instance: &str, load: f32) -> bool {
        self.shared.set_load(fleet, instance, load)
    }

    fn serve(&self, fleet: &Arc<Fleet>) {
        if let Err(error) = self.start() {
            let error = format!("cannot start threads: {error}");
            return self.shared.tell(&fleet.name, FleetEvent::CannotServe { error });
        }
        self.shared.serve(fleet);
        self.listen_where_needed();
        let told = lock(&self.listening).get(&fleet.wire.listen).and_then(Listening::told);
        if let Some(told) = told {
            self.shared.tell(&fleet.name, told);
        }
    }

    fn listen_where_needed(&self) {
        let wanted = self.shared.addresses();
        let mut listening = lock(&self.listening);
        listening.retain(|listen, _| wanted.contains(listen));
        for listen in wanted {
            if !listening.contains_key(&listen)
                && let Some(begun) = Listening::begin(&self.shared, listen)
            {
                listening.insert(listen, begun);
            }
        }
    }

    /// Starts the thread, if there is none.
    fn start(&self) -> io::Result<()> {
        let mut thread = lock(&self.thread);
        if thread.is_some() {
            return Ok(());
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (end, ended) = oneshot::channel::<()>();
        let (handle, shared) = (runtime.handle().clone(), Arc::clone(&self.shared));
        thread::Builder::new().name("fleets".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = stay_present(&shared) => {}
                    // It ends when nobody holds the other end any more.
                    _ = ended => {}
                }
            });
            // A look-up of a name that hangs must not keep it.
            runtime.shutdown_background();
        })?;
        let _ = self.shared.runtime.set(handle);
        *thread = Some(Thread { _end: end });
        Ok(())
    }
}

impl Tokens {
    /// A token for the launch of an instance, by which its agent finds the engine and gets a certificate of it. It is valid for
    /// 15 minutes, and the core sees that it is used once. The first time, keys are read or made.
    ///
    /// # Errors
    /// The keys cannot be used.
    pub fn token(&self, fleet: &str, instance: &str) -> io::Result<Secret> {
        Ok(self.0.keys()?.token(fleet, instance, self.0.now()))
    }
}

async fn stay_present(shared: &Arc<Shared>) {
    loop {
        let noting = Arc::clone(shared);
        let note = tokio::task::spawn_blocking(move || {
            if let Ok(keys) = noting.keys() {
                keys.note_present(noting.now());
            }
        });
        // The next time may go better.
        let _ = note.await;
        sleep(PRESENT_EVERY).await;
    }
}
