//! Has carried out what is to be done with fleets: the wire hears instances and is heard by them, and where they come from
//! they are launched and terminated.

mod local;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use estatus_core::{
    engine::Input,
    fleet::{
        Fleet, Provider,
        command::{FleetCommand, FleetEvent, ProviderError, ProviderErrorKind},
    },
    words::Words,
};
use estatus_fleet::{Enrolment, FleetWire, ProviderEvent, Providers, Tokens, WireEvent};
use estatus_program::Supervisor;
use tokio::sync::mpsc;

use self::local::LocalInstances;
use crate::{Options, barrier::Barrier, ports::EnginePorts};

/// So many events of fleets wait to be taken; whoever brings more waits.
const EVENTS_LIMIT: usize = 1024;

/// Does with fleets what takes time.
pub(crate) trait Scale: Send {
    /// Begins to carry out `command` on `fleet`; what comes of it is told in `words`.
    fn carry_out(&mut self, fleet: &Arc<Fleet>, command: FleetCommand, words: &Words);

    /// Sets the load of an instance whose agent has it set by hand. Whether there is such an agent.
    fn set_load(&self, fleet: &str, instance: &str, load: f32) -> bool;
}

/// What is to be done with fleets, one after the other, and nothing of it before what it follows from is on disk: an instance
/// is never launched, and nobody let in, of whom nothing would be known after a crash.
pub(crate) struct FleetOrders {
    rooms: Arc<Mutex<Box<dyn Scale>>>,
    // The core gives no order twice before it has heard what became of the first, so that few wait.
    orders: mpsc::UnboundedSender<FleetOrder>,
}

struct FleetOrder {
    after: Option<Barrier>,
    fleet: Arc<Fleet>,
    command: FleetCommand,
    words: Words,
}

impl FleetOrders {
    pub(crate) fn new(rooms: Box<dyn Scale>) -> Self {
        let rooms = Arc::new(Mutex::new(rooms));
        let (orders, mut given) = mpsc::unbounded_channel::<FleetOrder>();
        let carried_out = Arc::clone(&rooms);
        tokio::spawn(async move {
            while let Some(FleetOrder { after, fleet, command, words }) = given.recv().await {
                if let Some(barrier) = after {
                    barrier.pass().await;
                }
                lock(&carried_out).carry_out(&fleet, command, &words);
            }
        });
        Self { rooms, orders }
    }

    /// Has `command` carried out on `fleet` once `after` is open.
    pub(crate) fn give(&self, fleet: Arc<Fleet>, command: FleetCommand, words: Words, after: Option<Barrier>) {
        // Who takes them ends with this.
        let _ = self.orders.send(FleetOrder { after, fleet, command, words });
    }

    /// Sets the load of an instance whose agent has it set by hand. Whether there is such an agent.
    pub(crate) fn set_load(&self, fleet: &str, instance: &str, load: f32) -> bool {
        lock(&self.rooms).set_load(fleet, instance, load)
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The rooms that do it.
pub(crate) struct FleetRooms {
    wire: FleetWire,
    tokens: Tokens,
    providers: Providers,
    local: LocalInstances,
    /// Where agents of each fleet are listened for.
    served: Arc<Mutex<BTreeMap<Arc<str>, SocketAddr>>>,
    results: mpsc::Sender<Input>,
}

impl FleetRooms {
    /// The rooms for the engine of `options`, whose data folder is called `installation`. What happens is told to `results`.
    pub(crate) fn new(
        options: &Options,
        installation: &str,
        supervisor: &Supervisor,
        ports: &EnginePorts,
        results: mpsc::Sender<Input>,
    ) -> Self {
        let served: Arc<Mutex<BTreeMap<Arc<str>, SocketAddr>>> = Arc::default();
        let (heard, mut wire_events) = mpsc::channel::<WireEvent>(EVENTS_LIMIT);
        let (told, mut provider_events) = mpsc::channel::<ProviderEvent>(EVENTS_LIMIT);
        let wire = FleetWire::new(&options.data, heard);
        let providers = Providers::new(&options.data, installation.to_owned(), Arc::new(ports.clone()), told);
        let local = LocalInstances::new(options, supervisor, ports.clone(), results.clone());
        local.find();
        let (forwards, noted) = (results.clone(), Arc::clone(&served));
        tokio::spawn(async move {
            while let Some(WireEvent { fleet, event }) = wire_events.recv().await {
                if let FleetEvent::Serves { at } = &event {
                    lock(&noted).insert(Arc::clone(&fleet), *at);
                }
                if forwards.send(Input::Fleet { fleet, event }).await.is_err() {
                    return;
                }
            }
        });
        let forwards = results.clone();
        tokio::spawn(async move {
            while let Some(ProviderEvent { fleet, event }) = provider_events.recv().await {
                if forwards.send(Input::Fleet { fleet, event }).await.is_err() {
                    return;
                }
            }
        });
        Self { tokens: wire.tokens(), wire, providers, local, served, results }
    }

    /// Where an agent of `fleet` reaches Estatus, from this machine or from another.
    fn server(&self, fleet: &Fleet) -> String {
        if let Some(advertised) = &fleet.wire.advertise {
            return advertised.to_string();
        }
        let at = lock(&self.served).get(&fleet.name).copied().unwrap_or(fleet.wire.listen);
        match at.ip() {
            ip if !ip.is_unspecified() => at.to_string(),
            _ if matches!(fleet.provider, Provider::Local { .. }) => format!("127.0.0.1:{}", at.port()),
            ip => SocketAddr::new(own_address(ip), at.port()).to_string(),
        }
    }

    /// What an instance needs so that its agent can enrol; where that cannot be had, it is told so.
    fn enrolment(&self, fleet: &Arc<Fleet>, instance: &Arc<str>) -> Option<Enrolment> {
        match self.tokens.token(&fleet.name, instance) {
            Ok(token) => Some(Enrolment { token, server: self.server(fleet) }),
            Err(error) => {
                let error = format!("the keys of the fleet cannot be used: {error}");
                let error = ProviderError { kind: ProviderErrorKind::Other, error, perhaps_done: false };
                let event = FleetEvent::CannotLaunch { instance: Arc::clone(instance), error };
                let (results, fleet) = (self.results.clone(), Arc::clone(&fleet.name));
                tokio::spawn(async move { results.send(Input::Fleet { fleet, event }).await });
                None
            }
        }
    }
}

/// The address by which this machine reaches others, and is reached where nothing lies in between; nothing is sent.
fn own_address(unspecified: IpAddr) -> IpAddr {
    let far: SocketAddr = match unspecified {
        IpAddr::V4(_) => (Ipv4Addr::new(192, 0, 2, 1), 9).into(),
        IpAddr::V6(_) => (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), 9).into(),
    };
    let found = UdpSocket::bind((unspecified, 0)).and_then(|socket| {
        socket.connect(far)?;
        socket.local_addr()
    });
    found.map_or(unspecified, |found| found.ip())
}

impl Scale for FleetRooms {
    fn carry_out(&mut self, fleet: &Arc<Fleet>, command: FleetCommand, words: &Words) {
        let is_local = matches!(fleet.provider, Provider::Local { .. });
        match &command {
            FleetCommand::Launch { instance, attempt } => {
                let Some(enrolment) = self.enrolment(fleet, instance) else { return };
                match is_local {
                    true => self.local.launch(fleet, instance, *attempt, enrolment, words),
                    false => self.providers.carry_out(fleet, command, Some(enrolment), words),
                }
            }
            FleetCommand::Terminate { instance, .. } if is_local => self.local.terminate(fleet, instance),
            FleetCommand::List if is_local => self.local.list(fleet),
            FleetCommand::Terminate { .. } | FleetCommand::List => {
                self.providers.carry_out(fleet, command, None, words)
            }
            FleetCommand::Release => {
                self.providers.forget(&fleet.name);
                self.wire.carry_out(fleet, command);
            }
            FleetCommand::Forget { instance } => {
                self.local.forget(instance);
                self.wire.carry_out(fleet, command);
            }
            FleetCommand::Serve
            | FleetCommand::Answer { .. }
            | FleetCommand::Ping { .. }
            | FleetCommand::Drain { .. } => self.wire.carry_out(fleet, command),
        }
    }

    fn set_load(&self, fleet: &str, instance: &str, load: f32) -> bool {
        self.wire.set_load(fleet, instance, load)
    }
}
