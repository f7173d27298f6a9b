//! The own network was looked at: whether it is on, and whose fault the failures are that waited for it.

use std::{collections::BTreeSet, sync::Arc};

use super::{Change, Engine};
use crate::{
    ids::EffectId,
    network::{Fault, NetworkAnswer, Scope},
    record::JournalEntry,
    time::Now,
};

impl Engine {
    pub(super) fn network_seen(&mut self, id: EffectId, answer: &NetworkAnswer, now: Now) {
        if !self.network.answered(id, answer) {
            return;
        }
        let mut off = BTreeSet::new();
        let mut cleared = BTreeSet::new();
        let mut judged = Vec::new();
        for name in &self.holding {
            let held = self.monitors.get(name).and_then(|watched| watched.held.as_ref());
            let Some(held) = held.filter(|held| held.question == Some(id)) else { continue };
            let Some(suspect) = &held.suspect else { continue };
            let fault = self.network.fault(suspect, answer);
            match fault {
                Fault::Ours => off.insert(suspect.scope),
                Fault::Theirs => cleared.insert(suspect.scope),
            };
            let excused = self.network.was_off_during(suspect);
            judged.push((Arc::clone(name), if excused { Fault::Ours } else { fault }));
        }
        for scope in &off {
            if self.network.found_off(*scope, now.monotonic) {
                self.journal(JournalEntry::NetworkOff { scope: *scope }, now);
                self.publish(Change::Engine);
            }
        }
        for scope in [Scope::LocalNet, Scope::Internet] {
            if !off.contains(&scope) && (cleared.contains(&scope) || self.network.is_witnessed(scope, answer)) {
                self.network_on(scope, now);
            }
        }
        for (name, fault) in judged {
            self.release(&name, fault, now);
        }
    }

    fn network_on(&mut self, scope: Scope, now: Now) {
        if !self.network.found_on(scope, now.monotonic) {
            return;
        }
        self.network_is_back(scope, now);
    }
}
