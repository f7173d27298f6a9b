//! Fleets under generated loads, scaled by each policy, and by Kubernetes' rule as their peer.
//!
//! All have the same load, and servers that take as long to boot; each sees what the servers say at the end of its own interval. A
//! table is printed for each load: how many were launched, for which share of the time the mean load was over 80 %, and what all
//! servers cost beside the least that would have kept it at what it is to be.

mod demand;
mod hpa;
mod servers;

use estatus_core::fleet::{Fleet, Policy};

pub(crate) use demand::Shape;
use hpa::Hpa;
use servers::{Boots, Estatus, Outcome, Scaler, World};

/// So many loads of each shape.
const LOADS: u64 = 100;
const BOOTS: Boots = Boots { least: 30, most: 90 };

/// Scales fleets under loads of this shape; with `ESTATUS_SEED`, under that one, which is only told.
pub(crate) fn compare(shape: Shape) {
    if let Some(seed) = std::env::var("ESTATUS_SEED").ok().and_then(|seed| seed.parse().ok()) {
        println!("{}", Table::new(shape, seed..seed + 1));
        return;
    }
    let table = Table::new(shape, 0..LOADS);
    println!("{table}");
    let [target, peer] = ["target", "HPA"].map(|name| table.total(name));
    assert!(target.launches <= peer.launches, "{table}");
    assert!(target.overloaded <= peer.overloaded, "{table}");
    let is_steady = shape == Shape::Steady;
    assert!(!is_steady || target.launches + target.removals == 0, "{table}");
}

/// Has the document's rule scale fleets whose load is always the same.
pub(crate) fn never_rests() {
    // Three are too few, and four too many.
    let demand = vec![2.0; 3601];
    let launches = |boots, heartbeat: u64| {
        let fleet = Fleet { heartbeat: std::time::Duration::from_secs(heartbeat), ..fleet(Policy::Seed) };
        World::new(&demand, 3, boots, 1).run(&mut Estatus::new(fleet, 3)).launches
    };
    let at_once = Boots { least: 0, most: 0 };
    assert_eq!((launches(at_once, 5), launches(at_once, 10)), (361, 181));
    // While one boots it launches more, and removes them all again.
    let slowly = launches(BOOTS, 5);
    assert!((340..=380).contains(&slowly), "{slowly}");
}

fn fleet(policy: Policy) -> Fleet {
    Fleet { min: 1, desired: 2, max: 40, policy, ..Fleet::new("web") }
}

/// What came of each rule under the same loads.
struct Table {
    shape: Shape,
    /// The name of the rule, and what came of it under each load.
    rows: Vec<(&'static str, Vec<Outcome>)>,
    /// So many seconds of servers would have been enough.
    ideal: f64,
    seconds: usize,
}

impl Table {
    fn new(shape: Shape, seeds: std::ops::Range<u64>) -> Self {
        let rules = ["target", "HPA", "seed", "manual"];
        let mut table = Self { shape, rows: rules.map(|rule| (rule, Vec::new())).into(), ideal: 0.0, seconds: 0 };
        for seed in seeds {
            let demand = shape.draw(seed);
            let first = needed(demand[0]) as u32;
            table.ideal += demand.iter().map(|load| needed(*load)).sum::<f64>();
            table.seconds += demand.len();
            for (rule, outcomes) in &mut table.rows {
                let mut scaler: Box<dyn Scaler> = match *rule {
                    "HPA" => Box::new(Hpa::new(Fleet::LOAD, 2, 40, first as usize)),
                    "seed" => Box::new(Estatus::new(fleet(Policy::Seed), first)),
                    "manual" => Box::new(Estatus::new(fleet(Policy::Manual), first)),
                    _ => Box::new(Estatus::new(fleet(Policy::Target), first)),
                };
                outcomes.push(World::new(&demand, first, BOOTS, seed).run(&mut *scaler));
            }
        }
        table
    }

    fn outcomes(&self, name: &str) -> &[Outcome] {
        self.rows.iter().find(|(rule, _)| *rule == name).map_or(&[], |(_, outcomes)| outcomes)
    }

    fn total(&self, name: &str) -> Outcome {
        self.outcomes(name).iter().fold(Outcome::default(), |sum, outcome| sum + *outcome)
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let loads = self.outcomes("target").len();
        writeln!(f, "{:?}, {loads} loads of {} h", self.shape, self.shape.hours())?;
        for (rule, _) in &self.rows {
            let Outcome { launches, removals, overloaded, cost } = self.total(rule);
            let (over, cost) = (overloaded as f64 / self.seconds as f64 * 100.0, cost as f64 / self.ideal);
            writeln!(
                f,
                "{rule:8}{launches:7} launches{removals:7} removals{over:9.3} % over 80 %{cost:7.3} of the ideal cost"
            )?;
        }
        let pairs = || self.outcomes("target").iter().zip(self.outcomes("HPA"));
        let launches = pairs().filter(|(target, peer)| target.launches > peer.launches).count();
        let overloaded = pairs().filter(|(target, peer)| target.overloaded > peer.overloaded).count();
        write!(
            f,
            "target launched more than HPA under {launches} of them, and was overloaded for longer under {overloaded}"
        )
    }
}

/// So many keep the mean at what it is to be.
fn needed(load: f64) -> f64 {
    (load / Fleet::LOAD).ceil().max(2.0)
}
