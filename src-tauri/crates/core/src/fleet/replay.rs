//! What another policy would have done with the load that a fleet had: tried on what was recorded, before it is put in
//! force.
//!
//! What was asked of the fleet at a time is taken to be the sum of its loads, and to be the same however many instances share
//! it. Where all were full, more may have been asked than that: then a policy that launches earlier is better still than told.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Fleet, FleetMemory, Policy,
    instance::InstanceState,
    needs::Needs,
    planned::InForce,
    rule::{FleetState, Seen, decide},
};
use crate::time::{Instant, Now, elapsed, later};

/// A fleet whose mean load is above this is overloaded.
pub const OVERLOADED: f64 = 0.8;
/// What lies between two samples that are further apart was seen by nobody.
const HOLE: Duration = Duration::from_secs(5 * 60);

/// How a fleet stood at a time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// So many instances worked: they had announced themselves, and were not given up.
    pub instances: u32,
    /// The loads of so many of them were known.
    pub known: u32,
    /// The sum of these loads.
    pub load: f64,
}

impl Sample {
    /// How a fleet of `instances` stands.
    pub fn of(instances: &[Seen<'_>], at: Timestamp) -> Self {
        let mut sample = Self { at, instances: 0, known: 0, load: 0.0 };
        for seen in instances {
            sample.instances += u32::from(matches!(seen.state, InstanceState::Running | InstanceState::Suspect));
            if let Some(load) = seen.known() {
                sample.known += 1;
                sample.load += load;
            }
        }
        sample
    }

    /// The mean of the loads that were known.
    pub fn mean(&self) -> Option<f64> {
        (self.known > 0).then(|| self.load / f64::from(self.known))
    }

    /// What was asked of all of them, in full instances.
    fn demand(&self) -> Option<f64> {
        Some(self.mean()? * f64::from(self.instances))
    }
}

/// What came of a policy, or would have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Outcome {
    /// So many instances were launched.
    pub launches: u32,
    /// So many were removed, or lost.
    pub removals: u32,
    /// The share of the time in which the fleet was overloaded, from 0 to 1.
    pub overloaded: f64,
    /// So many hours all instances lived, taken together.
    pub instance_hours: f64,
}

/// What really was, and what would have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Replay {
    /// What really was.
    pub was: Outcome,
    /// What would have been.
    pub would: Outcome,
    /// So many hours are known of; both outcomes are of these.
    pub hours: f64,
}

/// What `fleet` would have done in the time of `history`, whose oldest sample comes first, if each instance takes `boot` to boot.
pub fn replay(history: &[Sample], fleet: &Fleet, boot: Duration) -> Replay {
    let Some(first) = history.first() else { return Replay::default() };
    let (mut was, mut would) = (Account::default(), Account::default());
    let mut world = World::new(fleet, boot, first);
    for pair in history.windows(2) {
        let [sample, next] = pair else { continue };
        let lasts = elapsed(sample.at, next.at);
        let (Some(demand), true) = (sample.demand(), lasts <= HOLE) else { continue };
        let (launched, removed) = world.scale(demand, sample.at);
        would.launches += launched;
        would.removals += removed;
        would.spend(lasts, world.count(), demand / f64::from(world.working(sample.at)));
        was.launches += next.instances.saturating_sub(sample.instances);
        was.removals += sample.instances.saturating_sub(next.instances);
        was.spend(lasts, sample.instances, demand / f64::from(sample.instances));
    }
    // An instance is recorded once it works, and has lived before.
    was.lived += boot * was.launches;
    Replay { was: was.outcome(), would: would.outcome(), hours: hours(was.lasted) }
}

/// What is counted of an outcome.
#[derive(Default)]
struct Account {
    launches: u32,
    removals: u32,
    lasted: Duration,
    overloaded: Duration,
    lived: Duration,
}

impl Account {
    /// For so long there were so many, with this mean load.
    fn spend(&mut self, lasts: Duration, instances: u32, mean: f64) {
        self.lasted += lasts;
        self.lived += lasts * instances;
        if mean > OVERLOADED {
            self.overloaded += lasts;
        }
    }

    fn outcome(&self) -> Outcome {
        let lasted = self.lasted.as_secs_f64();
        Outcome {
            launches: self.launches,
            removals: self.removals,
            overloaded: if lasted > 0.0 { self.overloaded.as_secs_f64() / lasted } else { 0.0 },
            instance_hours: hours(self.lived),
        }
    }
}

fn hours(span: Duration) -> f64 {
    span.as_secs_f64() / 3600.0
}

/// A fleet that might have been.
struct World<'a> {
    fleet: &'a Fleet,
    boot: Duration,
    began: Timestamp,
    instances: Vec<Imagined>,
    launched: u64,
    memory: FleetMemory,
    needs: Needs,
    in_force: Option<InForce>,
}

/// An instance of it.
struct Imagined {
    name: Arc<str>,
    launched: Timestamp,
    works: Timestamp,
}

impl<'a> World<'a> {
    /// It begins with as many instances as there were.
    fn new(fleet: &'a Fleet, boot: Duration, first: &Sample) -> Self {
        let mut world = Self {
            fleet,
            boot,
            began: first.at,
            instances: Vec::new(),
            launched: 0,
            memory: FleetMemory::default(),
            needs: Needs::new(first.instances, now(first.at, first.at)),
            in_force: None,
        };
        (0..first.instances).for_each(|_| world.launch(first.at, Duration::ZERO));
        world
    }

    /// Has it decided what becomes of the fleet at `at`; says how many were launched, and how many removed.
    fn scale(&mut self, demand: f64, at: Timestamp) -> (u32, u32) {
        let now = now(self.began, at);
        let load = (demand / f64::from(self.working(at))).min(1.0);
        let planned = self.planned(at);
        let instances: Vec<Seen<'_>> = self.instances.iter().map(|imagined| imagined.seen(load, at)).collect();
        let memory = &self.memory;
        let state = FleetState {
            instances: &instances,
            needs: &self.needs,
            launches: &memory.launches,
            replacements: &memory.replacements,
            turns: &memory.turns,
            planned,
        };
        let decision = decide(&state, self.fleet, now);
        let count = state.count();
        self.needs.note(decision.need.unwrap_or(count), now);
        self.memory.note(&decision, self.fleet, at);
        self.instances.retain(|imagined| !decision.victims.contains(&imagined.name));
        let launched = u32::try_from(decision.change).unwrap_or_default();
        (0..launched).for_each(|_| self.launch(at, self.boot));
        (launched, u32::try_from(decision.victims.len()).unwrap_or(u32::MAX))
    }

    /// So many are wanted by the clock.
    fn planned(&mut self, at: Timestamp) -> Option<u32> {
        let Policy::Schedule(plans) = &self.fleet.policy else { return None };
        let holds = |in_force: &InForce| in_force.until.is_none_or(|until| at < until);
        let in_force = self.in_force.filter(holds).unwrap_or_else(|| InForce::at(plans, at));
        self.in_force = Some(in_force);
        in_force.desired
    }

    fn launch(&mut self, at: Timestamp, boot: Duration) {
        self.launched += 1;
        let name = self.launched.to_string().into();
        self.instances.push(Imagined { name, launched: at, works: later(at, boot) });
    }

    fn count(&self) -> u32 {
        u32::try_from(self.instances.len()).unwrap_or(u32::MAX)
    }

    fn working(&self, at: Timestamp) -> u32 {
        let working = self.instances.iter().filter(|imagined| imagined.works <= at).count();
        u32::try_from(working).unwrap_or(u32::MAX)
    }
}

impl Imagined {
    fn seen(&self, load: f64, at: Timestamp) -> Seen<'_> {
        let works = self.works <= at;
        #[expect(clippy::cast_possible_truncation, reason = "a load is a small number, and need not be exact")]
        let load = works.then_some(load as f32);
        Seen {
            name: &self.name,
            state: if works { InstanceState::Running } else { InstanceState::Booting },
            load,
            silent: Duration::ZERO,
            launched: self.launched,
            protected: false,
            by_user: false,
            outdated: false,
        }
    }
}

fn now(began: Timestamp, at: Timestamp) -> Now {
    Now { monotonic: Instant::from_boot(elapsed(began, at)), slept: Duration::ZERO, utc: at }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::{fleet::Planned, maintenance::Cron};

    /// What was recorded: for so many minutes, so many instances with this mean load; a sample every ten seconds.
    fn history(stretches: &[(i64, u32, f64)]) -> Vec<Sample> {
        let mut samples = Vec::new();
        let mut at: Timestamp = "2026-05-04T00:00:00Z".parse().unwrap();
        for (minutes, instances, mean) in stretches {
            for _ in 0..minutes * 6 {
                samples.push(Sample {
                    at,
                    instances: *instances,
                    known: *instances,
                    load: mean * f64::from(*instances),
                });
                at += SignedDuration::from_secs(10);
            }
        }
        samples
    }

    fn check(history: &[Sample], policy: Policy, was: Outcome, would: Outcome) {
        let fleet = Fleet { policy, min: 1, desired: 1, max: 10, ..Fleet::new("web") };
        let replay = replay(history, &fleet, Duration::from_secs(60));
        let rounded = |outcome: Outcome| Outcome {
            overloaded: (outcome.overloaded * 100.0).round() / 100.0,
            instance_hours: (outcome.instance_hours * 10.0).round() / 10.0,
            ..outcome
        };
        assert_eq!((rounded(replay.was), rounded(replay.would)), (was, would));
    }

    fn outcome(launches: u32, removals: u32, overloaded: f64, instance_hours: f64) -> Outcome {
        Outcome { launches, removals, overloaded, instance_hours }
    }

    #[test]
    fn another_policy_is_told_side_by_side_with_what_was() {
        // For an hour there were two, half of it too few; then somebody launched two more.
        let history = history(&[(30, 2, 0.5), (30, 2, 0.9), (60, 4, 0.45)]);
        let was = outcome(2, 0, 0.25, 6.0);
        check(&history, Policy::Target, was, outcome(1, 0, 0.01, 5.5));
        check(&history, Policy::Manual, was, outcome(0, 0, 0.75, 4.0));
        let plan = |from: &str, desired| Planned { from: Cron::parse(from, "UTC").unwrap(), desired };
        let plans = vec![plan("0 0 * * *", 2), plan("25 0 * * *", 4), plan("0 1 * * *", 2)];
        check(&history, Policy::Schedule(plans), was, outcome(2, 2, 0.5, 5.2));
        let seed = replay(&history, &Fleet { policy: Policy::Seed, ..Fleet::new("web") }, Duration::from_secs(60));
        assert!(seed.would.launches > 50, "{seed:?}");
    }

    #[test]
    fn what_nobody_saw_is_not_counted() {
        let mut history = history(&[(60, 2, 0.5), (60, 2, 0.9)]);
        history.retain(|sample| sample.at.as_second() / 600 % 2 == 0);
        for sample in history.iter_mut().take(180) {
            (sample.known, sample.load) = (0, 0.0);
        }
        let replay = replay(&history, &Fleet { policy: Policy::Manual, ..Fleet::new("web") }, Duration::ZERO);
        assert!((replay.hours - 0.5).abs() < 0.01, "{replay:?}");
        assert_eq!((replay.was.overloaded, replay.would.overloaded), (1.0, 1.0));
        assert_eq!(super::replay(&[], &Fleet::new("web"), Duration::ZERO), Replay::default());
    }

    #[test]
    fn a_sample_is_what_is_seen_of_those_that_work() {
        let name: Arc<str> = "web-1".into();
        let at = Timestamp::UNIX_EPOCH;
        let seen = |state, load| Seen {
            name: &name,
            state,
            load,
            silent: Duration::ZERO,
            launched: at,
            protected: false,
            by_user: false,
            outdated: false,
        };
        use InstanceState as State;
        let instances = [
            seen(State::Running, Some(0.5)),
            seen(State::Running, Some(f32::NAN)),
            seen(State::Suspect, None),
            seen(State::Booting, None),
            seen(State::Draining, Some(0.9)),
        ];
        assert_eq!(Sample::of(&instances, at), Sample { at, instances: 3, known: 1, load: 0.5 });
    }
}
