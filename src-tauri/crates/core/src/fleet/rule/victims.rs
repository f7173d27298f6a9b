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
    let ranks = || instances.iter().enumerate().filter(|(_, seen)| seen.state.counts()).map(rank);
    let seen = |rank: &Rank| instances.get(rank.2);
    let may_go = |rank: &Rank| seen(rank).is_some_and(|seen| seen.kept().is_none());
    if count == 0 {
        let next = ranks().filter(may_go).min();
        return Chosen { victims: Vec::new(), next: next.as_ref().and_then(seen), kept: Vec::new() };
    }
    let (mut turns, mut kept): (Vec<Rank>, Vec<Rank>) = ranks().partition(may_go);
    if count < turns.len() {
        turns.select_nth_unstable(count);
    }
    let next = turns.get(count).and_then(seen);
    let is_everybody = turns.len() < count;
    turns.truncate(count);
    turns.sort_unstable();
    kept.retain(|rank| is_everybody || Some(rank) < turns.last());
    kept.sort_unstable();
    let stays = |seen: &Seen<'_>| {
        let what = Rejection::Remove { instance: seen.name.clone() };
        Some(Rejected { what, why: seen.kept()? })
    };
    Chosen {
        victims: turns.iter().filter_map(seen).map(|seen| seen.name.clone()).collect(),
        next,
        kept: kept.iter().take(NAMED).filter_map(seen).filter_map(stays).collect(),
    }
}

/// Whose turn it is, the least first; and the place among all. Loads that are the same in whole per cents are the same; one that
/// is not known is full.
type Rank = (u16, Timestamp, usize);

fn rank((place, seen): (usize, &Seen<'_>)) -> Rank {
    let class = match seen.state {
        state if state.is_booting() => 0,
        _ if seen.outdated => 1,
        _ => 2,
    };
    (class * 1000 + percent(seen.known().unwrap_or(1.0)), seen.launched, place)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast saturates")]
fn percent(load: f64) -> u16 {
    (load * 100.0).round() as u16
}
