//! The entries of one kind: added, put back, taken out and forgotten, planned and written down. It is written once, for
//! every kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use crate::time::{Instant, Now, later};

/// What is taken out of the configuration may be put back for so long; then it is forgotten.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// An entry of the configuration, as the engine lives with it.
pub(crate) trait Entry {
    /// What is remembered of it over restarts.
    type Memory: Memory;
    /// What can be due of it.
    type Due: Clone + Ord;

    fn memory(&self) -> &Self::Memory;

    fn memory_mut(&mut self) -> &mut Self::Memory;

    /// All that is due of it, and when.
    fn dues(&self, now: Now) -> Vec<(Instant, Self::Due)>;
}

/// What is remembered of an entry over restarts.
pub(crate) trait Memory: Clone + PartialEq {
    /// Since when the entry has been out of the configuration, while it may still come back.
    fn removed(&mut self) -> &mut Option<Timestamp>;

    /// A channel has another name: what was told on it was told on that one. Whether there was anything.
    fn rename_channel(&mut self, old: &str, new: &str) -> bool;
}

/// The entries of one kind, and those that are out of the configuration but may come back.
///
/// Whatever is got to be changed is looked at in [`Registry::finish`]: what is remembered of it is to be written down if it
/// is another than was, and what is due of it is planned anew.
#[derive(Debug)]
pub(crate) struct Registry<E: Entry> {
    // Boxed, as the nodes of a map keep room for more than they hold.
    entries: BTreeMap<Arc<str>, Box<Registered<E>>>,
    removed: BTreeMap<Arc<str>, Removed<E::Memory>>,
    /// What was got to be changed.
    dirty: Vec<Arc<str>>,
    /// What is due of them all.
    calendar: BTreeSet<(Instant, E::Due)>,
    /// What is to be written down: the memory of an entry, or that it is forgotten.
    unwritten: Vec<(Arc<str>, Option<E::Memory>)>,
}

#[derive(Debug)]
struct Registered<E: Entry> {
    name: Arc<str>,
    entry: E,
    /// While it is dirty: its memory as last written down, if it ever was.
    written: Option<Box<Option<E::Memory>>>,
    /// What stands of it in the calendar.
    planned: Vec<(Instant, E::Due)>,
}

/// A memory, and when it is forgotten.
#[derive(Debug)]
struct Removed<M> {
    memory: M,
    until: Instant,
}

impl<E: Entry> Default for Registry<E> {
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

impl<E: Entry> Registry<E> {
    pub(crate) fn get(&self, name: &str) -> Option<&E> {
        self.entries.get(name).map(|registered| &registered.entry)
    }

    /// One entry, to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut E> {
        let registered = self.entries.get_mut(name)?;
        registered.dirty(&mut self.dirty);
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

    pub(crate) fn values(&self) -> impl Iterator<Item = &E> {
        self.entries.values().map(|registered| &registered.entry)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &E)> {
        self.entries.iter().map(|(name, registered)| (name, &registered.entry))
    }

    /// Changes each entry that is `wanted`.
    pub(crate) fn change_where(
        &mut self,
        wanted: impl Fn(&Arc<str>, &E) -> bool,
        mut change: impl FnMut(&Arc<str>, &mut E),
    ) {
        for (name, registered) in self.entries.iter_mut().filter(|(name, registered)| wanted(name, &registered.entry)) {
            registered.dirty(&mut self.dirty);
            change(name, &mut registered.entry);
        }
    }

    /// An entry comes in; `written` is its memory as it was last written down.
    pub(crate) fn insert(&mut self, name: Arc<str>, entry: E, written: Option<E::Memory>) {
        self.dirty.push(Arc::clone(&name));
        let written = Some(Box::new(written));
        let registered = Registered { name: Arc::clone(&name), entry, written, planned: Vec::new() };
        self.entries.insert(name, Box::new(registered));
    }

    /// The memory of an entry that comes back before it was forgotten.
    pub(crate) fn take_back(&mut self, name: &str) -> Option<E::Memory> {
        self.removed.remove(name).map(|removed| removed.memory)
    }

    /// An entry is taken out, and may come back for [`KEPT_FOR`].
    pub(crate) fn remove(&mut self, name: &Arc<str>, now: Now) {
        let Some(registered) = self.entries.remove(name) else { return };
        for due in registered.planned {
            self.calendar.remove(&due);
        }
        self.keep(name, registered.entry.memory().clone(), now);
    }

    /// Keeps the memory of an entry that is not in the configuration.
    pub(crate) fn keep(&mut self, name: &Arc<str>, mut memory: E::Memory, now: Now) {
        let since = *memory.removed().get_or_insert(now.utc);
        self.unwritten.push((Arc::clone(name), Some(memory.clone())));
        // A clock that was set back in between does not make it longer.
        let until = now.instant_of(later(since, KEPT_FOR)).min(now.monotonic + KEPT_FOR);
        self.removed.insert(Arc::clone(name), Removed { memory, until });
    }

    /// The memories of the entries that are in the configuration, and then of those that may come back.
    pub(crate) fn memories(&self) -> impl Iterator<Item = (&Arc<str>, &E::Memory)> {
        self.iter().map(|(name, entry)| (name, entry.memory())).chain(self.removed_memories())
    }

    pub(crate) fn removed_memories(&self) -> impl Iterator<Item = (&Arc<str>, &E::Memory)> {
        self.removed.iter().map(|(name, removed)| (name, &removed.memory))
    }

    /// What is remembered of an entry, be it in the configuration or not.
    pub(crate) fn memory(&self, name: &str) -> Option<&E::Memory> {
        self.get(name).map(Entry::memory).or_else(|| self.removed.get(name).map(|removed| &removed.memory))
    }

    /// Changes what is remembered of an entry, be it in the configuration or not.
    pub(crate) fn change_memory(&mut self, name: &Arc<str>, change: impl FnOnce(&mut E::Memory)) {
        if let Some(entry) = self.get_mut(name) {
            change(entry.memory_mut());
        } else if let Some(removed) = self.removed.get_mut(name) {
            change(&mut removed.memory);
            self.unwritten.push((Arc::clone(name), Some(removed.memory.clone())));
        }
    }

    /// A channel has another name: what was told on it was told on that one.
    pub(crate) fn rename_channel(&mut self, old: &str, new: &str) {
        let rename = |_: &Arc<str>, entry: &mut E| {
            entry.memory_mut().rename_channel(old, new);
        };
        self.change_where(|_, _| true, rename);
        for (name, removed) in &mut self.removed {
            if removed.memory.rename_channel(old, new) {
                self.unwritten.push((Arc::clone(name), Some(removed.memory.clone())));
            }
        }
    }

    /// Forgets what has been out of the configuration for so long, and says what was remembered of it.
    pub(crate) fn forget(&mut self, now: Now) -> Vec<E::Memory> {
        let is_due = |removed: &Removed<E::Memory>| removed.until <= now.monotonic;
        let forgotten: Vec<_> = self.removed.extract_if(.., |_, removed| is_due(removed)).collect();
        let forget = |(name, removed): (Arc<str>, Removed<E::Memory>)| {
            self.unwritten.push((name, None));
            removed.memory
        };
        forgotten.into_iter().map(forget).collect()
    }

    /// When the next of them is to be forgotten.
    pub(crate) fn forgets_at(&self) -> Option<Instant> {
        self.removed.values().map(|removed| removed.until).min()
    }

    /// What is due next.
    pub(crate) fn next_due(&self) -> Option<&(Instant, E::Due)> {
        self.calendar.first()
    }

    /// Something that is due is being seen to.
    pub(crate) fn take_due(&mut self, due: &(Instant, E::Due)) {
        self.calendar.remove(due);
    }

    /// Plans everything anew: the clocks are not what they were.
    pub(crate) fn plan_all(&mut self, now: Now) {
        for registered in self.entries.values_mut() {
            registered.plan(&mut self.calendar, now);
        }
    }

    /// Plans what is due of whatever has changed. Comes back with what is to be written down: the memory of an entry, or
    /// that it is forgotten.
    pub(crate) fn finish(&mut self, now: Now) -> Vec<(Arc<str>, Option<E::Memory>)> {
        for name in mem::take(&mut self.dirty) {
            let Some(registered) = self.entries.get_mut(&name) else { continue };
            let Some(written) = registered.written.take() else { continue };
            registered.plan(&mut self.calendar, now);
            let memory = registered.entry.memory();
            if written.as_ref().as_ref() != Some(memory) {
                self.unwritten.push((name, Some(memory.clone())));
            }
        }
        mem::take(&mut self.unwritten)
    }
}

impl<E: Entry> Registered<E> {
    /// It is about to be changed: what is remembered of it now is what was written down last.
    fn dirty(&mut self, dirty: &mut Vec<Arc<str>>) {
        if self.written.is_none() {
            self.written = Some(Box::new(Some(self.entry.memory().clone())));
            dirty.push(Arc::clone(&self.name));
        }
    }

    /// Puts everything that is due of it into the calendar anew.
    fn plan(&mut self, calendar: &mut BTreeSet<(Instant, E::Due)>, now: Now) {
        for due in mem::take(&mut self.planned) {
            calendar.remove(&due);
        }
        self.planned = self.entry.dues(now);
        calendar.extend(self.planned.iter().cloned());
    }
}
