//! A fleet in a world of its own: servers that take their time to boot, and share what is asked of them.

use std::{ops::Add, sync::Arc, time::Duration};

use estatus_core::{
    fleet::{
        Fleet, FleetMemory,
        instance::InstanceState,
        needs::Needs,
        rule::{FleetState, Seen, decide},
    },
    time::{Instant, Now},
};
use jiff::Timestamp;

use crate::script::Dice;

/// The mean load of a fleet that is overloaded is above this.
const OVERLOADED: f64 = 0.8;

/// A server.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) name: Arc<str>,
    /// The second in which it was launched.
    pub(super) launched: u64,
    /// The second from which on it works.
    pub(super) works: u64,
}

/// Who scales a fleet.
pub(super) trait Scaler {
    /// So many seconds lie between two decisions.
    fn every(&self) -> u64;

    /// Over so many seconds a server takes the mean of its load, before it says it.
    fn window(&self) -> u64;

    /// How many are launched, and who is removed, where each that works says `load`.
    fn decide(&mut self, servers: &[Server], load: f64, second: u64) -> (usize, Vec<Arc<str>>);
}

/// How many seconds a server takes to boot.
#[derive(Clone, Copy)]
pub(super) struct Boots {
    pub(super) least: u64,
    pub(super) most: u64,
}

/// What came of a rule.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outcome {
    pub(super) launches: usize,
    pub(super) removals: usize,
    /// Seconds in which the fleet was overloaded.
    pub(super) overloaded: u64,
    /// Seconds of all servers.
    pub(super) cost: usize,
}

impl Add for Outcome {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            launches: self.launches + other.launches,
            removals: self.removals + other.removals,
            overloaded: self.overloaded + other.overloaded,
            cost: self.cost + other.cost,
        }
    }
}

/// A fleet, and what is asked of it.
pub(super) struct World<'a> {
    demand: &'a [f64],
    /// What was asked up to each second, taken together.
    sums: Vec<f64>,
    boots: Boots,
    dice: Dice,
    servers: Vec<Server>,
    count: u64,
}

impl<'a> World<'a> {
    /// A world that begins with so many servers. With one `seed`, the same launch takes as long whoever decides on it.
    pub(super) fn new(demand: &'a [f64], servers: u32, boots: Boots, seed: u64) -> Self {
        let mut sum = 0.0;
        let sums = demand.iter().map(|load| {
            sum += load;
            sum
        });
        let sums = std::iter::once(0.0).chain(sums).collect();
        let mut world = Self { demand, sums, boots, dice: Dice::new(seed ^ 0xb007), servers: Vec::new(), count: 0 };
        (0..servers).for_each(|_| world.launch(0, 0));
        world
    }

    pub(super) fn run(mut self, scaler: &mut dyn Scaler) -> Outcome {
        let mut outcome = Outcome::default();
        for (second, demand) in (0..).zip(self.demand) {
            if second % scaler.every() == 0 {
                let load = self.load(second, scaler.window());
                let (launched, removed) = scaler.decide(&self.servers, load, second);
                self.servers.retain(|server| !removed.contains(&server.name));
                (0..launched).for_each(|_| {
                    let Boots { least, most } = self.boots;
                    let boot = least + self.dice.below(most - least + 1);
                    self.launch(second, boot);
                });
                outcome.launches += launched;
                outcome.removals += removed.len();
            }
            outcome.overloaded += u64::from(demand / self.working(second) > OVERLOADED);
            outcome.cost += self.servers.len();
        }
        outcome
    }

    fn launch(&mut self, second: u64, boot: u64) {
        self.count += 1;
        let name = format!("web-{}", self.count).into();
        self.servers.push(Server { name, launched: second, works: second + boot });
    }

    fn working(&self, second: u64) -> f64 {
        self.servers.iter().filter(|server| server.works <= second).count() as f64
    }

    /// What each server that works says.
    fn load(&self, second: u64, window: u64) -> f64 {
        let (from, to) = (second.saturating_sub(window) as usize, second as usize);
        let mean = if from == to { self.demand[to] } else { (self.sums[to] - self.sums[from]) / (to - from) as f64 };
        (mean / self.working(second)).min(1.0)
    }
}

/// Estatus, as it scales one fleet.
pub(super) struct Estatus {
    fleet: Fleet,
    memory: FleetMemory,
    needs: Needs,
}

impl Estatus {
    pub(super) fn new(fleet: Fleet, count: u32) -> Self {
        Self { fleet, memory: FleetMemory::default(), needs: Needs::new(count, at(0)) }
    }
}

impl Scaler for Estatus {
    fn every(&self) -> u64 {
        self.fleet.heartbeat.as_secs()
    }

    fn window(&self) -> u64 {
        self.every()
    }

    fn decide(&mut self, servers: &[Server], load: f64, second: u64) -> (usize, Vec<Arc<str>>) {
        let (fleet, memory, now) = (&self.fleet, &mut self.memory, at(second));
        let instances: Vec<Seen<'_>> = servers.iter().map(|server| seen(server, load, second)).collect();
        let state = FleetState {
            instances: &instances,
            needs: &self.needs,
            launches: &memory.launches,
            replacements: &memory.replacements,
            turns: &memory.turns,
            planned: None,
        };
        let decision = decide(&state, fleet, now);
        let left = i64::from(state.count()) + i64::from(decision.change);
        assert!((i64::from(fleet.desired)..=i64::from(fleet.max)).contains(&left), "{decision:?}");
        self.needs.note(decision.need.unwrap_or(state.count()), now);
        memory.note(&decision, fleet, now.utc);
        (usize::try_from(decision.change).unwrap_or_default(), decision.victims)
    }
}

fn seen(server: &Server, load: f64, second: u64) -> Seen<'_> {
    let works = server.works <= second;
    Seen {
        name: &server.name,
        state: if works { InstanceState::Running } else { InstanceState::Booting },
        load: works.then_some(load as f32),
        silent: Duration::ZERO,
        launched: at(server.launched).utc,
        protected: false,
        by_user: false,
        outdated: false,
    }
}

fn at(second: u64) -> Now {
    let passed = Duration::from_secs(second);
    Now {
        monotonic: Instant::from_boot(passed),
        slept: Duration::ZERO,
        utc: Timestamp::UNIX_EPOCH.saturating_add(passed).unwrap(),
    }
}
