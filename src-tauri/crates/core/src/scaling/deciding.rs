//! What is decided, and done.

use std::sync::Arc;

use jiff::Timestamp;

use super::{DRAINED_WITHIN, FleetMachine, LiveInstance, Step};
use crate::{
    fleet::{
        Policy, Trouble,
        decision::{Decision, DecisionRecord, Objection, Rejection},
        instance::InstanceState,
        planned::InForce,
        replay::Sample,
        rule::{self, FleetState, Seen},
    },
    time::{Now, elapsed},
};

/// A decision by which nothing is done is kept if it says something new, but not more often than this; that a fleet is held from
/// now on always is.
const KEPT_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// A mean load that moves by less than this looks the same.
const SEEN_MOVE: f64 = 0.01;

impl FleetMachine {
    /// Whoever is silent is judged.
    pub(super) fn judge(&mut self, step: &mut Step<'_>) {
        for live in self.instances.values_mut() {
            live.judge(step);
        }
        let lost = self.instances.values().find(|live| live.instance.state == InstanceState::Lost);
        let why = lost.map(|live| live.instance.name.to_string());
        let is_so = why.is_some();
        self.trouble(Trouble::Lost, why, is_so, step);
        self.judge_launches(step);
    }

    /// The rule is asked, and what it says is done.
    pub(super) fn decide(&mut self, step: &mut Step<'_>) {
        let decision = self.asked(step.now);
        self.needs.note(decision.need.unwrap_or_else(|| self.counted()), step.now);
        self.judge_decision(&decision, step);
        self.sample(step);
        self.tell_mean(step);
        if !decision.acts() {
            let last = self.last_decision.as_ref();
            let says_new = last.is_none_or(|last| !last.decision.says_what(&decision));
            let is_late = last.is_none_or(|last| elapsed(last.at, step.now.utc) >= KEPT_EVERY);
            let begins_to_hold = decision.is_held() && last.is_none_or(|last| !last.decision.is_held());
            if says_new && is_late || begins_to_hold {
                self.keep(decision, step);
            }
            return;
        }
        let launches = u32::try_from(decision.change).unwrap_or(0);
        let victims = decision.victims.clone();
        self.keep(decision, step);
        for victim in victims {
            self.remove(&victim, DRAINED_WITHIN, step);
        }
        for _ in 0..launches {
            self.launch(false, step);
        }
    }

    fn seen(&self, now: Now) -> Vec<Seen<'_>> {
        self.instances.values().map(|live| seen(live, now)).collect()
    }

    /// How it stands is kept once a minute, which is what the history has room for: before anything is done about it.
    fn sample(&mut self, step: &mut Step<'_>) {
        let minute = step.now.utc.as_second().div_euclid(60);
        if self.sampled.replace(minute) != Some(minute) {
            step.sample = Some(Sample::of(&self.seen(step.now), step.now.utc));
        }
    }

    /// Whoever looks is told of the mean when it has moved by so much that one sees it.
    fn tell_mean(&mut self, step: &mut Step<'_>) {
        let mean = self.mean();
        let moved = match (self.told_mean, mean) {
            (Some(told), Some(mean)) => (mean - told).abs() >= SEEN_MOVE,
            (told, mean) => told.is_some() != mean.is_some(),
        };
        if moved {
            self.told_mean = mean;
            step.looks_different = true;
        }
    }

    fn asked(&mut self, now: Now) -> Decision {
        let planned = self.planned(now.utc);
        let seen = self.seen(now);
        let FleetMachine { needs, memory, fleet, .. } = &*self;
        let (launches, replacements, turns) = (&memory.launches, &memory.replacements, &memory.turns);
        rule::decide(&FleetState { instances: &seen, needs, launches, replacements, turns, planned }, fleet, now)
    }

    /// So many are wanted by the clock.
    fn planned(&mut self, now: Timestamp) -> Option<u32> {
        let Policy::Schedule(plans) = &self.fleet.policy else { return None };
        let holds =
            |(since, in_force): &(Timestamp, InForce)| *since <= now && in_force.until.is_none_or(|until| now < until);
        let in_force = self.in_force.filter(holds).unwrap_or_else(|| (now, InForce::at(plans, now)));
        self.in_force = Some(in_force);
        in_force.1.desired
    }

    /// What is wrong, as the decision shows.
    fn judge_decision(&mut self, decision: &Decision, step: &mut Step<'_>) {
        self.is_held = decision.is_held();
        self.trouble(Trouble::Held, None, self.is_held, step);
        let launch_refused = |objection: fn(&Objection) -> bool| {
            let is_launch = |what: &Rejection| matches!(what, Rejection::Launch { .. });
            decision.rejected.iter().any(|rejected| is_launch(&rejected.what) && objection(&rejected.why))
        };
        if launch_refused(|why| matches!(why, Objection::Max { .. })) {
            let since = *self.memory.at_max_since.get_or_insert(step.now.utc);
            let is_long = elapsed(since, step.now.utc) >= self.fleet.at_max_for;
            if is_long {
                self.trouble(Trouble::AtMax, None, true, step);
            }
        } else {
            self.memory.at_max_since = None;
            self.trouble(Trouble::AtMax, None, false, step);
        }
    }

    /// Keeps a decision, and notes what later ones go by.
    pub(super) fn keep(&mut self, decision: Decision, step: &mut Step<'_>) {
        self.memory.note(&decision, &self.fleet, step.now.utc);
        self.memory.last_decision += 1;
        let record = DecisionRecord {
            number: self.memory.last_decision,
            fleet: Arc::clone(&self.fleet.name),
            at: step.now.utc,
            instances: self.counted(),
            mean: self.mean(),
            decision,
        };
        step.decided.push(record.clone());
        self.last_decision = Some(record);
    }

    fn counted(&self) -> u32 {
        u32::try_from(self.count()).unwrap_or(u32::MAX)
    }
}

fn seen(live: &LiveInstance, now: Now) -> Seen<'_> {
    let instance = &live.instance;
    Seen {
        name: &instance.name,
        state: instance.state,
        load: live.load(),
        silent: live.silence(now),
        launched: instance.launched,
        protected: instance.protected,
        by_user: instance.by_user,
        outdated: instance.outdated,
    }
}
