//! A probe has ended: what it saw counts, does not count, or is held until it is known whose fault a failure is.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    EffectId, Engine, InFlight, MonitorMachine, UnjudgedProbe,
    scope::{scope_of, suspect},
};
use crate::{
    incident::Health,
    network::{Fault, Scope},
    observation::{Cause, Observation, Verdict},
    time::{Instant, Now},
};

impl Engine {
    pub(super) fn probed(&mut self, name: &Arc<str>, id: EffectId, observation: Observation, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        let Some(flight) = watched.in_flight.take_if(|flight| flight.id == id) else { return };
        match self.inconclusive_because(name, flight, &observation, now) {
            Some(cause) => self.settle(name, observation.inconclusive(cause), flight.began, now),
            None if observation.verdict == Verdict::Down => self.suspect(name, observation, flight.began, now),
            None => self.settle(name, observation, flight.began, now),
        }
    }

    /// Why a failure does not count, as far as the clock and the calendar know.
    fn inconclusive_because(
        &self,
        name: &Arc<str>,
        flight: InFlight,
        observation: &Observation,
        now: Now,
    ) -> Option<Cause> {
        let watched = self.monitors.get(name)?;
        let cause = &observation.failure.as_ref().filter(|_| observation.verdict == Verdict::Down)?.cause;
        let far = scope_of(watched, observation) != Scope::Machine;
        let waking = flight.began < self.settles_at && far && cause.could_be_own_network();
        if flight.clock_steps != self.clock.steps() || waking {
            return Some(self.clock.last_step());
        }
        let maintained = watched.monitor.maintenance.iter().any(|maintenance| maintenance.contains(now.utc));
        if maintained {
            return Some(Cause::Maintenance);
        }
        self.inconclusive_by_ourselves(watched, observation, flight.began)
    }

    /// A failure that the own network or a parent may explain is held until they have been asked.
    fn suspect(&mut self, name: &Arc<str>, observation: Observation, began: Instant, now: Now) {
        let Some(watched) = self.monitors.get(name) else { return };
        let scope = scope_of(watched, &observation);
        let suspect = suspect(&watched.monitor.check, scope, &observation, began, now.monotonic);
        let fault = suspect.as_ref().map(|suspect| self.network.fault_known(suspect, now.monotonic));
        if fault == Some(Some(Fault::Ours)) {
            self.settle(name, observation.inconclusive(Cause::OwnNetworkOff), began, now);
            return;
        }
        if let Some(parent) = self.parent_that_is_down(name) {
            self.settle(name, observation.inconclusive(Cause::ParentDown { parent }), began, now);
            return;
        }
        let suspect = suspect.filter(|_| fault == Some(None));
        let parents = self.parents_to_ask(name, now);
        if suspect.is_none() && parents.is_empty() {
            self.settle(name, observation, began, now);
            return;
        }
        let question = suspect.as_ref().map(|suspect| self.ask_about(suspect, now));
        for parent in &parents {
            self.probe_out_of_turn(parent, now);
        }
        self.holding.insert(Arc::clone(name));
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.held = Some(Box::new(UnjudgedProbe { observation, began, suspect, question, parents }));
        }
    }

    fn parent_that_is_down(&self, name: &Arc<str>) -> Option<String> {
        let parents = &self.monitors.get(name)?.monitor.depends_on;
        let is_down = |parent: &&Arc<str>| {
            self.monitors.get(parent).is_some_and(|parent| matches!(parent.health(), Health::Down))
        };
        parents.iter().find(is_down).map(ToString::to_string)
    }

    /// The parents that must be seen before a failure counts. Where the incident is open already, less hangs on it: a
    /// parent that is well and was asked lately is left in peace.
    fn parents_to_ask(&self, name: &Arc<str>, now: Now) -> BTreeSet<Arc<str>> {
        let Some(child) = self.monitors.get(name) else { return BTreeSet::new() };
        let must_be_seen = |parent: &MonitorMachine| {
            let is_known = parent.health() == Health::Up && !parent.has_rested(now.monotonic);
            parent.is_watched() && !(child.health() == Health::Down && is_known)
        };
        let parents = child.monitor.depends_on.iter();
        parents.filter(|parent| self.monitors.get(parent).is_some_and(must_be_seen)).cloned().collect()
    }
}
