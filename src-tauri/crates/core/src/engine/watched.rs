//! A monitor as the engine watches it: what is under way for it, what it shows, and what is due of it.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::{LOST_AFTER, flapping::settles_after};
use crate::{
    config::Monitor,
    ids::{EffectId, IncidentId},
    incident::Health,
    input::Due,
    machine::Machine,
    monitor::{HealthTracker, MonitorMemory},
    network::{PEER_RESTS, SuspectProbe},
    observation::Observation,
    schedule,
    time::{Instant, Lasting, Now},
    usage::Recorder,
};

/// A monitor as the engine watches it.
#[derive(Debug)]
pub(super) struct MonitorMachine {
    pub(super) monitor: Arc<Monitor>,
    pub(super) tracker: HealthTracker,
    pub(super) memory: MonitorMemory,
    /// Its place on the grid of its interval.
    pub(super) place: std::time::Duration,
    pub(super) next_probe: Option<Instant>,
    pub(super) in_flight: Option<InFlight>,
    pub(super) held: Option<Box<UnjudgedProbe>>,
    pub(super) last: Option<Arc<Observation>>,
    /// When the probe of the last settled observation began.
    pub(super) last_began: Option<Instant>,
    /// Since when it has been watched as it is, until it is well for the first time.
    pub(super) new_since: Option<Instant>,
    /// How long its open incident has lasted.
    pub(super) down_for: Option<Lasting>,
    /// When it was last probed for another monitor's sake.
    pub(super) out_of_turn: Option<Instant>,
    /// What its probes have measured, if they measure something.
    pub(super) used: Option<Box<Recorder>>,
}

/// A probe that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct InFlight {
    pub(super) id: EffectId,
    pub(super) began: Instant,
    pub(super) clock_steps: u64,
}

/// A failed probe that is not judged yet.
#[derive(Debug)]
pub(super) struct UnjudgedProbe {
    pub(super) observation: Observation,
    pub(super) began: Instant,
    /// What the own network is asked about; `None` once it is cleared.
    pub(super) suspect: Option<SuspectProbe>,
    /// The question whose answer it waits for.
    pub(super) question: Option<EffectId>,
    /// The monitors it depends on that have not been seen since.
    pub(super) parents: BTreeSet<Arc<str>>,
}

/// What there is to see of a monitor.
#[derive(Clone, Debug, PartialEq)]
pub struct MonitorView {
    /// Its configuration.
    pub monitor: Arc<Monitor>,
    /// Its health.
    pub health: Health,
    /// Since when it has been in that health.
    pub since: Option<Timestamp>,
    /// Its last settled observation of this life of the engine.
    pub last: Option<Arc<Observation>>,
    /// Whether it goes up and down.
    pub flapping: bool,
    /// Whether it fails now and then, though never often enough in a row to be down.
    pub unsteady: bool,
    /// Its open incident.
    pub incident: Option<IncidentId>,
    /// When a pause ends by itself.
    pub paused_until: Option<Timestamp>,
    /// Until when nothing is told of it.
    pub snoozed_until: Option<Timestamp>,
}

impl MonitorMachine {
    pub(super) fn new(monitor: Arc<Monitor>, memory: MonitorMemory, seed: u64) -> Self {
        Self {
            tracker: HealthTracker::restored(memory.health),
            place: schedule::place(seed, &monitor.name, monitor.every),
            monitor,
            memory,
            next_probe: None,
            in_flight: None,
            held: None,
            last: None,
            last_began: None,
            new_since: None,
            down_for: None,
            out_of_turn: None,
            used: None,
        }
    }

    /// Whether it is being checked.
    pub(super) fn is_watched(&self) -> bool {
        self.monitor.enabled && self.memory.paused.is_none()
    }

    /// Whether a probe of it is under way or not judged yet.
    pub(super) fn is_busy(&self) -> bool {
        self.in_flight.is_some() || self.held.is_some()
    }

    /// When a probe under way, or what it has to wait for, is taken for lost.
    pub(super) fn overdue(&self) -> Option<Instant> {
        let began = self.in_flight.map(|flight| flight.began).or(self.held.as_ref().map(|held| held.began))?;
        Some(began + self.monitor.timeout + LOST_AFTER)
    }

    pub(super) fn health(&self) -> Health {
        if self.is_watched() { self.tracker.health() } else { Health::Paused }
    }

    pub(super) fn view(&self) -> MonitorView {
        MonitorView {
            monitor: Arc::clone(&self.monitor),
            health: self.health(),
            since: self.memory.since,
            last: self.last.clone(),
            flapping: self.memory.flapping.is_some() && !self.memory.is_unsteady(),
            unsteady: self.memory.is_unsteady(),
            incident: self.memory.incident,
            paused_until: self.memory.paused.and_then(|pause| pause.until),
            snoozed_until: self.memory.snoozed_until,
        }
    }

    /// Whether it may be probed out of its turn.
    pub(super) fn has_rested(&self, now: Instant) -> bool {
        self.out_of_turn.is_none_or(|at| now.since(at) >= PEER_RESTS)
    }
}

impl Machine for MonitorMachine {
    type Memory = MonitorMemory;

    fn memory(&self) -> &MonitorMemory {
        &self.memory
    }

    fn memory_mut(&mut self) -> &mut MonitorMemory {
        &mut self.memory
    }

    fn dues(&self, now: Now) -> Vec<(Instant, Due)> {
        let name = || Arc::clone(&self.monitor.name);
        let memory = &self.memory;
        let watched = self.is_watched();
        let probe = self.overdue().or(self.next_probe).filter(|_| watched);
        let pause = memory.paused.and_then(|pause| pause.until);
        let remind = memory.remind_at.filter(|_| watched && memory.flapping.is_none());
        let calm = !memory.is_unsteady() || self.tracker.health() == Health::Up;
        let settle = memory.since.filter(|_| memory.flapping.is_some() && calm);
        let on_the_wall = |at: Option<Timestamp>| at.map(|at| now.instant_of(at));
        [
            probe.map(|at| (at, Due::Probe(name()))),
            on_the_wall(pause).map(|at| (at, Due::PauseEnds(name()))),
            on_the_wall(memory.snoozed_until).map(|at| (at, Due::SnoozeEnds(name()))),
            on_the_wall(remind).map(|at| (at, Due::Remind(name()))),
            on_the_wall(settle).map(|at| (at + settles_after(&self.monitor), Due::Settle(name()))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
