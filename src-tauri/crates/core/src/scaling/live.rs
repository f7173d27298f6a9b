//! One instance, as it lives.

use std::{sync::Arc, time::Duration};

use super::{DRAINED_WITHIN, RETRY_FIRST, RETRY_LONGEST, RETURNS_WITHIN, Step, instant_of_past};
use crate::{
    fleet::{
        Fleet, Provider,
        command::{FleetCommand, ProviderError},
        detector::{Detector, Trust},
        instance::{Instance, InstanceState},
    },
    time::{Instant, Now},
};

/// An instance that is not gone.
#[derive(Debug)]
pub(crate) struct LiveInstance {
    pub(crate) instance: Instance,
    detector: Detector,
    /// What it said last that its load is; nothing where that was none.
    load: Option<f32>,
    /// How many times what it said was none.
    pub(crate) faults: u64,
    /// When something is done with it by itself: it is tried again, or it has had its time.
    due: Option<Instant>,
    /// When it must have announced itself.
    boots_until: Instant,
    /// Until then it is not given up: it was cut off from us, and has time to come back.
    awaited_until: Option<Instant>,
    /// How many tries of the provider have failed in a row.
    failed: u32,
    /// The provider did not do what it was asked last, and is asked again when that is due.
    waits_to_retry: bool,
    /// The try at its launch that has this number may have launched it, whatever was said of that try since.
    perhaps_launched: bool,
    /// The provider has listed it since this engine began.
    pub(super) was_listed: bool,
    /// How many times in a row the provider has not listed it.
    pub(super) missed: u32,
}

impl LiveInstance {
    pub(crate) fn new(instance: Instance, fleet: &Fleet, now: Now) -> Self {
        let launched = instant_of_past(instance.launched, fleet.boot_within, now);
        let mut live = Self {
            detector: Detector::new(fleet.heartbeat, now),
            load: None,
            faults: 0,
            due: None,
            boots_until: launched + fleet.boot_within,
            awaited_until: None,
            failed: 0,
            waits_to_retry: false,
            perhaps_launched: false,
            was_listed: false,
            missed: 0,
            instance,
        };
        live.due = live.instance.state.is_booting().then_some(live.boots_until);
        live
    }

    /// What is known of its load now.
    pub(crate) fn load(&self) -> Option<f32> {
        self.load.filter(|_| self.instance.state == InstanceState::Running)
    }

    /// For how long it has been silent; time asleep left out.
    pub(crate) fn silence(&self, now: Now) -> Duration {
        self.detector.silence(now)
    }

    pub(crate) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Goes on with it after an engine has begun: what was under way may not have been done.
    pub(super) fn go_on(&mut self, fleet: &Fleet, step: &mut Step<'_>) {
        self.detector = Detector::new(fleet.heartbeat, step.now);
        match self.instance.state {
            InstanceState::Launching => {
                // What became of the try of an earlier life nobody has heard.
                self.perhaps_launched = true;
                self.launch(step);
            }
            InstanceState::Draining => self.drain(DRAINED_WITHIN, step),
            InstanceState::Terminating => self.terminate(step),
            InstanceState::Running | InstanceState::Suspect => {
                self.await_return(step.now);
                self.listen(step);
            }
            InstanceState::Booting | InstanceState::Lost | InstanceState::Failed | InstanceState::Gone => {}
        }
    }

    /// Another configuration holds.
    pub(super) fn configure(&mut self, fleet: &Fleet, now: Now) {
        self.detector.set_interval(fleet.heartbeat);
        if self.instance.state.is_booting() {
            self.boots_until = instant_of_past(self.instance.launched, fleet.boot_within, now) + fleet.boot_within;
            self.due = Some(self.due.map_or(self.boots_until, |due| due.min(self.boots_until)));
        }
    }

    /// The machine has slept: it has to be found again before its silence means anything.
    pub(super) fn woke(&mut self, now: Now) {
        self.detector.woke(now);
        if self.instance.state != InstanceState::Lost {
            self.await_return(now);
        }
    }

    /// Whatever is due is done.
    pub(super) fn wake(&mut self, step: &mut Step<'_>) {
        if self.due.is_none_or(|due| due > step.now.monotonic) {
            return;
        }
        self.due = None;
        match self.instance.state {
            InstanceState::Launching | InstanceState::Booting if self.boots_until <= step.now.monotonic => {
                self.becomes(InstanceState::Failed, step);
            }
            InstanceState::Launching => self.launch(step),
            InstanceState::Booting => self.due = Some(self.boots_until),
            InstanceState::Draining | InstanceState::Terminating => self.terminate(step),
            _ => {}
        }
    }

    fn launch(&mut self, step: &mut Step<'_>) {
        self.due = Some(self.boots_until);
        self.waits_to_retry = false;
        let (instance, attempt) = (Arc::clone(&self.instance.name), self.instance.attempt);
        step.commands.push(FleetCommand::Launch { instance, attempt });
    }

    /// Hears it from now on, if it is to be asked.
    fn listen(&self, step: &mut Step<'_>) {
        let Some(address) = self.instance.address.clone().filter(|_| !self.instance.enrolled) else { return };
        step.commands.push(FleetCommand::Ping { instance: Arc::clone(&self.instance.name), address });
    }

    /// The provider has launched it.
    pub(super) fn launched(&mut self, id: String, step: &mut Step<'_>) {
        self.failed = 0;
        self.instance.id = Some(id);
        self.instance.error = None;
        match self.instance.state {
            InstanceState::Launching => {
                self.due = Some(self.boots_until);
                self.becomes(InstanceState::Booting, step);
            }
            // Nobody wants it any more; what it is called was not known then.
            InstanceState::Terminating => self.terminate(step),
            _ => step.changed.push(self.instance.clone()),
        }
    }

    /// The provider has refused to launch it, and has not launched it.
    pub(super) fn is_refused(&self) -> bool {
        self.instance.state == InstanceState::Launching && self.failed > 0
    }

    /// The provider did not do what it was to do: it is tried again. How many tries have failed in a row.
    pub(super) fn not_done(&mut self, error: &ProviderError, step: &mut Step<'_>) -> u32 {
        self.failed = self.failed.saturating_add(1);
        self.waits_to_retry = true;
        let doubled = RETRY_FIRST.saturating_mul(1 << self.failed.saturating_sub(1).min(16));
        let again = step.now.monotonic + step.rng.jitter(doubled.min(RETRY_LONGEST));
        self.due = Some(if self.instance.state.is_booting() { again.min(self.boots_until) } else { again });
        self.instance.error = Some(error.error.clone());
        // A refusal says nothing of an earlier try with the same words: another with other words might launch it twice.
        self.perhaps_launched |= error.perhaps_done;
        let is_known = self.instance.state == InstanceState::Launching && !self.perhaps_launched;
        self.instance.attempt += u32::from(is_known);
        step.changed.push(self.instance.clone());
        self.failed
    }

    /// What the provider did not do it may do now: it is tried at once.
    pub(super) fn try_now(&mut self, now: Now) {
        let is_asked_for = matches!(self.instance.state, InstanceState::Launching | InstanceState::Terminating);
        if is_asked_for && self.waits_to_retry {
            self.due = Some(now.monotonic);
        }
    }

    /// It has announced itself.
    pub(super) fn announced(&mut self, address: String, declared: Option<String>, step: &mut Step<'_>) {
        (self.due, self.awaited_until) = (None, None);
        self.detector.heard(Duration::ZERO, step.now);
        (self.instance.address, self.instance.declared) = (Some(address), declared);
        self.instance.error = None;
        self.becomes(InstanceState::Running, step);
        self.listen(step);
    }

    /// It has said what its load is.
    pub(super) fn heard(&mut self, load: Option<f32>, ago: Duration, step: &mut Step<'_>) {
        self.detector.heard(ago, step.now);
        self.awaited_until = None;
        self.load = load;
        self.faults += u64::from(load.is_none());
        if self.is_silent() {
            self.becomes(InstanceState::Running, step);
        }
    }

    /// Whether it has not been heard as it should be.
    pub(super) const fn is_silent(&self) -> bool {
        matches!(self.instance.state, InstanceState::Suspect | InstanceState::Lost)
    }

    /// It was cut off from us, and has time to come back.
    pub(super) fn await_return(&mut self, now: Now) {
        self.awaited_until = Some(now.monotonic + RETURNS_WITHIN);
    }

    /// How long it has been silent is judged; where it is awaited, it is not given up.
    pub(super) fn judge(&mut self, step: &mut Step<'_>) {
        let is_awaited = self.awaited_until.is_some_and(|until| step.now.monotonic < until);
        match (self.instance.state, self.detector.trust(step.now)) {
            (InstanceState::Running, Trust::Suspect | Trust::Lost) => self.becomes(InstanceState::Suspect, step),
            (InstanceState::Lost, _) if is_awaited => self.becomes(InstanceState::Suspect, step),
            (InstanceState::Suspect, Trust::Lost) if !is_awaited => self.becomes(InstanceState::Lost, step),
            _ => {}
        }
    }

    /// It is to finish what it has to do, and is terminated then, or after `within`.
    pub(super) fn drain(&mut self, within: Duration, step: &mut Step<'_>) {
        self.due = Some(step.now.monotonic + within);
        if self.instance.state != InstanceState::Draining {
            self.becomes(InstanceState::Draining, step);
        }
        step.commands.push(FleetCommand::Drain { instance: Arc::clone(&self.instance.name) });
    }

    /// Whether it is a process of this machine.
    pub(super) fn is_local(&self, fleet: &Fleet) -> bool {
        matches!(self.provider(fleet), Provider::Local { .. })
    }

    /// Who has launched it, or is to.
    pub(super) fn provider<'a>(&'a self, fleet: &'a Fleet) -> &'a Provider {
        self.instance.home.as_deref().unwrap_or(&fleet.provider)
    }

    /// It is to be no more.
    pub(super) fn terminate(&mut self, step: &mut Step<'_>) {
        /// A provider that says nothing is asked again.
        const SAID_WITHIN: Duration = Duration::from_secs(120);
        self.due = Some(step.now.monotonic + SAID_WITHIN);
        self.waits_to_retry = false;
        if self.instance.state != InstanceState::Terminating {
            self.becomes(InstanceState::Terminating, step);
        }
        let (instance, id) = (Arc::clone(&self.instance.name), self.instance.id.clone());
        step.commands.push(FleetCommand::Terminate { instance, id });
    }

    /// It is no more.
    pub(super) fn gone(&mut self, why: Option<String>, step: &mut Step<'_>) {
        self.due = None;
        if why.is_some() {
            self.instance.error = why;
        }
        self.becomes(InstanceState::Gone, step);
        step.commands.push(FleetCommand::Forget { instance: Arc::clone(&self.instance.name) });
    }

    pub(super) fn becomes(&mut self, state: InstanceState, step: &mut Step<'_>) {
        if self.instance.state != state {
            (self.instance.state, self.instance.since) = (state, step.now.utc);
        }
        step.changed.push(self.instance.clone());
    }
}
