//! What the engine said, folded into what the tray shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use estatus_api::{
    EngineState, Event, FleetSummary, FlowStatus, Hello, IncidentState, MonitorState, ProgramStatus, RunStatus,
    RunSummary,
};
use estatus_core::{flow::run::RunState, ids::IncidentId, incident::Health, standing::Standing};
use jiff::Timestamp;

use super::runs::{Asking, RunInProgress};

/// How things are.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) link: EngineConnection,
    pub(crate) monitors: BTreeMap<Arc<str>, MonitorSummary>,
    /// In the order of the configuration.
    pub(crate) programs: Vec<ProgramStatus>,
    /// In the order of the configuration.
    pub(crate) fleets: Vec<FleetShown>,
    /// The run that goes on, of each flow of which one does.
    pub(crate) runs: BTreeMap<Arc<str>, RunInProgress>,
    /// The open ones.
    pub(crate) incidents: BTreeMap<IncidentId, IncidentState>,
    pub(crate) engine: EngineState,
}

/// How the engine is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum EngineConnection {
    /// It has never been.
    #[default]
    Starting,
    /// It is attached.
    Attached {
        /// Whether it is in this process.
        ours: bool,
    },
    /// It is not.
    Gone {
        /// Why not.
        why: String,
    },
    /// It is not wanted any more, and stops these programs.
    Quitting {
        /// Their names.
        stopped: Vec<Arc<str>>,
    },
}

/// What the tray keeps of a monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MonitorSummary {
    pub(crate) health: Health,
    pub(crate) standing: Standing,
    pub(crate) since: Option<Timestamp>,
    pub(crate) snoozed_until: Option<Timestamp>,
    /// The program that its remedy starts.
    pub(crate) heals: Option<Arc<str>>,
    /// What was seen last, unless it is well.
    pub(crate) why: Option<String>,
}

/// What the tray keeps of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FleetShown {
    pub(crate) name: Arc<str>,
    pub(crate) standing: Standing,
    /// How many instances are there to work, or will be.
    pub(crate) count: usize,
    pub(crate) running: usize,
    pub(crate) desired: u32,
    /// What is wrong first.
    pub(crate) why: Option<String>,
}

/// Something that is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken<'a> {
    pub(crate) what: What<'a>,
    pub(crate) standing: Standing,
    pub(crate) since: Option<Timestamp>,
    pub(crate) why: &'a str,
}

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum What<'a> {
    Monitor(&'a Arc<str>),
    Program(&'a Arc<str>),
    Fleet(&'a Arc<str>),
    Channel(&'a str),
    Config,
    Store,
}

impl MonitorSummary {
    fn new(state: &MonitorState) -> Self {
        let well = matches!(state.health, Health::Up | Health::Paused | Health::Unknown);
        Self {
            health: state.health,
            standing: state.standing,
            since: state.since,
            snoozed_until: state.snoozed_until,
            heals: state.heals.clone(),
            why: state.last.as_ref().filter(|_| !well).map(|last| last.detail.clone()),
        }
    }
}

impl FleetShown {
    pub(crate) fn new(fleet: &FleetSummary) -> Self {
        let FleetSummary { name, standing, count, running, desired, troubles, .. } = fleet;
        let (name, why) = (Arc::clone(name), troubles.first().cloned());
        Self { name, standing: *standing, count: *count, running: *running, desired: *desired, why }
    }

    pub(crate) fn is_broken(&self) -> bool {
        is_broken(self.standing)
    }
}

impl View {
    /// Begins anew with what the engine says first.
    pub(crate) fn begin(&mut self, hello: &Hello) {
        let snapshot = &hello.snapshot;
        let mut before = std::mem::take(&mut self.runs);
        let mut run = |flow: &FlowStatus| Some(RunInProgress::of(flow)?.seen_before(before.remove(&flow.name)));
        *self = Self {
            link: EngineConnection::Attached { ours: hello.host.pid == std::process::id() },
            monitors: snapshot
                .monitors
                .iter()
                .map(|state| (Arc::clone(&state.name), MonitorSummary::new(state)))
                .collect(),
            programs: snapshot.programs.clone(),
            fleets: snapshot.fleets.iter().map(FleetShown::new).collect(),
            runs: snapshot.flows.iter().filter_map(|flow| Some((Arc::clone(&flow.name), run(flow)?))).collect(),
            incidents: snapshot.incidents.iter().map(|incident| (incident.id, incident.clone())).collect(),
            engine: snapshot.engine.clone(),
        };
    }

    /// Takes an event in. Whether the tray has anything to show of it.
    pub(crate) fn fold(&mut self, event: &Event) -> bool {
        match event {
            Event::Monitor(state) => {
                let new = MonitorSummary::new(state);
                let old = self.monitors.insert(Arc::clone(&state.name), new.clone());
                old != Some(new)
            }
            Event::MonitorGone(name) => self.monitors.remove(name).is_some(),
            Event::Program(status) => self.take_program(status),
            Event::ProgramGone(name) => {
                self.programs.retain(|program| program.name != *name);
                true
            }
            Event::Flow(flow) => self.take_flow(flow),
            Event::FlowGone(name) => self.runs.remove(name).is_some(),
            Event::Run(run) => self.is_told(run),
            Event::Incident(incident) => {
                self.incidents.insert(incident.id, incident.clone());
                true
            }
            Event::IncidentClosed { incident, .. } => self.incidents.remove(incident).is_some(),
            Event::Engine(engine) => {
                let changed = self.engine != *engine;
                self.engine.clone_from(engine);
                changed
            }
            Event::Step { run, place, step } => {
                self.runs.values_mut().find(|known| known.run == *run).is_some_and(|known| known.take(*place, step))
            }
            Event::Fleet(fleet) => self.take_fleet(fleet),
            Event::FleetGone(name) => {
                self.fleets.retain(|fleet| fleet.name != *name);
                true
            }
            Event::Told { .. }
            | Event::Log { .. }
            | Event::StepLog { .. }
            | Event::TrialUnready { .. }
            | Event::TrialLog { .. }
            | Event::Usage(_)
            | Event::Relaunching => false,
        }
    }

    fn take_program(&mut self, status: &ProgramStatus) -> bool {
        match self.programs.iter_mut().find(|program| program.name == status.name) {
            Some(known) if known == status => return false,
            Some(known) => known.clone_from(status),
            None => self.programs.push(status.clone()),
        }
        true
    }

    fn take_fleet(&mut self, fleet: &FleetSummary) -> bool {
        let now = FleetShown::new(fleet);
        match self.fleets.iter_mut().find(|known| known.name == now.name) {
            Some(known) if *known == now => return false,
            Some(known) => *known = now,
            None => self.fleets.push(now),
        }
        true
    }

    fn take_flow(&mut self, flow: &FlowStatus) -> bool {
        let Some(run) = &flow.run else { return self.runs.remove(&flow.name).is_some() };
        match self.runs.get_mut(&flow.name) {
            Some(known) if known.run == run.run => known.stands(run),
            _ => {
                self.runs.extend(RunInProgress::of(flow).map(|run| (Arc::clone(&flow.name), run)));
                true
            }
        }
    }

    /// Takes in what the engine answered of a run, if that still goes on.
    pub(crate) fn take_run(&mut self, status: &RunStatus) {
        if let Some(known) = self.runs.values_mut().find(|known| known.run == status.summary.run) {
            known.take_all(status);
        }
    }

    /// The steps that ask whether they may go on.
    pub(crate) fn asking(&self) -> impl Iterator<Item = Asking<'_>> {
        self.runs.iter().flat_map(|(flow, run)| run.asking(flow))
    }

    /// Whether somebody is to know of a run that it did not go well. Of one that was to heal a monitor its incident tells.
    fn is_told(&self, run: &RunSummary) -> bool {
        run.state == RunState::Suppressed || run.state.is_failure() && run.heals.is_empty()
    }

    /// Whether the engine is in this process.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.link, EngineConnection::Attached { ours: true })
    }

    pub(crate) fn is_attached(&self) -> bool {
        matches!(self.link, EngineConnection::Attached { .. })
    }

    /// How many monitors are that well.
    pub(crate) fn count(&self, standing: Standing) -> usize {
        self.monitors.values().filter(|watched| watched.standing == standing).count()
    }

    /// Until when nothing is told, if that is so at `now`.
    pub(crate) fn snoozed_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.engine.snoozed_until.filter(|until| *until > now)
    }

    /// Until when nothing is told, quiet hours among it, if that is so at `now`.
    pub(crate) fn quiet_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.engine.quiet_until.max(self.engine.snoozed_until).filter(|until| *until > now)
    }

    /// All that is broken: first what is worst, of that first what has been for the longest.
    pub(crate) fn broken(&self) -> Vec<Broken<'_>> {
        let mut broken: Vec<Broken<'_>> =
            self.monitors_broken().chain(self.programs_broken()).chain(self.fleets_broken()).collect();
        // Of a fleet it is not known since when.
        broken.sort_by_key(|broken| (broken.standing, broken.since.is_none(), broken.since, broken.what));
        broken.extend(self.engine_troubled());
        broken
    }

    fn monitors_broken(&self) -> impl Iterator<Item = Broken<'_>> {
        let incidents: BTreeMap<&Arc<str>, &IncidentState> =
            self.incidents.values().map(|incident| (&incident.monitor, incident)).collect();
        self.monitors.iter().filter(|(_, watched)| is_broken(watched.standing)).map(move |(name, watched)| {
            // Why it was down is not how it is when it responds again.
            let incident = incidents.get(name).filter(|_| watched.standing != Standing::Recovering);
            Broken {
                what: What::Monitor(name),
                standing: watched.standing,
                since: incident.map(|incident| incident.opened).or(watched.since),
                why: incident.map(|incident| incident.cause.as_str()).or(watched.why.as_deref()).unwrap_or_default(),
            }
        })
    }

    fn programs_broken(&self) -> impl Iterator<Item = Broken<'_>> {
        self.programs.iter().filter(|program| is_broken(program.standing)).map(|program| {
            let exit = program.last_exit.as_ref().map(|exit| exit.detail.as_str());
            let why = program.trouble.as_deref().or(exit).unwrap_or_default();
            let since = Some(program.since);
            Broken { what: What::Program(&program.name), standing: program.standing, since, why }
        })
    }

    fn fleets_broken(&self) -> impl Iterator<Item = Broken<'_>> {
        self.fleets.iter().filter(|fleet| fleet.is_broken()).map(|fleet| {
            let why = fleet.why.as_deref().unwrap_or_default();
            Broken { what: What::Fleet(&fleet.name), standing: fleet.standing, since: None, why }
        })
    }

    fn engine_troubled(&self) -> impl Iterator<Item = Broken<'_>> {
        let trouble = |what, why| Broken { what, standing: Standing::Doubtful, since: None, why };
        let mut named = BTreeSet::new();
        let waiting = self.engine.waiting.iter().filter_map(move |message| {
            let error = message.error.as_deref()?;
            named.insert(message.channel.as_str()).then_some((message.channel.as_str(), error))
        });
        let config = self.engine.config_refused.as_deref().map(|why| trouble(What::Config, why));
        let store = self.engine.store_trouble.as_deref().map(|why| trouble(What::Store, why));
        config.into_iter().chain(store).chain(waiting.map(move |(name, why)| trouble(What::Channel(name), why)))
    }
}

/// Whether something that stands so is broken, or has been until now.
const fn is_broken(standing: Standing) -> bool {
    match standing {
        Standing::Down | Standing::Doubtful | Standing::Recovering => true,
        Standing::Unknown | Standing::Well | Standing::Idle => false,
    }
}
