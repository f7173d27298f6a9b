//! From a probe's end to a settled observation: whose fault is a failure?

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Change, Effect, EffectId, Engine, InFlight, MonitorMachine, UnjudgedProbe};
use crate::{
    check::Check,
    ids::Key,
    incident::{Before, Health},
    monitor::HealthChange,
    network::{Fault, NetworkAnswer, PEER_RESTS, Purpose, Scope, SuspectProbe},
    observation::{Cause, Observation, Verdict},
    record::{JournalEntry, Record},
    schedule,
    signal::Signal,
    time::{Instant, Now, later},
    usage::UsedMinute,
};

/// What a probe has measured counts as much as what another has.
const PROBE_COUNTS: std::time::Duration = std::time::Duration::from_secs(1);
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

    fn ask_about(&mut self, suspect: &SuspectProbe, now: Now) -> EffectId {
        let awaited = self.network.awaited(suspect);
        if awaited.is_empty() {
            // Nothing hangs on their answer this time; it may the next.
            self.ask_network(Purpose::Learn, now);
        }
        self.ask_network(Purpose::Judge(awaited), now)
    }

    /// Asks what the own network looks like, or shares such a question under way.
    pub(super) fn ask_network(&mut self, purpose: Purpose, now: Now) -> EffectId {
        if let Some(id) = self.network.question(&purpose, now.monotonic) {
            return id;
        }
        let id = self.owners.number();
        let question = self.network.ask(id, purpose, now.monotonic);
        self.effects.push_back(Effect::AskNetwork { id, question });
        id
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

    fn probe_out_of_turn(&mut self, name: &Arc<str>, now: Now) {
        if let Some(watched) = self.monitors.get_mut(name).filter(|watched| !watched.is_busy()) {
            watched.out_of_turn = Some(now.monotonic);
        }
        self.start_probe(name, now);
    }

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

    fn release(&mut self, name: &Arc<str>, fault: Fault, now: Now) {
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

    fn network_on(&mut self, scope: Scope, now: Now) {
        if !self.network.found_on(scope, now.monotonic) {
            return;
        }
        self.network_is_back(scope, now);
    }

    /// What waited for the network need not wait any longer.
    fn network_is_back(&mut self, scope: Scope, now: Now) {
        self.journal(JournalEntry::NetworkOn { scope }, now);
        self.publish(Change::Engine);
        self.outbox.hurry(now.monotonic);
        self.ask_network(Purpose::Confirm, now);
        let waits = |watched: &MonitorMachine| {
            let excused = watched.last.as_ref().filter(|last| last.verdict == Verdict::Inconclusive);
            excused.is_some_and(|last| scope_of(watched, last) == scope) && watched.next_probe.is_some()
        };
        self.monitors.change_where(|_, it| waits(it), |_, watched| watched.next_probe = Some(now.monotonic));
    }

    /// An observation is what it is: it moves the monitor's health, and all that follows from that.
    fn settle(&mut self, name: &Arc<str>, observation: Observation, began: Instant, now: Now) {
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

    /// A monitor is to be probed now, and what is under way for it began too early.
    pub(super) fn probe_anew(&mut self, name: &Arc<str>, now: Now) {
        if self.monitors.get(name).is_some_and(MonitorMachine::is_busy) {
            self.cancel_probe(name);
        }
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.next_probe = Some(now.monotonic);
        }
    }

    /// When a monitor is looked at next whose remedy has just been done, unless that has helped.
    fn next_while_healing(&self, name: &Arc<str>, observation: &Observation, now: Now) -> Option<Instant> {
        let watched = self.monitors.get(name)?;
        let is_over = observation.verdict == Verdict::Up && watched.health() == Health::Up;
        if is_over { None } else { self.healings.looks_again(name, now.monotonic) }
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

    fn tell_network(
        &mut self,
        host: &Option<String>,
        scope: Scope,
        observation: &Observation,
        began: Instant,
        now: Now,
    ) {
        let Some(host) = host.as_ref().filter(|_| observation.verdict == Verdict::Up) else { return };
        if self.network.succeeded(scope, host, began, now.monotonic) {
            self.network_is_back(scope, now);
        }
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

impl MonitorMachine {
    /// Whether it may be probed out of its turn.
    fn has_rested(&self, now: Instant) -> bool {
        self.out_of_turn.is_none_or(|at| now.since(at) >= PEER_RESTS)
    }

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

/// An observation holds a little longer than until the next probe should end, for a machine that is busy.
const SLACK: std::time::Duration = std::time::Duration::from_secs(2);

pub(super) fn scope_of(watched: &MonitorMachine, observation: &Observation) -> Scope {
    scope_of_check(&watched.monitor.check, observation)
}

/// How far what a probe of `check` saw is.
pub(super) fn scope_of_check(check: &Check, observation: &Observation) -> Scope {
    match (check.host(), observation.remote) {
        (None, _) => Scope::Machine,
        (Some(_), _) if observation.here => Scope::Machine,
        (Some(_), Some(remote)) => Scope::of(remote),
        (Some(host), None) => Scope::of_host(host),
    }
}

/// What the own network must be asked about before a failure counts.
pub(super) fn suspect(
    check: &Check,
    scope: Scope,
    observation: &Observation,
    began: Instant,
    ended: Instant,
) -> Option<SuspectProbe> {
    let cause = &observation.failure.as_ref()?.cause;
    let in_anothers_place = check.is_plain_http() && scope == Scope::Internet;
    let possible = scope != Scope::Machine && (cause.could_be_own_network() || in_anothers_place);
    possible.then(|| SuspectProbe { scope, host: check.host().unwrap_or_default().to_owned(), began, ended })
}
