//! Channels come, go and are renamed, while messages wait for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use super::Engine;
use crate::{config::Channel, ids::MessageId, outbox::Waits, registry::KEPT_FOR, time::Now};

impl Engine {
    /// Where there were the channels `before` there are those of `after`: what waits for a renamed one goes to its new
    /// name, what waits for one that is gone is kept for a while, and everything else is tried again.
    pub(super) fn configure_channels(
        &mut self,
        before: &BTreeMap<String, Channel>,
        after: &BTreeMap<String, Channel>,
        now: Now,
    ) {
        for (old, new) in renamed(before, after) {
            self.rename_channel(&old, &new);
        }
        self.outbox.park(|channel| after.contains_key(channel), now.monotonic + KEPT_FOR, now.monotonic);
        self.outbox.hurry(now.monotonic);
        self.outbox.release(now.monotonic);
    }

    fn rename_channel(&mut self, old: &str, new: &str) {
        for message in self.outbox.rename(old, new) {
            self.message_left(message);
        }
        for entries in self.entries() {
            entries.rename_channel(old, new);
        }
    }

    /// Nobody has put the channel back for which a message waits.
    pub(super) fn give_up_parked(&mut self, id: MessageId, now: Now) -> bool {
        let Waits::ForItsChannel = self.outbox.waits(id) else { return false };
        if let Some(message) = self.outbox.abandon(id, self.config.language, now.utc) {
            self.message_left(message);
        }
        true
    }
}

/// The channels that have another name in `after` than in `before`: those that say the same, and then, if just one is
/// gone and just one has come, those two if they are of one kind.
fn renamed(before: &BTreeMap<String, Channel>, after: &BTreeMap<String, Channel>) -> Vec<(String, String)> {
    let mut come: BTreeSet<&String> = after.keys().filter(|name| !before.contains_key(*name)).collect();
    let mut pairs = Vec::new();
    let mut gone = Vec::new();
    for (old, channel) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
        match come.iter().find(|new| after.get(**new) == Some(channel)).copied() {
            Some(new) => {
                come.remove(new);
                pairs.push((old.clone(), new.clone()));
            }
            None => gone.push(old),
        }
    }
    if let [old] = gone[..]
        && let Some(new) = come.first().copied().filter(|_| come.len() == 1)
        && is_alike(before.get(old), after.get(new))
    {
        pairs.push((old.clone(), new.clone()));
    }
    pairs
}

fn is_alike(one: Option<&Channel>, other: Option<&Channel>) -> bool {
    one.zip(other).is_some_and(|(one, other)| mem::discriminant(one) == mem::discriminant(other))
}
