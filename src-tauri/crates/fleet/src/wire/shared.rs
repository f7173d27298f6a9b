//! What all connections and commands share: the fleets that are served, and who attends.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use estatus_core::{
    Timestamp,
    fleet::{
        Fleet,
        command::{FleetEvent, Refusal},
    },
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinHandle,
    time::sleep,
};
use tonic::Status;

use super::{
    WireEvent, announcements::Announcements, budget::Budget, heard::Heard, keys::Keys, line::Line, pings::Turns,
    room::Room,
};

/// So many strangers are connected at once; each may take 50 KB.
const STRANGERS: usize = 256;
/// So many instances that enrol; each takes as much.
const ENROLLING: usize = 512;
/// So many instances that are not let in yet: after a restart all come at once.
const INSTANCES: usize = 8192;
/// So many refusals are told at once, and then one in so long.
const REFUSALS: (u32, Duration) = (20, Duration::from_secs(1));
/// An agent that is to drain and is not there has so many heartbeats to come back, and so long at least.
const COMES_BACK: (u32, Duration) = (3, Duration::from_secs(10));

/// The time, as the certificates count it.
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

pub(crate) struct Shared {
    data: PathBuf,
    pub(crate) clock: Clock,
    pub(crate) events: mpsc::Sender<WireEvent>,
    /// Where everything runs, once something does.
    pub(crate) runtime: OnceLock<Handle>,
    keys: Mutex<Option<Arc<Keys>>>,
    fleets: Mutex<BTreeMap<Arc<str>, Served>>,
    pub(crate) announcements: Announcements,
    /// For connections of strangers.
    pub(crate) strangers: Arc<Room>,
    /// For connections of instances that enrol.
    pub(crate) enrolling: Arc<Room>,
    /// For connections of instances that are not let in yet.
    pub(crate) instances: Arc<Room>,
    pub(crate) turns: Turns,
    refusals: Mutex<Budget>,
}

/// A fleet that is served.
struct Served {
    fleet: Arc<Fleet>,
    serving: Arc<Serving>,
    instances: BTreeMap<Arc<str>, Known>,
    /// Tells what is heard of it.
    _teller: Task,
}

/// What those who listen to the instances of a fleet have of it.
pub(crate) struct Serving {
    pub(crate) fleet: Arc<str>,
    pub(crate) heard: Arc<Heard>,
    pub(crate) heartbeat: watch::Sender<Duration>,
}

/// An instance that the core knows.
#[derive(Default)]
struct Known {
    /// The line to it, while its agent attends.
    line: Option<Arc<Line>>,
    /// Asks it for its load.
    ping: Option<Task>,
    drain: Option<Draining>,
}

/// An instance that is to finish what it has to do.
enum Draining {
    Told,
    /// It has gone before it said that it has finished; this waits for it.
    Awaited {
        _wait: Task,
    },
}

/// A task that ends with this.
pub(crate) struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Shared {
    pub(crate) fn new(data: PathBuf, events: mpsc::Sender<WireEvent>, clock: Clock) -> Self {
        Self {
            data,
            clock,
            events,
            runtime: OnceLock::new(),
            keys: Mutex::default(),
            fleets: Mutex::default(),
            announcements: Announcements::default(),
            strangers: Room::new(STRANGERS),
            enrolling: Room::new(ENROLLING),
            instances: Room::new(INSTANCES),
            turns: Turns::default(),
            refusals: Mutex::new(Budget::new(REFUSALS.0, REFUSALS.1)),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// The keys, which are read or made the first time.
    ///
    /// # Errors
    /// They cannot be; the next time it is tried again.
    pub(crate) fn keys(&self) -> io::Result<Arc<Keys>> {
        let mut keys = lock(&self.keys);
        if let Some(keys) = &*keys {
            return Ok(Arc::clone(keys));
        }
        let opened = Arc::new(Keys::open(&self.data, self.now())?);
        Ok(Arc::clone(keys.insert(opened)))
    }

    /// Runs `future`; nothing if nothing was ever served.
    pub(crate) fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) -> Option<Task> {
        self.runtime.get().map(|runtime| Task(runtime.spawn(future)))
    }

    /// Tells `event`, later where nobody takes it now.
    pub(crate) fn tell(&self, fleet: &Arc<str>, event: FleetEvent) {
        let event = WireEvent { fleet: Arc::clone(fleet), event };
        if let Err(mpsc::error::TrySendError::Full(event)) = self.events.try_send(event)
            && let Some(runtime) = self.runtime.get()
        {
            let events = self.events.clone();
            // Nobody who has gone need hear it.
            runtime.spawn(async move { drop(events.send(event).await) });
        }
    }

    /// Tells those of `fleets` that somebody was refused, unless that was told often enough.
    pub(crate) fn tell_refused(&self, fleets: &[Arc<Fleet>], from: SocketAddr, why: Refusal) {
        if lock(&self.refusals).take() {
            for fleet in fleets {
                self.tell(&fleet.name, FleetEvent::Refused { from: from.ip().to_canonical(), why });
            }
        }
    }

    /// Serves `fleet` as it is now; what there was of it before goes on.
    pub(crate) fn serve(&self, fleet: &Arc<Fleet>) {
        let mut fleets = self.fleets();
        if let Some(served) = fleets.get_mut(&fleet.name) {
            let is_as_often = served.fleet.heartbeat == fleet.heartbeat;
            served.fleet = Arc::clone(fleet);
            if !is_as_often {
                served.serving.heartbeat.send_replace(fleet.heartbeat);
                let lines = served.instances.values().filter_map(|known| known.line.as_ref());
                lines.for_each(|line| line.terms(fleet.heartbeat));
            }
            return;
        }
        let serving = Arc::new(Serving {
            fleet: Arc::clone(&fleet.name),
            heard: Arc::default(),
            heartbeat: watch::Sender::new(fleet.heartbeat),
        });
        let heard = Arc::clone(&serving.heard);
        let teller = heard.tell(Arc::clone(&fleet.name), serving.heartbeat.subscribe(), self.events.clone());
        let Some(teller) = self.spawn(teller) else { return };
        let served = Served { fleet: Arc::clone(fleet), serving, instances: BTreeMap::new(), _teller: teller };
        fleets.insert(Arc::clone(&fleet.name), served);
    }

    /// Lets go of a fleet, and of all its instances.
    pub(crate) fn release(&self, fleet: &str) {
        let served = self.fleets().remove(fleet);
        for line in served.iter().flat_map(|served| served.instances.values()).filter_map(|known| known.line.as_ref()) {
            line.close(Status::unavailable("this fleet is not served any more"));
        }
    }

    /// The fleet of that name, if it is served.
    pub(crate) fn fleet(&self, name: &str) -> Option<Arc<Fleet>> {
        self.fleets().get(name).map(|served| Arc::clone(&served.fleet))
    }

    /// The fleets whose agents come to `listen`, in the order of their names.
    pub(crate) fn fleets_at(&self, listen: SocketAddr) -> Vec<Arc<Fleet>> {
        let fleets = self.fleets();
        let fleets = fleets.values().filter(|served| served.fleet.wire.listen == listen);
        fleets.map(|served| Arc::clone(&served.fleet)).collect()
    }

    /// Where agents come to.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.fleets().values().map(|served| served.fleet.wire.listen).collect()
    }

    /// The core has let in an instance.
    pub(crate) fn let_in(&self, fleet: &str, instance: &Arc<str>) {
        if let Some(served) = self.fleets().get_mut(fleet) {
            served.instances.entry(Arc::clone(instance)).or_default();
        }
    }

    /// An agent attends by `line`; whoever attended for the same instance does not any more. Nothing if the core wants to
    /// hear no more of it since it was let in.
    pub(crate) fn attend(&self, fleet: &str, instance: &str, line: &Arc<Line>) -> Option<Arc<Serving>> {
        let mut fleets = self.fleets();
        let served = fleets.get_mut(fleet)?;
        let known = served.instances.get_mut(instance)?;
        line.terms(served.fleet.heartbeat);
        if let Some(before) = known.line.replace(Arc::clone(line)) {
            before.close(Status::aborted("this instance has connected anew"));
        }
        if known.drain.is_some() {
            line.drain();
            known.drain = Some(Draining::Told);
        }
        Some(Arc::clone(&served.serving))
    }

    /// Nobody attends by `line` any more.
    pub(crate) fn leave(self: &Arc<Self>, fleet: &Arc<str>, instance: &Arc<str>, line: &Arc<Line>) {
        let mut fleets = self.fleets();
        let Some(served) = fleets.get_mut(fleet) else { return };
        let Some(known) = served.instances.get_mut(instance) else { return };
        if known.line.as_ref().is_some_and(|now| Arc::ptr_eq(now, line)) {
            known.line = None;
            if known.drain.is_some() {
                let wait = self.await_return(&served.fleet, instance);
                known.drain = wait.map(|wait| Draining::Awaited { _wait: wait });
            }
        }
    }

    /// Has an instance finish what it has to do, if it can be told.
    pub(crate) fn drain(self: &Arc<Self>, fleet: &Arc<Fleet>, instance: &Arc<str>) {
        let mut fleets = self.fleets();
        let Some(served) = fleets.get_mut(&fleet.name) else {
            return self.tell(&fleet.name, FleetEvent::Drained { instance: Arc::clone(instance) });
        };
        let known = served.instances.entry(Arc::clone(instance)).or_default();
        if known.ping.is_some() {
            return self.tell(&fleet.name, FleetEvent::Drained { instance: Arc::clone(instance) });
        }
        known.drain = match &known.line {
            Some(line) => {
                line.drain();
                Some(Draining::Told)
            }
            None => self.await_return(fleet, instance).map(|wait| Draining::Awaited { _wait: wait }),
        };
    }

    /// An instance has finished, or is not waited for any more.
    pub(crate) fn drained(&self, fleet: &Arc<str>, instance: &Arc<str>) {
        let is_asked = {
            let mut fleets = self.fleets();
            let known = fleets.get_mut(fleet).and_then(|served| served.instances.get_mut(instance));
            known.is_some_and(|known| known.drain.take().is_some())
        };
        if is_asked {
            self.tell(fleet, FleetEvent::Drained { instance: Arc::clone(instance) });
        }
    }

    fn await_return(self: &Arc<Self>, fleet: &Arc<Fleet>, instance: &Arc<str>) -> Option<Task> {
        let within = (fleet.heartbeat * COMES_BACK.0).max(COMES_BACK.1);
        let (shared, fleet, instance) = (Arc::downgrade(self), Arc::clone(&fleet.name), Arc::clone(instance));
        self.spawn(async move {
            sleep(within).await;
            if let Some(shared) = shared.upgrade() {
                shared.drained(&fleet, &instance);
            }
        })
    }

    /// Asks an instance for its load from now on.
    pub(crate) fn ping(self: &Arc<Self>, fleet: &Arc<Fleet>, instance: &Arc<str>, address: String) {
        let mut fleets = self.fleets();
        let Some(served) = fleets.get_mut(&fleet.name) else { return };
        let address = super::pings::with_port(address, fleet.wire.agent_port);
        let ping = super::pings::ping(Arc::clone(&served.serving), Arc::clone(instance), address, self.turns.clone());
        let ping = self.spawn(ping);
        served.instances.entry(Arc::clone(instance)).or_default().ping = ping;
    }

    /// Hears no more of an instance.
    pub(crate) fn forget(self: &Arc<Self>, fleet: &Arc<str>, instance: &Arc<str>) {
        let known = self.fleets().get_mut(fleet).and_then(|served| served.instances.remove(instance));
        if let Some(line) = known.and_then(|known| known.line) {
            line.close(Status::permission_denied("this instance is none of the fleet's any more"));
        }
        let (shared, fleet, instance) = (Arc::clone(self), Arc::clone(fleet), Arc::clone(instance));
        if let Some(runtime) = self.runtime.get() {
            runtime.spawn_blocking(move || {
                if let Ok(keys) = shared.keys() {
                    keys.claims.remove(&fleet, &instance);
                }
            });
        }
    }

    /// Sets the load of an instance by hand: whether there is somebody to be told.
    pub(crate) fn set_load(&self, fleet: &str, instance: &str, load: f32) -> bool {
        let fleets = self.fleets();
        let line =
            fleets.get(fleet).and_then(|served| served.instances.get(instance)).and_then(|known| known.line.as_ref());
        if let Some(line) = line {
            line.set_load(load);
        }
        line.is_some()
    }

    fn fleets(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Served>> {
        lock(&self.fleets)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
