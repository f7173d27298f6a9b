//! What is to be done with a fleet: the rules by which it is scaled, pure.
//!
//! Whoever asks says what is seen ([`FleetState`]), and hears what to do and why ([`Decision`]). What is lost or has failed to
//! boot counts for a rule as if it were there: one that wants as many as before replaces it, and one that wants fewer
//! removes it first.

mod budget;
mod measure;
mod tally;
mod target;
#[cfg(test)]
mod tests;
mod victims;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Fleet, Policy,
    decision::{Decision, Objection, Reason, Rejected, Rejection},
    instance::InstanceState,
    needs::Needs,
};
use crate::time::Now;
use measure::{Level, Measure};
use tally::Tally;

pub use budget::{TURNS, TURNS_WITHIN};
pub use measure::BAND;
pub(crate) use measure::upper_edge;

/// So many instances at most are named in the reasons of one decision, and as many in what it rejects.
const NAMED: usize = 8;

/// What a rule sees of a fleet.
#[derive(Clone, Copy, Debug)]
pub struct FleetState<'a> {
    /// All instances that are not gone.
    pub instances: &'a [Seen<'a>],
    /// How many were needed lately.
    pub needs: &'a Needs,
    /// When instances were launched, other than in the place of others.
    pub launches: &'a [Timestamp],
    /// When instances were launched in the place of lost and failed ones.
    pub replacements: &'a [Timestamp],
    /// When the fleet turned from growing to shrinking or back.
    pub turns: &'a [Timestamp],
    /// So many are wanted by the clock now, where [`Policy::Schedule`] says so.
    pub planned: Option<u32>,
}

/// What a rule sees of an instance.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its name.
    pub name: &'a Arc<str>,
    /// How it stands.
    pub state: InstanceState,
    /// Its load, from 0 to 1, where it has said that lately.
    pub load: Option<f32>,
    /// For how long it has said no load, or since when it has announced itself; time asleep left out.
    pub silent: Duration,
    /// When it was wanted.
    pub launched: Timestamp,
    /// No rule removes it.
    pub protected: bool,
    /// A user has launched it: no rule removes it.
    pub by_user: bool,
    /// It was launched from another template than instances are launched from now.
    pub outdated: bool,
}

impl FleetState<'_> {
    /// So many are there to work, or will be.
    pub fn count(&self) -> u32 {
        let counting = self.instances.iter().filter(|seen| seen.state.counts()).count();
        u32::try_from(counting).unwrap_or(u32::MAX)
    }
}

impl Seen<'_> {
    /// Its load, if it counts: it is there to work, and the load is one.
    pub(super) fn known(&self) -> Option<f64> {
        let is_running = matches!(self.state, InstanceState::Running | InstanceState::Suspect);
        let is_load = |load: &f32| (0.0..=1.0).contains(load);
        self.load.filter(|load| is_running && is_load(load)).map(f64::from)
    }

    /// Why no rule removes it, if none does.
    const fn kept(&self) -> Option<Objection> {
        match self {
            Self { protected: true, .. } => Some(Objection::Protected),
            Self { by_user: true, .. } => Some(Objection::ByUser),
            _ => None,
        }
    }
}

/// What is to be done with `fleet`, and why.
pub fn decide(state: &FleetState<'_>, fleet: &Fleet, now: Now) -> Decision {
    let tally = Tally::of(state.instances, fleet.heartbeat);
    let measure = Measure::of(&tally, fleet.load);
    let case = Case { state, fleet, tally: &tally, measure: &measure, now };
    let mut decision = match tally.cut_off() {
        Some(why) => Decision {
            reasons: vec![measure.reason()],
            rejected: vec![Rejected { what: Rejection::Change, why }],
            ..Decision::default()
        },
        None => case.carry_out(case.wish()),
    };
    if !fleet.enabled {
        leave_to_the_user(&mut decision);
    }
    decision.need = measure.need;
    decision
}

/// What is decided on.
struct Case<'a> {
    state: &'a FleetState<'a>,
    fleet: &'a Fleet,
    tally: &'a Tally,
    measure: &'a Measure,
    now: Now,
}

/// What a rule wants.
struct Wish {
    /// So many instances that count.
    size: u32,
    reasons: Vec<Reason>,
    rejected: Vec<Rejected>,
}

impl Wish {
    fn new(size: u32, reason: Reason) -> Self {
        Self { size, reasons: vec![reason], rejected: Vec::new() }
    }

    fn reject(&mut self, what: Rejection, why: Objection) {
        self.rejected.push(Rejected { what, why });
    }
}

impl Case<'_> {
    /// What the policy wants, within what there must and may be.
    fn wish(&self) -> Wish {
        let wish = match self.fleet.policy {
            Policy::Target => self.target(),
            Policy::Seed => self.seed(),
            Policy::Manual => self.manual(),
            Policy::Schedule(_) => Wish::new(self.floor(), Reason::Scheduled { desired: self.floor() }),
        };
        self.at_most(self.at_least(wish))
    }

    /// The rule of the source document: one more if the mean load is above what it is to be; one fewer if it is below and
    /// there are more than desired.
    fn seed(&self) -> Wish {
        let (size, floor) = (self.size(), self.floor());
        let reason = self.measure.exact_reason();
        let mut wish = Wish::new(size, reason.clone());
        match reason {
            Reason::Above { .. } => wish.size = size + 1,
            Reason::Below { .. } if size > floor => wish.size = size - 1,
            Reason::Below { .. } => wish.reject(Rejection::Shrink { count: 1 }, Objection::Floor { floor }),
            _ => {}
        }
        wish
    }

    /// As many as there are: the load is only told.
    fn manual(&self) -> Wish {
        let size = self.size();
        let mut wish = Wish::new(size, self.measure.reason());
        match (self.measure.level, self.measure.need) {
            (Level::Above, Some(need)) if need > size => {
                wish.reject(Rejection::Launch { count: need - size }, Objection::OnlyUser);
            }
            (Level::Below, Some(need)) if need < size => {
                wish.reject(Rejection::Shrink { count: size - need }, Objection::OnlyUser);
            }
            _ => {}
        }
        wish
    }

    fn at_least(&self, mut wish: Wish) -> Wish {
        let (size, floor) = (self.size(), self.floor());
        if wish.size < floor {
            wish.size = floor;
            wish.reasons.push(Reason::Refill { count: size, desired: floor });
        }
        wish
    }

    fn at_most(&self, mut wish: Wish) -> Wish {
        let (size, max) = (self.size(), self.fleet.max);
        if wish.size <= max || self.is_manual() {
            return wish;
        }
        if size > max {
            wish.reasons.push(Reason::OverMax { count: size, max });
        } else {
            wish.reject(Rejection::Launch { count: wish.size - max }, Objection::Max { max });
        }
        wish.size = max;
        wish
    }

    /// With whom it is done, as far as the budgets go.
    fn carry_out(&self, wish: Wish) -> Decision {
        let mut decision = Decision { reasons: wish.reasons, rejected: wish.rejected, ..Decision::default() };
        let count = self.tally.count();
        let launches = wish.size.saturating_sub(count);
        let replaced = launches.min(self.tally.out_of_order());
        self.replace(replaced, &mut decision);
        self.launch(launches - replaced, &mut decision);
        self.remove(wish.size, &mut decision);
        leave_out_what_explains_nothing(&mut decision);
        decision
    }

    /// Has `wanted` of those that are lost or failed replaced, and the others removed; by hand those alone of the others that never
    /// came to work: Estatus has launched them in vain, and to leave them is no wish of anybody's.
    fn replace(&self, wanted: u32, decision: &mut Decision) {
        let budget = self.fleet.budget;
        let left = budget::left(self.state.replacements, budget, self.now.utc).min(wanted);
        let out_of_order = victims::out_of_order(self.state.instances);
        let surplus = out_of_order.len().saturating_sub(index(wanted));
        let (unwanted, rest) = if self.is_manual() {
            let (rest, unwanted) = out_of_order.split_at(out_of_order.len() - surplus);
            (unwanted.split_at(unwanted.partition_point(|seen| seen.state == InstanceState::Failed)).0, rest)
        } else {
            out_of_order.split_at(surplus)
        };
        let wanted = rest.iter().take(index(wanted));
        let replaced = wanted.clone().take(index(left));
        decision.victims.extend(unwanted.iter().chain(replaced.clone()).map(|seen| seen.name.clone()));
        let explained = replaced.chain(unwanted.iter().filter(|_| self.is_manual()));
        decision.reasons.extend(explained.take(NAMED).map(|seen| {
            let instance = seen.name.clone();
            match seen.state {
                InstanceState::Failed => Reason::ReplacesFailed { instance },
                _ => Reason::ReplacesLost { instance },
            }
        }));
        decision.rejected.extend(wanted.skip(index(left)).take(NAMED).map(|seen| Rejected {
            what: Rejection::Replace { instance: seen.name.clone() },
            why: budget::used_up(budget),
        }));
        decision.replaced = left;
        decision.change += change(left);
    }

    fn launch(&self, wanted: u32, decision: &mut Decision) {
        let budget = self.fleet.budget;
        let left = match self.fleet.policy {
            Policy::Seed => wanted,
            _ => budget::left(self.state.launches, budget, self.now.utc).min(wanted),
        };
        if left < wanted {
            let what = Rejection::Launch { count: wanted - left };
            decision.rejected.push(Rejected { what, why: budget::used_up(budget) });
        }
        decision.change += change(left);
    }

    /// Removes those that are more than `size`.
    fn remove(&self, size: u32, decision: &mut Decision) {
        let surplus = self.tally.count().saturating_sub(size);
        let chosen = victims::choose(self.state.instances, index(surplus));
        let removed = u32::try_from(chosen.victims.len()).unwrap_or(u32::MAX);
        decision.change -= change(removed);
        decision.victims.extend(chosen.victims);
        decision.rejected.extend(chosen.kept);
        if let (Policy::Target, Some(next)) = (&self.fleet.policy, chosen.next) {
            decision.rejected.extend(self.stays(next, size));
        }
    }

    /// Why `next`, of `size` that are left, is not removed, if that is because of the load of the others.
    fn stays(&self, next: &Seen<'_>, size: u32) -> Option<Rejected> {
        let is_low = self.measure.mean.is_some_and(|mean| mean < self.fleet.load);
        let is_asked = is_low && self.tally.booting == 0 && size > self.floor().max(1);
        let mean = is_asked.then(|| self.measure.too_much_for(size - 1)).flatten()?;
        let what = Rejection::Remove { instance: next.name.clone() };
        Some(Rejected { what, why: Objection::Mean { mean } })
    }

    /// So many instances there are for the policy.
    fn size(&self) -> u32 {
        if self.is_manual() { self.tally.count() } else { self.tally.size() }
    }

    /// To so many it is refilled, and no rule removes more.
    fn floor(&self) -> u32 {
        let planned = if let Policy::Schedule(_) = self.fleet.policy { self.state.planned } else { None };
        planned.unwrap_or(self.fleet.desired).max(self.fleet.min).min(self.fleet.max)
    }

    const fn is_manual(&self) -> bool {
        matches!(self.fleet.policy, Policy::Manual)
    }
}

/// Of what is done, only the reasons for it are told.
fn leave_out_what_explains_nothing(decision: &mut Decision) {
    let (grows, shrinks) = (decision.change > 0, decision.change < 0);
    let acts = |reason: &Reason| match reason {
        Reason::Within { .. } | Reason::NothingKnown => false,
        Reason::Above { .. } => grows,
        Reason::Below { .. } => shrinks,
        _ => true,
    };
    if decision.reasons.iter().any(acts) {
        decision.reasons.retain(acts);
    }
}

/// A fleet that is switched off is only told of.
fn leave_to_the_user(decision: &mut Decision) {
    let mut leave = |what| decision.rejected.push(Rejected { what, why: Objection::OnlyUser });
    if let Ok(count @ 1..) = u32::try_from(decision.change) {
        leave(Rejection::Launch { count });
    }
    if let Ok(count @ 1..) = u32::try_from(decision.victims.len()) {
        leave(Rejection::Shrink { count });
    }
    decision.change = 0;
    decision.replaced = 0;
    decision.victims.clear();
}

fn change(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn index(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}
