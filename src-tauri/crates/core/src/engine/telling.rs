//! Who is told what: alerts, each for the channels that it concerns, go into the outbox.

use std::{sync::Arc, time::Duration};

use super::{Engine, belonging::is_started_by_remedy};
use crate::{
    config::AlertWhen,
    fleet::{Fleet, Trouble},
    flow::{Budget, run::RunRecord},
    ids::IncidentId,
    incident::{Alert, Incident, News},
    observation::Observation,
    program::{Program, ProgramTrouble},
    record::Record,
    scaling::{FleetMachine, TroubleChange},
    signal::Flapping,
    time::{Now, later},
};

impl Engine {
    /// An incident has begun: it is told, unless its monitor flaps or it waits for its remedy.
    pub(super) fn tell_opened(&mut self, name: &Arc<str>, flapping: Flapping, now: Now) {
        let Some(incident) = self.open_incident_of(name).cloned() else { return };
        match flapping {
            Flapping::Begins { times, within } => self.tell(name, News::Flapping { times, within, incident }, now),
            Flapping::Not if self.tells_at_once(name) => self.tell(name, News::Down { incident }, now),
            Flapping::Not | Flapping::Goes => {}
        }
    }

    pub(super) fn warn(&mut self, name: &Arc<str>, observation: &Observation, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if watched.memory.warned == observation.warning {
            return;
        }
        if observation.warning.is_some() && watched.memory.is_snoozed(now.utc) {
            // It is told once the snooze is over.
            return;
        }
        watched.memory.warned.clone_from(&observation.warning);
        if let Some(warning) = observation.warning.clone() {
            self.tell(name, News::Warning { warning }, now);
        }
    }

    pub(super) fn remind(&mut self, name: &Arc<str>, now: Now) {
        let every = self.config.alerts.remind_every;
        let Some(watched) = self.monitors.get_mut(name) else { return };
        watched.memory.remind_at = every.map(|every| later(now.utc, every));
        let incident = watched.memory.incident.and_then(|id| self.incidents.get(&id)).cloned();
        match incident {
            Some(mut incident) if incident.acknowledged.is_none() && self.is_to_be_told(name, &incident) => {
                incident.measured = self.down_for(name, now);
                self.tell(name, News::Reminder { incident }, now)
            }
            Some(incident) if incident.acknowledged.is_none() => {}
            _ => self.remind_no_more(name),
        }
    }

    /// How long a monitor has been down.
    pub(super) fn down_for(&self, name: &Arc<str>, now: Now) -> Option<Duration> {
        Some(self.monitors.get(name)?.down_for?.until(now.monotonic))
    }

    fn remind_no_more(&mut self, name: &Arc<str>) {
        if let Some(watched) = self.monitors.get_mut(name) {
            watched.memory.remind_at = None;
        }
    }

    /// Whether an incident is told when it begins.
    pub(super) fn tells_at_once(&self, name: &Arc<str>) -> bool {
        self.monitors.get(name).is_none_or(|watched| {
            let waits = watched.monitor.alert_when == AlertWhen::Unhealed
                || is_started_by_remedy(watched, self.config.alerts.grace);
            watched.monitor.on_down.is_none() || !waits
        })
    }

    /// Whether an open incident may be told: it may have to wait for its remedy.
    fn is_to_be_told(&self, name: &Arc<str>, incident: &Incident) -> bool {
        incident.escalated.is_some() || self.tells_at_once(name)
    }

    pub(super) fn snooze_ends(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        watched.memory.snoozed_until = None;
        self.tell_untold(name, now);
    }

    /// Tells an open incident to those who should know of it and do not.
    pub(super) fn tell_untold(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get(name) else { return };
        if watched.memory.flapping.is_some() || watched.memory.is_snoozed(now.utc) {
            return;
        }
        let Some(incident) = watched.memory.incident.and_then(|id| self.incidents.get(&id)).cloned() else { return };
        if incident.acknowledged.is_some() || !self.is_to_be_told(name, &incident) {
            return;
        }
        let untold: Vec<String> =
            self.channels_of(name).into_iter().filter(|channel| !self.is_told(name, channel, incident.id)).collect();
        self.post(name, News::Down { incident }, &untold, now);
    }

    /// The remedy is given up: those who know of the incident are told so, the others that it is down.
    pub(super) fn tell_escalated(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get(name) else { return };
        let Some(incident) = watched.memory.incident.and_then(|id| self.incidents.get(&id)).cloned() else { return };
        if watched.memory.flapping.is_some() || watched.memory.is_snoozed(now.utc) {
            return;
        }
        let incident = Incident { measured: self.down_for(name, now), ..incident };
        let (told, untold): (Vec<String>, Vec<String>) =
            self.channels_of(name).into_iter().partition(|channel| self.is_told(name, channel, incident.id));
        self.post(name, News::Down { incident: incident.clone() }, &untold, now);
        self.post(name, News::Escalated { incident }, &told, now);
    }

    /// Tells everybody whom it concerns. A recovery concerns those who know of the incident, and nobody else.
    pub(super) fn tell(&mut self, name: &Arc<str>, news: News, now: Now) {
        let Some(watched) = self.monitors.get(name) else { return };
        let channels = match &news {
            News::Recovered { incident } => self.channels_that_know(name, incident.id),
            _ if watched.memory.is_snoozed(now.utc) => return,
            _ => self.channels_of(name),
        };
        self.post(name, news, &channels, now);
    }

    /// The channels that were told of an incident, be they still those of its monitor or not.
    pub(super) fn channels_that_know(&self, name: &Arc<str>, incident: IncidentId) -> Vec<String> {
        self.config.channels.keys().filter(|channel| self.is_told(name, channel, incident)).cloned().collect()
    }

    /// A program is cooling: somebody should look.
    pub(super) fn tell_cooling(&mut self, program: &Program, trouble: ProgramTrouble, now: Now) {
        let Some(kept) = self.programs.get_mut(&program.name) else { return };
        kept.memory.told.clear();
        let last_end = kept.memory.last_end.clone();
        let channels = self.channels_or_default(program.channels.as_ref());
        self.post_of_program(program, News::Cooling { trouble, last_end }, &channels, now);
    }

    /// A program that was cooling runs well again: those who know of its trouble are told.
    pub(super) fn tell_steady(&mut self, program: &Program, now: Now) {
        let mut channels = self.channels_or_default(program.channels.as_ref());
        let told = self.programs.get(&program.name).map(|kept| kept.memory.told.clone()).unwrap_or_default();
        channels.retain(|channel| told.contains_key(channel) || self.outbox.will_tell_of(channel, &program.name));
        self.post_of_program(program, News::Steady, &channels, now);
    }

    /// A run has failed: somebody should look.
    pub(super) fn tell_run_failed(&mut self, run: RunRecord, now: Now) {
        let channels = self.channels_or_default(run.run.definition.channels.as_ref());
        let (subject, target) = (Arc::clone(&run.run.flow), String::new());
        let news = News::RunFailed { run: Box::new(run) };
        self.post_alert(Alert { subject, check: None, target, news }, &channels, now);
    }

    /// A step of a flow has something to tell or to ask. Whether there is anybody to hear it.
    pub(super) fn tell_of_flow(
        &mut self,
        flow: &Arc<str>,
        channels: Option<&Vec<String>>,
        news: News,
        now: Now,
    ) -> bool {
        let mut channels = self.channels_or_default(channels);
        channels.retain(|channel| self.config.channels.contains_key(channel));
        self.post_alert(Alert { subject: Arc::clone(flow), check: None, target: String::new(), news }, &channels, now);
        !channels.is_empty()
    }

    /// A flow is begun too often: somebody should look.
    pub(super) fn tell_suppressed(&mut self, flow: &Arc<str>, now: Now) {
        let Some(configured) = self.flows.get(flow).map(|machine| Arc::clone(&machine.flow)) else { return };
        let Some(Budget { runs, within }) = configured.budget else { return };
        let channels = self.channels_or_default(configured.definition.channels.as_ref());
        let news = News::Suppressed { runs, within };
        self.post_alert(Alert { subject: Arc::clone(flow), check: None, target: String::new(), news }, &channels, now);
    }

    /// Something is wrong with a fleet since now, or is no more.
    pub(super) fn tell_fleet(&mut self, fleet: &Fleet, change: TroubleChange, now: Now) {
        let TroubleChange { trouble, begins, why } = change;
        let provider_error = self.fleets.get(&fleet.name).and_then(FleetMachine::provider_error);
        let reason = provider_error.filter(|_| trouble == Trouble::CannotLaunch).map(|error| error.kind);
        let mut channels = self.channels_or_default(fleet.channels.as_ref());
        let news = if begins {
            News::FleetTrouble { trouble, why, reason }
        } else {
            // Those who know of it, be they still the fleet's channels or not.
            channels = self.config.channels.keys().cloned().collect();
            channels.retain(|channel| self.knows_trouble(channel, &fleet.name, trouble));
            News::FleetWell { trouble }
        };
        let subject = Arc::clone(&fleet.name);
        self.post_alert(Alert { subject, check: None, target: String::new(), news }, &channels, now);
    }

    /// Whether `channel` knows, or will know, of a trouble of a fleet.
    fn knows_trouble(&self, channel: &str, fleet: &Arc<str>, trouble: Trouble) -> bool {
        let knows = self.fleets.memory(fleet).is_some_and(|memory| memory.conversation(trouble, channel).is_some());
        knows || self.outbox.will_tell_trouble(channel, fleet, trouble)
    }

    /// Estatus has started with the last good version of `file`. Each mistake is told once, however often it starts so.
    pub(super) fn tell_stale(&mut self, file: String, error: String, kept: String, now: Now) {
        if self.memory.told_stale.as_ref() == Some(&error) {
            return;
        }
        self.remember_stale(Some(error.clone()));
        let subject = Arc::from("estatus.toml");
        let channels = self.channels_or_default(None);
        self.post_alert(
            Alert { subject, check: None, target: file, news: News::Stale { error, kept } },
            &channels,
            now,
        );
    }

    pub(super) fn remember_stale(&mut self, error: Option<String>) {
        if self.memory.told_stale != error {
            self.memory.told_stale = error;
            self.records.push(Record::Engine(self.memory.clone()));
        }
    }

    fn post_of_program(&mut self, program: &Program, news: News, channels: &[String], now: Now) {
        let (subject, target) = (Arc::clone(&program.name), program.command.to_string());
        self.post_alert(Alert { subject, check: None, target, news }, channels, now);
    }

    pub(super) fn post(&mut self, name: &Arc<str>, news: News, channels: &[String], now: Now) {
        let Some(watched) = self.monitors.get(name) else { return };
        let check = &watched.monitor.check;
        let alert = Alert { subject: Arc::clone(name), check: Some(check.kind()), target: check.target(), news };
        self.post_alert(alert, channels, now);
    }

    fn post_alert(&mut self, alert: Alert, channels: &[String], now: Now) {
        for channel in channels {
            let id = self.outbox.post(channel, alert.clone(), self.config.alerts.merge_within, now);
            self.dirty_messages.insert(id, None);
        }
    }

    /// Whether `channel` knows, or will know, of `incident`.
    fn is_told(&self, name: &Arc<str>, channel: &str, incident: IncidentId) -> bool {
        let conversation = self.monitors.get(name).and_then(|watched| watched.memory.conversations.get(channel));
        let knows = conversation.is_some_and(|messages| messages.iter().any(|(told, _)| *told == incident));
        knows || self.outbox.will_tell(channel, name, incident)
    }

    fn channels_of(&self, name: &Arc<str>) -> Vec<String> {
        let own = self.monitors.get(name).and_then(|watched| watched.monitor.channels.clone());
        self.channels_or_default(own.as_ref())
    }

    fn channels_or_default(&self, own: Option<&Vec<String>>) -> Vec<String> {
        let named = own.or(self.config.alerts.channels.as_ref()).cloned();
        named.unwrap_or_else(|| self.config.channels.keys().cloned().collect())
    }
}
