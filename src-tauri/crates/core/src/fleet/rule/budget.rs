//! What may be done within an hour, and what is remembered for it.

use std::time::Duration;

use jiff::Timestamp;

use super::{change, index};
use crate::{
    fleet::{
        Direction, Fleet, FleetMemory, LaunchBudget,
        decision::{Decision, Objection, Reason},
    },
    time::earlier,
};

/// A fleet that has turned from growing to shrinking or back so many times …
pub const TURNS: u32 = 4;
/// … within so long shrinks no more.
pub const TURNS_WITHIN: Duration = Duration::from_secs(60 * 60);

/// So many launches the budget allows beside those at `times`.
pub(super) fn left(times: &[Timestamp], budget: LaunchBudget, now: Timestamp) -> u32 {
    budget.launches.saturating_sub(within(times, budget.within, now))
}

/// The budget allows no more.
pub(super) const fn used_up(budget: LaunchBudget) -> Objection {
    Objection::Budget { launches: budget.launches, seconds: budget.within.as_secs() }
}

/// So many times it has turned lately.
pub(super) fn turns(times: &[Timestamp], now: Timestamp) -> u32 {
    within(times, TURNS_WITHIN, now)
}

fn within(times: &[Timestamp], span: Duration, now: Timestamp) -> u32 {
    let since = earlier(now, span);
    // What lies in the future was noted before the clock was set back.
    let counted = times.iter().filter(|at| (since..=now).contains(at)).count();
    u32::try_from(counted).unwrap_or(u32::MAX)
}

impl FleetMemory {
    /// Notes what `decision` has done with `fleet`, as far as later ones go by it.
    pub fn note(&mut self, decision: &Decision, fleet: &Fleet, now: Timestamp) {
        let launched = u32::try_from(decision.change).unwrap_or_default().saturating_sub(decision.replaced);
        add(&mut self.launches, launched, fleet.budget, now);
        add(&mut self.replacements, decision.replaced, fleet.budget, now);
        let direction = direction(decision);
        if direction.is_some() && self.direction.is_some() && direction != self.direction {
            add(&mut self.turns, 1, LaunchBudget { launches: TURNS, within: TURNS_WITHIN }, now);
        }
        self.direction = direction.or(self.direction);
    }
}

/// Which way the load has moved it, if it has.
fn direction(decision: &Decision) -> Option<Direction> {
    let by_load = |reason: &Reason| match reason {
        Reason::Above { .. } => decision.change > change(decision.replaced),
        Reason::Below { .. } => decision.change < 0,
        _ => false,
    };
    let is_by_load = decision.reasons.iter().any(by_load);
    is_by_load.then_some(if decision.change > 0 { Direction::Growing } else { Direction::Shrinking })
}

/// Adds `count` times `now`, and forgets what no longer counts.
fn add(times: &mut Vec<Timestamp>, count: u32, budget: LaunchBudget, now: Timestamp) {
    let since = earlier(now, budget.within);
    times.retain(|at| (since..=now).contains(at));
    times.extend((0..count).map(|_| now));
    let surplus = times.len().saturating_sub(index(budget.launches));
    times.drain(..surplus);
}
