//! A configuration comes into force: the same difference at the start, from an empty one, as later.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Change, Engine, Watched};
use crate::{
    config::{Config, Monitor},
    incident::{Health, IncidentId},
    monitor::MonitorMemory,
    network::Scope,
    program::ProgramMemory,
    record::{JournalEntry, Record},
    schedule,
    time::Now,
};

impl Engine {
    pub(super) fn configure(
        &mut self,
        config: Arc<Config>,
        mut known: BTreeMap<Arc<str>, MonitorMemory>,
        known_programs: BTreeMap<Arc<str>, ProgramMemory>,
        now: Now,
    ) {
        let wanted: BTreeSet<Arc<str>> = config.monitors.iter().map(|monitor| Arc::clone(&monitor.name)).collect();
        let gone: Vec<Arc<str>> =
            self.monitors.keys().chain(known.keys()).filter(|name| !wanted.contains(*name)).cloned().collect();
        for name in gone {
            self.remove(&name, known.remove(&name), now);
        }
        let asks_again = self.config.network != config.network;
        self.network.configure(&config.network);
        for message in self.outbox.abandon(|channel| config.channels.contains_key(channel), now.utc) {
            self.write_message(message);
        }
        self.outbox.hurry(now.monotonic);
        let count = config.monitors.len();
        self.journal(JournalEntry::Configured { monitors: count, programs: config.programs.len() }, now);
        for (index, monitor) in config.monitors.iter().enumerate() {
            if self.monitors.contains_key(&monitor.name) {
                self.replace(monitor, now);
            } else {
                let memory = known.remove(&monitor.name);
                self.add(monitor, memory, schedule::first(index, count), now);
            }
        }
        self.config = Arc::clone(&config);
        self.configure_programs(&config, known_programs, now);
        self.close_forgotten(now);
        let looks_away = self.config.monitors.iter().any(|monitor| {
            monitor.enabled && monitor.check.host().is_some_and(|host| Scope::of_host(host) != Scope::Machine)
        });
        if asks_again || looks_away && self.network.memory().credible.is_empty() {
            self.ask_network(true);
        }
    }

    fn add(&mut self, monitor: &Arc<Monitor>, memory: Option<MonitorMemory>, wait: std::time::Duration, now: Now) {
        let written = memory.is_some();
        let mut memory = memory.unwrap_or_default();
        if memory.incident.is_some_and(|id| !self.incidents.contains_key(&id)) {
            memory.incident = None;
        }
        if memory.incident.is_none() && matches!(memory.health, Health::Down | Health::Recovering) {
            memory.health = Health::Unknown;
        }
        let mut watched = Watched::new(Arc::clone(monitor), memory, written, self.seed);
        watched.memory.health = watched.pulse.health();
        watched.next_probe = Some(now.monotonic + wait);
        self.monitors.insert(Arc::clone(&monitor.name), watched);
        self.resume_healing(&monitor.name, now);
        self.touched.insert(Arc::clone(&monitor.name));
        self.publish(Change::Monitor(Arc::clone(&monitor.name)));
    }

    fn replace(&mut self, monitor: &Arc<Monitor>, now: Now) {
        let name = &monitor.name;
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if watched.monitor == *monitor {
            return;
        }
        let same_remedy = watched.monitor.on_down == monitor.on_down;
        watched.place = schedule::place(self.seed, name, monitor.every);
        watched.monitor = Arc::clone(monitor);
        self.cancel_probe(name);
        self.release_children(name, now);
        if !same_remedy || !monitor.enabled {
            self.stop_healing(name, now);
        }
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.next_probe = Some(now.monotonic);
        }
        self.touched.insert(Arc::clone(name));
        self.publish(Change::Monitor(Arc::clone(name)));
    }

    fn remove(&mut self, name: &Arc<str>, memory: Option<MonitorMemory>, now: Now) {
        self.cancel_probe(name);
        self.release_children(name, now);
        self.stop_healing(name, now);
        let watched = self.monitors.remove(name);
        if let Some(watched) = &watched {
            for due in &watched.planned {
                self.due.remove(due);
            }
        }
        let incident = watched.and_then(|watched| watched.memory.incident).or(memory.and_then(|known| known.incident));
        if let Some(id) = incident {
            self.close_incident(id, now.utc);
        }
        self.touched.remove(name);
        self.records.push(Record::MonitorGone { monitor: Arc::clone(name) });
        self.publish(Change::MonitorGone(Arc::clone(name)));
    }

    /// An incident that no monitor knows of cannot end by itself.
    fn close_forgotten(&mut self, now: Now) {
        let remembered: BTreeSet<IncidentId> =
            self.monitors.values().filter_map(|watched| watched.memory.incident).collect();
        let forgotten: Vec<IncidentId> = self.incidents.keys().filter(|id| !remembered.contains(id)).copied().collect();
        for id in forgotten {
            self.close_incident(id, now.utc);
        }
    }
}
