//! A configuration comes into force: the same difference at the start, from an empty one, as later.

use std::{collections::BTreeSet, mem, sync::Arc};

use super::{Change, Engine, MonitorMachine};
use crate::{
    config::{Config, Monitor},
    fleet::instance::Instance,
    flow::run::RunRecord,
    ids::{IncidentId, Key},
    incident::Health,
    monitor::MonitorMemory,
    network::{Purpose, Scope},
    record::JournalEntry,
    remedy::RemedyError,
    schedule,
    time::{Lasting, Now},
};

impl Engine {
    /// `runs` are not over and `instances` not gone in an earlier life of the engine, and go on.
    pub(super) fn configure(&mut self, config: Arc<Config>, runs: Vec<RunRecord>, instances: Vec<Instance>, now: Now) {
        let wanted: BTreeSet<Arc<str>> = config.monitors.iter().map(|monitor| Arc::clone(&monitor.name)).collect();
        let gone: Vec<Arc<str>> = self.monitors.names().filter(|name| !wanted.contains(*name)).cloned().collect();
        for name in gone {
            self.remove(&name, now);
        }
        let asks_again = self.config.network != config.network;
        self.network.configure(&config.network);
        let count = config.monitors.len();
        let (programs, flows) = (config.programs.len(), config.flows.len());
        self.journal(JournalEntry::Configured { monitors: count, programs, flows }, now);
        for (index, monitor) in config.monitors.iter().enumerate() {
            if self.monitors.contains(&monitor.name) {
                self.replace(monitor, now);
            } else {
                let memory = self.monitors.take_back(&monitor.name);
                self.add(monitor, memory, schedule::first(index, count), now);
            }
        }
        let before = mem::replace(&mut self.config, Arc::clone(&config));
        self.configure_programs(&config, now);
        self.configure_flows(&config, runs, now);
        self.configure_fleets(&config, instances, now);
        self.configure_channels(&before.channels, &config.channels, now);
        self.close_forgotten(now);
        for monitor in &config.monitors {
            self.pursue(&monitor.name, now);
        }
        let looks_away = self.config.monitors.iter().any(|monitor| {
            monitor.enabled && monitor.check.host().is_some_and(|host| Scope::of_host(host) != Scope::Machine)
        });
        if asks_again || looks_away && self.network.memory().credible.is_empty() {
            self.ask_network(Purpose::Confirm, now);
        }
    }

    fn add(&mut self, monitor: &Arc<Monitor>, memory: Option<MonitorMemory>, wait: std::time::Duration, now: Now) {
        let written = memory.clone();
        let mut memory = memory.unwrap_or_default();
        memory.removed = None;
        if memory.incident.is_some_and(|id| !self.incidents.contains_key(&id)) {
            memory.incident = None;
        }
        if memory.incident.is_none() && matches!(memory.health, Health::Down | Health::Recovering) {
            memory.health = Health::Unknown;
        }
        let incident = memory.incident.and_then(|id| self.incidents.get(&id));
        let down_for = incident.map(|incident| Lasting::resumed(incident.opened, now));
        let mut watched = MonitorMachine::new(Arc::clone(monitor), memory, self.seed);
        watched.down_for = down_for;
        watched.new_since = Some(now.monotonic);
        watched.memory.health = watched.tracker.health();
        watched.next_probe = Some(now.monotonic + wait);
        self.monitors.insert(Arc::clone(&monitor.name), watched, written);
        self.publish(Change::Changed(Key::Monitor(Arc::clone(&monitor.name))));
    }

    fn replace(&mut self, monitor: &Arc<Monitor>, now: Now) {
        let name = &monitor.name;
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if watched.monitor == *monitor {
            return;
        }
        let same_remedy = watched.monitor.on_down == monitor.on_down;
        watched.place = schedule::place(self.seed, name, monitor.every);
        if watched.monitor.check != monitor.check {
            watched.new_since = Some(now.monotonic);
        }
        watched.monitor = Arc::clone(monitor);
        self.cancel_probe(name);
        self.release_children(name, now);
        if !monitor.enabled {
            self.rest_healing(name, RemedyError::Paused, now);
        }
        if !same_remedy {
            self.rest_healing(name, RemedyError::Changed, now);
            self.renew_tries(name);
        }
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.next_probe = Some(now.monotonic);
        }
        self.publish(Change::Changed(Key::Monitor(Arc::clone(name))));
    }

    /// A monitor is no longer configured. What is known of it is kept for a while, and its incident is left as it is: it
    /// may come back.
    fn remove(&mut self, name: &Arc<str>, now: Now) {
        self.cancel_probe(name);
        self.release_children(name, now);
        self.rest_healing(name, RemedyError::Gone, now);
        self.monitors.remove(name, now);
        self.publish(Change::Gone(Key::Monitor(Arc::clone(name))));
    }

    /// An incident that no monitor knows of cannot end by itself.
    fn close_forgotten(&mut self, now: Now) {
        let watched = self.monitors.values().filter_map(|watched| watched.memory.incident);
        let removed = self.monitors.removed_memories().filter_map(|(_, memory)| memory.incident);
        let remembered: BTreeSet<IncidentId> = watched.chain(removed).collect();
        let forgotten: Vec<IncidentId> = self.incidents.keys().filter(|id| !remembered.contains(id)).copied().collect();
        for id in forgotten {
            self.close_incident(id, now.utc, None);
        }
    }
}
