//! The entries of one kind: added, put back, taken out and forgotten, planned and written down. It is written once, for
//! every kind.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;

use crate::{
    ids::Key,
    input::Due,
    machine::Machine,
    memory::{Memory, Remembered},
    record::Record,
    time::{Instant, Now, later},
};

/// What is taken out of the configuration may be put back for so long; then it is forgotten.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The entries of one kind, and those that are out of the configuration but may come back.
///
/// Whatever is got to be changed is looked at in [`Registry::finish`]: what is remembered of it is to be written down if it
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

    /// Puts everything that is due of it into the calendar anew.
    fn plan(&mut self, calendar: &mut BTreeSet<(Instant, Due)>, now: Now) {
        for due in mem::take(&mut self.planned) {
            calendar.remove(&due);
        }
        self.planned = self.entry.dues(now);
        calendar.extend(self.planned.iter().cloned());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::Write;

    use super::*;

    /// The third kind of entry: a bell that rings by the hour. All that it costs is this, and a variant of `Key` and
    /// `Memory`.
    #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    pub struct BellMemory {
        rung: u32,
        removed: Option<Timestamp>,
        told: Option<String>,
    }

    #[derive(Debug)]
    struct Bell {
        name: Arc<str>,
        memory: BellMemory,
        next: Instant,
    }

    impl Remembered for BellMemory {
        fn key(name: Arc<str>) -> Key {
            Key::Bell(name)
        }

        fn recalled(memory: &Memory) -> Option<&Self> {
            if let Memory::Bell(memory) = memory { Some(memory) } else { None }
        }

        fn removed(&mut self) -> &mut Option<Timestamp> {
            &mut self.removed
        }

        fn rename_channel(&mut self, old: &str, new: &str) -> bool {
            let is_told = self.told.as_deref() == Some(old);
            self.told = if is_told { Some(new.to_owned()) } else { self.told.take() };
            is_told
        }
    }

    impl From<BellMemory> for Memory {
        fn from(memory: BellMemory) -> Self {
            Self::Bell(memory)
        }
    }

    impl Machine for Bell {
        type Memory = BellMemory;

        fn memory(&self) -> &BellMemory {
            &self.memory
        }

        fn memory_mut(&mut self) -> &mut BellMemory {
            &mut self.memory
        }

        fn dues(&self, _now: Now) -> Vec<(Instant, Due)> {
            vec![(self.next, Due::Probe(Arc::clone(&self.name)))]
        }
    }

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(hours: u32) -> Now {
        let monotonic = Instant::from_boot(HOUR * hours);
        Now { monotonic, slept: Duration::ZERO, utc: later(Timestamp::UNIX_EPOCH, HOUR * hours) }
    }

    /// What one does with an entry, a letter each: `a` adds it, or puts it back; `t` takes it out; `r` rings it; `n`
    /// renames its channel; `c` kills the engine and starts another; `h` lets an hour pass, `d` a day. Comes back with
    /// what was written down.
    fn story(deeds: &str) -> String {
        let (mut bells, mut hours, mut story) = (Registry::<Bell>::default(), 0, String::new());
        let name: Arc<str> = "bell".into();
        let mut disk = BTreeMap::new();
        for deed in deeds.chars() {
            let now = at(hours);
            match deed {
                'a' => {
                    let written = bells.take_back(&name);
                    let memory = BellMemory { removed: None, ..written.clone().unwrap_or_default() };
                    let next = now.monotonic + HOUR;
                    bells.insert(Arc::clone(&name), Bell { name: Arc::clone(&name), memory, next }, written);
                }
                't' => bells.remove(&name, now),
                'r' => {
                    if let Some(bell) = bells.get_mut(&name) {
                        bell.memory.rung += 1;
                        bell.memory.told = Some("old".to_owned());
                        bell.next = now.monotonic + HOUR;
                    }
                }
                'n' => bells.rename_channel("old", "new"),
                'c' => {
                    bells = Registry::default();
                    bells.recall(&disk, now);
                }
                'h' => hours += 1,
                _ => hours += 25,
            }
            bells.forget(at(hours));
            for record in bells.finish(at(hours)) {
                let Record::Memory { of, memory } = record else { panic!("{record:?}") };
                match &memory {
                    Some(Memory::Bell(memory)) => {
                        let out = if memory.removed.is_some() { " out" } else { "" };
                        let told = memory.told.as_deref().map(|told| format!(" {told}")).unwrap_or_default();
                        write!(story, "{deed}:{}{told}{out}, ", memory.rung).unwrap();
                    }
                    _ => write!(story, "{deed}:gone, ").unwrap(),
                }
                disk.remove(&of);
                disk.extend(memory.map(|memory| (of, memory)));
            }
            let due = bells.next_due().map(|(at, _)| *at);
            let expected = bells.get(&name).map(|bell| bell.next);
            assert_eq!(due, expected, "{deeds} at {deed}");
            let remembered: BTreeMap<Key, Memory> = bells.remembered().into_iter().collect();
            assert_eq!(remembered, disk, "{deeds} at {deed}: what is remembered is what was written down");
        }
        story.trim_end_matches(", ").to_owned()
    }

    #[test]
    fn every_change_in_every_state_is_remembered_and_planned() {
        let check = |deeds, wanted| assert_eq!(story(deeds), wanted, "{deeds}");
        check("a", "a:0");
        check("arr", "a:0, r:1 old, r:2 old");
        check("arn", "a:0, r:1 old, n:1 new");
        check("art", "a:0, r:1 old, t:1 old out");
        check("artn", "a:0, r:1 old, t:1 old out, n:1 new out");
        check("arta", "a:0, r:1 old, t:1 old out, a:1 old");
        check("artha", "a:0, r:1 old, t:1 old out, a:1 old");
        check("artd", "a:0, r:1 old, t:1 old out, d:gone");
        check("artda", "a:0, r:1 old, t:1 old out, d:gone, a:0");
        check("artca", "a:0, r:1 old, t:1 old out, a:1 old");
        check("artcd", "a:0, r:1 old, t:1 old out, d:gone");
        check("arcar", "a:0, r:1 old, r:2 old");
        check("arcna", "a:0, r:1 old, n:1 new");
        check("tr", "");
    }

    #[test]
    fn what_is_recalled_and_not_configured_any_more_is_out_from_then_on() {
        let mut bells = Registry::<Bell>::default();
        let memory = BellMemory { rung: 3, ..BellMemory::default() };
        bells.recall(&[(Key::Bell("bell".into()), Memory::Bell(memory.clone()))].into(), at(5));
        assert_eq!(bells.finish(at(5)), []);
        bells.let_go(at(5));
        let out = BellMemory { removed: Some(at(5).utc), ..memory };
        let written = Record::Memory { of: Key::Bell("bell".into()), memory: Some(Memory::Bell(out)) };
        assert_eq!((bells.finish(at(5)), bells.forgets_at()), (vec![written], Some(at(29).monotonic)));
    }
}
