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
/// A mean load is above another if it is by more than what comes of reckoning.
const NOISE: f64 = 1e-6;
/// It is decided at least so often in a replay: as often as samples are.
const SELDOM: Duration = Duration::from_secs(60);

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
    /// The share of the time in which the mean load was above [`OVERLOADED`], from 0 to 1.
    pub overloaded: f64,
    /// The share of the time in which the mean load was above what it is to be, from 0 to 1.
    pub above: f64,
    /// So many hours all instances lived, taken together.
    pub instance_hours: f64,
}

/// What really was, and what would have been.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Replay {
    /// What really was.
    pub was: Outcome,
    /// What would have been.
    pub would: Outcome,
    /// So many hours are known of; both outcomes are of these.
    pub hours: f64,
    /// How many instances there would have been at the time of each sample from which something is known.
    pub course: Vec<(Timestamp, u32)>,
}

/// How fast things go in a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// An instance takes so long to boot.
    pub boot: Duration,
    /// It is decided so often; not zero.
    pub every: Duration,
}

/// What `fleet` would have done in the time of `history`, whose oldest sample comes first.
pub fn replay(history: &[Sample], fleet: &Fleet, pace: Pace) -> Replay {
    let Some(first) = history.first() else { return Replay::default() };
    let (mut was, mut would) = (Account::default(), Account::default());
    let mut world = World::new(fleet, pace.boot, first);
    let mut course = Vec::new();
    for pair in history.windows(2) {
        let [sample, next] = pair else { continue };
        let lasts = elapsed(sample.at, next.at);
        let (Some(demand), true) = (sample.demand(), lasts <= HOLE) else { continue };
        let mut passed = Duration::ZERO;
        while passed < lasts {
            let (at, until_next) = (later(sample.at, passed), pace.every.min(lasts - passed));
            let (launched, removed) = world.scale(demand, at);
            if passed.is_zero() {
                course.push((at, world.count()));
            }
            would.launches += launched;
            would.removals += removed;
            would.spend(until_next, world.count(), demand / f64::from(world.working(at)), fleet.load);
            passed += until_next;
        }
        was.launches += next.instances.saturating_sub(sample.instances);
        was.removals += sample.instances.saturating_sub(next.instances);
        was.spend(lasts, sample.instances, demand / f64::from(sample.instances), fleet.load);
    }
    // An instance is recorded once it works, and has lived before.
    was.lived += pace.boot * was.launches;
    Replay { was: was.outcome(), would: would.outcome(), hours: hours(was.lasted), course }
}

/// The newest part of `history` that a rule for `fleet` can be tried on in so many looks at an instance, and how often it is
/// then decided: as often as `fleet` is, but seldomer before anything is left out.
pub fn affordable<'a>(history: &'a [Sample], fleet: &Fleet, looks: u64) -> (&'a [Sample], Duration) {
    let floor = fleet.desired.max(fleet.min);
    let seconds = |pair: &[Sample]| match pair {
        [one, next] => elapsed(one.at, next.at).min(HOLE).as_secs_f64(),
        _ => 0.0,
    };
    // A decision is not free of charge where there are few.
    let weight = |sample: &Sample| f64::from(sample.instances.max(floor)) + 10.0;
    #[expect(clippy::cast_precision_loss, reason = "it need not be exact")]
    let most = looks as f64 * SELDOM.as_secs_f64();
    let mut cost = 0.0;
    let mut first = history.len().saturating_sub(1);
    for (place, pair) in history.windows(2).enumerate().rev() {
        let more = pair.first().map_or(0.0, weight) * seconds(pair);
        if cost + more > most {
            break;
        }
        (cost, first) = (cost + more, place);
    }
    #[expect(clippy::cast_precision_loss, reason = "it need not be exact")]
    let needed = Duration::from_secs_f64(cost / looks.max(1) as f64);
    (history.get(first..).unwrap_or_default(), fleet.heartbeat.max(needed))
}

/// What is counted of an outcome.
#[derive(Default)]
struct Account {
    launches: u32,
    removals: u32,
    lasted: Duration,
    overloaded: Duration,
    above: Duration,
    lived: Duration,
}

impl Account {
    /// For so long there were so many, with this mean load where it is to be `load`.
    fn spend(&mut self, lasts: Duration, instances: u32, mean: f64, load: f64) {
        self.lasted += lasts;
        self.lived += lasts * instances;
        if mean > OVERLOADED {
            self.overloaded += lasts;
        }
        if mean > load + NOISE {
            self.above += lasts;
        }
    }

    fn outcome(&self) -> Outcome {
        let lasted = self.lasted.as_secs_f64();
        let share = |of: Duration| if lasted > 0.0 { of.as_secs_f64() / lasted } else { 0.0 };
        Outcome {
            launches: self.launches,
            removals: self.removals,
            overloaded: share(self.overloaded),
            above: share(self.above),
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

    const PACE: Pace = Pace { boot: Duration::from_secs(60), every: Duration::from_secs(10) };

    fn check(history: &[Sample], policy: Policy, was: Outcome, would: Outcome) {
        let fleet = Fleet { policy, min: 1, desired: 1, max: 10, ..Fleet::new("web") };
        let replay = replay(history, &fleet, PACE);
        let rounded = |outcome: Outcome| Outcome {
            overloaded: (outcome.overloaded * 100.0).round() / 100.0,
            above: (outcome.above * 100.0).round() / 100.0,
            instance_hours: (outcome.instance_hours * 10.0).round() / 10.0,
            ..outcome
        };
        assert_eq!((rounded(replay.was), rounded(replay.would)), (was, would));
    }

    fn outcome(launches: u32, removals: u32, [above, overloaded]: [f64; 2], instance_hours: f64) -> Outcome {
        Outcome { launches, removals, overloaded, above, instance_hours }
    }

    #[test]
    fn another_policy_is_told_side_by_side_with_what_was() {
        // For an hour there were two, half of it too few; then somebody launched two more.
        let history = history(&[(30, 2, 0.5), (30, 2, 0.9), (60, 4, 0.45)]);
        let was = outcome(2, 0, [0.25, 0.25], 6.0);
        check(&history, Policy::Target, was, outcome(1, 0, [0.01, 0.01], 5.5));
        check(&history, Policy::Manual, was, outcome(0, 0, [0.75, 0.75], 4.0));
        let plan = |from: &str, desired| Planned { from: Cron::parse(from, "UTC").unwrap(), desired };
        let plans = vec![plan("0 0 * * *", 2), plan("25 0 * * *", 4), plan("0 1 * * *", 2)];
        check(&history, Policy::Schedule(plans), was, outcome(2, 2, [0.5, 0.5], 5.2));
        let seed = replay(&history, &Fleet { policy: Policy::Seed, ..Fleet::new("web") }, PACE);
        assert!(seed.would.launches > 50, "{seed:?}");
    }

    #[test]
    fn what_nobody_saw_is_not_counted() {
        let mut history = history(&[(60, 2, 0.5), (60, 2, 0.9)]);
        history.retain(|sample| sample.at.as_second() / 600 % 2 == 0);
        for sample in history.iter_mut().take(180) {
            (sample.known, sample.load) = (0, 0.0);
        }
        let replay = replay(&history, &Fleet { policy: Policy::Manual, ..Fleet::new("web") }, PACE);
        assert!((replay.hours - 0.5).abs() < 0.01, "{replay:?}");
        assert_eq!((replay.was.overloaded, replay.would.overloaded), (1.0, 1.0));
        assert_eq!(super::replay(&[], &Fleet::new("web"), PACE), Replay::default());
    }

    #[test]
    fn it_is_decided_between_samples_as_often_as_the_fleet_is() {
        let history: Vec<Sample> = history(&[(60, 2, 0.5)]).into_iter().step_by(6).collect();
        let fleet = Fleet { policy: Policy::Seed, ..Fleet::new("web") };
        let launches = |every| {
            let pace = Pace { boot: Duration::ZERO, every: Duration::from_secs(every) };
            replay(&history, &fleet, pace).would.launches
        };
        assert!(launches(5) > 4 * launches(60), "{} {}", launches(5), launches(60));
        let course = replay(&history, &fleet, PACE).course;
        assert!(course.iter().map(|(at, _)| *at).eq(history[..59].iter().map(|sample| sample.at)));
    }

    #[test]
    fn what_would_take_too_long_is_tried_on_the_newest_part_and_less_often() {
        let history: Vec<Sample> = history(&[(60, 90, 0.5)]).into_iter().step_by(6).collect();
        let fleet = Fleet { max: 100, ..Fleet::new("web") };
        // An hour of 90 instances, each decision 10 more: 3600 s × 100 / 5 s.
        let check = |looks, samples: usize, every| {
            let (part, decided) = affordable(&history, &fleet, looks);
            assert_eq!((part.len(), decided.as_secs()), (samples, every), "{looks}");
            assert_eq!(part.last(), history.last());
        };
        check(1_000_000, 60, 5);
        check(29_500, 60, 12);
        check(5_900, 60, 60);
        check(2_950, 30, 58);
        check(0, 1, 5);
        assert_eq!(affordable(&[], &fleet, 10).0, []);
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
