//! What the engine does with the entries of every kind alike: takes back what is remembered, plans, writes down.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
};

use super::{Registered, Registry, Removed, kept_until, written_down};
use crate::{
    ids::Key,
    input::Due,
    machine::Machine,
    memory::{Memory, Remembered},
    record::Record,
    time::{Instant, Now},
};

/// What the engine does with the entries of every kind alike.
pub(crate) trait Entries {
    /// Takes what is remembered of its kind; whatever of that is configured is then put back.
    fn recall(&mut self, memories: &BTreeMap<Key, Memory>, now: Now);

    /// Whatever was recalled and is not in the configuration has been taken out of it.
    fn let_go(&mut self, now: Now);

    /// What is remembered of them all.
    fn remembered(&self) -> Vec<(Key, Memory)>;

    /// A channel has another name: what was told on it was told on that one.
    fn rename_channel(&mut self, old: &str, new: &str);

    /// When the next of those that are not in the configuration is to be forgotten.
    fn forgets_at(&self) -> Option<Instant>;

    /// What is due next.
    fn next_due(&self) -> Option<&(Instant, Due)>;

    /// Something that is due is being seen to.
    fn take_due(&mut self, due: &(Instant, Due));

    /// Plans everything anew: the clocks are not what they were.
    fn plan_all(&mut self, now: Now);

    /// Plans what is due of whatever has changed, and comes back with what is to be written down.
    fn finish(&mut self, now: Now) -> Vec<Record>;
}

impl<M: Machine> Entries for Registry<M> {
    fn recall(&mut self, memories: &BTreeMap<Key, Memory>, now: Now) {
        for (key, memory) in memories {
            if let Some(memory) = M::Memory::recalled(memory).cloned() {
                let since = memory.clone().removed().unwrap_or(now.utc);
                self.removed.insert(Arc::clone(key.name()), Removed { memory, until: kept_until(since, now) });
            }
        }
    }

    fn let_go(&mut self, now: Now) {
        for (name, removed) in &mut self.removed {
            if removed.memory.removed().is_none() {
                *removed.memory.removed() = Some(now.utc);
                self.unwritten.push(written_down(name, Some(&removed.memory)));
            }
        }
    }

    fn remembered(&self) -> Vec<(Key, Memory)> {
        let all = self.memories().map(|(name, memory)| (M::Memory::key(Arc::clone(name)), memory.clone().into()));
        all.collect()
    }

    fn rename_channel(&mut self, old: &str, new: &str) {
        let rename = |_: &Arc<str>, entry: &mut M| {
            entry.memory_mut().rename_channel(old, new);
        };
        self.change_where(|_, _| true, rename);
        for (name, removed) in &mut self.removed {
            if removed.memory.rename_channel(old, new) {
                self.unwritten.push(written_down(name, Some(&removed.memory)));
            }
        }
    }

    fn forgets_at(&self) -> Option<Instant> {
        self.removed.values().map(|removed| removed.until).min()
    }

    fn next_due(&self) -> Option<&(Instant, Due)> {
        self.calendar.first()
    }

    fn take_due(&mut self, due: &(Instant, Due)) {
        self.calendar.remove(due);
    }

    fn plan_all(&mut self, now: Now) {
        for registered in self.entries.values_mut() {
            registered.plan(&mut self.calendar, now);
        }
    }

    fn finish(&mut self, now: Now) -> Vec<Record> {
        for name in mem::take(&mut self.dirty) {
            let Some(registered) = self.entries.get_mut(&name) else { continue };
            let Some(written) = registered.written.take() else { continue };
            registered.plan(&mut self.calendar, now);
            let memory = registered.entry.memory();
            if written.as_ref().as_ref() != Some(memory) {
                self.unwritten.push(written_down(&name, Some(memory)));
            }
        }
        mem::take(&mut self.unwritten)
    }
}

impl<M: Machine> Registered<M> {
    /// Puts everything that is due of it into the calendar anew.
    fn plan(&mut self, calendar: &mut BTreeSet<(Instant, Due)>, now: Now) {
        for due in mem::take(&mut self.planned) {
            calendar.remove(&due);
        }
        self.planned = self.entry.dues(now);
        calendar.extend(self.planned.iter().cloned());
    }
}
