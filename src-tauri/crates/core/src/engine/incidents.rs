//! The record of incidents: opened, tried to be healed, given up, acknowledged and closed.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Change, Engine,
    flapping::{FLAPS, flaps_within},
};
use crate::{
    ids::{IncidentId, RunId},
    incident::{Before, Incident, News},
    monitor::Moment,
    observation::{Failure, Observation},
    record::{JournalEntry, Record},
    remedy::{Attempt, Outcome, RemedyError, RemedyKind},
    signal::{Flapping, Signal, TryEnd},
    time::{Lasting, Now, earlier, later},
};

impl Engine {
    pub(super) fn went_down(
        &mut self,
        name: &Arc<str>,
        opened: Moment,
        cause: Failure,
        before: Before,
        observation: &Observation,
        now: Now,
    ) {
        self.last_incident = IncidentId(self.last_incident.0 + 1);
        let id = self.last_incident;
        let last = observation.failure.clone().unwrap_or_else(|| cause.clone());
        let monitor = Arc::clone(name);
        let incident = Incident {
            id,
            monitor,
            opened: opened.at,
            closed: None,
            cause,
            last,
            acknowledged: None,
            before,
            attempts: Vec::new(),
            earlier_attempts: 0,
            escalated: None,
            measured: None,
        };
        self.write_incident(&incident);
        self.incidents.insert(id, incident);
        let remind_every = self.config.alerts.remind_every;
        let Some(watched) = self.monitors.get_mut(name) else { return };
        watched.down_for = Some(Lasting::begun(opened.began));
        let memory = &mut watched.memory;
        memory.incident = Some(id);
        memory.remind_at = remind_every.map(|every| later(now.utc, every));
        let within = flaps_within(&watched.monitor);
        memory.downs.retain(|down| *down > earlier(now.utc, within));
        memory.downs.push(now.utc);
        memory.doubts.clear();
        if memory.is_unsteady() {
            memory.flapping = None;
            memory.carry_conversation(IncidentId::UNSTEADY, id);
        }
        let times = memory.downs.len();
        let flapped_before = memory.flapping.is_some();
        let flaps = !flapped_before && times >= FLAPS;
        if flaps {
            memory.flapping = Some(id);
        }
        let flapping = match (flapped_before, flaps) {
            (true, _) => Flapping::Goes,
            (false, true) => Flapping::Begins { times: u32::try_from(times).unwrap_or(u32::MAX), within },
            (false, false) => Flapping::Not,
        };
        self.signals.send(Signal::Opened { monitor: Arc::clone(name), flapping });
    }

    pub(super) fn still_down(&mut self, name: &Arc<str>, observation: &Observation) {
        let Some(watched) = self.monitors.get(name) else { return };
        let incident = watched.memory.incident.and_then(|id| self.incidents.get_mut(&id));
        let (Some(incident), Some(failure)) = (incident, &observation.failure) else { return };
        if incident.last != *failure {
            incident.last = failure.clone();
            let incident = incident.clone();
            self.write_incident(&incident);
        }
    }

    /// A monitor is up again, and nobody heals it any more: its incident is over.
    pub(super) fn incident_ends(&mut self, name: &Arc<str>, closed: Moment, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        watched.memory.remind_at = None;
        let measured = watched.down_for.take().map(|down_for| down_for.until(closed.began));
        let Some(id) = watched.memory.incident.take() else { return };
        let Some(incident) = self.close_incident(id, closed.at, measured) else { return };
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if watched.memory.flapping.is_some() {
            watched.memory.flapped = Some(Box::new(incident));
        } else {
            self.tell(name, News::Recovered { incident }, now);
        }
    }

    /// Ends an incident; whoever calls decides who is told.
    pub(super) fn close_incident(
        &mut self,
        id: IncidentId,
        closed: Timestamp,
        measured: Option<Duration>,
    ) -> Option<Incident> {
        let mut incident = self.incidents.remove(&id)?;
        incident.closed = Some(closed.max(incident.opened));
        incident.measured = measured;
        self.write_incident(&incident);
        Some(incident)
    }

    pub(super) fn write_incident(&mut self, incident: &Incident) {
        self.records.push(Record::Incident(Box::new(incident.clone())));
        self.publish(match incident.closed {
            Some(_) => Change::IncidentClosed(Arc::new(incident.clone())),
            None => Change::Incident(incident.id),
        });
    }

    /// A try begins.
    pub(super) fn try_begins(&mut self, name: &Arc<str>, deed: RemedyKind, output: Vec<String>, now: Now) {
        let attempt = Attempt { deed, began: now.utc, ended: None, outcome: None, output, run: None };
        self.note_attempt(name, |incident| incident.attempts.push(attempt), now);
    }

    /// The try under way is this run of a flow.
    pub(super) fn try_runs(&mut self, name: &Arc<str>, run: RunId, now: Now) {
        if self.try_under_way(name).is_some_and(|attempt| attempt.run != Some(run)) {
            let note = |incident: &mut Incident| {
                incident.attempts.iter_mut().last().iter_mut().for_each(|it| it.run = Some(run))
            };
            self.note_attempt(name, note, now);
        }
    }

    /// The try under way has come to an end.
    pub(super) fn try_ends(&mut self, name: &Arc<str>, end: TryEnd, now: Now) {
        let Some(incident) = self.open_incident_of(name) else { return };
        let outcome = match end {
            TryEnd::Healed => Outcome::Healed,
            TryEnd::StillDown => Outcome::StillDown(incident.last.clone()),
            TryEnd::NotDone(undone) => Outcome::NotDone(undone),
        };
        self.close_attempt(name, outcome, now);
    }

    /// Whatever is remembered of tries that this life of the engine knows nothing of: a command or a flow that was being run is
    /// gone on with, anything else that was under way was cut off, and what another remedy tried does not count. Whether there
    /// is a try to go on with comes back.
    pub(super) fn sort_tries(&mut self, name: &Arc<str>, remedy: &RemedyKind, now: Now) -> bool {
        let Some(incident) = self.open_incident_of(name) else { return false };
        let tried = incident.attempts.get(incident.earlier_attempts..).and_then(<[Attempt]>::last);
        let is_another = tried.is_some_and(|tried| tried.deed != *remedy);
        let goes_on = !is_another && remedy.is_resumed();
        let under_way = open_attempt(incident).is_some();
        if under_way && !goes_on {
            self.close_attempt(name, Outcome::NotDone(RemedyError::Interrupted), now);
        }
        if is_another {
            self.renew_tries(name);
        }
        under_way && goes_on
    }

    /// The monitor has another remedy: what was tried before does not count against it.
    pub(super) fn renew_tries(&mut self, name: &Arc<str>) {
        let Some(id) = self.monitors.get(name).and_then(|watched| watched.memory.incident) else { return };
        let Some(incident) = self.incidents.get_mut(&id) else { return };
        incident.earlier_attempts = incident.attempts.len();
        incident.escalated = None;
        let incident = incident.clone();
        self.write_incident(&incident);
    }

    /// Nothing that was tried has helped.
    pub(super) fn escalate(&mut self, name: &Arc<str>, now: Now) {
        self.note_attempt(name, |incident| incident.escalated = Some(now.utc), now);
    }

    /// What somebody wrote before he ended belongs to the last try.
    pub(super) fn try_wrote(&mut self, name: &Arc<str>, output: Vec<String>) {
        let Some(id) = self.monitors.get(name).and_then(|watched| watched.memory.incident) else { return };
        let Some(incident) = self.incidents.get_mut(&id) else { return };
        let Some(attempt) = incident.attempts.last_mut().filter(|_| !output.is_empty()) else { return };
        attempt.output = output;
        let incident = incident.clone();
        self.write_incident(&incident);
    }

    pub(super) fn tries_of(&self, name: &Arc<str>) -> u32 {
        let count = |incident: &Incident| incident.attempts.len().saturating_sub(incident.earlier_attempts);
        let tries = self.open_incident_of(name).map_or(0, count);
        u32::try_from(tries).unwrap_or(u32::MAX)
    }

    /// The try of its open incident that is under way.
    pub(super) fn try_under_way(&self, name: &Arc<str>) -> Option<&Attempt> {
        self.open_incident_of(name).and_then(open_attempt)
    }

    fn close_attempt(&mut self, name: &Arc<str>, outcome: Outcome, now: Now) {
        let close = |incident: &mut Incident| {
            if let Some(attempt) = incident.attempts.last_mut().filter(|attempt| attempt.outcome.is_none()) {
                attempt.ended = Some(now.utc);
                attempt.outcome = Some(outcome);
            }
        };
        self.note_attempt(name, close, now);
    }

    /// Changes the open incident, writes it down, and says so in the journal.
    fn note_attempt(&mut self, name: &Arc<str>, change: impl FnOnce(&mut Incident), now: Now) {
        let Some(id) = self.monitors.get(name).and_then(|watched| watched.memory.incident) else { return };
        let Some(incident) = self.incidents.get_mut(&id) else { return };
        let before = incident.attempts.last().cloned();
        change(incident);
        let incident = incident.clone();
        self.write_incident(&incident);
        let after = incident.attempts.last().cloned();
        if let Some(attempt) = after.filter(|after| before.as_ref() != Some(after)) {
            self.journal(JournalEntry::Remedy { monitor: Arc::clone(name), attempt }, now);
        }
    }
}

fn open_attempt(incident: &Incident) -> Option<&Attempt> {
    incident.attempts.last().filter(|attempt| attempt.outcome.is_none())
}
