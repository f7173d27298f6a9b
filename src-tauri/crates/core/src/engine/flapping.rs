//! Monitors that go up and down, or are suspected in vain, again and again: that is told once, until they have settled.

use std::{sync::Arc, time::Duration};

use super::Engine;
use crate::{
    config::Monitor,
    ids::IncidentId,
    incident::{Health, Incident, News},
    observation::Failure,
    time::{Now, earlier},
};

/// A monitor that goes down so many times within [`flaps_within`] is flapping.
pub(super) const FLAPS: usize = 4;

/// Flapping is judged over two hours, or 24 intervals where that is longer.
pub(super) fn flaps_within(monitor: &Monitor) -> Duration {
    Duration::from_secs(2 * 60 * 60).max(monitor.every.saturating_mul(24))
}

/// A monitor that is suspected in vain so many times within [`doubts_within`], or at every tenth of its probes where that
/// is more, is unsteady.
const DOUBTS: u32 = 6;

/// Being unsteady is judged over at least this.
const DOUBTS_WITHIN_LEAST: Duration = Duration::from_secs(15 * 60);

/// Being unsteady is judged over 120 intervals, where flapping is not judged over less.
fn doubts_within(monitor: &Monitor) -> Duration {
    flaps_within(monitor).min(monitor.every.saturating_mul(120).max(DOUBTS_WITHIN_LEAST))
}

fn doubts_needed(monitor: &Monitor) -> usize {
    let probes = doubts_within(monitor).as_secs() / monitor.every.as_secs().max(1);
    usize::try_from(probes / 10).unwrap_or(usize::MAX).max(DOUBTS as usize)
}

/// A flapping monitor has settled when its health has not changed for so long.
pub(super) fn settles_after(monitor: &Monitor) -> Duration {
    flaps_within(monitor) / 4
}

impl Engine {
    /// A monitor is suspected. Where that happens again and again, it is told once.
    pub(super) fn doubted(&mut self, name: &Arc<str>, failure: &Failure, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        let memory = &mut watched.memory;
        let within = doubts_within(&watched.monitor);
        memory.doubts.retain(|doubt| *doubt > earlier(now.utc, within));
        memory.doubts.push(now.utc);
        let snoozed = memory.snoozed_until.is_some_and(|until| until > now.utc);
        let times = memory.doubts.len();
        if memory.flapping.is_some() || snoozed || times < doubts_needed(&watched.monitor) {
            return;
        }
        memory.flapping = Some(IncidentId::UNSTEADY);
        memory.forget_conversation(IncidentId::UNSTEADY);
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        self.tell(name, News::Unsteady { times, within, failure: failure.clone() }, now);
    }

    /// A flapping monitor has not changed for a while: what it has settled to is told, and single incidents count again.
    pub(super) fn settle_flapping(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        let Some(told_with) = watched.memory.flapping.take() else { return };
        watched.memory.downs.clear();
        watched.memory.doubts.clear();
        if told_with == IncidentId::UNSTEADY {
            return self.settled(name, Health::Up, None, told_with, now);
        }
        let open = watched.memory.incident.and_then(|id| self.incidents.get(&id)).cloned();
        let over = watched.memory.flapped.take().map(|incident| *incident);
        let health = if open.is_some() { Health::Down } else { Health::Up };
        let Some(incident) = open.or(over) else { return };
        watched.memory.carry_conversation(told_with, incident.id);
        self.settled(name, health, Some(incident), told_with, now);
    }

    /// Those who know what it has settled from are told.
    fn settled(
        &mut self,
        name: &Arc<str>,
        health: Health,
        incident: Option<Incident>,
        told_with: IncidentId,
        now: Now,
    ) {
        let told = self.channels_that_know(name, told_with);
        self.post(name, News::Settled { health, incident }, &told, now);
        self.tell_untold(name, now);
    }
}
