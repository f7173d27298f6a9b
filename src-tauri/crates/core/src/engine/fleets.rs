//! The fleets as the engine scales them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{AskError, Change, Effect, Engine};
use crate::{
    check::FleetCheck,
    config::Config,
    fleet::{
        Fleet, FleetMemory, Trouble,
        command::{FleetEvent, Listed, ProviderError, Refusal},
        decision::DecisionRecord,
        instance::Instance,
    },
    ids::Key,
    observation::{Cause, Failure, Observation, Phase, Phases},
    record::Record,
    scaling::{FleetMachine, LiveInstance, Step, Unwanted},
    time::Now,
};

/// What there is to see of a fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetView {
    /// Its configuration.
    pub fleet: Arc<Fleet>,
    /// Its instances that are not gone, in the order of their numbers.
    pub instances: Vec<InstanceView>,
    /// The mean of the loads that are known; nothing where none is.
    pub mean: Option<f64>,
    /// What was decided last that was to be kept.
    pub last_decision: Option<DecisionRecord>,
    /// What the provider has that bears the mark of Estatus and that nobody counts.
    pub orphans: Vec<Listed>,
    /// How many were refused that wanted to be instances.
    pub refused: BTreeMap<Refusal, u64>,
    /// Why the provider did not do what it was to do last.
    pub provider_error: Option<ProviderError>,
    /// Why nobody can be listened to.
    pub unheard: Option<String>,
    /// What is wrong, and was told.
    pub troubles: Vec<Trouble>,
    /// It is no longer configured, and has left its instances behind.
    pub left_behind: bool,
}

/// What there is to see of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceView {
    /// What is remembered of it.
    pub instance: Instance,
    /// Its load, where it is known.
    pub load: Option<f32>,
    /// For how long it has been silent; time asleep left out.
    pub silent: Duration,
    /// How many times what it said was no load.
    pub faults: u64,
}

impl InstanceView {
    fn of(live: &LiveInstance, now: Now) -> Self {
        let (instance, load) = (live.instance.clone(), live.load());
        Self { instance, load, silent: live.silence(now), faults: live.faults }
    }
}

impl Engine {
    /// Every fleet, in the order of the configuration, and those that were taken out of it and have left something behind.
    pub fn fleets(&self, now: Now) -> impl Iterator<Item = FleetView> + '_ {
        let configured = self.config.fleets.iter().map(|fleet| &fleet.name);
        let left = self.fleets.iter().filter(|(_, machine)| machine.is_gone()).map(|(name, _)| name);
        configured.chain(left).filter_map(move |name| self.fleet(name, now))
    }

    /// One fleet.
    pub fn fleet(&self, name: &str, now: Now) -> Option<FleetView> {
        let machine = self.fleets.get(name).filter(|machine| machine.is_there())?;
        Some(FleetView {
            fleet: Arc::clone(&machine.fleet),
            instances: machine.instances().map(|live| InstanceView::of(live, now)).collect(),
            mean: machine.mean(),
            last_decision: machine.last_decision().cloned(),
            orphans: machine.orphans().to_vec(),
            refused: machine.refused().clone(),
            provider_error: machine.provider_error().cloned(),
            unheard: machine.unheard().map(str::to_owned),
            troubles: machine.troubles().collect(),
            left_behind: machine.is_gone(),
        })
    }

    /// One instance of a fleet that is not gone.
    pub fn instance(&self, fleet: &str, name: &str, now: Now) -> Option<InstanceView> {
        self.fleets.get(fleet)?.instance(name).map(|live| InstanceView::of(live, now))
    }

    /// The instance of a fleet that was launched last, of those that are not gone.
    pub fn newest_instance(&self, fleet: &str) -> Option<Arc<str>> {
        self.fleets.get(fleet)?.instances().last().map(|live| Arc::clone(&live.instance.name))
    }

    /// What a look at the instances of a fleet sees at `at`: the engine alone knows which run.
    pub fn observe_fleet(&self, check: &FleetCheck, at: Timestamp) -> Observation {
        let running = self.fleets.get(&check.fleet).filter(|machine| !machine.is_gone()).map(FleetMachine::running);
        let Some(found) = running.map(|running| u32::try_from(running).unwrap_or(u32::MAX)) else {
            let unknown = Cause::FleetUnknown { fleet: check.fleet.to_string() };
            let failure = Failure::new(Phase::Assertion, unknown.clone());
            return Observation::down(at, Phases::default(), "", failure).inconclusive(unknown);
        };
        let seen = found.to_string();
        if found >= check.at_least {
            return Observation::up(at, Phases::default(), seen);
        }
        let too_few = Cause::TooFew { found, at_least: check.at_least };
        Observation::down(at, Phases::default(), seen, Failure::new(Phase::Assertion, too_few))
    }

    /// The instances of all fleets that are not gone.
    pub(super) fn living_instances(&self) -> Vec<Instance> {
        let all = self.fleets.values().flat_map(FleetMachine::instances);
        all.map(|live| live.instance.clone()).collect()
    }

    // What happens.

    pub(super) fn fleet_happened(&mut self, name: &Arc<str>, event: FleetEvent, now: Now) {
        if event == FleetEvent::Runs && !self.fleets.contains(name) {
            self.look_after(name, Vec::new(), now);
        }
        self.step_fleet(name, now, |machine, step| machine.happened(event, step));
    }

    /// Something is due of a fleet.
    pub(super) fn wake_fleet(&mut self, name: &Arc<str>, now: Now) {
        self.step_fleet(name, now, FleetMachine::wake);
    }

    /// A secret was entered.
    pub(super) fn fleets_try_again(&mut self, secret: &str, now: Now) {
        self.fleets.change_where(|_, _| true, |_, machine| machine.secret_entered(secret, now));
    }

    /// Estatus is about to quit.
    pub(super) fn quit_fleets(&mut self, now: Now) {
        let names: Vec<Arc<str>> = self.fleets.names().cloned().collect();
        for name in names {
            self.step_fleet(&name, now, FleetMachine::quit);
        }
    }

    // What the user wants.

    pub(super) fn add_instance(&mut self, fleet: &str, now: Now) -> Result<(), AskError> {
        let is_left = |name: &Arc<str>| self.fleets.get(name).is_some_and(FleetMachine::is_gone);
        let name = self.known_fleet(fleet)?;
        if is_left(&name) {
            return Err(AskError::NoSuchFleet(fleet.to_owned()));
        }
        let asked = self.step_fleet(&name, now, FleetMachine::ask_launch);
        asked.map_or(Ok(()), |asked| asked.map(drop).map_err(|why| refusal(why, fleet, "")))
    }

    /// It may take `within` to finish what it has to do.
    pub(super) fn remove_instance(
        &mut self,
        fleet: &str,
        instance: &str,
        within: Duration,
        now: Now,
    ) -> Result<(), AskError> {
        let name = self.known_fleet(fleet)?;
        let asked = self.step_fleet(&name, now, |machine, step| machine.ask_remove(instance, within, step));
        asked.map_or(Ok(()), |asked| asked.map_err(|why| refusal(why, fleet, instance)))
    }

    pub(super) fn protect_instance(
        &mut self,
        fleet: &str,
        instance: &str,
        protected: bool,
        now: Now,
    ) -> Result<(), AskError> {
        let name = self.known_fleet(fleet)?;
        let asked = self.step_fleet(&name, now, |machine, step| machine.ask_protect(instance, protected, step));
        asked.map_or(Ok(()), |asked| asked.map_err(|why| refusal(why, fleet, instance)))
    }

    fn known_fleet(&self, fleet: &str) -> Result<Arc<str>, AskError> {
        self.fleets.name_of(fleet).ok_or_else(|| AskError::NoSuchFleet(fleet.to_owned()))
    }

    // The configuration.

    /// `instances` were not gone in an earlier life of the engine.
    pub(super) fn configure_fleets(&mut self, config: &Config, instances: Vec<Instance>, now: Now) {
        let mut restored: BTreeMap<Arc<str>, Vec<Instance>> = BTreeMap::new();
        for instance in instances {
            restored.entry(Arc::clone(&instance.fleet)).or_default().push(instance);
        }
        let is_wanted = |name: &Arc<str>| config.fleets.iter().any(|fleet| fleet.name == *name);
        let is_out = |(name, machine): &(&Arc<str>, &FleetMachine)| !machine.is_gone() && !is_wanted(name);
        let out: Vec<Arc<str>> = self.fleets.iter().filter(is_out).map(|(name, _)| Arc::clone(name)).collect();
        for name in out {
            self.step_fleet(&name, now, FleetMachine::forget);
            self.publish(Change::Changed(Key::Fleet(name)));
        }
        for fleet in &config.fleets {
            match self.fleets.get(&fleet.name) {
                Some(known) if known.fleet == *fleet && !known.is_gone() => {}
                Some(_) => drop(self.step_fleet(&fleet.name, now, |machine, step| machine.configure(fleet, step))),
                None => self.scale(fleet, restored.remove(&fleet.name).unwrap_or_default(), now),
            }
            self.publish(Change::Changed(Key::Fleet(Arc::clone(&fleet.name))));
        }
        let may_leave = |(name, memory): (&Arc<str>, &FleetMemory)| memory.left.is_some().then(|| Arc::clone(name));
        for name in self.fleets.removed_memories().filter_map(may_leave) {
            restored.entry(name).or_default();
        }
        for (name, instances) in restored {
            self.look_after(&name, instances, now);
        }
    }

    fn scale(&mut self, fleet: &Arc<Fleet>, instances: Vec<Instance>, now: Now) {
        let written = self.fleets.take_back(&fleet.name);
        let before = written.clone().unwrap_or_default();
        let moved = before.left.clone().filter(|left| !left.is_where(&fleet.provider));
        let memory = FleetMemory { removed: None, left: None, ..before };
        let machine = FleetMachine::new(Arc::clone(fleet), memory, instances, now);
        self.fleets.insert(Arc::clone(&fleet.name), machine, written);
        self.step_fleet(&fleet.name, now, |machine, step| {
            if let Some(home) = moved {
                machine.retire(&home, step);
            }
            machine.begin(step);
        });
    }

    /// A fleet that is not configured has left something behind: instances, in an earlier life of the engine, or what bears its
    /// mark and is only known to the provider.
    fn look_after(&mut self, name: &Arc<str>, instances: Vec<Instance>, now: Now) {
        let written = self.fleets.take_back(name);
        let memory = FleetMemory { removed: None, ..written.clone().unwrap_or_default() };
        let machine = FleetMachine::left_behind(name, memory, instances, now);
        self.fleets.insert(Arc::clone(name), machine, written);
        self.step_fleet(name, now, FleetMachine::look_after);
    }

    // One step, and all that follows from it.

    fn step_fleet<T>(
        &mut self,
        name: &Arc<str>,
        now: Now,
        take: impl FnOnce(&mut FleetMachine, &mut Step<'_>) -> T,
    ) -> Option<T> {
        let machine = self.fleets.get_mut(name)?;
        let mut step = Step::new(now, &mut self.rng);
        let result = take(machine, &mut step);
        let fleet = Arc::clone(&machine.fleet);
        let is_over = machine.is_over();
        if is_over {
            machine.leave();
        }
        let addressed: Vec<Effect> = std::mem::take(&mut step.commands)
            .into_iter()
            .map(|command| Effect::Fleet { fleet: machine.addressed(&command), command })
            .collect();
        let Step { changed, decided, sample, looks_different, troubles, .. } = step;
        let stands_differently = !changed.is_empty() || !decided.is_empty() || !troubles.is_empty() || looks_different;
        self.records.extend(latest(changed).into_iter().map(|instance| Record::Instance(Box::new(instance))));
        self.records.extend(decided.into_iter().map(|decision| Record::Decision(Box::new(decision))));
        self.records.extend(sample.map(|sample| Record::Sample { fleet: Arc::clone(name), sample }));
        if stands_differently {
            self.publish(Change::Changed(Key::Fleet(Arc::clone(name))));
        }
        self.effects.extend(addressed);
        for change in troubles {
            self.tell_fleet(&fleet, change, now);
        }
        if is_over {
            self.fleets.remove(name, now);
            self.publish(Change::Gone(Key::Fleet(Arc::clone(name))));
        }
        Some(result)
    }
}

/// Each instance once, as it stands at last, in the order in which they changed.
fn latest(changed: Vec<Instance>) -> Vec<Instance> {
    let mut latest: Vec<Instance> = Vec::with_capacity(changed.len());
    let mut places: BTreeMap<Arc<str>, usize> = BTreeMap::new();
    for instance in changed {
        match places.get(&instance.name).and_then(|place| latest.get_mut(*place)) {
            Some(before) => *before = instance,
            None => {
                places.insert(Arc::clone(&instance.name), latest.len());
                latest.push(instance);
            }
        }
    }
    latest
}

fn refusal(why: Unwanted, fleet: &str, instance: &str) -> AskError {
    let (fleet, instance) = (fleet.to_owned(), instance.to_owned());
    match why {
        Unwanted::Full => AskError::FleetFull(fleet),
        Unwanted::NoSuchInstance => AskError::NoSuchInstance { fleet, instance },
        Unwanted::Protected => AskError::InstanceProtected(instance),
    }
}
