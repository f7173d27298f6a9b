use std::fmt::Write;

use super::*;
use crate::{ids::Key, memory::Memory};

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
