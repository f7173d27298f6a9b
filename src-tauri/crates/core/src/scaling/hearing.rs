//! What is heard of instances and of their provider.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
    time::Duration,
};

use super::{FleetMachine, SHOWS_WITHIN, Step};
use crate::{
    fleet::{
        Provider, Wire,
        command::{FleetCommand, FleetEvent, Heartbeat, Listed, Proof, ProviderError, Refusal},
        instance::InstanceState,
    },
    time::{Now, elapsed},
};

/// What a provider lists may be a moment old: only what is missing so many times in a row is no more.
const MISSED: u32 = 2;
/// So soon after it was missing for the first time it is looked for again.
const LOOKS_AGAIN: Duration = Duration::from_secs(10);

impl FleetMachine {
    pub(crate) fn happened(&mut self, event: FleetEvent, step: &mut Step<'_>) {
        match event {
            FleetEvent::Announced { announcement, name, proof, declared, from } => {
                let accepted = self.welcome(&name, proof);
                step.commands.push(FleetCommand::Answer { announcement, accepted: accepted.clone() });
                if let Some(name) = accepted {
                    self.announced(&name, &declared, from, step);
                }
            }
            FleetEvent::Heard(heartbeats) => {
                heartbeats.into_iter().for_each(|heartbeat| self.heard(&heartbeat, step));
                // That it is too much by now need not wait for its turn.
                if !self.is_high && self.is_above() {
                    self.decides_at = self.decides_at.min(step.now.monotonic);
                }
            }
            FleetEvent::Launched { instance, id } => {
                self.provider_error = None;
                match self.instances.get_mut(&instance) {
                    Some(live) => live.launched(id, step),
                    // It was forgotten meanwhile.
                    None => step.commands.push(FleetCommand::Terminate { instance, id: Some(id) }),
                }
                self.launch_succeeded();
            }
            FleetEvent::CannotLaunch { instance, error } => {
                if let Some(tries) = self.not_done(&instance, &error, step) {
                    self.launch_failed(&error, tries, step);
                }
                self.provider_error = Some(error);
            }
            FleetEvent::CannotTerminate { instance, error } => {
                let _ = self.not_done(&instance, &error, step);
                self.provider_error = Some(error);
            }
            FleetEvent::Drained { instance } => {
                let live = self.instances.get_mut(&instance);
                if let Some(live) = live.filter(|live| live.instance.state == InstanceState::Draining) {
                    live.terminate(step);
                }
            }
            FleetEvent::Terminated { instance, why } => self.is_gone_for_good(&instance, why, step),
            FleetEvent::Listed(listed) => self.listed(listed, step),
            FleetEvent::Runs => {}
            FleetEvent::CannotList(error) => {
                self.searches = false;
                self.provider_error = Some(error);
            }
            FleetEvent::Serves { .. } => self.unheard = None,
            FleetEvent::CannotServe { error } => self.unheard = Some(error),
            FleetEvent::Refused { why, .. } => self.refuse(why),
        }
    }

    /// A secret was entered: what a provider that takes it did not do is tried at once.
    pub(crate) fn secret_entered(&mut self, secret: &str, now: Now) {
        let takes_it = |provider: &Provider| provider.secrets().iter().any(|known| known.is_entered_as(secret));
        let Self { instances, fleet, .. } = self;
        instances.values_mut().filter(|live| takes_it(live.provider(fleet))).for_each(|live| live.try_now(now));
        if self.provider_error.is_some() && takes_it(&self.fleet.provider) {
            self.lists_at = self.lists_at.map(|at| at.min(now.monotonic));
        }
    }

    fn refuse(&mut self, why: Refusal) {
        *self.refused.entry(why).or_default() += 1;
    }

    /// Somebody says that he is an instance. Which, if he is.
    fn welcome(&mut self, name: &str, proof: Proof) -> Option<Arc<str>> {
        let name = self.find(name);
        let live = name.as_ref().and_then(|name| self.instances.get_mut(name));
        let fits = |enrolled: bool| match proof {
            // Who has once proved who he is must always; and a token that was used is his, or was stolen.
            Proof::None | Proof::Token => !enrolled,
            // He got it from us, though the answer may have been lost and he has not been heard since.
            Proof::Certificate => true,
        };
        let lives =
            |state: InstanceState| state.counts() || matches!(state, InstanceState::Lost | InstanceState::Draining);
        match live.filter(|live| fits(live.instance.enrolled) && lives(live.instance.state)) {
            Some(live) => {
                live.instance.enrolled |= proof != Proof::None;
                name
            }
            None => {
                self.refuse(if proof == Proof::Token { Refusal::Expired } else { Refusal::Foreign });
                None
            }
        }
    }

    /// An instance is there, and says so.
    fn announced(&mut self, name: &Arc<str>, declared: &str, from: IpAddr, step: &mut Step<'_>) {
        let Some(live) = self.instances.get_mut(name) else { return };
        let (address, declared) = match live.instance.enrolled {
            // It is heard by the connection that it has made: it is asked nowhere.
            true => {
                let from = from.to_string();
                let declared = Some(declared).filter(|declared| !declared.is_empty() && *declared != from);
                (from, declared.map(str::to_owned))
            }
            false => address_of(declared, from, &self.fleet.wire),
        };
        if live.instance.state == InstanceState::Draining {
            // What it was told before it did not hear, or has forgotten.
            step.changed.push(live.instance.clone());
            step.commands.push(FleetCommand::Drain { instance: Arc::clone(name) });
        } else {
            let was_silent = live.is_silent();
            live.announced(address, declared, step);
            self.await_others(was_silent, step);
        }
    }

    /// One that was silent is back: where the fleet is held, the others that are silent may come back too.
    fn await_others(&mut self, was_silent: bool, step: &Step<'_>) {
        if was_silent && self.is_held {
            self.instances.values_mut().filter(|live| live.is_silent()).for_each(|live| live.await_return(step.now));
        }
    }

    fn heard(&mut self, heartbeat: &Heartbeat, step: &mut Step<'_>) {
        match self.instances.get_mut(&heartbeat.instance) {
            Some(live) => {
                let was_silent = live.is_silent();
                live.heard(heartbeat.load, heartbeat.ago, step);
                self.await_others(was_silent, step);
            }
            None => step.commands.push(FleetCommand::Forget { instance: Arc::clone(&heartbeat.instance) }),
        }
    }

    /// How many tries have failed in a row, if it is an instance.
    fn not_done(&mut self, instance: &Arc<str>, error: &ProviderError, step: &mut Step<'_>) -> Option<u32> {
        self.instances.get_mut(instance).map(|live| live.not_done(error, step))
    }

    fn is_gone_for_good(&mut self, instance: &Arc<str>, why: Option<String>, step: &mut Step<'_>) {
        if let Some(mut live) = self.instances.remove(instance) {
            live.gone(why, step);
            // What it was there for is missing now.
            self.decides_at = self.decides_at.min(step.now.monotonic);
        }
    }

    /// The provider says what there is.
    fn listed(&mut self, listed: Vec<Listed>, step: &mut Step<'_>) {
        let (mut missing, mut looks_again) = (Vec::new(), false);
        // There may be ten thousand of either.
        let names = by(&listed, |listed| listed.name.as_deref());
        let ids = by(&listed, |listed| Some(&listed.id));
        // What came from somewhere else does not show here.
        for (name, live) in self.instances.iter_mut().filter(|(_, live)| live.instance.home.is_none()) {
            let instance = &mut live.instance;
            let of_name = names.get(&**name);
            let of_id = instance.id.as_ref().and_then(|id| ids.get(id.as_str()));
            let seen = of_name.into_iter().chain(of_id).max_by_key(|listed| listed.lives);
            match seen {
                Some(seen) if seen.lives => {
                    (live.was_listed, live.missed) = (true, 0);
                    if instance.outdated != seen.outdated {
                        instance.outdated = seen.outdated;
                        step.changed.push(instance.clone());
                    }
                    // Its launch was done, although nobody heard of it.
                    if instance.state == InstanceState::Launching {
                        live.launched(seen.id.clone(), step);
                    }
                }
                Some(_) => missing.push(Arc::clone(name)),
                // What was never launched does not show.
                None if instance.state == InstanceState::Launching => {}
                None => {
                    live.missed += 1;
                    let shows = live.was_listed || elapsed(instance.launched, step.now.utc) >= SHOWS_WITHIN;
                    if shows && live.missed >= MISSED {
                        missing.push(Arc::clone(name));
                    }
                    looks_again |= shows && live.missed < MISSED;
                }
            }
        }
        if looks_again {
            self.lists_at = self.lists_at.map(|at| at.min(step.now.monotonic + LOOKS_AGAIN));
        }
        for name in missing {
            self.is_gone_for_good(&name, None, step);
        }
        let known_ids: BTreeSet<&str> =
            self.instances.values().filter_map(|live| live.instance.id.as_deref()).collect();
        let is_known = |listed: &Listed| {
            let of_name = listed.name.as_ref().is_some_and(|name| self.instances.contains_key(name));
            of_name || known_ids.contains(listed.id.as_str())
        };
        // A name is never used again, whoever has forgotten that it was.
        let numbers = listed.iter().filter_map(|listed| number_of(listed.name.as_deref()?, &self.fleet.name));
        self.memory.last_instance = numbers.fold(self.memory.last_instance, u64::max);
        (self.is_known, self.searches) = (true, false);
        let orphans: Vec<Listed> = listed.into_iter().filter(|listed| listed.lives && !is_known(listed)).collect();
        step.looks_different |= orphans != self.orphans;
        self.orphans = orphans;
        self.provider_error = None;
    }
}

/// What is listed, by a name that each may have; of those with the same, one that lives, where one does.
fn by<'a>(listed: &'a [Listed], name: impl Fn(&'a Listed) -> Option<&'a str>) -> BTreeMap<&'a str, &'a Listed> {
    let mut by = BTreeMap::new();
    for one in listed {
        let Some(name) = name(one) else { continue };
        let known = by.entry(name).or_insert(one);
        if one.lives {
            *known = one;
        }
    }
    by
}

/// The number of an instance of `fleet`: 7 of `web-7`.
fn number_of(name: &str, fleet: &str) -> Option<u64> {
    name.strip_prefix(fleet)?.strip_prefix('-')?.parse().ok()
}

/// The address that is used, and the one that was declared, where that is another.
fn address_of(declared: &str, from: IpAddr, wire: &Wire) -> (String, Option<String>) {
    let (host, port) = match declared.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().ok()),
        _ => (declared, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port: u16 = port.unwrap_or(wire.agent_port);
    let with_port = |host: &str| if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let is_same = host.parse() == Ok(from) || host == "localhost" && from.is_loopback();
    if is_same || wire.trust_declared && !host.is_empty() {
        return (with_port(host), None);
    }
    (with_port(&from.to_string()), Some(declared.to_owned()).filter(|declared| !declared.is_empty()))
}
