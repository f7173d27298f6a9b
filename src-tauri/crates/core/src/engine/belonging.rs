//! Which monitors belong to which programs, and what of a failure is explained by a start or a stop of our own.

use std::{sync::Arc, time::Duration};

use super::{Engine, MonitorMachine, scope::scope_of};
use crate::{
    check::Check,
    network::Scope,
    observation::{Cause, Observation, Verdict},
    remedy::RemedyAction,
    supervision::{ProgramMachine, Sign},
    time::{Instant, Now},
};

impl Engine {
    /// What of our own making explains a failure: a program that is being started or was stopped, or that nobody has had
    /// the time yet to start.
    pub(super) fn inconclusive_by_ourselves(
        &self,
        watched: &MonitorMachine,
        observation: &Observation,
        began: Instant,
    ) -> Option<Cause> {
        let sign = sign_here(watched, observation);
        let named = watched.monitor.on_down.as_ref().and_then(|remedy| self.supervised(remedy.action.program()?));
        let (alive, resting): (Vec<&ProgramMachine>, Vec<&ProgramMachine>) =
            self.showing(sign.as_ref()).partition(|supervised| supervised.is_to_be_alive());
        let mut owners = named.into_iter().chain(alive.iter().copied()).peekable();
        if owners.peek().is_some() {
            return owners.find_map(|supervised| self.inconclusive_by_program(supervised, sign.as_ref(), began));
        }
        if resting.is_empty() {
            let is_new = is_new(watched, observation, began, self.config.alerts.grace);
            return is_new.then_some(Cause::NewlyWatched);
        }
        let wished = resting.iter().find(|supervised| self.quits || supervised.rests_by_wish());
        wished.map(|supervised| Cause::ProgramStopped { program: supervised.program.name.to_string() })
    }

    /// A program that is being started, that is stopped as somebody wants, or that waits for such a one explains why its
    /// monitors fail.
    fn inconclusive_by_program(
        &self,
        supervised: &ProgramMachine,
        sign: Option<&Sign>,
        began: Instant,
    ) -> Option<Cause> {
        let stopped = |by: &ProgramMachine| Cause::ProgramStopped { program: by.program.name.to_string() };
        if self.quits || supervised.is_stopped_by_user() {
            return Some(stopped(supervised));
        }
        if supervised.excuses(began, sign) {
            return Some(Cause::ProgramStarting { program: supervised.program.name.to_string() });
        }
        let before = self.supervised(supervised.waits_for()?)?;
        if before.rests_by_wish() { Some(stopped(before)) } else { self.inconclusive_by_program(before, None, began) }
    }

    fn supervised(&self, program: &Arc<str>) -> Option<&ProgramMachine> {
        self.programs.get(program)
    }

    /// The programs that show `sign`, or are going to.
    fn showing(&self, sign: Option<&Sign>) -> impl Iterator<Item = &ProgramMachine> {
        self.programs.values().filter(move |supervised| sign.is_some_and(|sign| supervised.shows(sign)))
    }

    /// A monitor is well: that proves the programs it belongs to, and whose sign it is can be seen now.
    pub(super) fn prove_programs(&mut self, name: &Arc<str>, observation: &Observation, now: Now) {
        let Some(watched) = self.monitors.get_mut(name).filter(|_| observation.verdict == Verdict::Up) else { return };
        watched.new_since = None;
        let sign = sign_here(watched, observation);
        let named = watched.monitor.on_down.as_ref().and_then(|remedy| remedy.action.program()).cloned();
        let is_named = |program: &Arc<str>| named.as_ref() == Some(program);
        let learns =
            |supervised: &ProgramMachine| sign.as_ref().is_some_and(|sign| supervised.learns_of(sign, observation.at));
        self.programs.change_where(
            |program, supervised| is_named(program) && !supervised.is_proved(sign.as_ref()) || learns(supervised),
            |program, supervised| {
                if is_named(program) {
                    supervised.prove(sign.as_ref());
                }
                if let Some(sign) = &sign {
                    supervised.is_seen(sign, observation.at, now.monotonic);
                }
            },
        );
    }
}

/// What on this machine a monitor looks at.
fn sign_here(watched: &MonitorMachine, observation: &Observation) -> Option<Sign> {
    match &watched.monitor.check {
        Check::Process(check) => Some(Sign::Process(check.by.clone())),
        check => check.port().filter(|_| scope_of(watched, observation) == Scope::Machine).map(Sign::Port),
    }
}

/// Whether a monitor of this machine may not have had the time yet to be well: what it looks at may be starting as
/// Estatus does. Where a command of ours is what starts it, nothing is waited for.
fn is_new(watched: &MonitorMachine, observation: &Observation, began: Instant, grace: Duration) -> bool {
    let here = scope_of(watched, observation) == Scope::Machine;
    let waits = here && watched.memory.incident.is_none() && !is_started_by_remedy(watched, grace);
    waits && watched.new_since.is_some_and(|since| began < since + grace)
}

/// Whether it has not been well since it is watched, is on this machine, and has a command for its remedy: that is then
/// how it is started, and nobody need be told unless it does not help. Where there is no grace, there is none for it.
pub(super) fn is_started_by_remedy(watched: &MonitorMachine, grace: Duration) -> bool {
    let here = watched.monitor.check.host().is_none_or(|host| Scope::of_host(host) == Scope::Machine);
    let remedy = watched.monitor.on_down.as_ref().map(|remedy| &remedy.action);
    here && !grace.is_zero() && watched.new_since.is_some() && matches!(remedy, Some(RemedyAction::Run { .. }))
}
