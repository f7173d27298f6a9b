//! How one fleet is scaled: its instances, each with a state, moved by what is heard of it, by time, by the rule and by what
//! somebody wants.
//!
//! | state | what it waits for, and what comes next |
//! |---|---|
//! | Launching | the provider to have launched it: Booting. If it cannot, it is tried again, later each time, for as long as it may take to boot: Failed. |
//! | Booting | it to announce itself: Running. If it does not in time: Failed. |
//! | Running | its heartbeats. Without them: Suspect, and Lost. |
//! | Suspect | a heartbeat: Running. Without one: Lost. |
//! | Lost, Failed | the rule to replace it: Terminating |
//! | Draining | it to have finished, for a while: Terminating |
//! | Terminating | the provider to have terminated it: Gone. If it cannot, it is tried again, later each time. |
//! | Gone | nothing: it is history |
//!
//! What is heard of instances and their provider is in `hearing.rs`, what is decided and done in `deciding.rs`, what somebody
//! wants in `wanted.rs`. An instance is on disk before it is launched, and every launch of it is one of the same name: so one
//! intent is one instance, whoever is killed in between.

mod deciding;
mod hearing;
mod live;
#[cfg(test)]
mod tests;
mod wanted;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;

pub(crate) use self::{live::LiveInstance, wanted::Unwanted};
use crate::{
    fleet::{
        Fleet, FleetMemory, Trouble,
        command::{FleetCommand, Listed, ProviderError, Refusal},
        decision::DecisionRecord,
        instance::{Instance, InstanceState},
        needs::Needs,
        replay::Sample,
    },
    input::Due,
    machine::Machine,
    schedule::Rng,
    time::{Instant, Now},
};

/// How often a provider is asked what there is.
const LIST_EVERY: Duration = Duration::from_secs(60);
/// The wait after the first try of a provider that failed; it doubles with each further one.
const RETRY_FIRST: Duration = Duration::from_secs(5);
/// The longest wait between two tries.
const RETRY_LONGEST: Duration = Duration::from_secs(300);
/// What was launched less long ago than this need not show in what a provider lists.
const SHOWS_WITHIN: Duration = Duration::from_secs(6 * 60);
/// An instance that is to be removed may take so long to finish what it has to do.
pub(crate) const DRAINED_WITHIN: Duration = Duration::from_secs(30);
/// An instance may take so long to finish where somebody wants that it takes its time.
pub(crate) const DRAINED_AT_LEISURE: Duration = Duration::from_secs(60 * 60);
/// So long after Estatus has begun nothing is decided: agents need that to come back.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

/// What a step may use, and where it says what is to be done.
pub(crate) struct Step<'a> {
    pub(crate) now: Now,
    pub(crate) rng: &'a mut Rng,
    /// What is to be done, in this order.
    pub(crate) commands: Vec<FleetCommand>,
    /// The instances that stand differently.
    pub(crate) changed: Vec<Instance>,
    /// What was decided, and is to be kept.
    pub(crate) decided: Vec<DecisionRecord>,
    /// How the fleet stands, where that is to be kept.
    pub(crate) sample: Option<Sample>,
    /// The mean of its loads is another than whoever looks was told.
    pub(crate) mean_moved: bool,
    /// What is wrong since now, and why; or is no more.
    pub(crate) troubles: Vec<TroubleChange>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(now: Now, rng: &'a mut Rng) -> Self {
        let (commands, changed) = (Vec::new(), Vec::new());
        Self { now, rng, commands, changed, decided: Vec::new(), sample: None, mean_moved: false, troubles: Vec::new() }
    }
}

/// Something is wrong with a fleet since now, or is no more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TroubleChange {
    pub(crate) trouble: Trouble,
    pub(crate) begins: bool,
    /// What the provider said, or what else there is to know.
    pub(crate) why: Option<String>,
}

/// A fleet as it is scaled.
#[derive(Debug)]
pub(crate) struct FleetMachine {
    pub(crate) fleet: Arc<Fleet>,
    pub(crate) memory: FleetMemory,
    /// Those that are not gone.
    instances: BTreeMap<Arc<str>, LiveInstance>,
    /// How many were needed lately.
    needs: Needs,
    /// How much the machine had slept when it was last looked.
    slept: Duration,
    /// When it is decided next.
    decides_at: Instant,
    /// When the provider is asked next what there is.
    lists_at: Option<Instant>,
    last_decision: Option<DecisionRecord>,
    /// Of which minute it was kept last how it stands.
    sampled: Option<i64>,
    /// The mean of the loads that was told last.
    told_mean: Option<f64>,
    /// The provider has said what there is since this engine began: before that nothing is launched beside it.
    is_known: bool,
    /// What the provider has that bears the mark of Estatus and that nobody counts.
    orphans: Vec<Listed>,
    /// How many were refused that wanted to be instances.
    refused: BTreeMap<Refusal, u64>,
    /// Why the provider did not do what it was to do last.
    provider_error: Option<ProviderError>,
    /// Why nobody can be listened to.
    unheard: Option<String>,
    /// It is no longer configured.
    gone: bool,
}

impl FleetMachine {
    /// A fleet with what is remembered of it, and its instances that are not gone.
    pub(crate) fn new(fleet: Arc<Fleet>, memory: FleetMemory, instances: Vec<Instance>, now: Now) -> Self {
        let live = |instance: Instance| (Arc::clone(&instance.name), LiveInstance::new(instance, &fleet, now));
        Self {
            memory,
            instances: instances.into_iter().map(live).collect(),
            needs: Needs::new(0, now),
            slept: now.slept,
            decides_at: now.monotonic,
            lists_at: None,
            last_decision: None,
            sampled: None,
            told_mean: None,
            is_known: false,
            orphans: Vec::new(),
            refused: BTreeMap::new(),
            provider_error: None,
            unheard: None,
            gone: false,
            fleet,
        }
    }

    /// Goes on with whatever there is.
    pub(crate) fn begin(&mut self, step: &mut Step<'_>) {
        step.commands.push(FleetCommand::Serve);
        let settles =
            if self.instances.is_empty() { Duration::ZERO } else { SETTLES_WITHIN.max(self.fleet.heartbeat * 2) };
        self.decides_at = step.now.monotonic + settles;
        self.lists_at = Some(step.now.monotonic);
        self.is_known = false;
        self.needs = Needs::new(u32::try_from(self.count()).unwrap_or(u32::MAX), step.now);
        for live in self.instances.values_mut() {
            live.go_on(&self.fleet, step);
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    /// Its instances that are not gone, in the order of their numbers.
    pub(crate) fn instances(&self) -> impl Iterator<Item = &LiveInstance> {
        let mut all: Vec<&LiveInstance> = self.instances.values().collect();
        all.sort_by_key(|live| live.instance.number);
        all.into_iter()
    }

    /// How many instances are there to work, or will be.
    pub(crate) fn count(&self) -> usize {
        self.instances.values().filter(|live| live.instance.state.counts()).count()
    }

    /// How many instances are there to work.
    pub(crate) fn running(&self) -> usize {
        self.instances.values().filter(|live| live.instance.state == InstanceState::Running).count()
    }

    /// The mean of the loads that are known; nothing where none is.
    pub(crate) fn mean(&self) -> Option<f64> {
        let loads: Vec<f64> = self.instances.values().filter_map(LiveInstance::load).map(f64::from).collect();
        #[expect(clippy::cast_precision_loss, reason = "nobody has so many instances")]
        (!loads.is_empty()).then(|| loads.iter().sum::<f64>() / loads.len() as f64)
    }

    pub(crate) fn last_decision(&self) -> Option<&DecisionRecord> {
        self.last_decision.as_ref()
    }

    pub(crate) fn orphans(&self) -> &[Listed] {
        &self.orphans
    }

    pub(crate) fn refused(&self) -> &BTreeMap<Refusal, u64> {
        &self.refused
    }

    pub(crate) fn provider_error(&self) -> Option<&ProviderError> {
        self.provider_error.as_ref()
    }

    pub(crate) fn unheard(&self) -> Option<&str> {
        self.unheard.as_deref()
    }

    /// Whatever is due is done.
    pub(crate) fn wake(&mut self, step: &mut Step<'_>) {
        if self.gone {
            return;
        }
        self.notice_sleep(step.now);
        for live in self.instances.values_mut() {
            live.wake(step);
        }
        if self.lists_at.is_some_and(|at| at <= step.now.monotonic) {
            self.lists_at = Some(step.now.monotonic + LIST_EVERY);
            step.commands.push(FleetCommand::List);
        }
        if self.is_known && self.decides_at <= step.now.monotonic {
            self.decides_at = step.now.monotonic + self.fleet.heartbeat;
            self.judge(step);
            self.decide(step);
        }
    }

    fn notice_sleep(&mut self, now: Now) {
        if now.slept > self.slept {
            self.slept = now.slept;
            self.instances.values_mut().for_each(|live| live.woke(now));
            self.decides_at = self.decides_at.max(now.monotonic + SETTLES_WITHIN);
        }
    }

    /// Another configuration holds.
    pub(crate) fn configure(&mut self, fleet: &Arc<Fleet>, step: &mut Step<'_>) {
        let is_back = std::mem::take(&mut self.gone);
        let before = std::mem::replace(&mut self.fleet, Arc::clone(fleet));
        self.memory.removed = None;
        if is_back || before.provider != fleet.provider {
            return self.begin(step);
        }
        if before.wire != fleet.wire || before.heartbeat != fleet.heartbeat {
            step.commands.push(FleetCommand::Serve);
        }
        self.decides_at = self.decides_at.min(step.now.monotonic + fleet.heartbeat);
        for live in self.instances.values_mut() {
            live.configure(fleet, step.now);
        }
    }

    /// It is no longer configured: its instances are left alone, as nobody has said that they are to go.
    pub(crate) fn forget(&mut self, step: &mut Step<'_>) {
        self.gone = true;
        step.commands.push(FleetCommand::Release);
    }

    /// The instances that are remembered until it comes back.
    pub(crate) fn take_instances(&mut self) -> Vec<Instance> {
        std::mem::take(&mut self.instances).into_values().map(|live| live.instance).collect()
    }

    /// Its instances come from somewhere else from now on: those that there are, are ended where they came from.
    pub(crate) fn retire(&mut self, step: &mut Step<'_>) {
        for live in self.instances.values_mut() {
            live.terminate(step);
        }
    }

    pub(crate) fn instance(&self, name: &str) -> Option<&LiveInstance> {
        self.instances.get(name)
    }

    /// The instance of this name, or that the provider calls so.
    fn find(&self, name: &str) -> Option<Arc<str>> {
        if let Some((name, _)) = self.instances.get_key_value(name) {
            return Some(Arc::clone(name));
        }
        let mut all = self.instances.iter();
        all.find(|(_, live)| live.instance.id.as_deref() == Some(name)).map(|(name, _)| Arc::clone(name))
    }

    /// A new instance is wanted.
    fn launch(&mut self, by_user: bool, step: &mut Step<'_>) -> Arc<str> {
        self.memory.last_instance += 1;
        let number = self.memory.last_instance;
        let name: Arc<str> = format!("{}-{number}", self.fleet.name).into();
        let instance = Instance {
            name: Arc::clone(&name),
            fleet: Arc::clone(&self.fleet.name),
            number,
            id: None,
            attempt: 0,
            state: InstanceState::Launching,
            since: step.now.utc,
            launched: step.now.utc,
            address: None,
            declared: None,
            enrolled: false,
            protected: false,
            by_user,
            outdated: false,
            error: None,
        };
        step.changed.push(instance.clone());
        step.commands.push(FleetCommand::Launch { instance: Arc::clone(&name), attempt: 0 });
        self.instances.insert(Arc::clone(&name), LiveInstance::new(instance, &self.fleet, step.now));
        name
    }

    /// Something is wrong, or is no more; told once.
    fn trouble(&mut self, trouble: Trouble, why: Option<String>, is_so: bool, step: &mut Step<'_>) {
        let told = self.memory.told.iter().position(|told| *told == trouble);
        match (told, is_so) {
            (None, true) => self.memory.told.push(trouble),
            (Some(place), false) => drop(self.memory.told.remove(place)),
            _ => return,
        }
        step.troubles.push(TroubleChange { trouble, begins: is_so, why });
    }
}

impl Machine for FleetMachine {
    type Memory = FleetMemory;

    fn memory(&self) -> &FleetMemory {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut FleetMemory {
        &mut self.memory
    }

    fn dues(&self, _now: Now) -> Vec<(Instant, Due)> {
        if self.gone {
            return Vec::new();
        }
        let of_instances = self.instances.values().filter_map(LiveInstance::due);
        let decides_at = self.is_known.then_some(self.decides_at);
        let all = of_instances.chain(self.lists_at).chain(decides_at);
        all.min().map(|at| (at, Due::Fleet(Arc::clone(&self.fleet.name)))).into_iter().collect()
    }
}

/// When `at` was, by the clock that no correction moves, but no longer ago than `longest` and not after now.
fn instant_of_past(at: Timestamp, longest: Duration, now: Now) -> Instant {
    now.instant_of(at).min(now.monotonic).max(now.monotonic - longest)
}
