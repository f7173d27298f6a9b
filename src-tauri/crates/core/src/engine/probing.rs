//! Probes begin: in their turn, or out of it as somebody waits for what they see; and they are given up.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Effect, Engine,
    scope::scope_of,
    watched::{InFlight, MonitorMachine},
};
use crate::{
    ids::Key,
    incident::Health,
    network::{Scope, SuspectProbe},
    time::Now,
};

/// So many peers are probed when nobody else has answered for the own network.
const PEERS: usize = 2;

impl Engine {
    pub(super) fn start_probe(&mut self, name: &Arc<str>, now: Now) {
        self.give_up_lost_probe(name, now);
        let clock_steps = self.clock.steps();
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if watched.is_busy() || !watched.is_watched() {
            return;
        }
        watched.next_probe = None;
        let id = self.owners.begin(Key::Monitor(Arc::clone(name)));
        watched.in_flight = Some(InFlight { id, began: now.monotonic, clock_steps });
        let monitor = Arc::clone(&watched.monitor);
        self.effects.push_back(Effect::StartProbe { id, monitor });
    }

    /// Nothing was heard of a probe, or of a question that it waits for, for too long.
    fn give_up_lost_probe(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get(name) else { return };
        if watched.overdue().is_none_or(|at| at > now.monotonic) {
            return;
        }
        if let Some(question) = watched.held.as_ref().and_then(|held| held.question) {
            self.network.lost(question);
        }
        self.cancel_probe(name);
    }

    /// Ends whatever is under way for a monitor without a result.
    pub(super) fn cancel_probe(&mut self, name: &Arc<str>) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        watched.held = None;
        self.holding.remove(name);
        if let Some(InFlight { id, .. }) = watched.in_flight.take() {
            self.cancel(id);
        }
    }

    /// A monitor is to be probed now, and what is under way for it began too early.
    pub(super) fn probe_anew(&mut self, name: &Arc<str>, now: Now) {
        if self.monitors.get(name).is_some_and(MonitorMachine::is_busy) {
            self.cancel_probe(name);
        }
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.next_probe = Some(now.monotonic);
        }
    }

    /// The witnesses are silent: some other hosts as far away that were well are probed. If one still is, so is the own
    /// network.
    pub(super) fn probe_peers(&mut self, now: Now) {
        let unanswered = self.network.take_unanswered(now.monotonic);
        let mut failed: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
        for name in &self.holding {
            let held = self.monitors.get(name).and_then(|watched| watched.held.as_ref());
            let Some(held) = held.filter(|held| held.question.is_some_and(|id| unanswered.contains(&id))) else {
                continue;
            };
            if let Some(SuspectProbe { scope, host, .. }) = &held.suspect {
                failed.entry(*scope).or_default().insert(host.clone());
            }
        }
        for (scope, hosts) in failed {
            for peer in self.peers(scope, &hosts, now) {
                self.probe_out_of_turn(&peer, now);
            }
        }
    }

    /// Those who have rested longest come first, and of those the ones that are looked at most often anyway.
    fn peers(&self, scope: Scope, failed: &BTreeSet<String>, now: Now) -> Vec<Arc<str>> {
        let mut hosts: BTreeSet<&str> = failed.iter().map(String::as_str).collect();
        let mut peers: Vec<&MonitorMachine> = self
            .monitors
            .values()
            .filter(|peer| peer.health() == Health::Up && !peer.is_busy() && peer.has_rested(now.monotonic))
            .filter(|peer| peer.last.as_ref().is_some_and(|last| scope_of(peer, last) == scope))
            .collect();
        peers.sort_by_key(|peer| (peer.out_of_turn, peer.monitor.every));
        peers
            .into_iter()
            .filter(|peer| peer.monitor.check.host().is_some_and(|host| hosts.insert(host)))
            .take(PEERS)
            .map(|peer| Arc::clone(&peer.monitor.name))
            .collect()
    }

    pub(super) fn probe_out_of_turn(&mut self, name: &Arc<str>, now: Now) {
        if let Some(watched) = self.monitors.get_mut(name).filter(|watched| !watched.is_busy()) {
            watched.out_of_turn = Some(now.monotonic);
        }
        self.start_probe(name, now);
    }
}
