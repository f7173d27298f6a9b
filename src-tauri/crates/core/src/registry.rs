//! The entries of one kind: added, put back, changed, taken out and forgotten. It is written once, for every kind.

mod entries;
#[cfg(test)]
pub(crate) mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

pub(crate) use self::entries::Entries;
use crate::{
    input::Due,
    machine::Machine,
    memory::Remembered,
    record::Record,
    time::{Instant, Now, later},
};

/// What is taken out of the configuration may be put back for so long; then it is forgotten.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The entries of one kind, and those that are out of the configuration but may come back.
///
/// Whatever is got to be changed is looked at in [`Entries::finish`]: what is remembered of it is to be written down if it
/// is another than was, and what is due of it is planned anew.
#[derive(Debug)]
pub(crate) struct Registry<M: Machine> {
    // Boxed, as the nodes of a map keep room for more than they hold.
    entries: BTreeMap<Arc<str>, Box<Registered<M>>>,
    removed: BTreeMap<Arc<str>, Removed<M::Memory>>,
    /// What was got to be changed.
    dirty: Vec<Arc<str>>,
    /// What is due of them all.
    calendar: BTreeSet<(Instant, Due)>,
    /// What is to be written down.
    unwritten: Vec<Record>,
}

#[derive(Debug)]
struct Registered<M: Machine> {
    name: Arc<str>,
    entry: M,
    /// While it is dirty: its memory as last written down, if it ever was.
    written: Option<Box<Option<M::Memory>>>,
    /// What stands of it in the calendar.
    planned: Vec<(Instant, Due)>,
}

/// A memory, and when it is forgotten.
#[derive(Debug)]
struct Removed<R> {
    memory: R,
    until: Instant,
}

impl<M: Machine> Default for Registry<M> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            removed: BTreeMap::new(),
            dirty: Vec::new(),
            calendar: BTreeSet::new(),
            unwritten: Vec::new(),
        }
    }
}

impl<M: Machine> Registry<M> {
    pub(crate) fn get(&self, name: &str) -> Option<&M> {
        self.entries.get(name).map(|registered| &registered.entry)
    }

    /// One entry, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut M> {
        let registered = self.entries.get_mut(name)?;
        registered.mark_dirty(&mut self.dirty);
        Some(&mut registered.entry)
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The name by which an entry is known here.
    pub(crate) fn name_of(&self, name: &str) -> Option<Arc<str>> {
        self.entries.get_key_value(name).map(|(name, _)| Arc::clone(name))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.entries.keys()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &M> {
        self.entries.values().map(|registered| &registered.entry)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &M)> {
        self.entries.iter().map(|(name, registered)| (name, &registered.entry))
    }

    /// Changes each entry that is `wanted`.
    pub(crate) fn change_where(
        &mut self,
        wanted: impl Fn(&Arc<str>, &M) -> bool,
        mut change: impl FnMut(&Arc<str>, &mut M),
    ) {
        for (name, registered) in self.entries.iter_mut().filter(|(name, registered)| wanted(name, &registered.entry)) {
            registered.mark_dirty(&mut self.dirty);
            change(name, &mut registered.entry);
        }
    }

    /// An entry comes in; `written` is its memory as it was last written down.
    pub(crate) fn insert(&mut self, name: Arc<str>, entry: M, written: Option<M::Memory>) {
        self.dirty.push(Arc::clone(&name));
        let written = Some(Box::new(written));
        let registered = Registered { name: Arc::clone(&name), entry, written, planned: Vec::new() };
        self.entries.insert(name, Box::new(registered));
    }

    /// The memory of an entry that comes back before it was forgotten.
    pub(crate) fn take_back(&mut self, name: &str) -> Option<M::Memory> {
        self.removed.remove(name).map(|removed| removed.memory)
    }

    /// An entry is taken out, and may come back for [`KEPT_FOR`].
    pub(crate) fn remove(&mut self, name: &Arc<str>, now: Now) {
        let Some(registered) = self.entries.remove(name) else { return };
        for due in registered.planned {
            self.calendar.remove(&due);
        }
        let mut memory = registered.entry.memory().clone();
        let since = *memory.removed().get_or_insert(now.utc);
        self.unwritten.push(written_down(name, Some(&memory)));
        let until = kept_until(since, now);
        self.removed.insert(Arc::clone(name), Removed { memory, until });
    }

    /// The names of those that are not in the configuration but may come back.
    pub(crate) fn removed_names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.removed.keys()
    }

    /// The memories of the entries that are in the configuration, and then of those that may come back.
    pub(crate) fn memories(&self) -> impl Iterator<Item = (&Arc<str>, &M::Memory)> {
        self.iter().map(|(name, entry)| (name, entry.memory())).chain(self.removed_memories())
    }

    pub(crate) fn removed_memories(&self) -> impl Iterator<Item = (&Arc<str>, &M::Memory)> {
        self.removed.iter().map(|(name, removed)| (name, &removed.memory))
    }

    /// What is remembered of an entry, be it in the configuration or not.
    pub(crate) fn memory(&self, name: &str) -> Option<&M::Memory> {
        self.get(name).map(Machine::memory).or_else(|| self.removed.get(name).map(|removed| &removed.memory))
    }

    /// Changes what is remembered of an entry, be it in the configuration or not.
    pub(crate) fn change_memory(&mut self, name: &Arc<str>, change: impl FnOnce(&mut M::Memory)) {
        if let Some(entry) = self.get_mut(name) {
            change(entry.memory_mut());
        } else if let Some(removed) = self.removed.get_mut(name) {
            change(&mut removed.memory);
            self.unwritten.push(written_down(name, Some(&removed.memory)));
        }
    }

    /// Forgets what has been out of the configuration for so long, and says what was remembered of it.
    pub(crate) fn forget(&mut self, now: Now) -> Vec<M::Memory> {
        let is_due = |removed: &Removed<M::Memory>| removed.until <= now.monotonic;
        let forgotten: Vec<_> = self.removed.extract_if(.., |_, removed| is_due(removed)).collect();
        let forget = |(name, removed): (Arc<str>, Removed<M::Memory>)| {
            self.unwritten.push(written_down::<M::Memory>(&name, None));
            removed.memory
        };
        forgotten.into_iter().map(forget).collect()
    }
}

fn written_down<R: Remembered>(name: &Arc<str>, memory: Option<&R>) -> Record {
    Record::Memory { of: R::key(Arc::clone(name)), memory: memory.cloned().map(Into::into) }
}

/// Until when what has been out of the configuration since then is kept. A clock that was set back in between does not
/// make it longer.
fn kept_until(since: Timestamp, now: Now) -> Instant {
    now.instant_of(later(since, KEPT_FOR)).min(now.monotonic + KEPT_FOR)
}

impl<M: Machine> Registered<M> {
    /// It is about to be changed: what is remembered of it now is what was written down last.
    fn mark_dirty(&mut self, dirty: &mut Vec<Arc<str>>) {
        if self.written.is_none() {
            self.written = Some(Box::new(Some(self.entry.memory().clone())));
            dirty.push(Arc::clone(&self.name));
        }
    }
}
