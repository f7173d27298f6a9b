//! Which instances a rule removes: failed to boot, lost, still booting, of another template than the newest, least loaded,
//! oldest, in this order; never a protected one or one that a user has launched.

use std::sync::Arc;

use jiff::Timestamp;

use super::{NAMED, Seen};
use crate::fleet::{
    decision::{Rejected, Rejection},
    instance::InstanceState,
};

/// Those that a rule may remove because they are of no use, the first first.
pub(super) fn out_of_order<'a, 's>(instances: &'s [Seen<'a>]) -> Vec<&'s Seen<'a>> {
    let is_out = |seen: &&Seen<'_>| matches!(seen.state, InstanceState::Failed | InstanceState::Lost);
    let mut found: Vec<_> = instances.iter().filter(is_out).filter(|seen| seen.kept().is_none()).collect();
    found.sort_by_key(|seen| (seen.state != InstanceState::Failed, seen.launched));
    found
}

/// Whom a rule removes of those that count.
pub(super) struct Chosen<'a, 's> {
    /// These, the first first.
    pub(super) victims: Vec<Arc<str>>,
    /// It would be the turn of this one next.
    pub(super) next: Option<&'s Seen<'a>>,
    /// It would have been the turn of these.
    pub(super) kept: Vec<Rejected>,
}

/// Chooses `count` of those that count, or as many as may be removed.
pub(super) fn choose<'a, 's>(instances: &'s [Seen<'a>], count: usize) -> Chosen<'a, 's> {
    let counting = || instances.iter().filter(|seen| seen.state.counts());
    if count == 0 {
        let next = counting().filter(|seen| seen.kept().is_none()).min_by_key(|seen| rank(seen));
        return Chosen { victims: Vec::new(), next, kept: Vec::new() };
    }
    let mut turns: Vec<_> = counting().filter(|seen| seen.kept().is_none()).collect();
    if count < turns.len() {
        turns.select_nth_unstable_by_key(count, |seen| rank(seen));
    }
    let next = turns.get(count).copied();
    turns.truncate(count);
    turns.sort_unstable_by_key(|seen| rank(seen));
    let last = turns.last().map(|seen| rank(seen));
    let mut kept: Vec<_> = counting().filter_map(|seen| Some((rank(seen), seen, seen.kept()?))).collect();
    kept.retain(|(rank, ..)| next.is_none() || Some(*rank) < last);
    kept.sort_unstable_by_key(|(rank, ..)| *rank);
    kept.truncate(NAMED);
    let rejected =
        |(_, seen, why): (_, &Seen<'_>, _)| Rejected { what: Rejection::Remove { instance: seen.name.clone() }, why };
    Chosen {
        victims: turns.iter().map(|seen| seen.name.clone()).collect(),
        next,
        kept: kept.into_iter().map(rejected).collect(),
    }
}

/// The least is the first. Loads that are the same in whole per cents are the same; one that is not known is full.
fn rank<'a>(seen: &Seen<'a>) -> (u8, u8, Timestamp, &'a str) {
    let class = match seen.state {
        state if state.is_booting() => 0,
        _ if seen.outdated => 1,
        _ => 2,
    };
    (class, percent(seen.known().unwrap_or(1.0)), seen.launched, seen.name)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
fn percent(load: f64) -> u8 {
    (load * 100.0).round() as u8
}
