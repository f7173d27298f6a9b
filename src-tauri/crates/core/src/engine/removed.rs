//! What was taken out of the configuration and may come back: its memory is kept for a while, so that an edit that is
//! undone loses nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::Engine;
use crate::{
    monitor::MonitorMemory,
    program::ProgramMemory,
    record::Record,
    time::{Instant, Now, later},
};

/// The memory of what is no longer configured is kept for so long: pauses, snoozes, open incidents, what the user
/// stopped, and the messages to a channel.
pub(crate) const KEPT_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// The memories of monitors and programs that are not configured.
#[derive(Debug, Default)]
pub(super) struct Removed {
    monitors: BTreeMap<Arc<str>, Kept<MonitorMemory>>,
    programs: BTreeMap<Arc<str>, Kept<ProgramMemory>>,
}

/// A memory, and when it is forgotten.
#[derive(Debug)]
struct Kept<M> {
    memory: M,
    until: Instant,
}

impl Removed {
    /// When the next of them is forgotten.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let monitors = self.monitors.values().map(|kept| kept.until);
        monitors.chain(self.programs.values().map(|kept| kept.until)).min()
    }

    pub(super) fn monitors(&self) -> impl Iterator<Item = (Arc<str>, MonitorMemory)> + '_ {
        self.monitors.iter().map(|(name, kept)| (Arc::clone(name), kept.memory.clone()))
    }

    pub(super) fn programs(&self) -> impl Iterator<Item = (Arc<str>, ProgramMemory)> + '_ {
        self.programs.iter().map(|(name, kept)| (Arc::clone(name), kept.memory.clone()))
    }

    pub(super) fn monitor(&self, name: &str) -> Option<&MonitorMemory> {
        self.monitors.get(name).map(|kept| &kept.memory)
    }

    /// A monitor that is configured again takes its memory along.
    pub(super) fn take_monitor(&mut self, name: &str) -> Option<MonitorMemory> {
        self.monitors.remove(name).map(|kept| kept.memory)
    }

    /// A program that is configured again takes its memory along.
    pub(super) fn take_program(&mut self, name: &str) -> Option<ProgramMemory> {
        self.programs.remove(name).map(|kept| kept.memory)
    }
}

/// When what was removed at `since` is forgotten. A clock that was set back in between does not make it longer.
fn kept_until(since: jiff::Timestamp, now: Now) -> Instant {
    now.instant_of(later(since, KEPT_FOR)).min(now.monotonic + KEPT_FOR)
}

impl Engine {
    /// Keeps the memory of a monitor that is not configured.
    pub(super) fn keep_removed_monitor(&mut self, name: &Arc<str>, mut memory: MonitorMemory, now: Now) {
        let since = *memory.removed.get_or_insert(now.utc);
        self.records.push(Record::Monitor { monitor: Arc::clone(name), memory: memory.clone() });
        let kept = Kept { memory, until: kept_until(since, now) };
        self.removed.monitors.insert(Arc::clone(name), kept);
    }

    /// Keeps the memory of a program that is not configured and has ended.
    pub(super) fn keep_removed_program(&mut self, name: &Arc<str>, mut memory: ProgramMemory, now: Now) {
        let since = *memory.removed.get_or_insert(now.utc);
        self.records.push(Record::Program { program: Arc::clone(name), memory: memory.clone() });
        let kept = Kept { memory, until: kept_until(since, now) };
        self.removed.programs.insert(Arc::clone(name), kept);
    }

    /// Changes what is kept of a monitor that is not configured.
    pub(super) fn change_removed_monitor(&mut self, name: &Arc<str>, change: impl FnOnce(&mut MonitorMemory)) {
        let Some(kept) = self.removed.monitors.get_mut(name) else { return };
        change(&mut kept.memory);
        self.records.push(Record::Monitor { monitor: Arc::clone(name), memory: kept.memory.clone() });
    }

    /// Changes what is kept of a program that is not configured.
    pub(super) fn change_removed_program(&mut self, name: &Arc<str>, change: impl FnOnce(&mut ProgramMemory)) {
        let Some(kept) = self.removed.programs.get_mut(name) else { return };
        change(&mut kept.memory);
        self.records.push(Record::Program { program: Arc::clone(name), memory: kept.memory.clone() });
    }

    /// A channel has another name: what was told on it was told on that one.
    pub(super) fn rename_channel_of_removed(&mut self, old: &str, new: &str) {
        for (name, kept) in &mut self.removed.monitors {
            if kept.memory.rename_channel(old, new) {
                self.records.push(Record::Monitor { monitor: Arc::clone(name), memory: kept.memory.clone() });
            }
        }
        for (name, kept) in &mut self.removed.programs {
            if kept.memory.rename_channel(old, new) {
                self.records.push(Record::Program { program: Arc::clone(name), memory: kept.memory.clone() });
            }
        }
    }

    /// What has been out of the configuration for so long is forgotten, and its incident is over.
    pub(super) fn forget_removed(&mut self, now: Now) {
        let is_due = |until: Instant| until <= now.monotonic;
        let monitors: Vec<_> = self.removed.monitors.extract_if(.., |_, kept| is_due(kept.until)).collect();
        for (monitor, kept) in monitors {
            if let Some(id) = kept.memory.incident {
                self.close_incident(id, now.utc, None);
            }
            self.records.push(Record::MonitorGone { monitor });
        }
        let programs: Vec<_> = self.removed.programs.extract_if(.., |_, kept| is_due(kept.until)).collect();
        for (program, _) in programs {
            self.records.push(Record::ProgramGone { program });
        }
    }
}
