//! Signals are heard: the table of [`Signal`](crate::signal::Signal) as code.

use std::{sync::Arc, time::Duration};

use super::{Engine, MonitorMachine};
use crate::{
    healing,
    remedy::RemedyError,
    signal::{Answer, Signal},
    time::Now,
};

impl Engine {
    /// Something may have changed for an open incident.
    pub(super) fn pursue(&mut self, monitor: &Arc<str>, now: Now) {
        self.signals.send(Signal::Pursue { monitor: Arc::clone(monitor) });
        self.deliver(now);
    }

    /// Nobody is to heal a monitor for now, for the reason `why`.
    pub(super) fn rest_healing(&mut self, monitor: &Arc<str>, why: RemedyError, now: Now) {
        self.signals.send(Signal::Rest { monitor: Arc::clone(monitor), why });
        self.deliver(now);
    }

    /// What comes of what was to be done for a monitor; its end is heard `within` that time, or it has failed.
    pub(super) fn answer(&mut self, monitor: &Arc<str>, answer: Answer, within: Duration) {
        self.signals.send(Signal::Acted { monitor: Arc::clone(monitor), answer, within });
    }

    /// Delivers what waits, and whatever that causes.
    pub(super) fn deliver(&mut self, now: Now) {
        for signal in self.signals.take() {
            self.hear(signal, now);
            self.deliver(now);
        }
    }

    fn hear(&mut self, signal: Signal, now: Now) {
        match signal {
            Signal::Opened { monitor, flapping } => {
                let watched = self.monitors.get(&monitor);
                if let Some(remedy) = watched.and_then(|watched| watched.monitor.on_down.clone()) {
                    self.heal(now, |healings, step| healings.begin(&monitor, remedy, step));
                }
                self.deliver(now);
                self.tell_opened(&monitor, flapping, now);
            }
            Signal::CameUp { monitor, closed } => {
                self.healings.healed(&monitor, &mut self.signals);
                self.deliver(now);
                self.incident_ends(&monitor, closed, now);
            }
            Signal::Pursue { monitor } => {
                if self.monitors.get(&monitor).is_some_and(MonitorMachine::is_watched) {
                    self.heal_again(&monitor, now);
                    self.tell_untold(&monitor, now);
                }
            }
            Signal::Rest { monitor, why } => self.healings.rest(&monitor, why, &mut self.signals),
            Signal::Try { monitor, action } => {
                if self.try_under_way(&monitor).is_none() {
                    self.try_begins(&monitor, action.kind(), self.last_words(&action), now);
                }
                self.act(&monitor, &action, now);
            }
            Signal::Acted { monitor, answer, within } => {
                self.heal(now, |healings, step| healings.acted(&monitor, answer, within, step));
            }
            Signal::Stands { target, stands } => {
                self.heal(now, |healings, step| healings.stands(&target, &stands, step));
                self.deliver(now);
                self.flows_hear(&target, &stands, now);
            }
            Signal::Wrote { monitor, output } => self.try_wrote(&monitor, output),
            Signal::Tried { monitor, end } => self.try_ends(&monitor, end, now),
            Signal::Prove { monitor } => self.probe_anew(&monitor, now),
            Signal::GaveUp { monitor } => {
                self.escalate(&monitor, now);
                self.tell_escalated(&monitor, now);
            }
            Signal::Cooling { program, trouble } => self.tell_cooling(&program, trouble, now),
            Signal::Steady { program } => self.tell_steady(&program, now),
            Signal::RunFailed { run } => self.tell_run_failed(*run, now),
            Signal::Suppressed { flow } => self.tell_suppressed(&flow, now),
            Signal::FlowWanted { flow, cause, handles_failure } => self.flow_wanted(&flow, cause, handles_failure, now),
            Signal::FlowRan { step, answer } => self.flow_ran(&step, None, answer, now),
        }
    }

    /// Something is due of a healing.
    pub(super) fn wake_healing(&mut self, monitor: &Arc<str>, now: Now) {
        self.heal(now, |healings, step| healings.go_on(monitor, step));
    }

    /// An open incident that nobody heals is healed, if it has a remedy that was not given up.
    fn heal_again(&mut self, monitor: &Arc<str>, now: Now) {
        let Some(watched) = self.monitors.get(monitor).filter(|_| !self.healings.is_healing(monitor)) else { return };
        let Some(remedy) = watched.monitor.on_down.clone() else { return };
        let goes_on = self.sort_tries(monitor, &remedy.action.kind(), now);
        if self.open_incident_of(monitor).is_some_and(|incident| incident.escalated.is_none()) {
            let tries = self.tries_of(monitor);
            self.healings.resume(monitor, remedy, tries, goes_on, now.monotonic);
        }
    }

    fn heal(&mut self, now: Now, take: impl FnOnce(&mut healing::Healings, &mut healing::Step<'_>)) {
        let Self { healings, rng, signals, .. } = self;
        take(healings, &mut healing::Step { now: now.monotonic, rng, signals });
    }
}
