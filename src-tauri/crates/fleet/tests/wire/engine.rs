//! An engine whose core knows some instances, and lets in whoever is one of them.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use estatus_core::{
    Timestamp,
    fleet::{
        Fleet,
        command::{FleetCommand, FleetEvent, Proof, Refusal},
    },
};
use estatus_fleet::{FleetWire, WireEvent};
use tokio::{sync::mpsc, time::timeout};

/// Whatever is to happen happens within this, also on a machine that has other things to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often instances say what their load is.
pub(crate) const HEARTBEAT: Duration = Duration::from_millis(100);

/// A clock that tests set.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// So much later.
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_secs()).unwrap(), Ordering::Relaxed);
    }

    fn now(&self) -> Timestamp {
        Timestamp::now() + Duration::from_secs(self.0.load(Ordering::Relaxed).unsigned_abs())
    }
}

/// What the core knows: the instances of its fleets, and whether each has used its token.
#[derive(Clone, Default)]
pub(crate) struct Core(Arc<Mutex<BTreeMap<String, bool>>>);

impl Core {
    pub(crate) fn launch(&self, instance: &str) {
        self.0.lock().unwrap().insert(instance.to_owned(), false);
    }

    pub(crate) fn terminate(&self, instance: &str) {
        self.0.lock().unwrap().remove(instance);
    }

    fn accepts(&self, name: &str, proof: Proof) -> bool {
        match self.0.lock().unwrap().get_mut(name) {
            Some(enrolled) if proof == Proof::Token => !std::mem::replace(enrolled, true),
            known => known.is_some(),
        }
    }
}

/// An engine. Its keys and its core outlive it, if they are given to the next one.
pub(crate) struct Engine {
    pub(crate) wire: Arc<FleetWire>,
    pub(crate) core: Core,
    pub(crate) clock: Clock,
    data: PathBuf,
    events: mpsc::UnboundedReceiver<WireEvent>,
}

impl Engine {
    pub(crate) fn new(data: &Path) -> Self {
        Self::restarted(data, Core::default(), Clock::default())
    }

    fn restarted(data: &Path, core: Core, clock: Clock) -> Self {
        let (sender, mut told) = mpsc::channel::<WireEvent>(16);
        let now = clock.clone();
        let wire = Arc::new(FleetWire::with_clock(data, sender, move || now.now()));
        let (tell, events) = mpsc::unbounded_channel();
        let (answering, knows) = (Arc::downgrade(&wire), core.clone());
        tokio::spawn(async move {
            while let Some(told) = told.recv().await {
                if let FleetEvent::Announced { announcement, name, proof, declared, .. } = &told.event
                    && let Some(wire) = answering.upgrade()
                {
                    let fleet = Arc::new(Fleet::new(&told.fleet));
                    let accepted = knows.accepts(name, *proof).then(|| Arc::<str>::from(name.as_str()));
                    let answer = FleetCommand::Answer { announcement: *announcement, accepted: accepted.clone() };
                    wire.carry_out(&fleet, answer);
                    if let (Some(instance), Proof::None) = (accepted, proof) {
                        wire.carry_out(&fleet, FleetCommand::Ping { instance, address: declared.clone() });
                    }
                }
                let _ = tell.send(told);
            }
        });
        Self { wire, core, clock, data: data.to_owned(), events }
    }

    /// Ends it as if it had been killed, and begins anew what its core knows.
    pub(crate) fn restart(self) -> Self {
        let Self { wire, core, clock, data, events } = self;
        drop((wire, events));
        Self::restarted(&data, core, clock)
    }

    /// What was told next that `wanted` makes something of.
    pub(crate) async fn told<T>(&mut self, mut wanted: impl FnMut(&FleetEvent) -> Option<T>) -> T {
        let told = async {
            loop {
                let told = self.events.recv().await.expect("an engine that lives");
                if let Some(found) = wanted(&told.event) {
                    return found;
                }
            }
        };
        timeout(PATIENCE, told).await.expect("it is told in time")
    }

    /// Serves `fleet`; where that is.
    pub(crate) async fn serve(&mut self, fleet: &Arc<Fleet>) -> SocketAddr {
        self.wire.carry_out(fleet, FleetCommand::Serve);
        self.told(|event| match event {
            FleetEvent::Serves { at } => Some(*at),
            FleetEvent::CannotServe { error } => panic!("{error}"),
            _ => None,
        })
        .await
    }

    /// Waits until an instance is heard of that says so; its load.
    pub(crate) async fn heard(&mut self, instance: &str) -> Option<f32> {
        self.told(|event| match event {
            FleetEvent::Heard(beats) => beats.iter().find(|beat| &*beat.instance == instance).map(|beat| beat.load),
            _ => None,
        })
        .await
    }

    /// Waits until the load of an instance is that.
    pub(crate) async fn hears(&mut self, instance: &str, load: Option<f32>) {
        while self.heard(instance).await != load {}
    }

    /// Waits until somebody announces himself; how he is known.
    pub(crate) async fn announced(&mut self, wanted: &str) -> Proof {
        self.told(|event| match event {
            FleetEvent::Announced { name, proof, .. } if name == wanted => Some(*proof),
            _ => None,
        })
        .await
    }

    pub(crate) async fn refused(&mut self) -> Refusal {
        self.told(|event| match event {
            FleetEvent::Refused { why, .. } => Some(*why),
            _ => None,
        })
        .await
    }

    pub(crate) async fn drained(&mut self, wanted: &str) {
        let told = self.told(|event| match event {
            FleetEvent::Drained { instance } => Some(instance.to_string()),
            _ => None,
        });
        assert_eq!(told.await, wanted);
    }

    pub(crate) fn has(&self, fleet: &Arc<Fleet>, command: FleetCommand) {
        self.wire.carry_out(fleet, command);
    }

    /// Writes a token for `instance` to a file in a folder of its own, below the data.
    pub(crate) fn token(&self, fleet: &str, instance: &str) -> Token {
        static NUMBER: AtomicI64 = AtomicI64::new(0);
        let folder = self.data.join(format!("token-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("token");
        std::fs::write(&file, self.wire.tokens().token(fleet, instance).unwrap().reveal()).unwrap();
        Token { folder, file }
    }
}

/// A token in a file.
pub(crate) struct Token {
    pub(crate) folder: PathBuf,
    pub(crate) file: PathBuf,
}

/// A fleet whose agents come to a free port of this machine.
pub(crate) fn fleet(name: &str) -> Fleet {
    let mut fleet = Fleet::new(name);
    fleet.wire.listen = ([127, 0, 0, 1], 0).into();
    fleet.heartbeat = HEARTBEAT;
    fleet
}
