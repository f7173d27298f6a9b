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
mod trouble;
mod wanted;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;

pub(crate) use self::{live::LiveInstance, trouble::TroubleChange, wanted::Unwanted};
use crate::{
    fleet::{
        Fleet, FleetMemory, Policy, Provider, Trouble,
        command::{FleetCommand, Listed, ProviderError, Refusal},
        decision::DecisionRecord,
        instance::{Instance, InstanceState},
        needs::Needs,
        planned::InForce,
        replay::Sample,
        rule::{self, BAND},
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

/// Once one is back of those that fell silent together, the others have so long to come back too, and all have after Estatus has
/// begun or this machine has slept: an agent that has tried for a while tries again only once a minute, and may wait for an answer.
const RETURNS_WITHIN: Duration = Duration::from_secs(90);

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
    /// Whoever looks sees something else than before: the mean of the loads, or what is wrong.
    pub(crate) looks_different: bool,
    /// What is wrong since now, and why; or is no more.
    pub(crate) troubles: Vec<TroubleChange>,
}

impl<'a> Step<'a> {
    pub(crate) fn new(now: Now, rng: &'a mut Rng) -> Self {
        let (commands, changed) = (Vec::new(), Vec::new());
        Self {
            now,
            rng,
            commands,
            changed,
            decided: Vec::new(),
            sample: None,
            looks_different: false,
            troubles: Vec::new(),
        }
    }
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
    /// Its load was above what it is to be when it was decided last; so it is taken to be until it is decided first.
    is_high: bool,
    /// Nothing was done when it was decided last, as too little is known of it.
    is_held: bool,
    /// When the provider is asked next what there is.
    lists_at: Option<Instant>,
    last_decision: Option<DecisionRecord>,
    /// Of which minute it was kept last how it stands.
    sampled: Option<i64>,
    /// The mean of the loads that was told last.
    told_mean: Option<f64>,
    /// What the clock says it is to have, and since when that was looked up: finding it takes a while.
    in_force: Option<(Timestamp, InForce)>,
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
    /// No launch has succeeded since one was refused.
    launches_fail: bool,
    /// Since when what was told to be wrong is so no more, by the clock that stands still while the machine sleeps.
    well_since: BTreeMap<Trouble, Duration>,
    /// It is no longer configured.
    gone: bool,
    /// It is no longer configured, and the provider has yet to say whether it has left something behind.
    searches: bool,
    /// Estatus quits.
    quits: bool,
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
            is_high: true,
            is_held: false,
            lists_at: None,
            last_decision: None,
            sampled: None,
            told_mean: None,
            in_force: None,
            is_known: false,
            orphans: Vec::new(),
            refused: BTreeMap::new(),
            provider_error: None,
            unheard: None,
            launches_fail: false,
            well_since: BTreeMap::new(),
            gone: false,
            searches: false,
            quits: false,
            fleet,
        }
    }

    /// A fleet that is no longer configured, with the instances that it left behind in an earlier life of the engine. It may have
    /// left others that only the provider knows of.
    pub(crate) fn left_behind(name: &str, memory: FleetMemory, instances: Vec<Instance>, now: Now) -> Self {
        let fleet = Fleet { provider: memory.left.clone().unwrap_or_default(), ..Fleet::new(name) };
        let searches = instances.is_empty();
        Self { gone: true, searches, ..Self::new(Arc::new(nobodys(&fleet)), memory, instances, now) }
    }

    /// Goes on with whatever there is.
    pub(crate) fn begin(&mut self, step: &mut Step<'_>) {
        step.commands.push(FleetCommand::Serve);
        let settles =
            if self.instances.is_empty() { Duration::ZERO } else { SETTLES_WITHIN.max(self.fleet.heartbeat * 2) };
        self.decides_at = step.now.monotonic + settles;
        self.is_high = true;
        self.lists_at = Some(step.now.monotonic);
        self.is_known = false;
        self.needs = Needs::new(u32::try_from(self.count()).unwrap_or(u32::MAX), step.now);
        for live in self.instances.values_mut() {
            live.go_on(&self.fleet, step);
        }
    }

    /// Estatus quits: instances that are processes of this machine end with it, as programs do. Others are servers of their own.
    pub(crate) fn quit(&mut self, step: &mut Step<'_>) {
        self.quits = true;
        let Self { instances, fleet, .. } = self;
        for live in instances.values_mut().filter(|live| live.is_local(fleet)) {
            live.terminate(step);
        }
    }

    /// Whether instances are still being stopped because Estatus quits.
    pub(crate) fn is_stopping(&self) -> bool {
        self.quits && self.instances.values().any(|live| live.is_local(&self.fleet))
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

    /// Whether there is something of it: it is configured, or has left behind what is known of.
    pub(crate) fn is_there(&self) -> bool {
        !self.gone || !self.instances.is_empty() || !self.orphans.is_empty()
    }

    /// Whether nothing of it is there, and nothing is looked for.
    pub(crate) fn is_over(&self) -> bool {
        !self.is_there() && !self.searches
    }

    /// It is over. What the provider could not say is asked another time.
    pub(crate) fn leave(&mut self) {
        if self.is_known {
            self.memory.left = None;
        }
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
        self.notice_sleep(step.now);
        for live in self.instances.values_mut() {
            live.wake(step);
        }
        if self.lists_at.is_some_and(|at| at <= step.now.monotonic) {
            self.lists_at = Some(step.now.monotonic + LIST_EVERY);
            step.commands.push(FleetCommand::List);
        }
        if self.decides() && self.decides_at <= step.now.monotonic {
            self.decides_at = step.now.monotonic + self.fleet.heartbeat;
            self.judge(step);
            self.is_high = self.is_above();
            self.decide(step);
        }
    }

    /// Whether the mean load is so high that the rule wants more instances.
    fn is_above(&self) -> bool {
        let above = match self.fleet.policy {
            Policy::Target => rule::upper_edge(self.fleet.load, BAND),
            Policy::Seed => self.fleet.load,
            Policy::Manual | Policy::Schedule(_) => return false,
        };
        self.mean().is_some_and(|mean| mean > above)
    }

    /// Whether a rule is asked.
    fn decides(&self) -> bool {
        self.is_known && !self.gone && !self.quits
    }

    fn notice_sleep(&mut self, now: Now) {
        if now.slept > self.slept {
            self.slept = now.slept;
            self.instances.values_mut().for_each(|live| live.woke(now));
            self.decides_at = self.decides_at.max(now.monotonic + SETTLES_WITHIN);
            self.is_high = true;
        }
    }

    /// Another configuration holds.
    pub(crate) fn configure(&mut self, fleet: &Arc<Fleet>, step: &mut Step<'_>) {
        let is_back = std::mem::take(&mut self.gone);
        let before = std::mem::replace(&mut self.fleet, Arc::clone(fleet));
        (self.memory.removed, self.memory.left) = (None, None);
        self.in_force = None;
        if !before.provider.is_where(&fleet.provider) {
            self.retire(&before.provider, step);
        }
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

    /// It is no longer configured: its instances are left behind and stay counted, as nobody has said that they are to go. They
    /// are shown until it comes back, somebody removes them, or they are gone by themselves.
    pub(crate) fn forget(&mut self, step: &mut Step<'_>) {
        (self.gone, self.searches) = (true, false);
        self.memory.left = Some(self.fleet.provider.clone());
        self.fleet = Arc::new(nobodys(&self.fleet));
        self.look_after(step);
        step.commands.push(FleetCommand::Release);
    }

    /// Goes on with what was left behind. What is not launched yet nobody wants any more.
    pub(crate) fn look_after(&mut self, step: &mut Step<'_>) {
        self.lists_at = Some(step.now.monotonic);
        for live in self.instances.values_mut() {
            match live.instance.state {
                InstanceState::Launching | InstanceState::Draining | InstanceState::Terminating => live.terminate(step),
                _ => {}
            }
        }
    }

    /// Its instances come from somewhere else from now on: those that there are, are ended where they came from, at `home`; those
    /// that are protected are only known to be there.
    pub(crate) fn retire(&mut self, home: &Provider, step: &mut Step<'_>) {
        for live in self.instances.values_mut() {
            live.instance.home.get_or_insert_with(|| Box::new(home.clone()));
            if live.instance.protected {
                step.changed.push(live.instance.clone());
            } else {
                live.terminate(step);
            }
        }
    }

    /// The fleet as `command` is to be carried out on it: what came from somewhere else is ended there.
    pub(crate) fn addressed(&self, command: &FleetCommand) -> Arc<Fleet> {
        let FleetCommand::Terminate { instance, .. } = command else { return Arc::clone(&self.fleet) };
        let home = self.instances.get(instance).and_then(|live| live.instance.home.clone());
        home.map_or_else(
            || Arc::clone(&self.fleet),
            |home| Arc::new(Fleet { provider: *home, ..Fleet::clone(&self.fleet) }),
        )
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
            home: None,
            error: None,
        };
        step.changed.push(instance.clone());
        step.commands.push(FleetCommand::Launch { instance: Arc::clone(&name), attempt: 0 });
        self.instances.insert(Arc::clone(&name), LiveInstance::new(instance, &self.fleet, step.now));
        name
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
        let of_instances = self.instances.values().filter_map(LiveInstance::due);
        let decides_at = self.decides().then_some(self.decides_at);
        let all = of_instances.chain(self.lists_at).chain(decides_at);
        all.min().map(|at| (at, Due::Fleet(Arc::clone(&self.fleet.name)))).into_iter().collect()
    }
}

/// `fleet`, once it is configured no more: it is to have nobody, and nobody scales it.
fn nobodys(fleet: &Fleet) -> Fleet {
    Fleet {
        enabled: false,
        min: 0,
        desired: 0,
        max: 0,
        policy: Policy::Manual,
        provider: fleet.provider.clone(),
        ..Fleet::new(&fleet.name)
    }
}

/// When `at` was, by the clock that no correction moves, but no longer ago than `longest` and not after now.
fn instant_of_past(at: Timestamp, longest: Duration, now: Now) -> Instant {
    now.instant_of(at).min(now.monotonic).max(now.monotonic - longest)
}
