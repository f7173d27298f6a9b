//! What the user wants.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Ask, AskError, Change, Engine, MonitorMachine};
use crate::{
    ids::Key,
    monitor::Pause,
    observation::Verdict,
    record::{JournalEntry, Record},
    remedy::RemedyError,
    scaling::{DRAINED_AT_LEISURE, DRAINED_WITHIN},
    supervision::ProgramMachine,
    time::Now,
};

impl Engine {
    pub(super) fn asked(&mut self, ask: Ask, now: Now) -> Result<(), AskError> {
        let what = ask.to_string();
        match ask {
            Ask::CheckNow { monitor } => self.check_now(monitor.as_deref(), now)?,
            Ask::Pause { monitor, until } => {
                let name = self.known(&monitor)?;
                self.pause(&name, until, now);
            }
            Ask::Resume { monitor } => {
                let name = self.known(&monitor)?;
                self.resume(&name, now);
            }
            Ask::Acknowledge { monitor } => self.acknowledge(&monitor, now)?,
            Ask::Snooze { monitor: Some(monitor), until } => {
                let name = self.known(&monitor)?;
                self.snooze(&name, until, now);
            }
            Ask::Snooze { monitor: None, until } => self.snooze_all(until, now),
            Ask::StartProgram { program } => self.ask_program(&program, now, ProgramMachine::ask_start)?,
            Ask::StopProgram { program } => self.stop_program(&program, now)?,
            Ask::RestartProgram { program } => self.ask_program(&program, now, ProgramMachine::ask_restart)?,
            Ask::RunFlow { flow } => self.run_flow(&flow, now)?,
            Ask::CancelRun { run } => self.cancel_run(run, now)?,
            Ask::Approve { run, step, approved, by } => self.approve(run, step.as_deref(), approved, by, now)?,
            Ask::AddInstance { fleet } => self.add_instance(&fleet, now)?,
            Ask::RemoveInstance { fleet, instance } => self.remove_instance(&fleet, &instance, DRAINED_WITHIN, now)?,
            Ask::DrainInstance { fleet, instance } => {
                self.remove_instance(&fleet, &instance, DRAINED_AT_LEISURE, now)?;
            }
            Ask::ProtectInstance { fleet, instance, protected } => {
                self.protect_instance(&fleet, &instance, protected, now)?;
            }
            Ask::AdoptProgram { program, process } => self.adopt_program(&program, process, now)?,
        }
        self.journal(JournalEntry::Asked { what }, now);
        Ok(())
    }

    /// Whoever could do nothing for want of the secret that is called `secret` tries again.
    pub(super) fn secret_entered(&mut self, secret: &str, now: Now) {
        let lacked = |kept: &ProgramMachine| kept.lacked(secret);
        let programs: Vec<Arc<str>> =
            self.programs.iter().filter(|(_, kept)| lacked(kept)).map(|(name, _)| Arc::clone(name)).collect();
        for name in programs {
            self.step_program(&name, now, ProgramMachine::try_now);
        }
        let fails = |watched: &MonitorMachine| {
            let uses = watched.monitor.check.secrets().iter().any(|known| known.is_entered_as(secret));
            uses && watched.next_probe.is_some()
                && watched.last.as_ref().is_some_and(|last| last.verdict != Verdict::Up)
        };
        self.monitors.change_where(|_, it| fails(it), |_, watched| watched.next_probe = Some(now.monotonic));
        self.fleets_try_again(secret, now);
        self.flows_try_again(secret, now);
        self.outbox.hurry(now.monotonic);
    }

    fn known(&self, monitor: &str) -> Result<Arc<str>, AskError> {
        self.monitors.name_of(monitor).ok_or_else(|| AskError::NoSuchMonitor(monitor.to_owned()))
    }

    fn check_now(&mut self, monitor: Option<&str>, now: Now) -> Result<(), AskError> {
        let names = match monitor {
            Some(monitor) => vec![self.known(monitor)?],
            None => self.monitors.names().cloned().collect(),
        };
        for name in names {
            self.start_probe(&name, now);
        }
        Ok(())
    }

    fn pause(&mut self, name: &Arc<str>, until: Option<Timestamp>, now: Now) {
        self.cancel_probe(name);
        self.release_children(name, now);
        self.rest_healing(name, RemedyError::Paused, now);
        let Some(watched) = self.monitors.get_mut(name) else { return };
        watched.memory.paused = Some(Pause { until });
        watched.next_probe = None;
        self.changed(name);
    }

    pub(super) fn resume(&mut self, name: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if watched.memory.paused.take().is_none() {
            return;
        }
        self.pursue(name, now);
        let Some(watched) = self.monitors.get_mut(name) else { return };
        if !watched.is_busy() {
            watched.next_probe = Some(now.monotonic);
        }
        self.changed(name);
    }

    fn acknowledge(&mut self, monitor: &str, now: Now) -> Result<(), AskError> {
        let name = self.known(monitor)?;
        let no_incident = || AskError::NoIncident(monitor.to_owned());
        let watched = self.monitors.get_mut(&name).ok_or_else(no_incident)?;
        watched.memory.remind_at = None;
        let incident = watched.memory.incident.and_then(|id| self.incidents.get_mut(&id)).ok_or_else(no_incident)?;
        incident.acknowledged.get_or_insert(now.utc);
        let incident = incident.clone();
        self.write_incident(&incident);
        self.changed(&name);
        Ok(())
    }

    fn snooze(&mut self, name: &Arc<str>, until: Option<Timestamp>, now: Now) {
        let Some(watched) = self.monitors.get_mut(name) else { return };
        watched.memory.snoozed_until = until;
        if until.is_none() {
            self.snooze_ends(name, now);
        }
        self.changed(name);
    }

    fn snooze_all(&mut self, until: Option<Timestamp>, now: Now) {
        self.memory.snoozed_until = until.filter(|until| *until > now.utc);
        self.records.push(Record::Engine(self.memory.clone()));
        self.outbox.release(now.monotonic);
        self.publish(Change::Engine);
    }

    fn changed(&mut self, name: &Arc<str>) {
        self.publish(Change::Changed(Key::Monitor(Arc::clone(name))));
    }
}
