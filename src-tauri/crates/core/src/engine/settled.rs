//! An observation is what it is: it moves the health of its monitor, and all that follows from that.

use std::sync::Arc;

use super::{Change, Engine, scope::scope_of, watched::MonitorMachine};
use crate::{
    ids::Key,
    incident::{Before, Health},
    monitor::HealthChange,
    network::Fault,
    observation::{Cause, Observation, Verdict},
    record::{JournalEntry, Record},
    schedule,
    signal::Signal,
    time::{Instant, Now, later},
    usage::UsedMinute,
};

/// An observation holds a little longer than until the next probe should end, for a machine that is busy.
const SLACK: std::time::Duration = std::time::Duration::from_secs(2);

/// What a probe has measured counts as much as what another has.
const PROBE_COUNTS: std::time::Duration = std::time::Duration::from_secs(1);

impl Engine {
    pub(super) fn release(&mut self, name: &Arc<str>, fault: Fault, now: Now) {
        let Some(held) = self.monitors.get_mut(name).and_then(|watched| watched.held.as_mut()) else { return };
        held.question = None;
        held.suspect = None;
        match fault {
            Fault::Ours => self.settle_held(name, Some(Cause::OwnNetworkOff), now),
            Fault::Theirs => self.settle_if_judged(name, now),
        }
    }

    fn settle_if_judged(&mut self, name: &Arc<str>, now: Now) {
        let held = self.monitors.get(name).and_then(|watched| watched.held.as_ref());
        if held.is_some_and(|held| held.question.is_none() && held.parents.is_empty()) {
            self.settle_held(name, None, now);
        }
    }

    fn settle_held(&mut self, name: &Arc<str>, excuse: Option<Cause>, now: Now) {
        self.holding.remove(name);
        let Some(held) = self.monitors.get_mut(name).and_then(|watched| watched.held.take()) else { return };
        let observation = match excuse {
            Some(cause) => held.observation.inconclusive(cause),
            None => held.observation,
        };
        self.settle(name, observation, held.began, now);
    }

    /// An observation is what it is: it moves the monitor's health, and all that follows from that.
    pub(super) fn settle(&mut self, name: &Arc<str>, observation: Observation, began: Instant, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        let monitor = Arc::clone(&watched.monitor);
        let before = watched.tracker.health();
        let seen_before = Before {
            up_since: watched.memory.up_since,
            last_good: watched.tracker.last_good(),
            usual_latency: watched.tracker.usual_latency(),
        };
        let turn = watched.tracker.step(&observation, began, &monitor);
        let health = watched.tracker.health();
        let next =
            schedule::next(&monitor, watched.place, health, watched.tracker.bad(), &observation, began, now.monotonic);
        watched.next_probe = Some(next);
        let scope = scope_of(watched, &observation);
        let used = watched.take_used(&observation);
        let observation = Arc::new(observation);
        watched.last = Some(Arc::clone(&observation));
        self.records.push(Record::Observation {
            monitor: Arc::clone(name),
            after: watched.last_began.replace(began).map(|last| began.since(last)),
            holds_until: later(now.utc_of(next), monitor.timeout + SLACK),
            observation: Arc::clone(&observation),
        });
        self.keep_used(&Key::Monitor(Arc::clone(name)), used);
        if health != before {
            self.health_changed(name, before, health, &observation, now);
        }
        self.follow(name, turn, seen_before, &observation, now);
        self.follow_program(name, &observation, now);
        self.publish(Change::Changed(Key::Monitor(Arc::clone(name))));
        self.tell_network(&monitor.check.host().map(str::to_owned), scope, &observation, began, now);
        self.tell_children(name, observation.verdict, now);
    }

    fn health_changed(&mut self, name: &Arc<str>, from: Health, to: Health, observation: &Observation, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        watched.memory.health = to;
        watched.memory.since = Some(observation.at);
        match to {
            Health::Up => {
                watched.memory.up_since.get_or_insert(observation.at);
            }
            Health::Down => watched.memory.up_since = None,
            Health::Unknown | Health::Suspect | Health::Recovering | Health::Paused => {}
        }
        let cause = observation.failure.as_ref().map(|failure| failure.cause.clone());
        self.journal(JournalEntry::Health { monitor: Arc::clone(name), from, to, cause }, now);
        if let (Health::Suspect, Some(failure)) = (to, &observation.failure) {
            self.doubted(name, failure, now);
        }
    }

    fn follow(&mut self, name: &Arc<str>, turn: HealthChange, before: Before, observation: &Observation, now: Now) {
        match turn {
            HealthChange::WentDown { opened, cause } => self.went_down(name, opened, cause, before, observation, now),
            HealthChange::CameUp { closed } => self.signals.send(Signal::CameUp { monitor: Arc::clone(name), closed }),
            HealthChange::StillDown => self.still_down(name, observation),
            HealthChange::Nothing | HealthChange::Changed => {}
        }
        self.deliver(now);
        if observation.verdict == Verdict::Up {
            self.warn(name, observation, now);
        }
    }

    /// What a probe means for the program its monitor looks at, and for a remedy under way.
    fn follow_program(&mut self, name: &Arc<str>, observation: &Observation, now: Now) {
        self.prove_programs(name, observation, now);
        if let Some(again) = self.next_while_healing(name, observation, now)
            && let Some(watched) = self.monitors.get_mut(name)
        {
            watched.next_probe = Some(watched.next_probe.map_or(again, |next| next.min(again)));
        }
    }

    /// When a monitor is looked at next whose remedy has just been done, unless that has helped.
    fn next_while_healing(&self, name: &Arc<str>, observation: &Observation, now: Now) -> Option<Instant> {
        let watched = self.monitors.get(name)?;
        let is_over = observation.verdict == Verdict::Up && watched.health() == Health::Up;
        if is_over { None } else { self.healings.looks_again(name, now.monotonic) }
    }

    fn tell_children(&mut self, parent: &Arc<str>, verdict: Verdict, now: Now) {
        if self.holding.is_empty() {
            return;
        }
        let mut waiting = Vec::new();
        for name in &self.holding {
            let held = self.monitors.get_mut(name).and_then(|watched| watched.held.as_mut());
            if held.is_some_and(|held| held.parents.remove(parent)) {
                waiting.push(Arc::clone(name));
            }
        }
        for name in waiting {
            if verdict == Verdict::Up {
                self.settle_if_judged(&name, now);
            } else {
                self.settle_held(&name, Some(Cause::ParentDown { parent: parent.to_string() }), now);
            }
        }
    }

    /// Nobody watches `parent` any more, so nobody need wait for it.
    pub(super) fn release_children(&mut self, parent: &Arc<str>, now: Now) {
        self.tell_children(parent, Verdict::Up, now);
    }
}

impl MonitorMachine {
    /// What its probes have measured that is to be written down, now that this is what one saw. One during which the machine
    /// slept has measured the sleep, too.
    fn take_used(&mut self, observation: &Observation) -> Vec<UsedMinute> {
        let slept = observation.failure.as_ref().is_some_and(|failure| failure.cause == Cause::Slept);
        if observation.measured.is_empty() || slept {
            return Vec::new();
        }
        let used = self.used.get_or_insert_default();
        used.read(observation.at, PROBE_COUNTS, observation.measured.iter().cloned());
        used.take()
    }
}
