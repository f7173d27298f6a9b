//! A world of fleets: their load goes up and down, what launches their servers refuses, loses answers and shows late what it
//! has, servers never boot, fall silent, come back, die and lie, Estatus dies after whichever effect, is cut off, sleeps, has its
//! clock set and its disk full, and users edit, take out, put back, add, remove, drain and protect what they like.

mod cast;
mod cloud;
mod promises;
mod traffic;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use estatus_core::{
    Engine, Timestamp,
    config::Config,
    engine::{Ask, Effect, Input},
    fleet::{
        Fleet, Policy,
        command::FleetCommand,
        decision::{DecisionRecord, Reason},
        instance::InstanceState,
    },
    incident::DeliveryResult,
    record::Record,
    time::{Instant, Now, later},
};

use crate::{
    agenda::Agenda,
    disk::Disk,
    loads::Shape,
    script::{Dice, HOUR, MINUTE},
    waking::wake,
};
use cloud::{Cloud, Nature, Place};
use promises::Promises;

const MS: Duration = Duration::from_millis(1);
/// No honest engine is woken so many times at one moment.
const WAKE_LIMIT: u32 = 1000;
/// Whoever lives at the provider is counted, or shown, within this, where the provider answers.
const KNOWN_WITHIN: Duration = Duration::from_secs(15 * 60);
/// In peace a fleet has within this what it is to have at least: the budgets of an hour may have been used up.
const FILLED_WITHIN: Duration = Duration::from_secs(90 * 60);
/// In peace everything is at rest after this: what came and went is believed to be over only after two hours.
const PEACE: Duration = Duration::from_secs(5 * 60 * 60);

/// What goes on around the fleets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Troubles {
    /// Servers and their provider are as they should be.
    pub(crate) honest: bool,
    /// Estatus dies every now and then.
    pub(crate) crashes: bool,
    /// The user edits the file, and adds, removes and protects instances.
    pub(crate) edits: bool,
    /// The machine sleeps.
    pub(crate) sleep: bool,
    /// Its clock is set.
    pub(crate) clock: bool,
    /// The disk is full for a while.
    pub(crate) disk: bool,
    /// Estatus is cut off from all servers for a while.
    pub(crate) cuts: bool,
}

impl Troubles {
    pub(crate) const NONE: Self =
        Self { honest: false, crashes: false, edits: false, sleep: false, clock: false, disk: false, cuts: false };
    pub(crate) const ALL: Self =
        Self { honest: false, crashes: true, edits: true, sleep: true, clock: true, disk: true, cuts: true };
}

#[expect(clippy::large_enum_variant, reason = "most are inputs")]
enum Coming {
    /// Told to the life of the engine that asked.
    Told(Input),
    /// What was asked of a provider arrives there, whatever has become of who asked.
    Arrives(Place, FleetCommand),
    /// The servers of a fleet say what their loads are, and those that are not connected that they are there.
    Beats(Arc<str>),
    /// Something happens to a server or to the provider.
    Fate,
    User,
    Crash,
    Sleep,
    ClockSet,
    /// The disk is full, or has room again.
    Fills,
    /// Estatus is cut off, or no more.
    Cut,
    Peace,
    Check,
}

pub(crate) struct World {
    seed: u64,
    dice: Dice,
    troubles: Troubles,
    now: Duration,
    slept: Duration,
    /// By how many seconds the wall clock is wrong.
    set_by: i64,
    peace: Duration,
    end: Duration,
    whole: Arc<Config>,
    config: Arc<Config>,
    core: Option<Engine>,
    disk: Disk,
    is_full: bool,
    cloud: Cloud,
    /// When a provider has done with what was last asked about each instance.
    busy: BTreeMap<Arc<str>, Duration>,
    /// What is to be done once what it follows from is on disk.
    orders: VecDeque<(Arc<Fleet>, FleetCommand)>,
    /// The fleets whose agents are listened for, in this life of the engine.
    served: BTreeSet<Arc<str>>,
    announced: BTreeMap<u64, String>,
    last_announcement: u64,
    demand: BTreeMap<Arc<str>, Vec<f64>>,
    /// Since when Estatus has been cut off.
    cut: Option<Duration>,
    /// Since when a fleet has been out of the file.
    out: BTreeMap<Arc<str>, Duration>,
    promises: Promises,
    agenda: Agenda<Coming>,
    life: u64,
    effects: u64,
    dies_after: Option<u64>,
}

impl World {
    pub(crate) fn new(seed: u64, hours: u32, troubles: Troubles) -> Self {
        let peace = HOUR * hours;
        Self::until(seed, (peace, peace + PEACE), troubles, None)
    }

    /// A few minutes of a world, and two hours of peace, in which Estatus dies once: after so many effects.
    pub(crate) fn brief(seed: u64, dies_after: Option<u64>) -> Self {
        let peace = MINUTE * 12;
        Self::until(seed, (peace, peace + HOUR * 2), Troubles { edits: true, ..Troubles::NONE }, dies_after)
    }

    /// How many effects were carried out.
    pub(crate) fn effects(&self) -> u64 {
        self.effects
    }

    fn until(seed: u64, (peace, end): (Duration, Duration), troubles: Troubles, dies_after: Option<u64>) -> Self {
        let mut dice = Dice::new(seed);
        let config = Arc::new(cast::config(&mut dice));
        let shapes = [Shape::Steady, Shape::Noisy, Shape::Step, Shape::Daily, Shape::Flash];
        let demand = config
            .fleets
            .iter()
            .map(|fleet| {
                let shape = shapes[cast::index(&mut dice, shapes.len())];
                (Arc::clone(&fleet.name), shape.draw(dice.below(1000)))
            })
            .collect();
        let mut world = Self {
            seed,
            dice,
            troubles,
            now: Duration::ZERO,
            slept: Duration::ZERO,
            set_by: 0,
            peace,
            end,
            whole: Arc::clone(&config),
            config,
            core: None,
            disk: Disk::default(),
            is_full: false,
            cloud: Cloud::default(),
            busy: BTreeMap::new(),
            orders: VecDeque::new(),
            served: BTreeSet::new(),
            announced: BTreeMap::new(),
            last_announcement: 0,
            demand,
            cut: None,
            out: BTreeMap::new(),
            promises: Promises::new(seed),
            agenda: Agenda::default(),
            life: 0,
            effects: 0,
            dies_after,
        };
        for name in cast::NAMES {
            world.at(Duration::from_secs(1), Coming::Beats(name.into()));
        }
        world.at(MINUTE, Coming::Check);
        world.at(peace, Coming::Peace);
        let plans = [
            (!troubles.honest, MINUTE, Coming::Fate),
            (troubles.edits, MINUTE * 5, Coming::User),
            (troubles.crashes, MINUTE, Coming::Crash),
            (troubles.sleep, HOUR, Coming::Sleep),
            (troubles.clock, HOUR * 2, Coming::ClockSet),
            (troubles.disk, HOUR, Coming::Fills),
            (troubles.cuts, MINUTE * 30, Coming::Cut),
        ];
        for (_, at, coming) in plans.into_iter().filter(|(happens, ..)| *happens) {
            world.at(at, coming);
        }
        world.begin();
        world
    }

    pub(crate) fn run(&mut self) {
        while self.now < self.end {
            let event = self.agenda.next_at().unwrap_or(self.end);
            let deadline = self.core().next_deadline().map_or(self.end, |(at, _)| at.since_boot());
            self.now = event.min(deadline).max(self.now);
            if deadline <= self.now {
                self.wake();
            }
            while let Some((coming, life)) = self.agenda.take_due(self.now) {
                self.happen(coming, life);
            }
            self.disk.tick(self.now, self.is_full);
        }
        self.at_the_end();
    }

    pub(crate) fn summary(&self) -> String {
        let decisions: u64 = self.disk.decisions.values().sum();
        format!(
            "seed {}: {} launched, {decisions} decisions, {} alerts, {} lives",
            self.seed, self.cloud.launched, self.promises.told, self.life
        )
    }

    fn core(&self) -> &Engine {
        self.core.as_ref().expect("there is always a core")
    }

    fn clocks(&self) -> Now {
        Now { monotonic: Instant::from_boot(self.now), slept: self.slept, utc: self.wall() }
    }

    fn wall(&self) -> Timestamp {
        later(Timestamp::from_second(1_800_000_000 + self.set_by).expect("a year of ours"), self.now)
    }

    fn is_calm(&self) -> bool {
        self.now >= self.peace
    }

    fn begin(&mut self) {
        self.life += 1;
        self.orders.clear();
        self.served.clear();
        self.announced.clear();
        self.cloud.servers.iter_mut().for_each(|server| server.connected = false);
        let restored = self.disk.restored();
        self.promises.crashed(&self.disk.decisions);
        self.core = Some(Engine::new(Arc::clone(&self.config), restored, self.seed, self.clocks()));
        self.carry_out();
    }

    fn wake(&mut self) {
        wake(self, (self.seed, WAKE_LIMIT), |world| &mut world.core, Self::clocks, Self::carry_out);
    }

    fn happen(&mut self, coming: Coming, life: u64) {
        match coming {
            Coming::Told(input) if life == self.life => self.input(input),
            Coming::Told(_) => {}
            Coming::Arrives(place, command) => self.arrives(&place, command, life),
            Coming::Beats(fleet) => self.beats(&fleet),
            Coming::Check => {
                self.check();
                self.again(MINUTE, MINUTE, Coming::Check);
            }
            Coming::Peace => self.make_peace(),
            _ if self.is_calm() => {}
            Coming::Fate => {
                self.fate();
                self.again(Duration::from_secs(10), MINUTE * 10, Coming::Fate);
            }
            Coming::User => {
                self.user();
                self.again(Duration::from_secs(1), MINUTE * 40, Coming::User);
            }
            Coming::Crash => {
                self.again(MS, HOUR * 2, Coming::Crash);
                self.begin();
            }
            Coming::Sleep => {
                let sleeps = self.dice.between(MINUTE, HOUR * 9).min(self.peace - self.now);
                self.now += sleeps;
                self.slept += sleeps;
                self.promises.counts_anew();
                self.again(HOUR, HOUR * 12, Coming::Sleep);
            }
            Coming::ClockSet => {
                self.set_by += i64::try_from(self.dice.below(4 * 3600)).expect("a small number") - 2 * 3600;
                self.promises.counts_anew();
                self.again(HOUR, HOUR * 8, Coming::ClockSet);
            }
            Coming::Fills => {
                self.is_full = !self.is_full;
                self.obey();
                let longest = if self.is_full { MINUTE * 30 } else { HOUR * 8 };
                self.again(MINUTE, longest, Coming::Fills);
            }
            Coming::Cut => {
                self.cut = if self.cut.is_none() { Some(self.now) } else { None };
                self.again(MINUTE, if self.cut.is_some() { MINUTE * 20 } else { HOUR * 3 }, Coming::Cut);
            }
        }
    }

    fn again(&mut self, least: Duration, most: Duration, coming: Coming) {
        let at = self.now + self.dice.between(least, most);
        self.at(at, coming);
    }

    fn at(&mut self, at: Duration, coming: Coming) {
        self.agenda.at(at, self.life, coming);
    }

    fn tell(&mut self, input: Input, takes: Duration) {
        self.at(self.now + takes, Coming::Told(input));
    }

    fn input(&mut self, input: Input) {
        let now = self.clocks();
        // What a user asks may have become impossible meanwhile.
        let _ = self.core.as_mut().expect("there is always a core").handle(input, now);
        self.carry_out();
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.core.as_mut().and_then(Engine::poll_effect) {
            match effect {
                Effect::Record(records) => self.record(records),
                Effect::Fleet { fleet, command } => {
                    self.orders.push_back((fleet, command));
                    self.obey();
                }
                Effect::SendAlert { id, message } => {
                    if !self.is_full {
                        self.disk.commit();
                        self.promises.hears(&message, self.now);
                        self.tell(Input::Delivered { id, result: DeliveryResult::Delivered }, MS * 100);
                    } else {
                        let error = "the disk is full".to_owned();
                        let failed = DeliveryResult::Failed { error, perhaps_received: false, permanent: false };
                        self.tell(Input::Delivered { id, result: failed }, MS * 100);
                    }
                }
                Effect::AskNetwork { .. } | Effect::Cancel { .. } | Effect::Publish(_) => {}
                other => panic!("only fleets are configured: {other:?}"),
            }
            self.effects += 1;
            // Between any two effects the power may go.
            let dies = self.dies_after == Some(self.effects)
                || self.troubles.crashes && !self.is_calm() && self.dice.one_in(2000);
            if dies {
                return self.begin();
            }
        }
    }

    fn record(&mut self, records: Vec<Record>) {
        let now = self.clocks();
        for record in &records {
            match record {
                Record::Decision(decision) => {
                    self.is_not_fooled(decision);
                    let core = self.core.as_ref().expect("there is always a core");
                    self.promises.decided(decision, core, now);
                }
                Record::Message(message) => self.promises.is_to_tell(message),
                Record::Instance(instance) if !self.is_full => self.promises.stands(instance, self.now),
                _ => {}
            }
        }
        self.disk.record(records, self.now, self.is_full);
    }

    /// While Estatus is cut off from everybody it replaces nobody for being silent, but those that were lost before.
    fn is_not_fooled(&self, record: &DecisionRecord) {
        let Some(since) = self.cut else { return };
        let replaces = record.decision.reasons.iter().any(|reason| matches!(reason, Reason::ReplacesLost { .. }));
        assert!(
            !replaces || record.instances < 3 || self.now < since + MINUTE * 3,
            "seed {}: replaced while cut off since {since:?} at {:?}: {record:?}",
            self.seed,
            self.now
        );
    }

    /// Something happens to a server, or to the provider.
    fn fate(&mut self) {
        let (now, lasts) = (self.now, self.dice.between(Duration::from_secs(20), MINUTE * 20));
        if self.dice.one_in(12) {
            self.cloud.away_until = now + lasts;
        }
        let living: Vec<usize> = (0..self.cloud.servers.len()).filter(|at| self.cloud.servers[*at].lives()).collect();
        if living.is_empty() {
            return;
        }
        let index = living[cast::index(&mut self.dice, living.len())];
        let server = &mut self.cloud.servers[index];
        match self.dice.below(4) {
            0 => server.ended = Some(now),
            1 | 2 => server.silent_until = now + lasts,
            _ => server.connected = false,
        }
    }

    fn user(&mut self) {
        let name = cast::NAMES[cast::index(&mut self.dice, cast::NAMES.len())];
        let view = self.core().fleet(name, self.clocks());
        let names: Vec<String> =
            view.iter().flat_map(|view| &view.instances).map(|it| it.instance.name.to_string()).collect();
        let instance = match names.len() {
            0 => "nobody".to_owned(),
            some => names[cast::index(&mut self.dice, some)].clone(),
        };
        let fleet = name.to_owned();
        match self.dice.below(11) {
            9 | 10 => {
                self.input(Input::SecretEntered(cast::SECRET.to_owned()));
                self.obey();
            }
            0 => self.ask(Ask::AddInstance { fleet }),
            1 => self.ask(Ask::RemoveInstance { fleet, instance }),
            2 => self.ask(Ask::DrainInstance { fleet, instance }),
            3 => {
                let protected = self.dice.one_in(2);
                self.ask(Ask::ProtectInstance { fleet, instance, protected });
            }
            _ => {
                let edited = cast::edit(&self.config, &self.whole, &mut self.dice);
                self.save(edited);
            }
        }
    }

    fn ask(&mut self, ask: Ask) {
        self.input(Input::Asked(ask));
        self.obey();
    }

    fn save(&mut self, file: Config) {
        self.config = Arc::new(file);
        self.promises.counts_anew();
        for name in cast::NAMES.map(Arc::<str>::from) {
            let is_in = self.config.fleets.iter().any(|fleet| fleet.name == name);
            match (is_in, self.out.get(&name).copied()) {
                (false, None) => drop(self.out.insert(name, self.now)),
                (true, Some(_)) => drop(self.out.remove(&name)),
                _ => {}
            }
        }
        let (after, now) = (Arc::clone(&self.config), self.clocks());
        self.core.as_mut().expect("there is always a core").apply_config(after, now);
        self.carry_out();
        self.obey();
    }

    /// From now on nothing goes wrong any more.
    fn make_peace(&mut self) {
        (self.is_full, self.cut, self.cloud.away_until) = (false, None, Duration::ZERO);
        for server in &mut self.cloud.servers {
            (server.nature, server.silent_until) = (Nature::Honest, Duration::ZERO);
        }
        self.obey();
        self.save((*self.whole).clone());
        let all = self.core().snapshot().instances;
        for instance in all.into_iter().filter(|instance| instance.protected || instance.by_user) {
            let (fleet, name) = (instance.fleet.to_string(), instance.name.to_string());
            self.ask(Ask::ProtectInstance { fleet: fleet.clone(), instance: name.clone(), protected: false });
            self.ask(Ask::RemoveInstance { fleet, instance: name });
        }
    }

    fn check(&mut self) {
        self.cloud.forget(self.now);
        for name in self.out.keys().cloned().collect::<Vec<_>>() {
            if !self.core().snapshot().memories.keys().any(|key| **key.name() == *name) {
                self.promises.forgotten(&name);
            }
        }
        self.nobody_is_forgotten();
        if self.now > self.peace + FILLED_WITHIN || self.troubles.honest && self.now > FILLED_WITHIN {
            self.all_is_filled();
        }
    }

    /// None lives that is neither counted nor shown.
    fn nobody_is_forgotten(&mut self) {
        let counted: BTreeSet<Arc<str>> =
            self.core().snapshot().instances.into_iter().map(|instance| instance.name).collect();
        let now = self.clocks();
        let shown: BTreeSet<String> = self.core().fleets(now).flat_map(|view| view.orphans).map(|it| it.id).collect();
        let known: BTreeSet<Place> =
            self.core().fleets(now).map(|view| (Arc::clone(&view.fleet.name), view.fleet.provider.word())).collect();
        let is_disturbed = self.now < self.cloud.away_until || self.is_full;
        let awake = self.now - self.slept;
        for server in self.cloud.servers.iter_mut().filter(|server| server.lives()) {
            let is_known = counted.contains(&server.name) || shown.contains(&server.id);
            if is_known || is_disturbed || !known.contains(&server.place) {
                server.unknown_since = None;
                continue;
            }
            let since = *server.unknown_since.get_or_insert(awake);
            assert!(awake - since < KNOWN_WITHIN, "seed {}: nobody knows of {server:?} at {:?}", self.seed, self.now);
        }
    }

    /// Each fleet has what it is to have at least, and no more than it may.
    fn all_is_filled(&self) {
        for view in self.core().fleets(self.clocks()) {
            let counted = view.instances.iter().filter(|it| it.instance.state.counts()).count();
            let fleet = &view.fleet;
            let (min, max) = (fleet.min as usize, fleet.max as usize);
            let names: Vec<_> = view.instances.iter().map(|it| (&it.instance.name, it.instance.state)).collect();
            assert!(
                (min..=max).contains(&counted),
                "seed {}: {counted} of {min} to {max} in {} at {:?}: {names:?} {:?}",
                self.seed,
                fleet.name,
                self.now,
                view.last_decision
            );
        }
    }

    /// After the peace everything is at rest, and what is known is what is.
    fn at_the_end(&self) {
        let (seed, now) = (self.seed, self.clocks());
        self.all_is_filled();
        self.promises.nothing_is_wrong();
        for view in self.core().fleets(now) {
            assert!(!view.left_behind, "seed {seed}: {} is left behind at the end", view.fleet.name);
            assert_eq!(view.troubles, [], "seed {seed}: {} at the end", view.fleet.name);
            for it in &view.instances {
                let instance = &it.instance;
                // The rule of the document has no stable point. What was launched in vain is gone, by hand too.
                let rests = match view.fleet.policy {
                    Policy::Seed => true,
                    _ => matches!(instance.state, InstanceState::Running | InstanceState::Booting),
                };
                assert!(rests, "seed {seed}: {instance:?} at the end");
                let lives = self.cloud.servers.iter().any(|server| server.name == instance.name && server.lives());
                assert!(
                    lives || view.fleet.policy == Policy::Seed,
                    "seed {seed}: {instance:?} is not there at the end"
                );
            }
        }
    }
}
